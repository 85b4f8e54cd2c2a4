/* SPDX-License-Identifier: ISC */
/*
 * Which columns a view has is asked of the server's own catalogue, which shows those alone that
 * this user may read; columns that are not there are read as NULL. A name that is no plain
 * identifier never becomes part of a statement.
 */
#include "sql/people_views.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/deadline.h"
#include "core/base/str.h"
#include "core/model/account.h"
#include "core/model/table_person.h"
#include "sql/connection.h"

#define FRESH_MS       60000 /* how long the columns of a view are believed to be the same */
#define IDENTIFIER_MAX 64
#define VIEW_ARENA_MAX 65536
#define TEXT_MAX       4096

/* The value has characters that the column's character set lacks: nobody has that name. */
#define ER_COLLATIONS 1267

enum { COLUMNS, FIRST_OF_VIEWS };

struct column_row {
	const char *name;
};

static const struct sql_out column_outs[] = {
	{SQL_OUT_TEXT, offsetof(struct column_row, name), 0},
};

#define COLUMNS_STATEMENT                                                                          \
	{                                                                                          \
		"SELECT COLUMN_NAME FROM information_schema.COLUMNS"                               \
		" WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND FIND_IN_SET('select', PRIVILEGES)" \
		" AND COLUMN_NAME IN ('id', 'username', 'password', 'name', 'given_name',"         \
		" 'family_name', 'email', 'email_verified', 'groups', 'disabled',"                 \
		" 'password_escaped')",                                                            \
			"tt", SQL_ROWS(column_outs, struct column_row)                             \
	}

static const struct statement statements[] = {[COLUMNS] = COLUMNS_STATEMENT};

const struct statement_set people_statements = {SET_PEOPLE, statements, FIRST_OF_VIEWS};

#define AT(member) offsetof(struct people_record, member)

static const struct people_column columns[] = {
	{"id", SOURCE_KEY_MAX, true, AT(id)},
	{"username", USERNAME_MAX, true, AT(username)},
	{"password", PASSWORD_HASH_MAX, true, AT(password)},
	{"name", TABLE_PERSON_CLAIM_MAX, false, AT(name)},
	{"given_name", TABLE_PERSON_CLAIM_MAX, false, AT(given_name)},
	{"family_name", TABLE_PERSON_CLAIM_MAX, false, AT(family_name)},
	{"email", TABLE_PERSON_CLAIM_MAX, false, AT(email)},
	{"email_verified", 16, false, AT(email_verified)},
	{"groups", TABLE_PERSON_GROUPS_MAX, false, AT(groups)},
	{"disabled", 16, false, AT(disabled)},
	{"password_escaped", 16, false, AT(password_escaped)},
};

#define COLUMNS_COUNT (sizeof(columns) / sizeof(columns[0]))

static const struct sql_out record_outs[] = {
	{SQL_OUT_TEXT, AT(id), 0},
	{SQL_OUT_TEXT, AT(username), 0},
	{SQL_OUT_TEXT, AT(password), 0},
	{SQL_OUT_TEXT, AT(name), 0},
	{SQL_OUT_TEXT, AT(given_name), 0},
	{SQL_OUT_TEXT, AT(family_name), 0},
	{SQL_OUT_TEXT, AT(email), 0},
	{SQL_OUT_TEXT, AT(email_verified), 0},
	{SQL_OUT_TEXT, AT(groups), 0},
	{SQL_OUT_TEXT, AT(disabled), 0},
	{SQL_OUT_TEXT, AT(password_escaped), 0},
};

_Static_assert(sizeof(record_outs) / sizeof(record_outs[0]) == COLUMNS_COUNT,
	       "each column is read");

const struct people_column *
people_columns(size_t *count)
{
	*count = COLUMNS_COUNT;
	return columns;
}

struct place {
	struct arena *arena; /* of the texts; NULL: the place is free */
	const char *view;
	int64_t asked_ms; /* when its columns were asked for */
	int64_t used_ms;
};

struct people_views {
	struct place place[PEOPLE_VIEWS_MAX];
	struct statement statement[FIRST_OF_VIEWS + PEOPLE_VIEWS_MAX * 2];
	struct statement_set set;
	int64_t logged_ms;
	bool has_logged;
};

