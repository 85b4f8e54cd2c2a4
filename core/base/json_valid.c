/* SPDX-License-Identifier: ISC */
/*
 * The strict reader that stands before json-c: the grammar of RFC 8259 with the rules of RFC 7493
 * and the maxima of json.h. It reads once and builds nothing but the decoded keys of the objects
 * that are open, which are sorted when their object closes: that finds duplicates in n log n
 * whatever a sender chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/base/str.h"

#define NUMBER_SIZE_MAX     64  /* characters of one number */
#define NUMBER_EXPONENT_MAX 308 /* RFC 7493 2.2: within the range of a double */

/* A decoded key: a stretch of the buffer of key bytes. */
struct key {
	uint32_t start;
	uint32_t size;
};

struct reader {
	const char *text;
	size_t size;
	size_t at;
	int depth;
	const char *fault; /* the first one; NULL as long as all is well */
	char *key_bytes;
	size_t key_bytes_used;
	struct key *keys; /* those of the open objects, the innermost last */
	size_t key_count;
};

static bool read_value(struct reader *reader);

static bool
refuse(struct reader *reader, const char *fault)
{
	if (reader->fault == NULL)
		reader->fault = fault;
	return false;
}

/* The byte to read next, 0 at the end. A real NUL is refused wherever it stands. */
static char
peek(const struct reader *reader)
{
	return reader->at < reader->size ? reader->text[reader->at] : '\0';
}

static bool
accept_char(struct reader *reader, char c)
{
	if (peek(reader) != c)
		return false;
	reader->at++;
	return true;
}

static void
skip_blanks(struct reader *reader)
{
	while (peek(reader) != '\0' && strchr(" \t\n\r", peek(reader)) != NULL)
		reader->at++;
}

/* --- strings --- */

/* The sink of a string's bytes; NULL when it is a value, which json-c decodes. */
struct sink {
	char *bytes;
	size_t used;
};

static void
put(struct sink *sink, uint32_t byte)
{
	if (sink != NULL)
		sink->bytes[sink->used++] = (char)byte;
}

static void
put_utf8(struct sink *sink, uint32_t code)
{
	if (code < 0x80) {
		put(sink, code);
		return;
	}
	if (code < 0x800) {
		put(sink, 0xC0 | code >> 6);
	} else {
		if (code < 0x10000) {
			put(sink, 0xE0 | code >> 12);
		} else {
			put(sink, 0xF0 | code >> 18);
			put(sink, 0x80 | (code >> 12 & 0x3F));
		}
		put(sink, 0x80 | (code >> 6 & 0x3F));
	}
	put(sink, 0x80 | (code & 0x3F));
}

static bool
read_hex4(struct reader *reader, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++) {
		char c = peek(reader);
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (uint32_t)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (uint32_t)(c - 'A') + 10;
		else
			return refuse(reader, "a bad \\u escape");
		*code = *code << 4 | digit;
		reader->at++;
	}
	return true;
}

/* Behind "\u". */
static bool
read_unicode(struct reader *reader, struct sink *sink)
{
	uint32_t code;
	uint32_t low;

	if (!read_hex4(reader, &code))
		return false;
	if (code == 0)
		return refuse(reader, "an escaped NUL");
	if (code >= 0xDC00 && code <= 0xDFFF)
		return refuse(reader, "a lone surrogate");
	if (code >= 0xD800 && code <= 0xDBFF) {
		if (!accept_char(reader, '\\') || !accept_char(reader, 'u'))
			return refuse(reader, "a lone surrogate");
		if (!read_hex4(reader, &low))
			return false;
		if (low < 0xDC00 || low > 0xDFFF)
			return refuse(reader, "a lone surrogate");
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	put_utf8(sink, code);
	return true;
}

/* Behind the backslash. */
static bool
read_escape(struct reader *reader, struct sink *sink)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	char c = peek(reader);
	const char *name = c == '\0' ? NULL : strchr(names, c);

	if (accept_char(reader, 'u'))
		return read_unicode(reader, sink);
	if (name == NULL)
		return refuse(reader, "a bad escape");
	put(sink, (unsigned char)bytes[name - names]);
	reader->at++;
	return true;
}

