/* SPDX-License-Identifier: ISC */
/*
 * How long tokens are good beside their own time: the realm's epoch, sessions that nobody uses, the
 * end of grant and session, no grace, and clocks that differ.
 */
#include "tests/flow/agent.h"

#include "core/base/num.h"
#include "core/base/str.h"
#include "core/jose/jwt.h"

static struct agent alice;

#define OFFLINE "openid offline_access"

static const char *const formats[] = {"jwt", "opaque"};

static void
put_back(void)
{
	static const char *const settings[] = {
		"access_token_lifetime", "access_token_format", "refresh_token_lifetime",
		"refresh_token_grace",   "session_lifetime",    "session_idle",
	};

	for (size_t i = 0; i < COUNT(settings); i++)
		world_realm_set(settings[i], "");
	private_db_number("UPDATE realm SET epoch = 0");
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
}

static int
begin(void **state)
{
	alice = (struct agent){0};
	if (world_fresh(state) != 0)
		return -1;
	put_back();
	return 0;
}

static int
finish(void **state)
{
	put_back();
	return world_spent(state);
}

/* A fresh world in the middle of a test. */
static void
again(void)
{
	assert_int_equal(finish(NULL), 0);
	assert_int_equal(begin(NULL), 0);
}

#define lifetime_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

static void
check_dead(const struct answer *set, const char *name)
{
	struct answer answer = userinfo(member(set, "access_token"));

	check_error(&answer, 401, "invalid_token", name);
	check(!is_active(member(set, "access_token")), name);
	check(!is_active(member(set, "refresh_token")), name);
	answer = refresh("web", member(set, "refresh_token"));
	check_error(&answer, 400, "invalid_grant", name);
}

static void
check_live(const struct answer *set, const char *name)
{
	check_status(userinfo(member(set, "access_token")), 200, name);
	check(is_active(member(set, "access_token")), name);
	check(is_active(member(set, "refresh_token")), name);
}

/* ---- the realm's epoch ---- */

/* A worker that has not heard of the epoch yet lets an old session buy a grant made since. */
static void
epoch_and_a_slow_worker(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct answer set, answer;

		again();
		world_realm_set("access_token_format", formats[i]);
		(void)walk_code(&alice, authorize("web", NULL, NULL));
		world.now_ms += 100500;
		(void)userinfo("x"); /* the snapshot is new now */
		private_db_number("UPDATE realm SET epoch = %lld WHERE name = 'main'",
				  (long long)world_now() + 1);
		private_db_number("UPDATE generation SET value = value + 1");
		world.now_ms += 600;
		set = tokens(&alice, "web", OFFLINE);
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 1);
		check_live(&set, "the worker knows nothing");
		world_move(1);
		check_dead(&set, formats[i]);
		answer = agent_get(&alice, authorize("web", "prompt", "none"));
		check_redirected(&answer, WEB_REDIRECT "?", "login_required", "the session");
		set = tokens(&alice, "web", OFFLINE);
		check_live(&set, "a new sign-in");
		check_status(refresh("web", member(&set, "refresh_token")), 200, "a new sign-in");
	}
}

/* ---- sessions that nobody uses ---- */

static void
idle_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct answer online, offline;

		again();
		world_realm_set("access_token_format", formats[i]);
		world_realm_set("access_token_lifetime", "1d");
		world_realm_set("session_idle", "1h");
		online = tokens(&alice, "web", "openid");
		offline = tokens(&alice, "web", OFFLINE);
		world_move(3599);
		check_live(&online, "a second before");
		world_move(1);
		check_dead(&online, formats[i]);
		check_live(&offline, formats[i]);
		check_status(refresh("web", member(&offline, "refresh_token")), 200, formats[i]);
	}
}

static const struct {
	const char *idle;
	int64_t seconds;
	int64_t step; /* seconds between two uses */
} uses[] = {
	{"12h", 43200, 43199}, {"12h", 43200, 299}, {"1h", 3600, 3599}, {"1h", 3600, 200},
	{"6m", 360, 290},      {"5m", 300, 200},    {"1m", 60, 50},
};

#define USES 12

/* Refreshing is using, whatever the settings. */
static void
refreshing_keeps_a_session(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(uses); i++) {
		const char *name;
		struct answer set, answer;

		again();
		name = arena_printf(world.arena, "idle %s, used every %lld s", uses[i].idle,
				    (long long)uses[i].step);
		world_realm_set("session_idle", uses[i].idle);
		set = tokens(&alice, "web", "openid");
		for (int j = 0; j < USES; j++) {
			world_move(uses[i].step);
			set = refresh("web", member(&set, "refresh_token"));
			check_status(set, 200, name);
			check_status(userinfo(member(&set, "access_token")), 200, name);
		}
		answer = agent_get(&alice, authorize("web", "prompt", "none"));
		check(location_param(&answer, "code") != NULL, name);
		world_move(uses[i].seconds);
		check_dead(&set, name);
	}
}

/* So is coming back with the browser. */
static void
visits_keep_a_session(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(uses); i++) {
		struct answer answer;

		again();
		world_realm_set("session_idle", uses[i].idle);
		(void)walk_code(&alice, authorize("web", NULL, NULL));
		for (int j = 0; j < USES; j++) {
			world_move(uses[i].step);
			answer = agent_get(&alice, authorize("web", "prompt", "none"));
			check(location_param(&answer, "code") != NULL, uses[i].idle);
		}
		world_move(uses[i].seconds);
		answer = agent_get(&alice, authorize("web", "prompt", "none"));
		check_redirected(&answer, WEB_REDIRECT "?", "login_required", uses[i].idle);
	}
}

