/* SPDX-License-Identifier: ISC */
/*
 * Resource servers. They are few and read with their realm, so every change moves the generation.
 */
#include "core/model/resource.h"

#include "core/base/arena.h"
#include "sql/statement.h"

enum { LOAD, ROWS, FIND, PUT, REMOVE, COUNT };

#define COLUMNS "realm_id, identifier, display_name, scopes, settings, introspection_clients"

static const struct sql_out row_columns[] = {
	{SQL_OUT_U32, offsetof(struct resource_row, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct resource_row, identifier), 0},
	{SQL_OUT_TEXT, offsetof(struct resource_row, display_name), 0},
	{SQL_OUT_TEXT, offsetof(struct resource_row, scopes), 0},
	{SQL_OUT_TEXT, offsetof(struct resource_row, settings), 0},
	{SQL_OUT_TEXT, offsetof(struct resource_row, introspection_clients), 0},
};

static const struct statement statements[COUNT] = {
	[LOAD] = {"SELECT " COLUMNS " FROM resource_server ORDER BY realm_id, identifier", "",
		  SQL_ROWS(row_columns, struct resource_row)},
	[ROWS] = {"SELECT " COLUMNS " FROM resource_server WHERE realm_id = ? ORDER BY identifier",
		  "i", SQL_ROWS(row_columns, struct resource_row)},
	[FIND] = {"SELECT " COLUMNS " FROM resource_server WHERE realm_id = ? AND identifier = ?",
		  "it", SQL_ROWS(row_columns, struct resource_row)},
	[PUT] = {.text = "INSERT INTO resource_server (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)"
			 " ON DUPLICATE KEY UPDATE display_name = VALUES(display_name),"
			 " scopes = VALUES(scopes), settings = VALUES(settings),"
			 " introspection_clients = VALUES(introspection_clients)",
		 .in = "ittttt"},
	[REMOVE] = {.text = "DELETE FROM resource_server WHERE realm_id = ? AND identifier = ?",
		    .in = "it"},
};

const struct statement_set resource_statements = {SET_RESOURCE, statements, COUNT};

/* Both come in the order of realm ids: each realm takes its run of rows. */
struct rows_left {
	const struct resource_row *row;
	size_t count;
};

static void
realm_take(struct store *store, struct arena *arena, struct realm *realm, struct rows_left *rest)
{
	struct resource *resources;
	size_t run = 0;

	while (rest->count > 0 && rest->row->realm_id < realm->id) { /* of a realm left out */
		rest->row++;
		rest->count--;
	}
	while (run < rest->count && rest->row[run].realm_id == realm->id)
		run++;
	resources = arena_array(arena, run, sizeof(*resources));
	for (size_t i = 0; i < run; i++) {
		const char *why = NULL;

		if (resource_read(arena, &rest->row[i], &resources[realm->resources_count], &why) ==
		    0)
			realm->resources_count++;
		else
			sql_unreadable(store, "resource", rest->row[i].identifier, why);
	}
	realm->resources = resources;
	rest->row += run;
	rest->count -= run;
}

enum store_verdict
resource_load(struct store *store, struct arena *arena, struct realm_list *list)
{
	void *rows = NULL;
	struct rows_left rest = {0};
	enum store_verdict verdict =
		sql_read_all(store, &resource_statements, LOAD, NULL, arena, &rows, &rest.count);

	if (verdict != STORE_OK)
		return verdict;
	rest.row = rows;
	for (size_t i = 0; i < list->count; i++)
		realm_take(store, arena, &list->realm[i], &rest);
	return STORE_OK;
}

enum store_verdict
resource_rows(struct store *store, struct arena *arena, uint32_t realm_id,
	      struct resource_row **rows, size_t *count)
{
	const struct sql_in in[] = {sql_int(realm_id)};
	void *found = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &resource_statements, ROWS, in, arena, &found, count);

	if (verdict == STORE_OK)
		*rows = found;
	return verdict;
}

enum store_verdict
resource_row_find(struct store *store, struct arena *arena, uint32_t realm_id,
		  const char *identifier, struct resource_row *row)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(identifier)};

	return sql_read_one(store, &resource_statements, FIND, in, arena, row);
}

static enum store_verdict
put_work(struct store *store, void *context)
{
	const struct resource_row *row = context;
	const struct sql_in in[] = {
		sql_int(row->realm_id),      sql_text(row->identifier),
		sql_text(row->display_name), sql_text(row->scopes),
		sql_text(row->settings),     sql_text(row->introspection_clients),
	};
	int64_t changed = 0; /* none when the same is written again */
	enum store_verdict verdict =
		sql_change_count(store, &resource_statements, PUT, in, &changed);

	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
resource_put(struct store *store, const struct resource_row *row)
{
	struct resource_row copy = *row;

	return sql_together(store, put_work, &copy);
}

enum store_verdict
resource_remove(struct store *store, uint32_t realm_id, const char *identifier)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(identifier)};

	return sql_change_and_bump(store, &resource_statements, REMOVE, in);
}
