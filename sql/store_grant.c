/* SPDX-License-Identifier: ISC */
/*
 * Grants with their code and refresh token family, and consents. What must happen once is one
 * conditional UPDATE; the count of rows that it changed is the answer.
 */
#include "core/model/grant.h"

#include "sql/grant_rows.h"

#define REVOKE_STEP 1000 /* rows of one UPDATE */

enum {
	INSERT,
	FIND,
	FIND_OF_SESSION,
	CONSUME,
	ROTATE,
	REVOKE,
	REVOKE_OF_ACCOUNT,
	REVOKE_OF_CLIENT,
	CONSENT_FIND,
	CONSENT_PUT,
	CONSENT_REMOVE,
	COUNT,
};

struct grant_found {
	struct grant_record found;
};

static const struct sql_out grant_columns[] = {GRANT_STATE_OUTS(struct grant_found, found)};

struct consent_row {
	const char *scope;
};

static const struct sql_out consent_columns[] = {
	{SQL_OUT_TEXT, offsetof(struct consent_row, scope), 0},
};

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO auth_grant (id, realm_id, client_id, account_id,"
			    " session_id, offline, auth_epoch, scope, claims, nonce, acr, amr,"
			    " auth_time, created_at, expires_at, revoked_at, code_hash,"
			    " code_expires_at, code_consumed_at, redirect_uri, redirect_uri_sent,"
			    " code_challenge, refresh_generation, refresh_rotated_at, resources)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "bitbbiitttttiiiibiititiit"},
	[FIND] = {"SELECT " GRANT_STATE_COLUMNS " FROM auth_grant AS g" GRANT_STATE_JOINS
		  " WHERE g.id = ? AND g.realm_id = ?",
		  "bbi", SQL_ROWS(grant_columns, struct grant_found)},
	[FIND_OF_SESSION] = {"SELECT " GRANT_STATE_COLUMNS " FROM auth_grant AS g" GRANT_STATE_JOINS
			     " WHERE g.realm_id = ? AND g.account_id ="
			     " (SELECT id FROM account WHERE realm_id = ? AND sub = ?)"
			     " AND g.client_id = ? AND g.session_id = ? AND g.auth_time = ?"
			     " AND g.nonce <=> IFNULL(?, g.nonce)"
			     " AND g.code_consumed_at > 0 AND g.revoked_at = 0"
			     " ORDER BY g.offline, g.id DESC LIMIT 1",
			     "biittbit", SQL_ROWS(grant_columns, struct grant_found)},
	[CONSUME] = {.text = "UPDATE auth_grant SET code_consumed_at = ?, refresh_generation = ?,"
			     " refresh_rotated_at = ?, expires_at = ?"
			     " WHERE id = ? AND code_hash = ? AND code_consumed_at = 0"
			     " AND code_expires_at > ? AND revoked_at = 0",
		     .in = "iiiibbi"},
	[ROTATE] = {.text = "UPDATE auth_grant SET refresh_generation = refresh_generation + 1,"
			    " refresh_rotated_at = ? WHERE id = ? AND refresh_generation = ?"
			    " AND refresh_generation > 0 AND revoked_at = 0",
		    .in = "ibi"},
	[REVOKE] = {.text = "UPDATE auth_grant SET revoked_at = ?, revoked_reason = ?"
			    " WHERE id = ? AND revoked_at = 0",
		    .in = "itb"},
	[REVOKE_OF_ACCOUNT] = {.text = "UPDATE auth_grant SET revoked_at = ?, revoked_reason = ?"
				       " WHERE realm_id = ? AND account_id = ? AND revoked_at = 0"
				       " LIMIT ?",
			       .in = "itibi"},
	[REVOKE_OF_CLIENT] = {.text = "UPDATE auth_grant SET revoked_at = ?, revoked_reason = ?"
				      " WHERE realm_id = ? AND account_id = ? AND client_id = ?"
				      " AND revoked_at = 0 LIMIT ?",
			      .in = "itibti"},
	[CONSENT_FIND] = {"SELECT scope FROM consent"
			  " WHERE realm_id = ? AND account_id = ? AND client_id = ?",
			  "ibt", SQL_ROWS(consent_columns, struct consent_row)},
	[CONSENT_PUT] = {.text = "INSERT INTO consent"
				 " (realm_id, account_id, client_id, scope, updated_at)"
				 " VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
				 " scope = VALUES(scope), updated_at = VALUES(updated_at)",
			 .in = "ibtti"},
	[CONSENT_REMOVE] = {.text = "DELETE FROM consent"
				    " WHERE realm_id = ? AND account_id = ? AND client_id = ?",
			    .in = "ibt"},
};

const struct statement_set grant_statements = {SET_GRANT, statements, COUNT};

