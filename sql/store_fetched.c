/* SPDX-License-Identifier: ISC */
/*
 * Documents of others, and who of many fetches one.
 */
#include "core/model/fetched.h"

#include "sql/statement.h"

enum { FIND, CLAIM, INSERT, KEEP, FAIL, GIVE_UP, COUNT };

/* A claim that was given up: over long ago, so that the next may have it. */
#define LONG_OVER 1

static const struct sql_out fetched_columns[] = {
	{SQL_OUT_HASH, offsetof(struct fetched_row, url_hash), 0},
	{SQL_OUT_TEXT, offsetof(struct fetched_row, url), 0},
	{SQL_OUT_BYTES, offsetof(struct fetched_row, body), offsetof(struct fetched_row, size)},
	{SQL_OUT_TEXT, offsetof(struct fetched_row, type), 0},
	{SQL_OUT_INT, offsetof(struct fetched_row, fetched_at), 0},
	{SQL_OUT_INT, offsetof(struct fetched_row, fresh_until), 0},
	{SQL_OUT_INT, offsetof(struct fetched_row, tried_at), 0},
	{SQL_OUT_INT, offsetof(struct fetched_row, claimed_until), 0},
	{SQL_OUT_TEXT, offsetof(struct fetched_row, failure), 0},
};

static const struct statement statements[COUNT] = {
	[FIND] = {"SELECT url_hash, url, body, type, fetched_at, fresh_until, tried_at,"
		  " claimed_until, failure FROM fetched WHERE url_hash = ?",
		  "b", SQL_ROWS(fetched_columns, struct fetched_row)},
	[CLAIM] = {.text = "UPDATE fetched SET tried_at = ?, claimed_until = ?,"
			   " forget_at = GREATEST(forget_at, ?) WHERE url_hash = ?"
			   " AND claimed_until <= ? AND (tried_at <= ? OR claimed_until > 0)",
		   .in = "iiibii"},
	[INSERT] = {.text = "INSERT INTO fetched (url_hash, url, fetched_at, fresh_until, tried_at,"
			    " claimed_until, forget_at) VALUES (?, ?, 0, 0, ?, ?, ?)",
		    .in = "btiii"},
	[KEEP] = {.text = "UPDATE fetched SET body = ?, type = ?, fetched_at = ?, fresh_until = ?,"
			  " failure = NULL, claimed_until = 0"
			  " WHERE url_hash = ? AND claimed_until = ?",
		  .in = "btiibi"},
	[FAIL] = {.text = "UPDATE fetched SET failure = ?, claimed_until = 0"
			  " WHERE url_hash = ? AND claimed_until = ?",
		  .in = "tbi"},
	[GIVE_UP] = {.text = "UPDATE fetched SET claimed_until = ?"
			     " WHERE url_hash = ? AND claimed_until = ?",
		     .in = "ibi"},
};

const struct statement_set fetched_statements = {SET_FETCHED, statements, COUNT};

enum store_verdict
fetched_find(struct store *store, struct arena *arena, const uint8_t url_hash[SHA256_SIZE],
	     struct fetched_row *row)
{
	const struct sql_in in[] = {sql_hash(url_hash)};

	return sql_read_one(store, &fetched_statements, FIND, in, arena, row);
}

enum store_verdict
fetched_claim(struct store *store, const struct fetched_claim *claim)
{
	const struct sql_in again[] = {
		sql_int(claim->now),       sql_int(claim->until), sql_int(claim->forget_at),
		sql_hash(claim->url_hash), sql_int(claim->now),   sql_int(claim->tried_before),
	};
	const struct sql_in first[] = {
		sql_hash(claim->url_hash), sql_text(claim->url),      sql_int(claim->now),
		sql_int(claim->until),     sql_int(claim->forget_at),
	};
	enum store_verdict verdict = sql_change(store, &fetched_statements, CLAIM, again);

	if (verdict != STORE_NONE)
		return verdict;
	verdict = sql_change(store, &fetched_statements, INSERT, first);
	return verdict == STORE_CONFLICT ? STORE_NONE : verdict; /* the row was not to be had */
}

enum store_verdict
fetched_keep(struct store *store, const struct fetched_claim *claim, const struct fetched_row *row)
{
	const struct sql_in in[] = {
		sql_bytes(row->body, row->size), sql_text(row->type),
		sql_int(row->fetched_at),        sql_int(row->fresh_until),
		sql_hash(claim->url_hash),       sql_int(claim->until),
	};

	return sql_change(store, &fetched_statements, KEEP, in);
}

enum store_verdict
fetched_fail(struct store *store, const struct fetched_claim *claim, const char *failure)
{
	const struct sql_in in[] = {sql_text(failure), sql_hash(claim->url_hash),
				    sql_int(claim->until)};

	return sql_change(store, &fetched_statements, FAIL, in);
}

enum store_verdict
fetched_give_up(struct store *store, const struct fetched_claim *claim)
{
	const struct sql_in in[] = {sql_int(LONG_OVER), sql_hash(claim->url_hash),
				    sql_int(claim->until)};

	return sql_change(store, &fetched_statements, GIVE_UP, in);
}
