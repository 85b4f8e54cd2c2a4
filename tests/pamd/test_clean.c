/* SPDX-License-Identifier: ISC */
/*
 * Texts of modules made fit for pages, and what is too much to tell about a person.
 */
#include "pamd/clean.h"

#include "core/port/broker_wire.h"
#include "tests/core/base/check.h"

static void
texts_are_cleaned(void **state)
{
	static const struct {
		const char *name, *text, *wanted;
	} cases[] = {
		{"plain", "Password: ", "Password:"},
		{"nothing", "", ""},
		{"blanks alone", " \n\t ", ""},
		{"newlines stay", "one\ntwo\r\n", "one\ntwo"},
		{"UTF-8 stays", "Schl\xc3\xbcssel \xe2\x82\xac \xf0\x9f\x94\x91",
		 "Schl\xc3\xbcssel \xe2\x82\xac \xf0\x9f\x94\x91"},
		{"Latin-1 does not", "Schl\xfcssel", "Schl?ssel"},
		{"an overlong slash", "\xc0\xaf", "??"},
		{"a surrogate", "\xed\xa0\x80x", "???x"},
		{"cut at the end", "x\xe2\x82", "x??"},
		{"escapes", "\x1b[2Jx", " [2Jx"},
		{"C1", "\xc2\x9bx", " x"},
		{"DEL",
		 "a\x7f"
		 "b",
		 "a b"},
		{"as long as may be", "0123456789", "0123456789"},
		{"longer", "0123456789x", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t max = i < COUNT(cases) - 2 ? 100 : 10;

		check_text(clean_text(*state, cases[i].text, max), cases[i].wanted, cases[i].name);
	}
}

static void
private_texts_are_cut(void **state)
{
	char text[BROKER_WHY_MAX + 100];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(clean_why(*state, text)), BROKER_WHY_MAX);
	assert_null(clean_why(*state, NULL));
	check_text(clean_why(*state, "a\nb\xff"), "a?b?", "no line is forged");
}

static void
which_names_are_plain(void **state)
{
	static const struct {
		const char *name, *text;
		bool plain;
	} cases[] = {
		{"a name", "alice", true},
		{"with a blank", "Alice Doe", true},
		{"UTF-8", "J\xc3\xbcrgen", true},
		{"none", NULL, false},
		{"empty", "", false},
		{"a line end", "a\nb", false},
		{"a tab", "a\tb", false},
		{"Latin-1", "J\xfcrgen", false},
		{"C1", "a\xc2\x85", false},
		{"ten", "0123456789", true},
		{"eleven", "0123456789x", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(clean_is_plain(cases[i].text, 10) == cases[i].plain, cases[i].name);
}

static void
persons_are_checked(void **state)
{
	const char *long_text = memset(arena_alloc(*state, 2000), 'x', 1999);
	const char **many = arena_array(*state, BROKER_GROUPS_MAX + 1, sizeof(*many));
	const char *const one[] = {"a"}, *const bad[] = {"a", ""}, *const wide[] = {long_text};

	for (size_t i = 0; i <= BROKER_GROUPS_MAX; i++)
		many[i] = "g";

	const struct {
		const char *name;
		struct broker_person person;
		bool fine;
	} cases[] = {
		{"the least", {"u", "u:1", {NULL, 0}, {NULL, 0}}, true},
		{"all", {"u", "u:1", {one, 1}, {one, 1}}, true},
		{"no name", {NULL, "u:1", {NULL, 0}, {NULL, 0}}, false},
		{"a long name", {long_text, "u:1", {NULL, 0}, {NULL, 0}}, false},
		{"no key", {"u", "", {NULL, 0}, {NULL, 0}}, false},
		{"a long key", {"u", long_text, {NULL, 0}, {NULL, 0}}, false},
		{"an empty claim", {"u", "u:1", {bad, 2}, {NULL, 0}}, false},
		{"a long claim", {"u", "u:1", {wide, 1}, {NULL, 0}}, false},
		{"as many claims as may be",
		 {"u", "u:1", {many, BROKER_CLAIMS_MAX}, {one, 1}},
		 true},
		{"one more", {"u", "u:1", {many, BROKER_CLAIMS_MAX + 1}, {one, 1}}, false},
		{"a long group", {"u", "u:1", {one, 1}, {wide, 1}}, false},
		{"as many groups as may be",
		 {"u", "u:1", {one, 1}, {many, BROKER_GROUPS_MAX}},
		 true},
		{"one more group", {"u", "u:1", {one, 1}, {many, BROKER_GROUPS_MAX + 1}}, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check((clean_person_mistake(&cases[i].person) == NULL) == cases[i].fine,
		      cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(texts_are_cleaned),
		arena_test(private_texts_are_cut),
		arena_test(which_names_are_plain),
		arena_test(persons_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
