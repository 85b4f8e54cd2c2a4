/* SPDX-License-Identifier: ISC */
/*
 * Clients. One is read with its secrets in one statement and parsed once a generation. Changes of a
 * client that may have been read move the generation; a new client cannot have been read, as
 * absence is never kept. Secrets are changed in store_client_secret.c.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/model/realm.h"
#include "sql/client_snapshots.h"
#include "sql/statement.h"

#define REMOVE_STEP 1000 /* rows of one DELETE */
#define WHY_MAX     1024
#define SCRATCH_MAX (1024 * 1024)

enum {
	FIND,
	ROW_FIND,
	LIST,
	INSERT,
	INSERT_LIMITED,
	UNUSED,
	UPDATE,
	REMOVE,
	REMOVE_SECRETS,
	REMOVE_CONSENTS,
	REMOVE_TOKENS,
	REMOVE_GRANTS,
	REMOVE_INTROSPECTOR,
	COUNT,
};

/* A client with one of its secrets. */
struct client_line {
	const char *metadata;
	bool enabled;
	int64_t version, created_at;
	bool has_secret;
	struct client_secret secret;
	const char *source;
};

static const struct sql_out line_columns[] = {
	{SQL_OUT_TEXT, offsetof(struct client_line, metadata), 0},
	{SQL_OUT_BOOL, offsetof(struct client_line, enabled), 0},
	{SQL_OUT_INT, offsetof(struct client_line, version), 0},
	{SQL_OUT_INT, offsetof(struct client_line, created_at), 0},
	{SQL_OUT_BOOL, offsetof(struct client_line, has_secret), 0},
	{SQL_OUT_ID, offsetof(struct client_line, secret.id), 0},
	{SQL_OUT_HASH, offsetof(struct client_line, secret.hash), 0},
	{SQL_OUT_INT, offsetof(struct client_line, secret.created_at), 0},
	{SQL_OUT_INT, offsetof(struct client_line, secret.expires_at), 0},
	{SQL_OUT_BYTES, offsetof(struct client_line, secret.sealed),
	 offsetof(struct client_line, secret.sealed_size)},
	{SQL_OUT_INT, offsetof(struct client_line, secret.last_used_at), 0},
	{SQL_OUT_TEXT, offsetof(struct client_line, source), 0},
};

static const struct sql_out row_columns[] = {
	{SQL_OUT_U32, offsetof(struct client_row, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct client_row, client_id), 0},
	{SQL_OUT_TEXT, offsetof(struct client_row, metadata), 0},
	{SQL_OUT_BOOL, offsetof(struct client_row, enabled), 0},
	{SQL_OUT_INT, offsetof(struct client_row, version), 0},
	{SQL_OUT_INT, offsetof(struct client_row, created_at), 0},
	{SQL_OUT_TEXT, offsetof(struct client_row, source), 0},
	{SQL_OUT_BOOL, offsetof(struct client_row, has_registration), 0},
	{SQL_OUT_HASH, offsetof(struct client_row, registration_hash), 0},
};

#define ROW_COLUMNS                                                                                \
	"realm_id, client_id, metadata, enabled, version, created_at, source,"                     \
	" registration_hash IS NOT NULL, registration_hash"

