/* SPDX-License-Identifier: ISC */
/*
 * Assertions of trusted issuers as authorization grants (RFC 7523 2.1, 3): each is good once, for
 * what the client is registered for.
 */
#include "tests/flow/others.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"

#define BEARER_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define API         "https://api.example"
#define DARK        "https://dark.example"
#define RUNNERS     6

static struct other_key key;

static void
set_client(const char *more)
{
	world_client("main", "svc",
		     arena_printf(world.arena, "{\"grant_types\":[\"" BEARER_TYPE "\"]%s}", more),
		     WEB_SECRET);
}

static int
begin(void **state)
{
	int result = world_fresh(state);

	key = other_key(JWS_ES256, "k1");
	other_trusted(PARTNER, "jwt_bearer", "ES256", other_jwks(&key, 1));
	other_linked(PARTNER, "p-1", "alice");
	world_resource(API, "{\"read\":{\"\":\"Read\"}}", "{}", NULL);
	world_resource(DARK, "{\"read\":{\"\":\"Read\"}}", "{\"access_token_format\":\"opaque\"}",
		       NULL);
	set_client(",\"scope\":\"openid profile read offline_access\",\"resources\":[\"" API
		   "\",\"" DARK "\"]");
	return result;
}

#define bearer_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static const char *
form_of(const char *assertion)
{
	return params("grant_type", BEARER_TYPE, "assertion", assertion, NULL);
}

static struct answer
present(struct json_object *claims)
{
	return exchange_as("svc", form_of(other_token(&key, NULL, claims)));
}

static void
tokens_for_a_linked_person(void **state)
{
	struct answer answer = present(other_claims());
	struct json_object *claims;
	struct account account;

	(void)state;
	check_status(answer, 200, "bearer");
	check_text(member(&answer, "scope"), "profile", "what nobody has to be asked for");
	check_text(member(&answer, "id_token"), NULL, "nobody signed in here");
	check_text(member(&answer, "refresh_token"), NULL, "the issuer is asked again");
	check_text(member(&answer, "issued_token_type"), NULL, "not of this grant");
	check_text(member(&answer, "expires_in"), "3600", "a life of its own");
	claims = claims_of(member(&answer, "access_token"));
	world_account("alice", &account);
	check_text(json_text_or_null(claims, "sub"), account.sub, "our sub");
	check_text(json_text_or_null(claims, "client_id"), "svc", "client_id");
	check(!json_object_object_get_ex(claims, "act", NULL), "act");
	check(!json_object_object_get_ex(claims, "auth_time", NULL), "auth_time");
	check_text(recorded("assertion_used"), PARTNER, "record");
}

