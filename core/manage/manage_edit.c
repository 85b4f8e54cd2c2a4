/* SPDX-License-Identifier: ISC */
/*
 * From "FIELD" and "VALUE" to a changed JSON document. A field that is no metadata but a setting
 * which clients may override goes into the settings member.
 */
#include "core/manage/manage_edit.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/num.h"
#include "core/base/str.h"

#define LIST_MAX (CLIENT_URIS_MAX * 4) /* client_from_json() has the real limits and texts */

enum shape {
	SHAPE_TEXT,
	SHAPE_LIST,  /* array of strings */
	SHAPE_WORDS, /* one string, items separated by blanks */
	SHAPE_BOOL,
	SHAPE_INT,
	SHAPE_OBJECT,   /* JSON text */
	SHAPE_SETTINGS, /* an object of settings: its members are edited by their own names */
};

static enum shape
shape_of(enum metadata_type type)
{
	switch (type) {
	case META_TEXT:
	case META_URI:
	case META_CHOICE:
		return SHAPE_TEXT;
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
		return SHAPE_LIST;
	case META_SCOPE:
		return SHAPE_WORDS;
	case META_BOOL:
		return SHAPE_BOOL;
	case META_INT:
		return SHAPE_INT;
	case META_OBJECT:
		return SHAPE_OBJECT;
	case META_SETTINGS:
		return SHAPE_SETTINGS;
	}
	return SHAPE_TEXT;
}

static int
refuse(struct buf *why, const struct manage_edit *edit, const char *text)
{
	size_t size = strlen(edit->field);

	/* settings name themselves */
	if (str_starts(text, edit->field) && text[size] == ':')
		(void)manage_say(why, MANAGE_REFUSED, "%s", text);
	else
		(void)manage_say(why, MANAGE_REFUSED, "%s: %s", edit->field, text);
	return -1;
}

/* ---- lists ---- */

/* The items are copies: those of the document go when it is changed. */
static int
read_list(struct arena *arena, const struct json_object *document, const char *name,
	  enum shape shape, struct strlist *list)
{
	*list = (struct strlist){0};
	if (shape == SHAPE_WORDS)
		return strlist_split(arena, json_text_or_null(document, name), ' ', LIST_MAX, list);
	if (json_get_list(arena, document, name, LIST_MAX, list) == JSON_WRONG_TYPE)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		list->item[i] = arena_strdup(arena, list->item[i]);
	return 0;
}

