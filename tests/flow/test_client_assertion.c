/* SPDX-License-Identifier: ISC */
/*
 * private_key_jwt and client_secret_jwt: every rule for an assertion, keys by value and by
 * reference, what it costs, and that a jti is good once whoever comes with it at the same time.
 */
#include "tests/flow/agent.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/jose/jws.h"
#include "core/manage/manage_client.h"
#include "core/oauth/client_auth.h"
#include "core/port/secrets.h"
#include "tests/lib/fake_net.h"

#define KEYS_URI "https://keys.example/jwks"
#define RACERS   6

static struct {
	struct arena *arena;
	struct jwk ec, rsa, other;
	const char *jwks; /* the public halves of ec and rsa */
	int number;       /* of the last jti */
} k;

static struct json_object *
set_of(const struct jwk *const *keys, size_t count)
{
	struct json_object *set = json_new_object(k.arena), *list = json_new_array(k.arena);

	for (size_t i = 0; i < count; i++)
		json_push(list, jwk_export_public(k.arena, keys[i]));
	json_add(set, "keys", list);
	return set;
}

static void
client(const char *id, const char *method, const char *more)
{
	world_client("main", id,
		     arena_printf(world.arena,
				  "{\"grant_types\":[\"client_credentials\"],\"response_types\":[],"
				  "\"scope\":\"email\",\"token_endpoint_auth_method\":\"%s\"%s}",
				  method, more),
		     NULL);
}

/* A secret as it is made for the client; its text. */
static const char *
secret_for(const char *id)
{
	struct manage_secret secret;
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, 1000);
	if (manage_client_secret_add(&tx, id, 0, &secret, &why) != MANAGE_OK)
		fail_msg("%s", why.data);
	realms_forget(world.provider.realms);
	return secret.text;
}

static int
begin(void **state)
{
	const struct jwk *const mine[] = {&k.ec, &k.rsa};
	int result = world_fresh(state);

	if (!k.arena) {
		k.arena = arena_new((size_t)16 << 20);
		k.ec = jwk_generate(k.arena, JWS_ES256, 0);
		k.rsa = jwk_generate(k.arena, JWS_RS256, 0);
		k.other = jwk_generate(k.arena, JWS_ES256, 0);
		k.rsa.alg = JWS_NONE;
		k.jwks = json_write(k.arena, set_of(mine, COUNT(mine)), NULL);
	}
	client("jwt", "private_key_jwt", arena_printf(world.arena, ",\"jwks\":%s", k.jwks));
	client("remote", "private_key_jwt", ",\"jwks_uri\":\"" KEYS_URI "\"");
	client("es", "private_key_jwt",
	       arena_printf(world.arena,
			    ",\"jwks\":%s,\"token_endpoint_auth_signing_alg\":\"ES256\"", k.jwks));
	client("mac", "client_secret_jwt", "");
	return result;
}

#define assertion_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

/* ---- making assertions ---- */

static struct json_object *
claims_of(const char *client_id)
{
	struct json_object *claims = json_new_object(world.arena);

	json_add_text(claims, "iss", client_id);
	json_add_text(claims, "sub", client_id);
	json_add_text(claims, "aud", MAIN_ISSUER);
	json_add_int(claims, "exp", world_now() + 300);
	json_add_int(claims, "iat", world_now());
	json_add_text(claims, "jti", arena_printf(world.arena, "jti-%d", ++k.number));
	return claims;
}

static void
change(struct json_object *claims, const char *member, const char *value)
{
	json_object_object_del(claims, member);
	if (value)
		json_object_object_add(claims, member, json_tokener_parse(value));
}

static const char *
sign(const struct jwk *key, enum jws_alg alg, const char *kid, const char *typ,
     struct json_object *claims)
{
	struct jws_signer *signer = jws_signer_new(world.arena, key, alg, kid);

	assert_non_null(signer);
	return jws_sign_object(world.arena, signer, &(struct jws_header){.typ = typ}, claims);
}

static const char *
usual(const char *client_id)
{
	return sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims_of(client_id));
}

