/* SPDX-License-Identifier: ISC */
/*
 * The buffer: its maximum to the byte, and each escaper over every byte there is.
 */
#include "core/base/buf.h"

#include <json.h>
#include <stdio.h>

#include "check.h"

static const struct {
	const char *name;
	size_t max;
	const char *pieces[4];
	const char *text;
	bool failed;
} maxima[] = {
	{"one over", 4, {"abcde"}, "", true},
	{"what came after is dropped too", 4, {"abc", "de", "f"}, "abc", true},
	{"nothing allowed", 0, {"a"}, "", true},
	{"exactly full", 4, {"ab", "cd"}, "abcd", false},
	{"full, then nothing", 4, {"abcd", ""}, "abcd", false},
	{"nothing in nothing", 0, {""}, "", false},
};

static void
test_maximum(void **state)
{
	for (size_t i = 0; i < COUNT(maxima); i++) {
		struct buf buf;

		buf_init(&buf, *state, maxima[i].max);
		for (size_t k = 0; k < 4 && maxima[i].pieces[k] != NULL; k++)
			buf_add_text(&buf, maxima[i].pieces[k]);
		check_text(buf.data, maxima[i].text, maxima[i].name);
		check(buf.size == strlen(maxima[i].text), maxima[i].name);
		check(buf_failed(&buf) == maxima[i].failed, maxima[i].name);
	}
}

static void
test_every_writer_keeps_the_maximum(void **state)
{
	for (size_t max = 0; max < 30; max++) {
		struct buf buf;

		buf_init(&buf, *state, max);
		buf_add_char(&buf, 'x');
		buf_printf(&buf, "%d", 12345);
		buf_add_html(&buf, "<&>", 3);
		buf_add_json(&buf, "\"\n", 2);
		buf_add_url(&buf, "\x01", 1);
		assert_true(buf.size <= max);
		assert_int_equal(strlen(buf.data), buf.size);
		assert_true(buf_failed(&buf));
	}
}

static void
test_growth(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 100000);
	for (int i = 0; i < 20000; i++)
		buf_printf(&buf, "%05d", i);
	assert_false(buf_failed(&buf));
	assert_int_equal(buf.size, 100000);
	assert_memory_equal(buf.data + 5 * 12345, "12345", 5);
	buf_add_char(&buf, '!');
	assert_true(buf_failed(&buf));
	assert_int_equal(buf.size, 100000);
}

static void
test_numbers(void **state)
{
	static const struct {
		int64_t value;
		const char *written;
	} numbers[] = {
		{0, "0"},
		{7, "7"},
		{-1, "-1"},
		{1234567890, "1234567890"},
		{INT64_MAX, "9223372036854775807"},
		{INT64_MIN, "-9223372036854775808"},
	};

	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct buf buf;

		buf_init(&buf, *state, 1000);
		buf_add_int(&buf, numbers[i].value);
		check_text(buf.data, numbers[i].written, numbers[i].written);
	}
}

static const struct {
	const char *name;
	void (*write)(struct buf *buf, const char *text, size_t size);
	const char *text;
	size_t size;
	const char *written;
} escapes[] = {
	{"html, all of them", buf_add_html, "a<b>&\"'z", 8, "a&lt;b&gt;&amp;&quot;&#39;z"},
	{"html, nothing twice", buf_add_html, "&lt;", 4, "&amp;lt;"},
	{"html, empty", buf_add_html, "", 0, ""},
	{"json, quotes", buf_add_json, "a\"\\/", 4, "\"a\\\"\\\\/\""},
	{"json, controls", buf_add_json, "\0\n\x1f\x7f", 4, "\"\\u0000\\u000a\\u001f\\u007f\""},
	{"json, end of script", buf_add_json, "</script>", 9, "\"\\u003c/script>\""},
	{"json, UTF-8", buf_add_json, "\xC3\xA9", 2, "\"\xC3\xA9\""},
	{"json, not UTF-8", buf_add_json, "a\xFF", 2, "\"a\\ufffd\""},
	{"json, empty", buf_add_json, "", 0, "\"\""},
	{"url, unreserved", buf_add_url, "azAZ09-._~", 10, "azAZ09-._~"},
	{"url, the rest", buf_add_url, " +&=%/\0\xC3\xA9", 9, "%20%2B%26%3D%25%2F%00%C3%A9"},
};

static void
test_escapes(void **state)
{
	for (size_t i = 0; i < COUNT(escapes); i++) {
		struct buf buf;

		buf_init(&buf, *state, 1000);
		escapes[i].write(&buf, escapes[i].text, escapes[i].size);
		check_text(buf.data, escapes[i].written, escapes[i].name);
	}
}

/* Every byte on its own comes back from a JSON reader, and none is dangerous as it stands. */
static void
test_every_byte(void **state)
{
	for (int c = 1; c < 256; c++) {
		char byte = (char)c;
		struct buf json;
		struct buf html;
		struct buf url;
		char name[8];

		snprintf(name, sizeof(name), "%02x", (unsigned)c);
		buf_init(&json, *state, 1000);
		buf_init(&html, *state, 1000);
		buf_init(&url, *state, 1000);
		buf_add_json(&json, &byte, 1);
		buf_add_html(&html, &byte, 1);
		buf_add_url(&url, &byte, 1);
		check(strpbrk(html.data, "<>\"'") == NULL, name);
		check(url.size == 1 || (url.size == 3 && url.data[0] == '%'), name);
		check(strpbrk(url.data, " &=+#?/<>\"'") == NULL, name);

		struct json_object *value = json_tokener_parse(json.data);

		check(value != NULL, name);
		if (c < 0x80)
			check(*json_object_get_string(value) == byte, name);
		json_object_put(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_maximum),    arena_test(test_every_writer_keeps_the_maximum),
		arena_test(test_growth),     arena_test(test_escapes),
		arena_test(test_every_byte), arena_test(test_numbers),
	};

	return cmocka_run_group_tests_name("base buf", tests, NULL, NULL);
}
