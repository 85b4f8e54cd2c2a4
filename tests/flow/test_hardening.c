/* SPDX-License-Identifier: ISC */
/*
 * Small things that strangers try or stumble over: parameters without a value, what errors at
 * userinfo say and to whom, answers without a scope, and secrets where a client_id belongs.
 */
#include "tests/flow/agent.h"

#include <stdio.h>

#include "core/base/shared.h"
#include "core/base/str.h"
#include "core/jose/jwt.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

static int
finish(void **state)
{
	world_realm_set("access_token_format", "");
	return world_spent(state);
}

#define hardening_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

static struct json_object *
claims_of(const struct answer *answer, const char *name)
{
	struct jwt jwt;

	assert_int_equal(jwt_read_unverified(world.arena, member(answer, name), &jwt), JWT_OK);
	return jwt.claims;
}

/* ---- parameters without a value ---- */

/* A confidential client that need not use PKCE. */
static void
lax_client(void)
{
	world_client("main", "lax",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"profile\":\"oidc\","
		     "\"token_endpoint_auth_method\":\"client_secret_post\","
		     "\"first_party\":true}",
		     WEB_SECRET);
}

static const char *
lax_request(void)
{
	const char *request = params_with(request_of("lax"), "code_challenge", NULL);

	return params_with(request, "code_challenge_method", NULL);
}

static const char *
lax_redemption(const char *code)
{
	const char *form = params_with(redemption("lax", code), "code_verifier", NULL);

	return params_with(form, "client_secret", WEB_SECRET);
}

static const struct {
	const char *name; /* of the parameter */
	const char *more; /* behind the request */
	bool lax;         /* without PKCE */
} empties[] = {
	{"state", "", false},
	{"state", "&state=", false},
	{"nonce", "", false},
	{"response_mode", "", false},
	{"request", "", false},
	{"request_uri", "", false},
	{"registration", "", false},
	{"claims", "", false},
	{"prompt", "", false},
	{"max_age", "", false},
	{"id_token_hint", "", false},
	{"redirect_uri", "", false},
	{"code_challenge", "", true},
	{"code_challenge_method", "", true},
	{"code_challenge_algo", "", true},
};

static void
empty_at_authorize(void **state)
{
	(void)state;
	lax_client();
	for (size_t i = 0; i < COUNT(empties); i++) {
		const char *name = empties[i].name;
		const char *request = empties[i].lax ? lax_request() : request_of("web");
		const char *to = empties[i].lax ? "https://other.example/cb?" : WEB_REDIRECT "?";
		const char *code;
		struct answer answer;

		request = params_with(request, name, "");
		answer = walk(&alice, arena_printf(world.arena, "/authorize?%s%s", request,
						   empties[i].more));
		check_status(answer, 303, name);
		check(str_starts(header(&answer, "Location"), to), name);
		check((strstr(header(&answer, "Location"), "state=") == NULL) ==
			      str_equal(name, "state"),
		      name);
		code = location_param(&answer, "code");
		check(code != NULL, name);
		answer = empties[i].lax ? token_post(NULL, lax_redemption(code))
					: redeem("web", code);
		check_status(answer, 200, name);
		check_text(json_text_or_null(claims_of(&answer, "id_token"), "nonce"),
			   str_equal(name, "nonce") ? NULL : "n-0S6", name);
	}
}

static void
empty_at_token(void **state)
{
	const char *form;

	(void)state;
	lax_client();
	form = lax_redemption(
		walk_code(&alice, arena_printf(world.arena, "/authorize?%s", lax_request())));
	check_status(token_post(NULL, params_with(form, "code_verifier", "")), 200,
		     "code_verifier=");
	form = redemption("spa", walk_code(&alice, authorize("spa", NULL, NULL)));
	check_status(token_post(NULL, params_with(form, "client_secret", "")), 200,
		     "client_secret= of a public client");
	form = redemption("web", walk_code(&alice, authorize("web", NULL, NULL)));
	check_status(token_post(basic("web", WEB_SECRET), params_with(form, "client_secret", "")),
		     200, "client_secret= beside Basic");
	form = redemption("web", walk_code(&alice, authorize("web", "redirect_uri", "")));
	check_status(token_post(basic("web", WEB_SECRET), params_with(form, "redirect_uri", "")),
		     200, "redirect_uri= that was not sent before");
}

