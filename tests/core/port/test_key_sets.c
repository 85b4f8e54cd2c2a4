/* SPDX-License-Identifier: ISC */
/*
 * The cache of parsed key sets: the same text gives the same set, the one unused for longest goes,
 * and which keys are made ready.
 */
#include "core/port/key_sets.h"

#include "core/base/json.h"
#include "core/jose/jws.h"
#include "tests/core/base/check.h"

static struct key_sets *sets;

static int
begin(void **state)
{
	sets = key_sets_new();
	return setup_arena(state);
}

static int
end(void **state)
{
	key_sets_free(sets);
	return teardown_arena(state);
}

/* A set of one Ed25519 key: cheap to make; each number another text. */
static const char *
numbered(struct arena *arena, unsigned number)
{
	return arena_printf(arena,
			    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%u\",\"x\":"
			    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
			    number);
}

static const struct jwk_set *
get(const char *text)
{
	const char *why = NULL;
	const struct jwk_set *set = key_sets_get(sets, text, strlen(text), &why);

	if (set == NULL)
		fail_msg("%s", why);
	return set;
}

static void
the_same_text_is_parsed_once(void **state)
{
	const struct jwk_set *set = get(numbered(*state, 1));

	assert_int_equal(set->count, 1);
	assert_string_equal(set->key[0].kid, "1");
	assert_ptr_equal(get(numbered(*state, 1)), set);
	assert_ptr_not_equal(get(numbered(*state, 2)), set);
}

static void
the_one_unused_for_longest_goes(void **state)
{
	const struct jwk_set *first = get(numbered(*state, 0));
	const struct jwk_set *second = get(numbered(*state, 1));

	for (unsigned i = 2; i < KEY_SETS_MAX; i++)
		(void)get(numbered(*state, i));
	assert_ptr_equal(get(numbered(*state, 0)), first);
	/* one more: the place of the second is taken, the first stays */
	assert_ptr_equal(get(numbered(*state, KEY_SETS_MAX)), second);
	assert_ptr_equal(get(numbered(*state, 0)), first);
	assert_string_equal(first->key[0].kid, "0");
}

static void
what_is_no_key_set(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"empty", ""},
		{"a page", "<html>back soon</html>"},
		{"no keys", "{}"},
		{"keys of a wrong type", "{\"keys\":{}}"},
		{"a private key", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
				  "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"d\":"
				  "\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}]}"},
		{"a secret", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = NULL;

		check(!key_sets_get(sets, cases[i].text, strlen(cases[i].text), &why),
		      cases[i].name);
		check(why != NULL, cases[i].name);
	}
}

static const char *
set_of(struct arena *arena, const struct jwk *key, bool named)
{
	struct json_object *object = jwk_export_public(arena, key);

	if (!named)
		json_object_object_del(object, "alg");
	return arena_printf(arena, "{\"keys\":[%s]}", json_write(arena, object, NULL));
}

static void
keys_of_one_algorithm_are_ready(void **state)
{
	static const struct {
		const char *name;
		enum jws_alg alg;
		bool named, ready;
	} cases[] = {
		{"RSA that names its algorithm", JWS_RS256, true, true},
		{"RSA for any", JWS_RS256, false, false},
		{"EC that names its algorithm", JWS_ES256, true, true},
		{"EC has only one", JWS_ES256, false, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jwk key = jwk_generate(*state, cases[i].alg, 0);
		struct jws_signer *signer = jws_signer_new(*state, &key, cases[i].alg, key.kid);
		const struct jwk_set *set = get(set_of(*state, &key, cases[i].named));
		const struct jws_header header = {0};
		const struct jws_alg_set allowed = {.bits = JWS_ALGS_ASYMMETRIC};
		const char *message = jws_sign(*state, signer, &header, "x", 1);
		struct jws jws;

		check((set->key[0].prepared != NULL) == cases[i].ready, cases[i].name);
		check(jws_verify_set(*state, message, strlen(message), set, allowed, &jws) ==
			      JWS_OK,
		      cases[i].name);
	}
}

#define sets_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		sets_test(the_same_text_is_parsed_once),
		sets_test(the_one_unused_for_longest_goes),
		sets_test(what_is_no_key_set),
		sets_test(keys_of_one_algorithm_are_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
