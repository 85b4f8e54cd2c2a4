/* SPDX-License-Identifier: ISC */
/*
 * The whole life of a registration (RFC 7591, RFC 7592): who may register, what is answered, what
 * strangers may not have, and the client's own look at itself.
 */
#include "core/base/str.h"
#include "core/manage/manage_registration.h"
#undef fail
#include "tests/flow/agent.h"
#include "tests/flow/others.h"

#define REDIRECT   "https://notes.example/cb"
#define URIS       "\"redirect_uris\":[\"" REDIRECT "\"]"
#define BODY(more) "{" URIS more "}"

static int
begin(void **state)
{
	world_fresh(state);
	world_realm_set("registration", "open");
	return 0;
}

static int
end(void **state)
{
	world_realm_set("registration", "closed");
	world_realm_set("registration_limit", "1000");
	world_realm_set("registration_scopes", "openid profile email offline_access");
	return world_spent(state);
}

static struct answer
send(const char *method, const char *target, const char *token, const char *body)
{
	const struct ask ask = {
		.method = method,
		.target = target,
		.body = body,
		.content_type = body ? "application/json" : NULL,
		.authorization = token ? arena_printf(world.arena, "Bearer %s", token) : NULL,
	};

	return request_send(&ask);
}

static struct answer
register_with(const char *token, const char *body)
{
	return send("POST", "/register", token, body);
}

static const char *
initial_token(int64_t uses, int64_t lifetime)
{
	struct manage_initial token = {.note = "for tests", .uses = uses, .lifetime = lifetime};
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	assert_int_equal(manage_initial_add(&tx, &token, &why), MANAGE_OK);
	return token.text;
}

static const char *
self(const struct answer *made)
{
	return arena_printf(world.arena, "/register/%s", member(made, "client_id"));
}

static const char *
list_of(const struct answer *answer, const char *name)
{
	struct json_object *value = NULL;

	if (!answer->json || !json_object_object_get_ex(answer->json, name, &value))
		return NULL;
	return json_write(world.arena, value, NULL);
}

static void
answer_of_a_registration(void **state)
{
	struct answer made = register_with(
		NULL, BODY(",\"client_name\":\"Notes\",\"client_name#de\":\"Notizen\","
			   "\"contacts\":[\"a@notes.example\"],\"first_party\":true,"
			   "\"profile\":\"oidc\",\"introspection\":\"all\","
			   "\"exchange_modes\":[\"impersonation\"],\"settings\":{\"access_token_"
			   "lifetime\":\"1d\"},\"unheard_of\":{\"x\":[1]}"));
	const struct {
		const char *name, *value;
	} wanted[] = {
		{"client_name", "\"Notes\""},
		{"client_name#de", "\"Notizen\""},
		{"redirect_uris", "[\"" REDIRECT "\"]"},
		{"contacts", "[\"a@notes.example\"]"},
		{"application_type", "\"web\""},
		{"token_endpoint_auth_method", "\"client_secret_basic\""},
		{"grant_types", "[\"authorization_code\"]"},
		{"response_types", "[\"code\"]"},
		{"id_token_signed_response_alg", "\"RS256\""},
		{"scope", "\"openid profile email offline_access\""},
		{"subject_type", "\"public\""},
		{"client_secret_expires_at", "0"},
		{"client_id_issued_at", "1800000000"},
		{"first_party", NULL},
		{"profile", NULL},
		{"introspection", NULL},
		{"exchange_modes", NULL},
		{"settings", NULL},
		{"unheard_of", NULL},
	};

	(void)state;
	check_status(made, 201, "registration");
	for (size_t i = 0; i < COUNT(wanted); i++)
		check_text(list_of(&made, wanted[i].name), wanted[i].value, wanted[i].name);
	check(str_starts(member(&made, "client_secret"), "ost_cs_"), "secret");
	check(str_starts(member(&made, "registration_access_token"), "ost_rat_"), "token");
	check_text(member(&made, "registration_client_uri"),
		   arena_printf(world.arena, MAIN_ISSUER "%s", self(&made)), "uri");
	check_text(header(&made, "Cache-Control"), "no-store", "cache");
	check(private_db_number(
		      "SELECT COUNT(*) FROM client WHERE source = 'registration' AND "
		      "(INSTR(metadata, 'first_party') OR INSTR(metadata, 'impersonation') "
		      "OR INSTR(metadata, '1d'))") == 0,
	      "what is an administrator's is not stored either");
	check(recorded("client_registered") != NULL, "record");
}