/* A stretch of bytes above 0x7F. */
static bool
read_non_ascii(struct reader *reader, struct sink *sink)
{
	size_t start = reader->at;

	while ((unsigned char)peek(reader) > 0x7F)
		put(sink, (unsigned char)reader->text[reader->at++]);
	if (!utf8_valid(reader->text + start, reader->at - start))
		return refuse(reader, "bad UTF-8");
	return true;
}

static bool
read_string(struct reader *reader, struct sink *sink)
{
	if (!accept_char(reader, '"'))
		return refuse(reader, "no string");
	for (;;) {
		unsigned char c = (unsigned char)peek(reader);

		if (accept_char(reader, '"'))
			return true;
		if (c < 0x20)
			return refuse(reader, "a string without end or a control character");
		if (c > 0x7F) {
			if (!read_non_ascii(reader, sink))
				return false;
		} else if (accept_char(reader, '\\')) {
			if (!read_escape(reader, sink))
				return false;
		} else {
			put(sink, c);
			reader->at++;
		}
	}
}

/* --- numbers --- */

static size_t
skip_digits(struct reader *reader)
{
	size_t start = reader->at;

	while (peek(reader) >= '0' && peek(reader) <= '9')
		reader->at++;
	return reader->at - start;
}

/* A copy with a NUL; false when it does not fit. */
static bool
copy_number(const struct reader *reader, size_t start, char copy[NUMBER_SIZE_MAX + 1])
{
	size_t size = reader->at - start;

	if (size > NUMBER_SIZE_MAX)
		return false;
	memcpy(copy, reader->text + start, size);
	copy[size] = '\0';
	return true;
}

/* Behind 'e': reads the exponent and sees that integer_digits and it stay below the largest double.
 */
static bool
read_exponent(struct reader *reader, size_t integer_digits)
{
	char copy[NUMBER_SIZE_MAX + 1];
	bool is_negative = accept_char(reader, '-');
	int64_t most = NUMBER_EXPONENT_MAX - (int64_t)integer_digits;
	int64_t exponent;

	if (!is_negative)
		accept_char(reader, '+');

	size_t start = reader->at;

	if (skip_digits(reader) == 0)
		return refuse(reader, "a bad number");
	if (!copy_number(reader, start, copy) ||
	    num_parse_int64(copy, 0, is_negative ? NUMBER_EXPONENT_MAX : most, &exponent) != 0)
		return refuse(reader, "a number out of range");
	return true;
}

static bool
read_number(struct reader *reader)
{
	char copy[NUMBER_SIZE_MAX + 1];
	size_t start = reader->at;
	bool is_integer = true;
	int64_t value;

	accept_char(reader, '-');

	bool has_zero = peek(reader) == '0';
	size_t digits = skip_digits(reader);

	if (digits == 0 || (has_zero && digits > 1))
		return refuse(reader, "a bad number");
	if (accept_char(reader, '.')) {
		is_integer = false;
		if (skip_digits(reader) == 0)
			return refuse(reader, "a bad number");
	}
	if (accept_char(reader, 'e') || accept_char(reader, 'E')) {
		is_integer = false;
		if (!read_exponent(reader, digits))
			return false;
	}
	if (!copy_number(reader, start, copy))
		return refuse(reader, "a number of too many digits");
	if (is_integer && num_parse_int64(copy, INT64_MIN, INT64_MAX, &value) != 0)
		return refuse(reader, "an integer out of range");
	return true;
}

/* --- objects and arrays --- */

static int
compare_keys(const void *left, const void *right, void *bytes)
{
	const struct key *a = left;
	const struct key *b = right;
	const char *text = bytes;
	int order = memcmp(text + a->start, text + b->start, a->size < b->size ? a->size : b->size);

	if (order != 0)
		return order;
	return (a->size > b->size) - (a->size < b->size);
}

