/* SPDX-License-Identifier: ISC */
/*
 * The cookies: their names and attributes in each kind of realm, when they change, and how long a
 * session lasts.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"

#define SESSION "__Host-ostiary-session-main"
#define BROWSER "__Host-ostiary-browser-main"

static struct answer
try_from(struct agent *agent, const char *username, const char *password)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	check_text(page_kind(&page), "signin", username);
	return sign_in(agent, &page, username, password);
}

static void
disable(const char *username)
{
	struct account account;

	world_account(username, &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
}

static const struct {
	const char *realm, *mount, *prefix, *attributes;
} cookies[] = {
	{"main", "", "__Host-", "; Path=/; Secure; HttpOnly; SameSite=Lax"},
	{"sub", "/sub/path", "__Secure-", "; Path=/sub/path; Secure; HttpOnly; SameSite=Lax"},
	{"dev", "/dev", "", "; Path=/dev; HttpOnly; SameSite=Lax"},
};

static void
check_cookie(const struct answer *answer, size_t i, const char *what, const char *age)
{
	const char *name = arena_printf(world.arena, "%sostiary-%s-%s=", cookies[i].prefix, what,
					cookies[i].realm);
	const char *wanted = arena_printf(world.arena, "%s%s", cookies[i].attributes, age);

	for (size_t j = 0; j < answer->headers.count; j++) {
		const char *value = answer->headers.field[j].value;

		if (!str_equal(answer->headers.field[j].name, "Set-Cookie") ||
		    !str_starts(value, name))
			continue;
		check_text(strchr(value, ';'), wanted, name);
		return;
	}
	fail_msg("no cookie %s: %s", name, answer->text);
}

static void
cookie_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cookies); i++) {
		struct agent agent = {0};
		struct answer answer;

		world_client(cookies[i].realm, "web",
			     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true}",
			     NULL);
		if (i > 0)
			world_user(cookies[i].realm, "alice", NULL, NULL);
		answer = agent_get(&agent, arena_printf(world.arena, "%s%s", cookies[i].mount,
							authorize("web", NULL, NULL)));
		check_cookie(&answer, i, "browser", "");
		check_text(page_action(&answer),
			   arena_printf(world.arena, "%s/signin", cookies[i].mount),
			   cookies[i].realm);
		answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		check_status(answer, 303, cookies[i].realm);
		check_cookie(&answer, i, "browser", "");
		check_cookie(&answer, i, "session", "");
		check_cookie(&answer, i, "known", "; Max-Age=15552000");
	}
}

/* A session is of its realm alone, though the database is the same. */
static void
sessions_do_not_cross_realms(void **state)
{
	struct agent agent = {0};
	const char *session;
	struct answer answer;

	(void)state;
	world_client("sub", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true}", NULL);
	check_status(try_from(&agent, "alice", USER_PASSWORD), 303, "main");
	session = agent_cookie(&agent, SESSION);
	answer = request_send(&(struct ask){
		.target = arena_printf(world.arena, "/sub/path%s",
				       authorize("web", "prompt", "none")),
		.cookie = arena_printf(world.arena, "__Secure-ostiary-session-sub=%s", session)});
	check_text(location_param(&answer, "error"), "login_required", "sub");
}

static void
cookies_change_at_sign_in(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));
	const char *browser = agent_cookie(&agent, BROWSER), *session;

	(void)state;
	check(agent_cookie(&agent, SESSION) == NULL, "no session before");
	(void)sign_in(&agent, &page, "alice", USER_PASSWORD);
	check(!str_equal(agent_cookie(&agent, BROWSER), browser), "browser");
	session = agent_cookie(&agent, SESSION);
	page = agent_get(&agent, authorize("web", "prompt", "login"));
	(void)sign_in(&agent, &page, "alice", USER_PASSWORD);
	check(!str_equal(agent_cookie(&agent, SESSION), session), "the secret is new");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 1);
	page = agent_get(&agent, authorize("web", "prompt", "login"));
	page = press(&agent, &page, "other");
	(void)sign_in(&agent, &page, "bob", USER_PASSWORD);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session WHERE ended_at IS NULL"
					   " OR ended_at = 0"),
			 1);
	/* the old secret of the same session is worth nothing */
	page = request_send(
		&(struct ask){.target = authorize("web", "prompt", "none"),
			      .cookie = arena_printf(world.arena, SESSION "=%s", session)});
	check_text(location_param(&page, "error"), "login_required", "old secret");
}

static const struct {
	const char *name;
	int64_t seconds;
	const char *error; /* NULL: still signed in */
} ages[] = {
	{"a moment", 60, NULL},
	{"less than idle", 43199, NULL},
	{"idle", 43201, "login_required"},
};

static void
sessions_age(void **state)
{
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(ages); i++) {
		struct agent fresh = {0};

		check_status(try_from(&fresh, "alice", USER_PASSWORD), 303, "sign-in");
		world_move(ages[i].seconds);
		answer = agent_get(&fresh, authorize("web", "prompt", "none"));
		check_text(location_param(&answer, "error"), ages[i].error, ages[i].name);
	}
	check_status(try_from(&agent, "alice", USER_PASSWORD), 303, "sign-in");
	for (int i = 0; i < 16; i++) {
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check_text(location_param(&answer, "error"), NULL, "in use");
		world_move(10 * 3600);
	}
	world_move(8 * 3600 + 1);
	answer = agent_get(&agent, authorize("web", "prompt", "none"));
	check_text(location_param(&answer, "error"), "login_required", "seven days");
}

/* What ends a session at once. */
static void
password_and_realm_end_sessions(void **state)
{
	static const char *const ends[] = {"password", "disabled", "epoch"};

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct agent agent = {0};
		struct account account;
		struct answer answer;

		check_status(try_from(&agent, "alice", USER_PASSWORD), 303, "sign-in");
		world_account("alice", &account);
		if (i == 0)
			assert_int_equal(account_set_password(world.provider.store, account.id,
							      account.password, world_now()),
					 STORE_OK);
		if (i == 1)
			disable("alice");
		if (i == 2)
			private_db_number("UPDATE realm SET epoch = %lld WHERE name = 'main'",
					  (long long)world_now() + 1);
		private_db_number("UPDATE generation SET value = value + 1");
		world_move(2);
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check_text(location_param(&answer, "error"), "login_required", ends[i]);
		if (i == 1)
			assert_int_equal(account_set_disabled(world.provider.store, account.id,
							      false, world_now()),
					 STORE_OK);
	}
	private_db_number("UPDATE realm SET epoch = 0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(cookie_attributes),
		flow_test(sessions_do_not_cross_realms),
		flow_test(cookies_change_at_sign_in),
		flow_test(sessions_age),
		flow_test(password_and_realm_end_sessions),
	};

	return flow_tests_run(tests);
}
