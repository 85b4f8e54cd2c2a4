/* SPDX-License-Identifier: ISC */
/*
 * Applies migrations. A definition of a table commits by itself, so a migration that fails half-way
 * stays half done: its statements are written so that they may run again.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "sql/connection.h"

#define MIGRATION_TIMEOUT_S 3600 /* an ALTER of a large table takes its time */
#define MIGRATION_ARENA_MAX (1024 * 1024)

/* One statement of the text, or NULL at its end; *text moves behind it. */
static char *
statement_next(struct arena *arena, const char **text)
{
	const char *start = *text + strspn(*text, " \t\n");
	const char *end = strstr(start, ";\n");

	if (*start == '\0')
		return NULL;
	*text = end ? end + 2 : start + strlen(start);
	return arena_copy(arena, start, end ? (size_t)(end - start) : strlen(start));
}

static int
statements_apply(struct store *store, struct arena *arena, const struct migration *migration)
{
	const char *text = migration->text;
	char *statement;

	while ((statement = statement_next(arena, &text))) {
		if (db_command(store, statement) == DB_NO_ERROR)
			continue;
		char *reason = arena_strdup(arena, store->error);

		snprintf(store->error, sizeof(store->error), "%s: %.200s: %.200s", migration->name,
			 reason, statement);
		return -1;
	}
	return 0;
}

static int
migration_record(struct store *store, struct arena *arena, const struct migration *migration)
{
	char *text = arena_printf(arena,
				  "INSERT INTO schema_migration (number, name, applied_at)"
				  " VALUES (%d, '%s', UNIX_TIMESTAMP())",
				  migration->number, migration->name);

	return db_command(store, text) == DB_NO_ERROR ? 0 : -1;
}

int
migration_apply(struct store *store, const struct migration *migration, const char **why)
{
	struct arena *arena = arena_new(MIGRATION_ARENA_MAX);
	unsigned timeout = store->read_timeout;
	int result = -1;

	db_disconnect(store);
	store->read_timeout = MIGRATION_TIMEOUT_S;
	if (db_connect(store) == STORE_OK && statements_apply(store, arena, migration) == 0)
		result = migration_record(store, arena, migration);
	db_disconnect(store);
	store->read_timeout = timeout;
	*why = store->error;
	arena_free(arena);
	return result;
}
