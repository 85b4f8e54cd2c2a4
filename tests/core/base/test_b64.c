/* SPDX-License-Identifier: ISC */
/*
 * base64url, base64 and hexadecimal: second spellings are refused; the vectors of RFC 4648 10 and
 * RFC 7515 C come back.
 */
#include "core/base/b64.h"

#include <stdio.h>

#include "check.h"

static const struct {
	const char *name;
	const char *text;
	const char *data; /* NULL: refused */
	size_t size;
} url_cases[] = {
	{"length 1 over", "A", NULL, 0},
	{"length 5", "AAAAA", NULL, 0},
	{"trailing bits of 2", "Zh", NULL, 0},
	{"trailing bits of 3", "Zm9", NULL, 0},
	{"lowest trailing bit of 3", "AAB", NULL, 0},
	{"padding", "Zg==", NULL, 0},
	{"plus", "+A", NULL, 0},
	{"slash", "/A", NULL, 0},
	{"blank", "Zm 8", NULL, 0},
	{"newline behind", "Zm8\n", NULL, 0},
	{"non-ASCII", "Zm\xC3\xA9", NULL, 0},
	{"equals inside", "Z=8A", NULL, 0},
	{"at sign, below A", "@AAA", NULL, 0},
	{"bracket, above Z", "[AAA", NULL, 0},
	{"brace, above z", "{AAA", NULL, 0},
	{"empty", "", "", 0},
	{"f", "Zg", "f", 1},
	{"fo", "Zm8", "fo", 2},
	{"foo", "Zm9v", "foo", 3},
	{"foob", "Zm9vYg", "foob", 4},
	{"fooba", "Zm9vYmE", "fooba", 5},
	{"foobar", "Zm9vYmFy", "foobar", 6},
	{"RFC 7515 C", "A-z_4ME", "\x03\xEC\xFF\xE0\xC1", 5},
	{"both special", "-_-_", "\xFB\xFF\xBF", 3},
};

static void
test_url(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(url_cases); i++) {
		const char *name = url_cases[i].name;
		const char *text = url_cases[i].text;
		size_t size = 99;
		uint8_t exact[8];
		uint8_t *data = b64url_decode(arena, text, strlen(text), &size);

		if (url_cases[i].data == NULL) {
			check(data == NULL, name);
			check(b64url_decode_exact(text, strlen(text), exact,
						  strlen(text) * 3 / 4) != 0,
			      name);
			continue;
		}
		check(data != NULL && size == url_cases[i].size, name);
		check(memcmp(data, url_cases[i].data, size + 1) == 0, name);
		check(b64url_decode_exact(text, strlen(text), exact, size) == 0, name);
		check(memcmp(exact, url_cases[i].data, size) == 0, name);
		check(b64url_decode_exact(text, strlen(text), exact, size + 1) != 0, name);
		check(size == 0 || b64url_decode_exact(text, strlen(text), exact, size - 1) != 0,
		      name);
		check_text(b64url_encode(arena, data, size), text, name);
	}
}

static const struct {
	const char *name;
	const char *text;
	const char *data;
} plain_cases[] = {
	{"no padding", "Zg", NULL},
	{"half the padding", "Zg=", NULL},
	{"padding only", "====", NULL},
	{"three of padding", "Z===", NULL},
	{"padding inside", "Zg==Zg==", NULL},
	{"padding in front", "=Zg=", NULL},
	{"one too many groups", "Zm9v====", NULL},
	{"trailing bits", "Zh==", NULL},
	{"trailing bits of 3", "Zm9=", NULL},
	{"minus", "-_-_", NULL},
	{"newline", "Zm9v\nZm9", NULL},
	{"empty", "", ""},
	{"f", "Zg==", "f"},
	{"fo", "Zm8=", "fo"},
	{"foobar", "Zm9vYmFy", "foobar"},
	{"both special", "+/+/", "\xFB\xFF\xBF"},
	{"a pair of credentials", "YTpi", "a:b"},
};

static void
test_plain(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(plain_cases); i++) {
		const char *name = plain_cases[i].name;
		const char *text = plain_cases[i].text;
		size_t size = 99;
		uint8_t *data = b64_decode(arena, text, strlen(text), &size);

		if (plain_cases[i].data == NULL) {
			check(data == NULL, name);
			continue;
		}
		check(data != NULL && size == strlen(plain_cases[i].data), name);
		check(memcmp(data, plain_cases[i].data, size + 1) == 0, name);
		check_text(b64_encode(arena, data, size), text, name);
	}
}

static void
test_every_length_comes_back(void **state)
{
	struct arena *arena = *state;
	uint8_t data[100];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t size = 0; size <= sizeof(data); size++) {
		char name[16];
		char written[B64URL_SIZE(sizeof(data)) + 1];
		char *text = b64url_encode(arena, data, size);
		size_t back;

		snprintf(name, sizeof(name), "%zu bytes", size);
		b64url_write(written, data, size);
		check_text(written, text, name);
		check(strlen(text) == B64URL_SIZE(size), name);

		uint8_t *decoded = b64url_decode(arena, text, strlen(text), &back);

		check(decoded != NULL && back == size && memcmp(decoded, data, size) == 0, name);
	}
}

static const struct {
	const char *name;
	const char *text;
	bool is_good;
} hex_cases[] = {
	{"NULL", NULL, false},
	{"empty", "", false},
	{"odd", "00ff1", false},
	{"odd and longer", "00ff109", false},
	{"short", "00ff", false},
	{"long", "00ff10ab", false},
	{"upper case", "00FF10", false},
	{"not hexadecimal", "00fg10", false},
	{"backquote, below a", "00`010", false},
	{"colon, above 9", "0:ff10", false},
	{"blank", "00 f10", false},
	{"good", "00ff1a", true},
};

static void
test_hex(void **state)
{
	uint8_t data[3];

	for (size_t i = 0; i < COUNT(hex_cases); i++) {
		int result = hex_decode_exact(hex_cases[i].text, data, sizeof(data));

		check((result == 0) == hex_cases[i].is_good, hex_cases[i].name);
	}
	assert_memory_equal(data, "\x00\xFF\x1A", 3);
	assert_string_equal(hex_encode(*state, data, sizeof(data)), "00ff1a");
	assert_string_equal(hex_encode(*state, data, 0), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_url),
		arena_test(test_plain),
		arena_test(test_every_length_comes_back),
		arena_test(test_hex),
	};

	return cmocka_run_group_tests_name("base b64", tests, NULL, NULL);
}
