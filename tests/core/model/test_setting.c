/* SPDX-License-Identifier: ISC */
/*
 * Settings: what is refused first, then both ends of every row's range, then documents.
 */
#include "core/model/setting.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "tests/core/base/check.h"

static const struct {
	const char *name;
	const char *setting;
	const char *text;
	const char *written; /* NULL: refused */
	const char *why;
} values[] = {
	{"NULL", "code_lifetime", NULL, NULL,
	 "code_lifetime: write a duration from 10s to 10m with a unit s, m, h or d"},
	{"empty", "access_token_lifetime", "", NULL,
	 "access_token_lifetime: write a duration from 1m to 1d with a unit s, m, h or d"},
	{"no number", "refresh_token_grace", "soon", NULL,
	 "refresh_token_grace: write a duration from 0s to 5m with a unit s, m, h or d"},
	{"unit of weeks", "session_idle", "1w", NULL,
	 "session_idle: write a duration from 1m to 400d with a unit s, m, h or d"},
	{"negative", "key_rotation", "-1s", NULL,
	 "key_rotation: write a duration from 0s to 3650d with a unit s, m, h or d"},
	{"overflow by unit", "key_rotation", "9223372036854775807d", NULL,
	 "key_rotation: write a duration from 0s to 3650d with a unit s, m, h or d"},
	{"format in capitals", "access_token_format", "JWT", NULL,
	 "access_token_format: write jwt or opaque"},
	{"format with blank", "access_token_format", "jwt ", NULL,
	 "access_token_format: write jwt or opaque"},
	{"alg none", "access_token_alg", "none", NULL,
	 "access_token_alg: write RS256, PS256, ES256 or EdDSA"},
	{"symmetric alg", "id_token_signed_response_alg", "HS256", NULL,
	 "id_token_signed_response_alg: write RS256, PS256, ES256 or EdDSA"},
	{"seconds without unit", "code_lifetime", "90", "90s", NULL},
	{"seconds that are minutes", "code_lifetime", "120s", "2m", NULL},
	{"minutes that are hours", "access_token_lifetime", "60m", "1h", NULL},
	{"hours that are days", "session_lifetime", "48h", "2d", NULL},
	{"hours that are no days", "session_lifetime", "25h", "25h", NULL},
	{"zero", "key_rotation", "0", "0s", NULL},
	{"opaque", "access_token_format", "opaque", "opaque", NULL},
	{"jwt", "access_token_format", "jwt", "jwt", NULL},
	{"EdDSA", "access_token_alg", "EdDSA", "EdDSA", NULL},
	{"PS256", "id_token_signed_response_alg", "PS256", "PS256", NULL},
	{"a number", "client_rate", "600", "600", NULL},
	{"a truth", "require_pushed_authorization_requests", "true", "true", NULL},
	{"half a truth", "require_pushed_authorization_requests", "1", NULL,
	 "require_pushed_authorization_requests: write false or true"},
	{"a number of nothing", "client_rate", "0", "0", NULL},
	{"a number with a unit", "client_rate", "10m", NULL,
	 "client_rate: write a number from 0 to 6000000"},
};

static void
test_values(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(values); i++) {
		const struct setting *setting = setting_find(values[i].setting);
		struct settings before, after;
		const char *why = NULL;
		int result;

		assert_non_null(setting);
		settings_default(&before);
		after = before;
		result = setting_parse(arena, setting, values[i].text, &after, &why);
		check((result == 0) == (values[i].written != NULL), values[i].name);
		check_text(why, values[i].why, values[i].name);
		check_text(setting_format(arena, setting, &after),
			   values[i].written ? values[i].written
					     : setting_format(arena, setting, &before),
			   values[i].name);
	}
}

/* Every duration and number takes both ends of its range and nothing beyond. */
static void
test_ranges(void **state)
{
	struct arena *arena = *state;
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		const struct setting *row = &table[i];
		const struct {
			int64_t value;
			int result;
		} cases[] = {{row->min - 1, -1}, {row->max + 1, -1}, {row->min, 0}, {row->max, 0}};

		if (row->type != SETTING_DURATION && row->type != SETTING_NUMBER)
			continue;
		for (size_t c = 0; c < COUNT(cases); c++) {
			struct settings settings;
			const char *why;
			const char *text = arena_printf(arena, "%lld%s", (long long)cases[c].value,
							row->type == SETTING_DURATION ? "s" : "");

			settings_default(&settings);
			check(setting_parse(arena, row, text, &settings, &why) == cases[c].result,
			      arena_printf(arena, "%s = %s", row->name, text));
		}
	}
}

