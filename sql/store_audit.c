/* SPDX-License-Identifier: ISC */
/*
 * The record, and the purge of what has passed. Sessions take their facts with them: the rows to go
 * are locked first, so that two who purge at once do not leave facts without a session.
 */
#include "core/model/audit.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/model/fetched.h"
#include "core/model/setting.h"
#include "sql/statement.h"

#define PURGE_AFTER 60 /* seconds: clocks of several hosts differ */
#define SCRATCH_MAX (64 * 1024 * 1024)

enum {
	INSERT,
	RETENTIONS,
	PURGE_AUDIT,
	PURGE_TOKENS,
	PURGE_GRANTS,
	PURGE_FLOWS,
	PURGE_JTIS,
	PURGE_REPLAYS,
	PURGE_PUSHED,
	PURGE_DEVICES,
	PURGE_FETCHED,
	PURGE_UNDATED,
	LOCK_SESSIONS,
	PURGE_FACTS,
	PURGE_SESSIONS,
	COUNT,
};

/* A realm that has audit rows; settings are NULL when the realm itself is gone. */
struct retention {
	uint32_t realm_id;
	const char *settings;
};

static const struct sql_out retention_columns[] = {
	{SQL_OUT_U32, offsetof(struct retention, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct retention, settings), 0},
};

struct locked {
	uint8_t id[ID_SIZE];
};

static const struct sql_out locked_columns[] = {
	{SQL_OUT_ID, offsetof(struct locked, id), 0},
};

#define OLD_SESSIONS "SELECT id FROM session WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?"

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO audit (id, realm_id, at, event, actor, account_id,"
			    " session_id, client_id, address, detail)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "biittbbttt"},
	[RETENTIONS] = {"SELECT n.realm_id, r.settings FROM (SELECT DISTINCT realm_id FROM audit)"
			" AS n LEFT JOIN realm AS r ON r.id = n.realm_id",
			"", SQL_ROWS(retention_columns, struct retention)},
	[PURGE_AUDIT] = {.text = "DELETE FROM audit WHERE realm_id = ? AND at <= ?"
				 " ORDER BY at, id LIMIT ?",
			 .in = "iii"},
	[PURGE_TOKENS] = {.text = "DELETE FROM access_token WHERE expires_at <= ?"
				  " ORDER BY expires_at, id LIMIT ?",
			  .in = "ii"},
	[PURGE_GRANTS] = {.text = "DELETE FROM auth_grant WHERE expires_at <= ?"
				  " ORDER BY expires_at, id LIMIT ?",
			  .in = "ii"},
	[PURGE_FLOWS] = {.text = "DELETE FROM completed_flow WHERE expires_at <= ?"
				 " ORDER BY expires_at, flow_id LIMIT ?",
			 .in = "ii"},
	[PURGE_JTIS] = {.text = "DELETE FROM revoked_jti WHERE expires_at <= ?"
				" ORDER BY expires_at, jti LIMIT ?",
			.in = "ii"},
	[PURGE_REPLAYS] = {.text = "DELETE FROM replay WHERE expires_at <= ?"
				   " ORDER BY expires_at, hash LIMIT ?",
			   .in = "ii"},
	[PURGE_PUSHED] = {.text = "DELETE FROM pushed_request WHERE expires_at <= ?"
				  " ORDER BY expires_at, id LIMIT ?",
			  .in = "ii"},
	[PURGE_DEVICES] = {.text = "DELETE FROM device_request WHERE expires_at <= ?"
				   " ORDER BY expires_at, id LIMIT ?",
			   .in = "ii"},
	[PURGE_FETCHED] = {.text = "DELETE FROM fetched WHERE forget_at > 0 AND forget_at <= ?"
				   " ORDER BY forget_at, url_hash LIMIT ?",
			   .in = "ii"},
	[PURGE_UNDATED] = {.text = "DELETE FROM fetched WHERE forget_at = 0 AND tried_at <= ?"
				   " ORDER BY tried_at, url_hash LIMIT ?",
			   .in = "ii"},
	[LOCK_SESSIONS] = {OLD_SESSIONS " FOR UPDATE", "ii",
			   SQL_ROWS(locked_columns, struct locked)},
	[PURGE_FACTS] = {.text = "DELETE f FROM (" OLD_SESSIONS ") AS s"
				 " JOIN session_fact AS f ON f.session_id = s.id",
			 .in = "ii"},
	[PURGE_SESSIONS] = {.text = "DELETE FROM session WHERE expires_at <= ?"
				    " ORDER BY expires_at, id LIMIT ?",
			    .in = "ii"},
};

const struct statement_set audit_statements = {SET_AUDIT, statements, COUNT};

