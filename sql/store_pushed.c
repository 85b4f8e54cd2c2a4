/* SPDX-License-Identifier: ISC */
/*
 * Pushed authorization requests. The count of rows of one conditional UPDATE decides who consumes
 * one.
 */
#include "core/model/pushed.h"

#include "sql/statement.h"

enum { INSERT, FIND, CONSUME, COUNT };

static const struct sql_out columns[] = {
	{SQL_OUT_ID, offsetof(struct pushed_request, id), 0},
	{SQL_OUT_U32, offsetof(struct pushed_request, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct pushed_request, client_id), 0},
	{SQL_OUT_HASH, offsetof(struct pushed_request, hash), 0},
	{SQL_OUT_TEXT, offsetof(struct pushed_request, request), 0},
	{SQL_OUT_INT, offsetof(struct pushed_request, created_at), 0},
	{SQL_OUT_INT, offsetof(struct pushed_request, usable_until), 0},
	{SQL_OUT_INT, offsetof(struct pushed_request, expires_at), 0},
	{SQL_OUT_INT, offsetof(struct pushed_request, consumed_at), 0},
};

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO pushed_request (id, realm_id, client_id, hash, request,"
			    " created_at, usable_until, expires_at, consumed_at)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "bitbtiiii"},
	[FIND] = {"SELECT id, realm_id, client_id, hash, request, created_at, usable_until,"
		  " expires_at, consumed_at FROM pushed_request WHERE id = ? AND realm_id = ?",
		  "bi", SQL_ROWS(columns, struct pushed_request)},
	[CONSUME] = {.text = "UPDATE pushed_request SET consumed_at = ?"
			     " WHERE id = ? AND hash = ? AND consumed_at = 0 AND expires_at > ?",
		     .in = "ibbi"},
};

const struct statement_set pushed_statements = {SET_PUSHED, statements, COUNT};

enum store_verdict
pushed_insert(struct store *store, const struct pushed_request *row)
{
	const struct sql_in in[] = {
		sql_id(row->id),
		sql_int(row->realm_id),
		sql_text(row->client_id),
		sql_hash(row->hash),
		sql_text(row->request),
		sql_int(row->created_at),
		sql_int(row->usable_until),
		sql_int(row->expires_at),
		sql_int(row->consumed_at),
	};

	return sql_change(store, &pushed_statements, INSERT, in);
}

enum store_verdict
pushed_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	    const uint8_t hash[SHA256_SIZE], struct pushed_request *row)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id)};
	enum store_verdict verdict = sql_read_one(store, &pushed_statements, FIND, in, arena, row);

	if (verdict == STORE_OK && !hash_equal(row->hash, hash, SHA256_SIZE))
		return STORE_NONE;
	return verdict;
}

enum store_verdict
pushed_consume(struct store *store, const uint8_t id[ID_SIZE], const uint8_t hash[SHA256_SIZE],
	       int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(id), sql_hash(hash), sql_int(now)};

	return sql_change(store, &pushed_statements, CONSUME, in);
}