static const struct statement statements[COUNT] = {
	[FIND] = {"SELECT c.metadata, c.enabled, c.version, c.created_at, s.id IS NOT NULL, s.id,"
		  " s.hash, s.created_at, s.expires_at, s.sealed, s.last_used_at, c.source"
		  " FROM client AS c LEFT JOIN client_secret AS s"
		  " ON s.realm_id = c.realm_id AND s.client_id = c.client_id"
		  " WHERE c.realm_id = ? AND c.client_id = ? ORDER BY s.id DESC LIMIT ?",
		  "iti", SQL_ROWS(line_columns, struct client_line)},
	[ROW_FIND] = {"SELECT " ROW_COLUMNS " FROM client WHERE realm_id = ? AND client_id = ?",
		      "it", SQL_ROWS(row_columns, struct client_row)},
	[LIST] = {"SELECT " ROW_COLUMNS " FROM client WHERE realm_id = ? AND client_id > ?"
		  " ORDER BY client_id LIMIT ?",
		  "iti", SQL_ROWS(row_columns, struct client_row)},
	[INSERT] = {.text = "INSERT INTO client (realm_id, client_id, metadata, enabled, version,"
			    " created_at, source, registration_hash)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    .in = "ittiiitb"},
	[INSERT_LIMITED] = {.text = "INSERT INTO client (realm_id, client_id, metadata, enabled,"
				    " version, created_at, source, registration_hash)"
				    " SELECT ?, ?, ?, ?, ?, ?, ?, ? FROM DUAL"
				    " WHERE (SELECT COUNT(*) FROM client AS c"
				    " WHERE c.realm_id = ? AND c.source = ?) < ?",
			    .in = "ittiiitbiti"},
	/* a service that acts for itself has no grants: it goes by hand */
	[UNUSED] = {"SELECT " ROW_COLUMNS " FROM client AS c WHERE c.realm_id = ?"
		    " AND c.source IN ('registration', 'document') AND c.created_at <= ?"
		    " AND COALESCE(JSON_CONTAINS(c.metadata, '\"client_credentials\"',"
		    " '$.grant_types'), 0) = 0"
		    " AND NOT EXISTS (SELECT 1 FROM auth_grant AS g"
		    " WHERE g.realm_id = c.realm_id AND g.client_id = c.client_id)"
		    " AND NOT EXISTS (SELECT 1 FROM consent AS o"
		    " WHERE o.realm_id = c.realm_id AND o.client_id = c.client_id) LIMIT ?",
		    "iii", SQL_ROWS(row_columns, struct client_row)},
	[UPDATE] = {.text = "UPDATE client SET metadata = ?, enabled = ?, registration_hash = ?,"
			    " version = version + 1"
			    " WHERE realm_id = ? AND client_id = ? AND version = ?",
		    .in = "tibiti"},
	[REMOVE] = {.text = "DELETE FROM client WHERE realm_id = ? AND client_id = ?", .in = "it"},
	[REMOVE_SECRETS] = {.text = "DELETE FROM client_secret WHERE realm_id = ? AND client_id = ?"
				    " LIMIT ?",
			    .in = "iti"},
	[REMOVE_CONSENTS] = {.text = "DELETE FROM consent WHERE realm_id = ? AND client_id = ?"
				     " LIMIT ?",
			     .in = "iti"},
	[REMOVE_TOKENS] = {.text = "DELETE t FROM (SELECT id FROM auth_grant"
				   " WHERE realm_id = ? AND client_id = ? ORDER BY id LIMIT ?) AS g"
				   " JOIN access_token AS t ON t.grant_id = g.id",
			   .in = "iti"},
	[REMOVE_GRANTS] = {.text = "DELETE FROM auth_grant WHERE realm_id = ? AND client_id = ?"
				   " ORDER BY id LIMIT ?",
			   .in = "iti"},
	/* client ids with blanks between: whoever gets the id next is not among them */
	[REMOVE_INTROSPECTOR] = {.text = "UPDATE resource_server SET introspection_clients ="
					 " NULLIF(TRIM(REPLACE(REPLACE(CONCAT(' ',"
					 " REPLACE(introspection_clients, ' ', '  '), ' '),"
					 " CONCAT(' ', ?, ' '), ''), '  ', ' ')), '')"
					 " WHERE realm_id = ?"
					 " AND INSTR(CONCAT(' ', introspection_clients, ' '),"
					 " CONCAT(' ', ?, ' ')) > 0",
				 .in = "tit"},
};

const struct statement_set client_statements = {SET_CLIENT, statements, COUNT};

static int
metadata_read(struct arena *arena, const struct settings *realm, const char *text,
	      struct client *client, const char **why)
{
	size_t size = strlen(text);
	struct json_object *metadata;
	struct buf reasons;

	if (size > CLIENT_METADATA_MAX) {
		*why = "too long";
		return -1;
	}
	metadata = json_parse_object(arena, text, size, why);
	if (!metadata)
		return -1;
	client_default(client, realm);
	buf_init(&reasons, arena, WHY_MAX);
	if (client_from_json(arena, metadata, client, &reasons) == 0)
		return 0;
	*why = reasons.data;
	return -1;
}

/* The lines of one client, one for each secret. */
struct client_lines {
	const struct client_line *line;
	size_t count;
};

static void
snapshot_fill(struct client_snapshot *snapshot, const struct client_row *key,
	      struct client_lines lines)
{
	struct arena *arena = snapshot->arena;
	struct client *client = &snapshot->client;
	const struct client_line *first = lines.line;
	struct client_secret *secrets = arena_array(arena, lines.count, sizeof(*secrets));

	snapshot->secrets = secrets;

	client->realm_id = key->realm_id;
	client->client_id = arena_strdup(arena, key->client_id);
	client->enabled = first->enabled;
	client->version = first->version;
	client->created_at = first->created_at;
	client->secrets = secrets;
	client->secrets_count = 0;
	client->source = arena_strdup(arena, first->source);
	for (size_t i = 0; i < lines.count; i++) {
		struct client_secret *secret = &secrets[client->secrets_count];

		if (!lines.line[i].has_secret)
			continue;
		*secret = lines.line[i].secret;
		if (secret->sealed)
			secret->sealed = arena_copy(arena, secret->sealed, secret->sealed_size);
		client->secrets_count++;
	}
}

/* A snapshot made of what was read, its share the caller's; NULL when it cannot be read. */
static struct client_snapshot *
snapshot_make(struct store *store, int64_t generation, const struct settings *realm,
	      const struct client_row *key, struct client_lines lines)
{
	struct client_snapshot *snapshot = client_snapshot_new(generation);
	const char *why = NULL;

	/* texts of the client may point into the document, so it must live as long */
	char *text = arena_strdup(snapshot->arena, lines.line->metadata);

	if (metadata_read(snapshot->arena, realm, text, &snapshot->client, &why) != 0) {
		sql_unreadable(store, "client", key->client_id, why);
		client_snapshot_release(snapshot);
		return NULL;
	}
	snapshot_fill(snapshot, key, lines);
	return snapshot;
}

static enum store_verdict
snapshot_read(struct store *store, const struct settings *realm, const struct client_row *key,
	      int64_t generation, struct client_snapshot **snapshot)
{
	const struct sql_in in[] = {sql_int(key->realm_id), sql_text(key->client_id),
				    sql_int(CLIENT_SECRETS_MAX)};
	struct arena *scratch = arena_new(SCRATCH_MAX);
	struct client_lines lines = {0};
	void *rows = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &client_statements, FIND, in, scratch, &rows, &lines.count);

	lines.line = rows;
	if (verdict == STORE_OK && lines.count == 0)
		verdict = STORE_NONE;
	if (verdict == STORE_OK) {
		*snapshot = snapshot_make(store, generation, realm, key, lines);
		if (!*snapshot)
			verdict = STORE_NONE;
	}
	arena_free(scratch);
	return verdict;
}

