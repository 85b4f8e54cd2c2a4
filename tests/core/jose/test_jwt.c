/* SPDX-License-Identifier: ISC */
/*
 * Claim rules: claims that are badly made, rules that are not met, the edges of every time rule,
 * and that a bad signature hides what the claims say.
 */
#include "core/jose/jwt.h"

#include "tests/core/jose/support.h"

#define NOW INT64_C(1700000000)

static const char *ours[] = {"https://op.example", "https://op.example/token"};
static const struct strlist auds = {ours, 2};

/* One claims text and the member of the rules that it is tried with. */
static const struct {
	const char *name;
	const char *claims;
	struct jwt_rules rules;
	enum jwt_verdict verdict;
} cases[] = {
	{"not JSON", "x", {.now = 0}, JWT_MALFORMED},
	{"array", "[]", {.now = 0}, JWT_MALFORMED},
	{"exp twice", "{\"exp\":1,\"exp\":2}", {.now = 0}, JWT_MALFORMED},
	{"exp text", "{\"exp\":\"1700000300\"}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp fraction", "{\"exp\":1700000300.5}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp whole fraction", "{\"exp\":1700000300.0}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp exponent", "{\"exp\":17e8}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp true", "{\"exp\":true}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp negative", "{\"exp\":-1}", {.now = 0}, JWT_BAD_CLAIM},
	{"exp far", "{\"exp\":253402300800}", {.now = 0}, JWT_BAD_CLAIM},
	{"iat text", "{\"iat\":\"1\"}", {.now = 0}, JWT_BAD_CLAIM},
	{"nbf text", "{\"nbf\":\"1\"}", {.now = 0}, JWT_BAD_CLAIM},
	{"iss number", "{\"iss\":1}", {.now = 0}, JWT_BAD_CLAIM},
	{"sub number", "{\"sub\":1}", {.now = 0}, JWT_BAD_CLAIM},
	{"jti number", "{\"jti\":1}", {.now = 0}, JWT_BAD_CLAIM},
	{"aud number", "{\"aud\":1}", {.now = 0}, JWT_BAD_CLAIM},
	{"aud empty list", "{\"aud\":[]}", {.now = 0}, JWT_BAD_CLAIM},
	{"aud mixed list", "{\"aud\":[\"a\",1]}", {.now = 0}, JWT_BAD_CLAIM},
	{"aud object", "{\"aud\":{}}", {.now = 0}, JWT_BAD_CLAIM},
	{"needs exp", "{}", {.need = JWT_NEED_EXP}, JWT_CLAIM_MISSING},
	{"needs iat", "{}", {.need = JWT_NEED_IAT}, JWT_CLAIM_MISSING},
	{"needs nbf", "{}", {.need = JWT_NEED_NBF}, JWT_CLAIM_MISSING},
	{"needs iss", "{}", {.need = JWT_NEED_ISS}, JWT_CLAIM_MISSING},
	{"needs sub", "{}", {.need = JWT_NEED_SUB}, JWT_CLAIM_MISSING},
	{"needs aud", "{}", {.need = JWT_NEED_AUD}, JWT_CLAIM_MISSING},
	{"needs jti", "{}", {.need = JWT_NEED_JTI}, JWT_CLAIM_MISSING},
	{"exp null is absent", "{\"exp\":null}", {.need = JWT_NEED_EXP}, JWT_CLAIM_MISSING},
	{"max_age needs iat", "{}", {.max_age = 60}, JWT_CLAIM_MISSING},
	{"max_life needs exp", "{}", {.max_life = 60}, JWT_CLAIM_MISSING},
	{"iss rule needs it", "{}", {.iss = "a"}, JWT_CLAIM_MISSING},
	{"sub rule needs it", "{}", {.sub = "a"}, JWT_CLAIM_MISSING},
	{"aud rule needs it", "{}", {.auds = &auds}, JWT_CLAIM_MISSING},
	{"exp now", "{\"exp\":1700000000}", {.now = 0}, JWT_EXPIRED},
	{"exp 0", "{\"exp\":0}", {.now = 0}, JWT_EXPIRED},
	{"exp past leeway", "{\"exp\":1699999990}", {.leeway = 10}, JWT_EXPIRED},
	{"exp within leeway", "{\"exp\":1699999991}", {.leeway = 10}, JWT_OK},
	{"exp next second", "{\"exp\":1700000001}", {.now = 0}, JWT_OK},
	{"exp ignored", "{\"exp\":1}", {.ignore_exp = true}, JWT_OK},
	{"nbf next second", "{\"nbf\":1700000001}", {.now = 0}, JWT_NOT_YET},
	{"nbf now", "{\"nbf\":1700000000}", {.now = 0}, JWT_OK},
	{"nbf past leeway", "{\"nbf\":1700000011}", {.leeway = 10}, JWT_NOT_YET},
	{"nbf within leeway", "{\"nbf\":1700000010}", {.leeway = 10}, JWT_OK},
	{"iat next second", "{\"iat\":1700000001}", {.now = 0}, JWT_NOT_YET},
	{"iat within leeway", "{\"iat\":1700000010}", {.leeway = 10}, JWT_OK},
	{"iat old", "{\"iat\":1699999939}", {.max_age = 60}, JWT_TOO_OLD},
	{"iat old enough", "{\"iat\":1699999940}", {.max_age = 60}, JWT_OK},
	{"iat old past leeway", "{\"iat\":1699999929}", {.max_age = 60, .leeway = 10}, JWT_TOO_OLD},
	{"iat old within leeway", "{\"iat\":1699999930}", {.max_age = 60, .leeway = 10}, JWT_OK},
	{"exp far ahead", "{\"exp\":1700000061}", {.max_life = 60}, JWT_TOO_LONG_LIVED},
	{"exp just ahead", "{\"exp\":1700000060}", {.max_life = 60}, JWT_OK},
	{"iss another", "{\"iss\":\"b\"}", {.iss = "a"}, JWT_WRONG_ISSUER},
	{"iss in another case", "{\"iss\":\"A\"}", {.iss = "a"}, JWT_WRONG_ISSUER},
	{"iss longer", "{\"iss\":\"ab\"}", {.iss = "a"}, JWT_WRONG_ISSUER},
	{"iss", "{\"iss\":\"a\"}", {.iss = "a"}, JWT_OK},
	{"sub another", "{\"sub\":\"b\"}", {.sub = "a"}, JWT_WRONG_SUBJECT},
	{"sub", "{\"sub\":\"a\"}", {.sub = "a"}, JWT_OK},
	{"aud another", "{\"aud\":\"b\"}", {.auds = &auds}, JWT_WRONG_AUDIENCE},
	{"aud list without us", "{\"aud\":[\"b\",\"c\"]}", {.auds = &auds}, JWT_WRONG_AUDIENCE},
	{"aud with a slash",
	 "{\"aud\":\"https://op.example/\"}",
	 {.auds = &auds},
	 JWT_WRONG_AUDIENCE},
	{"aud not alone",
	 "{\"aud\":[\"https://op.example\",\"b\"]}",
	 {.auds = &auds, .aud_alone = true},
	 JWT_WRONG_AUDIENCE},
	{"aud must be text",
	 "{\"aud\":[\"https://op.example\"]}",
	 {.auds = &auds, .aud_text = true},
	 JWT_WRONG_AUDIENCE},
	{"aud text", "{\"aud\":\"https://op.example\"}", {.auds = &auds, .aud_text = true}, JWT_OK},
	{"aud list", "{\"aud\":[\"b\",\"https://op.example/token\"]}", {.auds = &auds}, JWT_OK},
	{"aud alone",
	 "{\"aud\":[\"https://op.example\"]}",
	 {.auds = &auds, .aud_alone = true},
	 JWT_OK},
	{"nothing asked", "{}", {.now = 0}, JWT_OK},
};

