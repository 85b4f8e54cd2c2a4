/* SPDX-License-Identifier: ISC */
/*
 * Reads a metadata document into a client, row by row of the table. All mistakes are told at once,
 * each with its member. Members that no row names are refused, since a misspelt one would otherwise
 * be a wish that nobody hears.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/model/client_metadata.h"

struct reader {
	struct arena *arena;
	struct json_object *document;
	struct client *client;
	struct buf *why;
	size_t mistakes;
};

static void *
member_of(struct client *client, const struct metadata_field *field)
{
	return (char *)client + field->offset;
}

static void
refuse(struct reader *reader, const struct metadata_field *field, const char *what)
{
	buf_printf(reader->why, "%s: %s\n", field->name, what);
	reader->mistakes++;
}

static const char *
choices_text(struct arena *arena, const char *const *choices)
{
	const char *text = choices[0];

	for (size_t i = 1; choices[i] != NULL; i++)
		text = arena_printf(arena, "%s%s%s", text, choices[i + 1] == NULL ? " or " : ", ",
				    choices[i]);
	return text;
}

static int
choice_index(const struct metadata_field *field, const char *text)
{
	for (int i = 0; field->choices[i] != NULL; i++) {
		if (str_equal(field->choices[i], text))
			return i;
	}
	return -1;
}

/* What is wrong with one text, or NULL. Lengths of list items are those of URIs. */
static const char *
text_mistake(struct reader *reader, const struct metadata_field *field, const char *text,
	     int64_t max)
{
	if (text[0] == '\0')
		return "it is empty";
	if (strlen(text) > (size_t)max)
		return arena_printf(reader->arena, "more than %lld bytes", (long long)max);
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a control character is not allowed";
	}
	if (field->choices != NULL && choice_index(field, text) < 0)
		return arena_printf(reader->arena, "write %s",
				    choices_text(reader->arena, field->choices));
	return field->check == NULL ? NULL : field->check(reader->arena, reader->client, text);
}

static void
read_text(struct reader *reader, const struct metadata_field *field)
{
	const char **member = member_of(reader->client, field);
	const char *text = NULL;
	const char *mistake;
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);

	if (verdict == JSON_ABSENT)
		return;
	mistake = verdict == JSON_FOUND ? text_mistake(reader, field, text, field->max)
					: "write text";
	if (mistake != NULL) {
		refuse(reader, field, mistake);
		return;
	}
	*member = arena_strdup(reader->arena, text);
}

static void
read_object(struct reader *reader, const struct metadata_field *field)
{
	const char **member = member_of(reader->client, field);
	struct json_object *object = NULL;
	enum json_verdict verdict = json_get_object(reader->document, field->name, &object);
	const char *text;
	const char *mistake = NULL;
	size_t size;

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE) {
		refuse(reader, field, "write an object");
		return;
	}
	text = json_write(reader->arena, object, &size);
	if (size > (size_t)field->max)
		mistake =
			arena_printf(reader->arena, "more than %lld bytes", (long long)field->max);
	else if (field->check != NULL)
		mistake = field->check(reader->arena, reader->client, text);
	if (mistake != NULL) {
		refuse(reader, field, mistake);
		return;
	}
	*member = text;
}

static void
read_choice(struct reader *reader, const struct metadata_field *field)
{
	int64_t *member = member_of(reader->client, field);
	const char *text = NULL;
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);
	int index;

	if (verdict == JSON_ABSENT)
		return;
	index = verdict == JSON_FOUND ? choice_index(field, text) : -1;
	if (index < 0) {
		refuse(reader, field,
		       arena_printf(reader->arena, "write %s",
				    choices_text(reader->arena, field->choices)));
		return;
	}
	*member = index;
}

static void
read_bool(struct reader *reader, const struct metadata_field *field)
{
	bool *member = member_of(reader->client, field);

	if (json_get_bool(reader->document, field->name, member) == JSON_WRONG_TYPE)
		refuse(reader, field, "write true or false");
}

static void
read_int(struct reader *reader, const struct metadata_field *field)
{
	int64_t *member = member_of(reader->client, field);
	int64_t value = 0;
	enum json_verdict verdict = json_get_int(reader->document, field->name, &value);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE || value < 0 || value > field->max) {
		refuse(reader, field,
		       arena_printf(reader->arena, "write a whole number from 0 to %lld",
				    (long long)field->max));
		return;
	}
	*member = value;
}

/* Checks each item and copies the list; what is refused is told with its place. */
static void
take_list(struct reader *reader, const struct metadata_field *field, const struct strlist *items)
{
	struct strlist *member = member_of(reader->client, field);
	struct strlist taken = {arena_array(reader->arena, items->count, sizeof(char *)), 0};

	for (size_t i = 0; i < items->count; i++) {
		const char *mistake = text_mistake(reader, field, items->item[i], URI_MAX);

		if (strlist_has(&taken, items->item[i]))
			mistake = "given twice";
		if (mistake == NULL) {
			taken.item[taken.count++] = arena_strdup(reader->arena, items->item[i]);
			continue;
		}
		buf_printf(reader->why, "%s[%zu]: %s\n", field->name, i, mistake);
		reader->mistakes++;
	}
	*member = taken;
}

