/* SPDX-License-Identifier: ISC */
/*
 * Opaque access tokens and the revoked ids of JWTs.
 */
#include "sql/grant_rows.h"

enum { INSERT, FIND, CLIENT_FIND, REVOKE, JTI_REVOKE, COUNT };

struct token_found {
	struct access_row token;
	struct grant_record found;
};

static const struct sql_out token_columns[] = {
	{SQL_OUT_ID, offsetof(struct token_found, token.id), 0},
	{SQL_OUT_HASH, offsetof(struct token_found, token.hash), 0},
	{SQL_OUT_ID, offsetof(struct token_found, token.grant_id), 0},
	{SQL_OUT_U32, offsetof(struct token_found, token.realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct token_found, token.scope), 0},
	{SQL_OUT_INT, offsetof(struct token_found, token.issued_at), 0},
	{SQL_OUT_INT, offsetof(struct token_found, token.expires_at), 0},
	{SQL_OUT_INT, offsetof(struct token_found, token.revoked_at), 0},
	{SQL_OUT_TEXT, offsetof(struct token_found, token.client_id), 0},
	{SQL_OUT_TEXT, offsetof(struct token_found, token.audience), 0},
	{SQL_OUT_TEXT, offsetof(struct token_found, token.extra), 0},
	GRANT_STATE_OUTS(struct token_found, found),
};

struct client_found {
	bool enabled, jti_revoked;
};

static const struct sql_out client_columns[] = {
	{SQL_OUT_BOOL, offsetof(struct client_found, enabled), 0},
	{SQL_OUT_BOOL, offsetof(struct client_found, jti_revoked), 0},
};

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO access_token (id, hash, grant_id, realm_id, scope,"
			    " issued_at, expires_at, revoked_at, client_id, audience, extra)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "bbbitiiittt"},
	[FIND] = {"SELECT t.id, t.hash, t.grant_id, t.realm_id, t.scope, t.issued_at, t.expires_at,"
		  " t.revoked_at, t.client_id, t.audience, t.extra, " GRANT_STATE_COLUMNS
		  " FROM access_token AS t"
		  " JOIN auth_grant AS g ON g.id = t.grant_id AND g.realm_id = "
		  "t.realm_id" GRANT_STATE_JOINS " WHERE t.id = ? AND t.realm_id = ?",
		  "bbi", SQL_ROWS(token_columns, struct token_found)},
	[CLIENT_FIND] = {"SELECT c.enabled, j.jti IS NOT NULL FROM client AS c"
			 " LEFT JOIN revoked_jti AS j ON j.jti = ?"
			 " WHERE c.realm_id = ? AND c.client_id = ?",
			 "bit", SQL_ROWS(client_columns, struct client_found)},
	[REVOKE] =
		{.text = "UPDATE access_token SET revoked_at = ? WHERE id = ? AND revoked_at = 0",
		 .in = "ib"},
	[JTI_REVOKE] = {.text = "INSERT INTO revoked_jti (jti, expires_at) VALUES (?, ?)",
			.in = "bi"},
};

const struct statement_set token_statements = {SET_TOKEN, statements, COUNT};

enum store_verdict
access_insert(struct store *store, const struct access_row *row)
{
	const struct sql_in in[] = {
		sql_id(row->id),          sql_hash(row->hash),      sql_id(row->grant_id),
		sql_int(row->realm_id),   sql_text(row->scope),     sql_int(row->issued_at),
		sql_int(row->expires_at), sql_int(row->revoked_at), sql_text(row->client_id),
		sql_text(row->audience),  sql_text(row->extra),
	};

	return sql_change(store, &token_statements, INSERT, in);
}

enum store_verdict
access_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	    const uint8_t hash[SHA256_SIZE], struct access_row *row, struct grant_state *state)
{
	/* an opaque token is revoked in its own row: no jti */
	const struct sql_in in[] = {sql_bytes(NULL, 0), sql_id(id), sql_int(realm_id)};
	struct token_found found;
	enum store_verdict verdict =
		sql_read_one(store, &token_statements, FIND, in, arena, &found);

	if (verdict != STORE_OK)
		return verdict;
	if (!hash_equal(found.token.hash, hash, SHA256_SIZE))
		return STORE_NONE;
	*row = found.token;
	return grant_from_record(&found.found, state);
}

enum store_verdict
access_client_find(struct store *store, struct arena *arena, uint32_t realm_id,
		   const char *client_id, const uint8_t jti[JTI_SIZE], struct grant_state *state)
{
	const struct sql_in in[] = {sql_bytes(jti, JTI_SIZE), sql_int(realm_id),
				    sql_text(client_id)};
	struct client_found found;
	enum store_verdict verdict =
		sql_read_one(store, &token_statements, CLIENT_FIND, in, arena, &found);

	if (verdict == STORE_OK) {
		state->client_enabled = found.enabled;
		state->jti_revoked = found.jti_revoked;
	}
	return verdict;
}

enum store_verdict
access_revoke(struct store *store, const uint8_t id[ID_SIZE], int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(id)};

	return sql_change(store, &token_statements, REVOKE, in);
}

enum store_verdict
jti_revoke(struct store *store, const uint8_t jti[JTI_SIZE], int64_t expires_at)
{
	const struct sql_in in[] = {sql_bytes(jti, JTI_SIZE), sql_int(expires_at)};
	enum store_verdict verdict = sql_change(store, &token_statements, JTI_REVOKE, in);

	return verdict == STORE_CONFLICT ? STORE_OK : verdict; /* it was known */
}
