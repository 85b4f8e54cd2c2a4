/* SPDX-License-Identifier: ISC */
/*
 * The token endpoint: every way in which a code is refused, replay, how clients authenticate, what
 * the tokens hold in every format and algorithm.
 */
#include "tests/flow/agent.h"

#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/oauth/claims.h"

static struct agent alice;

static const char *
fresh_code(const char *client_id)
{
	return walk_code(&alice, authorize(client_id, "scope", "openid profile offline_access"));
}

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define token_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static void
exchange(void **state)
{
	struct answer answer = redeem("web", fresh_code("web"));
	int64_t seconds = 0;

	(void)state;
	check_status(answer, 200, "exchange");
	check_text(header(&answer, "Content-Type"), "application/json", "type");
	check_text(header(&answer, "Cache-Control"), "no-store", "cache");
	check_text(header(&answer, "Pragma"), "no-cache", "pragma");
	check_text(member(&answer, "token_type"), "Bearer", "token_type");
	check_text(member(&answer, "scope"), "openid profile offline_access", "scope");
	assert_int_equal(json_get_int(answer.json, "expires_in", &seconds), JSON_FOUND);
	assert_int_equal(seconds, 3600);
	check(str_starts(member(&answer, "refresh_token"), "ost_rt_"), "refresh_token");
	check(member(&answer, "id_token") != NULL, "id_token");
	check_text(member(&answer, "error"), NULL, "no error");
}

static const struct {
	const char *name, *parameter, *value;
	const char *error;
	int status;
} refusals[] = {
	{"no grant_type", "grant_type", NULL, "invalid_request", 400},
	{"empty grant_type", "grant_type", "", "invalid_request", 400},
	{"password", "grant_type", "password", "unsupported_grant_type", 400},
	{"no code", "code", NULL, "invalid_request", 400},
	{"no code's form", "code", "x", "invalid_grant", 400},
	{"a code of nobody", "code",
	 "ost_ac_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "invalid_grant",
	 400},
	{"other redirect_uri", "redirect_uri", "https://app.example/other", "invalid_grant", 400},
	{"redirect_uri in other words", "redirect_uri", WEB_REDIRECT "/", "invalid_grant", 400},
	{"no verifier", "code_verifier", NULL, "invalid_grant", 400},
	{"wrong verifier", "code_verifier", "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	 "invalid_grant", 400},
	{"the challenge as verifier", "code_verifier", CHALLENGE, "invalid_grant", 400},
	{"short verifier", "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX",
	 "invalid_grant", 400},
	{"blank in the verifier", "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r wW1gFWFOEjXk",
	 "invalid_grant", 400},
};

/* Being refused for these reasons leaves the code good: nobody can burn it. */
static void
what_is_refused(void **state)
{
	const char *code = fresh_code("web");
	const char *form = redemption("web", code);

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct answer answer =
			token_post(basic("web", WEB_SECRET),
				   params_with(form, refusals[i].parameter, refusals[i].value));

		check_error(&answer, refusals[i].status, refusals[i].error, refusals[i].name);
	}
	check_status(token_post(basic("web", WEB_SECRET), form), 200, "still good");
}

/* With PKCE it may be left out (OAuth 2.1 4.1.3), without it may not (RFC 6749 4.1.3). */
static void
redirect_uri_left_out(void **state)
{
	const char *request = params_with(params_with(request_of("lax"), "code_challenge", NULL),
					  "code_challenge_method", NULL);
	const char *form = params_with(redemption("web", fresh_code("web")), "redirect_uri", NULL);
	const char *code;

	(void)state;
	check_status(token_post(basic("web", WEB_SECRET), form), 200, "with PKCE");
	world_client("main", "lax",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"profile\":\"oidc\","
		     "\"first_party\":true}",
		     WEB_SECRET);
	code = walk_code(&alice, arena_printf(world.arena, "/authorize?%s", request));
	form = params("grant_type", "authorization_code", "code", code, NULL);
	struct answer answer = token_post(basic("lax", WEB_SECRET), form);
	check_error(&answer, 400, "invalid_grant", "without PKCE");
	form = params_with(form, "redirect_uri", "https://other.example/cb");
	answer = token_post(basic("lax", WEB_SECRET), params_with(form, "code_verifier", VERIFIER));
	check_error(&answer, 400, "invalid_grant", "downgrade");
	check_status(token_post(basic("lax", WEB_SECRET), form), 200, "as authorized");
	code = walk_code(&alice, arena_printf(world.arena, "/authorize?%s",
					      params_with(request, "redirect_uri", NULL)));
	form = params("grant_type", "authorization_code", "code", code, NULL);
	check_status(token_post(basic("lax", WEB_SECRET), form), 200, "was not sent");
}