_Static_assert(FIRST_OF_VIEWS + PEOPLE_VIEWS_MAX * 2 <= STATEMENTS_MAX, "each has its place");

struct people_views *
people_views_new(struct arena *arena)
{
	struct people_views *views = arena_alloc(arena, sizeof(*views));

	views->statement[COLUMNS] = (struct statement)COLUMNS_STATEMENT;
	views->set = (struct statement_set){
		SET_PEOPLE,
		views->statement,
		FIRST_OF_VIEWS + PEOPLE_VIEWS_MAX * 2,
	};
	return views;
}

bool
people_views_may_log(struct store *store)
{
	struct people_views *views = store->views;
	int64_t now = deadline_now_ms();

	if (views->has_logged && now - views->logged_ms < FRESH_MS)
		return false;
	views->has_logged = true;
	views->logged_ms = now;
	return true;
}

/* ---- places ---- */

static unsigned
statement_of(const struct people_views *views, const struct place *place,
	     enum people_statement which)
{
	return FIRST_OF_VIEWS + (unsigned)(place - views->place) * 2 + which;
}

static void
place_clear(struct store *store, struct place *place)
{
	unsigned first = statement_of(store->views, place, PEOPLE_BY_NAME);

	for (unsigned i = first; i < first + 2; i++) {
		if (store->prepared[SET_PEOPLE][i])
			mysql_stmt_close(store->prepared[SET_PEOPLE][i]);
		store->prepared[SET_PEOPLE][i] = NULL;
	}
	if (place->arena)
		arena_free(place->arena);
	*place = (struct place){0};
}

void
people_views_drop(struct store *store)
{
	for (size_t i = 0; i < PEOPLE_VIEWS_MAX; i++)
		place_clear(store, &store->views->place[i]);
}

static struct place *
place_find(struct people_views *views, const char *view)
{
	for (size_t i = 0; i < PEOPLE_VIEWS_MAX; i++)
		if (str_equal(views->place[i].view, view))
			return &views->place[i];
	return NULL;
}

/* One that is free, else that unused longest. */
static struct place *
place_choose(struct people_views *views)
{
	struct place *oldest = &views->place[0];

	for (size_t i = 0; i < PEOPLE_VIEWS_MAX; i++) {
		if (!views->place[i].arena)
			return &views->place[i];
		if (views->place[i].used_ms < oldest->used_ms)
			oldest = &views->place[i];
	}
	return oldest;
}

/* ---- the text of a statement ---- */

static bool
is_identifier(const char *text)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_$";
	size_t size = strlen(text);

	return size > 0 && size <= IDENTIFIER_MAX && strspn(text, good) == size;
}

/* What the server was asked about a view. */
struct shape {
	const char *database, *view;
	const struct column_row *column;
	size_t count;
};

static bool
has_column(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (str_equal_nocase(shape->column[i].name, name))
			return true;
	return false;
}

/* Columns of any type come as UTF-8 text. A view that is slow is given up before the connection
 * counts as lost. */
static const char *
write_text(struct arena *arena, const struct shape *shape, const char *key)
{
	struct buf text;

	buf_init(&text, arena, TEXT_MAX);
	buf_add_text(&text, "SET STATEMENT max_statement_time = 3 FOR SELECT ");
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		const char *between = i ? ", " : "";

		if (has_column(shape, columns[i].name))
			buf_printf(&text, "%sLEFT(CONVERT(`%s` USING utf8mb4), %zu)", between,
				   columns[i].name, columns[i].max + 1);
		else
			buf_printf(&text, "%sNULL", between);
	}
	buf_printf(&text, " FROM `%s`.`%s` WHERE `%s` = ? LIMIT %d", shape->database, shape->view,
		   key, TABLE_PERSON_SAME_MAX);
	if (buf_failed(&text))
		bug("a statement for a view that is too long");
	return text.data;
}

