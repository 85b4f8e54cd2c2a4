/* SPDX-License-Identifier: ISC */
/*
 * The groups of a person in a directory: searched for, or named by the entry itself (memberOf).
 */
#ifndef OSTIARY_PAMD_LDAP_GROUP_H
#define OSTIARY_PAMD_LDAP_GROUP_H

#include "pamd/ldap_person.h"

#define GROUP_ATTRIBUTE "memberOf"

/* Whether the entry itself names its groups. */
bool group_by_entry(const struct service *service);

/* Sets entry->person.groups. More groups, or longer names, than can be told are a refusal: what a
 * group allows must not depend on which of them were told. */
enum person_found group_read(struct directory *directory, LDAPMessage *found,
			     struct person_entry *entry);

#endif