static const char *
mac(const char *client_id, const char *secret, enum jws_alg alg)
{
	struct jwk key = jwk_from_bytes(world.arena, secret, strlen(secret));

	return sign(&key, alg, NULL, NULL, claims_of(client_id));
}

static const char *
with_assertion(const char *form, const char *assertion)
{
	form = params_with(form, "client_assertion_type", ASSERTION_TYPE);
	return params_with(form, "client_assertion", assertion);
}

static struct answer
post(const char *target, const char *form, const char *assertion)
{
	return request_send(
		&(struct ask){.target = target, .body = with_assertion(form, assertion)});
}

static struct answer
introspect_with(const char *assertion)
{
	return post("/introspect", "token=x", assertion);
}

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
	{"another endpoint", "aud", "\"" MAIN_ISSUER "/revoke\"", "aud is"},
	{"a slash more", "aud", "\"" MAIN_ISSUER "/\"", "aud is"},
	{"another issuer", "aud", "\"" SUB_ISSUER "\"", "aud is"},
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

/* ---- signatures ---- */

static void
signatures(void **state)
{
	struct jwk plain = k.ec;
	const struct {
		const char *name, *assertion;
		int status;
	} cases[] = {
		{"EC with kid", usual("jwt"), 200},
		{"EC without kid", sign(&plain, JWS_ES256, NULL, NULL, claims_of("jwt")), 200},
		{"RS256", sign(&k.rsa, JWS_RS256, k.rsa.kid, NULL, claims_of("jwt")), 200},
		{"PS256", sign(&k.rsa, JWS_PS256, k.rsa.kid, NULL, claims_of("jwt")), 200},
		{"registered ES256", usual("es"), 200},
		{"not the registered alg",
		 sign(&k.rsa, JWS_RS256, k.rsa.kid, NULL, claims_of("es")), 401},
		{"another key", sign(&k.other, JWS_ES256, k.ec.kid, NULL, claims_of("jwt")), 401},
		{"another key without kid", sign(&k.other, JWS_ES256, NULL, NULL, claims_of("jwt")),
		 401},
		{"unknown kid", sign(&k.ec, JWS_ES256, "x", NULL, claims_of("jwt")), 401},
		{"kid of the other key", sign(&k.ec, JWS_ES256, k.rsa.kid, NULL, claims_of("jwt")),
		 401},
		{"no signature",
		 arena_printf(world.arena, "eyJhbGciOiJub25lIn0.%s.",
			      strchr(usual("jwt"), '.') + 1),
		 401},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_status(introspect_with(cases[i].assertion), cases[i].status, cases[i].name);
}

static void
secrets(void **state)
{
	const char *first = secret_for("mac"), *second;
	struct answer answer;

	(void)state;
	assert_true(strlen(first) >= 64);
	check_status(introspect_with(mac("mac", first, JWS_HS256)), 200, "HS256");
	check_status(introspect_with(mac("mac", first, JWS_HS384)), 200, "HS384");
	check_status(introspect_with(mac("mac", first, JWS_HS512)), 200, "HS512");
	world_move(10);
	second = secret_for("mac");
	check_status(introspect_with(mac("mac", second, JWS_HS256)), 200, "the second");
	check_status(introspect_with(mac("mac", first, JWS_HS256)), 200, "still the first");
	private_db_number("UPDATE client_secret SET expires_at = %lld"
			  " WHERE client_id = 'mac' AND created_at = %lld",
			  (long long)world_now(), (long long)WORLD_NOW);
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
	answer = introspect_with(mac("mac", first, JWS_HS256));
	check_error(&answer, 401, "invalid_client", "the first has expired");
	check_status(introspect_with(mac("mac", second, JWS_HS256)), 200, "the second goes on");
	answer = introspect_with(mac("mac", "0123456789012345678901234567890123456789", JWS_HS256));
	check_error(&answer, 401, "invalid_client", "another secret");
}

/* A client that was switched over has secrets that no assertion can be checked with. */
static void
secrets_of_another_method(void **state)
{
	struct answer answer;

	(void)state;
	world_client_secret("main", "mac", WEB_SECRET, 0);
	answer = introspect_with(mac("mac", WEB_SECRET, JWS_HS256));
	check_error(&answer, 401, "invalid_client", "not sealed");
	check(world_log_count("ostiary client secret add") == 1, "the remedy");
	check_status(introspect_with(mac("mac", secret_for("mac"), JWS_HS256)), 200, "a new one");
}

/* A sealed secret belongs to its row and realm. */
static void
moved_secret(void **state)
{
	const char *secret = secret_for("mac");
	struct answer answer;

	(void)state;
	private_db_number("UPDATE client_secret SET id = REVERSE(id) WHERE client_id = 'mac'");
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
	answer = introspect_with(mac("mac", secret, JWS_HS256));
	check_error(&answer, 401, "invalid_client", "moved");
}

/* ---- once ---- */

static void
good_once(void **state)
{
	const char *assertion = usual("jwt");
	struct json_object *claims = claims_of("jwt"), *others = claims_of("es");
	struct answer answer;

	(void)state;
	check_status(introspect_with(assertion), 200, "first");
	answer = introspect_with(assertion);
	check_error(&answer, 401, "invalid_client", "again");
	check(world_log_count("jti was used before") == 1, "why");
	answer = post("/token", "grant_type=client_credentials", assertion);
	check_error(&answer, 401, "invalid_client", "at another endpoint");
	change(claims, "jti", "\"same\"");
	change(others, "jti", "\"same\"");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 200, "one");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, others)), 200,
		     "the same of another client");
	answer = introspect_with(sign(&k.rsa, JWS_RS256, k.rsa.kid, NULL, claims));
	check_error(&answer, 401, "invalid_client", "another message of the same jti");
}