/* Looks at the keys from first on and forgets them. */
static bool
close_object(struct reader *reader, size_t first, size_t first_byte)
{
	size_t count = reader->key_count - first;
	struct key *keys = reader->keys + first;

	qsort_r(keys, count, sizeof(*keys), compare_keys, reader->key_bytes);
	for (size_t i = 1; i < count; i++) {
		if (compare_keys(&keys[i - 1], &keys[i], reader->key_bytes) == 0)
			return refuse(reader, JSON_WHY_DUPLICATE " in the object that ends");
	}
	reader->key_count = first;
	reader->key_bytes_used = first_byte;
	return true;
}

static bool
read_member(struct reader *reader)
{
	struct sink sink = {.bytes = reader->key_bytes, .used = reader->key_bytes_used};

	skip_blanks(reader);
	if (!read_string(reader, &sink))
		return false;
	skip_blanks(reader);
	if (!accept_char(reader, ':'))
		return refuse(reader, "no colon behind a key");
	reader->keys[reader->key_count++] = (struct key){
		.start = (uint32_t)reader->key_bytes_used,
		.size = (uint32_t)(sink.used - reader->key_bytes_used),
	};
	reader->key_bytes_used = sink.used;
	return read_value(reader);
}

/* Behind the opening bracket: items up to the closing one. */
static bool
read_items(struct reader *reader, char close, bool (*read_item)(struct reader *))
{
	skip_blanks(reader);
	if (accept_char(reader, close))
		return true;
	do {
		if (!read_item(reader))
			return false;
		skip_blanks(reader);
	} while (accept_char(reader, ','));
	if (!accept_char(reader, close))
		return refuse(reader, "no comma and no closing bracket");
	return true;
}

static bool
read_container(struct reader *reader, char open)
{
	size_t first = reader->key_count;
	size_t first_byte = reader->key_bytes_used;

	if (reader->depth == JSON_DEPTH_MAX)
		return refuse(reader, "too many levels");
	reader->depth++;
	reader->at++;
	if (open == '[' && !read_items(reader, ']', read_value))
		return false;
	if (open == '{' &&
	    (!read_items(reader, '}', read_member) || !close_object(reader, first, first_byte)))
		return false;
	reader->depth--;
	return true;
}

static bool
read_word(struct reader *reader)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t size = strlen(words[i]);

		if (reader->size - reader->at >= size &&
		    memcmp(reader->text + reader->at, words[i], size) == 0) {
			reader->at += size;
			return true;
		}
	}
	return refuse(reader, "no value");
}

static bool
read_value(struct reader *reader)
{
	skip_blanks(reader);

	char c = peek(reader);

	if (c == '{' || c == '[')
		return read_container(reader, c);
	if (c == '"')
		return read_string(reader, NULL);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(reader);
	return read_word(reader);
}

/* --- the document --- */

/* No key is without a colon, so the colons bound the keys. */
static size_t
count_colons(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == ':';
	return count;
}

static bool
read_document(struct reader *reader, struct arena *arena)
{
	size_t colons;

	if (reader->size > JSON_TEXT_MAX)
		return refuse(reader, "the document is too large");

	/* the shortest member with its comma is "":0, */
	colons = count_colons(reader->text, reader->size);
	if (colons > reader->size / 4)
		colons = reader->size / 4;
	reader->keys = arena_array(arena, colons + 1, sizeof(*reader->keys));
	reader->key_bytes = arena_alloc(arena, reader->size);
	if (!read_value(reader))
		return false;
	skip_blanks(reader);
	return reader->at == reader->size || refuse(reader, "something behind the value");
}

bool
json_valid(const char *text, size_t size, struct arena *arena, const char **why)
{
	struct reader reader = {.text = text, .size = size};

	if (read_document(&reader, arena))
		return true;
	if (why != NULL)
		*why = arena_printf(arena, "%s at byte %zu", reader.fault, reader.at);
	return false;
}
