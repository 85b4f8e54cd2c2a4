/* SPDX-License-Identifier: ISC */
/*
 * Templates: what our own pages rely on beyond the specification's cases (test_mustache.c), errors
 * with their lines, and the limits of compiling and rendering.
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
#include "core/http/page_file.h"
#include "core/http/template.h"

#define ARENA_CAP  (32 * 1024 * 1024)
#define ERRORS_MAX 16384
#define OUT_MAX    65536

struct fixture {
	struct arena *arena;
	struct buf errors;
	struct buf out;
};

static void
begin(struct fixture *f)
{
	f->arena = arena_new(ARENA_CAP);
	buf_init(&f->errors, f->arena, ERRORS_MAX);
	buf_init(&f->out, f->arena, OUT_MAX);
}

static void
end(struct fixture *f)
{
	arena_free(f->arena);
}

static const char *
text_of(const struct buf *buf)
{
	return buf->size ? buf->data : "";
}

static int
add(struct fixture *f, struct template_set *set, const char *name, const char *text)
{
	const char *file = arena_printf(f->arena, "%s.html", name);

	return template_set_add(set, name, file, text, strlen(text), &f->errors);
}

static struct json_object *
values(struct fixture *f, const char *text)
{
	const char *why = NULL;
	struct json_object *value = json_parse(f->arena, text, strlen(text), &why);

	if (!value)
		fail_msg("%s: %s", text, why);
	return value;
}

static const struct render_case {
	const char *name;
	const char *template;
	const char *partial; /* the template "p" */
	const char *values;
	const char *expected;
} render_cases[] = {
	{"all five are escaped", "{{x}}", "", "{\"x\":\"&<>\\\"'\"}", "&amp;&lt;&gt;&quot;&#39;"},
	{"a value is not a template", "{{x}}", "", "{\"x\":\"{{y}}\",\"y\":1}", "{{y}}"},
	{"an empty text is nothing", "{{#x}}a{{/x}}{{^x}}b{{/x}}", "", "{\"x\":\"\"}", "b"},
	{"zero is something", "{{#x}}a{{/x}}{{^x}}b{{/x}}", "", "{\"x\":0}", "a"},
	{"an empty object is something", "{{#x}}a{{/x}}", "", "{\"x\":{}}", "a"},
	{"objects and arrays have no text", "[{{x}}{{y}}]", "", "{\"x\":{\"a\":1},\"y\":[1]}",
	 "[]"},
	{"booleans", "{{x}} {{y}}", "", "{\"x\":true,\"y\":false}", "true false"},
	{"a yes is no context", "{{#a}}{{#b}}{{.}}{{/b}}{{/a}}", "", "{\"a\":[7],\"b\":true}", "7"},
	{"an inner null hides an outer value", "{{#a}}[{{x}}]{{/a}}", "",
	 "{\"a\":{\"x\":null},\"x\":1}", "[]"},
	{"large integers", "{{x}}", "", "{\"x\":9223372036854775807}", "9223372036854775807"},
	{"white space in tags", "{{ x }}{{# x }}!{{/ x }}", "", "{\"x\":1}", "1!"},
	{"braces that are no tag", "a { b } {c}} }}", "", "{}", "a { b } {c}} }}"},
	{"a comment over lines", "a\n{{!\n x\n}}\nb", "", "{}", "a\nb"},
	{"a partial in a partial's line", "<\n  {{>p}}\n>", "{{x}}{{!}}\n\ny\n",
	 "{\"x\":\"1\\n2\"}", "<\n  1\n2\n  \n  y\n>"},
	{"an inline partial", "<{{>p}}>\n", "a\nb\n", "{}", "<a\nb\n>\n"},
	{"an empty template", "", "", "{}", ""},
	{"dashes and digits in names", "{{a-1_b}}", "", "{\"a-1_b\":\"x\"}", "x"},
};

static void
test_render(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(render_cases) / sizeof(render_cases[0]); i++) {
		const struct render_case *c = &render_cases[i];
		struct template_set *set;
		struct fixture f;

		begin(&f);
		set = template_set_new(f.arena);
		if (add(&f, set, "main", c->template) < 0 || add(&f, set, "p", c->partial) < 0 ||
		    template_set_link(set, &f.errors) < 0)
			fail_msg("%s: %s", c->name, text_of(&f.errors));
		if (template_render(set, "main", values(&f, c->values), &f.out) != TEMPLATE_OK)
			fail_msg("%s: not rendered", c->name);
		if (strcmp(text_of(&f.out), c->expected) != 0)
			fail_msg("%s: got \"%s\"", c->name, text_of(&f.out));
		end(&f);
	}
}

