/* SPDX-License-Identifier: ISC */
/*
 * Statements that are made for views of the site: names of databases, views and columns cannot be
 * bound. What is known of a view is kept for a minute, its statements for as long as the
 * connection.
 */
#ifndef OSTIARY_SQL_PEOPLE_VIEWS_H
#define OSTIARY_SQL_PEOPLE_VIEWS_H

#include "core/model/source.h"
#include "sql/statement.h"

#define PEOPLE_VIEWS_MAX 12 /* at once; another one takes the place of that unused longest */

/* A row as it is read: texts, NULL where the view has none. */
struct people_record {
	const char *id, *username, *password, *name, *given_name, *family_name, *email,
		*email_verified, *groups, *disabled, *password_escaped;
};

/* The longest text of each column, in bytes; one character more is read. */
struct people_column {
	const char *name;
	size_t max;
	bool is_required;
	size_t offset; /* in struct people_record */
};
const struct people_column *people_columns(size_t *count);

enum people_statement { PEOPLE_BY_NAME, PEOPLE_BY_ID };

/* Rows of a view by name or id, in an array in the arena: at most TABLE_PERSON_SAME_MAX. NONE with
 * *why when the view cannot be read; DOWN when the database is. */
enum store_verdict people_rows(struct store *store, struct arena *arena, const char *view,
			       enum people_statement which, const char *value,
			       struct people_record **rows, size_t *count, const char **why);

/* True when something about views may be logged: once a minute. */
bool people_views_may_log(struct store *store);

#endif