/* An empty array stays one: a list whose default has items can be made empty. */
static void
write_list(struct arena *arena, struct json_object *document, const char *name, enum shape shape,
	   const struct strlist *list)
{
	struct json_object *array = json_new_array(arena);

	json_object_object_del(document, name);
	if (shape == SHAPE_WORDS) {
		if (list->count)
			json_add_text(document, name, strlist_join(arena, list, ' '));
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		json_push_text(array, list->item[i]);
	json_add(document, name, array);
}

static struct strlist
without(struct arena *arena, const struct strlist *list, const char *text)
{
	struct strlist rest = {.item = arena_array(arena, list->count, sizeof(*rest.item))};

	for (size_t i = 0; i < list->count; i++)
		if (!str_equal(list->item[i], text))
			rest.item[rest.count++] = list->item[i];
	return rest;
}

static int
edit_list(struct arena *arena, struct json_object *document, const struct manage_edit *edit,
	  enum shape shape, struct buf *why)
{
	struct strlist list;

	if (edit->op == MANAGE_SET) {
		if (strlist_split(arena, edit->value, ' ', LIST_MAX, &list) != 0)
			return refuse(why, edit, "too many items");
		write_list(arena, document, edit->field, shape, &list);
		return 0;
	}
	if (read_list(arena, document, edit->field, shape, &list) != 0)
		return refuse(why, edit, "the stored value is not a list");
	if (edit->op == MANAGE_ADD) {
		list = strlist_with(arena, &list, edit->value);
	} else {
		if (!strlist_has(&list, edit->value))
			return refuse(why, edit,
				      arena_printf(arena, "%s is not in the list", edit->value));
		list = without(arena, &list, edit->value);
	}
	write_list(arena, document, edit->field, shape, &list);
	return 0;
}

/* ---- single values ---- */

static int
set_bool(struct json_object *document, const struct manage_edit *edit, struct buf *why)
{
	bool yes = str_equal(edit->value, "true");

	if (!yes && !str_equal(edit->value, "false"))
		return refuse(why, edit, "true or false");
	json_add_bool(document, edit->field, yes);
	return 0;
}

static int
set_int(struct json_object *document, const struct manage_edit *edit, struct buf *why)
{
	int64_t number;

	if (num_parse_int64(edit->value, INT64_MIN, INT64_MAX, &number) != 0 &&
	    num_parse_duration(edit->value, 0, INT32_MAX, &number) != 0)
		return refuse(why, edit, "a whole number, or a duration such as 10m");
	json_add_int(document, edit->field, number);
	return 0;
}

static int
set_object(struct arena *arena, struct json_object *document, const struct manage_edit *edit,
	   struct buf *why)
{
	const char *mistake = NULL;
	struct json_object *object =
		json_parse_object(arena, edit->value, strlen(edit->value), &mistake);

	if (!object)
		return refuse(why, edit, arena_printf(arena, "a JSON object: %s", mistake));
	json_add(document, edit->field, object);
	return 0;
}

static int
set_single(struct arena *arena, struct json_object *document, const struct manage_edit *edit,
	   enum shape shape, struct buf *why)
{
	if (edit->op != MANAGE_SET)
		return refuse(why, edit, "not a list: --set and --unset are for it");
	if (shape == SHAPE_BOOL)
		return set_bool(document, edit, why);
	if (shape == SHAPE_INT)
		return set_int(document, edit, why);
	if (shape == SHAPE_OBJECT)
		return set_object(arena, document, edit, why);
	json_add_text(document, edit->field, edit->value);
	return 0;
}

/* ---- settings of the client's own ---- */

static const char *
settings_member(void)
{
	size_t count;
	const struct metadata_field *table = client_metadata_table(&count);

	for (size_t i = 0; i < count; i++)
		if (table[i].type == META_SETTINGS)
			return table[i].name;
	return "settings";
}

static int
edit_setting(struct arena *arena, struct json_object *document, const struct manage_edit *edit,
	     const struct setting *setting, struct buf *why)
{
	const char *member = settings_member();
	struct json_object *object = NULL;
	struct settings checked;
	const char *mistake;

	if (!setting->client_may)
		return refuse(why, edit, "a setting of the realm that clients may not override");
	if (json_get_object(document, member, &object) != JSON_FOUND) {
		object = json_new_object(arena);
		json_add(document, member, object);
	}
	if (edit->op == MANAGE_UNSET) {
		json_object_object_del(object, edit->field);
		return 0;
	}
	if (edit->op != MANAGE_SET)
		return refuse(why, edit, "not a list: --set and --unset are for it");
	settings_default(&checked);
	if (setting_parse(arena, setting, edit->value, &checked, &mistake) != 0)
		return refuse(why, edit, mistake);
	json_add_text(object, edit->field, setting_format(arena, setting, &checked));
	return 0;
}

int
manage_edit_apply(struct arena *arena, struct json_object *document, const struct manage_edit *edit,
		  struct buf *why)
{
	const char *language;
	const struct metadata_field *field = client_metadata_member(edit->field, &language);
	const struct setting *setting = setting_find(edit->field);
	enum shape shape;

	if (setting && (!field || field->type == META_SETTINGS))
		return edit_setting(arena, document, edit, setting, why);
	if (!field)
		return refuse(why, edit, "no such field; `ostiary client add --help` lists them");
	shape = shape_of(field->type);
	if (shape == SHAPE_SETTINGS)
		return refuse(why, edit, "set its members by their own names");
	if (edit->op == MANAGE_UNSET) {
		json_object_object_del(document, edit->field);
		return 0;
	}
	if (shape == SHAPE_LIST || shape == SHAPE_WORDS)
		return edit_list(arena, document, edit, shape, why);
	return set_single(arena, document, edit, shape, why);
}