/* Refreshing an offline grant says nothing of the person. */
static void
offline_grants_keep_nothing(void **state)
{
	struct answer set, answer;

	(void)state;
	world_realm_set("session_idle", "1h");
	set = tokens(&alice, "web", OFFLINE);
	world_move(3000);
	check_status(refresh("web", member(&set, "refresh_token")), 200, "refresh");
	world_move(600);
	answer = agent_get(&alice, authorize("web", "prompt", "none"));
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "fallen idle");
}

/* ---- how long an access token lasts ---- */

static const struct {
	const char *name, *setting, *value, *scope;
	int64_t age; /* of the session at the request, seconds */
	int64_t first;
	int64_t later; /* the refresh comes so much later */
	int64_t second;
} lifetimes[] = {
	{"its own", "access_token_lifetime", "20m", "openid", 0, 1200, 600, 1200},
	{"refresh lifetime is shorter", "refresh_token_lifetime", "10m", OFFLINE, 0, 3600, 3000,
	 600},
	{"near the grant's end", "refresh_token_lifetime", "2h", OFFLINE, 0, 3600, 5400, 1800},
	{"a second before the grant's end", "refresh_token_lifetime", "2h", OFFLINE, 0, 3600, 7199,
	 1},
	{"near the session's end", "session_lifetime", "2h", "openid", 0, 3600, 5400, 1800},
	{"an old session", "session_lifetime", "2h", "openid", 5400, 1800, 1200, 600},
	{"offline from an old session", "session_lifetime", "2h", OFFLINE, 5400, 3600, 3000, 3600},
};

/* Three places say when it ends; and it does. */
static void
check_lifetime(const struct answer *set, int64_t seconds, const char *name)
{
	const char *token = member(set, "access_token");
	const char *end = arena_printf(world.arena, "%lld", (long long)(world_now() + seconds));
	struct answer answer = introspect(token);
	int64_t number = 0;
	struct jwt jwt;

	assert_int_equal(json_get_int(set->json, "expires_in", &number), JSON_FOUND);
	if (number != seconds)
		fail_msg("case \"%s\": expires_in %lld, wanted %lld", name, (long long)number,
			 (long long)seconds);
	check_text(member(&answer, "exp"), end, name);
	if (str_starts(token, "ost_"))
		return;
	assert_int_equal(jwt_read_unverified(world.arena, token, &jwt), JWT_OK);
	check(jwt.exp == world_now() + seconds, name);
}

static void
access_tokens_end_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lifetimes) * COUNT(formats); i++) {
		size_t which = i / COUNT(formats);
		const char *name = lifetimes[which].name;
		struct answer set;

		again();
		world_realm_set("access_token_format", formats[i % COUNT(formats)]);
		world_realm_set(lifetimes[which].setting, lifetimes[which].value);
		(void)walk_code(&alice, authorize("web", NULL, NULL));
		world_move(lifetimes[which].age);
		set = tokens(&alice, "web", lifetimes[which].scope);
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 1);
		check_lifetime(&set, lifetimes[which].first, name);
		world_move(lifetimes[which].later);
		set = refresh("web", member(&set, "refresh_token"));
		check_status(set, 200, name);
		check_lifetime(&set, lifetimes[which].second, name);
		world_move(lifetimes[which].second - 1);
		check_status(userinfo(member(&set, "access_token")), 200, name);
		world_move(1);
		check_status(userinfo(member(&set, "access_token")), 401, name);
		check(!is_active(member(&set, "access_token")), name);
	}
}

/* ---- no grace, and clocks that differ ---- */

static void
no_grace(void **state)
{
	struct answer first, second, answer;

	(void)state;
	world_realm_set("refresh_token_grace", "0s");
	first = tokens(&alice, "web", OFFLINE);
	second = refresh("web", member(&first, "refresh_token"));
	check_status(second, 200, "the first use");
	answer = refresh("web", member(&first, "refresh_token"));
	check_error(&answer, 400, "invalid_grant", "the second use within the same second");
	check_dead(&second, "the grant has ended");
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'refresh_reuse'"), 1);
}

static void
revoked_for_slow_clocks(void **state)
{
	struct answer revoked, other;
	struct ask ask = {.target = "/revoke", .authorization = basic("web", WEB_SECRET)};

	(void)state;
	world_realm_set("access_token_format", "opaque");
	revoked = tokens(&alice, "web", OFFLINE);
	other = tokens(&alice, "web", OFFLINE);
	world_move(100);
	ask.body = params("token", member(&revoked, "access_token"), NULL);
	check_status(request_send(&ask), 200, "revoked");
	world_move(-30);
	check_status(userinfo(member(&revoked, "access_token")), 401, "30 s behind");
	check(!is_active(member(&revoked, "access_token")), "30 s behind");
	check_live(&other, "another token");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		lifetime_test(epoch_and_a_slow_worker),
		lifetime_test(idle_sessions),
		lifetime_test(refreshing_keeps_a_session),
		lifetime_test(visits_keep_a_session),
		lifetime_test(offline_grants_keep_nothing),
		lifetime_test(access_tokens_end_in_time),
		lifetime_test(no_grace),
		lifetime_test(revoked_for_slow_clocks),
	};

	return flow_tests_run(tests);
}
