/* SPDX-License-Identifier: ISC */
/*
 * private_key_jwt and client_secret_jwt: every rule for what an assertion says, where it is sent
 * and by whom. Signatures, keys and what is good once: test_client_assertion_keys.c.
 */
#include "tests/flow/asserting.h"

/* ---- claims ---- */

static const struct {
	const char *name, *member, *value; /* JSON; NULL: taken away */
	const char *why;                   /* a piece of the log line; NULL: it is good */
} claim_cases[] = {
	{"as usual", "x", NULL, NULL},
	{"the issuer in a list", "aud", "[\"" MAIN_ISSUER "\"]", NULL},
	{"the token endpoint", "aud", "\"" MAIN_ISSUER "/token\"", NULL},
	{"the endpoint itself", "aud", "\"" MAIN_ISSUER "/introspect\"", NULL},
	{"among others", "aud", "[\"https://x.example\",\"" MAIN_ISSUER "\"]", NULL},
	{"another endpoint", "aud", "\"" MAIN_ISSUER "/revoke\"", "the assertion's aud is"},
	{"a slash more", "aud", "\"" MAIN_ISSUER "/\"", "the assertion's aud is"},
	{"another issuer", "aud", "\"" SUB_ISSUER "\"", "the assertion's aud is"},
	{"no aud", "aud", NULL, "required claim missing"},
	{"no aud in the list", "aud", "[]", "out of range"},
	{"another iss", "iss", "\"web\"", "iss is not"},
	{"no iss", "iss", NULL, "required claim missing"},
	{"iss with a blank", "iss", "\"jwt \"", "iss is not"},
	{"no exp", "exp", NULL, "required claim missing"},
	{"exp as text", "exp", "\"1800000300\"", "out of range"},
	{"exp a fraction", "exp", "1800000300.5", "out of range"},
	{"exp just gone", "exp", "1799999991", NULL},
	{"expired", "exp", "1799999990", "expired"},
	{"exp in an hour", "exp", "1800003600", NULL},
	{"exp too far", "exp", "1800003611", "exp lies too far ahead"},
	{"no iat", "iat", NULL, NULL},
	{"iat 10 s ahead", "iat", "1800000010", NULL},
	{"iat 60 s ahead", "iat", "1800000060", "lies in the future"},
	{"nbf now", "nbf", "1800000000", NULL},
	{"nbf 10 s ahead", "nbf", "1800000010", NULL},
	{"nbf 60 s ahead", "nbf", "1800000060", "lies in the future"},
	{"no jti", "jti", NULL, "required claim missing"},
	{"an empty jti", "jti", "\"\"", "jti is empty"},
	{"a jti that is no text", "jti", "7", "out of range"},
};

static void
claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(claim_cases); i++) {
		struct json_object *claims = claims_of("jwt");
		struct answer answer;
		size_t before;

		change(claims, claim_cases[i].member, claim_cases[i].value);
		answer = introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims));
		if (!claim_cases[i].why) {
			check_status(answer, 200, claim_cases[i].name);
			continue;
		}
		check_error(&answer, 401, "invalid_client", claim_cases[i].name);
		/* a malformed one says nothing of any client */
		check_text(member(&answer, "error_description"),
			   str_equal(claim_cases[i].why, "out of range")
				   ? "client_assertion is not a well-formed signed JWT"
				   : "client authentication failed",
			   claim_cases[i].name);
		before = world_log_count(claim_cases[i].why);
		check(before > 0, claim_cases[i].name);
	}
}

static void
longest_jti(void **state)
{
	char text[600];
	struct json_object *claims = claims_of("jwt");
	struct answer answer;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = text[513] = '"';
	text[514] = '\0';
	change(claims, "jti", text);
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 200,
		     "longest");
	text[513] = 'x';
	text[514] = '"';
	text[515] = '\0';
	change(claims, "jti", text);
	answer = introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims));
	check_error(&answer, 401, "invalid_client", "too long");
}

/* ---- who and how ---- */

static void
subjects(void **state)
{
	struct json_object *claims = claims_of("jwt");
	struct answer answer;

	(void)state;
	check_status(post("/introspect", "token=x&client_id=jwt", usual("jwt")), 200,
		     "client_id beside it");
	answer = post("/introspect", "token=x&client_id=web", usual("jwt"));
	check_error(&answer, 400, "invalid_request", "another client_id");
	answer = introspect_with(usual("nobody"));
	check_error(&answer, 401, "invalid_client", "unknown");
	check_text(member(&answer, "error_description"), "client authentication failed",
		   "unknown says no more");
	change(claims, "sub", NULL);
	answer = introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims));
	check_error(&answer, 401, "invalid_client", "no sub");
	change(claims, "sub", "\"es\"");
	answer = introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims));
	check_error(&answer, 401, "invalid_client", "sub of another client with the same keys");
}

static void
types(void **state)
{
	static const struct {
		const char *name, *typ;
		int status;
	} cases[] = {
		{"none", NULL, 200},
		{"JWT", "JWT", 200},
		{"case", "jwt", 200},
		{"its own", "client-authentication+jwt", 200},
		{"whole", "application/client-authentication+jwt", 200},
		{"an access token", "at+jwt", 401},
		{"a request object", "oauth-authz-req+jwt", 401},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, cases[i].typ,
						  claims_of("jwt"))),
			     cases[i].status, cases[i].name);
}