static const struct error_case {
	const char *name;
	const char *template;
	const char *errors;
} error_cases[] = {
	{"three braces", "a\n{{{x}}}\n",
	 "t.html:2: unescaped output is not part of the language: x\n"},
	{"ampersand", "{{& x }}", "t.html:1: unescaped output is not part of the language: x\n"},
	{"delimiters", "\n\n{{=<% %>=}}", "t.html:3: delimiters cannot be changed: <% %>=\n"},
	{"not closed", "a\n{{#x}}\nb", "t.html:2: section is not closed: x\n"},
	{"closed by another", "{{#x}}\n{{/y}}",
	 "t.html:2: closes another section than the one open, which is x\n"},
	{"not open", "{{/y}}", "t.html:1: closes a section that is not open: y\n"},
	{"no end of a tag", "ab\n{{x", "t.html:2: tag is not closed\n"},
	{"no name", "{{}}", "t.html:1: not a name: \n"},
	{"blank in a name", "{{a b}}", "t.html:1: not a name: a b\n"},
	{"dot in front", "{{.a}}", "t.html:1: not a name: .a\n"},
	{"dot behind", "{{a.}}", "t.html:1: not a name: a.\n"},
	{"two dots", "{{a..b}}", "t.html:1: not a name: a..b\n"},
	{"too many parts", "{{a.a.a.a.a.a.a.a.a}}",
	 "t.html:1: name has too many parts: a.a.a.a.a.a.a.a.a\n"},
	{"another language's tag", "{{$x}}", "t.html:1: not a name: $x\n"},
	{"all of them", "{{{a}}}\n{{&b}}\n{{c d}}\n{{#e}}",
	 "t.html:1: unescaped output is not part of the language: a\n"
	 "t.html:2: unescaped output is not part of the language: b\n"
	 "t.html:3: not a name: c d\n"
	 "t.html:4: section is not closed: e\n"},
	{"not UTF-8", "\xff", "t.html:1: not UTF-8 text\n"},
	{"no such partial", "\n{{>nowhere}}", "t.html:2: no such partial: nowhere\n"},
};

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(error_cases) / sizeof(error_cases[0]); i++) {
		const struct error_case *c = &error_cases[i];
		struct template_set *set;
		struct fixture f;

		begin(&f);
		set = template_set_new(f.arena);
		if (add(&f, set, "t", c->template) == 0 && template_set_link(set, &f.errors) == 0)
			fail_msg("%s: is not refused", c->name);
		if (strcmp(text_of(&f.errors), c->errors) != 0)
			fail_msg("%s: got \"%s\"", c->name, text_of(&f.errors));
		assert_int_equal(template_render(set, "t", NULL, &f.out), TEMPLATE_OK);
		end(&f);
	}
}

static void
test_too_deep_sections(void **state)
{
	struct template_set *set;
	struct fixture f;
	struct buf text;

	(void)state;
	begin(&f);
	buf_init(&text, f.arena, 4096);
	for (int i = 0; i <= TEMPLATE_NEST_MAX; i++)
		buf_add_text(&text, "{{#a}}");
	for (int i = 0; i <= TEMPLATE_NEST_MAX; i++)
		buf_add_text(&text, "{{/a}}");
	set = template_set_new(f.arena);
	assert_int_equal(add(&f, set, "t", text.data), -1);
	assert_non_null(strstr(f.errors.data, "t.html:1: sections are nested too deep: a\n"));
	/* one level less is allowed */
	text.data[text.size - strlen("{{/a}}")] = '\0';
	assert_int_equal(add(&f, set, "u", text.data + strlen("{{#a}}")), 0);
	end(&f);
}

static void
test_long_names(void **state)
{
	char text[TEMPLATE_NAME_MAX + 6];
	struct fixture f;

	(void)state;
	begin(&f);
	memset(text, 'a', sizeof(text));
	memcpy(text, "{{", 2);
	memcpy(text + 2 + TEMPLATE_NAME_MAX, "}}", 3);
	assert_int_equal(add(&f, template_set_new(f.arena), "t", text), 0);
	memcpy(text + 2 + TEMPLATE_NAME_MAX, "a}}", 4);
	assert_int_equal(add(&f, template_set_new(f.arena), "t", text), -1);
	end(&f);
}

static void
test_long_tags_and_nul(void **state)
{
	static char text[TEMPLATE_TAG_MAX + 16];
	struct fixture f;

	(void)state;
	begin(&f);
	memset(text, ' ', sizeof(text));
	memcpy(text, "{{!", 3);
	memcpy(text + 2 + TEMPLATE_TAG_MAX, "}}", 3);
	assert_int_equal(add(&f, template_set_new(f.arena), "t", text), 0);
	memcpy(text + 2 + TEMPLATE_TAG_MAX, " }}", 4);
	assert_int_equal(add(&f, template_set_new(f.arena), "t", text), -1);
	assert_string_equal(f.errors.data, "t.html:1: tag is too long\n");
	assert_int_equal(
		template_set_add(template_set_new(f.arena), "t", "t", "a\0b", 3, &f.errors), -1);
	end(&f);
}

