/* SPDX-License-Identifier: ISC */
/*
 * Software statements (RFC 7591 2.3): what a trusted issuer says of a client takes the place of
 * what the client says itself, and is then under the same rules; and sector documents.
 */
#include "core/base/str.h"
#undef fail
#include "tests/flow/others.h"
#include "tests/lib/fake_net.h"

#define REDIRECT   "https://notes.example/cb"
#define SECTOR     "https://notes.example/sector.json"
#define URIS       "\"redirect_uris\":[\"" REDIRECT "\"]"
#define BODY(more) "{" URIS more "}"

static struct other_key key;

static int
begin(void **state)
{
	int result = world_fresh(state);

	world_realm_set("registration", "open");
	fake_net_clear();
	key = other_key(JWS_ES256, "k1");
	other_trusted(PARTNER, "software_statement", "ES256", other_jwks(&key, 1));
	return result;
}

static int
end(void **state)
{
	world_realm_set("registration", "closed");
	return world_spent(state);
}

#define statement_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

static struct answer
register_with(const char *body)
{
	return request_send(&(struct ask){
		.target = "/register", .body = body, .content_type = "application/json"});
}

static struct json_object *
vouched(void)
{
	struct json_object *claims = json_new_object(world.arena);

	json_add_text(claims, "iss", PARTNER);
	json_add_text(claims, "software_id", "4NRB1-0XZABZI9E6-5SM3R");
	json_add_text(claims, "client_name", "As vouched");
	return claims;
}

static const char *
body_with(const char *statement)
{
	return arena_printf(world.arena,
			    BODY(",\"client_name\":\"As I say\",\"client_uri\":"
				 "\"https://notes.example/\",\"software_statement\":\"%s\""),
			    statement);
}

static struct answer
register_vouched(struct json_object *claims)
{
	return register_with(body_with(other_token(&key, NULL, claims)));
}

static void
claims_win(void **state)
{
	const char *text = other_token(&key, NULL, vouched());
	struct answer made = register_with(body_with(text)), seen;

	(void)state;
	check_status(made, 201, "registration");
	check_text(member(&made, "client_name"), "As vouched", "the statement's claim");
	check_text(member(&made, "software_id"), "4NRB1-0XZABZI9E6-5SM3R", "its software_id");
	check_text(member(&made, "client_uri"), "https://notes.example/", "what it leaves open");
	check_text(member(&made, "software_statement"), text, "sent back as it came");
	check_text(member(&made, "iss"), NULL, "claims that are no metadata");
	seen = request_send(&(struct ask){
		.target = arena_printf(world.arena, "/register/%s", member(&made, "client_id")),
		.authorization = arena_printf(world.arena, "Bearer %s",
					      member(&made, "registration_access_token"))});
	check_text(member(&seen, "client_name"), "As vouched", "what is kept");
}

/* A claim of the statement, and what is answered. */
static const struct {
	const char *name, *claim, *value, *error; /* error NULL: 201 */
} samples[] = {
	{"as it is", "x", "1", NULL},
	{"not yet expired", "exp", "1800000001", NULL},
	{"long-lived", "exp", "2800000001", NULL},
	{"for anybody", "aud", "\"https://other.example\"", NULL},
	{"expired", "exp", "1799999990", "invalid_software_statement"},
	{"nbf ahead", "nbf", "1800000060", "invalid_software_statement"},
	{"no iss", "iss", NULL, "invalid_software_statement"},
	{"another issuer", "iss", "\"https://other.example\"", "unapproved_software_statement"},
	{"redirect_uris of its own", "redirect_uris", "[\"https://x.example/#f\"]",
	 "invalid_redirect_uri"},
	{"an administrator's member", "first_party", "true", NULL},
	{"client_credentials", "grant_types", "[\"client_credentials\"]",
	 "invalid_client_metadata"},
	{"a demand", "subject_type", "\"pairwise\"", "invalid_client_metadata"},
	{"a scope that may not be had", "scope", "\"admin\"", "invalid_client_metadata"},
	{"a login page", "initiate_login_uri", "\"http://notes.example/\"",
	 "invalid_client_metadata"},
};

static void
what_it_may_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct json_object *claims = vouched();
		struct answer answer;

		other_claim(claims, samples[i].claim, samples[i].value);
		answer = register_vouched(claims);
		if (samples[i].error)
			check_error(&answer, 400, samples[i].error, samples[i].name);
		else
			check_status(answer, 201, samples[i].name);
	}
	check(private_db_number("SELECT COUNT(*) FROM client WHERE "
				"INSTR(metadata, 'first_party') AND source = 'registration'") == 0,
	      "nobody vouches for what is an administrator's");
}

static void
who_may_say_it(void **state)
{
	struct other_key stranger = other_key(JWS_ES256, "k1");
	const char *good = other_token(&key, NULL, vouched());
	struct answer answer;

	(void)state;
	answer = register_with(body_with(other_token(&stranger, NULL, vouched())));
	check_error(&answer, 400, "invalid_software_statement", "another key");
	answer = register_with(body_with(arena_copy(world.arena, good, strlen(good) - 4)));
	check_error(&answer, 400, "invalid_software_statement", "a cut signature");
	other_trusted(PARTNER, "jwt_bearer subject_token", "ES256", other_jwks(&key, 1));
	answer = register_with(body_with(good));
	check_error(&answer, 400, "unapproved_software_statement", "another purpose");
	other_trusted(PARTNER, "software_statement", "RS256", other_jwks(&key, 1));
	answer = register_with(body_with(good));
	check_error(&answer, 400, "invalid_software_statement", "another algorithm");
	check(private_db_number("SELECT COUNT(*) FROM client WHERE source = 'registration'") == 0,
	      "nothing is stored");
	other_trusted(PARTNER, "software_statement", "ES256", other_jwks(&key, 1));
	check_status(register_with(body_with(good)), 201, "as it should be");
}

/* ---- sector documents (OpenID Connect Core 8.1) ---- */

static const struct {
	const char *name, *document;
	bool good;
} sectors[] = {
	{"lists it", "[\"" REDIRECT "\",\"https://other.example/\"]", true},
	{"lacks it", "[\"https://other.example/\"]", false},
	{"no list", "{\"uris\":[\"" REDIRECT "\"]}", false},
	{"no JSON", "<html>", false},
	{"empty", "[]", false},
};

static void
sector_documents(void **state)
{
	static const char body[] = BODY(",\"sector_identifier_uri\":\"" SECTOR "\"");
	struct answer answer = register_with(body);

	(void)state;
	check_error(&answer, 400, "invalid_client_metadata", "cannot be fetched");
	fake_net_answer(SECTOR, FETCH_BUSY, &(struct fetched){.why = "all are at work"});
	private_db_number("DELETE FROM fetched");
	check_status(register_with(body), 503, "too many wait");
	for (size_t i = 0; i < COUNT(sectors); i++) {
		private_db_number("DELETE FROM fetched");
		fake_net_page(SECTOR, "application/json", sectors[i].document);
		answer = register_with(body);
		if (sectors[i].good) {
			check_status(answer, 201, sectors[i].name);
			check_text(member(&answer, "sector_identifier_uri"), SECTOR,
				   sectors[i].name);
		} else
			check_error(&answer, 400, "invalid_client_metadata", sectors[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		statement_test(claims_win),
		statement_test(what_it_may_say),
		statement_test(who_may_say_it),
		statement_test(sector_documents),
	};

	return flow_tests_run(tests);
}
