/* SPDX-License-Identifier: ISC */
/*
 * Token exchange (RFC 8693) of our own tokens: who may exchange which, for what, and that nothing
 * becomes more or lasts longer.
 */
#include "tests/flow/exchange_world.h"

#include "core/base/str.h"

static const char *
act_text(const char *token)
{
	struct json_object *act;

	if (json_get_object(claims_of(token), "act", &act) != JSON_FOUND)
		return NULL;
	return json_write(world.arena, act, NULL);
}

/* ---- the answer ---- */

static void
delegation(void **state)
{
	struct answer answer = exchange_as("svc", form_of_web());
	struct json_object *before = claims_of(web_token), *after;

	(void)state;
	check_error(&answer, 400, "invalid_target", "svc may not ask for what web's token is for");
	answer = exchange_as("svc", params_with(form_of_web(), "resource", BACK));
	check_status(answer, 200, "delegation");
	check_text(member(&answer, "issued_token_type"), TYPE_ACCESS, "issued_token_type");
	check_text(member(&answer, "token_type"), "Bearer", "token_type");
	check_text(member(&answer, "scope"), "read", "what both know and have");
	check_text(member(&answer, "refresh_token"), NULL, "no refresh token");
	check_text(member(&answer, "id_token"), NULL, "no ID token");
	after = claims_of(member(&answer, "access_token"));
	check_text(json_text_or_null(after, "sub"), json_text_or_null(before, "sub"), "sub");
	check_text(json_text_or_null(after, "aud"), BACK, "aud");
	check_text(json_text_or_null(after, "client_id"), "svc", "client_id");
	check_text(json_text_or_null(after, "scope"), "read", "scope");
	check_text(act_text(member(&answer, "access_token")),
		   "{\"sub\":\"svc\",\"client_id\":\"svc\"}", "act");
	check(number_of(after, "exp") <= number_of(before, "exp"), "exp");
	check_text(recorded("token_exchanged"),
		   "access token of web; delegation; actor: client svc; audience: " BACK
		   "; scope: read",
		   "record");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 1);
}

static void
the_type_that_is_asked_for(void **state)
{
	const char *form = params_with(form_of_web(), "resource", BACK);
	struct answer answer =
		exchange_as("svc", params_with(form, "requested_token_type", TYPE_JWT));

	(void)state;
	check_status(answer, 200, "jwt");
	check_text(member(&answer, "issued_token_type"), TYPE_JWT, "jwt");
	form = params_with(form_of_web(), "resource", DARK);
	answer = exchange_as("svc", form);
	check_status(answer, 200, "opaque");
	check(str_starts(member(&answer, "access_token"), "ost_at_"), "opaque");
	answer = introspect(member(&answer, "access_token"));
	check_has(answer.body, "\"act\":{\"sub\":\"svc\",\"client_id\":\"svc\"}", "opaque act");
	check_text(member(&answer, "client_id"), "svc", "opaque client_id");
	check_text(member(&answer, "aud"), DARK, "opaque aud");
	answer = exchange_as("svc", params_with(form, "requested_token_type", TYPE_JWT));
	check_error(&answer, 400, "invalid_request", "opaque tokens alone");
}

