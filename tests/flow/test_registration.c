/* SPDX-License-Identifier: ISC */
/*
 * The whole life of a registration (RFC 7591, RFC 7592): who may register, what is answered, and
 * the client's own look at itself. What may be registered: test_registration_metadata.c.
 */
#include "core/base/str.h"
#include "core/manage/manage_registration.h"
#undef fail
#include "tests/flow/registering.h"

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

/* Whoever has no right learns nothing of what he sent; and what cannot be read is no wrong token.
 */
static void
tokens_that_cannot_be_found(void **state)
{
	const char *gone = initial_token(1, 0), *token;
	struct answer made, answer;

	(void)state;
	private_db_number("DELETE FROM initial_token");
	answer = register_with(gone, "{}");
	check_error(&answer, 401, "invalid_token", "one that was removed, with a mistake");
	token = initial_token(1, 0);
	private_db_number("RENAME TABLE initial_token TO initial_token_away");
	answer = register_with(token, BODY(""));
	private_db_number("RENAME TABLE initial_token_away TO initial_token");
	check_status(answer, 503, "the initial token cannot be read");
	made = register_with(token, BODY(""));
	check_status(made, 201, "now it can");
	token = member(&made, "registration_access_token");
	private_db_number("RENAME TABLE client TO client_away");
	answer = send("GET", self(&made), token, NULL);
	private_db_number("RENAME TABLE client_away TO client");
	check_status(answer, 503, "the client cannot be read");
	check_status(send("GET", self(&made), token, NULL), 200, "now it can");
}

/* What cannot be recorded does not happen, and nobody is told that it did. */
static void
changes_that_fail(void **state)
{
	struct answer made = register_with(NULL, BODY("")), answer[3];
	const char *token = member(&made, "registration_access_token");
	const char *body = arena_printf(world.arena, "{\"client_id\":\"%s\"," URIS "}",
					member(&made, "client_id"));

	(void)state;
	private_db_number("RENAME TABLE audit TO audit_away");
	answer[0] = register_with(NULL, BODY(""));
	answer[1] = send("PUT", self(&made), token, body);
	answer[2] = send("DELETE", self(&made), token, NULL);
	private_db_number("RENAME TABLE audit_away TO audit");
	for (size_t i = 0; i < COUNT(answer); i++)
		check_error(&answer[i], 503, "temporarily_unavailable", "no record");
	check(private_db_number("SELECT COUNT(*) FROM client WHERE source = 'registration'") == 1,
	      "neither more nor less");
	check_status(send("GET", self(&made), token, NULL), 200, "the token is the old one");
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
	check_text(member(&answer, "error_description"), "client_id must be that of the client",
		   "another client_id");
	answer = send("PUT", self(&made), again, "");
	check_error(&answer, 400, "invalid_client_metadata", "empty");
	check_has(member(&answer, "error_description"), "the body is empty", "empty");
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
	check_has(member(&answer, "error_description"), "no token; send", "nothing was sent");
	answer = request_send(&(struct ask){.target = self(&made), .authorization = "Bearer a b"});
	check_error(&answer, 401, "invalid_token", "two words");
	check_has(member(&answer, "error_description"), "no token; send", "two words");
	check_has(header(&answer, "WWW-Authenticate"), "error=\"invalid_token\"", "two words");
	answer = send("GET", self(&made), "nonsense", NULL);
	check(world_log_count("malformed") == 1, "why");
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
		registration_test(answer_of_a_registration),
		registration_test(it_signs_in),
		registration_test(who_may_register),
		registration_test(tokens_that_cannot_be_found),
		registration_test(changes_that_fail),
		registration_test(looking_and_replacing),
		registration_test(services_that_change),
		registration_test(what_the_administrator_set_stays),
		registration_test(words_of_the_answers),
		registration_test(secrets_follow_the_method),
		registration_test(unused_ones_go),
	};

	return flow_tests_run(tests);
}
