/* SPDX-License-Identifier: ISC */
/*
 * Trusted issuers and the links of their subjects to people. The key of a link decides that a
 * subject is one person at most.
 */
#include "core/model/issuer.h"

#include "core/base/arena.h"
#include "sql/rows.h"
#include "sql/statement.h"

#define REMOVE_STEP 1000                 /* rows of one DELETE */
#define SCRATCH_MAX ((size_t)256 * 1024) /* more than one row takes */

enum {
	FIND,
	LIST,
	INSERT,
	THERE,
	UPDATE,
	REMOVE,
	REMOVE_LINKS,
	LINK_INSERT,
	LINK_REMOVE,
	LINK_LIST,
	LINK_ACCOUNT,
	COUNT,
};

#define COLUMNS "realm_id, issuer, purposes, jwks, jwks_uri, algs, created_at"

static const struct sql_out issuer_columns[] = {
	{SQL_OUT_U32, offsetof(struct issuer, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct issuer, issuer), 0},
	{SQL_OUT_TEXT, offsetof(struct issuer, purposes), 0},
	{SQL_OUT_TEXT, offsetof(struct issuer, jwks), 0},
	{SQL_OUT_TEXT, offsetof(struct issuer, jwks_uri), 0},
	{SQL_OUT_TEXT, offsetof(struct issuer, algs), 0},
	{SQL_OUT_INT, offsetof(struct issuer, created_at), 0},
};

static const struct sql_out link_columns[] = {
	{SQL_OUT_U32, offsetof(struct account_link, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct account_link, issuer), 0},
	{SQL_OUT_TEXT, offsetof(struct account_link, sub), 0},
	{SQL_OUT_ID, offsetof(struct account_link, account_id), 0},
	{SQL_OUT_INT, offsetof(struct account_link, created_at), 0},
};

struct linked_account {
	struct account_record record;
};

static const struct sql_out account_columns[] = {ACCOUNT_OUTS(struct linked_account, record)};

static const struct statement statements[COUNT] = {
	[FIND] = {"SELECT " COLUMNS " FROM trusted_issuer WHERE realm_id = ? AND issuer = ?", "it",
		  SQL_ROWS(issuer_columns, struct issuer)},
	[LIST] = {"SELECT " COLUMNS " FROM trusted_issuer WHERE realm_id = ? ORDER BY issuer", "i",
		  SQL_ROWS(issuer_columns, struct issuer)},
	[INSERT] = {.text = "INSERT INTO trusted_issuer (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
		    .in = "ittttti"},
	[THERE] = {"SELECT " COLUMNS " FROM trusted_issuer WHERE realm_id = ? AND issuer = ?"
		   " FOR UPDATE",
		   "it", SQL_ROWS(issuer_columns, struct issuer)},
	[UPDATE] = {.text = "UPDATE trusted_issuer SET purposes = ?, jwks = ?, jwks_uri = ?,"
			    " algs = ? WHERE realm_id = ? AND issuer = ?",
		    .in = "ttttit"},
	[REMOVE] = {.text = "DELETE FROM trusted_issuer WHERE realm_id = ? AND issuer = ?",
		    .in = "it"},
	[REMOVE_LINKS] = {.text = "DELETE FROM account_link WHERE realm_id = ? AND issuer = ?"
				  " LIMIT ?",
			  .in = "iti"},
	[LINK_INSERT] = {.text = "INSERT INTO account_link"
				 " (realm_id, issuer, sub, account_id, created_at)"
				 " VALUES (?, ?, ?, ?, ?)",
			 .in = "ittbi"},
	[LINK_REMOVE] =
		{.text = "DELETE FROM account_link"
			 " WHERE realm_id = ? AND issuer = ? AND sub = ? AND account_id = ?",
		 .in = "ittb"},
	[LINK_LIST] = {"SELECT realm_id, issuer, sub, account_id, created_at FROM account_link"
		       " WHERE realm_id = ? AND account_id = ? ORDER BY issuer, sub LIMIT ?",
		       "ibi", SQL_ROWS(link_columns, struct account_link)},
	[LINK_ACCOUNT] = {"SELECT " ACCOUNT_COLUMNS " FROM account_link AS l"
			  " JOIN account AS a ON a.id = l.account_id AND a.realm_id = l.realm_id"
			  " WHERE l.realm_id = ? AND l.issuer = ? AND l.sub = ?",
			  "itt", SQL_ROWS(account_columns, struct linked_account)},
};

