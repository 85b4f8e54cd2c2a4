/* SPDX-License-Identifier: ISC */
/*
 * Devices (RFC 8628): what a device is told, who may ask, what a poll answers in each state, and
 * that the tokens go to one poll.
 */
#include "tests/flow/device.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/device.h"

/* ---- the device ---- */

static void
what_a_device_is_told(void **state)
{
	struct answer answer = device_ask("openid");
	const char *code = member(&answer, "user_code");

	(void)state;
	check(str_starts(member(&answer, "device_code"), "ost_dc_"), "device_code");
	check(strlen(code) == 9 && code[4] == '-', code);
	check(user_code_normalise(world.arena, code) != NULL, code);
	check_text(member(&answer, "verification_uri"), MAIN_ISSUER "/device", "verification_uri");
	check_text(member(&answer, "verification_uri_complete"),
		   arena_printf(world.arena, MAIN_ISSUER "/device?user_code=%s", code),
		   "verification_uri_complete");
	check_text(member(&answer, "qr_uri"),
		   arena_printf(world.arena, MAIN_ISSUER "/device/qr?user_code=%s", code),
		   "qr_uri");
	check_text(member(&answer, "expires_in"), "600", "expires_in");
	check_text(member(&answer, "interval"), "5", "interval");
	check_text(header(&answer, "Cache-Control"), "no-store", "cache");
	check(private_db_number("SELECT COUNT(*) FROM device_request WHERE user_agent = 'agent'"
				" AND address = '198.51.100.7'") == 1,
	      "where it asked from");
	answer = request_send(&(struct ask){.target = "/.well-known/openid-configuration"});
	check_text(member(&answer, "device_authorization_endpoint"),
		   MAIN_ISSUER "/device_authorization", "discovery");
	check_has(answer.body, GRANT_TYPE_DEVICE_CODE, "discovery");
}

static void
who_may_begin(void **state)
{
	struct answer answer = device_begin_with("client_id=spa");

	(void)state;
	check_error(&answer, 400, "unauthorized_client", "a client without the grant type");
	answer = device_begin_with("client_id=nobody");
	check_error(&answer, 401, "invalid_client", "nobody");
	answer = device_begin_with("scope=openid");
	check_error(&answer, 401, "invalid_client", "no client");
	answer = device_begin_with("client_id=tv&scope=a&scope=b");
	check_error(&answer, 400, "invalid_request", "scope twice");
	answer = device_begin_with("client_id=tv&resource=https%3A%2F%2Fnobody.example");
	check_error(&answer, 400, "invalid_target", "an unknown resource");
	answer = device_begin_with(
		"client_id=tv&redirect_uri=x&response_type=y&prompt=z&claims=%5B");
	check_status(answer, 200, "what belongs to /authorize is ignored");
	world_client("main", "box",
		     "{\"grant_types\":[\"" GRANT_TYPE_DEVICE_CODE "\"],"
		     "\"token_endpoint_auth_method\":\"client_secret_post\"}",
		     WEB_SECRET);
	answer = device_begin_with("client_id=box");
	check_error(&answer, 401, "invalid_client", "without its secret");
	answer = device_begin_with("client_id=box&client_secret=" WEB_SECRET);
	check_status(answer, 200, "with it");
	world_client_off("tv");
	answer = device_begin_with("client_id=tv");
	check_error(&answer, 401, "invalid_client", "disabled");
}

/* Unknown scopes are ignored, those that the client may not have too. */
static void
scopes_of_a_device(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask("openid email wizard");
	struct answer answer;

	(void)state;
	device_allow(&agent, &device);
	answer = device_polls(&device);
	check_text(member(&answer, "scope"), "openid email", "scope");
}

static void
codes_differ(void **state)
{
	struct strlist codes = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct answer answer = device_ask(NULL);

		codes = strlist_with(world.arena, &codes, member(&answer, "user_code"));
		codes = strlist_with(world.arena, &codes, member(&answer, "device_code"));
	}
	assert_int_equal(codes.count, 100);
}

/* ---- polling ---- */

static void
polling(void **state)
{
	static const struct {
		const char *name;
		int64_t after; /* seconds since the poll before */
		const char *error;
	} polls[] = {
		{"the first at once", 0, "authorization_pending"},
		{"in time", 5, "authorization_pending"},
		{"later", 60, "authorization_pending"},
		{"too early", 4, "slow_down"},
		{"10 s are needed now", 9, "slow_down"},
		{"15 s are needed now", 15, "authorization_pending"},
		{"and from then on", 14, "slow_down"},
		{"20 s", 20, "authorization_pending"},
	};
	struct answer device = device_ask(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(polls); i++) {
		struct answer answer;

		world_move(polls[i].after);
		answer = device_polls(&device);
		check_error(&answer, 400, polls[i].error, polls[i].name);
	}
}