enum store_verdict
audit_insert(struct store *store, const struct audit_row *row)
{
	const struct sql_in in[] = {
		sql_id(row->id),         sql_int(row->realm_id),   sql_int(row->at),
		sql_text(row->event),    sql_text(row->actor),     sql_id(row->account_id),
		sql_id(row->session_id), sql_text(row->client_id), sql_text(row->address),
		sql_text(row->detail),
	};

	return sql_change(store, &audit_statements, INSERT, in);
}

struct purge {
	struct arena *scratch;
	int64_t now;
	size_t max;
	int64_t *removed;
};

static enum store_verdict
purge_sessions_work(struct store *store, void *context)
{
	const struct purge *purge = context;
	const struct sql_in in[] = {sql_int(purge->now - PURGE_AFTER),
				    sql_int((int64_t)purge->max)};
	void *rows = NULL;
	size_t count = 0;
	int64_t facts = 0, sessions = 0;
	enum store_verdict verdict = sql_read_all(store, &audit_statements, LOCK_SESSIONS, in,
						  purge->scratch, &rows, &count);

	if (verdict != STORE_OK || count == 0)
		return verdict;
	verdict = sql_change_count(store, &audit_statements, PURGE_FACTS, in, &facts);
	if (verdict == STORE_OK)
		verdict = sql_change_count(store, &audit_statements, PURGE_SESSIONS, in, &sessions);
	*purge->removed = sessions;
	return verdict;
}

static enum store_verdict
purge_sessions(struct store *store, const struct purge *purge)
{
	int64_t removed = 0;
	struct purge own = *purge;
	enum store_verdict verdict;

	own.removed = &removed;
	verdict = sql_together(store, purge_sessions_work, &own);
	if (verdict == STORE_OK)
		*purge->removed += removed;
	return verdict;
}

/* A realm whose settings cannot be read keeps its rows as long as the default says. */
static int64_t
retention_of(struct store *store, struct arena *arena, const struct retention *row)
{
	struct settings settings;
	struct json_object *document;
	const char *why = NULL;

	settings_default(&settings);
	if (!row->settings)
		return settings.audit_retention;
	document = json_parse_object(arena, row->settings, strlen(row->settings), &why);
	if (!document || settings_apply(arena, document, false, &settings, &why) != 0) {
		sql_unreadable(store, "settings", "realm", why);
		settings_default(&settings);
	}
	return settings.audit_retention;
}

static enum store_verdict
purge_audit(struct store *store, const struct purge *purge)
{
	const struct retention *row;
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict = sql_read_all(store, &audit_statements, RETENTIONS, NULL,
						  purge->scratch, &rows, &count);

	row = rows;
	for (size_t i = 0; i < count && verdict == STORE_OK; i++) {
		int64_t kept = retention_of(store, purge->scratch, &row[i]);
		const struct sql_in in[] = {sql_int(row[i].realm_id), sql_int(purge->now - kept),
					    sql_int((int64_t)purge->max)};
		int64_t removed = 0;

		verdict = sql_change_count(store, &audit_statements, PURGE_AUDIT, in, &removed);
		*purge->removed += removed;
	}
	return verdict;
}

/* Documents of which nobody said when they go: one that is in use is tried again and again. */
static enum store_verdict
purge_undated(struct store *store, const struct purge *purge)
{
	const struct sql_in in[] = {sql_int(purge->now - FETCHED_KEPT),
				    sql_int((int64_t)purge->max)};
	int64_t removed = 0;
	enum store_verdict verdict =
		sql_change_count(store, &audit_statements, PURGE_UNDATED, in, &removed);

	*purge->removed += removed;
	return verdict;
}

enum store_verdict
purge(struct store *store, int64_t now, size_t max, int64_t *removed)
{
	static const unsigned plain[] = {PURGE_TOKENS,  PURGE_GRANTS, PURGE_FLOWS,   PURGE_JTIS,
					 PURGE_REPLAYS, PURGE_PUSHED, PURGE_DEVICES, PURGE_FETCHED};
	const struct sql_in in[] = {sql_int(now - PURGE_AFTER), sql_int((int64_t)max)};
	struct purge purge = {arena_new(SCRATCH_MAX), now, max, removed};
	enum store_verdict verdict = STORE_OK;

	*removed = 0;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && verdict == STORE_OK; i++) {
		int64_t step = 0;

		verdict = sql_change_count(store, &audit_statements, plain[i], in, &step);
		*removed += step;
	}
	if (verdict == STORE_OK)
		verdict = purge_sessions(store, &purge);
	if (verdict == STORE_OK)
		verdict = purge_undated(store, &purge);
	if (verdict == STORE_OK)
		verdict = purge_audit(store, &purge);
	arena_free(purge.scratch);
	return verdict;
}