/* Rows: unique names, a help, offsets of their own, and defaults written as people would. */
static void
test_rows(void **state)
{
	struct arena *arena = *state;
	struct settings settings;
	size_t count;
	const struct setting *table = settings_table(&count);

	settings_default(&settings);
	assert_int_equal(count * sizeof(int64_t), sizeof(struct settings));
	for (size_t i = 0; i < count; i++) {
		check(setting_find(table[i].name) == &table[i], table[i].name);
		check(!str_empty(table[i].help), table[i].name);
		check((table[i].choices != NULL) == (table[i].type == SETTING_CHOICE_NUMBER ||
						     table[i].type == SETTING_CHOICE_TEXT),
		      table[i].name);
		check_text(setting_format(arena, &table[i], &settings), table[i].fallback,
			   table[i].name);
		for (size_t other = 0; other < i; other++)
			check(table[other].offset != table[i].offset, table[i].name);
	}
	assert_null(setting_find("no_such"));
	assert_null(setting_find(NULL));
}

static void
test_defaults(void **state)
{
	struct settings s;

	(void)state;
	settings_default(&s);
	assert_int_equal(s.access_token_lifetime, 3600);
	assert_int_equal(s.access_token_format, TOKEN_JWT);
	assert_string_equal(s.access_token_alg, "ES256");
	assert_string_equal(s.id_token_alg, "RS256");
	assert_int_equal(s.id_token_lifetime, 3600);
	assert_int_equal(s.code_lifetime, 60);
	assert_int_equal(s.refresh_token_lifetime, 90 * 86400);
	assert_int_equal(s.refresh_token_idle, 30 * 86400);
	assert_int_equal(s.refresh_token_grace, 30);
	assert_int_equal(s.session_lifetime, 7 * 86400);
	assert_int_equal(s.session_idle, 12 * 3600);
	assert_int_equal(s.flow_lifetime, 3600);
	assert_int_equal(s.key_rotation, 90 * 86400);
	assert_int_equal(s.audit_retention, 400 * 86400);
	assert_int_equal(s.client_rate, 60000);
	assert_int_equal(s.par_lifetime, 60);
	assert_int_equal(s.require_pushed, 0);
	assert_int_equal(s.device_code_lifetime, 600);
}

static const struct {
	const char *name;
	const char *document;
	bool for_client;
	const char *why;       /* NULL: taken */
	int64_t code, session; /* afterwards */
} documents[] = {
	{"no object", "[]", false, "settings: write an object of names and texts", 60, 604800},
	{"unknown", "{\"colour\":\"red\"}", false, "colour: there is no such setting", 60, 604800},
	{"unknown, unprintable", "{\"\\u001b[2J\":\"red\"}", false,
	 "(unprintable): there is no such setting", 60, 604800},
	{"number", "{\"code_lifetime\":30}", false,
	 "code_lifetime: write a duration from 10s to 10m with a unit s, m, h or d", 60, 604800},
	{"null", "{\"code_lifetime\":null}", false,
	 "code_lifetime: write a duration from 10s to 10m with a unit s, m, h or d", 60, 604800},
	{"one good, one bad: nothing is changed",
	 "{\"code_lifetime\":\"30s\",\"session_lifetime\":\"x\"}", false,
	 "session_lifetime: write a duration from 1m to 400d with a unit s, m, h or d", 60, 604800},
	{"client over a realm's own", "{\"session_lifetime\":\"1h\"}", true,
	 "session_lifetime: only a realm has this setting", 60, 604800},
	{"client over what it may", "{\"code_lifetime\":\"30s\"}", true, NULL, 30, 604800},
	{"realm", "{\"code_lifetime\":\"30s\",\"session_lifetime\":\"1h\"}", false, NULL, 30, 3600},
	{"empty", "{}", true, NULL, 60, 604800},
};

static void
test_documents(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(documents); i++) {
		const char *text = documents[i].document;
		struct settings settings;
		const char *why = NULL;
		int result;

		settings_default(&settings);
		result = settings_apply(arena, json_parse(arena, text, strlen(text), NULL),
					documents[i].for_client, &settings, &why);
		check((result == 0) == (documents[i].why == NULL), documents[i].name);
		check_text(why, documents[i].why, documents[i].name);
		check(settings.code_lifetime == documents[i].code, documents[i].name);
		check(settings.session_lifetime == documents[i].session, documents[i].name);
	}
}

/* Which settings a client may override, told one by one: each is a decision. */
static void
test_client_may(void **state)
{
	static const char *const realm_only[] = {"session_lifetime",
						 "session_idle",
						 "flow_lifetime",
						 "key_rotation",
						 "audit_retention",
						 "require_pushed_authorization_requests",
						 "mtls_endpoint_base",
						 "registration",
						 "registration_scopes",
						 "registration_profile",
						 "registration_limit",
						 "registration_unused",
						 "client_id_metadata_document"};
	size_t count;
	const struct setting *table = settings_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool is_realm_only = false;

		for (size_t r = 0; r < COUNT(realm_only); r++)
			is_realm_only |= str_equal(realm_only[r], table[i].name);
		check(table[i].client_may == !is_realm_only, table[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_values),         arena_test(test_ranges),
		arena_test(test_rows),           arena_test(test_documents),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_client_may),
	};

	return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
