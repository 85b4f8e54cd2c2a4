/* SPDX-License-Identifier: ISC */
/*
 * What the database user of this connection may do to the schema, as the server itself tells it.
 * Rights come from the user as a whole or from a pattern that the database's name matches.
 */
#include <stddef.h>

#include "core/base/arena.h"
#include "sql/db.h"
#include "sql/statement.h"

#define SCRATCH_MAX 65536

enum { RIGHTS, COUNT };

struct rights_row {
	int64_t count;
};

static const struct sql_out rights_columns[] = {
	{SQL_OUT_INT, offsetof(struct rights_row, count), 0},
};

#define SCHEMA_CHANGES "('CREATE', 'DROP', 'ALTER', 'INDEX')"

static const struct statement statements[COUNT] = {
	[RIGHTS] = {"SELECT (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES"
		    " WHERE PRIVILEGE_TYPE IN " SCHEMA_CHANGES ")"
		    " + (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES"
		    " WHERE DATABASE() LIKE TABLE_SCHEMA AND PRIVILEGE_TYPE IN " SCHEMA_CHANGES ")",
		    "", SQL_ROWS(rights_columns, struct rights_row)},
};

const struct statement_set rights_statements = {SET_RIGHTS, statements, COUNT};

enum store_verdict
store_may_change_schema(struct store *store, bool *may)
{
	struct arena *arena = arena_new(SCRATCH_MAX);
	struct rights_row row;
	enum store_verdict verdict =
		sql_read_one(store, &rights_statements, RIGHTS, NULL, arena, &row);

	if (verdict == STORE_OK)
		*may = row.count > 0;
	arena_free(arena);
	return verdict;
}
