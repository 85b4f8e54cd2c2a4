/* SPDX-License-Identifier: ISC */
/*
 * The growing buffer and its escapers. It grows by doubling; what it outgrew stays in the arena
 * until the reset. An escaped character is added whole or not at all, so a failed buffer never ends
 * inside one.
 */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"

#define BUF_FIRST_CAPACITY 64

static const char hex_upper[] = "0123456789ABCDEF";

void
buf_init(struct buf *buf, struct arena *arena, size_t max)
{
	if (max > SIZE_MAX / 4)
		bug("a buffer without a sensible maximum");
	*buf = (struct buf){.arena = arena, .capacity = BUF_FIRST_CAPACITY, .max = max};
	buf->data = arena_alloc(arena, buf->capacity);
}

/* Room for size more bytes and the NUL; false, with the mark set, when that is over the maximum. */
static bool
reserve(struct buf *buf, size_t size)
{
	if (buf->failed || size > buf->max - buf->size) {
		buf->failed = true;
		return false;
	}
	if (size < buf->capacity - buf->size)
		return true;

	size_t capacity = buf->capacity;

	while (capacity - buf->size <= size)
		capacity *= 2;

	char *data = arena_alloc(buf->arena, capacity);

	memcpy(data, buf->data, buf->size);
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void
buf_add(struct buf *buf, const void *data, size_t size)
{
	if (!reserve(buf, size) || size == 0)
		return;
	memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void
buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void
buf_add_int(struct buf *buf, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		digits[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		digits[--at] = '-';
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_list again;

	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		bug("a format that vsnprintf() refuses");
	if (reserve(buf, (size_t)size)) {
		vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
		buf->size += (size_t)size;
	}
	va_end(args);
}

static const char *
html_reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
buf_add_html(struct buf *buf, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char *reference = html_reference(text[i]);

		if (reference != NULL)
			buf_add_text(buf, reference);
		else
			buf_add_char(buf, text[i]);
	}
}

static void
add_json_char(struct buf *buf, char c, bool is_utf8)
{
	unsigned char byte = (unsigned char)c;

	if (c == '"' || c == '\\')
		buf_add(buf, (const char[]){'\\', c}, 2);
	else if (byte < 0x20 || byte == 0x7F || c == '<')
		buf_printf(buf, "\\u%04x", byte);
	else if (byte > 0x7F && !is_utf8)
		buf_add_text(buf, "\\ufffd");
	else
		buf_add_char(buf, c);
}

/* Bytes that are not UTF-8 would make the whole document invalid, so they become U+FFFD. */
void
buf_add_json(struct buf *buf, const char *text, size_t size)
{
	bool is_utf8 = utf8_valid(text, size);

	buf_add_char(buf, '"');
	for (size_t i = 0; i < size; i++)
		add_json_char(buf, text[i], is_utf8);
	buf_add_char(buf, '"');
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void
buf_add_url(struct buf *buf, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (is_unreserved(text[i]))
			buf_add_char(buf, text[i]);
		else
			buf_add(buf,
				(const char[]){'%', hex_upper[byte >> 4], hex_upper[byte & 15]}, 3);
	}
}

bool
buf_failed(const struct buf *buf)
{
	return buf->failed;
}
