/* SPDX-License-Identifier: ISC */
/*
 * Which origins may read what: preflights, answers, errors.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define resource_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
a_set(const char *client_id)
{
	return tokens(&alice, client_id, "openid profile email address phone offline_access");
}

static struct answer
revoked(const char *client_id, const char *token)
{
	bool web = str_equal(client_id, "web");

	return request_send(&(struct ask){
		.target = "/revoke",
		.body = params("token", token, "client_id", web ? NULL : client_id, NULL),
		.authorization = web ? basic("web", WEB_SECRET) : NULL});
}

static const struct {
	const char *target;
	bool preflight; /* is answered */
	const char *origin;
} preflights[] = {
	{"/token", true, "https://spa.example"},
	{"/revoke", true, "https://spa.example"},
	{"/userinfo", true, "https://spa.example"},
	{"/jwks", true, "*"},
	{"/.well-known/openid-configuration", true, "*"},
	{"/introspect", false, NULL},
	{"/authorize", false, NULL},
	{"/logout", false, NULL},
	{"/signin", false, NULL},
};

static void
preflight(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(preflights); i++) {
		struct answer answer = request_send(&(struct ask){.method = "OPTIONS",
								  .target = preflights[i].target,
								  .origin = "https://spa.example",
								  .cors_method = "POST"});

		check_status(answer, preflights[i].preflight ? 204 : 405, preflights[i].target);
		check_text(header(&answer, "Access-Control-Allow-Origin"), preflights[i].origin,
			   preflights[i].target);
		check_text(header(&answer, "Access-Control-Allow-Credentials"), NULL,
			   preflights[i].target);
		if (preflights[i].preflight)
			check_has(header(&answer, "Access-Control-Allow-Headers"), "Authorization",
				  preflights[i].target);
	}
}

static const struct {
	const char *origin;
	bool allowed;
} origins[] = {
	{"https://spa.example", true},
	{"https://spa.example:443", false},
	{"http://spa.example", false},
	{"https://SPA.example", false},
	{"https://spa.example.evil", false},
	{"https://evil.example", false},
	{"null", false},
	{"*", false},
	{NULL, false},
};

static struct answer
token_from(const char *origin, const char *form)
{
	return request_send(&(struct ask){.target = "/token", .body = form, .origin = origin});
}

/* Errors must be readable too, or a page cannot say what went wrong. */
static void
origins_of_the_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++) {
		const char *origin = origins[i].origin, *name = origin ? origin : "none";
		const char *wanted = origins[i].allowed ? origin : NULL;
		const char *code = walk_code(&alice, authorize("spa", NULL, NULL));
		struct answer good = token_from(origin, redemption("spa", code));
		struct answer bad = token_from(origin, redemption("spa", code)), answer;

		check_status(good, 200, name);
		check_text(header(&good, "Access-Control-Allow-Origin"), wanted, name);
		check_text(header(&good, "Vary"), "Origin", name);
		check_error(&bad, 400, "invalid_grant", name);
		check_text(header(&bad, "Access-Control-Allow-Origin"), wanted, name);
		good = tokens(&alice, "spa", NULL);
		answer = request_send(&(struct ask){
			.target = "/userinfo",
			.origin = origin,
			.authorization = arena_printf(world.arena, "Bearer %s",
						      member(&good, "access_token"))});
		check_status(answer, 200, name);
		check_text(header(&answer, "Access-Control-Allow-Origin"), wanted, name);
		answer = request_send(
			&(struct ask){.target = "/revoke",
				      .origin = origin,
				      .body = params("client_id", "spa", "token", "x", NULL)});
		check_text(header(&answer, "Access-Control-Allow-Origin"), wanted, name);
	}
}

static void
origins_of_others(void **state)
{
	struct answer set = a_set("web"), answer;

	(void)state;
	answer = request_send(
		&(struct ask){.target = "/userinfo",
			      .origin = "https://spa.example",
			      .authorization = arena_printf(world.arena, "Bearer %s",
							    member(&set, "access_token"))});
	check_text(header(&answer, "Access-Control-Allow-Origin"), NULL, "token of another client");
	answer = request_send(&(struct ask){.target = "/token",
					    .origin = "https://spa.example",
					    .body = "grant_type=x",
					    .authorization = basic("web", WEB_SECRET)});
	check_text(header(&answer, "Access-Control-Allow-Origin"), NULL, "another client");
}

/* A dead token's page may still read that it is dead. */
static void
origins_of_dead_tokens(void **state)
{
	struct answer set = a_set("spa"), answer;

	(void)state;
	check_status(revoked("spa", member(&set, "access_token")), 200, "revoked");
	answer = request_send(
		&(struct ask){.target = "/userinfo",
			      .origin = "https://spa.example",
			      .authorization = arena_printf(world.arena, "Bearer %s",
							    member(&set, "access_token"))});
	check_error(&answer, 401, "invalid_token", "revoked");
	check_text(header(&answer, "Access-Control-Allow-Origin"), "https://spa.example",
		   "revoked");
	check_has(header(&answer, "Access-Control-Expose-Headers"), "WWW-Authenticate", "revoked");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		resource_test(preflight),
		resource_test(origins_of_the_client),
		resource_test(origins_of_others),
		resource_test(origins_of_dead_tokens),
	};

	return flow_tests_run(tests);
}