static void
it_signs_in(void **state)
{
	struct agent agent = {0};
	struct answer made = register_with(NULL, BODY("")), answer;
	const char *id = member(&made, "client_id"), *code;

	(void)state;
	code = walk_code(&agent,
			 arena_printf(world.arena, "/authorize?%s",
				      params("client_id", id, "redirect_uri", REDIRECT,
					     "response_type", "code", "scope", "openid", "state",
					     "af0ifjsldkj", "code_challenge", CHALLENGE,
					     "code_challenge_method", "S256", NULL)));
	check(code != NULL, "code");
	answer = token_post(basic(id, member(&made, "client_secret")),
			    params("grant_type", "authorization_code", "code", code, "redirect_uri",
				   REDIRECT, "code_verifier", VERIFIER, NULL));
	check_status(answer, 200, "tokens");
	check_status(send("DELETE", self(&made), member(&made, "registration_access_token"), NULL),
		     204, "removal");
	check_status(userinfo(member(&answer, "access_token")), 401, "its tokens are void");
	check_status(send("GET", self(&made), member(&made, "registration_access_token"), NULL),
		     401, "it is gone");
}

static const struct {
	const char *name, *body, *error;
} refusals[] = {
	{"no JSON", "redirect_uris=x", "invalid_client_metadata"},
	{"a list", "[]", "invalid_client_metadata"},
	{"member twice", "{" URIS "," URIS "}", "invalid_client_metadata"},
	{"no redirect_uris", "{}", "invalid_redirect_uri"},
	{"fragment", "{\"redirect_uris\":[\"https://x.example/#f\"]}", "invalid_redirect_uri"},
	{"http", "{\"redirect_uris\":[\"http://x.example/\"]}", "invalid_redirect_uri"},
	{"text for a list", "{\"redirect_uris\":\"https://x.example/\"}", "invalid_redirect_uri"},
	{"http initiate_login_uri", BODY(",\"initiate_login_uri\":\"http://x.example/\""),
	 "invalid_client_metadata"},
	{"pairwise", BODY(",\"subject_type\":\"pairwise\""), "invalid_client_metadata"},
	{"encrypted ID token", BODY(",\"id_token_encrypted_response_alg\":\"RSA-OAEP\""),
	 "invalid_client_metadata"},
	{"encrypted userinfo", BODY(",\"userinfo_encrypted_response_alg\":\"RSA-OAEP\""),
	 "invalid_client_metadata"},
	{"signed userinfo", BODY(",\"userinfo_signed_response_alg\":\"RS256\""),
	 "invalid_client_metadata"},
	{"encrypted request", BODY(",\"request_object_encryption_alg\":\"RSA-OAEP\""),
	 "invalid_client_metadata"},
	{"DPoP", BODY(",\"dpop_bound_access_tokens\":true"), "invalid_client_metadata"},
	{"alg none", BODY(",\"id_token_signed_response_alg\":\"none\""), "invalid_client_metadata"},
	{"unknown method", BODY(",\"token_endpoint_auth_method\":\"magic\""),
	 "invalid_client_metadata"},
	{"implicit", BODY(",\"grant_types\":[\"implicit\"]"), "invalid_client_metadata"},
	{"client_credentials",
	 BODY(",\"grant_types\":[\"authorization_code\","
	      "\"client_credentials\"],\"scope\":\"openid\""),
	 "invalid_client_metadata"},
	{"token exchange", BODY(",\"grant_types\":[\"authorization_code\",\"" EXCHANGE_TYPE "\"]"),
	 "invalid_client_metadata"},
	{"response_types", BODY(",\"response_types\":[\"token\"]"), "invalid_client_metadata"},
	{"other scopes", BODY(",\"scope\":\"admin\""), "invalid_client_metadata"},
	{"private_key_jwt without keys",
	 BODY(",\"token_endpoint_auth_method\":\"private_key_jwt\""), "invalid_client_metadata"},
	{"secret key",
	 BODY(",\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks\":"
	      "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}"),
	 "invalid_client_metadata"},
	{"what is told has no quotes", BODY(",\"response_types\":[]"), "invalid_client_metadata"},
	{"tag of no member", BODY(",\"client_name#d_e\":5,\"client_name\":5"),
	 "invalid_client_metadata"},
	{"statement of nobody", BODY(",\"software_statement\":\"e30.e30.e30\""),
	 "invalid_software_statement"},
};

