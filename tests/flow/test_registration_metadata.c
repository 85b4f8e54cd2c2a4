/* SPDX-License-Identifier: ISC */
/*
 * What programs that register themselves may say of themselves: what strangers may not have, what
 * is passed over, and what the realm adds or takes away.
 */
#include "tests/flow/registering.h"

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
	{"what is told is ASCII", "{\"redirect_uris\":[\"https://notes.example/\xc3\xa4\"]}",
	 "invalid_redirect_uri"},
	{"what is told has no backslash", "{\"redirect_uris\":[\"notes\\\\example\"]}",
	 "invalid_redirect_uri"},
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
	 "initiate_login_uri", "\"https://notes.example/\""},
	{"age of a sign-in", BODY(",\"default_max_age\":600"), "default_max_age", "600"},
	{"time of a sign-in", BODY(",\"require_auth_time\":true"), "require_auth_time", "true"},
	{"classes of sign-ins", BODY(",\"default_acr_values\":[\"1\"]"), "default_acr_values",
	 NULL},
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

/* Bodies that are no document, and what is said of them. */
static void
bodies_that_are_no_document(void **state)
{
	static const struct {
		const char *name, *body, *text;
	} cases[] = {
		{"twice", BODY(",\"client_name\":\"a\",\"client_name\":\"b\""),
		 "a member stands twice in the body"},
		{"twice within a member", BODY(",\"jwks\":{\"keys\":[],\"keys\":[]}"),
		 "a member stands twice in the body"},
		{"nothing", "", "the body is empty; send the client's metadata as one JSON object"},
		{"half an object", "{", "the body is not one JSON object"},
		{"a list", "[]", "the body is not one JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer answer = register_with(NULL, cases[i].body);

		check_error(&answer, 400, "invalid_client_metadata", cases[i].name);
		check_text(member(&answer, "error_description"), cases[i].text, cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		registration_test(what_is_refused),
		registration_test(what_is_taken),
		registration_test(what_the_realm_adds),
		registration_test(algorithms_without_key),
		registration_test(scopes_are_cut),
		registration_test(bodies_that_are_no_document),
	};

	return flow_tests_run(tests);
}
