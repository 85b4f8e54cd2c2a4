/* SPDX-License-Identifier: ISC */
/*
 * Catalogues: what a folder must hold to be loaded, which language a reader gets, and how
 * placeholders are filled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/http/locale.h"

#define ARENA_CAP (16 * 1024 * 1024)

static const char en[] = "{\"a\":\"A\",\"greet\":\"Hello {name}, {name} of {place}\","
			 "\"error_title\":\"Oh\",\"error_x\":\"X {name}\",\"error_x_hint\":\"H\","
			 "\"error_y\":\"Y\",\"error_y_title\":\"Y!\"}";

struct fixture {
	struct arena *arena;
	struct buf errors;
	char folder[32];
};

static void
write_file(const struct fixture *f, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.json", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
begin(struct fixture *f)
{
	f->arena = arena_new(ARENA_CAP);
	buf_init(&f->errors, f->arena, 8192);
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_locale_XXXXXX");
	assert_non_null(mkdtemp(f->folder));
}

static void
end(struct fixture *f)
{
	static const char *const names[] = {"en", "de", "fr", "zh-Hant", "ar"};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.json", f->folder, names[i]);
		unlink(path);
	}
	rmdir(f->folder);
	arena_free(f->arena);
}

static const struct locale_set *
load_five(struct fixture *f)
{
	const struct locale_set *set;

	write_file(f, "en", en);
	write_file(f, "de", en);
	write_file(f, "fr", en);
	write_file(f, "zh-Hant", en);
	write_file(f, "ar", en);
	set = locale_set_load(f->arena, f->folder, &f->errors);
	if (!set)
		fail_msg("%s", f->errors.data);
	return set;
}

static const struct pick_case {
	const char *name;
	const char *ui_locales;
	const char *accept;
	const char *tag;
} pick_cases[] = {
	{"nothing", NULL, NULL, "en"},
	{"empty", "", "", "en"},
	{"exact", NULL, "de", "de"},
	{"case", NULL, "DE-at", "de"},
	{"prefix", NULL, "de-AT", "de"},
	{"two subtags", NULL, "zh-Hant-TW", "zh-Hant"},
	{"a longer tag is no match", NULL, "zh", "en"},
	{"not a subtag", NULL, "deu", "en"},
	{"single letters go along", NULL, "de-x-private", "de"},
	{"order", NULL, "fr, de", "fr"},
	{"unknown first", NULL, "nl, xx-YY;q=0.9, de;q=0.2", "de"},
	{"quality", NULL, "en;q=0.5, de;q=0.8, fr;q=0.7", "de"},
	{"thousandths", NULL, "de;q=0.501,fr;q=0.502", "fr"},
	{"blanks", NULL, " de ; q=0.1 ,\tfr ; q=0.9 ", "fr"},
	{"upper case Q", NULL, "de;Q=0.1,fr;Q=0.2", "fr"},
	{"q=0 is not wanted", NULL, "de;q=0", "en"},
	{"q=0.000 is not wanted", NULL, "de;q=0.000", "en"},
	{"q=1.000", NULL, "fr;q=0.999,de;q=1.000", "de"},
	{"q above one", NULL, "de;q=1.1,fr;q=0.1", "fr"},
	{"q is not a number", NULL, "de;q=x,fr;q=0.1", "fr"},
	{"q is empty", NULL, "de;q=,fr;q=0.1", "fr"},
	{"q has too many digits", NULL, "de;q=0.9999,fr;q=0.1", "fr"},
	{"q is negative", NULL, "de;q=-1,fr;q=0.1", "fr"},
	{"another parameter", NULL, "de;level=1;q=0.1,fr;q=0.5", "fr"},
	{"star", NULL, "*", "en"},
	{"star and one", NULL, "*, de;q=0.1", "de"},
	{"commas", NULL, ",,de,,", "de"},
	{"dashes", NULL, "-, --, de", "de"},
	{"ui_locales first", "fr", "de", "fr"},
	{"ui_locales in order", "nl fr-CA de", NULL, "fr"},
	{"ui_locales unknown", "nl xx", "de", "de"},
	{"ui_locales blanks", "  fr  ", NULL, "fr"},
};

static void
test_pick(void **state)
{
	const struct locale_set *set;
	struct fixture f;

	(void)state;
	begin(&f);
	set = load_five(&f);
	for (size_t i = 0; i < sizeof(pick_cases) / sizeof(pick_cases[0]); i++) {
		const struct pick_case *c = &pick_cases[i];
		const struct locale *locale = locale_pick(set, c->ui_locales, c->accept);

		if (strcmp(locale->tag, c->tag) != 0)
			fail_msg("%s: got %s, expected %s", c->name, locale->tag, c->tag);
	}
	end(&f);
}

static void
test_pick_cap(void **state)
{
	char header[LOCALE_HEADER_MAX + 2];
	const struct locale_set *set;
	struct fixture f;

	(void)state;
	begin(&f);
	set = load_five(&f);
	memset(header, ' ', sizeof(header));
	memcpy(header, "de", 2);
	header[LOCALE_HEADER_MAX] = '\0';
	assert_string_equal(locale_pick(set, NULL, header)->tag, "de");
	assert_string_equal(locale_pick(set, header, NULL)->tag, "de");
	header[LOCALE_HEADER_MAX] = ' ';
	header[LOCALE_HEADER_MAX + 1] = '\0';
	assert_string_equal(locale_pick(set, NULL, header)->tag, "en");
	assert_string_equal(locale_pick(set, header, NULL)->tag, "en");
	end(&f);
}

static void
test_direction_and_tags(void **state)
{
	const struct locale_set *set;
	struct strlist tags;
	struct fixture f;

	(void)state;
	begin(&f);
	set = load_five(&f);
	assert_string_equal(locale_pick(set, "ar", NULL)->dir, "rtl");
	assert_string_equal(locale_pick(set, "de", NULL)->dir, "ltr");
	tags = locale_tags(f.arena, set);
	assert_string_equal(strlist_join(f.arena, &tags, ' '), "en ar de fr zh-Hant");
	end(&f);
}

static const struct load_case {
	const char *name;
	const char *en;
	const char *de;
	const char *error; /* within the errors; NULL when it loads */
} load_cases[] = {
	{"alike", "{\"a\":\"x {n}\"}", "{\"a\":\"{n} y {n}\"}", NULL},
	{"no English", NULL, "{\"a\":\"x\"}", ": en.json is missing\n"},
	{"a key is missing", "{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"x\"}",
	 "/de.json: missing: b\n"},
	{"a key too many", "{\"a\":\"x\"}", "{\"a\":\"x\",\"c\":\"y\"}",
	 "/de.json: not in en.json: c\n"},
	{"placeholder missing", "{\"a\":\"{n}\"}", "{\"a\":\"n\"}",
	 "/de.json: other placeholders: a\n"},
	{"placeholder too many", "{\"a\":\"n\"}", "{\"a\":\"{n}\"}",
	 "/de.json: other placeholders: a\n"},
	{"placeholder renamed", "{\"a\":\"{n}\"}", "{\"a\":\"{m}\"}",
	 "/de.json: other placeholders: a\n"},
	{"not a text", "{\"a\":\"x\"}", "{\"a\":1}", "/de.json: not a text: a\n"},
	{"an empty text", "{\"a\":\"x\"}", "{\"a\":\"\"}", "/de.json: not a text: a\n"},
	{"not flat", "{\"a\":{\"b\":\"x\"}}", "{\"a\":\"x\"}", "/en.json: not a text: a\n"},
	{"not JSON", "{\"a\":\"x\"}", "{a}", "/de.json: "},
	{"not an object", "{\"a\":\"x\"}", "[]", "/de.json: "},
	{"a key twice", "{\"a\":\"x\"}", "{\"a\":\"x\",\"a\":\"y\"}", "/de.json: "},
};