static const struct {
	const char *name, *parameter, *value, *behind;
	const char *error;
} refusals[] = {
	{"no subject_token", "subject_token", NULL, NULL, "invalid_request"},
	{"no subject_token_type", "subject_token_type", NULL, NULL, "invalid_request"},
	{"unknown subject_token_type", "subject_token_type",
	 "urn:ietf:params:oauth:token-type:saml2", NULL, "invalid_request"},
	{"an access token is no refresh token", "subject_token_type", TYPE_REFRESH, NULL,
	 "invalid_request"},
	{"an access token is no ID token", "subject_token_type", TYPE_ID, NULL, "invalid_request"},
	{"no token at all", "subject_token", "x", NULL, "invalid_request"},
	{"nobody's opaque token", "subject_token",
	 "ost_at_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL,
	 "invalid_request"},
	{"actor_token without type", "actor_token", "x", NULL, "invalid_request"},
	{"actor_token_type without token", "actor_token_type", TYPE_ACCESS, NULL,
	 "invalid_request"},
	{"an actor that is none", "actor_token", "x", "&actor_token_type=" TYPE_ACCESS,
	 "invalid_request"},
	{"actor of an unknown type", "actor_token", "x", "&actor_token_type=x", "invalid_request"},
	{"an ID token is not given", "requested_token_type", TYPE_ID, NULL, "invalid_request"},
	{"a refresh token is not given", "requested_token_type", TYPE_REFRESH, NULL,
	 "invalid_request"},
	{"unknown type", "requested_token_type", "x", NULL, "invalid_request"},
	{"subject_token twice", NULL, NULL, "&subject_token=x", "invalid_request"},
	{"a scope that the subject token lacks", "scope", "read audit", NULL, "invalid_scope"},
	{"a scope that the caller lacks", "scope", "read write", NULL, "invalid_scope"},
	{"a scope that the resource does not know", "scope", "openid", NULL, "invalid_scope"},
	{"unknown resource", "resource", "https://nobody.example", NULL, "invalid_target"},
	{"a resource beyond the caller", "resource", API, NULL, "invalid_target"},
	{"the issuer, for which the token is not", "resource", MAIN_ISSUER, NULL, "invalid_target"},
	{"no URI", "resource", "back", NULL, "invalid_target"},
	{"unknown audience", "audience", "nobody", NULL, "invalid_target"},
	{"an audience beyond the caller", "audience", API, NULL, "invalid_target"},
	{"a client that answers for nothing", "audience", "web", NULL, "invalid_target"},
	{"one good and one bad resource", NULL, NULL, "&resource=https%3A%2F%2Fapi.example",
	 "invalid_target"},
};

static void
what_is_refused(void **state)
{
	const char *good = params_with(form_of_web(), "resource", BACK);

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const char *form = good;
		struct answer answer;

		if (refusals[i].parameter)
			form = params_with(form, refusals[i].parameter, refusals[i].value);
		form = arena_printf(world.arena, "%s%s", form,
				    refusals[i].behind ? refusals[i].behind : "");
		if (str_equal(refusals[i].parameter, "audience"))
			form = params_with(form, "resource", NULL);
		answer = exchange_as("svc", form);
		check_error(&answer, 400, refusals[i].error, refusals[i].name);
	}
	(void)exchanged("svc", good);
}

/* ---- who ---- */

static const struct {
	const char *name, *client_id;
	int status;
	const char *error;
} callers[] = {
	{"exchange_clients of web name it", "svc", 200, NULL},
	{"they do not", "odd", 400, "invalid_request"},
	{"its own token", "web", 200, NULL},
	{"no such grant type", "ask2", 400, "unauthorized_client"},
	{"the token names it in aud", API, 200, NULL},
};

static void
who_may_exchange(void **state)
{
	(void)state;
	world_client("main", "ask2", "{\"redirect_uris\":[\"" WEB_REDIRECT "\"]}", WEB_SECRET);
	add_service(API, ",\"resources\":[\"" BACK "\"]");
	for (size_t i = 0; i < COUNT(callers); i++) {
		const char *form = form_of_web();
		struct answer answer;

		if (!str_equal(callers[i].client_id, "web"))
			form = params_with(form, "resource", BACK);
		answer = exchange_as(callers[i].client_id, form);
		if (callers[i].error)
			check_error(&answer, callers[i].status, callers[i].error, callers[i].name);
		else
			check_status(answer, callers[i].status, callers[i].name);
	}
	check(world_log_count("exchange_clients of web lack it") == 1, "the log names the policy");
}

static void
own_tokens_keep_their_audience(void **state)
{
	const char *form = params_with(form_of_web(), "scope", "read");
	const char *token = exchanged("web", form);
	struct answer set;

	(void)state;
	check_text(json_text_or_null(claims_of(token), "aud"), API, "aud");
	check_text(json_text_or_null(claims_of(token), "scope"), "read", "scope");
	check_text(json_text_or_null(claims_of(exchanged("web", form_of_web())), "scope"),
		   "read write", "openid is not known there");
	set = sign_in_for(NULL, "openid offline_access");
	token = exchanged("web", exchange_form(TYPE_ACCESS, member(&set, "access_token")));
	check_text(json_text_or_null(claims_of(token), "scope"), "openid",
		   "offline_access is for refreshing");
}