enum store_verdict
client_find(struct store *store, struct arena *arena, uint32_t realm_id,
	    const struct settings *realm, const char *client_id, int64_t generation,
	    const struct client **client)
{
	struct client_snapshots *table = client_snapshots_of(store);
	const struct client_row key = {.realm_id = realm_id, .client_id = client_id};
	struct client_snapshot *snapshot =
		client_snapshots_find(table, realm_id, client_id, generation);

	if (snapshot) {
		*client = client_snapshot_share(snapshot, arena);
		return STORE_OK;
	}
	enum store_verdict verdict = snapshot_read(store, realm, &key, generation, &snapshot);

	if (verdict != STORE_OK)
		return verdict;
	if (generation >= 0)
		client_snapshots_keep(table, snapshot);
	*client = client_snapshot_share(snapshot, arena);
	client_snapshot_release(snapshot);
	return STORE_OK;
}

enum store_verdict
client_row_find(struct store *store, struct arena *arena, uint32_t realm_id, const char *client_id,
		struct client_row *row)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(client_id)};

	return sql_read_one(store, &client_statements, ROW_FIND, in, arena, row);
}

enum store_verdict
client_list(struct store *store, struct arena *arena, uint32_t realm_id, const char *after,
	    size_t max, struct client_row **rows, size_t *count)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(after ? after : ""),
				    sql_int((int64_t)max)};
	void *found = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &client_statements, LIST, in, arena, &found, count);

	if (verdict == STORE_OK)
		*rows = found;
	return verdict;
}