static void
what_is_refused(void **state)
{
	struct ask ask = {.target = "/register", .body = BODY("")};
	const char *many = "openid";
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		answer = register_with(NULL, refusals[i].body);
		check_error(&answer, 400, refusals[i].error, refusals[i].name);
		for (const char *c = member(&answer, "error_description"); *c; c++)
			check(*c >= 0x20 && *c <= 0x7e && *c != '"' && *c != '\\',
			      refusals[i].name);
	}
	for (int i = 0; i < 300; i++)
		many = arena_printf(world.arena, "%s s%d", many, i);
	answer = register_with(NULL, arena_printf(world.arena, BODY(",\"scope\":\"%s\""), many));
	check_error(&answer, 400, "invalid_client_metadata", "too many scopes");
	answer = request_send(&ask);
	check_error(&answer, 400, "invalid_client_metadata", "a form");
	check(private_db_number("SELECT COUNT(*) FROM client WHERE source <> 'admin'") == 0,
	      "nothing is stored");
}

/* What looks like a demand and is none, and what counts as not sent. */
static const struct {
	const char *name, *body, *member, *value; /* JSON of the answer; NULL: it is not there */
} good_ones[] = {
	{"no DPoP", BODY(",\"dpop_bound_access_tokens\":false"), "client_name", NULL},
	{"public subjects", BODY(",\"subject_type\":\"public\""), "subject_type", "\"public\""},
	{"null", BODY(",\"client_name\":null"), "client_name", NULL},
	{"nothing", BODY(",\"client_name\":\"\",\"client_uri\":\"\""), "client_uri", NULL},
	{"https login page", BODY(",\"initiate_login_uri\":\"https://notes.example/\""),
	 "client_name", NULL},
	{"another algorithm", BODY(",\"id_token_signed_response_alg\":\"ES256\""),
	 "id_token_signed_response_alg", "\"ES256\""},
};

static void
what_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good_ones); i++) {
		struct answer made = register_with(NULL, good_ones[i].body);

		check_status(made, 201, good_ones[i].name);
		check_text(list_of(&made, good_ones[i].member), good_ones[i].value,
			   good_ones[i].name);
	}
}

static int64_t
rows_with(const char *piece)
{
	return private_db_number("SELECT COUNT(*) FROM client WHERE source = 'registration' AND "
				 "INSTR(metadata, '%s') > 0",
				 piece);
}

static void
what_the_realm_adds(void **state)
{
	(void)state;
	check_status(register_with(NULL, BODY("")), 201, "confidential");
	check(rows_with("\"origins\"") == 0, "its server asks, no script");
	check_status(register_with(NULL, BODY(",\"token_endpoint_auth_method\":\"none\"")), 201,
		     "public");
	check(rows_with("\"origins\":[\"https://notes.example\"]") == 1, "origins of scripts");
	check_status(register_with(NULL, "{\"redirect_uris\":[\"com.example.notes:/cb\"],"
					 "\"application_type\":\"native\","
					 "\"token_endpoint_auth_method\":\"none\"}"),
		     201, "native");
	check(rows_with("\"origins\"") == 1, "a program has no origin");
	check(rows_with("\"profile\":\"oidc\"") == 0, "the strict profile");
	world_realm_set("registration_profile", "oidc");
	check_status(register_with(NULL, BODY("")), 201, "the other profile");
	world_realm_set("registration_profile", "oauth21");
	check(rows_with("\"profile\":\"oidc\"") == 1, "the realm's word");
}

