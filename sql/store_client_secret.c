/* SPDX-License-Identifier: ISC */
/*
 * The secrets of clients: made, used, ended and sealed anew. Clients are kept with their secrets
 * for a generation (store_client.c), so all changes but the note of a use move the generation.
 */
#include <stddef.h>

#include "sql/client_snapshots.h"
#include "sql/statement.h"

enum {
	INSERT,
	USED,
	EXPIRE,
	REMOVE,
	SEALED_LIST,
	RESEAL,
	COUNT,
};

static const struct sql_out sealed_columns[] = {
	{SQL_OUT_TEXT, offsetof(struct client_sealed, client_id), 0},
	{SQL_OUT_ID, offsetof(struct client_sealed, secret.id), 0},
	{SQL_OUT_BYTES, offsetof(struct client_sealed, secret.sealed),
	 offsetof(struct client_sealed, secret.sealed_size)},
};

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO client_secret"
			    " (realm_id, client_id, id, hash, sealed, created_at, expires_at)"
			    " SELECT c.realm_id, c.client_id, ?, ?, ?, ?, ? FROM client AS c"
			    " WHERE c.realm_id = ? AND c.client_id = ?"
			    " AND (SELECT COUNT(*) FROM client_secret AS s"
			    " WHERE s.realm_id = c.realm_id AND s.client_id = c.client_id)"
			    " < ?",
		    .in = "bbbiiiti"},
	[USED] = {.text = "UPDATE client_secret SET last_used_at = ?"
			  " WHERE realm_id = ? AND client_id = ? AND id = ?"
			  " AND last_used_at < ?",
		  .in = "iitbi"},
	[EXPIRE] = {.text = "UPDATE client_secret SET expires_at = ?"
			    " WHERE realm_id = ? AND client_id = ? AND id = ?"
			    " AND expires_at <> ?",
		    .in = "iitbi"},
	[REMOVE] = {.text = "DELETE FROM client_secret"
			    " WHERE realm_id = ? AND client_id = ? AND id = ?",
		    .in = "itb"},
	[SEALED_LIST] = {"SELECT client_id, id, sealed FROM client_secret"
			 " WHERE realm_id = ? AND sealed IS NOT NULL"
			 " AND (client_id > ? OR (client_id = ? AND id > ?))"
			 " ORDER BY client_id, id LIMIT ?",
			 "ittbi", SQL_ROWS(sealed_columns, struct client_sealed)},
	[RESEAL] = {.text = "UPDATE client_secret SET sealed = ?"
			    " WHERE realm_id = ? AND client_id = ? AND id = ?"
			    " AND sealed = ?",
		    .in = "bitbb"},
};

const struct statement_set client_secret_statements = {SET_CLIENT_SECRET, statements, COUNT};

enum store_verdict
client_secret_insert(struct store *store, uint32_t realm_id, const char *client_id,
		     const struct client_secret *secret)
{
	const struct sql_in in[] = {
		sql_id(secret->id),
		sql_hash(secret->hash),
		sql_bytes(secret->sealed, secret->sealed_size),
		sql_int(secret->created_at),
		sql_int(secret->expires_at),
		sql_int(realm_id),
		sql_text(client_id),
		sql_int(CLIENT_SECRETS_MAX),
	};

	return sql_change_and_bump(store, &client_secret_statements, INSERT, in);
}

enum store_verdict
client_secret_used(struct store *store, const struct client *client, const uint8_t id[ID_SIZE],
		   int64_t now)
{
	struct client_secret *secret =
		client_snapshots_secret(client_snapshots_of(store), client, id);
	int64_t before = now - CLIENT_SECRET_USE_STEP;
	const struct sql_in in[] = {sql_int(now), sql_int(client->realm_id),
				    sql_text(client->client_id), sql_id(id), sql_int(before)};
	int64_t changed;

	if (secret && secret->last_used_at >= before)
		return STORE_OK;
	if (secret)
		secret->last_used_at = now;
	return sql_change_count(store, &client_secret_statements, USED, in, &changed);
}

enum store_verdict
client_secret_expire(struct store *store, uint32_t realm_id, const char *client_id,
		     const uint8_t id[ID_SIZE], int64_t expires_at)
{
	const struct sql_in in[] = {sql_int(expires_at), sql_int(realm_id), sql_text(client_id),
				    sql_id(id), sql_int(expires_at)};

	return sql_change_and_bump(store, &client_secret_statements, EXPIRE, in);
}

enum store_verdict
client_secret_remove(struct store *store, uint32_t realm_id, const char *client_id,
		     const uint8_t id[ID_SIZE])
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(client_id), sql_id(id)};

	return sql_change_and_bump(store, &client_secret_statements, REMOVE, in);
}

enum store_verdict
client_sealed_list(struct store *store, struct arena *arena, uint32_t realm_id,
		   const struct client_sealed *after, size_t max, struct client_sealed **rows,
		   size_t *count)
{
	static const struct client_sealed none = {.client_id = ""};
	const struct client_sealed *from = after ? after : &none;
	const struct sql_in in[] = {sql_int(realm_id), sql_text(from->client_id),
				    sql_text(from->client_id), sql_id(from->secret.id),
				    sql_int((int64_t)max)};
	void *found = NULL;
	enum store_verdict verdict = sql_read_all(store, &client_secret_statements, SEALED_LIST, in,
						  arena, &found, count);

	if (verdict == STORE_OK)
		*rows = found;
	return verdict;
}

enum store_verdict
client_secret_reseal_row(struct store *store, uint32_t realm_id, const struct client_sealed *row,
			 const uint8_t *sealed, size_t sealed_size)
{
	const struct sql_in in[] = {sql_bytes(sealed, sealed_size), sql_int(realm_id),
				    sql_text(row->client_id), sql_id(row->secret.id),
				    sql_bytes(row->secret.sealed, row->secret.sealed_size)};

	return sql_change_and_bump(store, &client_secret_statements, RESEAL, in);
}
