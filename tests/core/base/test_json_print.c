/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON: what comes out is what was put in, whatever the characters, and nothing of an
 * object depends on what was left out of it.
 */
#include "core/base/json_print.h"

#include "core/base/json.h"

#include "check.h"

#define OUT_MAX 4096

static const char *
printed(struct arena *arena, struct json_object *value)
{
	struct buf out;

	buf_init(&out, arena, OUT_MAX);
	json_print(&out, value);
	assert_false(buf_failed(&out));
	return out.data;
}

/* Texts that come back as they are. */
static const char *const values[] = {
	"{}",
	"[]",
	"[null,true,false]",
	"{\"a\":null,\"b\":{\"c\":[{}]}}",
	"[0,-1,9223372036854775807,-9223372036854775808,1.5]",
	"[\"\",\"/\",\"\\\"\\\\\",\"\xC3\xA9\",\"a\\u000ab\\u001f\"]",
	"{\"\\\"\":1}",
};

static void
test_values(void **state)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		struct json_object *value = json_parse(*state, values[i], strlen(values[i]), NULL);

		check(value != NULL, values[i]);
		check_text(printed(*state, value), values[i], values[i]);
	}
	assert_string_equal(printed(*state, NULL), "null");
}

/* Every character at every place of a longer text comes back from a reader. */
static void
test_every_byte(void **state)
{
	for (int c = 1; c < 0x80; c++) {
		for (size_t at = 0; at < 20; at++) {
			char text[] = "\xC3\xA9 0123456789abcdefgh \x7f\xC3\xBC";
			struct json_object *array = json_new_array(*state), *again;
			const char *out;

			text[at + 2] = (char)c;
			json_push_text(array, text);
			out = printed(*state, array);
			again = json_parse(*state, out, strlen(out), NULL);
			check(again != NULL, out);
			check_text(json_object_get_string(json_object_array_get_idx(again, 0)),
				   text, out);
		}
	}
}

static void
test_members(void **state)
{
	const char *items[] = {"x\"", "y"};
	const struct strlist list = {items, 2}, none = {0};
	struct json_members members;
	struct buf out;

	buf_init(&out, *state, OUT_MAX);
	json_open(&members, &out);
	json_put_text(&members, "no_text", NULL);
	json_put_list(&members, "no_list", &none);
	json_put(&members, "no_value", NULL);
	json_put_text(&members, "text", "a\\b\n");
	json_put_int(&members, "int", -7);
	json_put_bool(&members, "yes", true);
	json_put_bool(&members, "no", false);
	json_put_list(&members, "list", &list);
	json_put(&members, "value", json_new_object(*state));
	json_close(&members);
	assert_string_equal(out.data, "{\"text\":\"a\\\\b\\u000a\",\"int\":-7,\"yes\":true,"
				      "\"no\":false,\"list\":[\"x\\\"\",\"y\"],\"value\":{}}");
}

static void
test_no_members(void **state)
{
	struct json_members members;
	struct buf out;

	buf_init(&out, *state, OUT_MAX);
	json_open(&members, &out);
	json_close(&members);
	assert_string_equal(out.data, "{}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_values),
		arena_test(test_every_byte),
		arena_test(test_members),
		arena_test(test_no_members),
	};

	return cmocka_run_group_tests_name("base json_print", tests, NULL, NULL);
}
