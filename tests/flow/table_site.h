/* SPDX-License-Identifier: ISC */
/*
 * A database "site" beside ours, and a realm "main" with its own accounts, then those of the view
 * "forum" over the table "forum_users". The view is a real one.
 */
#ifndef OSTIARY_TESTS_TABLE_SITE_H
#define OSTIARY_TESTS_TABLE_SITE_H

#include "tests/flow/agent.h"

/* SECRET as phpass of 128 rounds. */
#define PHPASS "$P$5saltsaltln7tVOqGZvSRNFNCDAV8B1"
#define SECRET "secret"

extern unsigned site_asked; /* how often a broker was, which knows nobody */

/* The fixture: "Ada" of forum, with the id 7 and the password SECRET. */
int site_begin(void **state);

#define table_test(function) cmocka_unit_test_setup_teardown(function, site_begin, world_spent)

/* A statement with the rights of the site. */
void site_run(const char *sql);

/* Another source of realm "main". */
void site_source(const char *name, const char *kind, int64_t position, const char *options);

/* A table NAME_users with its view NAME, the view alone, and somebody in it. */
void site_table(const char *name);
void site_view(const char *name);
void site_person(const char *table, int id, const char *login, const char *hash);

/* Signs in at client "web"; the second as a browser of its own. */
struct answer site_try_from(struct agent *agent, const char *username, const char *password);
struct answer site_try(const char *username, const char *password);

#endif
