/* SPDX-License-Identifier: ISC */
/*
 * Rows of sources: what is read from one, and every row and option that is refused.
 */
#include "core/model/source.h"

#include <stdio.h>

#include "core/base/str.h"
#include "core/model/realm.h"
#include "tests/core/base/check.h"

static int
read_row(struct arena *arena, const char *name, const char *kind, const char *options,
	 struct source *source, const char **why)
{
	const struct source_row row = {
		.name = name, .kind = kind, .position = 7, .options = options};

	*why = NULL;
	return source_read(arena, &row, source, why);
}

static void
whole_rows(void **state)
{
	struct source source;
	const char *why;

	assert_int_equal(read_row(*state, "staff", "service",
				  "{\"service\":\"login\",\"amr\":\"pwd otp\",\"acr\":\"2\","
				  "\"email\":\"%u@example.org\","
				  "\"password_url\":\"https://example.org/p\","
				  "\"password_first\":\"false\"}",
				  &source, &why),
			 0);
	assert_string_equal(source.name, "staff");
	assert_int_equal(source.kind, SOURCE_SERVICE);
	assert_int_equal(source.position, 7);
	assert_string_equal(source.service, "login");
	assert_string_equal(source.view, "");
	assert_string_equal(source.amr, "pwd otp");
	assert_string_equal(source.acr, "2");
	assert_string_equal(source.email, "%u@example.org");
	assert_string_equal(source.password_url, "https://example.org/p");
	assert_false(source.password_first);
	assert_int_equal(
		read_row(*state, "shop", "table", "{\"view\":\"shop.people\"}", &source, &why), 0);
	assert_int_equal(source.kind, SOURCE_TABLE);
	assert_string_equal(source.view, "shop.people");
	assert_string_equal(source.amr, "pwd");
	assert_true(source.password_first);
	assert_int_equal(read_row(*state, SOURCE_LOCAL, "local", "{}", &source, &why), 0);
	assert_int_equal(source.kind, SOURCE_OWN);
}

#define LABEL_60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL_63 LABEL_60 "aaa"
#define LONG     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 33 */

static const struct {
	const char *what, *name, *kind, *options, *why;
} bad[] = {
	{"name empty", "", "service", "{\"service\":\"a\"}", "its name"},
	{"name long", LONG, "service", "{\"service\":\"a\"}", "its name"},
	{"name with a digit first", "1a", "service", "{\"service\":\"a\"}", "its name"},
	{"name with a capital", "A", "service", "{\"service\":\"a\"}", "its name"},
	{"name with an underscore", "a_b", "service", "{\"service\":\"a\"}", "its name"},
	{"kind", "a", "pam", "{\"service\":\"a\"}", "its kind"},
	{"local of another name", "a", "local", "{}", "named local"},
	{"service named local", "local", "service", "{\"service\":\"a\"}", "named local"},
	{"no JSON", "a", "service", "{", ""},
	{"no object", "a", "service", "[]", ""},
	{"option that is no text", "a", "service", "{\"service\":1}", "a text"},
	{"option that is null", "a", "service", "{\"service\":null}", "a text"},
	{"unknown option", "a", "service", "{\"service\":\"a\",\"shape\":\"b\"}", "no option"},
	{"option of another kind", "a", "service", "{\"service\":\"a\",\"view\":\"b.c\"}",
	 "no option"},
	{"option of local", "local", "local", "{\"email\":\"\"}", "no option"},
	{"no service", "a", "service", "{}", "service is missing"},
	{"no view", "a", "table", "{}", "view is missing"},
};

static void
bad_rows(void **state)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct source source;
		const char *why;

		check(read_row(*state, bad[i].name, bad[i].kind, bad[i].options, &source, &why) ==
			      -1,
		      bad[i].what);
		check(why && strstr(why, bad[i].why), bad[i].what);
	}
}

