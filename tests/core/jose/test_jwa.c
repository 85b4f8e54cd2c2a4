/* SPDX-License-Identifier: ISC */
/*
 * The table of algorithms: names that are none, sets, and the half hashes of OpenID Connect.
 */
#include "core/jose/jwa.h"

#include "core/base/b64.h"
#include "tests/core/jose/support.h"

static void
test_names(void **state)
{
	static const char *const unknown[] = {"none",  "None", "NONE",   "",      "rs256",
					      "ES521", "HS1",  "RS256 ", "EdDSa", "ES256K"};
	static const char *const known[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
					    "PS512", "ES256", "ES384", "ES512", "EdDSA",
					    "HS256", "HS384", "HS512"};

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++)
		check(jws_alg_by_name(unknown[i]) == JWS_NONE, unknown[i]);
	check(jws_alg_by_name(NULL) == JWS_NONE, "NULL");
	check(COUNT(known) == JWS_ALG_COUNT - 1, "all names are listed");
	for (size_t i = 0; i < COUNT(known); i++) {
		check(jws_alg_by_name(known[i]) == (enum jws_alg)(i + 1), known[i]);
		check_text(jws_alg_name((enum jws_alg)(i + 1)), known[i], known[i]);
	}
	check(jws_alg_name(JWS_NONE) == NULL, "name of none");
	check(jwa_row(JWS_NONE) == NULL, "row of none");
	check(jwa_row(JWS_ALG_COUNT) == NULL, "row behind the last");
}

static void
test_sets(void **state)
{
	struct arena *arena = *state;
	struct jws_alg_set set = {0};
	const char *good[] = {"ES256", "RS256"};
	const char *bad[] = {"ES256", "none"};
	struct strlist names;

	check(!jws_alg_set_has(set, JWS_ES256), "empty");
	jws_alg_set_add(&set, JWS_NONE);
	check(set.bits == 0, "none is never a member");
	set.bits = UINT32_MAX;
	check(!jws_alg_set_has(set, JWS_NONE), "none in the full set");
	set.bits = 0;
	check(jws_alg_set_from_names(&(struct strlist){bad, 2}, &set) != 0, "names with none");
	check(set.bits == 0, "untouched");
	check(jws_alg_set_from_names(&(struct strlist){good, 2}, &set) == 0, "good names");
	names = jws_alg_set_names(arena, set);
	check(names.count == 2, "two names");
	check_text(names.item[0], "RS256", "order of the enum");
	check_text(names.item[1], "ES256", "order of the enum");
}

/* The named groups are exactly the rows of those types. */
static void
test_groups(void **state)
{
	uint32_t by_type[4] = {0};

	(void)state;
	for (int alg = 1; alg < JWS_ALG_COUNT; alg++)
		by_type[jwa_row((enum jws_alg)alg)->kty] |= JWS_ALG_BIT(alg);
	check(by_type[JWK_RSA] == JWS_ALGS_RSA, "RSA");
	check((by_type[JWK_EC] | by_type[JWK_OKP]) == JWS_ALGS_EC_OKP, "EC and OKP");
	check(by_type[JWK_OCT] == JWS_ALGS_MAC, "MAC");
	check((JWS_ALGS_ASYMMETRIC & JWS_ALGS_MAC) == 0, "no overlap");
}

static void
test_half_hash(void **state)
{
	static const struct {
		const char *name;
		enum jws_alg alg;
		const char *text;
		const char *hash;
	} cases[] = {
		/* OpenID Connect Core A.3 and A.4 */
		{"at_hash RS256", JWS_RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
		 "77QmUPtjPfzWtF2AnpK9RQ"},
		{"c_hash RS256", JWS_RS256,
		 "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
		 "LDktKdoQak3Pk0cnXxCltA"},
		{"ES256 is the same", JWS_ES256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
		 "77QmUPtjPfzWtF2AnpK9RQ"},
		/* left halves of SHA-384 and SHA-512 of "abc" (FIPS 180 examples) */
		{"ES384", JWS_ES384, "abc", "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFj"},
		{"PS512", JWS_PS512, "abc", "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o"},
		{"EdDSA", JWS_EDDSA, "abc", "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(jwa_half_hash(*state, cases[i].alg, cases[i].text), cases[i].hash,
			   cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_names),
		arena_test(test_sets),
		arena_test(test_groups),
		arena_test(test_half_hash),
	};

	return cmocka_run_group_tests_name("jose/jwa", tests, NULL, NULL);
}