/* Strangers make no keys. */
static void
algorithms_without_key(void **state)
{
	static const char *const members[] = {"id_token_signed_response_alg",
					      "introspection_signed_response_alg"};

	(void)state;
	private_db_number("UPDATE realm_key SET state = 'retired' WHERE alg = 'EdDSA'");
	world_realm_set("registration", "open");
	for (size_t i = 0; i < COUNT(members); i++) {
		struct answer answer = register_with(
			NULL, arena_printf(world.arena, BODY(",\"%s\":\"EdDSA\""), members[i]));

		check_error(&answer, 400, "invalid_client_metadata", members[i]);
	}
	private_db_number("UPDATE realm_key SET state = 'active' WHERE alg = 'EdDSA'");
	world_realm_set("registration", "open");
}

static void
scopes_are_cut(void **state)
{
	struct answer made = register_with(NULL, BODY(",\"scope\":\"openid admin email\""));

	(void)state;
	check_text(member(&made, "scope"), "openid email", "what may be had");
	world_realm_set("registration_scopes", "openid");
	made = register_with(NULL, BODY(""));
	check_text(member(&made, "scope"), "openid", "the realm's word");
	world_realm_set("registration_scopes", " ");
	made = register_with(NULL, BODY(""));
	check_error(&made, 400, "invalid_client_metadata", "none is not every scope there is");
}

static void
who_may_register(void **state)
{
	struct answer answer;
	const char *token;

	(void)state;
	world_realm_set("registration", "closed");
	answer = register_with(initial_token(1, 0), BODY(""));
	check_error(&answer, 403, "access_denied", "closed");
	answer = send("GET", "/.well-known/openid-configuration", NULL, NULL);
	check_text(member(&answer, "registration_endpoint"), NULL, "not in discovery");
	world_realm_set("registration", "token");
	answer = send("GET", "/.well-known/openid-configuration", NULL, NULL);
	check_text(member(&answer, "registration_endpoint"), MAIN_ISSUER "/register",
		   "in discovery");
	answer = register_with(NULL, BODY(""));
	check_error(&answer, 401, "invalid_token", "without");
	answer = register_with("ost_it_nonsense", BODY(""));
	check_error(&answer, 401, "invalid_token", "nonsense");
	token = initial_token(2, 0);
	check_status(register_with(token, "{}"), 400, "a mistake costs no use");
	check_status(register_with(token, BODY("")), 201, "first use");
	check_status(register_with(token, BODY(",\"grant_types\":[\"client_credentials\"],"
					       "\"scope\":\"openid\"")),
		     201, "second use, for a service");
	answer = register_with(token, BODY(""));
	check_error(&answer, 401, "invalid_token", "used up");
	token = initial_token(5, 60);
	world_move(60);
	answer = register_with(token, BODY(""));
	check_error(&answer, 401, "invalid_token", "expired");
	world_realm_set("registration", "open");
	answer = register_with("ost_it_nonsense", BODY(""));
	check_error(&answer, 401, "invalid_token", "a bad token is no token");
	world_realm_set("registration_limit", "2");
	answer = register_with(NULL, BODY(""));
	check_error(&answer, 403, "access_denied", "the limit");
}

