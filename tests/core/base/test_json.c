/* SPDX-License-Identifier: ISC */
/*
 * JSON: everything that json-c alone would take is refused; the typed getters never convert; what
 * is built is owned by its arena.
 */
#include "core/base/json.h"

#include <stdio.h>
#include <time.h>

#include "core/base/buf.h"

#include "check.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
	const char *name;
	const char *text;
	size_t size;
	const char *fault; /* the beginning of the private text; NULL: valid */
} documents[] = {
	{"empty", TEXT(""), "no value at byte 0"},
	{"blanks", TEXT(" \t\r\n"), "no value at byte 4"},
	{"form feed is no blank", TEXT("\f1"), "no value"},
	{"raw NUL behind", TEXT("1\0"), "something behind"},
	{"raw NUL inside", TEXT("[1\0]"), "no comma"},
	{"NUL in a string", TEXT("\"a\0b\""), "a string without end or a control"},
	{"byte order mark", TEXT("\xEF\xBB\xBF{}"), "no value"},
	{"trailing bytes", TEXT("{}x"), "something behind"},
	{"two values", TEXT("{} {}"), "something behind"},
	{"trailing comma, array", TEXT("[1,]"), "no value"},
	{"trailing comma, object", TEXT("{\"a\":1,}"), "no string"},
	{"leading comma", TEXT("[,1]"), "no value"},
	{"no comma", TEXT("[1 2]"), "no comma"},
	{"no colon", TEXT("{\"a\" 1}"), "no colon"},
	{"no value", TEXT("{\"a\":}"), "no value"},
	{"colons only", TEXT("{::::}"), "no string"},
	{"key of a number", TEXT("{1:1}"), "no string"},
	{"key without quotes", TEXT("{a:1}"), "no string"},
	{"single quotes", TEXT("{'a':1}"), "no string"},
	{"single quotes, value", TEXT("'a'"), "no value"},
	{"open array", TEXT("[1"), "no comma"},
	{"open object", TEXT("{\"a\":1"), "no comma"},
	{"wrong bracket", TEXT("[1}"), "no comma"},
	{"closing only", TEXT("]"), "no value"},
	{"comment", TEXT("[1/*x*/]"), "no comma"},
	{"NaN", TEXT("NaN"), "no value"},
	{"Infinity", TEXT("-Infinity"), "a bad number"},
	{"upper-case word", TEXT("TRUE"), "no value"},
	{"cut word", TEXT("tru"), "no value"},
	{"long word", TEXT("nulll"), "something behind"},
	/* keys */
	{"duplicate", TEXT("{\"a\":1,\"a\":2}"), "a duplicate key"},
	{"duplicate, not neighbours", TEXT("{\"a\":1,\"b\":2,\"a\":3}"), "a duplicate key"},
	{"duplicate by an escape", TEXT("{\"ab\":1,\"\\u0061b\":2}"), "a duplicate key"},
	{"duplicate by letter case of an escape", TEXT("{\"\\u00e9\":1,\"\\u00E9\":2}"),
	 "a duplicate key"},
	{"duplicate, 2 bytes", TEXT("{\"\xC3\xA9\":1,\"\\u00e9\":2}"), "a duplicate key"},
	{"duplicate, 3 bytes", TEXT("{\"\xE2\x82\xAC\":1,\"\\u20ac\":2}"), "a duplicate key"},
	{"duplicate, 4 bytes", TEXT("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
	 "a duplicate key"},
	{"duplicate by a named escape", TEXT("{\"\\n\":1,\"\\u000a\":2}"), "a duplicate key"},
	{"duplicate by an escaped slash", TEXT("{\"/\":1,\"\\/\":2}"), "a duplicate key"},
	{"duplicate, empty", TEXT("{\"\":1,\"\":2}"), "a duplicate key"},
	{"duplicate, inner", TEXT("{\"a\":{\"b\":1,\"b\":2}}"), "a duplicate key"},
	{"duplicate around an inner object", TEXT("{\"a\":{\"a\":1},\"b\":[{}],\"a\":2}"),
	 "a duplicate key"},
	{"NUL in a key", TEXT("{\"a\\u0000b\":1}"), "an escaped NUL"},
	/* strings */
	{"escaped NUL", TEXT("\"\\u0000\""), "an escaped NUL"},
	{"raw newline", TEXT("\"a\nb\""), "a string without end or a control"},
	{"raw unit separator", TEXT("\"\x1f\""), "a string without end or a control"},
	{"open string", TEXT("\"abc"), "a string without end"},
	{"open behind a backslash", TEXT("\"abc\\"), "a bad escape"},
	{"escaped quote ends nothing", TEXT("\"abc\\\""), "a string without end"},
	{"unknown escape", TEXT("\"\\x41\""), "a bad escape"},
	{"escaped single quote", TEXT("\"\\'\""), "a bad escape"},
	{"escaped NUL byte", TEXT("\"\\\0\""), "a bad escape"},
	{"upper-case U", TEXT("\"\\U0041\""), "a bad escape"},
	{"short \\u", TEXT("\"\\u004\""), "a bad \\u escape"},
	{"cut \\u", TEXT("\"\\u00"), "a bad \\u escape"},
	{"\\u, no digits", TEXT("\"\\u004g\""), "a bad \\u escape"},
	{"\\u with a sign", TEXT("\"\\u+041\""), "a bad \\u escape"},
	{"lone high surrogate", TEXT("\"\\ud83d\""), "a lone surrogate"},
	{"lone low surrogate", TEXT("\"\\ude00\""), "a lone surrogate"},
	{"high, then a letter", TEXT("\"\\ud83dx\""), "a lone surrogate"},
	{"high, then another escape", TEXT("\"\\ud83d\\n\""), "a lone surrogate"},
	{"high, then high", TEXT("\"\\ud83d\\ud83d\""), "a lone surrogate"},
	{"high, then no surrogate", TEXT("\"\\ud83d\\u0041\""), "a lone surrogate"},
	{"high, then cut", TEXT("\"\\ud83d\\ude0\""), "a bad \\u escape"},
	{"overlong NUL", TEXT("\"\xC0\x80\""), "bad UTF-8"},
	{"surrogate in UTF-8", TEXT("\"\xED\xA0\x80\""), "bad UTF-8"},
	{"FF", TEXT("\"\xFF\""), "bad UTF-8"},
	{"cut UTF-8", TEXT("\"\xE2\x82\""), "bad UTF-8"},
	{"bad UTF-8 in a key", TEXT("{\"\xC3\":1}"), "bad UTF-8"},
	{"UTF-8 outside a string", TEXT("\xC3\xA9"), "no value"},
	/* numbers */
	{"leading zero", TEXT("01"), "a bad number"},
	{"negative leading zero", TEXT("-01"), "a bad number"},
	{"plus", TEXT("+1"), "no value"},
	{"point in front", TEXT(".5"), "no value"},
	{"point behind", TEXT("1."), "a bad number"},
	{"no exponent", TEXT("1e"), "a bad number"},
	{"sign of an exponent alone", TEXT("1e+"), "a bad number"},
	{"two signs", TEXT("1e+-1"), "a bad number"},
	{"two points", TEXT("1.2.3"), "something behind"},
	{"minus alone", TEXT("-"), "a bad number"},
	{"two minus", TEXT("--1"), "a bad number"},
	{"hexadecimal", TEXT("0x10"), "something behind"},
	{"over int64", TEXT("9223372036854775808"), "an integer out of range"},
	{"under int64", TEXT("-9223372036854775809"), "an integer out of range"},
	{"over uint64", TEXT("18446744073709551616"), "an integer out of range"},
	{"over a double", TEXT("1e400"), "a number out of range"},
	{"just over a double", TEXT("10e308"), "a number out of range"},
	{"an exponent over int64", TEXT("1e99999999999999999999"), "a number out of range"},
	{"far below a double", TEXT("1e-309"), "a number out of range"},
	{"65 characters",
	 TEXT("0.12345678901234567890123456789012345678901234567890123456789012"
	      "3"),
	 "a number of too many digits"},
	/* depth */
	{"17 arrays", TEXT("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), "too many levels at byte 16"},
	{"17 mixed",
	 TEXT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}]}]}]}]}"),
	 "too many levels"},
	/* what is good */
	{"object", TEXT("{}"), NULL},
	{"array", TEXT(" [ ] "), NULL},
	{"words", TEXT("[true,false,null]"), NULL},
	{"every blank", TEXT("\t\r\n {\t\"a\"\r:\n1 , \"b\" : [ 1 , 2 ] } "), NULL},
	{"bare string", TEXT("\"a\""), NULL},
	{"bare number", TEXT("12"), NULL},
	{"bare word", TEXT("true"), NULL},
	{"every escape", TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uFFff\""), NULL},
	{"surrogate pair", TEXT("\"\\ud83d\\ude00\""), NULL},
	{"lowest and highest pair", TEXT("\"\\ud800\\udc00\\udbff\\udfff\""), NULL},
	{"around the surrogates", TEXT("\"\\ud7ff\\ue000\""), NULL},
	{"DEL", TEXT("\"\x7f\""), NULL},
	{"UTF-8", TEXT("{\"\xC3\xA9\":\"\xF0\x9F\x98\x80\"}"), NULL},
	{"same key at other levels", TEXT("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}"), NULL},
	{"keys that are prefixes", TEXT("{\"\":0,\"a\":1,\"aa\":2,\"A\":3}"), NULL},
	{"keys that join alike", TEXT("{\"ab\":1,\"c\":1,\"a\":1,\"bc\":1}"), NULL},
	{"slash as a key", TEXT("{\"\\/\":1}"), NULL},
	{"largest integer", TEXT("9223372036854775807"), NULL},
	{"smallest integer", TEXT("-9223372036854775808"), NULL},
	{"zeros", TEXT("[0,-0,0.0,-0.0e0]"), NULL},
	{"fractions", TEXT("[1.5,-2.25e3,1E+2,1e-2,1e307,1e-308]"), NULL},
	{"64 characters",
	 TEXT("0.1234567890123456789012345678901234567890123456789012345678901"
	      "2"),
	 NULL},
	{"16 arrays", TEXT("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"), NULL},
	{"16 mixed",
	 TEXT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[1]}]}]}]}]}]}]}]}"),
	 NULL},
	{"many on one level", TEXT("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"),
	 NULL},
};