static void
codes_expire(void **state)
{
	const char *code = fresh_code("web");
	struct answer answer;

	(void)state;
	world_move(59);
	check_status(redeem("web", code), 200, "59 s");
	code = fresh_code("web");
	world_move(60);
	answer = redeem("web", code);
	check_error(&answer, 400, "invalid_grant", "60 s");
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'code_replay'"), 0);
}

static void
codes_of_another_client(void **state)
{
	const char *code = fresh_code("web");
	struct answer answer = redeem("spa", code), own;

	(void)state;
	check_error(&answer, 400, "invalid_grant", "another client");
	own = redeem("web", code);
	check_status(own, 200, "which burns nothing");
	answer = redeem("spa", code);
	check_error(&answer, 400, "invalid_grant", "another client, used");
	check(is_active(member(&own, "access_token")), "which ends nothing");
}

static void
codes_of_another_realm(void **state)
{
	struct answer answer;

	(void)state;
	world_client("sub", "web", "{\"redirect_uris\":[\"" WEB_REDIRECT "\"]}", WEB_SECRET);
	answer = request_send(&(struct ask){.target = "/sub/path/token",
					    .body = redemption("web", fresh_code("web")),
					    .authorization = basic("web", WEB_SECRET)});
	check_error(&answer, 400, "invalid_grant", "another realm");
}

static void
replay_ends_what_it_gave(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *code, *access;
		struct answer first, answer;

		world_realm_set("access_token_format", formats[i]);
		code = fresh_code("web");
		first = redeem("web", code);
		access = member(&first, "access_token");
		check_status(userinfo(access), 200, formats[i]);
		check(is_active(access), formats[i]);
		answer = redeem("web", code);
		check_error(&answer, 400, "invalid_grant", formats[i]);
		answer = userinfo(access);
		check_error(&answer, 401, "invalid_token", formats[i]);
		check(!is_active(access), formats[i]);
		check(!is_active(member(&first, "refresh_token")), formats[i]);
		answer = refresh("web", member(&first, "refresh_token"));
		check_error(&answer, 400, "invalid_grant", formats[i]);
		assert_int_equal(
			private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'code_replay'"),
			(int64_t)i + 1);
	}
	world_realm_set("access_token_format", "");
}

/* A replay long after the code's time is one too. */
static void
late_replay(void **state)
{
	const char *code = fresh_code("web");
	struct answer first = redeem("web", code), answer;

	(void)state;
	world_move(600);
	answer = redeem("web", code);
	check_error(&answer, 400, "invalid_grant", "late");
	check(!is_active(member(&first, "access_token")), "late");
}

static void
no_refresh_token(void **state)
{
	const char *code;
	struct answer answer;

	(void)state;
	world_client("main", "plain",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"first_party\":true,"
		     "\"token_endpoint_auth_method\":\"none\"}",
		     NULL);
	code = walk_code(&alice, authorize("plain", "scope", "profile"));
	answer = redeem("plain", code);
	check_status(answer, 200, "plain");
	check_text(member(&answer, "refresh_token"), NULL, "not registered for it");
	check_text(member(&answer, "id_token"), NULL, "no openid");
	answer = userinfo(member(&answer, "access_token"));
	check_error(&answer, 403, "insufficient_scope", "no openid");
	answer = token_post(NULL, params("grant_type", "refresh_token", "refresh_token", "x",
					 "client_id", "plain", NULL));
	check_error(&answer, 400, "unauthorized_client", "not registered for it");
}

static const char *const twice[] = {"code",          "grant_type", "redirect_uri",
				    "code_verifier", "client_id",  "zz"};

static void
duplicates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(twice); i++) {
		const char *form =
			params_with(redemption("web", fresh_code("web")), "client_id", "web");
		struct answer answer = token_post(
			basic("web", WEB_SECRET),
			arena_printf(world.arena, "%s&%s=a&%s=b", form, twice[i], twice[i]));

		check_error(&answer, 400, "invalid_request", twice[i]);
	}
	check_status(token_post(basic("web", WEB_SECRET),
				arena_printf(world.arena, "%s&resource=%s&resource=%s",
					     redemption("web", fresh_code("web")), MAIN_ISSUER,
					     MAIN_ISSUER)),
		     200, "resource may come twice");
}

