/* SPDX-License-Identifier: ISC */
/*
 * Accounts. Each update moves a revision of the row, so that the count of changed rows says whether
 * the condition was met even when the same values are written again.
 */
#include "core/model/account.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "sql/rows.h"
#include "sql/statement.h"

#define REMOVE_STEP 1000 /* rows of one DELETE */
#define SCRATCH_MAX (256 * 1024)

enum {
	FIND,
	FIND_NAME,
	FIND_KEY,
	LIST,
	UNSEEN,
	COUNT_OF,
	INSERT,
	REHASH,
	SET_PASSWORD,
	SET_CLAIMS,
	OWN_CLAIMS,
	SET_PERSON,
	SET_AWAY,
	SET_GONE,
	DISABLE,
	ENABLE,
	REALM_OF,
	REMOVE,
	REMOVE_FACTS,
	REMOVE_SESSIONS,
	REMOVE_TOKENS,
	REMOVE_GRANTS,
	REMOVE_CONSENTS,
	REMOVE_LINKS,
	COUNT,
};

struct account_only {
	struct account_record record;
};

static const struct sql_out columns[] = {ACCOUNT_OUTS(struct account_only, record)};

struct counted {
	int64_t count;
};

static const struct sql_out counted_columns[] = {
	{SQL_OUT_INT, offsetof(struct counted, count), 0},
};

struct own_claims {
	const char *claims, *sub;
};

static const struct sql_out own_columns[] = {
	{SQL_OUT_TEXT, offsetof(struct own_claims, claims), 0},
	{SQL_OUT_TEXT, offsetof(struct own_claims, sub), 0},
};

struct realm_of {
	uint32_t realm_id;
};

static const struct sql_out realm_of_columns[] = {
	{SQL_OUT_U32, offsetof(struct realm_of, realm_id), 0},
};

