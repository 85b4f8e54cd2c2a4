/* SPDX-License-Identifier: ISC */
/*
 * Keys of realms. Every change moves the generation, so that all workers read them again.
 */
#include "core/model/key.h"

#include "sql/statement.h"

enum { LIST, INSERT, SET_STATE, RESEAL, REMOVE, COUNT };

static const struct sql_out key_columns[] = {
	{SQL_OUT_ID, offsetof(struct key_row, id), 0},
	{SQL_OUT_U32, offsetof(struct key_row, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct key_row, kid), 0},
	{SQL_OUT_TEXT, offsetof(struct key_row, kind), 0},
	{SQL_OUT_TEXT, offsetof(struct key_row, alg), 0},
	{SQL_OUT_TEXT, offsetof(struct key_row, state), 0},
	{SQL_OUT_BYTES, offsetof(struct key_row, sealed), offsetof(struct key_row, sealed_size)},
	{SQL_OUT_INT, offsetof(struct key_row, created_at), 0},
	{SQL_OUT_INT, offsetof(struct key_row, changed_at), 0},
};

#define KEY_COLUMNS "id, realm_id, kid, kind, alg, state, sealed, created_at, changed_at"

static const struct statement statements[COUNT] = {
	[LIST] = {"SELECT " KEY_COLUMNS " FROM realm_key WHERE realm_id = ?"
		  " ORDER BY created_at DESC, id DESC",
		  "i", SQL_ROWS(key_columns, struct key_row)},
	[INSERT] = {.text = "INSERT INTO realm_key (" KEY_COLUMNS ")"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "bittttbii"},
	[SET_STATE] = {.text = "UPDATE realm_key SET state = ?, changed_at = ?"
			       " WHERE id = ? AND state = ? AND state <> ?",
		       .in = "tibtt"},
	[RESEAL] = {.text = "UPDATE realm_key SET sealed = ? WHERE id = ? AND sealed = ?",
		    .in = "bbb"},
	[REMOVE] = {.text = "DELETE FROM realm_key WHERE id = ?", .in = "b"},
};

const struct statement_set key_statements = {SET_KEY, statements, COUNT};

enum store_verdict
key_list(struct store *store, struct arena *arena, uint32_t realm_id, struct key_list *list)
{
	const struct sql_in in[] = {sql_int(realm_id)};
	void *rows = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &key_statements, LIST, in, arena, &rows, &list->count);

	if (verdict == STORE_OK)
		list->row = rows;
	return verdict;
}

enum store_verdict
key_insert(struct store *store, const struct key_row *row)
{
	const struct sql_in in[] = {
		sql_id(row->id),
		sql_int(row->realm_id),
		sql_text(row->kid),
		sql_text(row->kind),
		sql_text(row->alg),
		sql_text(row->state),
		sql_bytes(row->sealed, row->sealed_size),
		sql_int(row->created_at),
		sql_int(row->changed_at),
	};

	return sql_change_and_bump(store, &key_statements, INSERT, in);
}

enum store_verdict
key_set_state(struct store *store, const uint8_t id[ID_SIZE], const char *from, const char *to,
	      int64_t now)
{
	const struct sql_in in[] = {sql_text(to), sql_int(now), sql_id(id), sql_text(from),
				    sql_text(to)};

	return sql_change_and_bump(store, &key_statements, SET_STATE, in);
}

enum store_verdict
key_reseal(struct store *store, const uint8_t id[ID_SIZE], const uint8_t *old, size_t old_size,
	   const uint8_t *sealed, size_t sealed_size)
{
	const struct sql_in in[] = {sql_bytes(sealed, sealed_size), sql_id(id),
				    sql_bytes(old, old_size)};

	return sql_change_and_bump(store, &key_statements, RESEAL, in);
}

enum store_verdict
key_remove(struct store *store, const uint8_t id[ID_SIZE])
{
	const struct sql_in in[] = {sql_id(id)};

	return sql_change_and_bump(store, &key_statements, REMOVE, in);
}
