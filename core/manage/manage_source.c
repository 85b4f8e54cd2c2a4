/* SPDX-License-Identifier: ISC */
/*
 * The verbs for sources. All rows of the realm are judged together, as they will be, under the
 * realm's lock.
 */
#include "core/manage/manage_source.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_realm.h"
#include "core/model/realm.h"
#include "core/model/table_person.h"

#define POSITION_STEP 10
#define POSITION_MAX  1000000

struct source_change {
	const char *name;
	const struct manage_source_edit *edit; /* NULL: it is removed */
	enum manage_verdict verdict;           /* what is wrong with it */
	struct buf *why;
};

static enum manage_verdict
not_found(struct tx *tx, const char *name, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no source %s", tx->realm->name,
			  name);
}

/* A verdict that ends the transaction. */
static enum store_verdict
refuse(struct source_change *change, enum manage_verdict verdict)
{
	change->verdict = verdict;
	return STORE_CONFLICT;
}

struct rows {
	struct source_row *row;
	size_t count;
};

static struct source_row *
rows_find(struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (str_equal(rows->row[i].name, name))
			return &rows->row[i];
	return NULL;
}

static int64_t
last_position(const struct rows *rows)
{
	int64_t last = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].position > last)
			last = rows->row[i].position;
	return last;
}

/* The rows of the realm with room for two more. */
static enum store_verdict
read_rows(struct tx *tx, struct rows *rows)
{
	struct source_row *found;
	enum store_verdict verdict =
		source_rows(tx->store, tx->arena, tx->realm->id, &found, &rows->count);

	if (verdict != STORE_OK)
		return verdict;
	rows->row = arena_array(tx->arena, rows->count + 2, sizeof(*rows->row));
	for (size_t i = 0; i < rows->count; i++)
		rows->row[i] = found[i];
	return STORE_OK;
}

static struct source_row *
rows_append(struct tx *tx, struct rows *rows, const char *name, const char *kind)
{
	struct source_row *row = &rows->row[rows->count];

	*row = (struct source_row){
		.realm_id = tx->realm->id,
		.name = name,
		.kind = kind,
		.position = last_position(rows) + POSITION_STEP,
		.options = "{}",
	};
	rows->count++;
	return row;
}

/* ---- what is written must be good, alone and beside the others ---- */

static int
apply_options(struct tx *tx, const struct manage_source_edit *edit, struct source_row *row)
{
	struct json_object *document =
		json_parse_object(tx->arena, row->options, strlen(row->options), NULL);

	/* what cannot be read is said anew as a whole */
	if (!document)
		document = json_new_object(tx->arena);
	for (size_t i = 0; i < edit->count; i++) {
		json_object_object_del(document, edit->options[i].name);
		if (*edit->options[i].value)
			json_add_text(document, edit->options[i].name, edit->options[i].value);
	}
	row->options = json_write(tx->arena, document, NULL);
	return 0;
}

static bool
is_before(const struct source_row *a, const struct source_row *b)
{
	return a->position != b->position ? a->position < b->position
					  : strcmp(a->name, b->name) < 0;
}

static bool
is_service(const struct source_row *row)
{
	return str_equal(row->kind, source_kind_name(SOURCE_SERVICE));
}

/* Where the row that is changed may stand: a service behind the last of the others, any other one
 * before the first service. */
static const char *
right_place(struct arena *arena, const struct rows *rows, const struct source_row *row)
{
	bool service = is_service(row);
	int64_t bound = service ? 0 : INT64_MAX;

	for (size_t i = 0; i < rows->count; i++) {
		int64_t position = rows->row[i].position;

		if (is_service(&rows->row[i]) != service &&
		    (service ? position > bound : position < bound))
			bound = position;
	}
	if (bound == 0 && !service)
		return "move the services behind it first";
	if (bound == POSITION_MAX && service)
		return "move the others in front of it first";
	return arena_printf(arena, "%s needs a --position %s %lld", row->name,
			    service ? "above" : "below", (long long)bound);
}

static enum manage_verdict
check_order(struct tx *tx, const struct rows *rows, const struct source_row *row, struct buf *why)
{
	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < rows->count; j++)
			if (is_service(&rows->row[i]) && !is_service(&rows->row[j]) &&
			    is_before(&rows->row[i], &rows->row[j]))
				return manage_say(
					why, MANAGE_REFUSED,
					"source %s would stand behind the service %s: names are "
					"looked up in local accounts and tables first, and "
					"services are asked for those that are left; %s",
					rows->row[j].name, rows->row[i].name,
					right_place(tx->arena, rows, row));
	return MANAGE_OK;
}

static enum manage_verdict
check_rows(struct tx *tx, const struct rows *rows, const struct source_row *row, struct buf *why)
{
	struct source source;
	const char *mistake = NULL;

	if (source_read(tx->arena, row, &source, &mistake) != 0)
		return manage_say(why, MANAGE_REFUSED, "source %s: %s", row->name, mistake);
	if (rows->count > SOURCES_MAX)
		return manage_say(why, MANAGE_REFUSED,
				  "realm %s has %d sources, no more are possible", tx->realm->name,
				  SOURCES_MAX);
	return check_order(tx, rows, row, why);
}

/* ---- the transactions ---- */

/* The realm's own accounts stay where another source comes to a realm that had no row. */
static struct source_row *
new_row(struct tx *tx, struct rows *rows, const char *name, const char *kind)
{
	if (rows->count == 0 && !str_equal(name, SOURCE_LOCAL))
		rows_append(tx, rows, SOURCE_LOCAL, source_kind_name(SOURCE_OWN));
	return rows_append(tx, rows, name, kind);
}

