/* SPDX-License-Identifier: ISC */
/*
 * Metadata in languages (RFC 7591 2.2): which members may have a tag, what a tag is, which text a
 * reader gets, and that all of it comes back.
 */
#include "core/model/client.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "tests/core/base/check.h"

#define REDIRECT "\"redirect_uris\":[\"https://app.example/cb\"]"

static int
read_it(struct arena *arena, const char *document, struct client *client)
{
	struct settings realm;
	struct buf why;

	settings_default(&realm);
	buf_init(&why, arena, 4096);
	client_default(client, &realm);
	return client_from_json(arena, json_parse(arena, document, strlen(document), NULL), client,
				&why);
}

static void
test_tags(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"client_name#de", true},
		{"client_uri#pt-BR", true},
		{"logo_uri#zh-Hant-TW", true},
		{"policy_uri#x-12345678", true},
		{"tos_uri#es-419", true},
		{"client_name#", false},
		{"client_name#de-", false},
		{"client_name#-de", false},
		{"client_name#de--AT", false},
		{"client_name#d_e", false},
		{"client_name#de#AT", false},
		{"client_name#abcdefghi", false},
		{"contacts#de", false},
		{"redirect_uris#de", false},
		{"client_nam#de", false},
		{"client_name#a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *language;

		check((client_metadata_member(cases[i].name, &language) != NULL) == cases[i].good,
		      cases[i].name);
	}
}

static void
test_readers(void **state)
{
	static const struct {
		const char *reader, *text;
	} cases[] = {
		{NULL, "Notes"},      {"fr", "Notes"},     {"de", "Notizen"}, {"DE", "Notizen"},
		{"de-AT", "Notizen"}, {"de-CH", "Notize"}, {"d", "Notes"},    {"deu", "Notes"},
	};
	struct arena *arena = arena_new(1 << 20);
	struct client client = {0};

	(void)state;
	check(read_it(arena,
		      "{" REDIRECT ",\"client_name#de-CH\":\"Notize\",\"client_name\":\"Notes\","
		      "\"client_name#de\":\"Notizen\"}",
		      &client) == 0,
	      "read");
	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(client_text(&client, "client_name", cases[i].reader), cases[i].text,
			   cases[i].text);
	check_text(client_text(&client, "tos_uri", "de"), NULL, "what nobody told");
	check_text(json_text_or_null(client_to_json(arena, &client, false), "client_name#de"),
		   "Notizen", "it is written again");
	check(read_it(arena, "{" REDIRECT ",\"client_name#de\":5}", &client) == -1, "a number");
	check(read_it(arena, "{" REDIRECT ",\"client_name#de\":\"\"}", &client) == -1, "empty");
	check(read_it(arena, "{" REDIRECT ",\"tos_uri#de\":\"javascript:x\"}", &client) == -1,
	      "checked as the member is");
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