static const struct statement statements[COUNT] = {
	[FIND] = {"SELECT " ACCOUNT_COLUMNS " FROM account AS a WHERE a.id = ? AND a.realm_id = ?",
		  "bi", SQL_ROWS(columns, struct account_only)},
	[FIND_NAME] = {"SELECT " ACCOUNT_COLUMNS " FROM account AS a"
		       " WHERE a.realm_id = ? AND a.username = ?",
		       "it", SQL_ROWS(columns, struct account_only)},
	[FIND_KEY] = {"SELECT " ACCOUNT_COLUMNS " FROM account AS a"
		      " WHERE a.realm_id = ? AND a.source = ? AND a.source_key = ?",
		      "itt", SQL_ROWS(columns, struct account_only)},
	[UNSEEN] = {"SELECT " ACCOUNT_COLUMNS " FROM account AS a"
		    " WHERE a.realm_id = ? AND a.source = ? AND a.checked_at < ? AND a.away IS NULL"
		    " AND (EXISTS (SELECT 1 FROM session AS s WHERE s.realm_id = a.realm_id"
		    " AND s.account_id = a.id AND s.ended_at = 0 AND s.expires_at > ?)"
		    " OR EXISTS (SELECT 1 FROM auth_grant AS g WHERE g.realm_id = a.realm_id"
		    " AND g.account_id = a.id AND g.revoked_at = 0 AND g.expires_at > ?))"
		    " ORDER BY a.checked_at LIMIT ?",
		    "itiiii", SQL_ROWS(columns, struct account_only)},
	[COUNT_OF] = {"SELECT COUNT(*) FROM account WHERE realm_id = ? AND source = ?", "it",
		      SQL_ROWS(counted_columns, struct counted)},
	[LIST] = {"SELECT " ACCOUNT_COLUMNS " FROM account AS a"
		  " WHERE a.realm_id = ? AND a.username > ? AND LOCATE(?, a.username) > 0"
		  " ORDER BY a.username LIMIT ?",
		  "itti", SQL_ROWS(columns, struct account_only)},
	[INSERT] =
		{.text = "INSERT INTO account (id, realm_id, sub, username, password, auth_epoch,"
			 " disabled_at, claims, created_at, updated_at, source, source_key,"
			 " checked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, IFNULL(?, 'local'), "
			 "?, ?)",
		 .in = "bitttiitiitti"},
	[REHASH] = {.text = "UPDATE account SET password = ?, revision = revision + 1"
			    " WHERE id = ? AND password = ?",
		    .in = "tbt"},
	[SET_PASSWORD] = {.text = "UPDATE account SET password = ?, auth_epoch = auth_epoch + 1,"
				  " updated_at = ?, revision = revision + 1 WHERE id = ?",
			  .in = "tib"},
	[SET_CLAIMS] = {.text = "UPDATE account SET claims = ?, own_claims = ?, updated_at = ?,"
				" revision = revision + 1 WHERE id = ?",
			.in = "ttib"},
	[OWN_CLAIMS] = {"SELECT own_claims, sub FROM account WHERE id = ?", "b",
			SQL_ROWS(own_columns, struct own_claims)},
	[SET_PERSON] = {.text = "UPDATE account SET username = ?, claims = ?, checked_at = ?,"
				" away = NULL, revision = revision + 1 WHERE id = ?",
			.in = "ttib"},
	[SET_AWAY] = {.text = "UPDATE account SET away = ?, auth_epoch = auth_epoch + 1,"
			      " updated_at = ?, revision = revision + 1"
			      " WHERE id = ? AND (away IS NULL OR away <> ?)",
		      .in = "tibt"},
	[SET_GONE] = {.text = "UPDATE account SET username = CONCAT('~', LOWER(HEX(id)))"
			      " WHERE id = ?",
		      .in = "b"},
	[DISABLE] = {.text = "UPDATE account SET disabled_at = ?, auth_epoch = auth_epoch + 1,"
			     " updated_at = ?, revision = revision + 1"
			     " WHERE id = ? AND disabled_at = 0",
		     .in = "iib"},
	[ENABLE] = {.text = "UPDATE account SET disabled_at = 0, updated_at = ?,"
			    " revision = revision + 1 WHERE id = ? AND disabled_at <> 0",
		    .in = "ib"},
	[REALM_OF] = {"SELECT realm_id FROM account WHERE id = ? FOR UPDATE", "b",
		      SQL_ROWS(realm_of_columns, struct realm_of)},
	[REMOVE] = {.text = "DELETE FROM account WHERE id = ?", .in = "b"},
	[REMOVE_FACTS] = {.text = "DELETE f FROM (SELECT id FROM session"
				  " WHERE realm_id = ? AND account_id = ? ORDER BY id LIMIT ?) AS s"
				  " JOIN session_fact AS f ON f.session_id = s.id",
			  .in = "ibi"},
	[REMOVE_SESSIONS] = {.text = "DELETE FROM session WHERE realm_id = ? AND account_id = ?"
				     " ORDER BY id LIMIT ?",
			     .in = "ibi"},
	[REMOVE_TOKENS] = {.text = "DELETE t FROM (SELECT id FROM auth_grant"
				   " WHERE realm_id = ? AND account_id = ?"
				   " ORDER BY client_id, id LIMIT ?) AS g"
				   " JOIN access_token AS t ON t.grant_id = g.id",
			   .in = "ibi"},
	[REMOVE_GRANTS] = {.text = "DELETE FROM auth_grant WHERE realm_id = ? AND account_id = ?"
				   " ORDER BY client_id, id LIMIT ?",
			   .in = "ibi"},
	[REMOVE_CONSENTS] = {.text = "DELETE FROM consent WHERE realm_id = ? AND account_id = ?"
				     " LIMIT ?",
			     .in = "ibi"},
	[REMOVE_LINKS] = {.text = "DELETE FROM account_link WHERE realm_id = ? AND account_id = ?"
				  " LIMIT ?",
			  .in = "ibi"},
};

const struct statement_set account_statements = {SET_ACCOUNT, statements, COUNT};

enum store_verdict
account_from_record(struct store *store, struct arena *arena, const struct account_record *record,
		    struct account *account)
{
	const char *why = NULL;
	struct json_object *claims =
		json_parse_object(arena, record->claims, strlen(record->claims), &why);

	if (!claims) {
		sql_unreadable(store, "claims", record->account.sub, why);
		return STORE_NONE;
	}
	*account = record->account;
	account->claims = claims;
	return STORE_OK;
}

static enum store_verdict
read_account(struct store *store, struct arena *arena, unsigned which, const struct sql_in *in,
	     struct account *account)
{
	struct account_only row;
	enum store_verdict verdict =
		sql_read_one(store, &account_statements, which, in, arena, &row);

	return verdict == STORE_OK ? account_from_record(store, arena, &row.record, account)
				   : verdict;
}