static const struct {
	enum source_kind kind;
	const char *option, *value;
	int wanted;
} values[] = {
	{SOURCE_SERVICE, "service", "a", 0},
	{SOURCE_SERVICE, "service", "a-b_9", 0},
	{SOURCE_SERVICE, "service", "", -1},
	{SOURCE_SERVICE, "service", "9a", -1},
	{SOURCE_SERVICE, "service", "../a", -1},
	{SOURCE_SERVICE, "service", "a b", -1},
	{SOURCE_SERVICE, "service", LONG, -1},
	{SOURCE_TABLE, "view", "a.b", 0},
	{SOURCE_TABLE, "view", "A_9.b_C", 0},
	{SOURCE_TABLE, "view", "a." LONG LONG, -1},
	{SOURCE_TABLE, "view", LONG LONG ".a", -1},
	{SOURCE_TABLE, "view", "a", -1},
	{SOURCE_TABLE, "view", "", -1},
	{SOURCE_TABLE, "view", ".a", -1},
	{SOURCE_TABLE, "view", "a.", -1},
	{SOURCE_TABLE, "view", "a.b.c", -1},
	{SOURCE_TABLE, "view", "a.b`", -1},
	{SOURCE_TABLE, "view", "a.b c", -1},
	{SOURCE_TABLE, "view", "a.\xc3\xa4", -1},
	{SOURCE_SERVICE, "amr", "pwd", 0},
	{SOURCE_OWN, "amr", "pwd otp", 0},
	{SOURCE_OWN, "amr", "", -1},
	{SOURCE_OWN, "amr", " ", -1},
	{SOURCE_OWN, "amr", "pwd\x01", -1},
	{SOURCE_OWN, "amr", LONG LONG, -1},
	{SOURCE_OWN, "amr", "\"x", -1},
	{SOURCE_OWN, "amr", "x\\", -1},
	{SOURCE_OWN, "amr", "p'w!d #~", 0},
	{SOURCE_OWN, "acr", "urn:x:y", 0},
	{SOURCE_OWN, "acr", "", -1},
	{SOURCE_OWN, "acr", "a b", -1},
	{SOURCE_OWN, "acr", LONG LONG LONG LONG, -1},
	{SOURCE_SERVICE, "email", "%u@example.org", 0},
	{SOURCE_SERVICE, "email", "", 0},
	{SOURCE_SERVICE, "email", "%u", -1},
	{SOURCE_SERVICE, "email", "%u@", -1},
	{SOURCE_SERVICE, "email", "a@b", -1},
	{SOURCE_SERVICE, "email", "%u@%u", -1},
	{SOURCE_SERVICE, "email", "%u@a@b", -1},
	{SOURCE_SERVICE, "email", "%u@a b", -1},
	{SOURCE_SERVICE, "email", "%u@a-B.9.e", 0},
	{SOURCE_SERVICE, "email", "%u@localhost", 0},
	{SOURCE_SERVICE, "email", "%u@-a.example", -1},
	{SOURCE_SERVICE, "email", "%u@a-.example", -1},
	{SOURCE_SERVICE, "email", "%u@a..example", -1},
	{SOURCE_SERVICE, "email", "%u@.example", -1},
	{SOURCE_SERVICE, "email", "%u@example.", -1},
	{SOURCE_SERVICE, "email", "%u@a_b.example", -1},
	{SOURCE_SERVICE, "email", "%u@\xc3\xa4.example", -1},
	{SOURCE_SERVICE, "email", "%u@" LABEL_63 ".e", 0},
	{SOURCE_SERVICE, "email", "%u@" LABEL_63 "x.e", -1},
	{SOURCE_SERVICE, "email", "%u@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_60, 0},
	{SOURCE_SERVICE, "email", "%u@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_60 "x", -1},
	{SOURCE_TABLE, "email", "%u@example.org", -1},
	{SOURCE_TABLE, "password_url", "https://example.org/", 0},
	{SOURCE_TABLE, "password_url", "", 0},
	{SOURCE_TABLE, "password_url", "javascript:alert(1)", -1},
	{SOURCE_TABLE, "password_url", "/p", -1},
	{SOURCE_OWN, "password_url", "https://example.org/", -1},
	{SOURCE_SERVICE, "password_first", "true", 0},
	{SOURCE_SERVICE, "password_first", "yes", -1},
	{SOURCE_TABLE, "password_first", "true", -1},
	{SOURCE_SERVICE, "shape", "round", -1},
};

static void
values_of_options(void **state)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		struct source source = {.kind = values[i].kind};
		const char *why = NULL;
		char name[256];

		snprintf(name, sizeof(name), "%s=%s", values[i].option, values[i].value);
		check(source_set(*state, &source, values[i].option, values[i].value, &why) ==
			      values[i].wanted,
		      name);
		check(values[i].wanted == 0 || (why && strlen(why) > 0), name);
	}
}

/* The table tells the manual what a row without options gets. */
static void
fallbacks_are_good(void **state)
{
	size_t count;
	const struct source_option *options = source_options(&count);

	for (size_t i = 0; i < count; i++) {
		for (unsigned kind = SOURCE_OWN; kind <= SOURCE_SERVICE; kind++) {
			struct source source = {.kind = (enum source_kind)kind};
			const char *why = NULL;
			bool is_needed = str_equal(options[i].name, "service") ||
					 str_equal(options[i].name, "view");

			if (!(options[i].kinds & (1U << kind)) || is_needed)
				continue;
			check(source_set(*state, &source, options[i].name, options[i].fallback,
					 &why) == 0,
			      options[i].name);
		}
	}
}

static void
kinds_by_name(void **state)
{
	enum source_kind kind;

	(void)state;
	for (unsigned i = SOURCE_OWN; i <= SOURCE_SERVICE; i++) {
		assert_int_equal(source_kind_find(source_kind_name((enum source_kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(source_kind_find("", &kind), -1);
	assert_int_equal(source_kind_find("Local", &kind), -1);
}

static void
sources_of_a_realm(void **state)
{
	const struct source two[] = {{.name = "local"}, {.name = "staff"}};
	const struct realm realm = {.sources = two, .sources_count = 2};

	(void)state;
	assert_ptr_equal(realm_source(&realm, "staff"), &two[1]);
	assert_ptr_equal(realm_source(&realm, "local"), &two[0]);
	assert_null(realm_source(&realm, "shop"));
	assert_string_equal(source_own()->name, SOURCE_LOCAL);
	assert_int_equal(source_own()->kind, SOURCE_OWN);
	assert_true(source_own()->password_first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(whole_rows),          arena_test(bad_rows),
		arena_test(values_of_options),   arena_test(fallbacks_are_good),
		cmocka_unit_test(kinds_by_name), cmocka_unit_test(sources_of_a_realm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
