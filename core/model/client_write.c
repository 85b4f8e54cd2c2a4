/* SPDX-License-Identifier: ISC */
/*
 * Writes a client's metadata as the document that client_from_json() reads, row by row of the
 * table.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/model/client_metadata.h"

static const void *
const_member_of(const struct client *client, const struct metadata_field *field)
{
	return (const char *)client + field->offset;
}

static bool
lists_equal(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!str_equal(a->item[i], b->item[i]))
			return false;
	}
	return true;
}

/* Whether a member is as client_default() sets it; settings are told by own_settings instead. */
static bool
is_default(const struct metadata_field *field, const void *member, const void *fallback)
{
	switch (field->type) {
	case META_TEXT:
	case META_URI:
	case META_OBJECT:
		return str_equal(*(const char *const *)member, *(const char *const *)fallback);
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
	case META_SCOPE:
		return lists_equal(member, fallback);
	case META_CHOICE:
	case META_INT:
		return *(const int64_t *)member == *(const int64_t *)fallback;
	case META_BOOL:
		return *(const bool *)member == *(const bool *)fallback;
	case META_SETTINGS:
		return false;
	}
	bug("metadata field of an unknown type");
}

static void
write_list(struct arena *arena, struct json_object *document, const char *name,
	   const struct strlist *list)
{
	struct json_object *array = json_new_array(arena);

	for (size_t i = 0; i < list->count; i++)
		json_push_text(array, list->item[i]);
	json_add(document, name, array);
}

/* What was read as an object is one. */
static void
write_object(struct arena *arena, struct json_object *document, const char *name, const char *text)
{
	if (text)
		json_add(document, name, json_parse_object(arena, text, strlen(text), NULL));
}

static void
write_settings(struct arena *arena, struct json_object *document, const char *name,
	       const struct client *client, bool all)
{
	struct json_object *object = json_new_object(arena);
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		bool own = (client->own_settings >> i & 1) != 0;

		if (own || (all && table[i].client_may))
			json_add_text(object, table[i].name,
				      setting_format(arena, &table[i], &client->settings));
	}
	if (json_object_object_length(object) > 0)
		json_add(document, name, object);
}

static void
write_field(struct arena *arena, struct json_object *document, const struct metadata_field *field,
	    const struct client *client, bool all)
{
	const void *member = const_member_of(client, field);
	const int64_t *number = member;

	switch (field->type) {
	case META_TEXT:
	case META_URI:
		json_add_text(document, field->name, *(const char *const *)member);
		return;
	case META_OBJECT:
		write_object(arena, document, field->name, *(const char *const *)member);
		return;
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
		write_list(arena, document, field->name, member);
		return;
	case META_SCOPE:
		if (((const struct strlist *)member)->count > 0)
			json_add_text(document, field->name, strlist_join(arena, member, ' '));
		return;
	case META_CHOICE:
		json_add_text(document, field->name, field->choices[*number]);
		return;
	case META_BOOL:
		json_add_bool(document, field->name, *(const bool *)member);
		return;
	case META_INT:
		if (*number >= 0)
			json_add_int(document, field->name, *number);
		return;
	case META_SETTINGS:
		write_settings(arena, document, field->name, client, all);
		return;
	}
	bug("metadata field of an unknown type");
}

struct json_object *
client_to_json(struct arena *arena, const struct client *client, bool all)
{
	struct json_object *document = json_new_object(arena);
	struct client fallback = {0};
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	client_default(&fallback, &client->settings);
	for (size_t i = 0; i < count; i++) {
		const struct metadata_field *field = &fields[i];

		if (all || !is_default(field, const_member_of(client, field),
				       const_member_of(&fallback, field)))
			write_field(arena, document, field, client, all);
	}
	for (size_t i = 0; i < client->localised_count; i++)
		json_add_text(document,
			      arena_printf(arena, "%s#%s", client->localised[i].field->name,
					   client->localised[i].language),
			      client->localised[i].text);
	return document;
}