static void
test_documents(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(documents); i++) {
		const char *name = documents[i].name;
		const char *fault = documents[i].fault;
		const char *why = NULL;
		/* an exact copy, so that a sanitizer sees a read behind the end */
		char *text = malloc(documents[i].size + 1);

		assert_non_null(text);
		memcpy(text + 1, documents[i].text, documents[i].size);

		struct json_object *value = json_parse(arena, text + 1, documents[i].size, &why);

		check((value == NULL) == (fault != NULL), name);
		if (fault != NULL && !str_starts(why, fault))
			fail_msg("case \"%s\": says \"%s\"", name, why);
		check(json_valid(text + 1, documents[i].size, arena, NULL) == (fault == NULL),
		      name);
		free(text);
	}
}

static void
test_null_is_valid_and_no_value(void **state)
{
	const char *why = NULL;

	assert_true(json_valid("null", 4, *state, &why));
	assert_null(json_parse(*state, "null", 4, &why));
	assert_string_equal(why, "the document is null");
	assert_null(json_parse(*state, "null", 4, NULL));
	assert_null(json_parse_object(*state, "[]", 2, &why));
	assert_string_equal(why, "the document is not an object");
	assert_null(json_parse_object(*state, "[", 1, NULL));
	assert_non_null(json_parse_object(*state, "{}", 2, &why));
}

