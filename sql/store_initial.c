/* SPDX-License-Identifier: ISC */
/*
 * Initial access tokens. A use is one conditional UPDATE; the count of rows that it changed is the
 * answer.
 */
#include "core/model/initial.h"

#include "sql/statement.h"

enum { INSERT, USE, FIND, LIST, REMOVE, COUNT };

static const struct sql_out columns[] = {
	{SQL_OUT_ID, offsetof(struct initial_token, id), 0},
	{SQL_OUT_U32, offsetof(struct initial_token, realm_id), 0},
	{SQL_OUT_HASH, offsetof(struct initial_token, hash), 0},
	{SQL_OUT_TEXT, offsetof(struct initial_token, note), 0},
	{SQL_OUT_INT, offsetof(struct initial_token, uses_left), 0},
	{SQL_OUT_INT, offsetof(struct initial_token, created_at), 0},
	{SQL_OUT_INT, offsetof(struct initial_token, expires_at), 0},
};

#define COLUMNS "id, realm_id, hash, note, uses_left, created_at, expires_at"

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO initial_token (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
		    .in = "bibtiii"},
	[USE] = {.text = "UPDATE initial_token SET uses_left = uses_left - 1"
			 " WHERE id = ? AND realm_id = ? AND hash = ? AND uses_left > 0"
			 " AND (expires_at = 0 OR expires_at > ?)",
		 .in = "bibi"},
	[FIND] = {"SELECT " COLUMNS " FROM initial_token WHERE id = ? AND realm_id = ?", "bi",
		  SQL_ROWS(columns, struct initial_token)},
	[LIST] = {"SELECT " COLUMNS " FROM initial_token WHERE realm_id = ?"
		  " ORDER BY id DESC LIMIT ?",
		  "ii", SQL_ROWS(columns, struct initial_token)},
	[REMOVE] = {.text = "DELETE FROM initial_token WHERE id = ? AND realm_id = ?", .in = "bi"},
};

const struct statement_set initial_statements = {SET_INITIAL, statements, COUNT};

enum store_verdict
initial_insert(struct store *store, const struct initial_token *token)
{
	const struct sql_in in[] = {
		sql_id(token->id),          sql_int(token->realm_id),  sql_hash(token->hash),
		sql_text(token->note),      sql_int(token->uses_left), sql_int(token->created_at),
		sql_int(token->expires_at),
	};

	return sql_change(store, &initial_statements, INSERT, in);
}

enum store_verdict
initial_use(struct store *store, uint32_t realm_id, const uint8_t id[ID_SIZE],
	    const uint8_t hash[SHA256_SIZE], int64_t now)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id), sql_hash(hash), sql_int(now)};

	return sql_change(store, &initial_statements, USE, in);
}

enum store_verdict
initial_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	     const uint8_t hash[SHA256_SIZE], struct initial_token *token)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id)};
	enum store_verdict verdict =
		sql_read_one(store, &initial_statements, FIND, in, arena, token);

	if (verdict == STORE_OK && !hash_equal(token->hash, hash, SHA256_SIZE))
		return STORE_NONE;
	return verdict;
}

enum store_verdict
initial_list(struct store *store, struct arena *arena, uint32_t realm_id, size_t max,
	     struct initial_token **tokens, size_t *count)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_int((int64_t)max)};
	void *rows = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &initial_statements, LIST, in, arena, &rows, count);

	if (verdict == STORE_OK)
		*tokens = rows;
	return verdict;
}

enum store_verdict
initial_remove(struct store *store, uint32_t realm_id, const uint8_t id[ID_SIZE])
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id)};

	return sql_change(store, &initial_statements, REMOVE, in);
}