static void
looking_and_replacing(void **state)
{
	struct answer made = register_with(NULL, BODY(",\"client_name\":\"Notes\"")), answer;
	const char *token = member(&made, "registration_access_token"), *id, *again;

	(void)state;
	id = member(&made, "client_id");
	answer = send("GET", self(&made), token, NULL);
	check_status(answer, 200, "look");
	check_text(member(&answer, "client_name"), "Notes", "look");
	check_text(member(&answer, "client_secret"), NULL, "only its digest is kept");
	check_status(send("GET", self(&made), NULL, NULL), 401, "without token");
	check_status(send("GET", "/register/web", token, NULL), 401, "another client");
	check_status(send("GET", "/register/nobody", token, NULL), 401, "no client");
	again = member(&made, "client_secret");
	answer = send("PUT", self(&made), token,
		      arena_printf(world.arena,
				   "{\"client_id\":\"%s\",\"client_secret\":\"%s\"," URIS
				   ",\"client_name\":\"Other\"}",
				   id, again));
	check_status(answer, 200, "replace");
	check_text(member(&answer, "client_name"), "Other", "replace");
	again = member(&answer, "registration_access_token");
	check(again && !str_equal(again, token), "another token");
	check_status(send("GET", self(&made), token, NULL), 401, "the old one is void");
	check_status(send("GET", self(&made), again, NULL), 200, "the new one is good");
	answer = send("PUT", self(&made), again, BODY(""));
	check_error(&answer, 400, "invalid_client_metadata", "no client_id");
	answer = send("PUT", self(&made), again, BODY(",\"client_id\":\"web\""));
	check_error(&answer, 400, "invalid_client_metadata", "another client_id");
	answer = send("PUT", self(&made), again,
		      arena_printf(world.arena,
				   "{\"client_id\":\"%s\",\"client_secret\":\"mine\"," URIS "}",
				   id));
	check_error(&answer, 400, "invalid_client_metadata", "a secret of its own");
	answer =
		send("PUT", self(&made), again,
		     arena_printf(world.arena,
				  "{\"client_id\":\"%s\",\"client_id_issued_at\":1," URIS "}", id));
	check_error(&answer, 400, "invalid_client_metadata", "what the server says");
	check_status(send("GET", self(&made), again, NULL), 200, "mistakes change nothing");
	world_client_off(id);
	check_status(send("GET", self(&made), again, NULL), 401, "disabled");
}

/* A service may change itself and stays one; nobody becomes one by changing. */
static void
services_that_change(void **state)
{
	static const char service[] =
		"\"grant_types\":[\"client_credentials\"],\"scope\":\"openid\"";
	struct answer made =
		register_with(initial_token(1, 0), arena_printf(world.arena, "{%s}", service));
	struct answer other = register_with(NULL, BODY("")), answer;
	const char *body = arena_printf(world.arena, "{\"client_id\":\"%s\",%s}",
					member(&made, "client_id"), service);

	(void)state;
	check_status(send("PUT", self(&made), member(&made, "registration_access_token"), body),
		     200, "a service");
	body = arena_printf(world.arena, "{\"client_id\":\"%s\",%s}", member(&other, "client_id"),
			    service);
	answer = send("PUT", self(&other), member(&other, "registration_access_token"), body);
	check_error(&answer, 400, "invalid_client_metadata", "another");
}

/* What only an administrator may set stays as it was set, whatever the client says of itself. */
static void
what_the_administrator_set_stays(void **state)
{
	static const struct {
		const char *path, *value;
	} set[] = {
		{"$.resources", "[\"https://api.example/\"]"},
		{"$.exchange_modes", "[\"impersonation\"]"},
		{"$.settings.access_token_format", "\"opaque\""},
	};
	struct answer made =
		register_with(NULL, BODY(",\"id_token_signed_response_alg\":\"RS256\""));
	struct answer answer;
	const char *id = member(&made, "client_id");

	(void)state;
	private_db_number("UPDATE client SET metadata = JSON_SET(metadata, '$.settings',"
			  " JSON_OBJECT()) WHERE client_id = '%s'",
			  id);
	for (size_t i = 0; i < COUNT(set); i++)
		private_db_number("UPDATE client SET metadata = JSON_SET(metadata, '%s',"
				  " JSON_EXTRACT('%s', '$')) WHERE client_id = '%s'",
				  set[i].path, set[i].value, id);
	/* the client's profile is stricter than what others get from now on */
	world_realm_set("registration_profile", "oidc");
	answer = send(
		"PUT", self(&made), member(&made, "registration_access_token"),
		arena_printf(world.arena,
			     "{\"client_id\":\"%s\",\"resources\":[\"https://other.example/\"],"
			     "\"profile\":\"oidc\"," URIS "}",
			     id));
	world_realm_set("registration_profile", "oauth21");
	check_status(answer, 200, "replace");
	check(private_db_number("SELECT INSTR(metadata, 'oidc') FROM client WHERE client_id = '%s'",
				id) == 0,
	      "profile");
	for (size_t i = 0; i < COUNT(set); i++)
		check(private_db_number("SELECT JSON_CONTAINS(metadata, '%s', '%s') FROM client"
					" WHERE client_id = '%s'",
					set[i].value, set[i].path, id) == 1,
		      set[i].path);
}