static void
read_list(struct reader *reader, const struct metadata_field *field)
{
	struct json_object *array = NULL;
	struct strlist items = {NULL, 0};
	enum json_verdict verdict = json_get_array(reader->document, field->name, &array);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_FOUND && json_object_array_length(array) > (size_t)field->max) {
		refuse(reader, field,
		       arena_printf(reader->arena, "more than %lld items", (long long)field->max));
		return;
	}
	if (json_get_list(reader->arena, reader->document, field->name, (size_t)field->max,
			  &items) != JSON_FOUND) {
		refuse(reader, field, "write a list of texts");
		return;
	}
	take_list(reader, field, &items);
}

static void
read_scope(struct reader *reader, const struct metadata_field *field)
{
	const char *text = NULL;
	struct strlist items = {NULL, 0};
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE) {
		refuse(reader, field, "write one text with blanks between the scopes (RFC 7591 2)");
		return;
	}
	if (strlist_split(reader->arena, text, ' ', (size_t)field->max, &items) != 0) {
		refuse(reader, field,
		       arena_printf(reader->arena, "more than %lld items", (long long)field->max));
		return;
	}
	take_list(reader, field, &items);
}

static void
read_settings(struct reader *reader, const struct metadata_field *field)
{
	struct json_object *document = NULL;
	const char *why = NULL;
	size_t count;
	const struct setting *table = settings_table(&count);
	enum json_verdict verdict = json_get_object(reader->document, field->name, &document);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE) {
		refuse(reader, field, "write an object of names and texts");
		return;
	}
	if (settings_apply(reader->arena, document, true, member_of(reader->client, field), &why) !=
	    0) {
		refuse(reader, field, why);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (json_object_object_get_ex(document, table[i].name, NULL))
			reader->client->own_settings |= UINT64_C(1) << i;
	}
}

static void
read_field(struct reader *reader, const struct metadata_field *field)
{
	switch (field->type) {
	case META_TEXT:
	case META_URI:
		read_text(reader, field);
		return;
	case META_OBJECT:
		read_object(reader, field);
		return;
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
		read_list(reader, field);
		return;
	case META_SCOPE:
		read_scope(reader, field);
		return;
	case META_CHOICE:
		read_choice(reader, field);
		return;
	case META_BOOL:
		read_bool(reader, field);
		return;
	case META_INT:
		read_int(reader, field);
		return;
	case META_SETTINGS:
		read_settings(reader, field);
		return;
	}
	bug("metadata field of an unknown type");
}

static void
refuse_unknown(struct reader *reader)
{
	struct json_object_iterator member = json_object_iter_begin(reader->document);
	struct json_object_iterator end = json_object_iter_end(reader->document);
	const char *language;

	for (; !json_object_iter_equal(&member, &end); json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);

		if (client_metadata_member(name, &language) != NULL)
			continue;
		buf_printf(reader->why, "%.64s: there is no such member\n",
			   str_printable(name) ? name : "(unprintable)");
		reader->mistakes++;
	}
}

/* One member with a language tag; what is wrong with it, or NULL. */
static const char *
take_localised(struct reader *reader, struct client_text *taken, const char *name)
{
	const char *text = NULL;

	if (reader->client->localised_count == CLIENT_TEXTS_MAX)
		return "too many members with a language tag";
	if (json_get_text(reader->document, name, &text) != JSON_FOUND)
		return "write text";
	taken->language = arena_strdup(reader->arena, taken->language);
	taken->text = arena_strdup(reader->arena, text);
	return text_mistake(reader, taken->field, text, taken->field->max);
}

static void
read_localised(struct reader *reader)
{
	struct json_object_iterator member = json_object_iter_begin(reader->document);
	struct json_object_iterator end = json_object_iter_end(reader->document);
	struct client_text *texts = arena_array(reader->arena, CLIENT_TEXTS_MAX, sizeof(*texts));

	reader->client->localised = texts;
	for (; !json_object_iter_equal(&member, &end); json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);
		struct client_text text;
		const char *mistake;

		text.field = client_metadata_member(name, &text.language);
		if (!text.field || !text.language)
			continue;
		mistake = take_localised(reader, &text, name);
		if (!mistake) {
			texts[reader->client->localised_count++] = text;
			continue;
		}
		buf_printf(reader->why, "%.64s: %s\n", name, mistake);
		reader->mistakes++;
	}
}

/* RFC 7591 2.1: without authorization_code there is nothing to ask the authorization endpoint for,
 * so the default is none. */
static void
fit_response_types(struct reader *reader)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(reader->document, "response_types", &value) && value != NULL)
		return;
	if (!strlist_has(&reader->client->grant_types, "authorization_code"))
		reader->client->response_types.count = 0;
}

int
client_from_json(struct arena *arena, struct json_object *metadata, struct client *client,
		 struct buf *why)
{
	struct reader reader = {arena, metadata, client, why, 0};
	size_t size, count;
	const struct metadata_field *fields = client_metadata_table(&count);

	if (!json_object_is_type(metadata, json_type_object)) {
		buf_add_text(why, "client metadata: write an object (RFC 7591 3.1)\n");
		return -1;
	}
	refuse_unknown(&reader);
	for (size_t i = 0; i < count; i++)
		read_field(&reader, &fields[i]);
	read_localised(&reader);
	fit_response_types(&reader);
	(void)json_write(arena, metadata, &size);
	if (size > CLIENT_METADATA_MAX) {
		buf_printf(why, "client metadata: %zu bytes are more than %d\n", size,
			   CLIENT_METADATA_MAX);
		reader.mistakes++;
	}
	/* Rules between members are told only where each member is right by itself. */
	if (reader.mistakes == 0)
		reader.mistakes += client_rules_check(arena, client, why);
	return reader.mistakes == 0 ? 0 : -1;
}
