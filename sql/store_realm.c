/* SPDX-License-Identifier: ISC */
/*
 * Realms, their scopes and the generation counter. The generation is read before the rows that it
 * stands for, so a change in between is only read twice, never missed.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/profile.h"
#include "core/model/realm.h"
#include "core/model/resource.h"
#include "core/model/source.h"
#include "sql/statement.h"

#define REMOVE_STEP      1000 /* rows of one DELETE */
#define SCOPE_CLAIMS_MAX 64
#define SCRATCH_MAX      65536

enum {
	GENERATION_READ,
	GENERATION_BUMP,
	REALMS,
	SCOPES,
	INSERT,
	UPDATE,
	FIND,
	SCOPE_PUT,
	SCOPE_REMOVE,
	REMOVE_TOKENS,
	REMOVE_GRANTS,
	REMOVE_FACTS,
	REMOVE_SESSIONS,
	REMOVE_CONSENTS,
	REMOVE_SECRETS,
	REMOVE_CLIENTS,
	REMOVE_ACCOUNTS,
	REMOVE_KEYS,
	REMOVE_SCOPES,
	REMOVE_AUDIT,
	REMOVE_RESOURCES,
	REMOVE_SOURCES,
	REMOVE_ISSUERS,
	REMOVE_LINKS,
	REMOVE_PUSHED,
	REMOVE_DEVICES,
	REMOVE_INITIAL,
	REMOVE,
	COUNT,
};

#define REALM_COLUMNS "id, name, issuer, vhost, display_name, profile, settings, epoch"

static const struct sql_out realm_columns[] = {
	{SQL_OUT_U32, offsetof(struct realm_row, id), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, name), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, issuer), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, vhost), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, display_name), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, profile), 0},
	{SQL_OUT_TEXT, offsetof(struct realm_row, settings), 0},
	{SQL_OUT_INT, offsetof(struct realm_row, epoch), 0},
};

static const struct sql_out scope_columns[] = {
	{SQL_OUT_U32, offsetof(struct scope_row, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct scope_row, name), 0},
	{SQL_OUT_TEXT, offsetof(struct scope_row, description), 0},
	{SQL_OUT_TEXT, offsetof(struct scope_row, claims), 0},
	{SQL_OUT_TEXT, offsetof(struct scope_row, required_groups), 0},
};

struct generation_row {
	int64_t value;
};

static const struct sql_out generation_columns[] = {
	{SQL_OUT_INT, offsetof(struct generation_row, value), 0},
};

