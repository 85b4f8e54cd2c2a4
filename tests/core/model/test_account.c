/* SPDX-License-Identifier: ISC */
/*
 * User names in their one form, and the types of claims.
 */
#include "core/model/account.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "tests/core/base/check.h"

#define A32  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128 A32 A32 A32 A32

static const struct {
	const char *name;
	const char *text;
	const char *wanted;
} usernames[] = {
	{"NULL", NULL, NULL},
	{"empty", "", NULL},
	{"blanks alone", " \t ", NULL},
	{"129 bytes", A128 "a", NULL},
	{"newline", "anna\n", NULL},
	{"newline in front", "\nanna", NULL},
	{"tab inside", "an\tna", NULL},
	{"escape", "\x1b[2Janna", NULL},
	{"DEL", "an\x7fna", NULL},
	{"C1 control, first", "an\xc2\x80na", NULL},
	{"C1 control, last", "an\xc2\x9fna", NULL},
	{"not UTF-8", "an\xffna", NULL},
	{"overlong", "an\xc0\xaena", NULL},
	{"cut UTF-8", "anna\xc3", NULL},
	{"plain", "anna", "anna"},
	{"capitals", "ANNA@Example.ORG", "anna@example.org"},
	{"blanks at the ends", " \tanna\t ", "anna"},
	{"blank inside", "anna maria", "anna maria"},
	{"other letters stay", "\xc3\x84nne", "\xc3\x84nne"},
	{"U+00A0 is no control", "a\xc2\xa0z", "a\xc2\xa0z"},
	{"128 bytes", A128, A128},
	{"128 bytes between blanks", " " A128 " ", A128},
};

static void
test_usernames(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(usernames); i++)
		check_text(username_normalise(arena, usernames[i].text), usernames[i].wanted,
			   usernames[i].name);
}

/* For each row: values of the four types, and which of them the row's type takes. */
static void
test_types(void **state)
{
	static const struct {
		enum claim_type type;
		const char *value;
	} samples[] = {
		{CLAIM_TEXT, "\"x\""},
		{CLAIM_BOOL, "true"},
		{CLAIM_NUMBER, "1700000000"},
		{CLAIM_OBJECT, "{\"country\":\"DE\"}"},
	};
	struct arena *arena = *state;
	size_t count;
	const struct claim *table = claims_table(&count);

	for (size_t i = 0; i < count; i++) {
		check(claim_find(table[i].name) == &table[i], table[i].name);
		for (size_t s = 0; s < COUNT(samples); s++) {
			const char *why = NULL;
			char *text =
				arena_printf(arena, "{\"%s\":%s}", table[i].name, samples[s].value);
			struct json_object *claims = json_parse(arena, text, strlen(text), NULL);
			int wanted = samples[s].type == table[i].type ? 0 : -1;

			check(account_claims_check(arena, claims, &why) == wanted, text);
			check((why == NULL) == (wanted == 0), text);
		}
	}
}

static const struct {
	const char *name;
	const char *claims;
	const char *why; /* NULL: good */
} claims[] = {
	{"no object", "[]", "claims must be an object"},
	{"null", "null", "claims must be an object"},
	{"null name", "{\"name\":null}", "name: must be text"},
	{"name is a number", "{\"name\":1}", "name: must be text"},
	{"verified as text", "{\"email_verified\":\"true\"}",
	 "email_verified: must be true or false"},
	{"verified as number", "{\"phone_number_verified\":1}",
	 "phone_number_verified: must be true or false"},
	{"time as text", "{\"updated_at\":\"2024-01-01\"}",
	 "updated_at: must be a number of seconds since 1970"},
	{"time with fraction", "{\"updated_at\":1.5}",
	 "updated_at: must be a number of seconds since 1970"},
	{"time before 1970", "{\"updated_at\":-1}",
	 "updated_at: must be a number of seconds since 1970"},
	{"address as text", "{\"address\":\"here\"}",
	 "address: must be an object whose members are text"},
	{"address with a number", "{\"address\":{\"country\":\"DE\",\"postal_code\":10115}}",
	 "address: must be an object whose members are text"},
	{"address with an object", "{\"address\":{\"country\":{}}}",
	 "address: must be an object whose members are text"},
	{"address with null", "{\"address\":{\"country\":null}}",
	 "address: must be an object whose members are text"},
	{"subject", "{\"sub\":\"root\"}", "sub: is written by the provider alone"},
	{"issuer", "{\"iss\":\"https://x\"}", "iss: is written by the provider alone"},
	{"audience", "{\"aud\":\"x\"}", "aud: is written by the provider alone"},
	{"confirmation", "{\"cnf\":{}}", "cnf: is written by the provider alone"},
	{"the second is bad", "{\"name\":\"A\",\"email\":false}", "email: must be text"},
	{"empty name", "{\"\":1}", ": is no name for a claim"},
	{"control character in a name", "{\"a\\nb\":1}", "(unprintable): is no name for a claim"},
	{"129 bytes of name", "{\"" A128 "a\":1}", A32 A32 ": is no name for a claim"},
	{"128 bytes of name", "{\"" A128 "\":1}", NULL},
	{"zero", "{\"updated_at\":0}", NULL},
	{"empty address", "{\"address\":{}}", NULL},
	{"empty", "{}", NULL},
	{"any value of one's own", "{\"groups\":[\"a\",{\"b\":null}],\"x\":null,\"y\":1.5}", NULL},
	{"all at once",
	 "{\"name\":\"A\",\"email\":\"a@b\",\"email_verified\":true,\"updated_at\":1,"
	 "\"address\":{\"formatted\":\"x\\ny\"}}",
	 NULL},
};

static void
test_claims(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(claims); i++) {
		const char *why = NULL;
		struct json_object *document =
			json_parse(arena, claims[i].claims, strlen(claims[i].claims), NULL);
		int result = account_claims_check(arena, document, &why);

		check_text(why, claims[i].why, claims[i].name);
		check(result == (claims[i].why == NULL ? 0 : -1), claims[i].name);
	}
}

/* Each name that the provider writes, so that a row cannot be lost. */
static void
test_reserved(void **state)
{
	static const char *const names[] = {
		"iss",          "sub",
		"aud",          "exp",
		"nbf",          "iat",
		"jti",          "azp",
		"nonce",        "acr",
		"amr",          "sid",
		"cnf",          "events",
		"scope",        "client_id",
		"at_hash",      "c_hash",
		"s_hash",       "auth_time",
		"_claim_names", "_claim_sources",
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(names); i++) {
		struct json_object *document = json_new_object(arena);
		const char *why = NULL;

		json_add_text(document, names[i], "x");
		check(account_claims_check(arena, document, &why) == -1, names[i]);
	}
}

static void
test_size(void **state)
{
	struct arena *arena = *state;

	for (int over = 1; over >= 0; over--) {
		struct json_object *document = json_new_object(arena);
		/* {"name":""} takes eleven bytes */
		size_t size = ACCOUNT_CLAIMS_MAX - 11 + (size_t)over;
		char *text = arena_alloc(arena, size + 1);
		const char *why = NULL;

		memset(text, 'x', size);
		json_add_text(document, "name", text);
		check(account_claims_check(arena, document, &why) == -over,
		      over ? "one byte too many" : "the most");
		check_text(why, over ? "claims: 16385 bytes are more than 16384" : NULL, "size");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_usernames), arena_test(test_types), arena_test(test_claims),
		arena_test(test_reserved),  arena_test(test_size),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