static const struct {
	const char *name, *body, *type;
	int status;
} bodies[] = {
	{"JSON", "{}", "application/json", 400},
	{"no type", "a=b", "", 400},
	{"multipart", "a=b", "multipart/form-data", 400},
	{"type that begins alike", "a=b", "application/x-www-form-urlencodedx", 400},
	{"bad escape", "a=%zz", NULL, 400},
	{"NUL", "a=%00", NULL, 400},
	{"bad UTF-8", "a=%ff", NULL, 400},
	{"charset is passed over", "a=b", "application/x-www-form-urlencoded; charset=UTF-8", 401},
};

static void
bodies_that_are_no_form(void **state)
{
	struct answer answer;
	char *large = arena_alloc(world.arena, HTTP_BODY_MAX + 2);

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		answer = request_send(&(struct ask){.target = "/token",
						    .body = bodies[i].body,
						    .content_type = bodies[i].type});
		check_status(answer, bodies[i].status, bodies[i].name);
	}
	memset(large, 'a', HTTP_BODY_MAX + 1);
	answer = request_send(&(struct ask){.target = "/token", .body = large});
	check_error(&answer, 413, "invalid_request", "too large");
	answer = request_send(&(struct ask){.target = "/token?grant_type=authorization_code",
					    .method = "POST",
					    .authorization = basic("web", WEB_SECRET),
					    .content_type = "application/x-www-form-urlencoded"});
	check_error(&answer, 400, "invalid_request", "parameters in the query count for nothing");
}

/* ---- what the tokens hold ---- */

static struct jwt
verified(const char *token, const char *alg)
{
	struct answer answer = request_send(&(struct ask){.target = "/jwks"});
	const struct jwt_rules rules = {
		.algs = {.bits = JWS_ALGS_ASYMMETRIC}, .now = world_now(), .iss = MAIN_ISSUER};
	struct jwk_set set;
	struct jwt jwt = {0};

	assert_int_equal(jwk_set_parse(world.arena, answer.json, JWK_ACCEPT_PUBLIC, &set), JWK_OK);
	check(jwt_verify_set(world.arena, token, &set, &rules, &jwt) == JWT_OK, alg);
	check_text(json_text_or_null(jwt.jws.header, "alg"), alg, alg);
	check(jwt.jws.kid != NULL, alg);
	return jwt;
}

static const char *
claim(const struct jwt *jwt, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(jwt->claims, name, &value))
		return NULL;
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value)
							    : json_write(world.arena, value, NULL);
}

static void
check_id_token(const struct jwt *jwt, const char *access, const char *alg, const char *at_hash_alg)
{
	struct account account;
	const char *now = arena_printf(world.arena, "%lld", (long long)world_now());

	world_account("alice", &account);
	check_text(claim(jwt, "sub"), account.sub, alg);
	check_text(claim(jwt, "aud"), "web", alg);
	check_text(claim(jwt, "iat"), now, alg);
	check_text(claim(jwt, "auth_time"), arena_printf(world.arena, "%lld", (long long)WORLD_NOW),
		   alg);
	check_text(claim(jwt, "exp"),
		   arena_printf(world.arena, "%lld", (long long)world_now() + 3600), alg);
	check_text(claim(jwt, "nonce"), "n-0S6", alg);
	check_text(claim(jwt, "acr"), ACR_PASSWORD, alg);
	check_text(claim(jwt, "amr"), "[\"pwd\"]", alg);
	check_text(claim(jwt, "at_hash"),
		   jwa_half_hash(world.arena, jws_alg_by_name(at_hash_alg), access), alg);
	check(claim(jwt, "sid") && strlen(claim(jwt, "sid")) == 32, alg);
	check_text(claim(jwt, "email"), NULL, alg);
	check_text(claim(jwt, "name"), NULL, "profile claims come from userinfo");
	check_text(jwt->jws.typ, "JWT", alg);
}

static const char *const algs[] = {"RS256", "PS256", "ES256", "EdDSA"};

static void
id_tokens(void **state)
{
	(void)state;
	(void)fresh_code("web");
	for (size_t i = 0; i < COUNT(algs); i++) {
		struct answer answer;
		struct jwt jwt;

		world_realm_set("id_token_signed_response_alg", algs[i]);
		world_move(2);
		answer = redeem("web", fresh_code("web"));
		jwt = verified(member(&answer, "id_token"), algs[i]);
		check_id_token(&jwt, member(&answer, "access_token"), algs[i], algs[i]);
	}
	world_realm_set("id_token_signed_response_alg", "");
}

