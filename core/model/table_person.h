/* SPDX-License-Identifier: ISC */
/*
 * A person in a view of the site's own, as a sign-in source of kind table reads it. The view has
 * the columns id, username and password, and may have name, given_name, family_name, email,
 * email_verified, groups (with blanks or commas between), disabled and password_escaped. Nothing is
 * ever written to it. What id says never changes about a person and is never given to another.
 */
#ifndef OSTIARY_MODEL_TABLE_PERSON_H
#define OSTIARY_MODEL_TABLE_PERSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/store.h"

struct arena;
struct json_object;

#define TABLE_PERSON_SAME_MAX   16   /* rows that a comparison of the view's takes for one name */
#define TABLE_PERSON_CLAIM_MAX  1024 /* bytes of a column that is a claim */
#define TABLE_PERSON_GROUPS_MAX 8192 /* bytes of the column groups */
#define TABLE_PERSON_GROUP_MAX  512  /* groups of one person */

struct table_person {
	const char *username;       /* normalised */
	const char *key;            /* the column id */
	const char *password;       /* a hash of password_verify()'s; NULL: none can be right */
	bool password_escaped;      /* the hash is of what was typed with & < > " as in HTML */
	bool disabled;              /* there, but may not sign in */
	struct json_object *claims; /* checked */
	const char *why;            /* what is wrong with the row, for the log; nobody can sign in
				       with such a row, so password is NULL. NULL: nothing */
};

/*
 * The person of a normalised user name. The view's own collation compares; of what it finds, that
 * one counts whose name normalises to the same. Several such make the person unusable (why). NONE
 * when there is nobody; DOWN when the view cannot be read, with a log line once a minute that says
 * what to do.
 */
enum store_verdict people_find(struct store *store, struct arena *arena, const char *view,
			       const char *username, struct table_person *person)
	__attribute__((warn_unused_result));

/* The same by id, byte for byte. */
enum store_verdict people_key(struct store *store, struct arena *arena, const char *view,
			      const char *key, struct table_person *person)
	__attribute__((warn_unused_result));

/* Whether the view can be read: OK; NONE with *why, what is missing and how to grant it; DOWN when
 * the database is. Not inside a transaction. */
enum store_verdict people_try(struct store *store, struct arena *arena, const char *view,
			      const char **why) __attribute__((warn_unused_result));

#endif
