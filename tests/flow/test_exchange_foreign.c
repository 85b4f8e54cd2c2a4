/* SPDX-License-Identifier: ISC */
/*
 * Token exchange with tokens of other issuers: nothing counts without a trusted issuer, its key, a
 * link of the subject, and a registration that lets the client present it.
 */
#include "tests/flow/others.h"

#include "core/base/str.h"
#include "core/model/issuer.h"
#include "tests/lib/fake_net.h"

static struct other_key key;

static void
set_client(const char *more)
{
	world_client("main", "svc",
		     arena_printf(world.arena,
				  "{\"grant_types\":[\"" EXCHANGE_TYPE
				  "\"],\"scope\":\"openid profile\",\"introspection\":\"all\"%s}",
				  more),
		     WEB_SECRET);
}

static int
begin(void **state)
{
	int result = world_fresh(state);

	key = other_key(JWS_ES256, "k1");
	other_trusted(PARTNER, "subject_token", "ES256 RS256", other_jwks(&key, 1));
	other_linked(PARTNER, "p-1", "alice");
	set_client(",\"exchange_issuers\":[\"" PARTNER "\"]");
	return result;
}

#define foreign_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
present(struct json_object *claims)
{
	return exchange_as("svc", exchange_form(TYPE_JWT, other_token(&key, "JWT", claims)));
}

static void
a_linked_person(void **state)
{
	struct answer answer = present(other_claims());
	const char *token = member(&answer, "access_token");
	struct account account;

	(void)state;
	check_status(answer, 200, "exchange");
	world_account("alice", &account);
	check_text(json_text_or_null(claims_of(token), "sub"), account.sub, "our sub");
	check_text(json_text_or_null(claims_of(token), "client_id"), "svc", "client_id");
	check_text(json_text_or_null(claims_of(token), "aud"), MAIN_ISSUER, "aud");
	check(number_of(claims_of(token), "exp") == world_now() + 300, "no longer than theirs");
	check(!json_object_object_get_ex(claims_of(token), "auth_time", NULL),
	      "nobody signed in here");
	check_text(member(&answer, "scope"), "openid profile", "what the client is registered for");
	check_text(member(&answer, "refresh_token"), NULL, "no refresh token");
	check(!is_active(token), "web may not see it");
	check_status(userinfo(token), 200, "userinfo");
	private_db_number("UPDATE account SET disabled_at = 1");
	check_status(userinfo(token), 401, "it dies with the account");
}

static const struct {
	const char *name, *claim, *value;
	const char *error; /* NULL: good */
} samples[] = {
	{"as it is", "x", "1", NULL},
	{"the token endpoint in aud", "aud", "\"" MAIN_ISSUER "/token\"", NULL},
	{"several in aud", "aud", "[\"https://other.example\",\"" MAIN_ISSUER "\"]", NULL},
	{"the client in aud", "aud", "\"svc\"", NULL},
	{"somebody else in aud", "aud", "\"https://other.example\"", "invalid_request"},
	{"another client in aud", "aud", "\"web\"", "invalid_request"},
	{"no aud", "aud", NULL, "invalid_request"},
	{"no sub", "sub", NULL, "invalid_request"},
	{"another sub", "sub", "\"p-2\"", "invalid_request"},
	{"sub without case", "sub", "\"P-1\"", "invalid_request"},
	{"no iss", "iss", NULL, "invalid_request"},
	{"another issuer", "iss", "\"https://other.example\"", "invalid_request"},
	{"our issuer", "iss", "\"" MAIN_ISSUER "\"", "invalid_request"},
	{"an issuer by another way of writing", "iss", "\"" PARTNER "/\"", "invalid_request"},
	{"no exp", "exp", NULL, "invalid_request"},
	{"expired", "exp", "1799999999", "invalid_request"},
	{"expired this second", "exp", "1800000000", "invalid_request"},
	{"one second left", "exp", "1800000001", NULL},
	{"a day", "exp", "1800086400", NULL},
	{"much more than a day", "exp", "1800086500", "invalid_request"},
	{"nbf a little ahead", "nbf", "1800000010", NULL},
	{"nbf ahead", "nbf", "1800000011", "invalid_request"},
	{"iat ahead", "iat", "1800000060", "invalid_request"},
	{"no iat", "iat", NULL, NULL},
	{"no jti", "jti", NULL, NULL},
	{"scope that is no text", "scope", "7", "invalid_request"},
	{"act that is no object", "act", "\"x\"", "invalid_request"},
	{"act without sub", "act", "{\"iss\":\"x\"}", "invalid_request"},
	{"may_act that is no object", "may_act", "\"x\"", "invalid_request"},
	{"a security event, as logout tokens are", "events",
	 "{\"http://schemas.openid.net/event/backchannel-logout\":{}}", "invalid_request"},
	{"may_act of the client", "may_act", "{\"sub\":\"svc\"}", NULL},
	{"may_act of another", "may_act", "{\"sub\":\"web\"}", "invalid_request"},
};

