/* SPDX-License-Identifier: ISC */
/*
 * Assertions: signatures, secrets, keys by value and by reference, what it costs, and that a jti is
 * good once whoever comes with it at the same time.
 */
#include "tests/flow/asserting.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/port/secrets.h"

#define RACERS 6

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
/* What is signed with a secret is held to the same rules. */
static void
rules_of_secrets(void **state)
{
	static const struct {
		const char *member, *value, *why;
	} cases[] = {
		{"exp", "1799999990", "expired"},
		{"exp", "1800003611", "exp lies too far ahead"},
		{"aud", "\"" SUB_ISSUER "\"", "the assertion's aud is"},
		{"iss", "\"jwt\"", "iss is not"},
		{"jti", NULL, "required claim missing"},
	};
	const char *secret = secret_for("mac"), *twice = mac("mac", secret, JWS_HS256);
	struct jwk key = jwk_from_bytes(world.arena, secret, strlen(secret));
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *claims = claims_of("mac");
		size_t before = world_log_count(cases[i].why);

		change(claims, cases[i].member, cases[i].value);
		answer = introspect_with(sign(&key, JWS_HS256, NULL, NULL, claims));
		check_error(&answer, 401, "invalid_client", cases[i].why);
		check(world_log_count(cases[i].why) == before + 1, cases[i].why);
	}
	check_status(introspect_with(twice), 200, "good");
	answer = introspect_with(twice);
	check_error(&answer, 401, "invalid_client", "good once");
	check(world_log_count("jti was used before") == 1, "why");
}

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
			world_child_exit(introspect_with(assertion).status == 200 ? 1 : 0);
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
	client("remote", "private_key_jwt",
	       ",\"jwks_uri\":\"" KEYS_URI "\",\"token_endpoint_auth_signing_alg\":\"ES256\"");
	check_status(introspect_with(sign(&k.rsa, JWS_RS256, k.rsa.kid, NULL, claims_of("remote"))),
		     401, "another algorithm than the registered one");
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
		assertion_test(signatures),
		assertion_test(secrets),
		assertion_test(secrets_of_another_method),
		assertion_test(moved_secret),
		assertion_test(good_once),
		assertion_test(rules_of_secrets),
		assertion_test(refused_is_not_used),
		assertion_test(remembered),
		assertion_test(one_of_many),
		assertion_test(by_reference),
		assertion_test(nothing_is_fetched_for_what_is_stale),
		assertion_test(busy),
		assertion_test(costs),
		assertion_test(uses),
	};

	return asserting_run(tests);
}