static void
access_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(algs); i++) {
		struct answer answer;
		struct jwt jwt;

		world_realm_set("access_token_alg", algs[i]);
		world_move(2);
		answer = redeem("web", fresh_code("web"));
		jwt = verified(member(&answer, "access_token"), algs[i]);
		check_text(jwt.jws.typ, "at+jwt", algs[i]);
		check_text(claim(&jwt, "aud"), MAIN_ISSUER, algs[i]);
		check_text(claim(&jwt, "client_id"), "web", algs[i]);
		check_text(claim(&jwt, "scope"), "openid profile offline_access", algs[i]);
		check_text(claim(&jwt, "acr"), ACR_PASSWORD, algs[i]);
		check(claim(&jwt, "jti") && strlen(claim(&jwt, "jti")) == 43, algs[i]);
		check_status(userinfo(member(&answer, "access_token")), 200, algs[i]);
	}
	world_realm_set("access_token_alg", "");
}

static void
opaque_access_tokens(void **state)
{
	struct answer answer;
	const char *token;

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"settings\":{\"access_token_format\":\"opaque\","
		     "\"access_token_lifetime\":\"5m\"}}",
		     WEB_SECRET);
	answer = redeem("web", fresh_code("web"));
	token = member(&answer, "access_token");
	check(str_starts(token, "ost_at_"), "prefix");
	check_text(member(&answer, "expires_in"), "300", "lifetime");
	check_status(userinfo(token), 200, "opaque");
	world_move(299);
	check(is_active(token), "299 s");
	world_move(1);
	check(!is_active(token), "300 s");
	answer = userinfo(token);
	check_error(&answer, 401, "invalid_token", "300 s");
}

/* The claims parameter asks for claims of the person in either place. */
static void
requested_claims(void **state)
{
	const char *claims = "{\"id_token\":{\"email\":{\"essential\":true},\"groups\":null,"
			     "\"sub\":null,\"iss\":{\"value\":\"x\"}},"
			     "\"userinfo\":{\"name\":null,\"email\":{\"value\":\"other\"}}}";
	struct answer answer = redeem("web", walk_code(&alice, authorize("web", "claims", claims)));
	struct jwt jwt = verified(member(&answer, "id_token"), "RS256");

	(void)state;
	check_text(claim(&jwt, "email"), "alice@example.org", "id_token");
	check_text(claim(&jwt, "groups"), NULL, "no scope releases it");
	check_text(claim(&jwt, "iss"), MAIN_ISSUER, "ours are ours");
	answer = userinfo(member(&answer, "access_token"));
	check_text(member(&answer, "name"), "Alice Example", "userinfo");
	check_text(member(&answer, "email"), NULL, "another value is wanted");
}

/* Without a key nothing is issued and nothing is used up. */
static void
keys_missing(void **state)
{
	static const char *const needed[] = {"ES256", "RS256", "HS256"};

	(void)state;
	for (size_t i = 0; i < COUNT(needed); i++) {
		const char *code = fresh_code("web");
		struct answer answer;

		private_db_number("UPDATE realm_key SET state = 'next' WHERE alg = '%s'",
				  needed[i]);
		private_db_number("UPDATE generation SET value = value + 1");
		realms_forget(world.provider.realms);
		answer = redeem("web", code);
		check_error(&answer, 503, "temporarily_unavailable", needed[i]);
		private_db_number("UPDATE realm_key SET state = 'active'");
		private_db_number("UPDATE generation SET value = value + 1");
		realms_forget(world.provider.realms);
		check_status(redeem("web", code), 200, needed[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		token_test(exchange),
		token_test(what_is_refused),
		token_test(redirect_uri_left_out),
		token_test(codes_expire),
		token_test(codes_of_another_client),
		token_test(codes_of_another_realm),
		token_test(replay_ends_what_it_gave),
		token_test(late_replay),
		token_test(no_refresh_token),
		token_test(duplicates),
		token_test(bodies_that_are_no_form),
		token_test(id_tokens),
		token_test(access_tokens),
		token_test(opaque_access_tokens),
		token_test(requested_claims),
		token_test(keys_missing),
	};

	return flow_tests_run(tests);
}