static char *
token(struct arena *arena, const char *typ, const char *claims)
{
	struct jwk key = key_of(arena, EC256_PRIVATE);

	return jws_sign(arena, jws_signer_new(arena, &key, JWS_ES256, "k"),
			&(struct jws_header){.typ = typ}, claims, strlen(claims));
}

static void
test_claims(void **state)
{
	struct jwk key = key_of(*state, EC256_PUBLIC);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jwt_rules rules = cases[i].rules;
		struct jwt jwt = {.iss = "untouched"};
		enum jwt_verdict verdict;

		rules.now = NOW;
		rules.algs = JWS_ALG_SET_ONE(JWS_ES256);
		verdict = jwt_verify(*state, token(*state, NULL, cases[i].claims), &key, &rules,
				     &jwt);
		if (verdict != cases[i].verdict)
			fail_msg("case \"%s\": %s", cases[i].name, jwt_verdict_text(verdict));
		if (verdict == JWT_MALFORMED || verdict == JWT_BAD_CLAIM)
			check_text(jwt.iss, "untouched", cases[i].name);
	}
}

static void
test_typ(void **state)
{
	static const struct {
		const char *name;
		const char *typ;
		const char *rule;
		bool optional;
		enum jwt_verdict verdict;
	} rows[] = {
		{"absent", NULL, "at+jwt", false, JWT_WRONG_TYPE},
		{"another", "JWT", "at+jwt", false, JWT_WRONG_TYPE},
		{"another though optional", "JWT", "at+jwt", true, JWT_WRONG_TYPE},
		{"empty", "", "at+jwt", true, JWT_WRONG_TYPE},
		{"another tree", "text/at+jwt", "at+jwt", false, JWT_WRONG_TYPE},
		{"longer", "at+jwt2", "at+jwt", false, JWT_WRONG_TYPE},
		{"absent, optional", NULL, "at+jwt", true, JWT_OK},
		{"the same", "at+jwt", "at+jwt", false, JWT_OK},
		{"in another case", "AT+jwt", "at+jwt", false, JWT_OK},
		{"with application", "application/at+jwt", "at+jwt", false, JWT_OK},
		{"no rule", "anything", NULL, false, JWT_OK},
	};
	struct jwk key = key_of(*state, EC256_PUBLIC);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jwt_rules rules = {.now = NOW,
					  .algs = JWS_ALG_SET_ONE(JWS_ES256),
					  .typ = rows[i].rule,
					  .typ_optional = rows[i].optional};
		struct jwt jwt;

		check(jwt_verify(*state, token(*state, rows[i].typ, "{}"), &key, &rules, &jwt) ==
			      rows[i].verdict,
		      rows[i].name);
	}
}

