/* SPDX-License-Identifier: ISC */
/*
 * One connection to MariaDB with its prepared statements, made again as a whole when it is lost.
 * Reconnecting is ours, never the library's. What is bound and read is described by small tables
 * (struct sql_in, struct sql_out in sql/statement.h), not by hand-written ladders.
 */
#ifndef OSTIARY_SQL_DB_H
#define OSTIARY_SQL_DB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/store.h"

struct arena;
struct conf;
struct log;

struct store_options {
	const char *socket; /* "" or NULL: TCP */
	const char *host;
	unsigned port;
	const char *database, *user;
	const char *password; /* NULL: none */
	const char *ca;       /* demanded for TCP; the server's certificate and name are verified */
};

/*
 * Makes a store; connects at first use, and again after a loss (at most once a second while the
 * server is away). The library's handle is initialised here; never NULL.
 */
struct store *store_open(const struct store_options *options, struct log *log);
void store_close(struct store *store);

/* What the last STORE_DOWN was about, for the log: never NULL, no secrets. */
const char *store_error(const struct store *store);

/* The database's clock minus this host's, in milliseconds. */
enum store_verdict store_clock_skew(struct store *store, int64_t now_ms, int64_t *skew_ms);

/* Prepares every statement of every store file: for doctor and tests. -1 with the first failing one
 * in *why. */
int store_prepare_all(struct store *store, const char **why);

/* Whether the user of this connection may change the schema: that of the workers should not. */
enum store_verdict store_may_change_schema(struct store *store, bool *may);

/* The server's version text. */
const char *store_server_version(struct store *store);

/* ---- migrations: forward only, compiled in from sql/schema/NNNN_name.sql ---- */

struct migration {
	int number;       /* 1, 2, … */
	const char *name; /* "0001_start" */
	const char *text; /* statements separated by ";\n" */
};

const struct migration *migrations_table(size_t *count);

/* Versions this program works with: the schema must be at least the first and at most the second (a
 * newer release may have expanded it). */
#define SCHEMA_MIN 3
#define SCHEMA_MAX 4

/* The newest applied migration; 0: none; STORE_DOWN when that cannot be read. */
enum store_verdict schema_version(struct store *store, int *version);

/* Applies one migration and records it. -1 with *why naming statement and database error. */
int migration_apply(struct store *store, const struct migration *migration, const char **why);

#endif