/* What is refused uses nothing up. */
static void
refused_is_not_used(void **state)
{
	struct json_object *claims = claims_of("jwt");
	struct answer answer = introspect_with(sign(&k.other, JWS_ES256, k.ec.kid, NULL, claims));

	(void)state;
	check_error(&answer, 401, "invalid_client", "forged");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 200,
		     "the real one");
}

/* It is remembered for as long as it is good. */
static void
remembered(void **state)
{
	(void)state;
	check_status(introspect_with(usual("jwt")), 200, "first");
	check(private_db_number("SELECT expires_at FROM replay") >=
		      world_now() + 300 + ASSERTION_SKEW,
	      "until it is refused anyway");
}

static void
one_of_many(void **state)
{
	(void)state;
	for (int round = 0; round < 4; round++) {
		const char *assertion = usual("jwt");
		pid_t pids[RACERS];
		int go[2], status, winners = 0;

		assert_int_equal(pipe(go), 0);
		for (size_t i = 0; i < RACERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] > 0)
				continue;
			char byte;

			world_own_connection();
			close(go[1]);
			(void)!read(go[0], &byte, 1);
			_exit(introspect_with(assertion).status == 200 ? 1 : 0);
		}
		close(go[0]);
		close(go[1]);
		for (size_t i = 0; i < RACERS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_true(WIFEXITED(status));
			winners += WEXITSTATUS(status);
		}
		assert_int_equal(winners, 1);
	}
}

/* ---- keys by reference ---- */

static void
by_reference(void **state)
{
	const struct jwk *const next[] = {&k.other};
	const char *fresh = json_write(world.arena, set_of(next, 1), NULL);
	struct answer answer;

	(void)state;
	answer = introspect_with(usual("remote"));
	check_error(&answer, 401, "invalid_client", "nobody is there");
	check_text(member(&answer, "error_description"), "client authentication failed",
		   "nobody is there");
	world_move(61);
	fake_net_page(KEYS_URI, "application/jwk-set+json", k.jwks);
	check_status(introspect_with(usual("remote")), 200, "fetched");
	check_status(introspect_with(usual("remote")), 200, "kept");
	assert_int_equal(fake_net_asked(KEYS_URI), 1);
	fake_net_page(KEYS_URI, "application/jwk-set+json", fresh);
	answer = introspect_with(sign(&k.other, JWS_ES256, k.other.kid, NULL, claims_of("remote")));
	check_error(&answer, 401, "invalid_client", "too soon");
	size_t asked = fake_net_asked(KEYS_URI);
	world_move(61);
	check_status(
		introspect_with(sign(&k.other, JWS_ES256, k.other.kid, NULL, claims_of("remote"))),
		200, "a new kid fetches again");
	assert_int_equal(fake_net_asked(KEYS_URI), asked + 1);
	for (int i = 0; i < 5; i++) {
		answer = introspect_with(
			sign(&k.other, JWS_ES256, "unknown", NULL, claims_of("remote")));
		check_error(&answer, 401, "invalid_client", "unknown kids");
	}
	assert_int_equal(fake_net_asked(KEYS_URI), asked + 1);
}