const struct statement_set issuer_statements = {SET_ISSUER, statements, COUNT};

enum store_verdict
issuer_find(struct store *store, struct arena *arena, uint32_t realm_id, const char *issuer,
	    struct issuer *row)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(issuer)};

	return sql_read_one(store, &issuer_statements, FIND, in, arena, row);
}

enum store_verdict
issuer_list(struct store *store, struct arena *arena, uint32_t realm_id, struct issuer_list *list)
{
	const struct sql_in in[] = {sql_int(realm_id)};
	void *rows = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &issuer_statements, LIST, in, arena, &rows, &list->count);

	if (verdict == STORE_OK)
		list->issuer = rows;
	return verdict;
}

enum store_verdict
issuer_insert(struct store *store, const struct issuer *row)
{
	const struct sql_in in[] = {
		sql_int(row->realm_id),   sql_text(row->issuer),   sql_text(row->purposes),
		sql_text(row->jwks),      sql_text(row->jwks_uri), sql_text(row->algs),
		sql_int(row->created_at),
	};

	return sql_change(store, &issuer_statements, INSERT, in);
}

/* A change that changes nothing meets no row either: whether the row is there is asked first, and
 * it stays there. */
static enum store_verdict
update_work(struct store *store, void *context)
{
	const struct issuer *row = context;
	const struct sql_in key[] = {sql_int(row->realm_id), sql_text(row->issuer)};
	const struct sql_in in[] = {
		sql_text(row->purposes), sql_text(row->jwks),    sql_text(row->jwks_uri),
		sql_text(row->algs),     sql_int(row->realm_id), sql_text(row->issuer),
	};
	struct arena *scratch = arena_new(SCRATCH_MAX);
	struct issuer found;
	int64_t changed = 0;
	enum store_verdict verdict =
		sql_read_one(store, &issuer_statements, THERE, key, scratch, &found);

	arena_free(scratch);
	if (verdict != STORE_OK)
		return verdict;
	return sql_change_count(store, &issuer_statements, UPDATE, in, &changed);
}

enum store_verdict
issuer_update(struct store *store, const struct issuer *row)
{
	struct issuer copy = *row;

	return sql_together(store, update_work, &copy);
}

static enum store_verdict
remove_work(struct store *store, void *context)
{
	const struct issuer *row = context;
	const struct sql_in in[] = {sql_int(row->realm_id), sql_text(row->issuer),
				    sql_int(REMOVE_STEP)};
	enum store_verdict verdict = sql_change(store, &issuer_statements, REMOVE, in);

	if (verdict != STORE_OK)
		return verdict;
	return sql_change_all(store, &issuer_statements, REMOVE_LINKS, in, REMOVE_STEP, NULL);
}

enum store_verdict
issuer_remove(struct store *store, uint32_t realm_id, const char *issuer)
{
	struct issuer row = {.realm_id = realm_id, .issuer = issuer};

	return sql_together(store, remove_work, &row);
}

enum store_verdict
account_link_insert(struct store *store, const struct account_link *link)
{
	const struct sql_in in[] = {
		sql_int(link->realm_id),  sql_text(link->issuer),    sql_text(link->sub),
		sql_id(link->account_id), sql_int(link->created_at),
	};

	return sql_change(store, &issuer_statements, LINK_INSERT, in);
}

enum store_verdict
account_link_remove(struct store *store, const struct account_link *link)
{
	const struct sql_in in[] = {
		sql_int(link->realm_id),
		sql_text(link->issuer),
		sql_text(link->sub),
		sql_id(link->account_id),
	};

	return sql_change(store, &issuer_statements, LINK_REMOVE, in);
}

enum store_verdict
account_link_list(struct store *store, struct arena *arena, uint32_t realm_id,
		  const uint8_t account_id[ID_SIZE], struct account_link_list *list)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_id(account_id),
				    sql_int(ACCOUNT_LINKS_MAX)};
	void *rows = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &issuer_statements, LINK_LIST, in, arena, &rows, &list->count);

	if (verdict == STORE_OK)
		list->link = rows;
	return verdict;
}

enum store_verdict
account_find_linked(struct store *store, struct arena *arena, uint32_t realm_id, const char *issuer,
		    const char *sub, struct account *account)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(issuer), sql_text(sub)};
	struct linked_account row;
	enum store_verdict verdict =
		sql_read_one(store, &issuer_statements, LINK_ACCOUNT, in, arena, &row);

	return verdict == STORE_OK ? account_from_record(store, arena, &row.record, account)
				   : verdict;
}