enum store_verdict
client_insert(struct store *store, const struct client_row *row)
{
	const struct sql_in in[] = {
		sql_int(row->realm_id),
		sql_text(row->client_id),
		sql_text(row->metadata),
		sql_int(row->enabled),
		sql_int(row->version),
		sql_int(row->created_at),
		sql_text(row->source ? row->source : CLIENT_FROM_ADMIN),
		sql_hash(row->has_registration ? row->registration_hash : NULL),
	};

	return sql_change(store, &client_statements, INSERT, in);
}

enum store_verdict
client_insert_limited(struct store *store, const struct client_row *row, int64_t limit)
{
	const struct sql_in in[] = {
		sql_int(row->realm_id),
		sql_text(row->client_id),
		sql_text(row->metadata),
		sql_int(row->enabled),
		sql_int(row->version),
		sql_int(row->created_at),
		sql_text(row->source),
		sql_hash(row->has_registration ? row->registration_hash : NULL),
		sql_int(row->realm_id),
		sql_text(row->source),
		sql_int(limit),
	};

	return sql_change(store, &client_statements, INSERT_LIMITED, in);
}

enum store_verdict
client_remove_unused(struct store *store, uint32_t realm_id, int64_t before, size_t max,
		     int64_t *removed)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_int(before), sql_int((int64_t)max)};
	struct arena *scratch = arena_new(SCRATCH_MAX + max * CLIENT_METADATA_MAX);
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict =
		sql_read_all(store, &client_statements, UNUSED, in, scratch, &rows, &count);
	const struct client_row *row = rows;

	*removed = 0;
	for (size_t i = 0; i < count && verdict == STORE_OK; i++) {
		verdict = client_remove(store, realm_id, row[i].client_id);
		*removed += verdict == STORE_OK;
		if (verdict == STORE_NONE) /* somebody else was faster */
			verdict = STORE_OK;
	}
	arena_free(scratch);
	return verdict;
}

enum store_verdict
client_update(struct store *store, const struct client_row *row)
{
	const struct sql_in in[] = {
		sql_text(row->metadata),
		sql_int(row->enabled),
		sql_hash(row->has_registration ? row->registration_hash : NULL),
		sql_int(row->realm_id),
		sql_text(row->client_id),
		sql_int(row->version),
	};

	return sql_change_and_bump(store, &client_statements, UPDATE, in);
}

static enum store_verdict
client_remove_work(struct store *store, void *context)
{
	const struct client_row *row = context;
	const struct sql_in in[] = {sql_int(row->realm_id), sql_text(row->client_id),
				    sql_int(REMOVE_STEP)};
	const struct sql_in named[] = {sql_text(row->client_id), sql_int(row->realm_id),
				       sql_text(row->client_id)};
	int64_t resources = 0;
	enum store_verdict verdict = sql_change(store, &client_statements, REMOVE, in);

	if (verdict == STORE_OK)
		verdict = sql_change_all(store, &client_statements, REMOVE_SECRETS, in, REMOVE_STEP,
					 NULL);
	if (verdict == STORE_OK)
		verdict = sql_change_all(store, &client_statements, REMOVE_CONSENTS, in,
					 REMOVE_STEP, NULL);
	if (verdict == STORE_OK)
		verdict = sql_remove_pairs(store, &client_statements,
					   (struct sql_pair){REMOVE_TOKENS, REMOVE_GRANTS}, in,
					   REMOVE_STEP);
	if (verdict == STORE_OK)
		verdict = sql_change_count(store, &client_statements, REMOVE_INTROSPECTOR, named,
					   &resources);
	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
client_remove(struct store *store, uint32_t realm_id, const char *client_id)
{
	struct client_row row = {.realm_id = realm_id, .client_id = client_id};

	return sql_together(store, client_remove_work, &row);
}