static void
for_a_resource(void **state)
{
	static const struct {
		const char *resource, *scope, *error, *start;
	} cases[] = {
		{API, NULL, NULL, "ey"},
		{DARK, "read", NULL, "ost_at_"},
		{"https://nobody.example", NULL, "invalid_target", NULL},
		{API, "profile", "invalid_scope", NULL},
		{API, "write", "invalid_scope", NULL},
		{NULL, "openid", "invalid_scope", NULL},
		{NULL, "offline_access", "invalid_scope", NULL},
		{NULL, "email", "invalid_scope", NULL},
		{NULL, "read", "invalid_scope", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *claims = other_claims();
		const char *form;
		struct answer answer;

		other_claim(claims, "jti", arena_printf(world.arena, "\"j%zu\"", i));
		form = form_of(other_token(&key, NULL, claims));
		if (cases[i].resource)
			form = params_with(form, "resource", cases[i].resource);
		if (cases[i].scope)
			form = params_with(form, "scope", cases[i].scope);
		answer = exchange_as("svc", form);
		if (cases[i].error) {
			check_error(&answer, 400, cases[i].error, cases[i].scope);
			continue;
		}
		check_status(answer, 200, cases[i].resource);
		check_text(member(&answer, "scope"), "read", cases[i].resource);
		check(str_starts(member(&answer, "access_token"), cases[i].start),
		      cases[i].resource);
	}
}

static const struct {
	const char *name, *claim, *value;
	const char *error; /* NULL: good */
} samples[] = {
	{"the token endpoint in aud", "aud", "\"" MAIN_ISSUER "/token\"", NULL},
	{"the client in aud", "aud", "\"svc\"", "invalid_grant"},
	{"somebody else in aud", "aud", "\"https://other.example\"", "invalid_grant"},
	{"another realm in aud", "aud", "\"" SUB_ISSUER "\"", "invalid_grant"},
	{"no aud", "aud", NULL, "invalid_grant"},
	{"no sub", "sub", NULL, "invalid_grant"},
	{"another sub", "sub", "\"p-2\"", "invalid_grant"},
	{"no iss", "iss", NULL, "invalid_grant"},
	{"another issuer", "iss", "\"https://other.example\"", "invalid_grant"},
	{"our issuer", "iss", "\"" MAIN_ISSUER "\"", "invalid_grant"},
	{"a security event, as logout tokens are", "events",
	 "{\"http://schemas.openid.net/event/backchannel-logout\":{}}", "invalid_grant"},
	{"no exp", "exp", NULL, "invalid_grant"},
	{"expired", "exp", "1799999990", "invalid_grant"},
	{"an hour", "exp", "1800003600", NULL},
	{"much more than an hour", "exp", "1800003700", "invalid_grant"},
	{"nbf ahead", "nbf", "1800000060", "invalid_grant"},
	{"iat ahead", "iat", "1800000060", "invalid_grant"},
	{"iat a little ahead", "iat", "1800000010", NULL},
	{"jti that is no text", "jti", "7", "invalid_grant"},
};

static void
what_must_be_true(void **state)
{
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct json_object *claims = other_claims();

		other_claim(claims, "jti", arena_printf(world.arena, "\"s%zu\"", i));
		other_claim(claims, samples[i].claim, samples[i].value);
		answer = present(claims);
		if (samples[i].error)
			check_error(&answer, 400, samples[i].error, samples[i].name);
		else
			check_status(answer, 200, samples[i].name);
	}
	answer = exchange_as("svc", params("grant_type", BEARER_TYPE, NULL));
	check_error(&answer, 400, "invalid_request", "no assertion");
	answer = exchange_as("svc", form_of("x"));
	check_error(&answer, 400, "invalid_grant", "no JWT");
	answer = exchange_as("svc", form_of(other_token(&key, "logout+jwt", other_claims())));
	check_error(&answer, 400, "invalid_grant", "another kind of message");
	check_status(exchange_as("svc", form_of(other_token(&key, "authorization-grant+jwt",
							    other_claims()))),
		     200, "its own kind");
}

static void
audience_by_alias(void **state)
{
	struct json_object *claims = other_claims();
	struct answer answer;

	(void)state;
	other_claim(claims, "aud", "\"https://mtls.example/token\"");
	answer = present(claims);
	check_error(&answer, 400, "invalid_grant", "not ours");
	world_realm_set("mtls_endpoint_base", "https://mtls.example");
	check_status(present(claims), 200, "ours");
	world_realm_set("mtls_endpoint_base", "");
}

static void
who_is_trusted(void **state)
{
	struct other_key stranger = other_key(JWS_ES256, "k1");
	struct answer answer =
		exchange_as("svc", form_of(other_token(&stranger, NULL, other_claims())));

	(void)state;
	check_error(&answer, 400, "invalid_grant", "another key");
	answer = exchange_as("web", form_of(other_token(&key, NULL, other_claims())));
	check_error(&answer, 400, "unauthorized_client", "a client without the grant type");
	other_trusted(PARTNER, "subject_token", "ES256", other_jwks(&key, 1));
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_grant", "not for this purpose");
	other_trusted(PARTNER, "jwt_bearer", "ES256", other_jwks(&key, 1));
	private_db_number("UPDATE account SET disabled_at = 1");
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_grant", "disabled");
	private_db_number("UPDATE account SET disabled_at = 0");
	set_client("");
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_scope", "no scope is registered");
	set_client(",\"scope\":\"profile\"");
	check_status(present(other_claims()), 200, "good");
}

