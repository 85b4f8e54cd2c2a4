/* SPDX-License-Identifier: ISC */
/*
 * Rows of resource servers: what is read from one, and every document that is refused.
 */
#include "core/model/resource.h"

#include "core/base/arena.h"
#include "core/base/json.h"
#include "tests/core/base/check.h"

static struct arena *arena;

static int
begin(void **state)
{
	(void)state;
	arena = arena_new(16 << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define API "https://api.example/v1"

static void
a_whole_row(void **state)
{
	const struct resource_row row = {
		.identifier = API,
		.display_name = "The API",
		.scopes = "{\"read\":{\"\":\"Read\",\"de\":\"Lesen\"},\"write\":{\"\":\"Write\"}}",
		.settings = "{\"access_token_lifetime\":\"5m\",\"access_token_format\":\"jwt\","
			    "\"access_token_alg\":\"EdDSA\"}",
		.introspection_clients = "a b",
	};
	struct resource resource;
	struct realm realm = {.resources = &resource, .resources_count = 1};
	const char *why = NULL;

	(void)state;
	assert_int_equal(resource_read(arena, &row, &resource, &why), 0);
	check_text(resource.identifier, API, "identifier");
	check_text(resource.display_name, "The API", "name");
	assert_int_equal(resource.scopes_count, 2);
	check_text(json_text_or_null(resource_scope(&resource, "read")->description, "de"), "Lesen",
		   "description");
	assert_null(resource_scope(&resource, "admin"));
	assert_int_equal(resource.access_token_lifetime, 300);
	assert_int_equal(resource.access_token_format, TOKEN_JWT);
	check_text(resource.access_token_alg, "EdDSA", "alg");
	check_text(strlist_join(arena, &resource.introspection_clients, ' '), "a b", "clients");
	assert_ptr_equal(realm_resource(&realm, API), &resource);
	assert_null(realm_resource(&realm, API "/"));
}

static void
the_least(void **state)
{
	const struct resource_row row = {.identifier = "urn:a", .scopes = "{}", .settings = "{}"};
	struct resource resource;
	const char *why = NULL;

	(void)state;
	assert_int_equal(resource_read(arena, &row, &resource, &why), 0);
	assert_null(resource.display_name);
	assert_int_equal(resource.scopes_count, 0);
	assert_int_equal(resource.access_token_lifetime, -1);
	assert_int_equal(resource.access_token_format, -1);
	assert_null(resource.access_token_alg);
	assert_int_equal(resource.introspection_clients.count, 0);
}

static const struct {
	const char *name, *identifier, *scopes, *settings;
} refused[] = {
	{"no URI", "api", "{}", "{}"},
	{"a fragment", API "#a", "{}", "{}"},
	{"a blank", API " b", "{}", "{}"},
	{"a quote", API "\"", "{}", "{}"},
	{"scopes that are none", API, "[]", "{}"},
	{"scopes that are broken", API, "{", "{}"},
	{"a scope's name", API, "{\"a b\":{\"\":\"x\"}}", "{}"},
	{"a scope with a quote", API, "{\"a\\\"\":{\"\":\"x\"}}", "{}"},
	{"a scope without texts", API, "{\"a\":\"x\"}", "{}"},
	{"a scope without a text for all", API, "{\"a\":{\"de\":\"x\"}}", "{}"},
	{"a description that is no text", API, "{\"a\":{\"\":\"x\",\"de\":1}}", "{}"},
	{"settings that are none", API, "{}", "1"},
	{"another setting", API, "{}", "{\"id_token_lifetime\":\"1h\"}"},
	{"an unknown setting", API, "{}", "{\"x\":\"1h\"}"},
	{"a bad value", API, "{}", "{\"access_token_alg\":\"none\"}"},
};

static void
what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct resource_row row = {
			.identifier = refused[i].identifier,
			.scopes = refused[i].scopes,
			.settings = refused[i].settings,
		};
		struct resource resource;
		const char *why = NULL;

		check(resource_read(arena, &row, &resource, &why) == -1, refused[i].name);
		check(why != NULL, refused[i].name);
	}
}

/* count times text with a number in it and a separator between. */
static const char *
repeated(const char *format, size_t count, const char *separator)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s%s%zu%s", text, i ? separator : "",
				    format[0] == '"' ? "\"s" : format, i,
				    format[0] == '"' ? "\":{\"\":\"x\"}" : "");
	return text;
}

static int
read_with(size_t scopes, size_t clients, size_t name)
{
	struct resource_row row = {
		.identifier = API,
		.display_name = arena_printf(arena, "%0*d", (int)name, 0),
		.scopes = arena_printf(arena, "{%s}", repeated("\"", scopes, ",")),
		.settings = "{}",
		.introspection_clients = repeated("c", clients, " "),
	};
	struct resource resource;
	const char *why;

	return resource_read(arena, &row, &resource, &why);
}

static void
limits(void **state)
{
	(void)state;
	check(read_with(RESOURCE_SCOPES_MAX, RESOURCE_INTROSPECTORS_MAX, RESOURCE_NAME_MAX) == 0,
	      "the most");
	check(read_with(RESOURCE_SCOPES_MAX + 1, 1, 1) == -1, "scopes");
	check(read_with(1, RESOURCE_INTROSPECTORS_MAX + 1, 1) == -1, "introspection clients");
	check(read_with(1, 1, RESOURCE_NAME_MAX + 1) == -1, "name");
	check(resource_identifier_mistake(arena, arena_printf(arena, "urn:%0251d", 0)) == NULL,
	      "identifier");
	check(resource_identifier_mistake(arena, arena_printf(arena, "urn:%0252d", 0)) != NULL,
	      "identifier too long");
}

#define model_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(a_whole_row),
		model_test(the_least),
		model_test(what_is_refused),
		model_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