enum store_verdict
account_find_name(struct store *store, struct arena *arena, uint32_t realm_id, const char *username,
		  struct account *account)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(username)};

	return read_account(store, arena, FIND_NAME, in, account);
}

enum store_verdict
account_find(struct store *store, struct arena *arena, uint32_t realm_id, const uint8_t id[ID_SIZE],
	     struct account *account)
{
	const struct sql_in in[] = {sql_id(id), sql_int(realm_id)};

	return read_account(store, arena, FIND, in, account);
}

enum store_verdict
account_find_key(struct store *store, struct arena *arena, uint32_t realm_id, const char *source,
		 const char *key, struct account *account)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(source), sql_text(key)};

	return read_account(store, arena, FIND_KEY, in, account);
}

static enum store_verdict
read_accounts(struct store *store, struct arena *arena, unsigned which, const struct sql_in *in,
	      struct account_list *list)
{
	const struct account_only *row;
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict =
		sql_read_all(store, &account_statements, which, in, arena, &rows, &count);

	if (verdict != STORE_OK)
		return verdict;
	row = rows;
	list->account = arena_array(arena, count, sizeof(*list->account));
	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (account_from_record(store, arena, &row[i].record,
					&list->account[list->count]) == STORE_OK)
			list->count++;
	}
	return STORE_OK;
}

enum store_verdict
account_count(struct store *store, uint32_t realm_id, const char *source, int64_t *count)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(source)};
	struct arena *scratch = arena_new(SCRATCH_MAX);
	struct counted row = {0};
	enum store_verdict verdict =
		sql_read_one(store, &account_statements, COUNT_OF, in, scratch, &row);

	arena_free(scratch);
	*count = row.count;
	return verdict;
}

enum store_verdict
account_unseen(struct store *store, struct arena *arena, uint32_t realm_id, const char *source,
	       int64_t before, int64_t now, size_t max, struct account_list *list)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(source), sql_int(before),
				    sql_int(now),      sql_int(now),     sql_int((int64_t)max)};

	return read_accounts(store, arena, UNSEEN, in, list);
}

enum store_verdict
account_list(struct store *store, struct arena *arena, uint32_t realm_id, const char *part,
	     const char *after, size_t max, struct account_list *list)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(after ? after : ""),
				    sql_text(part ? part : ""), sql_int((int64_t)max)};

	return read_accounts(store, arena, LIST, in, list);
}

static const char *
claims_text(struct arena *arena, struct json_object *claims)
{
	return claims ? json_write(arena, claims, NULL) : "{}";
}

enum store_verdict
account_insert(struct store *store, const struct account *account)
{
	struct arena *scratch = arena_new(SCRATCH_MAX);
	const struct sql_in in[] = {
		sql_id(account->id),           sql_int(account->realm_id),
		sql_text(account->sub),        sql_text(account->username),
		sql_text(account->password),   sql_int(account->auth_epoch),
		sql_int(account->disabled_at), sql_text(claims_text(scratch, account->claims)),
		sql_int(account->created_at),  sql_int(account->updated_at),
		sql_text(account->source),     sql_text(account->source_key),
		sql_int(account->checked_at),
	};
	enum store_verdict verdict = sql_change(store, &account_statements, INSERT, in);

	arena_free(scratch);
	return verdict;
}

enum store_verdict
account_rehash(struct store *store, const uint8_t id[ID_SIZE], const char *old, const char *hash)
{
	const struct sql_in in[] = {sql_text(hash), sql_id(id), sql_text(old)};

	return sql_change(store, &account_statements, REHASH, in);
}

enum store_verdict
account_set_password(struct store *store, const uint8_t id[ID_SIZE], const char *hash, int64_t now)
{
	const struct sql_in in[] = {sql_text(hash), sql_int(now), sql_id(id)};

	return sql_change(store, &account_statements, SET_PASSWORD, in);
}

enum store_verdict
account_own_claims(struct store *store, struct arena *arena, const uint8_t id[ID_SIZE],
		   struct json_object **own)
{
	const struct sql_in in[] = {sql_id(id)};
	const char *why = NULL;
	struct own_claims row;
	enum store_verdict verdict =
		sql_read_one(store, &account_statements, OWN_CLAIMS, in, arena, &row);

	if (verdict != STORE_OK)
		return verdict;
	*own = row.claims ? json_parse_object(arena, row.claims, strlen(row.claims), &why)
			  : json_new_object(arena);
	if (*own)
		return STORE_OK;
	sql_unreadable(store, "own_claims", row.sub, why);
	return STORE_NONE;
}