/* ---- once ---- */

static void
an_assertion_is_good_once(void **state)
{
	struct json_object *claims = other_claims();
	struct answer answer = present(claims);

	(void)state;
	check_status(answer, 200, "first");
	answer = present(claims); /* signed anew: ES256 makes another signature */
	check_error(&answer, 400, "invalid_grant", "again");
	other_claim(claims, "iat", "1800000001");
	answer = present(claims);
	check_error(&answer, 400, "invalid_grant", "another message with the same jti");
	other_claim(claims, "jti", "\"j-2\"");
	check_status(present(claims), 200, "another jti");
	other_claim(claims, "jti", NULL);
	check_status(present(claims), 200, "without jti");
	answer = present(claims);
	check_error(&answer, 400, "invalid_grant", "without jti again, signed anew");
	other_claim(claims, "exp", "1800000200");
	check_status(present(claims), 200, "without jti, another message");
	check(private_db_number("SELECT COUNT(*) FROM replay") == 4, "rows");
	check(private_db_number("SELECT COUNT(*) FROM auth_grant") == 4, "grants");
}

/* What was refused has used up nothing. */
static void
a_refusal_costs_nothing(void **state)
{
	struct json_object *claims = other_claims();
	struct answer answer = exchange_as(
		"svc", params_with(form_of(other_token(&key, NULL, claims)), "scope", "email"));

	(void)state;
	check_error(&answer, 400, "invalid_scope", "a mistake");
	check_status(present(claims), 200, "put right");
}

/* Two issuers, or two realms, may use the same jti. */
static void
a_jti_is_of_its_issuer(void **state)
{
	struct json_object *claims = other_claims();

	(void)state;
	check_status(present(claims), 200, "first");
	other_trusted("https://second.example", "jwt_bearer", "ES256", other_jwks(&key, 1));
	other_linked("https://second.example", "p-1", "bob");
	other_claim(claims, "iss", "\"https://second.example\"");
	check_status(present(claims), 200, "another issuer");
}

static void
one_of_many_at_once(void **state)
{
	const char *form =
		params_with(form_of(other_token(&key, NULL, other_claims())), "resource", DARK);
	pid_t runner[RUNNERS];
	int status, good = 0;

	(void)state;
	for (size_t i = 0; i < RUNNERS; i++) {
		runner[i] = fork();
		assert_true(runner[i] >= 0);
		if (runner[i] != 0)
			continue;
		world_own_connection();
		world_child_exit(exchange_as("svc", form).status == 200 ? 0 : 1);
	}
	for (size_t i = 0; i < RUNNERS; i++) {
		assert_int_equal(waitpid(runner[i], &status, 0), runner[i]);
		check(WIFEXITED(status), "ended");
		good += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(good, 1);
	check(private_db_number("SELECT COUNT(*) FROM auth_grant") == 1, "one grant");
	check(private_db_number("SELECT COUNT(*) FROM access_token") == 1, "one token");
}

static void
it_dies_with_client_and_account(void **state)
{
	struct answer answer = present(other_claims());
	const char *token = member(&answer, "access_token");

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"introspection\":\"all\"}",
		     WEB_SECRET);
	check(is_active(token), "live");
	private_db_number("UPDATE account SET auth_epoch = auth_epoch + 1");
	check(!is_active(token), "the account has changed");
	private_db_number("UPDATE account SET auth_epoch = auth_epoch - 1");
	check(is_active(token), "live");
	world_client_off("svc");
	check(!is_active(token), "the client is disabled");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		bearer_test(tokens_for_a_linked_person),
		bearer_test(for_a_resource),
		bearer_test(what_must_be_true),
		bearer_test(audience_by_alias),
		bearer_test(who_is_trusted),
		bearer_test(an_assertion_is_good_once),
		bearer_test(a_refusal_costs_nothing),
		bearer_test(a_jti_is_of_its_issuer),
		bearer_test(one_of_many_at_once),
		bearer_test(it_dies_with_client_and_account),
	};

	return flow_tests_run(tests);
}
