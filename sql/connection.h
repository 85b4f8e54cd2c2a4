/* SPDX-License-Identifier: ISC */
/*
 * The inside of a store, for the files of sql/ that deal with connection, transaction and
 * statements. Verbs see struct store only through sql/statement.h.
 */
#ifndef OSTIARY_SQL_CONNECTION_H
#define OSTIARY_SQL_CONNECTION_H

#include <mysql.h>

#include "sql/db.h"
#include "sql/statement.h"

#define STORE_ERROR_MAX   512
#define STORE_RETRIES_MAX 3 /* of deadlocks and certification failures */

/* The kinds of database errors that differ in what is done about them. */
enum db_error {
	DB_NO_ERROR,
	DB_DUPLICATE, /* a unique key is taken */
	DB_RETRY,     /* rolled back by the server for the sake of others: may run again */
	DB_LOST,      /* the connection is of no more use */
	DB_OTHER,
};

enum transaction {
	TRANSACTION_NONE,
	TRANSACTION_WANTED, /* begun by the caller; the server hears of it with the first statement
			     */
	TRANSACTION_OPEN,
	TRANSACTION_RETRY,  /* the server rolled it back: nothing more is sent, all of it runs again
			     */
	TRANSACTION_FAILED, /* nothing more is sent, it ends as STORE_DOWN */
};

struct client_snapshots;
struct people_views;

struct store {
	struct arena *arena; /* the store itself and the texts of its options */
	struct store_options options;
	struct log *log;
	MYSQL *mysql; /* NULL: not connected */
	unsigned read_timeout;
	bool schema_checked;
	bool down_logged;
	int64_t next_try_ms; /* monotonic; no connecting before */
	MYSQL_STMT *prepared[STATEMENT_SETS][STATEMENTS_MAX];
	enum transaction transaction;
	uint64_t transaction_statements;
	struct store_counters counters;
	struct client_snapshots *snapshots;
	struct people_views *views;
	bool quiet;          /* a statement runs whose mistakes its caller tells */
	unsigned error_code; /* the server's or library's number of error */
	char error[STORE_ERROR_MAX];
};

enum db_error db_error_kind(unsigned code);

/* Connects if need be, without looking at the schema. STORE_OK or STORE_DOWN. */
enum store_verdict db_connect(struct store *store);
/* The same without asking the system whether it was lost: for who may send again. */
enum store_verdict db_connect_unchecked(struct store *store);

/* Closes the connection and with it every statement. */
void db_disconnect(struct store *store);

/* One text statement without result. Its kind of error, described in store->error. */
enum db_error db_command(struct store *store, const char *text);

/* Remembers an error for store_error() and the log. */
void db_note_error(struct store *store, unsigned code, const char *text);

/* True when the schema was found to be one that this program works with. */
bool db_schema_fits(struct store *store);

/*
 * Before a statement: connection, schema and transaction are in order. STORE_OK or STORE_DOWN.
 */
enum store_verdict transaction_enter(struct store *store, bool writes);

/* How a statement went. */
struct outcome {
	enum db_error error;
	bool writes;
	bool sent;    /* the server may have got it */
	int attempts; /* before this one */
};

enum next { NEXT_DONE, NEXT_AGAIN, NEXT_CONFLICT, NEXT_DOWN };

/* After a statement: what to do now. */
enum next transaction_leave(struct store *store, const struct outcome *outcome);

/* A short random pause before the next attempt. */
void transaction_pause(void);

struct client_snapshots *client_snapshots_new(struct arena *arena);
void client_snapshots_drop(struct client_snapshots *snapshots);

struct people_views *people_views_new(struct arena *arena);
void people_views_drop(struct store *store);

#endif