/* A scope of the same name at another resource is another thing to allow, so a client whose people
 * are asked asks them. */
static void
own_tokens_go_no_further_than_consent(void **state)
{
	static const struct {
		const char *name, *first_party, *resource;
		int status;
	} cases[] = {
		{"what the token is for", "false", API, 200},
		{"what nobody allowed", "false", BACK, 400},
		{"nobody is asked for clients of the house", "true", BACK, 200},
	};

	(void)state;
	world_client("main", "web", WEB_CLIENT(",\"resources\":[\"" API "\",\"" BACK "\"]"),
		     WEB_SECRET);
	web_set = sign_in_for(API, "read");
	web_token = member(&web_set, "access_token");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer answer;

		private_db_number("UPDATE client SET metadata = JSON_SET(metadata, '$.first_party',"
				  " %s) WHERE client_id = 'web'",
				  cases[i].first_party);
		private_db_number("UPDATE generation SET value = value + 1");
		realms_forget(world.provider.realms);
		answer = exchange_as("web",
				     params_with(form_of_web(), "resource", cases[i].resource));
		if (cases[i].status == 200)
			check_status(answer, 200, cases[i].name);
		else
			check_error(&answer, 400, "invalid_target", cases[i].name);
	}
}

/* ---- audience ---- */

static void
names_of_targets(void **state)
{
	const char *form = form_of_web();
	const char *token = exchanged("svc", params_with(form, "audience", BACK));
	struct answer answer;

	(void)state;
	check_text(json_text_or_null(claims_of(token), "aud"), BACK, "identifier");
	token = exchanged("svc", params_with(form, "audience", "back-end"));
	check_text(json_text_or_null(claims_of(token), "aud"), BACK,
		   "a client that answers for it");
	world_client("main", "svc",
		     "{\"grant_types\":[\"" EXCHANGE_TYPE "\"],\"resources\":[\"" BACK
		     "\"],\"default_resource\":\"" BACK "\"}",
		     WEB_SECRET);
	token = exchanged("svc", form);
	check_text(json_text_or_null(claims_of(token), "aud"), BACK, "default_resource");
	answer = exchange_as("svc", params_with(form, "scope", "write"));
	check_error(&answer, 400, "invalid_scope", "both have it, and nobody knows it there");
	world_client("main", "svc", "{\"grant_types\":[\"" EXCHANGE_TYPE "\"]}", WEB_SECRET);
	token = exchanged("svc", form);
	check_text(json_text_or_null(claims_of(token), "aud"), API, "what the token is for");
}

/* ---- life ---- */

static void
never_longer(void **state)
{
	const char *form = params_with(form_of_web(), "resource", BACK);
	struct answer answer;

	(void)state;
	world_move(3590);
	answer = exchange_as("svc", form);
	check_status(answer, 200, "ten seconds are left");
	check_text(member(&answer, "expires_in"), "10", "and no more are given");
	answer = exchange_as("svc", params_with(form, "resource", DARK));
	check_text(member(&answer, "expires_in"), "10", "opaque too");
	world_move(10);
	answer = exchange_as("svc", form);
	check_error(&answer, 400, "invalid_request", "expired");
}

static void
it_dies_with_its_grant(void **state)
{
	const char *form = form_of_web();
	const char *jwt = exchanged("svc", params_with(form, "resource", BACK));
	const char *opaque = exchanged("svc", params_with(form, "resource", DARK));
	const struct ask revocation = {
		.target = "/revoke",
		.body = params("token", member(&web_set, "refresh_token"), NULL),
		.authorization = basic("web", WEB_SECRET),
	};

	(void)state;
	check(is_active(jwt) && is_active(opaque), "before");
	check_status(request_send(&revocation), 200, "revocation");
	check(!is_active(jwt) && !is_active(opaque), "after");
}