/* ---- errors at userinfo ---- */

static struct answer
userinfo_from(const char *token, const char *origin)
{
	const struct ask ask = {
		.target = "/userinfo",
		.authorization = arena_printf(world.arena, "Bearer %s", token),
		.origin = origin,
	};

	return request_send(&ask);
}

#define ALLOWED "Access-Control-Allow-Origin"

static const struct {
	const char *format;
	int64_t after; /* seconds; a JWT's expiry has a second of leeway */
} expiries[] = {{"jwt", 3600}, {"jwt", 3601}, {"jwt", 90000}, {"opaque", 3600}};

static void
expired_tokens_and_origins(void **state)
{
	static const char *const others[] = {"https://spa.example.evil.example",
					     "https://app.example", "null"};

	(void)state;
	for (size_t i = 0; i < COUNT(expiries); i++) {
		const char *token, *name = expiries[i].format;
		struct answer answer;

		world_realm_set("access_token_format", name);
		answer = tokens(&alice, "spa", "openid");
		token = member(&answer, "access_token");
		world_move(expiries[i].after);
		answer = userinfo_from(token, "https://spa.example");
		check_error(&answer, 401, "invalid_token", name);
		check_text(header(&answer, ALLOWED), "https://spa.example", name);
		check_text(header(&answer, "Access-Control-Expose-Headers"), "WWW-Authenticate",
			   name);
		for (size_t j = 0; j < COUNT(others); j++) {
			answer = userinfo_from(token, others[j]);
			check_error(&answer, 401, "invalid_token", others[j]);
			check_text(header(&answer, ALLOWED), NULL, others[j]);
		}
	}
}

/* Who can write any client_id into a token must not choose who reads the answer. */
static void
forged_tokens_and_origins(void **state)
{
	struct answer answer = tokens(&alice, "spa", "openid");
	char *token = arena_strdup(world.arena, member(&answer, "access_token"));
	char *signature = strrchr(token, '.') + 1;

	(void)state;
	world_move(90000);
	signature[0] = signature[0] == 'A' ? 'B' : 'A';
	answer = userinfo_from(token, "https://spa.example");
	check_error(&answer, 401, "invalid_token", "forged");
	check_text(header(&answer, ALLOWED), NULL, "forged");
}

#define CHALLENGE_OF(error) "Bearer realm=\"main\", error=\"" error "\""

static void
challenges_name_the_error(void **state)
{
	struct answer set = tokens(&alice, "web", "profile"), answer;
	const char *token = member(&set, "access_token");
	const char *bearer = arena_printf(world.arena, "Bearer %s", token);
	const char *scope = "scope=\"openid\"";

	(void)state;
	answer = request_send(&(struct ask){.target = "/userinfo",
					    .authorization = bearer,
					    .body = params("access_token", token, NULL)});
	check_error(&answer, 400, "invalid_request", "sent twice");
	check_has(header(&answer, "WWW-Authenticate"), CHALLENGE_OF("invalid_request"), "twice");
	check(strstr(header(&answer, "WWW-Authenticate"), scope) == NULL, "sent twice");
	answer = request_send(&(struct ask){
		.target = "/userinfo", .body = "access_token=x", .content_type = "text/plain"});
	check_has(header(&answer, "WWW-Authenticate"), CHALLENGE_OF("invalid_request"), "no form");
	answer = userinfo(token);
	check_error(&answer, 403, "insufficient_scope", "without openid");
	check_has(header(&answer, "WWW-Authenticate"), CHALLENGE_OF("insufficient_scope"), "403");
	check_has(header(&answer, "WWW-Authenticate"), scope, "without openid");
	answer = userinfo("x");
	check_has(header(&answer, "WWW-Authenticate"), CHALLENGE_OF("invalid_token"), "401");
	check(strstr(header(&answer, "WWW-Authenticate"), scope) == NULL, "401");
	answer = request_send(&(struct ask){.target = "/token", .body = "a=b&a=c"});
	check_error(&answer, 400, "invalid_request", "no bearer endpoint");
	check_text(header(&answer, "WWW-Authenticate"), NULL, "no bearer endpoint");
}