static void
tokens_for_the_first_poll(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask("openid email offline_access");
	struct answer answer;
	struct jwt jwt;

	(void)state;
	answer = device_polls(&device);
	check_error(&answer, 400, "authorization_pending", "before");
	device_allow(&agent, &device);
	answer = device_polls(&device); /* at once: nobody waits for the interval any more */
	check_status(answer, 200, "tokens");
	check_text(member(&answer, "token_type"), "Bearer", "type");
	check_text(member(&answer, "scope"), "openid email offline_access", "scope");
	check(member(&answer, "refresh_token") != NULL, "refresh token");
	assert_int_equal(jwt_read_unverified(world.arena, member(&answer, "id_token"), &jwt),
			 JWT_OK);
	check_text(jwt.aud.item[0], "tv", "aud");
	check(json_text_or_null(jwt.claims, "nonce") == NULL, "no nonce");
	check(json_text_or_null(jwt.claims, "sid") != NULL, "sid");
	struct answer again = device_polls(&device);

	check_error(&again, 400, "invalid_grant", "a second poll");
	struct answer user = userinfo(member(&answer, "access_token"));

	check_status(user, 200, "the second poll has ended nothing");
	check_text(member(&user, "email"), "alice@example.org", "userinfo");
}

static void
refresh_family(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask("openid offline_access");
	struct answer answer;

	(void)state;
	device_allow(&agent, &device);
	answer = device_polls(&device);
	for (int i = 0; i < 3; i++) {
		answer = token_post(NULL, params("grant_type", "refresh_token", "refresh_token",
						 member(&answer, "refresh_token"), "client_id",
						 "tv", NULL));
		check_status(answer, 200, "refresh");
		world_move(100);
	}
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	answer =
		token_post(NULL, params("grant_type", "refresh_token", "refresh_token",
					member(&answer, "refresh_token"), "client_id", "tv", NULL));
	check_status(answer, 200, "offline_access outlives the session");
}

/* Without offline_access the device is signed in as long as the browser is. */
static void
ends_with_the_session(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask("openid");
	struct answer answer, user;

	(void)state;
	device_allow(&agent, &device);
	answer = device_polls(&device);
	user = userinfo(member(&answer, "access_token"));
	check_status(user, 200, "before");
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	user = userinfo(member(&answer, "access_token"));
	check_status(user, 401, "after");
}

static void
opaque_tokens(void **state)
{
	struct agent agent = {0};
	struct answer device, answer, again;

	(void)state;
	world_realm_set("access_token_format", "opaque");
	device = device_ask("openid");
	device_allow(&agent, &device);
	answer = device_polls(&device);
	again = device_polls(&device);
	world_realm_set("access_token_format", "");
	check_status(answer, 200, "tokens");
	check(str_starts(member(&answer, "access_token"), "ost_at_"), "opaque");
	check_error(&again, 400, "invalid_grant", "again");
	check_status(userinfo(member(&answer, "access_token")), 200, "userinfo");
}

static void
no_refresh_token_without_the_grant(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	device = device_ask("openid offline_access");
	device_allow(&agent, &device);
	answer = device_polls(&device);
	check_status(answer, 200, "tokens");
	check_text(member(&answer, "refresh_token"), NULL, "refresh_token");
	check_text(member(&answer, "scope"), "openid", "scope");
}