static struct place *
place_fill(struct store *store, const char *view, const struct shape *shape)
{
	static const char *const keys[] = {
		[PEOPLE_BY_NAME] = "username",
		[PEOPLE_BY_ID] = "id",
	};
	struct people_views *views = store->views;
	struct place *place = place_choose(views);

	place_clear(store, place);
	place->arena = arena_new(VIEW_ARENA_MAX);
	place->view = arena_strdup(place->arena, view);
	place->asked_ms = deadline_now_ms();
	for (unsigned which = PEOPLE_BY_NAME; which <= PEOPLE_BY_ID; which++)
		views->statement[statement_of(views, place, which)] = (struct statement){
			.text = write_text(place->arena, shape, keys[which]),
			.in = "t",
			.out = record_outs,
			.out_count = COLUMNS_COUNT,
			.row_size = sizeof(struct people_record),
		};
	return place;
}

/* ---- asking ---- */

static enum store_verdict
missing(struct store *store, struct arena *arena, const struct shape *shape, const char **why)
{
	const char *user = store->options.user;

	if (shape->count == 0) {
		*why = arena_printf(arena,
				    "view %s.%s is not there or may not be read: GRANT SELECT ON "
				    "`%s`.`%s` TO the database user %s",
				    shape->database, shape->view, shape->database, shape->view,
				    user);
		return STORE_NONE;
	}
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		if (!columns[i].is_required || has_column(shape, columns[i].name))
			continue;
		*why = arena_printf(arena,
				    "view %s.%s has no column %s, or the database user %s may not "
				    "read it; id, username and password are needed",
				    shape->database, shape->view, columns[i].name, user);
		return STORE_NONE;
	}
	return STORE_OK;
}

/* DATABASE.VIEW, which was checked where it was written: once more where it is used. */
static int
read_names(struct arena *arena, const char *view, struct shape *shape)
{
	const char *dot = strchr(view, '.');

	if (!dot)
		return -1;
	shape->database = arena_copy(arena, view, (size_t)(dot - view));
	shape->view = arena_strdup(arena, dot + 1);
	return is_identifier(shape->database) && is_identifier(shape->view) ? 0 : -1;
}

static enum store_verdict
place_of(struct store *store, struct arena *arena, const char *view, struct place **place,
	 const char **why)
{
	struct people_views *views = store->views;
	struct shape shape = {0};
	void *rows = NULL;
	enum store_verdict verdict;

	*place = place_find(views, view);
	if (*place && deadline_now_ms() - (*place)->asked_ms < FRESH_MS)
		return STORE_OK;
	if (*place)
		place_clear(store, *place);
	if (read_names(arena, view, &shape) != 0) {
		*why = "its name is not DATABASE.VIEW";
		return STORE_NONE;
	}
	verdict = sql_read_all(
		store, &views->set, COLUMNS,
		(const struct sql_in[]){sql_text(shape.database), sql_text(shape.view)}, arena,
		&rows, &shape.count);
	shape.column = rows;
	if (verdict == STORE_OK)
		verdict = missing(store, arena, &shape, why);
	if (verdict == STORE_OK)
		*place = place_fill(store, view, &shape);
	return verdict;
}

/* A failure that left the connection is the view's own. */
static enum store_verdict
failed(struct store *store, struct arena *arena, const char *view, struct place *place,
       const char **why)
{
	place_clear(store, place);
	if (!store->mysql)
		return STORE_DOWN;
	*why = arena_printf(arena,
			    "view %s: %s; if it is there, GRANT SELECT ON it TO the database user "
			    "%s, and to its definer on what it is made of",
			    view, store->error, store->options.user);
	return STORE_NONE;
}

enum store_verdict
people_rows(struct store *store, struct arena *arena, const char *view, enum people_statement which,
	    const char *value, struct people_record **rows, size_t *count, const char **why)
{
	struct place *place;
	void *found = NULL;
	enum store_verdict verdict = place_of(store, arena, view, &place, why);

	if (verdict != STORE_OK)
		return verdict;
	place->used_ms = deadline_now_ms();
	store->quiet = true;
	verdict = sql_read_all(store, &store->views->set, statement_of(store->views, place, which),
			       (const struct sql_in[]){sql_text(value)}, arena, &found, count);
	store->quiet = false;
	if (verdict != STORE_OK && store->mysql && store->error_code == ER_COLLATIONS) {
		*count = 0;
		return STORE_OK;
	}
	if (verdict != STORE_OK)
		return failed(store, arena, view, place, why);
	*rows = found;
	return STORE_OK;
}