/* Every verdict about the message reaches the caller, and none about claims before it. */
static void
test_signature_first(void **state)
{
	struct arena *arena = *state;
	struct jwk key = key_of(arena, EC256_PUBLIC);
	struct jwk rsa = key_of(arena, RSA_PUBLIC);
	struct jwk_set set = {.key = &key, .count = 1};
	struct jwt_rules rules = {.now = NOW, .algs = JWS_ALG_SET_ONE(JWS_ES256)};
	struct jwt_rules none = {.now = NOW};
	struct jwt jwt = {.iss = "untouched"};
	char *expired = token(arena, NULL, "{\"exp\":1}");
	char *huge = arena_alloc(arena, JWS_TEXT_MAX + 2);
	size_t size = strlen(expired);

	memset(huge, 'a', JWS_TEXT_MAX + 1);
	check(jwt_verify(arena, huge, &key, &rules, &jwt) == JWT_TOO_LARGE, "too large");
	check(jwt_verify(arena, "a.b", &key, &rules, &jwt) == JWT_MALFORMED, "malformed");
	check(jwt_verify(arena, expired, &key, &none, &jwt) == JWT_ALG_REFUSED, "no algorithm");
	check(jwt_verify(arena, expired, &rsa, &rules, &jwt) == JWT_KEY_UNFIT, "unfit");
	check(jwt_verify(arena, "eyJhbGciOiJFUzI1NiIsImNyaXQiOltdfQ.e30.AA", &key, &rules, &jwt) ==
		      JWT_CRIT,
	      "crit");
	check(jwt_verify_set(arena, expired, &set, &rules, &jwt) == JWT_KEY_UNKNOWN, "kid");
	key.kid = "k";
	check(jwt_verify_set(arena, expired, &set, &none, &jwt) == JWT_ALG_REFUSED, "set, alg");
	check_text(jwt.iss, "untouched", "nothing believed so far");
	check(jwt_verify_set(arena, expired, &set, &rules, &jwt) == JWT_EXPIRED, "expired");
	check(jwt.iss == NULL && jwt.exp == 1, "readable though expired");
	expired[size - 5] = expired[size - 5] == 'A' ? 'B' : 'A';
	check(jwt_verify(arena, expired, &key, &rules, &jwt) == JWT_BAD_SIGNATURE, "signature");
	check(jwt_verify_set(arena, expired, &set, &rules, &jwt) == JWT_BAD_SIGNATURE, "set");
}

static void
test_read(void **state)
{
	struct arena *arena = *state;
	struct jwt jwt;
	char *text = token(arena, "JWT",
			   "{\"iss\":\"i\",\"sub\":\"s\",\"jti\":\"j\",\"aud\":[\"a\",\"b\"],"
			   "\"exp\":3,\"iat\":1,\"nbf\":2,\"more\":true}");

	check(jwt_read_unverified(arena, "", &jwt) == JWT_MALFORMED, "empty");
	check(jwt_read_unverified(arena, text, &jwt) == JWT_OK, "read");
	check_text(jwt.iss, "i", "iss");
	check_text(jwt.sub, "s", "sub");
	check_text(jwt.jti, "j", "jti");
	check_text(jwt.jws.kid, "k", "kid");
	check(jwt.exp == 3 && jwt.iat == 1 && jwt.nbf == 2, "times");
	check(jwt.aud.count == 2 && jwt.aud_is_array, "aud");
	check(jwt_read_unverified(arena, token(arena, NULL, "{}"), &jwt) == JWT_OK, "bare");
	check(jwt.exp == -1 && jwt.iat == -1 && jwt.nbf == -1, "absent times");
	check(jwt.aud.count == 0 && jwt.iss == NULL, "absent texts");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_claims),
		arena_test(test_typ),
		arena_test(test_signature_first),
		arena_test(test_read),
	};

	return cmocka_run_group_tests_name("jose/jwt", tests, NULL, NULL);
}