/* Whoever knows a client_id cannot make us fetch with what could not be good anyway. */
static void
nothing_is_fetched_for_what_is_stale(void **state)
{
	struct json_object *claims = claims_of("remote");

	(void)state;
	fake_net_page(KEYS_URI, "application/jwk-set+json", k.jwks);
	change(claims, "exp", "1700000000");
	check_status(introspect_with(sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims)), 401,
		     "expired");
	check_status(introspect_with(mac("remote", k.jwks, JWS_HS256)), 401, "MAC");
	assert_int_equal(fake_net_asked(KEYS_URI), 0);
}

static void
busy(void **state)
{
	struct answer answer;

	(void)state;
	fake_net_answer(KEYS_URI, FETCH_BUSY, &(struct fetched){.why = "enough wait"});
	answer = introspect_with(usual("remote"));
	check_error(&answer, 503, "temporarily_unavailable", "busy");
	check(header(&answer, "Retry-After") != NULL, "busy");
}

/* ---- what it costs ---- */

static void
costs(void **state)
{
	const char *form = "grant_type=client_credentials";
	const char *assertion = usual("jwt");
	struct store_counters before, after;

	(void)state;
	check_status(post("/token", form, usual("jwt")), 200, "warm");
	before = store_counters(world.provider.store);
	check_status(post("/token", form, assertion), 200, "counted");
	after = store_counters(world.provider.store);
	check(after.statements - before.statements == 1, "the note of the jti and nothing else");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM replay"), 2);
}

/* Uses are noted behind the answer, once a day. */
static void
uses(void **state)
{
	const char *secret = secret_for("mac");
	struct store_counters before, after;

	(void)state;
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'mac'"),
			 0);
	check_status(introspect_with(mac("mac", secret, JWS_HS256)), 200, "first");
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'mac'"),
			 world_now());
	world_move(60);
	before = store_counters(world.provider.store);
	check_status(introspect_with(mac("mac", secret, JWS_HS256)), 200, "a minute later");
	after = store_counters(world.provider.store);
	check(after.statements - before.statements <= 3, "not noted again");
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'mac'"),
			 world_now() - 60);
	world_move(CLIENT_SECRET_USE_STEP);
	check_status(introspect_with(mac("mac", secret, JWS_HS256)), 200, "a day later");
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'mac'"),
			 world_now());
	check_status(request_send(&(struct ask){.target = "/introspect",
						.body = "token=x",
						.authorization = basic("web", WEB_SECRET)}),
		     200, "Basic");
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'web'"),
			 world_now());
	check_status(request_send(&(struct ask){.target = "/introspect",
						.body = "token=x",
						.authorization = basic("ask", "wrong")}),
		     401, "wrong");
	assert_int_equal(private_db_number("SELECT last_used_at FROM client_secret"
					   " WHERE client_id = 'ask'"),
			 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		assertion_test(claims),
		assertion_test(longest_jti),
		assertion_test(subjects),
		assertion_test(types),
		assertion_test(parameters),
		assertion_test(other_methods),
		assertion_test(endpoints),
		assertion_test(audience_by_alias),
		assertion_test(signatures),
		assertion_test(secrets),
		assertion_test(secrets_of_another_method),
		assertion_test(moved_secret),
		assertion_test(good_once),
		assertion_test(refused_is_not_used),
		assertion_test(remembered),
		assertion_test(one_of_many),
		assertion_test(by_reference),
		assertion_test(nothing_is_fetched_for_what_is_stale),
		assertion_test(busy),
		assertion_test(costs),
		assertion_test(uses),
	};
	int failed = flow_tests_run(tests);

	arena_free(k.arena);
	return failed;
}