static void
it_dies_with_clients_and_account(void **state)
{
	const char *jwt = exchanged("svc", params_with(form_of_web(), "resource", BACK));
	const char *other = exchanged("deep", params_with(form_of_web(), "resource", BACK));

	(void)state;
	check(is_active(jwt), "before");
	world_client_off("svc");
	check(!is_active(jwt), "its own client is disabled");
	check(is_active(other), "another client's goes on");
	private_db_number("UPDATE account SET disabled_at = 1");
	check(!is_active(other), "the person is disabled");
}

/* The caller may end what it was given, and that alone. */
static void
the_caller_may_revoke_it(void **state)
{
	const char *jwt = exchanged("svc", params_with(form_of_web(), "resource", BACK));
	struct ask ask = {.target = "/revoke", .body = params("token", jwt, NULL)};

	(void)state;
	ask.authorization = basic("web", WEB_SECRET);
	check_status(request_send(&ask), 200, "by another");
	check(is_active(jwt), "nothing happened");
	ask.authorization = basic("svc", WEB_SECRET);
	check_status(request_send(&ask), 200, "by its own client");
	check(!is_active(jwt), "ended");
	check(is_active(web_token), "the subject token goes on");
}

/* A client that got a token for itself: the other one's hangs on a grant made for it. */
static void
clients_as_subjects(void **state)
{
	const struct ask ask = {
		.target = "/token",
		.body = params("grant_type", "client_credentials", "scope", "read", "resource",
			       BACK, NULL),
		.authorization = basic("svc", WEB_SECRET),
	};
	struct answer own = request_send(&ask), answer;
	const char *token;

	(void)state;
	check_status(own, 200, "client credentials");
	answer = exchange_as("deep", exchange_form(TYPE_ACCESS, member(&own, "access_token")));
	check_status(answer, 200, "exchange");
	token = member(&answer, "access_token");
	check_text(json_text_or_null(claims_of(token), "sub"), "svc", "sub");
	check_text(json_text_or_null(claims_of(token), "client_id"), "deep", "client_id");
	check_text(act_text(token), "{\"sub\":\"deep\",\"client_id\":\"deep\"}", "act");
	check(is_active(token), "live");
	answer = exchange_as("svc", exchange_form(TYPE_ACCESS, member(&own, "access_token")));
	check_status(answer, 200, "its own");
	check_text(act_text(member(&answer, "access_token")), NULL, "nobody acts for itself");
	world_client_off("svc");
	check(!is_active(token), "the subject is disabled");
}

/* What web asked for by the claims parameter is not svc's to read. */
static void
claims_of_the_first_client(void **state)
{
	const char *request = params_with(request_of("web"), "scope", "openid email");
	struct answer set, answer;
	const char *token;

	(void)state;
	request = params_with(request, "claims", "{\"userinfo\":{\"email\":null}}");
	set = redeem("web", walk_code(&(struct agent){0},
				      arena_printf(world.arena, "/authorize?%s", request)));
	check_status(set, 200, "set");
	answer = userinfo(member(&set, "access_token"));
	check_text(member(&answer, "email"), "alice@example.org", "web");
	world_client("main", "svc", "{\"grant_types\":[\"" EXCHANGE_TYPE "\"]}", WEB_SECRET);
	token = exchanged("svc",
			  params_with(exchange_form(TYPE_ACCESS, member(&set, "access_token")),
				      "scope", "openid"));
	answer = userinfo(token);
	check_status(answer, 200, "svc");
	check_text(member(&answer, "email"), NULL, "svc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		exchange_test(delegation),
		exchange_test(the_type_that_is_asked_for),
		exchange_test(what_is_refused),
		exchange_test(who_may_exchange),
		exchange_test(own_tokens_keep_their_audience),
		exchange_test(own_tokens_go_no_further_than_consent),
		exchange_test(names_of_targets),
		exchange_test(never_longer),
		exchange_test(it_dies_with_its_grant),
		exchange_test(it_dies_with_clients_and_account),
		exchange_test(the_caller_may_revoke_it),
		exchange_test(clients_as_subjects),
		exchange_test(claims_of_the_first_client),
	};

	return flow_tests_run(tests);
}
