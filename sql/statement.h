/* SPDX-License-Identifier: ISC */
/*
 * Statements as data. A store file has one const array of them: SQL text, a letter for each
 * parameter and, for those that read, a table of columns with the place of each in the row's
 * struct. A statement is prepared at its first use and kept; results are copied to the arena.
 */
#ifndef OSTIARY_SQL_STATEMENT_H
#define OSTIARY_SQL_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

#define STATEMENTS_MAX  32 /* of one file */
#define SQL_INPUTS_MAX  32
#define SQL_COLUMNS_MAX 56

/* One parameter. Made by the functions below, so that its kind is the compiler's business. */
struct sql_in {
	char kind; /* 'i' integer, 'b' bytes, 't' text */
	int64_t number;
	const void *data; /* NULL: SQL's NULL */
	size_t size;
};

struct sql_in sql_int(int64_t value);
struct sql_in sql_bytes(const void *data, size_t size);
struct sql_in sql_id(const uint8_t *id);     /* ID_SIZE bytes, or NULL */
struct sql_in sql_hash(const uint8_t *hash); /* SHA256_SIZE bytes, or NULL */
struct sql_in sql_text(const char *text);    /* or NULL */

enum sql_column {
	SQL_OUT_INT,   /* int64_t; NULL is 0 */
	SQL_OUT_U32,   /* uint32_t */
	SQL_OUT_BOOL,  /* bool */
	SQL_OUT_ID,    /* uint8_t[ID_SIZE]; NULL is zeros */
	SQL_OUT_HASH,  /* uint8_t[SHA256_SIZE] */
	SQL_OUT_TEXT,  /* const char *; NULL is NULL */
	SQL_OUT_BYTES, /* const uint8_t * with a size_t at size_offset */
};

struct sql_out {
	enum sql_column column;
	size_t offset;
	size_t size_offset;
};

struct statement {
	const char *text;
	const char *in; /* kinds of the parameters, e.g. "bit" */
	const struct sql_out *out;
	size_t out_count, row_size;
};

/* The last members of a statement that reads rows of a type. */
#define SQL_ROWS(columns, type) (columns), sizeof(columns) / sizeof((columns)[0]), sizeof(type)

enum statement_set_number {
	SET_REALM,
	SET_KEY,
	SET_CLIENT,
	SET_CLIENT_SECRET,
	SET_ACCOUNT,
	SET_SESSION,
	SET_GRANT,
	SET_TOKEN,
	SET_AUDIT,
	SET_RIGHTS,
	SET_REPLAY,
	SET_FETCHED,
	SET_RESOURCE,
	SET_SOURCE,
	SET_PEOPLE,
	SET_PUSHED,
	SET_DEVICE,
	SET_ISSUER,
	SET_INITIAL,
	STATEMENT_SETS,
};

struct statement_set {
	enum statement_set_number number;
	const struct statement *statement;
	size_t count;
};

extern const struct statement_set realm_statements;
extern const struct statement_set key_statements;
extern const struct statement_set client_statements;
extern const struct statement_set client_secret_statements;
extern const struct statement_set account_statements;
extern const struct statement_set session_statements;
extern const struct statement_set grant_statements;
extern const struct statement_set token_statements;
extern const struct statement_set audit_statements;
extern const struct statement_set rights_statements;
extern const struct statement_set replay_statements;
extern const struct statement_set initial_statements;
extern const struct statement_set resource_statements;
extern const struct statement_set source_statements;
extern const struct statement_set people_statements;
extern const struct statement_set fetched_statements;
extern const struct statement_set pushed_statements;
extern const struct statement_set device_statements;
extern const struct statement_set issuer_statements;

/* Runs a change. STORE_OK when it changed a row, STORE_NONE when none. */
enum store_verdict sql_change(struct store *store, const struct statement_set *set, unsigned which,
			      const struct sql_in *in);

/* The same, but no rows is STORE_OK too; *changed is the number of them. */
enum store_verdict sql_change_count(struct store *store, const struct statement_set *set,
				    unsigned which, const struct sql_in *in, int64_t *changed);

/* Repeats a change that is limited to max rows until it finds fewer. *changed, which may be NULL,
 * sums them. */
enum store_verdict sql_change_all(struct store *store, const struct statement_set *set,
				  unsigned which, const struct sql_in *in, int64_t max,
				  int64_t *changed);

/*
 * Children that are found through their parents go with them, max parents at a time: both
 * statements take the same parameters and name the same parents in the same order.
 */
struct sql_pair {
	unsigned children, parents;
};
enum store_verdict sql_remove_pairs(struct store *store, const struct statement_set *set,
				    struct sql_pair pair, const struct sql_in *in, int64_t max);

/* The first row, or STORE_NONE. *row is only written on STORE_OK. */
enum store_verdict sql_read_one(struct store *store, const struct statement_set *set,
				unsigned which, const struct sql_in *in, struct arena *arena,
				void *row);

/* All rows as an array in the arena; STORE_OK with none. */
enum store_verdict sql_read_all(struct store *store, const struct statement_set *set,
				unsigned which, const struct sql_in *in, struct arena *arena,
				void **rows, size_t *count);

/*
 * Runs work in the open transaction, or in one of its own. In an open one nothing is rolled back
 * here, so work makes its conditional change first and the rest only when that succeeded.
 */
enum store_verdict sql_together(struct store *store,
				enum store_verdict (*work)(struct store *store, void *context),
				void *context);

/* A change and the generation's, together: the generation moves only when the change met a row. */
enum store_verdict sql_change_and_bump(struct store *store, const struct statement_set *set,
				       unsigned which, const struct sql_in *in);

/* A log line about a stored document that this program cannot read. */
void sql_unreadable(struct store *store, const char *what, const char *which, const char *why);

#endif
