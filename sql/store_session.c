/* SPDX-License-Identifier: ISC */
/*
 * Sessions with their facts, and flows that were completed. A session is read with its facts and
 * its account in one statement: one line a fact.
 */
#include "core/model/session.h"

#include <string.h>

#include "core/base/arena.h"
#include "sql/rows.h"
#include "sql/statement.h"

#define END_STEP 1000 /* rows of one UPDATE */

enum {
	FIND,
	LIST,
	LIST_OF_ACCOUNT,
	INSERT,
	FACT_PUT,
	PROVE,
	TOUCH,
	END,
	END_OF_REALM,
	END_OF_ACCOUNT,
	FLOW_COMPLETE,
	COUNT,
};

#define NO_FACT (-1)

struct session_line {
	struct session session; /* but for its facts */
	int64_t factor;         /* NO_FACT: a session without facts */
	struct fact fact;
};

struct session_account_line {
	struct session_line line;
	struct account_record record;
};

#define SESSION_COLUMNS                                                                            \
	"s.id, s.realm_id, s.account_id, s.secret_hash, s.auth_epoch, s.created_at,"               \
	" s.activated_at, s.last_seen_at, s.expires_at, s.ended_at, s.address, s.user_agent"
#define FACT_COLUMNS "IFNULL(f.factor, -1), f.proven_at, f.flow_id, f.amr, f.acr"

#define LINE_OUTS(type, member)                                                                    \
	{SQL_OUT_ID, offsetof(type, member.session.id), 0},                                        \
		{SQL_OUT_U32, offsetof(type, member.session.realm_id), 0},                         \
		{SQL_OUT_ID, offsetof(type, member.session.account_id), 0},                        \
		{SQL_OUT_HASH, offsetof(type, member.session.secret_hash), 0},                     \
		{SQL_OUT_INT, offsetof(type, member.session.auth_epoch), 0},                       \
		{SQL_OUT_INT, offsetof(type, member.session.created_at), 0},                       \
		{SQL_OUT_INT, offsetof(type, member.session.activated_at), 0},                     \
		{SQL_OUT_INT, offsetof(type, member.session.last_seen_at), 0},                     \
		{SQL_OUT_INT, offsetof(type, member.session.expires_at), 0},                       \
		{SQL_OUT_INT, offsetof(type, member.session.ended_at), 0},                         \
		{SQL_OUT_TEXT, offsetof(type, member.session.address), 0},                         \
		{SQL_OUT_TEXT, offsetof(type, member.session.user_agent), 0},                      \
		{SQL_OUT_INT, offsetof(type, member.factor), 0},                                   \
		{SQL_OUT_INT, offsetof(type, member.fact.proven_at), 0},                           \
		{SQL_OUT_ID, offsetof(type, member.fact.flow_id), 0},                              \
		{SQL_OUT_TEXT, offsetof(type, member.fact.amr), 0},                                \
	{                                                                                          \
		SQL_OUT_TEXT, offsetof(type, member.fact.acr), 0                                   \
	}

static const struct sql_out found_columns[] = {
	LINE_OUTS(struct session_account_line, line),
	ACCOUNT_OUTS(struct session_account_line, record),
};

struct session_listed {
	struct session_line line;
};

static const struct sql_out listed_columns[] = {LINE_OUTS(struct session_listed, line)};

/* The conditions are those of session_check(). */
#define LIST_BEGIN                                                                                 \
	"SELECT " SESSION_COLUMNS ", " FACT_COLUMNS                                                \
	" FROM (SELECT s.* FROM session AS s JOIN account AS a ON a.id = s.account_id"             \
	" AND a.realm_id = s.realm_id AND a.auth_epoch = s.auth_epoch AND a.disabled_at = 0"       \
	" AND a.away IS NULL WHERE s.realm_id = ? AND s.ended_at = 0 AND s.expires_at > ?"         \
	" AND s.last_seen_at > ? AND s.created_at >= ?"
#define LIST_END                                                                                   \
	" ORDER BY s.id DESC LIMIT ?) AS s"                                                        \
	" LEFT JOIN session_fact AS f ON f.session_id = s.id ORDER BY s.id DESC, f.factor"