static const struct verdict_case {
	const char *name;
	const char *ask;
	const char *template;
	enum template_verdict verdict;
} verdict_cases[] = {
	{"unknown", "other", "x", TEMPLATE_UNKNOWN},
	{"includes itself", "t", "{{>t}}", TEMPLATE_TOO_DEEP},
	{"includes itself twice", "t", "{{>t}}{{>t}}", TEMPLATE_TOO_DEEP},
	{"includes itself in a section", "t", "{{#a}}{{>t}}{{/a}}", TEMPLATE_TOO_DEEP},
	{"includes itself for each", "t", "{{#b}}{{>t}}{{/b}}", TEMPLATE_TOO_DEEP},
	{"too long", "t", "{{#b}}{{#b}}{{#b}}0123456789{{/b}}{{/b}}{{/b}}", TEMPLATE_TOO_LONG},
	{"fits", "t", "{{#b}}{{#b}}0123456789{{/b}}{{/b}}", TEMPLATE_OK},
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct template_set *set;
		struct fixture f;

		begin(&f);
		buf_init(&f.out, f.arena, 1000);
		set = template_set_new(f.arena);
		assert_int_equal(add(&f, set, "t", c->template), 0);
		assert_int_equal(template_set_link(set, &f.errors), 0);
		if (template_render(set, c->ask,
				    values(&f, "{\"a\":{},\"b\":[1,2,3,4,5,6,7,8,9,10]}"),
				    &f.out) != c->verdict)
			fail_msg("%s: another verdict", c->name);
		end(&f);
	}
}

static void
write_file(const char *folder, const char *name, const char *text, size_t size)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	fclose(file);
}

static void
remove_file(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

/* PAGE_FILES_MAX files load, one more does not. */
static void
test_load_many(void **state)
{
	char folder[] = "/tmp/test_template_XXXXXX", name[32];
	struct fixture f;

	(void)state;
	begin(&f);
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i <= PAGE_FILES_MAX; i++) {
		if (i == PAGE_FILES_MAX)
			assert_non_null(template_set_load(f.arena, folder, &f.errors));
		snprintf(name, sizeof(name), "%d.html", i);
		write_file(folder, name, "x", 1);
	}
	assert_null(template_set_load(f.arena, folder, &f.errors));
	assert_non_null(strstr(f.errors.data, ": more than 64 files\n"));
	for (int i = 0; i <= PAGE_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.html", i);
		remove_file(folder, name);
	}
	rmdir(folder);
	end(&f);
}

static void
test_load(void **state)
{
	static char big[PAGE_FILE_MAX + 1];
	char folder[] = "/tmp/test_template_XXXXXX";
	const struct template_set *set;
	struct fixture f;

	(void)state;
	begin(&f);
	memset(big, 'x', sizeof(big));
	assert_null(template_set_load(f.arena, "/nonexistent", &f.errors));
	assert_non_null(strstr(f.errors.data, "/nonexistent: "));
	assert_non_null(mkdtemp(folder));
	write_file(folder, "a.html", "{{>b}}", 6);
	write_file(folder, "b.html", "{{x}}", 5);
	write_file(folder, "c.html~", "{{{x}}}", 7);
	write_file(folder, ".d.html", "{{{x}}}", 7);
	set = template_set_load(f.arena, folder, &f.errors);
	assert_non_null(set);
	assert_int_equal(template_render(set, "a", values(&f, "{\"x\":1}"), &f.out), TEMPLATE_OK);
	assert_string_equal(f.out.data, "1");
	write_file(folder, "e.html", "{{&x}}", 6);
	write_file(folder, "f.html", "{{>x}}", 6);
	write_file(folder, "g.html", big, sizeof(big));
	buf_init(&f.errors, f.arena, ERRORS_MAX);
	assert_null(template_set_load(f.arena, folder, &f.errors));
	assert_non_null(strstr(f.errors.data, "/e.html:1: unescaped"));
	assert_non_null(strstr(f.errors.data, "/f.html:1: no such partial: x\n"));
	assert_non_null(strstr(f.errors.data, "/g.html: is longer than"));
	remove_file(folder, "a.html");
	remove_file(folder, "b.html");
	remove_file(folder, "c.html~");
	remove_file(folder, ".d.html");
	remove_file(folder, "e.html");
	remove_file(folder, "f.html");
	remove_file(folder, "g.html");
	rmdir(folder);
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_deep_sections),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_long_tags_and_nul),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_load_many),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
