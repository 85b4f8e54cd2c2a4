/* SPDX-License-Identifier: ISC */
/*
 * Forms: one bad piece refuses all of it, wherever it stands; the number of fields has its limit.
 */
#include "core/base/form.h"

#include "core/base/buf.h"
#include "core/base/percent.h"

#include "check.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
	const char *name;
	const char *text;
	size_t size;
	enum form_verdict verdict;
	const char *fields; /* "name=value;" for each */
} forms[] = {
	{"percent alone", TEXT("a=%"), FORM_MALFORMED, ""},
	{"one digit", TEXT("a=%4"), FORM_MALFORMED, ""},
	{"no digit", TEXT("a=%g0"), FORM_MALFORMED, ""},
	{"second digit bad", TEXT("a=%0g"), FORM_MALFORMED, ""},
	{"escape across the separator", TEXT("a=%4&1=b"), FORM_MALFORMED, ""},
	{"escape across the equals sign", TEXT("a%4=1"), FORM_MALFORMED, ""},
	{"escaped NUL", TEXT("a=b%00c"), FORM_MALFORMED, ""},
	{"escaped NUL in a name", TEXT("a%00=b"), FORM_MALFORMED, ""},
	{"raw NUL", TEXT("a=b\0c"), FORM_MALFORMED, ""},
	{"overlong UTF-8", TEXT("a=%C0%AF"), FORM_MALFORMED, ""},
	{"surrogate", TEXT("a=%ED%A0%80"), FORM_MALFORMED, ""},
	{"raw bad UTF-8", TEXT("a=\xFF"), FORM_MALFORMED, ""},
	{"UTF-8 cut by the separator", TEXT("a=%C3&b=%A9"), FORM_MALFORMED, ""},
	{"bad behind good", TEXT("a=1&b=2&c=%"), FORM_MALFORMED, ""},
	{"bad value without a name", TEXT("a=1&=%zz"), FORM_MALFORMED, ""},
	{"bad name", TEXT("%zz=1"), FORM_MALFORMED, ""},
	{"empty", TEXT(""), FORM_OK, ""},
	{"separators", TEXT("&&&"), FORM_OK, ""},
	{"equals signs", TEXT("=&=&="), FORM_OK, ""},
	{"no name", TEXT("=x&a=1"), FORM_OK, "a=1;"},
	{"no equals sign", TEXT("a&b=2"), FORM_OK, "a=;b=2;"},
	{"empty value", TEXT("a="), FORM_OK, "a=;"},
	{"equals in the value", TEXT("a=b=c=="), FORM_OK, "a=b=c==;"},
	{"plus and escapes", TEXT("a+b=c+%2B%26%3d%25"), FORM_OK, "a b=c +&=%;"},
	{"decoded once", TEXT("a=%2541"), FORM_OK, "a=%41;"},
	{"UTF-8", TEXT("%C3%A9=\xF0\x9F\x98\x80"), FORM_OK, "\xC3\xA9=\xF0\x9F\x98\x80;"},
	{"order and duplicates", TEXT("b=2&a=1&b=3"), FORM_OK, "b=2;a=1;b=3;"},
	{"blanks belong to it", TEXT(" a = b "), FORM_OK, " a = b ;"},
	{"semicolon separates nothing", TEXT("a=1;b"), FORM_OK, "a=1;b;"},
};

static char *
show(struct arena *arena, const struct form *form)
{
	struct buf buf;

	buf_init(&buf, arena, 1000);
	for (size_t i = 0; i < form->count; i++)
		buf_printf(&buf, "%s=%s;", form->field[i].name, form->field[i].value);
	assert_false(buf_failed(&buf));
	return buf.data;
}

static void
test_forms(void **state)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct form form = {.count = 99};
		/* an exact copy, so that a sanitizer sees a read behind the end */
		char *text = malloc(forms[i].size + 1);

		assert_non_null(text);
		memcpy(text + 1, forms[i].text, forms[i].size);
		check(form_parse(*state, text + 1, forms[i].size, &form) == forms[i].verdict,
		      forms[i].name);
		check_text(show(*state, &form), forms[i].fields, forms[i].name);
		free(text);
	}
}

static void
test_number_of_fields(void **state)
{
	struct form form;
	struct buf buf;

	buf_init(&buf, *state, 10000);
	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		buf_printf(&buf, "&&f%d=%d&=", i, i);
	assert_int_equal(form_parse(*state, buf.data, buf.size, &form), FORM_OK);
	assert_int_equal(form.count, FORM_FIELDS_MAX);
	assert_string_equal(form_get(&form, "f255"), "255");
	buf_add_text(&buf, "&x");
	assert_int_equal(form_parse(*state, buf.data, buf.size, &form), FORM_TOO_MANY);
	assert_int_equal(form.count, 0);
}

static void
test_looking_up(void **state)
{
	struct form form;

	assert_int_equal(form_parse(*state, TEXT("a=1&b&a=2&A=3"), &form), FORM_OK);
	assert_string_equal(form_get(&form, "a"), "1");
	assert_string_equal(form_get(&form, "b"), "");
	assert_null(form_get(&form, "c"));
	assert_int_equal(form_count(&form, "a"), 2);
	assert_int_equal(form_count(&form, "b"), 1);
	assert_int_equal(form_count(&form, "c"), 0);
}

static void
test_empty_fields(void **state)
{
	struct form form;

	assert_int_equal(form_parse(*state, TEXT("a=&b=1&c&a=&b=&a=2"), &form), FORM_OK);
	form_drop_empty(&form);
	assert_int_equal(form.count, 2);
	assert_string_equal(form_get(&form, "a"), "2");
	assert_string_equal(form_get(&form, "b"), "1");
	assert_null(form_get(&form, "c"));
	assert_int_equal(form_count(&form, "b"), 1);
}

static void
test_single_texts(void **state)
{
	assert_string_equal(form_decode(*state, TEXT("a%3Ab+c&d=e")), "a:b c&d=e");
	assert_string_equal(form_decode(*state, TEXT("")), "");
	assert_null(form_decode(*state, TEXT("%")));
	assert_null(form_decode(*state, TEXT("%00")));
	assert_null(form_decode(*state, TEXT("%FF")));
}

static const struct {
	const char *text; /* the name too */
	size_t left;
	int byte;
} escapes[] = {
	{"%", 1, -1},     {"%4", 2, -1},    {"%41", 2, -1}, {"%4", 3, -1},  {"%", 3, -1},
	{"%g0", 3, -1},   {"%0g", 3, -1},   {"%/0", 3, -1}, {"%:0", 3, -1}, {"%@0", 3, -1},
	{"%G0", 3, -1},   {"%`0", 3, -1},   {"% 1", 3, -1}, {"%-1", 3, -1}, {"%00", 3, 0},
	{"%fF", 3, 0xFF}, {"%Aa", 3, 0xAA}, {"%099", 4, 9},
};

static void
test_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++)
		check(percent_byte(escapes[i].text, escapes[i].left) == escapes[i].byte,
		      escapes[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_forms),        arena_test(test_number_of_fields),
		arena_test(test_looking_up),   arena_test(test_empty_fields),
		arena_test(test_single_texts), cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests_name("base form", tests, NULL, NULL);
}