static void
what_must_be_true(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct json_object *claims = other_claims();
		struct answer answer;

		other_claim(claims, samples[i].claim, samples[i].value);
		answer = present(claims);
		if (samples[i].error)
			check_error(&answer, 400, samples[i].error, samples[i].name);
		else
			check_status(answer, 200, samples[i].name);
	}
}

static void
types_of_messages(void **state)
{
	static const struct {
		const char *typ, *type;
		int status;
	} types[] = {
		{NULL, TYPE_JWT, 200},         {"jwt", TYPE_ID, 200},
		{"at+jwt", TYPE_ACCESS, 200},  {"application/at+jwt", TYPE_ACCESS, 200},
		{"logout+jwt", TYPE_JWT, 400}, {"dpop+jwt", TYPE_JWT, 400},
		{"JWT", TYPE_REFRESH, 400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		const char *token = other_token(&key, types[i].typ, other_claims());

		check_status(exchange_as("svc", exchange_form(types[i].type, token)),
			     types[i].status, types[i].typ ? types[i].typ : "none");
	}
}

static void
keys_and_algorithms(void **state)
{
	struct other_key next = other_key(JWS_ES256, "k2"), same = other_key(JWS_ES256, "k1");
	struct other_key rsa = other_key(JWS_RS256, "r1"), pss = other_key(JWS_PS256, "r2");
	const struct other_key both[] = {key, next}, four[] = {next, rsa, pss};
	const char *old = exchange_form(TYPE_JWT, other_token(&key, NULL, other_claims()));
	const char *new = exchange_form(TYPE_JWT, other_token(&next, NULL, other_claims()));
	const char *forged = exchange_form(TYPE_JWT, other_token(&same, NULL, other_claims()));
	struct answer answer = exchange_as("svc", new);

	(void)state;
	check_error(&answer, 400, "invalid_request", "a key that is not known");
	answer = exchange_as("svc", forged);
	check_error(&answer, 400, "invalid_request", "another key of the same name");
	other_trusted(PARTNER, "subject_token", "ES256 RS256", other_jwks(both, 2));
	check_status(exchange_as("svc", old), 200, "the old key");
	check_status(exchange_as("svc", new), 200, "and the new one");
	other_trusted(PARTNER, "subject_token", "ES256 RS256", other_jwks(four, 3));
	answer = exchange_as("svc", old);
	check_error(&answer, 400, "invalid_request", "the old key is gone");
	check_status(exchange_as("svc",
				 exchange_form(TYPE_JWT, other_token(&rsa, NULL, other_claims()))),
		     200, "RS256");
	answer = exchange_as("svc",
			     exchange_form(TYPE_JWT, other_token(&pss, NULL, other_claims())));
	check_error(&answer, 400, "invalid_request", "an algorithm that is not the issuer's");
}

static void
keys_by_reference(void **state)
{
	static const char url[] = "https://partner.example/jwks";
	struct issuer row = {.issuer = PARTNER,
			     .purposes = "subject_token",
			     .jwks_uri = url,
			     .algs = "ES256",
			     .created_at = WORLD_NOW};
	struct tx tx;
	struct answer answer;

	(void)state;
	world_tx(&tx, "main");
	row.realm_id = tx.realm->id;
	assert_int_equal(issuer_update(tx.store, &row), STORE_OK);
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "nobody answers");
	world_move(120);
	fake_net_page(url, "application/json", other_jwks(&key, 1));
	check_status(present(other_claims()), 200, "fetched");
	check_status(present(other_claims()), 200, "kept");
	assert_int_equal(fake_net_asked(url), 1);
}