static void
test_load(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(load_cases) / sizeof(load_cases[0]); i++) {
		const struct load_case *c = &load_cases[i];
		const struct locale_set *set;
		struct fixture f;

		begin(&f);
		if (c->en)
			write_file(&f, "en", c->en);
		write_file(&f, "de", c->de);
		set = locale_set_load(f.arena, f.folder, &f.errors);
		if ((set != NULL) != (c->error == NULL))
			fail_msg("%s: %s", c->name, set ? "was loaded" : f.errors.data);
		if (c->error && !strstr(f.errors.data, c->error))
			fail_msg("%s: got \"%s\"", c->name, f.errors.data);
		end(&f);
	}
}

static void
test_long_keys(void **state)
{
	char text[LOCALE_KEY_MAX + 16], key[LOCALE_KEY_MAX + 2];
	struct fixture f;

	(void)state;
	begin(&f);
	memset(key, 'k', sizeof(key));
	key[LOCALE_KEY_MAX] = '\0';
	snprintf(text, sizeof(text), "{\"%s\":\"x\"}", key);
	write_file(&f, "en", text);
	assert_non_null(locale_set_load(f.arena, f.folder, &f.errors));
	key[LOCALE_KEY_MAX] = 'k';
	key[LOCALE_KEY_MAX + 1] = '\0';
	snprintf(text, sizeof(text), "{\"%s\":\"x\"}", key);
	write_file(&f, "en", text);
	assert_null(locale_set_load(f.arena, f.folder, &f.errors));
	end(&f);
}