enum store_verdict
grant_insert(struct store *store, const struct grant *grant)
{
	const struct sql_in in[] = {
		sql_id(grant->id),
		sql_int(grant->realm_id),
		sql_text(grant->client_id),
		sql_id(grant->account_id),
		sql_id(grant->session_id),
		sql_int(grant->offline),
		sql_int(grant->auth_epoch),
		sql_text(grant->scope),
		sql_text(grant->claims),
		sql_text(grant->nonce),
		sql_text(grant->acr),
		sql_text(grant->amr),
		sql_int(grant->auth_time),
		sql_int(grant->created_at),
		sql_int(grant->expires_at),
		sql_int(grant->revoked_at),
		sql_hash(grant->code_hash),
		sql_int(grant->code_expires_at),
		sql_int(grant->code_consumed_at),
		sql_text(grant->redirect_uri),
		sql_int(grant->redirect_uri_sent),
		sql_text(grant->code_challenge),
		sql_int(grant->refresh_generation),
		sql_int(grant->refresh_rotated_at),
		sql_text(grant->resources),
	};

	return sql_change(store, &grant_statements, INSERT, in);
}

enum store_verdict
grant_from_record(const struct grant_record *record, struct grant_state *state)
{
	*state = record->state;
	state->account = record->record.account;
	state->account_claims = record->record.claims;
	if (!grant_has_account(&state->grant))
		state->account.sub = state->grant.client_id; /* RFC 9068 2.2 */
	return state->account.sub ? STORE_OK : STORE_NONE;
}

enum store_verdict
grant_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	   const uint8_t *jti, struct grant_state *state)
{
	const struct sql_in in[] = {sql_bytes(jti, JTI_SIZE), sql_id(id), sql_int(realm_id)};
	struct grant_found row;
	enum store_verdict verdict = sql_read_one(store, &grant_statements, FIND, in, arena, &row);

	return verdict == STORE_OK ? grant_from_record(&row.found, state) : verdict;
}

enum store_verdict
grant_find_of_session(struct store *store, struct arena *arena,
		      const struct grant_of_session *wanted, struct grant_state *state)
{
	const struct sql_in in[] = {
		sql_bytes(NULL, 0),         sql_int(wanted->realm_id),   sql_int(wanted->realm_id),
		sql_text(wanted->sub),      sql_text(wanted->client_id), sql_id(wanted->session_id),
		sql_int(wanted->auth_time), sql_text(wanted->nonce),
	};
	struct grant_found row;
	enum store_verdict verdict =
		sql_read_one(store, &grant_statements, FIND_OF_SESSION, in, arena, &row);

	return verdict == STORE_OK ? grant_from_record(&row.found, state) : verdict;
}

enum store_verdict
code_consume(struct store *store, const struct code_use *use)
{
	const struct sql_in in[] = {
		sql_int(use->now),
		sql_int(use->with_refresh ? 1 : 0),
		sql_int(use->with_refresh ? use->now : 0),
		sql_int(use->expires_at),
		sql_id(use->grant_id),
		sql_hash(use->code_hash),
		sql_int(use->now),
	};

	return sql_change(store, &grant_statements, CONSUME, in);
}

enum store_verdict
refresh_rotate(struct store *store, const uint8_t id[ID_SIZE], int64_t generation, int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(id), sql_int(generation)};

	return sql_change(store, &grant_statements, ROTATE, in);
}

enum store_verdict
grant_revoke(struct store *store, const uint8_t id[ID_SIZE], const char *reason, int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_text(reason), sql_id(id)};

	return sql_change(store, &grant_statements, REVOKE, in);
}

enum store_verdict
grant_revoke_all(struct store *store, uint32_t realm_id, const uint8_t account_id[ID_SIZE],
		 const char *client_id, const char *reason, int64_t now, int64_t *ended)
{
	const struct sql_in account[] = {sql_int(now), sql_text(reason), sql_int(realm_id),
					 sql_id(account_id), sql_int(REVOKE_STEP)};
	const struct sql_in client[] = {sql_int(now),        sql_text(reason),
					sql_int(realm_id),   sql_id(account_id),
					sql_text(client_id), sql_int(REVOKE_STEP)};

	*ended = 0;
	return client_id ? sql_change_all(store, &grant_statements, REVOKE_OF_CLIENT, client,
					  REVOKE_STEP, ended)
			 : sql_change_all(store, &grant_statements, REVOKE_OF_ACCOUNT, account,
					  REVOKE_STEP, ended);
}

enum store_verdict
consent_find(struct store *store, struct arena *arena, uint32_t realm_id,
	     const uint8_t account_id[ID_SIZE], const char *client_id, const char **scope)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_id(account_id), sql_text(client_id)};
	struct consent_row row;
	enum store_verdict verdict =
		sql_read_one(store, &grant_statements, CONSENT_FIND, in, arena, &row);

	if (verdict == STORE_OK)
		*scope = row.scope;
	return verdict;
}

enum store_verdict
consent_put(struct store *store, uint32_t realm_id, const uint8_t account_id[ID_SIZE],
	    const char *client_id, const char *scope, int64_t now)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_id(account_id), sql_text(client_id),
				    sql_text(scope), sql_int(now)};
	int64_t changed = 0; /* none when the same is remembered already */

	return sql_change_count(store, &grant_statements, CONSENT_PUT, in, &changed);
}

enum store_verdict
consent_remove(struct store *store, uint32_t realm_id, const uint8_t account_id[ID_SIZE],
	       const char *client_id)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_id(account_id), sql_text(client_id)};

	return sql_change(store, &grant_statements, CONSENT_REMOVE, in);
}
