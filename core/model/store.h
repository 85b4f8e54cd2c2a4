/* SPDX-License-Identifier: ISC */
/*
 * What every storage verb has in common. The verbs themselves are declared beside the type they
 * store and defined in sql/. Each is one conditional statement or one short transaction. Single use
 * is decided by the row count of a conditional statement, never by reading first.
 */
#ifndef OSTIARY_MODEL_STORE_H
#define OSTIARY_MODEL_STORE_H

#include <stdint.h>

struct store; /* one connection with its prepared statements; sql/db.h */

enum store_verdict {
	STORE_OK,       /* read: the row was there; change: exactly what was asked for happened */
	STORE_NONE,     /* read: no such row; change: no row met the condition */
	STORE_CONFLICT, /* a unique key is taken */
	STORE_DOWN,     /* the database cannot be reached or did not answer: outcome unknown */
};

/*
 * Runs work inside one transaction and commits when it returns STORE_OK; any other verdict rolls
 * back and is returned. Deadlocks and certification failures (1213, 1205, 1020) run the whole of
 * work again, at most three times, so work must have no effect but through the store. A result is
 * true only after this has returned STORE_OK. Transactions do not nest; verbs join an open one.
 */
enum store_verdict store_transaction(struct store *store,
				     enum store_verdict (*work)(struct store *store, void *context),
				     void *context) __attribute__((warn_unused_result));

/*
 * Connects if need be. STORE_OK, STORE_DOWN, or STORE_NONE when the schema is not one that this
 * program works with.
 */
enum store_verdict store_ready(struct store *store) __attribute__((warn_unused_result));

/* Statements sent and commits made since the store was opened: for figures. */
struct store_counters {
	uint64_t statements;
	uint64_t commits;
};
struct store_counters store_counters(const struct store *store);

#endif