static void
parameters(void **state)
{
	const struct {
		const char *name, *type, *assertion, *more, *error;
		int status;
		const char *authorization;
	} cases[] = {
		{"no type", NULL, usual("jwt"), "", "invalid_client", 401, NULL},
		{"no assertion", ASSERTION_TYPE, NULL, "", "invalid_client", 401, NULL},
		{"SAML", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", usual("jwt"),
		 "", "invalid_client", 401, NULL},
		{"no JWT", ASSERTION_TYPE, "x.y.z", "", "invalid_client", 401, NULL},
		{"secret beside it", ASSERTION_TYPE, usual("jwt"), "&client_secret=x",
		 "invalid_request", 400, NULL},
		{"Basic beside it", ASSERTION_TYPE, usual("jwt"), "", "invalid_request", 400,
		 basic("web", WEB_SECRET)},
		{"twice", ASSERTION_TYPE, usual("jwt"), "&client_assertion=x", "invalid_request",
		 400, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *form = params("token", "x", "client_assertion_type", cases[i].type,
					  "client_assertion", cases[i].assertion, NULL);
		struct answer answer = request_send(&(struct ask){
			.target = "/introspect",
			.body = arena_printf(world.arena, "%s%s", form, cases[i].more),
			.authorization = cases[i].authorization});

		check_error(&answer, cases[i].status, cases[i].error, cases[i].name);
	}
}

/* The registered method is named in the log alone. */
static void
other_methods(void **state)
{
	const char *secret = secret_for("mac");
	const struct {
		const char *name, *authorization, *form;
		const char *registered;
	} cases[] = {
		{"secret for private_key_jwt", basic("jwt", "x"), "token=x", "private_key_jwt"},
		{"secret for client_secret_jwt", basic("mac", secret), "token=x",
		 "client_secret_jwt"},
		{"client_id alone", NULL, "token=x&client_id=jwt", "private_key_jwt"},
		{"MAC for private_key_jwt", NULL,
		 with_assertion("token=x", mac("jwt", k.jwks, JWS_HS256)), "private_key_jwt"},
		{"signature for client_secret_jwt", NULL, with_assertion("token=x", usual("mac")),
		 "client_secret_jwt"},
		{"assertion for Basic", NULL, with_assertion("token=x", usual("web")),
		 "client_secret_basic"},
		{"assertion for none", NULL, with_assertion("token=x", usual("spa")), "none"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *line = arena_printf(world.arena, "registered %s", cases[i].registered);
		size_t before = world_log_count(line);
		struct answer answer =
			request_send(&(struct ask){.target = "/introspect",
						   .body = cases[i].form,
						   .authorization = cases[i].authorization});

		check_error(&answer, 401, "invalid_client", cases[i].name);
		check_text(member(&answer, "error_description"), "client authentication failed",
			   cases[i].name);
		check(world_log_count(line) == before + 1, cases[i].name);
		check(!strstr(answer.text, cases[i].registered) ||
			      str_equal(cases[i].registered, "none"),
		      cases[i].name);
	}
}

static void
endpoints(void **state)
{
	static const struct {
		const char *target, *form;
	} cases[] = {
		{"/token", "grant_type=client_credentials"},
		{"/introspect", "token=x"},
		{"/revoke", "token=x"},
	};
	const char *secret = secret_for("mac");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *claims = claims_of("jwt");

		change(claims, "aud",
		       arena_printf(world.arena, "\"" MAIN_ISSUER "%s\"", cases[i].target));
		check_status(post(cases[i].target, cases[i].form,
				  sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)),
			     200, cases[i].target);
		check_status(post(cases[i].target, cases[i].form, mac("mac", secret, JWS_HS256)),
			     200, cases[i].target);
		struct answer answer =
			post(cases[i].target, cases[i].form,
			     sign(&k.other, JWS_ES256, k.ec.kid, NULL, claims_of("jwt")));
		check_error(&answer, 401, "invalid_client", cases[i].target);
	}
}

/* The names that the endpoints have for certificates are theirs too. */
static void
audience_by_alias(void **state)
{
	struct json_object *claims = claims_of("jwt");
	struct answer answer;

	(void)state;
	change(claims, "aud", "\"https://mtls.example/introspect\"");
	answer = introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims));
	check_error(&answer, 401, "invalid_client", "not ours");
	world_realm_set("mtls_endpoint_base", "https://mtls.example");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 200, "ours");
	change(claims, "jti", "\"again\"");
	change(claims, "aud", "\"https://mtls.example/token\"");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 200,
		     "the token endpoint");
	world_realm_set("mtls_endpoint_base", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		assertion_test(claims),     assertion_test(longest_jti),
		assertion_test(subjects),   assertion_test(types),
		assertion_test(parameters), assertion_test(other_methods),
		assertion_test(endpoints),  assertion_test(audience_by_alias),
	};

	return asserting_run(tests);
}