/* ---- no scope at all ---- */

static void
answers_without_scope(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *name = formats[i];
		struct answer set, answer;

		world_realm_set("access_token_format", name);
		set = redeem("web", walk_code(&alice, authorize("web", "scope", NULL)));
		for (int use = 0; use < 2; use++) {
			check_status(set, 200, name);
			check_text(member(&set, "scope"), "", name);
			check_text(member(&set, "id_token"), NULL, name);
			answer = introspect(member(&set, "access_token"));
			check_text(member(&answer, "active"), "true", name);
			check_text(member(&answer, "scope"), NULL, name);
			answer = introspect(member(&set, "refresh_token"));
			check_text(member(&answer, "active"), "true", name);
			check_text(member(&answer, "scope"), NULL, name);
			if (i == 0)
				check(!json_object_object_get_ex(claims_of(&set, "access_token"),
								 "scope", NULL),
				      name);
			set = refresh("web", member(&set, "refresh_token"));
		}
	}
}

static void
offline_without_refreshing(void **state)
{
	struct answer answer;

	(void)state;
	world_client("main", "once",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],"
		     "\"token_endpoint_auth_method\":\"none\"}",
		     NULL);
	answer = agent_get(&alice, authorize("once", "scope", "openid offline_access"));
	answer = sign_in(&alice, &answer, "alice", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "asked");
	check(strstr(answer.body, "after you sign out") == NULL, "nothing lasts");
	answer = press(&alice, &answer, "allow");
	answer = redeem("once", location_param(&answer, "code"));
	check_text(member(&answer, "scope"), "openid", "ignored");
	check_text(member(&answer, "refresh_token"), NULL, "ignored");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant WHERE offline"), 0);
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	check_status(userinfo(member(&answer, "access_token")), 401, "ends with the session");
}

/* ---- a secret in the place of the client_id ---- */

#define SECRET "ost_cs_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"

static bool
ring_has(const char *text)
{
	FILE *file = fopen(arena_printf(world.arena, "%s/failures", world.folder), "rb");
	char record[RING_SLOT_SIZE + 1] = "";
	bool has = false;

	assert_non_null(file);
	while (fread(record, 1, RING_SLOT_SIZE, file) == RING_SLOT_SIZE)
		has |= strstr(record, text) != NULL;
	fclose(file);
	return has;
}

static void
swapped_halves(void **state)
{
	const char *const targets[] = {"/token", "/introspect", "/revoke"};
	const char *form = params("grant_type", "refresh_token", "token", "x", NULL);
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		answer = request_send(&(struct ask){
			.target = targets[i], .body = form, .authorization = basic(SECRET, "web")});
		check_error(&answer, 401, "invalid_client", targets[i]);
		answer = request_send(
			&(struct ask){.target = targets[i],
				      .body = params_with(params_with(form, "client_id", SECRET),
							  "client_secret", "web")});
		check_error(&answer, 401, "invalid_client", targets[i]);
	}
	check_status(agent_get(&alice, authorize(SECRET, NULL, NULL)), 400, "authorize");
	(void)agent_get(&alice, "/logout?client_id=" SECRET);
	check(world_log_find("ost_cs_") == NULL, "log");
	check(!ring_has("ost_cs_"), "ring");
	check(world_log_count("looks like a client secret") >= 6, "but said so");
	check(ring_has("looks like a client secret"), "but said so");
	(void)agent_get(&alice, authorize("nobody", NULL, NULL));
	check(ring_has("client_id nobody is"), "others are shown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		hardening_test(empty_at_authorize),
		hardening_test(empty_at_token),
		hardening_test(expired_tokens_and_origins),
		hardening_test(forged_tokens_and_origins),
		hardening_test(challenges_name_the_error),
		hardening_test(answers_without_scope),
		hardening_test(offline_without_refreshing),
		hardening_test(swapped_halves),
	};

	return flow_tests_run(tests);
}
