/* SPDX-License-Identifier: ISC */
/*
 * Templates against the cases of the mustache specification: all but those of the features that are
 * left out, which must be refused. How many ran and which were left out is printed.
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

struct tally {
	int ran;
	int refused;
};

static const char *
vector_path(struct arena *arena, const char *file)
{
	const char *folder = getenv("OSTIARY_VECTORS");

	return arena_printf(arena, "%s/mustache/%s.json", folder ? folder : "../shared/vectors",
			    file);
}

static const char *
member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value ? json_object_get_string(value) : "";
}

static bool
uses_left_out(const char *text)
{
	return strstr(text, "{{{") || strstr(text, "{{&") || strstr(text, "{{=");
}

/* Compiles the partials and the template of a case. -1 when one has errors. */
static int
add_case(struct fixture *f, struct template_set *set, struct json_object *vector, bool *left_out)
{
	struct json_object *partials = NULL;
	int result = add(f, set, "main", member(vector, "template"));

	*left_out = uses_left_out(member(vector, "template"));
	if (!json_object_object_get_ex(vector, "partials", &partials))
		return result;
	json_object_object_foreach(partials, name, text)
	{
		*left_out = *left_out || uses_left_out(json_object_get_string(text));
		if (add(f, set, name, json_object_get_string(text)) < 0)
			result = -1;
	}
	return result;
}

static void
run_case(const char *file, struct json_object *vector, struct tally *tally)
{
	const char *name = member(vector, "name");
	struct template_set *set;
	struct json_object *data = NULL;
	struct fixture f;
	bool left_out;
	int added;

	begin(&f);
	set = template_set_new(f.arena);
	added = add_case(&f, set, vector, &left_out);
	if (left_out) {
		if (added == 0)
			fail_msg("%s: %s: is not refused", file, name);
		print_message("left out, and refused: %s: %s\n", file, name);
		tally->refused++;
		end(&f);
		return;
	}
	if (added < 0)
		fail_msg("%s: %s: %s", file, name, text_of(&f.errors));
	/* "Failed Lookup" has a partial that is not there: told as an error, rendered as nothing */
	if ((template_set_link(set, &f.errors) < 0) != (strcmp(name, "Failed Lookup") == 0))
		fail_msg("%s: %s: link: %s", file, name, text_of(&f.errors));
	json_object_object_get_ex(vector, "data", &data);
	assert_int_equal(template_render(set, "main", data, &f.out), TEMPLATE_OK);
	if (strcmp(text_of(&f.out), member(vector, "expected")) != 0)
		fail_msg("%s: %s: got \"%s\", expected \"%s\"", file, name, text_of(&f.out),
			 member(vector, "expected"));
	tally->ran++;
	end(&f);
}

static void
run_file(const char *file, struct tally *tally)
{
	struct json_object *tests = NULL;
	struct fixture f;
	const char *why = NULL;
	size_t size;
	char *text;

	begin(&f);
	text = page_file_read(f.arena, vector_path(f.arena, file), &size, &f.errors);
	if (!text)
		fail_msg("%s", text_of(&f.errors));
	json_object_object_get_ex(json_parse_object(f.arena, text, size, &why), "tests", &tests);
	if (!tests)
		fail_msg("%s: %s", file, why ? why : "no tests");
	for (size_t i = 0; i < json_object_array_length(tests); i++)
		run_case(file, json_object_array_get_idx(tests, i), tally);
	end(&f);
}

static void
test_vectors(void **state)
{
	static const char *const files[] = {"comments", "interpolation", "inverted",
					    "partials", "sections",      "delimiters"};
	struct tally tally = {0, 0};
	struct arena *arena = arena_new(65536);

	(void)state;
	if (access(vector_path(arena, "sections"), R_OK) != 0) {
		print_message("left out: no vectors\n");
		arena_free(arena);
		skip();
	}
	arena_free(arena);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		run_file(files[i], &tally);
	print_message("mustache: %d cases ran, %d left out and refused\n", tally.ran,
		      tally.refused);
	assert_true(tally.ran > 90 && tally.refused > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("mustache", tests, NULL, NULL);
}