static void
no_good_device_code(void **state)
{
	struct answer device = device_ask(NULL);
	const char *code = member(&device, "device_code");
	char *changed = arena_strdup(world.arena, code);
	struct answer answer;

	(void)state;
	changed[strlen(changed) - 10] = changed[strlen(changed) - 10] == 'A' ? 'B' : 'A';
	const struct {
		const char *name, *code, *error;
	} cases[] = {
		{"none", NULL, "invalid_request"},
		{"malformed", "x", "invalid_grant"},
		{"another secret", changed, "invalid_grant"},
		{"the user code", member(&device, "user_code"), "invalid_grant"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		answer =
			token_post(NULL, params("grant_type", GRANT_TYPE_DEVICE_CODE, "device_code",
						cases[i].code, "client_id", "tv", NULL));
		check_error(&answer, 400, cases[i].error, cases[i].name);
	}
	world_client("main", "tv2",
		     "{\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	answer = device_poll_as("tv2", &device);
	check_error(&answer, 400, "invalid_grant", "another client");
	answer = device_poll_as("spa", &device);
	check_error(&answer, 400, "unauthorized_client", "a client without the grant type");
	check(private_db_number("SELECT polled_at FROM device_request") == 0, "none was a poll");
}

/* A device code is no authorization code, under whatever prefix. */
static void
no_authorization_code(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;
	const char *code;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"redirect_uris\":[\"" WEB_REDIRECT
		     "\"],\"grant_types\":[\"authorization_code\",\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	device = device_ask(NULL);
	device_allow(&agent, &device);
	code = arena_printf(world.arena, "ost_ac_%s",
			    member(&device, "device_code") + strlen("ost_dc_"));
	answer = token_post(NULL, params("grant_type", "authorization_code", "code", code,
					 "client_id", "tv", NULL));
	check_error(&answer, 400, "invalid_grant", "another prefix");
	answer = device_polls(&device);
	check_status(answer, 200, "it was not harmed");
}

static void
expiry(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), answer, page;

	(void)state;
	page = device_question(&agent, &device);
	world_move(599);
	answer = device_polls(&device);
	check_error(&answer, 400, "authorization_pending", "the last second");
	world_move(1);
	answer = device_polls(&device);
	check_error(&answer, 400, "expired_token", "expired");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "allowed too late");
	check_has(answer.body, "no longer good", "allowed too late");
	answer = device_enter(&agent, member(&device, "user_code"));
	check_status(answer, 403, "entered too late");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	world_realm_set("device_code_lifetime", "1m");
	device = device_ask(NULL);
	world_realm_set("device_code_lifetime", "");
	check_text(member(&device, "expires_in"), "60", "setting");
}

/* Allowed in time, fetched too late. */
static void
expiry_after_approval(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask("openid offline_access"), answer;

	(void)state;
	device_allow(&agent, &device);
	world_move(600);
	answer = device_polls(&device);
	check_error(&answer, 400, "expired_token", "expired");
}

/* What happens between approval and poll counts. */
static void
things_change_meanwhile(void **state)
{
	static const struct {
		const char *name, *sql, *error;
	} changes[] = {
		{"session ended", "UPDATE session SET ended_at = 1800000000", "invalid_grant"},
		{"password changed", "UPDATE account SET auth_epoch = auth_epoch + 1",
		 "invalid_grant"},
		{"grant revoked", "UPDATE auth_grant SET revoked_at = 1800000000", "invalid_grant"},
		{"account gone", "DELETE FROM account WHERE username = 'alice'", "invalid_grant"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct agent agent = {0};
		struct answer device = device_ask(NULL), answer;

		device_allow(&agent, &device);
		private_db_number("%s", changes[i].sql);
		answer = device_polls(&device);
		check_error(&answer, 400, changes[i].error, changes[i].name);
	}
}

/* ---- many at once ---- */

#define RACERS 6

static void
race(const struct answer *device, int report)
{
	struct answer answer;
	char won;

	alarm(60);
	world_own_connection();
	answer = device_polls(device);
	won = answer.status == 200 ? '1' : '0';
	if (won == '0' && !str_equal(member(&answer, "error"), "invalid_grant"))
		world_child_exit(2);
	if (write(report, &won, 1) != 1)
		world_child_exit(1);
	world_child_exit(0);
}

static void
tokens_for_one_poll(void **state)
{
	static const char *const formats[] = {"jwt", "opaque", "jwt"};

	(void)state;
	for (size_t round = 0; round < COUNT(formats); round++) {
		struct agent agent = {0};
		struct answer device;
		int report[2], winners = 0, status;
		pid_t pids[RACERS];
		char won;

		world_realm_set("access_token_format", formats[round]);
		device = device_ask("openid");
		device_allow(&agent, &device);
		assert_int_equal(pipe(report), 0);
		for (size_t i = 0; i < RACERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0)
				race(&device, report[1]);
		}
		for (size_t i = 0; i < RACERS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
			assert_int_equal(read(report[0], &won, 1), 1);
			winners += won == '1';
		}
		assert_int_equal(winners, 1);
		close(report[0]);
		close(report[1]);
	}
	world_realm_set("access_token_format", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		device_test(what_a_device_is_told),
		device_test(who_may_begin),
		device_test(scopes_of_a_device),
		device_test(codes_differ),
		device_test(polling),
		device_test(tokens_for_the_first_poll),
		device_test(refresh_family),
		device_test(ends_with_the_session),
		device_test(opaque_tokens),
		device_test(no_refresh_token_without_the_grant),
		device_test(no_good_device_code),
		device_test(no_authorization_code),
		device_test(expiry),
		device_test(expiry_after_approval),
		device_test(things_change_meanwhile),
		device_test(tokens_for_one_poll),
	};

	return flow_tests_run(tests);
}