static const struct statement statements[COUNT] = {
	[GENERATION_READ] = {"SELECT value FROM generation WHERE id = 1", "",
			     SQL_ROWS(generation_columns, struct generation_row)},
	[GENERATION_BUMP] = {.text = "UPDATE generation SET value = value + 1 WHERE id = 1",
			     .in = ""},
	[REALMS] = {"SELECT " REALM_COLUMNS " FROM realm ORDER BY id", "",
		    SQL_ROWS(realm_columns, struct realm_row)},
	[SCOPES] = {"SELECT realm_id, name, description, claims, required_groups"
		    " FROM realm_scope"
		    " ORDER BY realm_id, name",
		    "", SQL_ROWS(scope_columns, struct scope_row)},
	[INSERT] = {.text = "INSERT INTO realm (" REALM_COLUMNS ", created_at)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "ittttttii"},
	[UPDATE] = {.text = "UPDATE realm SET issuer = ?, vhost = ?, display_name = ?, profile = ?,"
			    " settings = ?, epoch = ?, revision = revision + 1 WHERE id = ?",
		    .in = "tttttii"},
	[FIND] = {"SELECT " REALM_COLUMNS " FROM realm WHERE name = ?", "t",
		  SQL_ROWS(realm_columns, struct realm_row)},
	[SCOPE_PUT] = {.text = "INSERT INTO realm_scope"
			       " (realm_id, name, description, claims, required_groups)"
			       " VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
			       " description = VALUES(description), claims = VALUES(claims),"
			       " required_groups = VALUES(required_groups)",
		       .in = "itttt"},
	[SCOPE_REMOVE] = {.text = "DELETE FROM realm_scope WHERE realm_id = ? AND name = ?",
			  .in = "it"},
	/* tokens name their grant alone: they go with the same grants that the next one deletes */
	[REMOVE_TOKENS] = {.text = "DELETE t FROM (SELECT id FROM auth_grant WHERE realm_id = ?"
				   " ORDER BY account_id, client_id, id LIMIT ?) AS g"
				   " JOIN access_token AS t ON t.grant_id = g.id",
			   .in = "ii"},
	[REMOVE_GRANTS] = {.text = "DELETE FROM auth_grant WHERE realm_id = ?"
				   " ORDER BY account_id, client_id, id LIMIT ?",
			   .in = "ii"},
	[REMOVE_FACTS] = {.text = "DELETE f FROM (SELECT id FROM session WHERE realm_id = ?"
				  " ORDER BY account_id, id LIMIT ?) AS s"
				  " JOIN session_fact AS f ON f.session_id = s.id",
			  .in = "ii"},
	[REMOVE_SESSIONS] = {.text = "DELETE FROM session WHERE realm_id = ?"
				     " ORDER BY account_id, id LIMIT ?",
			     .in = "ii"},
	[REMOVE_CONSENTS] = {.text = "DELETE FROM consent WHERE realm_id = ? LIMIT ?", .in = "ii"},
	[REMOVE_SECRETS] = {.text = "DELETE FROM client_secret WHERE realm_id = ? LIMIT ?",
			    .in = "ii"},
	[REMOVE_CLIENTS] = {.text = "DELETE FROM client WHERE realm_id = ? LIMIT ?", .in = "ii"},
	[REMOVE_ACCOUNTS] = {.text = "DELETE FROM account WHERE realm_id = ? LIMIT ?", .in = "ii"},
	[REMOVE_KEYS] = {.text = "DELETE FROM realm_key WHERE realm_id = ? LIMIT ?", .in = "ii"},
	[REMOVE_SCOPES] = {.text = "DELETE FROM realm_scope WHERE realm_id = ? LIMIT ?",
			   .in = "ii"},
	[REMOVE_AUDIT] = {.text = "DELETE FROM audit WHERE realm_id = ? LIMIT ?", .in = "ii"},
	[REMOVE_SOURCES] = {.text = "DELETE FROM signin_source WHERE realm_id = ? LIMIT ?",
			    .in = "ii"},
	[REMOVE_RESOURCES] = {.text = "DELETE FROM resource_server WHERE realm_id = ? LIMIT ?",
			      .in = "ii"},
	[REMOVE_ISSUERS] = {.text = "DELETE FROM trusted_issuer WHERE realm_id = ? LIMIT ?",
			    .in = "ii"},
	[REMOVE_LINKS] = {.text = "DELETE FROM account_link WHERE realm_id = ? LIMIT ?",
			  .in = "ii"},
	[REMOVE_PUSHED] = {.text = "DELETE FROM pushed_request WHERE realm_id = ? LIMIT ?",
			   .in = "ii"},
	[REMOVE_DEVICES] = {.text = "DELETE FROM device_request WHERE realm_id = ? LIMIT ?",
			    .in = "ii"},
	[REMOVE_INITIAL] = {.text = "DELETE FROM initial_token WHERE realm_id = ? LIMIT ?",
			    .in = "ii"},
	[REMOVE] = {.text = "DELETE FROM realm WHERE id = ?", .in = "i"},
};

const struct statement_set realm_statements = {SET_REALM, statements, COUNT};

enum store_verdict
generation_read(struct store *store, int64_t *generation)
{
	struct generation_row row;
	struct arena *arena = arena_new(SCRATCH_MAX);
	enum store_verdict verdict =
		sql_read_one(store, &realm_statements, GENERATION_READ, NULL, arena, &row);

	if (verdict == STORE_OK)
		*generation = row.value;
	arena_free(arena);
	return verdict;
}

enum store_verdict
generation_bump(struct store *store)
{
	return sql_change(store, &realm_statements, GENERATION_BUMP, NULL);
}

struct bumped_change {
	const struct statement_set *set;
	unsigned which;
	const struct sql_in *in;
};

static enum store_verdict
bumped_change(struct store *store, void *context)
{
	const struct bumped_change *change = context;
	enum store_verdict verdict = sql_change(store, change->set, change->which, change->in);

	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
sql_change_and_bump(struct store *store, const struct statement_set *set, unsigned which,
		    const struct sql_in *in)
{
	return sql_together(store, bumped_change,
			    &(struct bumped_change){.set = set, .which = which, .in = in});
}

/* -1 when the row is not one that this program can stand for. */
static int
realm_from_row(struct arena *arena, const struct realm_row *row, struct realm *realm,
	       const char **why)
{
	struct json_object *document =
		json_parse_object(arena, row->settings, strlen(row->settings), why);

	*realm = (struct realm){
		.id = row->id,
		.name = row->name,
		.issuer = row->issuer,
		.vhost = row->vhost,
		.display_name = row->display_name,
		.profile = profile_find(row->profile),
		.epoch = row->epoch,
	};
	if (!document)
		return -1;
	if (!realm->profile) {
		*why = "unknown profile";
		return -1;
	}
	settings_default(&realm->settings);
	return settings_apply(arena, document, false, &realm->settings, why);
}

static int
scope_from_row(struct arena *arena, const struct scope_row *row, struct scope *scope,
	       const char **why)
{
	struct strlist claims;

	*scope = (struct scope){.name = row->name};
	if (row->description) {
		scope->description =
			json_parse_object(arena, row->description, strlen(row->description), why);
		if (!scope->description)
			return -1;
	}
	if (!str_empty(row->required_groups) &&
	    strlist_split(arena, row->required_groups, '\n', GROUPS_MAX, &scope->required_groups) !=
		    0) {
		*why = "too many groups";
		return -1;
	}
	if (str_empty(row->claims))
		return 0;
	if (strlist_split(arena, row->claims, ' ', SCOPE_CLAIMS_MAX, &claims) != 0) {
		*why = "too many claims";
		return -1;
	}
	const char **names = arena_array(arena, claims.count + 1, sizeof(*names));

	for (size_t i = 0; i < claims.count; i++)
		names[i] = claims.item[i];
	scope->claims = names;
	return 0;
}

struct scope_rows {
	const struct scope_row *row;
	size_t count;
};

/* Scopes come in the order of realm ids, as the realms do: each realm takes its run of them. */
static void
realm_take_scopes(struct store *store, struct arena *arena, struct realm *realm,
		  struct scope_rows *rest)
{
	size_t run = 0;

	while (rest->count > 0 && rest->row->realm_id < realm->id) { /* of a realm left out */
		rest->row++;
		rest->count--;
	}
	while (run < rest->count && rest->row[run].realm_id == realm->id)
		run++;
	realm->scopes = arena_array(arena, run, sizeof(*realm->scopes));
	for (size_t i = 0; i < run; i++) {
		struct scope *scope = &realm->scopes[realm->scopes_count];
		const char *why = NULL;

		if (scope_from_row(arena, &rest->row[i], scope, &why) == 0)
			realm->scopes_count++;
		else
			sql_unreadable(store, "scope", rest->row[i].name, why);
	}
	rest->row += run;
	rest->count -= run;
}

/* The realms whose rows this program can read. */
static void
realms_from_rows(struct store *store, struct arena *arena, const struct realm_row *rows,
		 size_t count, struct scope_rows scopes, struct realm_list *list)
{
	list->realm = arena_array(arena, count, sizeof(*list->realm));
	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct realm *realm = &list->realm[list->count];
		const char *why = NULL;

		if (realm_from_row(arena, &rows[i], realm, &why) != 0) {
			sql_unreadable(store, "realm", rows[i].name, why);
			continue; /* a realm with other rules than its own would be worse than none
				   */
		}
		realm_take_scopes(store, arena, realm, &scopes);
		list->count++;
	}
}

enum store_verdict
realm_load(struct store *store, struct arena *arena, struct realm_list *list)
{
	void *rows = NULL, *scopes = NULL;
	size_t rows_count = 0, scopes_count = 0;
	enum store_verdict verdict = generation_read(store, &list->generation);

	if (verdict == STORE_OK)
		verdict = sql_read_all(store, &realm_statements, REALMS, NULL, arena, &rows,
				       &rows_count);
	if (verdict == STORE_OK)
		verdict = sql_read_all(store, &realm_statements, SCOPES, NULL, arena, &scopes,
				       &scopes_count);
	if (verdict == STORE_OK)
		realms_from_rows(store, arena, rows, rows_count,
				 (struct scope_rows){scopes, scopes_count}, list);
	if (verdict == STORE_OK)
		verdict = resource_load(store, arena, list);
	return verdict == STORE_OK ? source_load(store, arena, list) : verdict;
}

enum store_verdict
realm_insert(struct store *store, const struct realm_row *row, int64_t now)
{
	const struct sql_in in[] = {
		sql_int(row->id),        sql_text(row->name),         sql_text(row->issuer),
		sql_text(row->vhost),    sql_text(row->display_name), sql_text(row->profile),
		sql_text(row->settings), sql_int(row->epoch),         sql_int(now),
	};

	return sql_change_and_bump(store, &realm_statements, INSERT, in);
}

enum store_verdict
realm_update(struct store *store, const struct realm_row *row)
{
	const struct sql_in in[] = {
		sql_text(row->issuer),  sql_text(row->vhost),    sql_text(row->display_name),
		sql_text(row->profile), sql_text(row->settings), sql_int(row->epoch),
		sql_int(row->id),
	};

	return sql_change_and_bump(store, &realm_statements, UPDATE, in);
}

static enum store_verdict
realm_remove_work(struct store *store, void *context)
{
	static const unsigned plain[] = {
		REMOVE_CONSENTS, REMOVE_SECRETS, REMOVE_CLIENTS,   REMOVE_ACCOUNTS, REMOVE_KEYS,
		REMOVE_SCOPES,   REMOVE_AUDIT,   REMOVE_RESOURCES, REMOVE_SOURCES,  REMOVE_ISSUERS,
		REMOVE_LINKS,    REMOVE_PUSHED,  REMOVE_DEVICES,   REMOVE_INITIAL,
	};
	const uint32_t *id = context;
	const struct sql_in in[] = {sql_int(*id), sql_int(REMOVE_STEP)};
	enum store_verdict verdict = sql_change(store, &realm_statements, REMOVE, in);

	if (verdict == STORE_OK)
		verdict = sql_remove_pairs(store, &realm_statements,
					   (struct sql_pair){REMOVE_TOKENS, REMOVE_GRANTS}, in,
					   REMOVE_STEP);
	if (verdict == STORE_OK)
		verdict = sql_remove_pairs(store, &realm_statements,
					   (struct sql_pair){REMOVE_FACTS, REMOVE_SESSIONS}, in,
					   REMOVE_STEP);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && verdict == STORE_OK; i++)
		verdict = sql_change_all(store, &realm_statements, plain[i], in, REMOVE_STEP, NULL);
	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
realm_remove(struct store *store, uint32_t id)
{
	return sql_together(store, realm_remove_work, &id);
}

enum store_verdict
realm_row_find(struct store *store, struct arena *arena, const char *name, struct realm_row *row)
{
	const struct sql_in in[] = {sql_text(name)};

	return sql_read_one(store, &realm_statements, FIND, in, arena, row);
}

static enum store_verdict
scope_put_work(struct store *store, void *context)
{
	const struct scope_row *row = context;
	const struct sql_in in[] = {
		sql_int(row->realm_id),         sql_text(row->name),
		sql_text(row->description),     sql_text(row->claims),
		sql_text(row->required_groups),
	};
	int64_t changed = 0; /* none when the same is written again */
	enum store_verdict verdict =
		sql_change_count(store, &realm_statements, SCOPE_PUT, in, &changed);

	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
scope_put(struct store *store, const struct scope_row *row)
{
	struct scope_row copy = *row;

	return sql_together(store, scope_put_work, &copy);
}

enum store_verdict
scope_remove(struct store *store, uint32_t realm_id, const char *name)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(name)};

	return sql_change_and_bump(store, &realm_statements, SCOPE_REMOVE, in);
}