enum store_verdict
account_set_claims(struct store *store, const uint8_t id[ID_SIZE], struct json_object *claims,
		   struct json_object *own, int64_t now)
{
	struct arena *scratch = arena_new(SCRATCH_MAX);
	const struct sql_in in[] = {sql_text(claims_text(scratch, claims)),
				    sql_text(own ? claims_text(scratch, own) : NULL), sql_int(now),
				    sql_id(id)};
	enum store_verdict verdict = sql_change(store, &account_statements, SET_CLAIMS, in);

	arena_free(scratch);
	return verdict;
}

enum store_verdict
account_set_person(struct store *store, const uint8_t id[ID_SIZE], const char *username,
		   struct json_object *claims, int64_t now)
{
	struct arena *scratch = arena_new(SCRATCH_MAX);
	const struct sql_in in[] = {sql_text(username), sql_text(claims_text(scratch, claims)),
				    sql_int(now), sql_id(id)};
	enum store_verdict verdict = sql_change(store, &account_statements, SET_PERSON, in);

	arena_free(scratch);
	return verdict;
}

struct departure {
	const uint8_t *id;
	const char *why;
	int64_t now;
};

static enum store_verdict
set_away_work(struct store *store, void *context)
{
	const struct departure *departure = context;
	const struct sql_in in[] = {sql_text(departure->why), sql_int(departure->now),
				    sql_id(departure->id), sql_text(departure->why)};
	const struct sql_in gone[] = {sql_id(departure->id)};
	enum store_verdict verdict = sql_change(store, &account_statements, SET_AWAY, in);

	if (verdict == STORE_OK && strcmp(departure->why, ACCOUNT_GONE) == 0)
		verdict = sql_change(store, &account_statements, SET_GONE, gone);
	return verdict;
}

enum store_verdict
account_set_away(struct store *store, const uint8_t id[ID_SIZE], const char *why, int64_t now)
{
	struct departure departure = {id, why, now};

	return sql_together(store, set_away_work, &departure);
}

enum store_verdict
account_set_disabled(struct store *store, const uint8_t id[ID_SIZE], bool disabled, int64_t now)
{
	const struct sql_in disable[] = {sql_int(now), sql_int(now), sql_id(id)};
	const struct sql_in enable[] = {sql_int(now), sql_id(id)};

	return disabled ? sql_change(store, &account_statements, DISABLE, disable)
			: sql_change(store, &account_statements, ENABLE, enable);
}

static enum store_verdict
dependants_remove(struct store *store, uint32_t realm_id, const uint8_t *id)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_id(id), sql_int(REMOVE_STEP)};
	enum store_verdict verdict =
		sql_remove_pairs(store, &account_statements,
				 (struct sql_pair){REMOVE_FACTS, REMOVE_SESSIONS}, in, REMOVE_STEP);

	if (verdict == STORE_OK)
		verdict = sql_remove_pairs(store, &account_statements,
					   (struct sql_pair){REMOVE_TOKENS, REMOVE_GRANTS}, in,
					   REMOVE_STEP);
	if (verdict == STORE_OK)
		verdict = sql_change_all(store, &account_statements, REMOVE_CONSENTS, in,
					 REMOVE_STEP, NULL);
	if (verdict == STORE_OK)
		verdict = sql_change_all(store, &account_statements, REMOVE_LINKS, in, REMOVE_STEP,
					 NULL);
	return verdict;
}

struct removal {
	const uint8_t *id;
};

static enum store_verdict
account_remove_work(struct store *store, void *context)
{
	const struct removal *removal = context;
	const struct sql_in in[] = {sql_id(removal->id)};
	struct arena *scratch = arena_new(SCRATCH_MAX);
	struct realm_of row;
	enum store_verdict verdict =
		sql_read_one(store, &account_statements, REALM_OF, in, scratch, &row);

	arena_free(scratch);
	if (verdict == STORE_OK)
		verdict = sql_change(store, &account_statements, REMOVE, in);
	if (verdict == STORE_OK)
		verdict = dependants_remove(store, row.realm_id, removal->id);
	return verdict;
}

enum store_verdict
account_remove(struct store *store, const uint8_t id[ID_SIZE])
{
	struct removal removal = {id};

	return sql_together(store, account_remove_work, &removal);
}
