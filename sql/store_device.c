/* SPDX-License-Identifier: ISC */
/*
 * Requests of devices. A poll is noted, and a decision made, by one conditional UPDATE each.
 */
#include "core/model/device.h"

#include "sql/statement.h"

enum { INSERT, FIND, FIND_CODE, POLL, DECIDE, COUNT };

#define DEVICE_COLUMNS                                                                             \
	"id, realm_id, client_id, hash, user_code, scope, resources, address, user_agent,"         \
	" created_at, expires_at, poll_interval, polled_at, decided_at, grant_id IS NOT NULL,"     \
	" grant_id"

static const struct sql_out columns[] = {
	{SQL_OUT_ID, offsetof(struct device_request, id), 0},
	{SQL_OUT_U32, offsetof(struct device_request, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, client_id), 0},
	{SQL_OUT_HASH, offsetof(struct device_request, hash), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, user_code), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, scope), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, resources), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, address), 0},
	{SQL_OUT_TEXT, offsetof(struct device_request, user_agent), 0},
	{SQL_OUT_INT, offsetof(struct device_request, created_at), 0},
	{SQL_OUT_INT, offsetof(struct device_request, expires_at), 0},
	{SQL_OUT_INT, offsetof(struct device_request, poll_interval), 0},
	{SQL_OUT_INT, offsetof(struct device_request, polled_at), 0},
	{SQL_OUT_INT, offsetof(struct device_request, decided_at), 0},
	{SQL_OUT_BOOL, offsetof(struct device_request, approved), 0},
	{SQL_OUT_ID, offsetof(struct device_request, grant_id), 0},
};

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO device_request (id, realm_id, client_id, hash, user_code,"
			    " scope, resources, address, user_agent, created_at, expires_at,"
			    " poll_interval, polled_at, decided_at, grant_id)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL)",
		    .in = "bitbtttttiii"},
	[FIND] = {"SELECT " DEVICE_COLUMNS " FROM device_request WHERE id = ? AND realm_id = ?",
		  "bi", SQL_ROWS(columns, struct device_request)},
	[FIND_CODE] = {"SELECT " DEVICE_COLUMNS
		       " FROM device_request WHERE realm_id = ? AND user_code = ?",
		       "it", SQL_ROWS(columns, struct device_request)},
	/* assignments are made from left to right: the interval looks at the poll before */
	[POLL] = {.text = "UPDATE device_request SET poll_interval = poll_interval"
			  " + IF(polled_at + poll_interval > ?, ?, 0), polled_at = ?"
			  " WHERE id = ? AND decided_at = 0 AND polled_at = ?"
			  " AND poll_interval = ?",
		  .in = "iiibii"},
	[DECIDE] = {.text = "UPDATE device_request SET decided_at = ?, grant_id = ?"
			    " WHERE id = ? AND decided_at = 0 AND expires_at > ?",
		    .in = "ibbi"},
};

const struct statement_set device_statements = {SET_DEVICE, statements, COUNT};

enum store_verdict
device_insert(struct store *store, const struct device_request *row)
{
	const struct sql_in in[] = {
		sql_id(row->id),          sql_int(row->realm_id),   sql_text(row->client_id),
		sql_hash(row->hash),      sql_text(row->user_code), sql_text(row->scope),
		sql_text(row->resources), sql_text(row->address),   sql_text(row->user_agent),
		sql_int(row->created_at), sql_int(row->expires_at), sql_int(row->poll_interval),
	};

	return sql_change(store, &device_statements, INSERT, in);
}

enum store_verdict
device_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	    const uint8_t hash[SHA256_SIZE], struct device_request *row)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id)};
	enum store_verdict verdict = sql_read_one(store, &device_statements, FIND, in, arena, row);

	if (verdict == STORE_OK && !hash_equal(row->hash, hash, SHA256_SIZE))
		return STORE_NONE;
	return verdict;
}

enum store_verdict
device_find_code(struct store *store, struct arena *arena, uint32_t realm_id, const char *user_code,
		 struct device_request *row)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(user_code)};

	return sql_read_one(store, &device_statements, FIND_CODE, in, arena, row);
}

enum store_verdict
device_poll(struct store *store, const struct device_request *seen, int64_t now)
{
	const struct sql_in in[] = {
		sql_int(now),     sql_int(DEVICE_SLOW_DOWN), sql_int(now),
		sql_id(seen->id), sql_int(seen->polled_at),  sql_int(seen->poll_interval),
	};

	return sql_change(store, &device_statements, POLL, in);
}

enum store_verdict
device_decide(struct store *store, const uint8_t id[ID_SIZE], const uint8_t *grant_id, int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(grant_id), sql_id(id), sql_int(now)};

	return sql_change(store, &device_statements, DECIDE, in);
}
