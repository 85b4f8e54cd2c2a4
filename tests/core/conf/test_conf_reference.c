/* SPDX-License-Identifier: ISC */
/*
 * What is written from the table of options: the reference, the values in force, and the example
 * that is installed. All of it can be read again.
 */
#include "core/conf/conf.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "tests/core/conf/conf_folder.h"

static const char *
reference(struct arena *arena)
{
	struct buf out;

	buf_init(&out, arena, 65536);
	conf_reference(&out);
	assert_false(buf_failed(&out));
	return out.data;
}

static void
test_reference_lines(void **state)
{
	struct arena *arena = *state;
	struct strlist lines;

	assert_int_equal(strlist_split(arena, reference(arena), '\n', 1000, &lines), 0);
	for (size_t i = 0; i < lines.count; i++) {
		check(strlen(lines.item[i]) <= 80, lines.item[i]);
		check(!str_ends(lines.item[i], " "), lines.item[i]);
	}
}

/* Each row stands once in the reference, commented out with its default, under its section. */
static void
test_reference_has_all(void **state)
{
	struct arena *arena = *state;
	const char *text = reference(arena);
	const char *section = "";
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++) {
		const char *fallback = table[i].fallback;
		const char *line = arena_printf(arena, "\n#%s =%s%s\n", table[i].name,
						fallback[0] == '\0' ? "" : " ", fallback);
		const char *found = strstr(text, line);

		check(table[i].help[0] != '\0', table[i].name);
		for (size_t other = 0; other < i; other++)
			check(!str_equal(table[other].name, table[i].name), table[i].name);
		if (!str_equal(section, table[i].section)) {
			section = table[i].section;
			text = strstr(text, arena_printf(arena, "\n[%s]\n", section));
			check(text != NULL, section);
			found = strstr(text, line);
		}
		check(found != NULL, table[i].name);
		check(strstr(found + 1, line) == NULL, table[i].name);
		text = found;
	}
}

/* With its comments taken away the reference sets every default. */
static void
test_reference_is_read(void **state)
{
	struct arena *arena = *state;
	char *text = arena_strdup(arena, reference(arena));
	struct conf conf, defaults;
	struct buf a, b;
	const char *why;

	for (char *c = text; *c != '\0'; c++) {
		if (c[0] == '\n' && c[1] == '#' && c[2] != ' ')
			c[1] = ' ';
	}
	(void)load(arena, text, &conf, &why);
	/* only the master key, which is not there, may be wrong */
	if (why[0] != '\0')
		assert_non_null(strstr(why, ": master_key_file: "));
	(void)load(arena, "", &defaults, &why);
	buf_init(&a, arena, WHY_MAX);
	buf_init(&b, arena, WHY_MAX);
	conf_show(&conf, &a);
	conf_show(&defaults, &b);
	assert_string_equal(a.data, b.data);
}

static void
test_show_is_read(void **state)
{
	struct arena *arena = *state;
	struct conf conf, again;
	struct buf a, b;
	const char *why;

	assert_int_equal(load(arena,
			      KEY "[database]\ndb_socket =\ndb_host = db.example\ndb_ca = @/wide\n"
				  "db_port = 1\n[server]\nallow_http_loopback = on\n"
				  "[log]\nlog_level = error\nlog_target = stderr\n",
			      &conf, &why),
			 0);
	buf_init(&a, arena, WHY_MAX);
	conf_show(&conf, &a);
	assert_non_null(strstr(a.data, "\ndb_socket =\ndb_host = db.example\ndb_port = 1\n"));
	assert_non_null(strstr(a.data, "\nallow_http_loopback = yes\n"));
	assert_non_null(strstr(a.data, "\n\n[log]\nlog_target = stderr\nlog_level = error\n"));
	assert_int_equal(load(arena, a.data, &again, &why), 0);
	buf_init(&b, arena, WHY_MAX);
	conf_show(&again, &b);
	assert_string_equal(a.data, b.data);
}

/* A copy of text without the line of pages_dir, which depends on where one installs. */
static const char *
without_pages_dir(struct arena *arena, const char *text)
{
	const char *line = strstr(text, "\n#pages_dir = ");

	assert_non_null(line);
	return arena_printf(arena, "%.*s%s", (int)(line - text), text, strchr(line + 1, '\n'));
}

static void
test_example(void **state)
{
	struct arena *arena = *state;
	static char text[65537];
	FILE *file = fopen("conf-examples/ostiary.conf", "re");
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[size] = '\0';
	assert_string_equal(without_pages_dir(arena, text),
			    without_pages_dir(arena, reference(arena)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_reference_has_all), arena_test(test_reference_is_read),
		arena_test(test_show_is_read),      arena_test(test_example),
		arena_test(test_reference_lines),
	};

	return cmocka_run_group_tests_name("conf_reference", tests, make_folder, remove_folder);
}
