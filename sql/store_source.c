/* SPDX-License-Identifier: ISC */
/*
 * Sources of people. They are few and read with their realm, so every change moves the generation.
 */
#include "core/model/source.h"

#include "core/base/arena.h"
#include "core/model/realm.h"
#include "sql/statement.h"

enum { LOAD, ROWS, FIND, PUT, REMOVE, COUNT };

#define COLUMNS "realm_id, name, kind, position, options"

static const struct sql_out row_columns[] = {
	{SQL_OUT_U32, offsetof(struct source_row, realm_id), 0},
	{SQL_OUT_TEXT, offsetof(struct source_row, name), 0},
	{SQL_OUT_TEXT, offsetof(struct source_row, kind), 0},
	{SQL_OUT_INT, offsetof(struct source_row, position), 0},
	{SQL_OUT_TEXT, offsetof(struct source_row, options), 0},
};

static const struct statement statements[COUNT] = {
	[LOAD] = {"SELECT " COLUMNS " FROM signin_source ORDER BY realm_id, position, name", "",
		  SQL_ROWS(row_columns, struct source_row)},
	[ROWS] = {"SELECT " COLUMNS
		  " FROM signin_source WHERE realm_id = ? ORDER BY position, name",
		  "i", SQL_ROWS(row_columns, struct source_row)},
	[FIND] = {"SELECT " COLUMNS " FROM signin_source WHERE realm_id = ? AND name = ?", "it",
		  SQL_ROWS(row_columns, struct source_row)},
	[PUT] = {.text = "INSERT INTO signin_source (" COLUMNS ") VALUES (?, ?, ?, ?, ?)"
			 " ON DUPLICATE KEY UPDATE kind = VALUES(kind),"
			 " position = VALUES(position), options = VALUES(options)",
		 .in = "ittit"},
	[REMOVE] = {.text = "DELETE FROM signin_source WHERE realm_id = ? AND name = ?",
		    .in = "it"},
};

const struct statement_set source_statements = {SET_SOURCE, statements, COUNT};

/* Both come in the order of realm ids: each realm takes its run of rows. */
struct rows_left {
	const struct source_row *row;
	size_t count;
};

/* A row that cannot be read lets nobody in, and opens no way past it either. */
static void
realm_take(struct store *store, struct arena *arena, struct realm *realm, struct rows_left *rest)
{
	struct source *sources;
	size_t run = 0;

	while (rest->count > 0 && rest->row->realm_id < realm->id) { /* of a realm left out */
		rest->row++;
		rest->count--;
	}
	while (run < rest->count && rest->row[run].realm_id == realm->id)
		run++;
	sources = arena_array(arena, run + 1, sizeof(*sources));
	for (size_t i = 0; i < run && realm->sources_count < SOURCES_MAX; i++) {
		const char *why = NULL;

		if (source_read(arena, &rest->row[i], &sources[realm->sources_count], &why) == 0)
			realm->sources_count++;
		else
			sql_unreadable(store, "source", rest->row[i].name, why);
	}
	if (run == 0)
		sources[realm->sources_count++] = *source_own();
	realm->sources = sources;
	rest->row += run;
	rest->count -= run;
}

enum store_verdict
source_load(struct store *store, struct arena *arena, struct realm_list *list)
{
	void *rows = NULL;
	struct rows_left rest = {0};
	enum store_verdict verdict =
		sql_read_all(store, &source_statements, LOAD, NULL, arena, &rows, &rest.count);

	if (verdict != STORE_OK)
		return verdict;
	rest.row = rows;
	for (size_t i = 0; i < list->count; i++)
		realm_take(store, arena, &list->realm[i], &rest);
	return STORE_OK;
}

enum store_verdict
source_rows(struct store *store, struct arena *arena, uint32_t realm_id, struct source_row **rows,
	    size_t *count)
{
	const struct sql_in in[] = {sql_int(realm_id)};
	void *found = NULL;
	enum store_verdict verdict =
		sql_read_all(store, &source_statements, ROWS, in, arena, &found, count);

	if (verdict == STORE_OK)
		*rows = found;
	return verdict;
}

enum store_verdict
source_row_find(struct store *store, struct arena *arena, uint32_t realm_id, const char *name,
		struct source_row *row)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(name)};

	return sql_read_one(store, &source_statements, FIND, in, arena, row);
}

static enum store_verdict
put_work(struct store *store, void *context)
{
	const struct source_row *row = context;
	const struct sql_in in[] = {
		sql_int(row->realm_id), sql_text(row->name),    sql_text(row->kind),
		sql_int(row->position), sql_text(row->options),
	};
	int64_t changed = 0; /* none when the same is written again */
	enum store_verdict verdict = sql_change_count(store, &source_statements, PUT, in, &changed);

	return verdict == STORE_OK ? generation_bump(store) : verdict;
}

enum store_verdict
source_put(struct store *store, const struct source_row *row)
{
	struct source_row copy = *row;

	return sql_together(store, put_work, &copy);
}

enum store_verdict
source_remove(struct store *store, uint32_t realm_id, const char *name)
{
	const struct sql_in in[] = {sql_int(realm_id), sql_text(name)};

	return sql_change_and_bump(store, &source_statements, REMOVE, in);
}