static const struct statement statements[COUNT] = {
	[FIND] = {"SELECT " SESSION_COLUMNS ", " FACT_COLUMNS ", " ACCOUNT_COLUMNS
		  " FROM session AS s JOIN account AS a ON a.id = s.account_id"
		  " LEFT JOIN session_fact AS f ON f.session_id = s.id"
		  " WHERE s.id = ? AND s.realm_id = ? ORDER BY f.factor LIMIT ?",
		  "bii", SQL_ROWS(found_columns, struct session_account_line)},
	[LIST] = {LIST_BEGIN LIST_END, "iiiii", SQL_ROWS(listed_columns, struct session_listed)},
	[LIST_OF_ACCOUNT] = {LIST_BEGIN " AND s.account_id = ?" LIST_END, "iiiibi",
			     SQL_ROWS(listed_columns, struct session_listed)},
	[INSERT] =
		{.text = "INSERT INTO session (id, realm_id, account_id, secret_hash, auth_epoch,"
			 " created_at, activated_at, last_seen_at, expires_at, ended_at,"
			 " address, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		 .in = "bibbiiiiiitb"},
	[FACT_PUT] = {.text = "INSERT INTO session_fact"
			      " (session_id, factor, proven_at, flow_id, amr, acr)"
			      " VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
			      " proven_at = VALUES(proven_at), flow_id = VALUES(flow_id),"
			      " amr = VALUES(amr), acr = VALUES(acr)",
		      .in = "biibtt"},
	[PROVE] = {.text = "UPDATE session SET secret_hash = ?,"
			   " activated_at = IF(? AND activated_at = 0, ?, activated_at),"
			   " last_seen_at = GREATEST(last_seen_at, ?), revision = revision + 1"
			   " WHERE id = ? AND ended_at = 0",
		   .in = "biiib"},
	[TOUCH] = {.text = "UPDATE session SET last_seen_at = ?"
			   " WHERE id = ? AND ended_at = 0 AND last_seen_at < ?",
		   .in = "ibi"},
	[END] = {.text = "UPDATE session SET ended_at = ? WHERE id = ? AND ended_at = 0",
		 .in = "ib"},
	[END_OF_REALM] = {.text = "UPDATE session SET ended_at = ?"
				  " WHERE realm_id = ? AND ended_at = 0 LIMIT ?",
			  .in = "iii"},
	[END_OF_ACCOUNT] = {.text = "UPDATE session SET ended_at = ? WHERE realm_id = ?"
				    " AND account_id = ? AND ended_at = 0 LIMIT ?",
			    .in = "iibi"},
	[FLOW_COMPLETE] = {.text = "INSERT INTO completed_flow (flow_id, expires_at) VALUES (?, ?)",
			   .in = "bi"},
};

const struct statement_set session_statements = {SET_SESSION, statements, COUNT};

static void
session_take_fact(struct session *session, const struct session_line *line)
{
	if (line->factor == NO_FACT || session->facts_count >= FACTS_MAX)
		return;
	session->facts[session->facts_count] = line->fact;
	session->facts[session->facts_count].factor = (enum factor)line->factor;
	session->facts_count++;
}

enum store_verdict
session_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	     const uint8_t secret_hash[SHA256_SIZE], struct session *session,
	     struct account *account)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id), sql_int(FACTS_MAX)};
	const struct session_account_line *line;
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict =
		sql_read_all(store, &session_statements, FIND, in, arena, &rows, &count);

	if (verdict != STORE_OK)
		return verdict;
	line = rows;
	if (count == 0 || !hash_equal(line->line.session.secret_hash, secret_hash, SHA256_SIZE))
		return STORE_NONE;
	verdict = account_from_record(store, arena, &line->record, account);
	if (verdict != STORE_OK)
		return verdict;
	*session = line->line.session;
	for (size_t i = 0; i < count; i++)
		session_take_fact(session, &line[i].line);
	return STORE_OK;
}

static enum store_verdict
fact_put(struct store *store, const uint8_t *session_id, const struct fact *fact)
{
	const struct sql_in in[] = {sql_id(session_id),       sql_int(fact->factor),
				    sql_int(fact->proven_at), sql_id(fact->flow_id),
				    sql_text(fact->amr),      sql_text(fact->acr)};
	int64_t changed = 0; /* none when the same fact is there */

	return sql_change_count(store, &session_statements, FACT_PUT, in, &changed);
}

/* Browsers say what they like, in any bytes; the header's contract is a cut. */
static struct sql_in
user_agent(const char *text)
{
	return sql_bytes(text, text ? strnlen(text, USER_AGENT_MAX) : 0);
}

