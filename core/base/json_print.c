/* SPDX-License-Identifier: ISC */
/*
 * JSON text. json-c's own writer costs as much as all else that an answer from a token does.
 */
#include "core/base/json_print.h"

#include <string.h>

/* Whether a character stands for itself within a string. */
static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define TOP_BITS  (EACH_BYTE << 7)

/* How many bytes at the start are plain. Eight at a time: a byte that is smaller than what is taken
 * from it borrows, and that shows in its top bit. */
static size_t
plain_size(const char *text, size_t size)
{
	size_t plain = 0;

	for (uint64_t word; size - plain >= sizeof(word); plain += sizeof(word)) {
		memcpy(&word, text + plain, sizeof(word));

		uint64_t quotes = word ^ EACH_BYTE * '"', backslashes = word ^ EACH_BYTE * '\\';
		uint64_t found = ((word - EACH_BYTE * 0x20) & ~word) |
				 ((quotes - EACH_BYTE) & ~quotes) |
				 ((backslashes - EACH_BYTE) & ~backslashes);

		if (found & TOP_BITS)
			break;
	}
	while (plain < size && is_plain(text[plain]))
		plain++;
	return plain;
}

static void
print_escaped(struct buf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (is_plain(text[i]))
			buf_add_char(out, text[i]);
		else if (text[i] == '"' || text[i] == '\\')
			buf_add(out, (const char[]){'\\', text[i]}, 2);
		else
			buf_printf(out, "\\u%04x", (unsigned)text[i]);
	}
}

/* A string with what stands before and behind it. */
static void
print_text(struct buf *out, const char *before, const char *text, size_t size, const char *behind)
{
	size_t plain = plain_size(text, size);

	buf_add_text(out, before);
	buf_add(out, text, plain);
	print_escaped(out, text + plain, size - plain);
	buf_add_text(out, behind);
}

static void
print_object(struct buf *out, struct json_object *object)
{
	struct json_object_iterator member = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);
	const char *before = "{\"";

	if (json_object_iter_equal(&member, &end))
		buf_add_char(out, '{');
	for (; !json_object_iter_equal(&member, &end); json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);

		print_text(out, before, name, strlen(name), "\":");
		json_print(out, json_object_iter_peek_value(&member));
		before = ",\"";
	}
	buf_add_char(out, '}');
}

static void
print_array(struct buf *out, struct json_object *array)
{
	size_t count = json_object_array_length(array);

	buf_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_print(out, json_object_array_get_idx(array, i));
	}
	buf_add_char(out, ']');
}

/* json-c clamps what is greater than INT64_MAX, and knows how fractions were written. */
static void
print_number(struct buf *out, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_int) && number != INT64_MAX)
		buf_add_int(out, number);
	else
		buf_add_text(out, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

void
json_print(struct buf *out, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		buf_add_text(out, "null");
		break;
	case json_type_boolean:
		buf_add_text(out, json_object_get_boolean(value) ? "true" : "false");
		break;
	case json_type_int:
	case json_type_double:
		print_number(out, value);
		break;
	case json_type_string:
		print_text(out, "\"", json_object_get_string(value),
			   (size_t)json_object_get_string_len(value), "\"");
		break;
	case json_type_array:
		print_array(out, value);
		break;
	case json_type_object:
		print_object(out, value);
		break;
	}
}

void
json_open(struct json_members *members, struct buf *out)
{
	*members = (struct json_members){out, "{\""};
}

void
json_close(struct json_members *members)
{
	buf_add_text(members->out, members->before[0] == '{' ? "{}" : "}");
}

static void
put_name(struct json_members *members, const char *name)
{
	buf_add_text(members->out, members->before);
	buf_add_text(members->out, name);
	buf_add(members->out, "\":", 2);
	members->before = ",\"";
}

void
json_put_text(struct json_members *members, const char *name, const char *text)
{
	if (text == NULL)
		return;
	put_name(members, name);
	print_text(members->out, "\"", text, strlen(text), "\"");
}

void
json_put_int(struct json_members *members, const char *name, int64_t value)
{
	put_name(members, name);
	buf_add_int(members->out, value);
}

void
json_put_bool(struct json_members *members, const char *name, bool value)
{
	put_name(members, name);
	buf_add_text(members->out, value ? "true" : "false");
}

void
json_put_list(struct json_members *members, const char *name, const struct strlist *list)
{
	if (list->count == 0)
		return;
	put_name(members, name);
	for (size_t i = 0; i < list->count; i++)
		print_text(members->out, i == 0 ? "[\"" : ",\"", list->item[i],
			   strlen(list->item[i]), "\"");
	buf_add_char(members->out, ']');
}

void
json_put(struct json_members *members, const char *name, struct json_object *value)
{
	if (value == NULL)
		return;
	put_name(members, name);
	json_print(members->out, value);
}