static void
trust_is_by_purpose_and_ends_at_once(void **state)
{
	struct answer answer;
	struct tx tx;

	(void)state;
	other_trusted(PARTNER, "jwt_bearer software_statement", "ES256", other_jwks(&key, 1));
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "not for this");
	check_has(member(&answer, "error_description"), "not trusted", "text");
	other_trusted(PARTNER, "jwt_bearer subject_token", "ES256", other_jwks(&key, 1));
	check_status(present(other_claims()), 200, "for this too");
	world_tx(&tx, "main");
	assert_int_equal(issuer_remove(tx.store, tx.realm->id, PARTNER), STORE_OK);
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "no more");
	other_trusted(PARTNER, "subject_token", "ES256", other_jwks(&key, 1));
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "its links went with it");
}

static void
who_may_present_it(void **state)
{
	struct json_object *claims = other_claims();
	struct answer answer;

	(void)state;
	set_client("");
	answer = present(claims);
	check_error(&answer, 400, "invalid_request", "exchange_issuers are empty");
	check(world_log_count("exchange_issuers of svc lack " PARTNER) == 1, "why");
	other_claim(claims, "aud", "[\"" MAIN_ISSUER "\",\"svc\"]");
	answer = present(claims);
	check_error(&answer, 400, "invalid_request", "named beside us");
	other_claim(claims, "aud", "\"svc\"");
	answer = present(claims);
	check_error(&answer, 400, "invalid_request", "named alone");
	check_has(member(&answer, "error_description"), "not for this client", "text");
	set_client(",\"exchange_issuers\":[\"https://other.example\"]");
	answer = present(claims);
	check_error(&answer, 400, "invalid_request", "named, of another issuer than allowed");
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "another issuer");
	set_client(",\"exchange_issuers\":[\"" PARTNER "\"]");
	check_status(present(claims), 200, "named, and allowed");
}

static void
scopes_are_of_both(void **state)
{
	struct json_object *claims = other_claims();
	struct answer answer;

	(void)state;
	other_claim(claims, "scope", "\"profile other\"");
	answer = present(claims);
	check_status(answer, 200, "both");
	check_text(member(&answer, "scope"), "profile", "scope");
	answer = exchange_as("svc",
			     params_with(exchange_form(TYPE_JWT, other_token(&key, NULL, claims)),
					 "scope", "openid"));
	check_error(&answer, 400, "invalid_scope", "beyond theirs");
	answer = exchange_as(
		"svc", params_with(exchange_form(TYPE_JWT, other_token(&key, NULL, other_claims())),
				   "scope", "email"));
	check_error(&answer, 400, "invalid_scope", "beyond the client's");
	world_client("main", "svc",
		     "{\"grant_types\":[\"" EXCHANGE_TYPE "\"],\"exchange_issuers\":[\"" PARTNER
		     "\"]}",
		     WEB_SECRET);
	answer = present(other_claims());
	check_status(answer, 200, "no scope is registered");
	check_text(member(&answer, "scope"), "", "so none is given");
}