static void
test_all_errors_are_told(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	write_file(&f, "en", "{\"a\":\"x\",\"b\":\"y\",\"c\":\"{n}\"}");
	write_file(&f, "de", "{\"c\":\"x\",\"d\":\"y\"}");
	write_file(&f, "fr", "{\"a\":\"x\",\"c\":\"{n}\"}");
	assert_null(locale_set_load(f.arena, f.folder, &f.errors));
	assert_non_null(strstr(f.errors.data, "/de.json: missing: a\n"));
	assert_non_null(strstr(f.errors.data, "/de.json: missing: b\n"));
	assert_non_null(strstr(f.errors.data, "/de.json: other placeholders: c\n"));
	assert_non_null(strstr(f.errors.data, "/de.json: not in en.json: d\n"));
	assert_non_null(strstr(f.errors.data, "/fr.json: missing: b\n"));
	end(&f);
}

static void
test_format(void **state)
{
	const struct locale *locale;
	char long_value[LOCALE_TEXT_MAX + 1];
	struct fixture f;

	(void)state;
	begin(&f);
	locale = locale_pick(load_five(&f), NULL, NULL);
	assert_string_equal(locale_text(locale, "a"), "A");
	assert_string_equal(locale_text(locale, "missing"), "missing");
	assert_null(locale_find(locale, "missing"));
	assert_string_equal(
		locale_format(f.arena, locale, "greet", "name", "Ada", "place", "Rome", NULL),
		"Hello Ada, Ada of Rome");
	assert_string_equal(locale_format(f.arena, locale, "greet", "place", NULL, NULL),
			    "Hello {name}, {name} of ");
	/* what a value holds is not looked through */
	assert_string_equal(
		locale_format(f.arena, locale, "greet", "name", "{place}", "place", "<b>", NULL),
		"Hello {place}, {place} of <b>");
	assert_string_equal(locale_format(f.arena, locale, "a", NULL), "A");
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	assert_string_equal(locale_format(f.arena, locale, "greet", "name", long_value, NULL),
			    "Hello {name}, {name} of {place}");
	end(&f);
}

static void
test_json(void **state)
{
	struct json_object *t;
	const struct locale *locale;
	struct fixture f;

	(void)state;
	begin(&f);
	locale = locale_pick(load_five(&f), NULL, NULL);
	assert_string_equal(json_text_or_null(locale_json(locale), "greet"),
			    "Hello {name}, {name} of {place}");
	t = locale_json_format(f.arena, locale, "name", "Ada", NULL);
	assert_string_equal(json_text_or_null(t, "greet"), "Hello Ada, Ada of {place}");
	assert_string_equal(json_text_or_null(t, "a"), "A");
	assert_int_equal(json_object_object_length(t),
			 json_object_object_length(locale_json(locale)));
	end(&f);
}

static void
test_error(void **state)
{
	struct json_object *error;
	const struct locale *locale;
	struct fixture f;

	(void)state;
	begin(&f);
	locale = locale_pick(load_five(&f), NULL, NULL);
	error = locale_error(f.arena, locale, "x", "name", "Ada", NULL);
	assert_string_equal(json_text_or_null(error, "title"), "Oh");
	assert_string_equal(json_text_or_null(error, "text"), "X Ada");
	assert_string_equal(json_text_or_null(error, "hint"), "H");
	error = locale_error(f.arena, locale, "y", NULL);
	assert_string_equal(json_text_or_null(error, "title"), "Y!");
	assert_string_equal(json_text_or_null(error, "text"), "Y");
	assert_null(json_text_or_null(error, "hint"));
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_pick_cap),
		cmocka_unit_test(test_direction_and_tags),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_all_errors_are_told),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests_name("locale", tests, NULL, NULL);
}