static enum store_verdict
session_insert_work(struct store *store, void *context)
{
	const struct session *session = context;
	const struct sql_in in[] = {
		sql_id(session->id),
		sql_int(session->realm_id),
		sql_id(session->account_id),
		sql_hash(session->secret_hash),
		sql_int(session->auth_epoch),
		sql_int(session->created_at),
		sql_int(session->activated_at),
		sql_int(session->last_seen_at),
		sql_int(session->expires_at),
		sql_int(session->ended_at),
		sql_text(session->address),
		user_agent(session->user_agent),
	};
	enum store_verdict verdict = sql_change(store, &session_statements, INSERT, in);

	for (size_t i = 0; i < session->facts_count && verdict == STORE_OK; i++)
		verdict = fact_put(store, session->id, &session->facts[i]);
	return verdict;
}

enum store_verdict
session_insert(struct store *store, const struct session *session)
{
	struct session copy = *session;

	if (session->facts_count == 0) /* one statement needs no transaction */
		return session_insert_work(store, &copy);
	return sql_together(store, session_insert_work, &copy);
}

struct proof {
	const struct session *session;
	const struct fact *fact;
	bool activate;
	int64_t now;
};

static enum store_verdict
session_prove_work(struct store *store, void *context)
{
	const struct proof *proof = context;
	const struct sql_in in[] = {
		sql_hash(proof->session->secret_hash),
		sql_int(proof->activate),
		sql_int(proof->now),
		sql_int(proof->now),
		sql_id(proof->session->id),
	};
	enum store_verdict verdict = sql_change(store, &session_statements, PROVE, in);

	return verdict == STORE_OK ? fact_put(store, proof->session->id, proof->fact) : verdict;
}

enum store_verdict
session_prove(struct store *store, const struct session *session, const struct fact *fact,
	      bool activate, int64_t now)
{
	struct proof proof = {session, fact, activate, now};

	return sql_together(store, session_prove_work, &proof);
}

enum store_verdict
session_touch(struct store *store, const uint8_t id[ID_SIZE], int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(id), sql_int(now)};

	return sql_change(store, &session_statements, TOUCH, in);
}

enum store_verdict
session_end(struct store *store, const uint8_t id[ID_SIZE], int64_t now)
{
	const struct sql_in in[] = {sql_int(now), sql_id(id)};

	return sql_change(store, &session_statements, END, in);
}

enum store_verdict
session_end_all(struct store *store, uint32_t realm_id, const uint8_t *account_id, int64_t now,
		int64_t *ended)
{
	const struct sql_in realm[] = {sql_int(now), sql_int(realm_id), sql_int(END_STEP)};
	const struct sql_in account[] = {sql_int(now), sql_int(realm_id), sql_id(account_id),
					 sql_int(END_STEP)};

	*ended = 0;
	return account_id ? sql_change_all(store, &session_statements, END_OF_ACCOUNT, account,
					   END_STEP, ended)
			  : sql_change_all(store, &session_statements, END_OF_REALM, realm,
					   END_STEP, ended);
}

/* Lines of one session stand together. */
static void
list_from_lines(struct arena *arena, const struct session_listed *rows, size_t count,
		struct session_list *list)
{
	list->session = arena_array(arena, count, sizeof(*list->session));
	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct session_line *line = &rows[i].line;

		if (i == 0 || memcmp(line->session.id, rows[i - 1].line.session.id, ID_SIZE) != 0)
			list->session[list->count++] = line->session;
		session_take_fact(&list->session[list->count - 1], line);
	}
}

enum store_verdict
session_list(struct store *store, struct arena *arena, const struct session_query *query,
	     int64_t now, struct session_list *list)
{
	const struct sql_in realm[] = {sql_int(query->realm_id), sql_int(now),
				       sql_int(now - query->idle), sql_int(query->epoch),
				       sql_int((int64_t)query->max)};
	const struct sql_in account[] = {
		realm[0], realm[1], realm[2], realm[3], sql_id(query->account_id), realm[4]};
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict =
		sql_read_all(store, &session_statements, query->account_id ? LIST_OF_ACCOUNT : LIST,
			     query->account_id ? account : realm, arena, &rows, &count);

	if (verdict == STORE_OK)
		list_from_lines(arena, rows, count, list);
	return verdict;
}

enum store_verdict
flow_complete(struct store *store, const uint8_t flow_id[ID_SIZE], int64_t expires_at)
{
	const struct sql_in in[] = {sql_id(flow_id), sql_int(expires_at)};

	return sql_change(store, &session_statements, FLOW_COMPLETE, in);
}
