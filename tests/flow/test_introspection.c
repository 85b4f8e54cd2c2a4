/* SPDX-License-Identifier: ISC */
/*
 * Signed answers of introspection (RFC 9701): who gets one, and what is in it.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define signed_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
introspect_as(const char *client_id, const char *token, const char *accept)
{
	struct ask ask = {.target = "/introspect",
			  .body = params("token", token, NULL),
			  .authorization = basic(client_id, WEB_SECRET)};

	if (accept)
		ask.more[0] = arena_printf(world.arena, "HTTP_ACCEPT=%s", accept);
	return request_send(&ask);
}

#define JWT_TYPE "application/token-introspection+jwt"

static const struct {
	const char *name, *accept;
	bool jwt;
} accepts[] = {
	{"nothing", NULL, false},
	{"anything", "*/*", false},
	{"JSON", "application/json", false},
	{"JWT", JWT_TYPE, true},
	{"JWT in capitals", "APPLICATION/TOKEN-INTROSPECTION+JWT", true},
	{"both", "application/json, " JWT_TYPE, true},
	{"rather JSON", "application/json, " JWT_TYPE ";q=0.5", false},
	{"rather JWT", "application/json;q=0.5, " JWT_TYPE "; q=0.9", true},
	{"not JWT", JWT_TYPE ";q=0", false},
	{"another JWT", JWT_TYPE "s", false},
};

static void
which_answer(void **state)
{
	struct answer set = tokens(&alice, "web", "openid");

	(void)state;
	for (size_t i = 0; i < COUNT(accepts); i++) {
		struct answer answer =
			introspect_as("web", member(&set, "access_token"), accepts[i].accept);

		check_status(answer, 200, accepts[i].name);
		check_text(header(&answer, "Content-Type"),
			   accepts[i].jwt ? JWT_TYPE : "application/json", accepts[i].name);
		check_text(header(&answer, "Vary"), "Accept", accepts[i].name);
		check((answer.json == NULL) == accepts[i].jwt, accepts[i].name);
	}
}

static struct jwt
signed_answer(const char *client_id, const char *token, enum jws_alg alg)
{
	struct answer answer = introspect_as(client_id, token, JWT_TYPE);
	const char *audience[] = {client_id};
	const struct strlist auds = {audience, 1};
	struct tx tx;
	struct jwt jwt;
	const struct jwt_rules rules = {
		.algs = {.bits = JWS_ALGS_ASYMMETRIC},
		.now = world_now(),
		.need = JWT_NEED_IAT,
		.typ = "token-introspection+jwt",
		.iss = MAIN_ISSUER,
		.auds = &auds,
		.aud_alone = true,
		.aud_text = true,
	};

	world_tx(&tx, "main");
	check_status(answer, 200, client_id);
	assert_int_equal(jwt_verify_own(world.arena, answer.body, tx.live->ring, KEY_FOR_TOKENS,
					&rules, &jwt),
			 JWT_OK);
	assert_int_equal(jwt.jws.alg, alg);
	check_text(json_text_or_null(jwt.claims, "sub"), NULL, "sub is not of the answer");
	check_text(json_text_or_null(jwt.claims, "exp"), NULL, "nor is exp");
	return jwt;
}

static void
signed_answers(void **state)
{
	struct answer set = tokens(&alice, "web", "openid"), answer;
	struct json_object *about;
	struct jwt jwt = signed_answer("web", member(&set, "access_token"), JWS_RS256);
	bool active;

	(void)state;
	assert_int_equal(json_get_object(jwt.claims, "token_introspection", &about), JSON_FOUND);
	assert_int_equal(json_get_bool(about, "active", &active), JSON_FOUND);
	assert_true(active);
	check_text(json_text_or_null(about, "scope"), "openid", "scope");
	check_text(json_text_or_null(about, "username"), "alice", "username");
	world_client("main", "viewer",
		     "{\"grant_types\":[],\"response_types\":[],"
		     "\"introspection_signed_response_alg\":\"EdDSA\"}",
		     WEB_SECRET);
	jwt = signed_answer("viewer", member(&set, "access_token"), JWS_EDDSA);
	assert_int_equal(json_get_object(jwt.claims, "token_introspection", &about), JSON_FOUND);
	assert_int_equal(json_object_object_length(about), 1);
	answer = introspect_as("web", "", JWT_TYPE);
	check_error(&answer, 400, "invalid_request", "errors are JSON");
	check_text(header(&answer, "Content-Type"), "application/json", "errors are JSON");
}

/* Whoever has no key yet is told to come again, and can have JSON meanwhile. */
static void
without_a_key(void **state)
{
	struct answer set = tokens(&alice, "web", "openid"), answer;

	(void)state;
	private_db_number("UPDATE realm_key SET state = 'next' WHERE alg = 'RS256'");
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
	answer = introspect_as("web", member(&set, "access_token"), JWT_TYPE);
	check_error(&answer, 503, "temporarily_unavailable", "no key");
	answer = introspect_as("web", member(&set, "access_token"), NULL);
	check_text(member(&answer, "active"), "true", "JSON");
	private_db_number("UPDATE realm_key SET state = 'active' WHERE alg = 'RS256'");
	private_db_number("UPDATE generation SET value = value + 1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		signed_test(which_answer),
		signed_test(signed_answers),
		signed_test(without_a_key),
	};

	return flow_tests_run(tests);
}
