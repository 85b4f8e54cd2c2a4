/* SPDX-License-Identifier: ISC */
/*
 * A person as a directory's entry: finding it by name and reading what it says.
 */
#ifndef OSTIARY_PAMD_LDAP_PERSON_H
#define OSTIARY_PAMD_LDAP_PERSON_H

#include "pamd/ldap_directory.h"

enum person_found {
	PERSON_FOUND,
	PERSON_NONE,
	PERSON_MANY,     /* more than one entry: nobody can say which */
	PERSON_UNUSABLE, /* something about it cannot be told */
	PERSON_DOWN,     /* the directory cannot say */
};

struct person_entry {
	const char *dn;
	struct broker_person person;
	bool is_disabled;
};

/* Searches for the name and sets dn. */
enum person_found person_find(struct directory *directory, const char *username,
			      struct person_entry *entry);

/* Reads the entry at dn, its groups, and whether it is disabled. */
enum person_found person_read(struct directory *directory, struct person_entry *entry);

/* Attributes whose values are bytes: their keys are written in hexadecimal. */
bool person_is_binary(const char *attribute);

/* The name of the group with this DN: the value of its first part when that is the attribute and
 * the DN lies below base; else NULL. */
const char *person_group_of(struct arena *arena, const char *dn, const char *base,
			    const char *attribute);

#endif