static void
words_of_the_answers(void **state)
{
	struct answer made = register_with(NULL, BODY("")), answer;
	const char *token = member(&made, "registration_access_token"), *body;

	(void)state;
	answer = send("GET", self(&made), token, NULL);
	check_text(list_of(&answer, "client_secret_expires_at"), NULL, "of no secret");
	answer = send("GET", self(&made), NULL, NULL);
	check(!strstr(header(&answer, "WWW-Authenticate"), "error="), "nothing was sent");
	answer = send("GET", self(&made), "nonsense", NULL);
	check_has(header(&answer, "WWW-Authenticate"), "error=\"invalid_token\"", "nonsense");
	body = arena_printf(world.arena, "{\"client_id\":\"%s\",\"client_secret\":\"%s\"," URIS "}",
			    member(&made, "client_id"), member(&made, "client_secret"));
	private_db_number("UPDATE client_secret SET expires_at = 1 WHERE client_id = '%s'",
			  member(&made, "client_id"));
	answer = send("PUT", self(&made), token, body);
	check_error(&answer, 400, "invalid_client_metadata", "a secret that is over");
}

/* Secrets that the method does not use end; the way back makes a new one and tells it. */
static void
secrets_follow_the_method(void **state)
{
	static const char *const methods[] = {"none", "client_secret_basic"};
	struct answer made = register_with(NULL, BODY(""));
	const char *token = member(&made, "registration_access_token"), *body;
	const char *first = member(&made, "client_secret");

	(void)state;
	for (size_t i = 0; i < COUNT(methods); i++) {
		struct answer answer;

		body = arena_printf(
			world.arena,
			"{\"client_id\":\"%s\",\"token_endpoint_auth_method\":\"%s\"," URIS "}",
			member(&made, "client_id"), methods[i]);
		answer = send("PUT", self(&made), token, body);
		check_status(answer, 200, methods[i]);
		token = member(&answer, "registration_access_token");
		check((member(&answer, "client_secret") != NULL) == (i == 1), methods[i]);
		check(!str_equal(member(&answer, "client_secret"), first), methods[i]);
	}
	check(private_db_number("SELECT COUNT(*) FROM client_secret WHERE client_id = '%s'"
				" AND expires_at = 0",
				member(&made, "client_id")) == 1,
	      "one is good");
}

static void
unused_ones_go(void **state)
{
	struct buf report;
	struct tx tx;

	(void)state;
	check_status(register_with(NULL, BODY("")), 201, "person's");
	check_status(register_with(initial_token(1, 0), BODY(",\"grant_types\":"
							     "[\"client_credentials\"],\"scope\":"
							     "\"openid\"")),
		     201, "service");
	for (int i = 0; i < 2; i++) {
		world_tx(&tx, "main");
		buf_init(&report, world.arena, MANAGE_WHY_MAX);
		assert_int_equal(manage_registration_tidy(&tx, &report), STORE_OK);
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM client WHERE source = "
						   "'registration'"),
				 2 - i);
		world_move(30 * 86400);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answer_of_a_registration, begin, end),
		cmocka_unit_test_setup_teardown(it_signs_in, begin, end),
		cmocka_unit_test_setup_teardown(what_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_is_taken, begin, end),
		cmocka_unit_test_setup_teardown(what_the_realm_adds, begin, end),
		cmocka_unit_test_setup_teardown(algorithms_without_key, begin, end),
		cmocka_unit_test_setup_teardown(scopes_are_cut, begin, end),
		cmocka_unit_test_setup_teardown(who_may_register, begin, end),
		cmocka_unit_test_setup_teardown(looking_and_replacing, begin, end),
		cmocka_unit_test_setup_teardown(services_that_change, begin, end),
		cmocka_unit_test_setup_teardown(what_the_administrator_set_stays, begin, end),
		cmocka_unit_test_setup_teardown(words_of_the_answers, begin, end),
		cmocka_unit_test_setup_teardown(secrets_follow_the_method, begin, end),
		cmocka_unit_test_setup_teardown(unused_ones_go, begin, end),
	};

	return flow_tests_run(tests);
}
