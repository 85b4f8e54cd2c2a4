/* SPDX-License-Identifier: ISC */
/*
 * Both base64 alphabets on one encoder and one decoder. A text that decodes has exactly one
 * spelling: a value compared or hashed as text cannot be varied by who sends it.
 */
#include "core/base/b64.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/arena.h"

static const char url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char plain_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_digits[] = "0123456789abcdef";

/* Writes the characters without padding and gives the end. */
static char *
encode(char *text, const uint8_t *data, size_t size, const char *alphabet)
{
	uint32_t bits = 0;
	unsigned held = 0;

	for (; size >= 3; data += 3, size -= 3) {
		bits = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
		*text++ = alphabet[bits >> 18];
		*text++ = alphabet[bits >> 12 & 63];
		*text++ = alphabet[bits >> 6 & 63];
		*text++ = alphabet[bits & 63];
	}
	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | data[i];
		for (held += 8; held >= 6; held -= 6)
			*text++ = alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		*text++ = alphabet[bits << (6 - held) & 63];
	return text;
}

/* All bits when low <= c <= high, else none. */
static unsigned
between(int c, int low, int high)
{
	return 0U - ((unsigned)((low - 1 - c) & (c - high - 1)) >> 31);
}

/*
 * The six bits of c, or more. Without branches: they would be guessed wrongly at every other
 * character, and tell time of secrets. The last two are what the alphabets differ in.
 */
static uint32_t
sextet(char c, const char *alphabet)
{
	unsigned value = (unsigned char)c;

	return ~((between(c, 'A', 'Z') & ~(value - 'A')) |
		 (between(c, 'a', 'z') & ~(value - 'a' + 26)) |
		 (between(c, '0', '9') & ~(value - '0' + 52)) |
		 (between(c, alphabet[62], alphabet[62]) & ~62U) |
		 (between(c, alphabet[63], alphabet[63]) & ~63U));
}

/* Decodes text_size characters without padding to text_size * 3 / 4 bytes. */
static int
decode(uint8_t *data, const char *text, size_t text_size, const char *alphabet)
{
	uint32_t bits = 0;
	unsigned held = 0;

	if (text_size % 4 == 1)
		return -1;
	for (size_t i = 0; i < text_size; i++) {
		uint32_t value = sextet(text[i], alphabet);

		if (value > 63)
			return -1;
		bits = bits << 6 | value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*data++ = (uint8_t)(bits >> held);
		}
	}
	return (bits & ((1U << held) - 1)) == 0 ? 0 : -1;
}

static size_t
decoded_size(size_t text_size)
{
	return text_size / 4 * 3 + text_size % 4 * 3 / 4;
}

char *
b64url_encode(struct arena *arena, const void *data, size_t size)
{
	char *text = arena_alloc(arena, B64URL_SIZE(size) + 1);

	encode(text, data, size, url_alphabet);
	return text;
}

void
b64url_write(char *text, const void *data, size_t size)
{
	*encode(text, data, size, url_alphabet) = '\0';
}

static uint8_t *
decode_new(struct arena *arena, const char *text, size_t text_size, size_t *size,
	   const char *alphabet)
{
	uint8_t *data = arena_alloc(arena, decoded_size(text_size) + 1);

	if (decode(data, text, text_size, alphabet) != 0)
		return NULL;
	*size = decoded_size(text_size);
	return data;
}

uint8_t *
b64url_decode(struct arena *arena, const char *text, size_t text_size, size_t *size)
{
	return decode_new(arena, text, text_size, size, url_alphabet);
}

int
b64url_decode_exact(const char *text, size_t text_size, void *data, size_t size)
{
	if (text_size != B64URL_SIZE(size))
		return -1;
	return decode(data, text, text_size, url_alphabet);
}

uint8_t *
b64_decode(struct arena *arena, const char *text, size_t text_size, size_t *size)
{
	if (text_size % 4 != 0)
		return NULL;
	for (int i = 0; i < 2 && text_size > 0 && text[text_size - 1] == '='; i++)
		text_size--;
	return decode_new(arena, text, text_size, size, plain_alphabet);
}

char *
b64_encode(struct arena *arena, const void *data, size_t size)
{
	char *text = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
	char *end = encode(text, data, size, plain_alphabet);

	while ((end - text) % 4 != 0)
		*end++ = '=';
	return text;
}

char *
hex_encode(struct arena *arena, const void *data, size_t size)
{
	const uint8_t *byte = data;
	char *text = arena_alloc(arena, size * 2 + 1);

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = hex_digits[byte[i] >> 4];
		text[2 * i + 1] = hex_digits[byte[i] & 15];
	}
	return text;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode_exact(const char *text, void *data, size_t size)
{
	uint8_t *byte = data;

	if (text == NULL || strlen(text) / 2 != size || strlen(text) % 2 != 0)
		return -1;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		byte[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