static void
test_size_limit(void **state)
{
	const char *why = NULL;
	char *text = malloc(JSON_TEXT_MAX + 1);

	assert_non_null(text);
	memset(text, 'a', JSON_TEXT_MAX + 1);
	text[0] = '"';
	text[JSON_TEXT_MAX - 1] = '"';
	text[JSON_TEXT_MAX] = ' ';
	assert_non_null(json_parse(*state, text, JSON_TEXT_MAX, &why));
	assert_null(json_parse(*state, text, JSON_TEXT_MAX + 1, &why));
	assert_string_equal(why, "the document is too large at byte 0");
	free(text);
}

/* As many members as fit: "0":0, … and a last one that repeats the first. */
static void
many_keys(struct buf *buf, int count, bool repeat)
{
	buf_add_char(buf, '{');
	for (int i = 0; i < count; i++)
		buf_printf(buf, "\"%x\":0,", i);
	buf_printf(buf, "\"%s\":0}", repeat ? "\\u0030" : "last");
}

static void
test_many_keys(void **state)
{
	struct timespec begin;
	struct timespec end;
	struct buf good;
	struct buf bad;

	buf_init(&good, *state, JSON_TEXT_MAX);
	buf_init(&bad, *state, JSON_TEXT_MAX);
	many_keys(&good, 7000, false);
	many_keys(&bad, 7000, true);
	assert_false(buf_failed(&good) || buf_failed(&bad));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	assert_true(json_valid(good.data, good.size, *state, NULL));
	assert_false(json_valid(bad.data, bad.size, *state, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	/* quadratic comparison takes over half a second of CPU, sorting a few milliseconds */
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 <
		    200);
	assert_non_null(json_parse(*state, good.data, good.size, NULL));
}

/* The most memory a document can ask for is bounded. */
static void
test_memory_of_the_worst_documents(void **state)
{
	struct arena *arena = *state;
	char *text = arena_alloc(arena, JSON_TEXT_MAX);
	static const char fill[] = ":{[\",\"\":0,";

	for (size_t k = 0; k < sizeof(fill) - 1; k++) {
		memset(text, fill[k], JSON_TEXT_MAX);

		size_t before = arena_used(arena);

		assert_false(json_valid(text, JSON_TEXT_MAX, arena, NULL));
		assert_true(arena_used(arena) - before < (size_t)4 * JSON_TEXT_MAX);
	}
}

static struct json_object *
parse(struct arena *arena, const char *text)
{
	struct json_object *value = json_parse(arena, text, strlen(text), NULL);

	check(value != NULL, text);
	return value;
}

static const struct {
	const char *name;
	const char *key;
	enum json_verdict text;
	enum json_verdict integer;
	enum json_verdict boolean;
	enum json_verdict object;
	enum json_verdict array;
} getters[] = {
#define ABS JSON_ABSENT
#define BAD JSON_WRONG_TYPE
#define YES JSON_FOUND
	{"text", "s", YES, BAD, BAD, BAD, BAD},
	{"text of a number", "n", YES, BAD, BAD, BAD, BAD},
	{"integer", "i", BAD, YES, BAD, BAD, BAD},
	{"double", "d", BAD, BAD, BAD, BAD, BAD},
	{"boolean", "b", BAD, BAD, YES, BAD, BAD},
	{"object", "o", BAD, BAD, BAD, YES, BAD},
	{"array", "a", BAD, BAD, BAD, BAD, YES},
	{"null", "z", ABS, ABS, ABS, ABS, ABS},
	{"not there", "x", ABS, ABS, ABS, ABS, ABS},
	{"empty key", "", ABS, ABS, ABS, ABS, ABS},
#undef ABS
#undef BAD
#undef YES
};

static void
test_getters_do_not_convert(void **state)
{
	struct json_object *object =
		parse(*state, "{\"s\":\"t\",\"n\":\"1\",\"i\":1,\"d\":1.0,\"b\":true,\"o\":{},"
			      "\"a\":[],\"z\":null}");

	for (size_t i = 0; i < COUNT(getters); i++) {
		const char *key = getters[i].key;
		const char *untouched = "untouched";
		const char *text = untouched;
		int64_t integer = 4711;
		bool boolean = false;
		struct json_object *inner = object;
		struct json_object *array = object;

		check(json_get_text(object, key, &text) == getters[i].text, getters[i].name);
		check((text != untouched) == (getters[i].text == JSON_FOUND), getters[i].name);
		check(json_get_int(object, key, &integer) == getters[i].integer, getters[i].name);
		check((integer == 1) == (getters[i].integer == JSON_FOUND), getters[i].name);
		check(json_get_bool(object, key, &boolean) == getters[i].boolean, getters[i].name);
		check(boolean == (getters[i].boolean == JSON_FOUND), getters[i].name);
		check(json_get_object(object, key, &inner) == getters[i].object, getters[i].name);
		check((inner != object) == (getters[i].object == JSON_FOUND), getters[i].name);
		check(json_get_array(object, key, &array) == getters[i].array, getters[i].name);
		check((array != object) == (getters[i].array == JSON_FOUND), getters[i].name);
		check((json_text_or_null(object, key) != NULL) == (getters[i].text == JSON_FOUND),
		      getters[i].name);
	}
}

static void
test_getters_of_no_object(void **state)
{
	const char *text = "untouched";

	assert_int_equal(json_get_text(parse(*state, "[\"a\"]"), "a", &text), JSON_ABSENT);
	assert_int_equal(json_get_text(parse(*state, "\"a\""), "a", &text), JSON_ABSENT);
	assert_int_equal(json_get_text(NULL, "a", &text), JSON_ABSENT);
	assert_string_equal(text, "untouched");
	assert_null(json_text_or_null(NULL, "a"));
}

static const struct {
	const char *name;
	const char *text;
	enum json_verdict verdict;
	const char *joined;
} lists[] = {
	{"absent", "{}", JSON_ABSENT, "kept"},
	{"null", "{\"l\":null}", JSON_ABSENT, "kept"},
	{"a string", "{\"l\":\"a\"}", JSON_WRONG_TYPE, "kept"},
	{"a number inside", "{\"l\":[\"a\",1]}", JSON_WRONG_TYPE, "kept"},
	{"null inside", "{\"l\":[null]}", JSON_WRONG_TYPE, "kept"},
	{"one too many", "{\"l\":[\"a\",\"b\",\"c\"]}", JSON_WRONG_TYPE, "kept"},
	{"as many as allowed", "{\"l\":[\"a\",\"b\"]}", JSON_FOUND, "a b"},
	{"empty", "{\"l\":[]}", JSON_FOUND, ""},
};

static void
test_lists(void **state)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		const char *kept[] = {"kept"};
		struct strlist list = {kept, 1};
		struct json_object *object = parse(*state, lists[i].text);

		check(json_get_list(*state, object, "l", 2, &list) == lists[i].verdict,
		      lists[i].name);
		check_text(strlist_join(*state, &list, ' '), lists[i].joined, lists[i].name);
	}
}