static enum store_verdict
put_all(struct tx *tx, const struct rows *rows)
{
	enum store_verdict verdict = STORE_OK;

	for (size_t i = 0; i < rows->count && verdict == STORE_OK; i++)
		verdict = source_put(tx->store, &rows->row[i]);
	return verdict;
}

/* The rows as they will be. */
static enum store_verdict
change_rows(struct tx *tx, struct source_change *change, struct rows *rows)
{
	const struct manage_source_edit *edit = change->edit;
	struct source_row *row;
	enum manage_verdict judged;
	enum store_verdict verdict = read_rows(tx, rows);

	if (verdict != STORE_OK)
		return verdict;
	row = rows_find(rows, change->name);
	if (edit->kind && row)
		return refuse(change, manage_say(change->why, MANAGE_EXISTS,
						 "source %s exists already", change->name));
	if (!edit->kind && !row)
		return refuse(change, not_found(tx, change->name, change->why));
	if (!row)
		row = new_row(tx, rows, change->name, edit->kind);
	if (edit->position >= 0)
		row->position = edit->position;
	apply_options(tx, edit, row);
	judged = check_rows(tx, rows, row, change->why);
	return judged == MANAGE_OK ? STORE_OK : refuse(change, judged);
}

static enum store_verdict
apply_put(struct tx *tx, void *context)
{
	struct realm_row realm;
	struct rows rows;
	enum store_verdict verdict = manage_realm_lock(tx, tx->realm->name, &realm);

	if (verdict == STORE_OK)
		verdict = change_rows(tx, context, &rows);
	return verdict == STORE_OK ? put_all(tx, &rows) : verdict;
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	const struct source_change *change = context;

	return source_remove(tx->store, tx->realm->id, change->name);
}

static enum manage_verdict
commit(struct tx *tx, struct source_change *change, const char *event)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = change->edit ? apply_put : apply_remove,
		.context = change,
		.event = event,
		.about = {.detail = change->name},
	});

	if (stored == STORE_CONFLICT && change->verdict != MANAGE_OK)
		return change->verdict;
	if (stored == STORE_NONE)
		return not_found(tx, change->name, change->why);
	return stored == STORE_OK ? MANAGE_OK : manage_down(change->why);
}

static enum manage_verdict
check_position(const struct manage_source_edit *edit, struct buf *why)
{
	if (edit->position <= POSITION_MAX)
		return MANAGE_OK;
	return manage_say(why, MANAGE_REFUSED, "position: a number from 0 to %d", POSITION_MAX);
}

/* What is written must be good by then: a view that nobody can read would keep people out. */
static enum manage_verdict
try_view(struct tx *tx, const char *name, const struct manage_source_edit *edit, struct buf *why)
{
	const struct source *old = realm_source(tx->realm, name);
	const char *kind = edit->kind ? edit->kind : old ? source_kind_name(old->kind) : NULL;
	const char *view = "", *mistake = "";

	for (size_t i = 0; i < edit->count; i++)
		if (str_equal(edit->options[i].name, "view"))
			view = edit->options[i].value;
	if (str_empty(view) || !str_equal(kind, source_kind_name(SOURCE_TABLE)))
		return MANAGE_OK;
	switch (people_try(tx->store, tx->arena, view, &mistake)) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return manage_say(why, MANAGE_REFUSED, "%s", mistake);
	case STORE_CONFLICT:
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

static enum manage_verdict
check_edit(struct tx *tx, const char *name, const struct manage_source_edit *edit, struct buf *why)
{
	enum manage_verdict verdict = check_position(edit, why);

	return verdict == MANAGE_OK ? try_view(tx, name, edit, why) : verdict;
}

enum manage_verdict
manage_source_try(struct tx *tx, const char *name, const struct manage_source_edit *edit,
		  struct buf *why)
{
	struct source_change change = {.name = name, .edit = edit, .why = why};
	struct rows rows;
	enum manage_verdict verdict = check_edit(tx, name, edit, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if (change_rows(tx, &change, &rows) == STORE_OK || change.verdict != MANAGE_OK)
		return change.verdict;
	return manage_down(why);
}

enum manage_verdict
manage_source_add(struct tx *tx, const char *name, const struct manage_source_edit *edit,
		  struct buf *why)
{
	struct source_change change = {.name = name, .edit = edit, .why = why};
	enum manage_verdict verdict = check_edit(tx, name, edit, why);

	return verdict == MANAGE_OK ? commit(tx, &change, "source_added") : verdict;
}

enum manage_verdict
manage_source_set(struct tx *tx, const char *name, const struct manage_source_edit *edit,
		  struct buf *why)
{
	struct source_change change = {.name = name, .edit = edit, .why = why};
	enum manage_verdict verdict = check_edit(tx, name, edit, why);

	return verdict == MANAGE_OK ? commit(tx, &change, "source_changed") : verdict;
}

enum manage_verdict
manage_source_find(struct tx *tx, const char *name, const struct source **source, struct buf *why)
{
	*source = realm_source(tx->realm, name);
	return *source ? MANAGE_OK : not_found(tx, name, why);
}

enum manage_verdict
manage_source_remove(struct tx *tx, const char *name, struct buf *why)
{
	struct source_change change = {.name = name, .why = why};

	return commit(tx, &change, "source_removed");
}

enum manage_verdict
manage_source_people(struct tx *tx, const char *name, int64_t *count, struct buf *why)
{
	return account_count(tx->store, tx->realm->id, name, count) == STORE_OK ? MANAGE_OK
										: manage_down(why);
}