static void
their_actors(void **state)
{
	struct json_object *claims = other_claims(), *act;
	struct answer answer;
	const char *form, *text;

	(void)state;
	other_claim(claims, "act",
		    "{\"sub\":\"robot\",\"client_id\":\"svc\",\"x\":1,\"act\":{\"sub\":\"a\","
		    "\"iss\":\"https://third.example\"}}");
	answer = present(claims);
	check_status(answer, 200, "act");
	assert_int_equal(json_get_object(claims_of(member(&answer, "access_token")), "act", &act),
			 JSON_FOUND);
	text = json_write(world.arena, act, NULL);
	check_text(text,
		   "{\"sub\":\"svc\",\"client_id\":\"svc\",\"act\":{\"iss\":\"" PARTNER
		   "\",\"sub\":\"robot\",\"act\":{\"iss\":\"https://third.example\","
		   "\"sub\":\"a\"}}}",
		   "their names are theirs");
	claims = other_claims();
	other_claim(claims, "sub", "\"p-9\""); /* nobody here: an actor need not be */
	form = exchange_form(TYPE_JWT, other_token(&key, NULL, other_claims()));
	form = params_with(form, "actor_token", other_token(&key, NULL, claims));
	form = params_with(form, "actor_token_type", TYPE_JWT);
	answer = exchange_as("svc", form);
	check_status(answer, 200, "actor");
	assert_int_equal(json_get_object(claims_of(member(&answer, "access_token")), "act", &act),
			 JSON_FOUND);
	check_text(json_write(world.arena, act, NULL), "{\"iss\":\"" PARTNER "\",\"sub\":\"p-9\"}",
		   "act");
}

static void
names_of_actors(void **state)
{
	static const struct {
		const char *name;
		int size, status;
	} cases[] = {
		{"the longest name", SUB_MAX, 200},
		{"a longer one", SUB_MAX + 1, 400},
		{"none", 0, 400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *claims = other_claims();
		const char *form = exchange_form(TYPE_JWT, other_token(&key, NULL, other_claims()));

		other_claim(claims, "sub",
			    cases[i].size ? arena_printf(world.arena, "\"%0*d\"", cases[i].size, 7)
					  : "\"\"");
		form = params_with(form, "actor_token", other_token(&key, NULL, claims));
		form = params_with(form, "actor_token_type", TYPE_JWT);
		check_status(exchange_as("svc", form), cases[i].status, cases[i].name);
	}
}

/* A name without issuer in our token is one of ours. */
static void
their_names_are_not_ours(void **state)
{
	struct json_object *claims = other_claims();
	struct answer set;
	struct agent alice = {0};
	const char *form;

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"exchange_clients\":[\"svc\"]}",
		     WEB_SECRET);
	private_db_number("UPDATE account SET claims = '{\"may_act\":{\"sub\":\"robot\"}}'");
	set = redeem("web", walk_code(&alice, authorize("web", NULL, NULL)));
	other_claim(claims, "sub", "\"robot\"");
	form = exchange_form(TYPE_ACCESS, member(&set, "access_token"));
	form = params_with(form, "actor_token", other_token(&key, NULL, claims));
	form = params_with(form, "actor_token_type", TYPE_JWT);
	set = exchange_as("svc", form);
	check_error(&set, 400, "invalid_request", "robot of PARTNER is not our robot");
	check(world_log_count("may_act is") == 1, "why");
}

static void
a_disabled_person(void **state)
{
	struct answer answer;

	(void)state;
	private_db_number("UPDATE account SET disabled_at = 1");
	answer = present(other_claims());
	check_error(&answer, 400, "invalid_request", "disabled");
	check(world_log_count("who is disabled") == 1, "why");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		foreign_test(a_linked_person),
		foreign_test(what_must_be_true),
		foreign_test(types_of_messages),
		foreign_test(keys_and_algorithms),
		foreign_test(keys_by_reference),
		foreign_test(trust_is_by_purpose_and_ends_at_once),
		foreign_test(who_may_present_it),
		foreign_test(scopes_are_of_both),
		foreign_test(their_actors),
		foreign_test(names_of_actors),
		foreign_test(their_names_are_not_ours),
		foreign_test(a_disabled_person),
	};

	return flow_tests_run(tests);
}