static void
test_building_and_writing(void **state)
{
	struct arena *arena = *state;
	const char *items[] = {"x", "y"};
	struct strlist list = {items, 2};
	struct strlist none = {0};
	struct json_object *object = json_new_object(arena);
	struct json_object *array = json_new_array(arena);
	size_t size = 0;

	json_add_text(object, "url", "https://a/<\"\n\xC3\xA9");
	json_add_text(object, "no_text", NULL);
	json_add_int(object, "min", INT64_MIN);
	json_add_int(object, "max", INT64_MAX);
	json_add_bool(object, "yes", true);
	json_add_list(object, "list", &list);
	json_add_list(object, "no_list", &none);
	json_add(object, "no_value", NULL);
	json_push_text(array, "one");
	json_push_text(array, NULL);
	json_push(array, json_new_object(arena));
	json_push(array, NULL);
	json_add(object, "array", array);
	json_add(object, "again", array);

	char *text = json_write(arena, object, &size);

	assert_string_equal(text, "{\"url\":\"https://a/<\\\"\\u000a\xC3\xA9\","
				  "\"min\":-9223372036854775808,\"max\":9223372036854775807,"
				  "\"yes\":true,\"list\":[\"x\",\"y\"],"
				  "\"array\":[\"one\",{}],\"again\":[\"one\",{}]}");
	assert_int_equal(size, strlen(text));
	assert_non_null(json_parse_object(arena, text, size, NULL));
	/* a second writing leaves the first text alone */
	json_add_int(object, "min", 0);
	assert_string_not_equal(json_write(arena, object, NULL), text);
}

/* A value may outlive the arena it was made in when an object of another arena holds it. */
static void
test_shares(void **state)
{
	struct arena *shorter = arena_new(10000);
	struct json_object *object = json_new_object(*state);

	json_add(object, "a", json_new_array(shorter));
	arena_free(shorter);
	assert_string_equal(json_write(*state, object, NULL), "{\"a\":[]}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_documents),
		arena_test(test_null_is_valid_and_no_value),
		arena_test(test_size_limit),
		arena_test(test_many_keys),
		arena_test(test_memory_of_the_worst_documents),
		arena_test(test_getters_do_not_convert),
		arena_test(test_getters_of_no_object),
		arena_test(test_lists),
		arena_test(test_building_and_writing),
		arena_test(test_shares),
	};

	return cmocka_run_group_tests_name("base json", tests, NULL, NULL);
}
