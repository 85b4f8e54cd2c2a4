/* SPDX-License-Identifier: ISC */
/*
 * Signing in with a password: who gets in, what everybody else is told, how guessing is slowed and
 * whom that does not hit, hashes that were brought along, the cookies, sessions that end meanwhile,
 * and when failures are recorded.
 */
#include "tests/flow/agent.h"

#include "core/authn/password.h"
#include "core/authn/throttle.h"
#include "core/base/str.h"
#include "core/model/account.h"

#define KNOWN "__Host-ostiary-known-main"

static struct answer
try_from(struct agent *agent, const char *username, const char *password)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	check_text(page_kind(&page), "signin", username);
	return sign_in(agent, &page, username, password);
}

static struct answer
try(const char *username, const char *password)
{
	struct agent agent = {0};

	return try_from(&agent, username, password);
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
	const char *name, *username, *password;
	int status;
} attempts[] = {
	{"right", "alice", USER_PASSWORD, 303},
	{"name in capitals with blanks", " ALICE ", USER_PASSWORD, 303},
	{"wrong", "alice", "wrong", 403},
	{"other case", "alice", "Correct horse", 403},
	{"more behind", "alice", USER_PASSWORD "x", 403},
	{"blank behind", "alice", USER_PASSWORD " ", 403},
	{"empty password", "alice", "", 403},
	{"empty name", "", USER_PASSWORD, 403},
	{"unknown", "carol", USER_PASSWORD, 403},
	{"disabled", "bob", USER_PASSWORD, 403},
	{"of another realm", "eve", USER_PASSWORD, 403},
	{"no password", "dora", USER_PASSWORD, 403},
	{"name with a control character", "ali\001ce", USER_PASSWORD, 403},
	{"as if it were SQL", "alice' OR '1'='1", USER_PASSWORD, 403},
};

/* The page again but for what differs by chance: the sealed flow. */
static const char *
likeness(const struct answer *answer)
{
	const char *flow = page_field(answer, "flow");
	const char *at = strstr(answer->body, flow);

	return arena_printf(world.arena, "%.*s%s", (int)(at - answer->body), answer->body,
			    at + strlen(flow));
}

static void
who_gets_in(void **state)
{
	const char *wrong = NULL;

	(void)state;
	world_user("sub", "eve", NULL, NULL);
	world_user("main", "dora", "", NULL);
	disable("bob");
	for (size_t i = 0; i < COUNT(attempts); i++) {
		struct answer answer = try(attempts[i].username, attempts[i].password);
		const char *like;

		memset(world.provider.throttle, 0, throttle_size());
		check_status(answer, attempts[i].status, attempts[i].name);
		check((location_param(&answer, "code") != NULL) == (attempts[i].status == 303),
		      attempts[i].name);
		if (attempts[i].status == 303)
			continue;
		check_text(page_field(&answer, "username"), attempts[i].username, attempts[i].name);
		check_text(page_field(&answer, "password"), NULL, attempts[i].name);
		if (!str_equal(attempts[i].username, "alice"))
			continue;
		like = likeness(&answer);
		if (wrong)
			check_text(like, wrong, "the same answer");
		wrong = like;
	}
}

static void
unknown_and_known_look_alike(void **state)
{
	struct answer known = try("alice", "wrong"), unknown = try("alicf", "wrong");

	(void)state;
	check_status(unknown, known.status, "status");
	assert_int_equal(strlen(likeness(&known)), strlen(likeness(&unknown)));
	assert_int_equal(known.headers.count, unknown.headers.count);
	/* the name itself must not be in the log: people type passwords there */
	check(world_log_find("alicf") == NULL, "unknown names are not logged");
	check(world_log_find("unknown_name=") != NULL, "but marked");
	check(world_log_find("wrong") == NULL, "passwords are not logged");
	check(world_log_find("event=signin_failed") != NULL, "failures are logged");
}

static void
missing_fields(void **state)
{
	static const char *const gone[] = {"username", "password"};
	struct agent agent = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(gone); i++) {
		struct answer page = agent_get(&agent, authorize("web", NULL, NULL));
		const char *form = params("flow", page_field(&page, "flow"), "username", "alice",
					  "password", USER_PASSWORD, NULL);

		page = agent_post(&agent, "/signin", params_with(form, gone[i], NULL));
		check_status(page, 403, gone[i]);
	}
}

static void
guessing_is_slowed(void **state)
{
	struct answer answer;

	(void)state;
	for (int i = 0; i < 5; i++)
		check_status(try("alice", "wrong"), 403, "below the limit");
	answer = try("alice", USER_PASSWORD);
	check_status(answer, 429, "at the limit");
	check_text(header(&answer, "Retry-After"), "1", "at the limit");
	check_text(page_field(&answer, "username"), "alice", "the page stays usable");
	check_has(answer.body, "Wait 1 s, then try again", "at the limit");
	check_status(try("bob", USER_PASSWORD), 303, "another account");
	world_move(1);
	check_status(try("alice", "wrong"), 403, "after the wait");
	answer = try("alice", "wrong");
	check_status(answer, 429, "doubled");
	check_text(header(&answer, "Retry-After"), "2", "doubled");
	world_move(1);
	check_status(try("alice", USER_PASSWORD), 429, "not yet");
	world_move(1);
	check_status(try("alice", USER_PASSWORD), 303, "recovered");
}

static void
unknown_names_are_slowed_too(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		check_status(try("carol", "wrong"), 403, "below the limit");
	check_status(try("carol", "wrong"), 429, "at the limit");
	check(world_log_find("event=signin_throttled") != NULL, "logged");
	check(world_log_find("carol") == NULL, "without the name");
}

static void
networks_are_slowed(void **state)
{
	struct agent near = {.address = "192.0.2.77"}, far = {.address = "198.51.100.1"};

	(void)state;
	for (int i = 0; i < 50; i++)
		check_status(try(arena_printf(world.arena, "user%d", i), "wrong"), 403, "guess");
	check_status(try_from(&near, "alice", USER_PASSWORD), 429, "same network");
	check_status(try_from(&far, "alice", USER_PASSWORD), 303, "another network");
}

static void
a_stranger_cannot_lock_out(void **state)
{
	struct agent owner = {0}, stranger = {.address = "203.0.113.9"};
	struct answer page;

	(void)state;
	check_status(try_from(&owner, "alice", USER_PASSWORD), 303, "owner");
	check(agent_cookie(&owner, KNOWN) != NULL, "the browser is known");
	for (int i = 0; i < 6; i++)
		(void)try_from(&stranger, "alice", "wrong");
	check_status(try_from(&stranger, "alice", USER_PASSWORD), 429, "stranger");
	page = agent_get(&owner, authorize("web", "prompt", "login"));
	check_status(sign_in(&owner, &page, "alice", USER_PASSWORD), 303, "owner again");
	/* the mark is of one account alone */
	for (int i = 0; i < 5; i++)
		(void)try_from(&stranger, "bob", "wrong");
	page = agent_get(&owner, authorize("web", "prompt", "login"));
	page = press(&owner, &page, "other");
	check_status(sign_in(&owner, &page, "bob", USER_PASSWORD), 429, "another account");
}

static void
a_known_browser_has_ten(void **state)
{
	struct agent owner = {0};
	struct answer page;

	(void)state;
	check_status(try_from(&owner, "alice", USER_PASSWORD), 303, "owner");
	page = agent_get(&owner, authorize("web", "prompt", "login"));
	for (int i = 0; i < 10; i++)
		check_status(sign_in(&owner, &page, "alice", "wrong"), 403, "ten of its own");
	check_status(sign_in(&owner, &page, "alice", USER_PASSWORD), 429, "no more");
}

/* The mark dies with the password. */
static void
a_changed_password_forgets_browsers(void **state)
{
	struct agent owner = {0}, stranger = {.address = "203.0.113.9"};
	struct account account;

	(void)state;
	check_status(try_from(&owner, "alice", USER_PASSWORD), 303, "owner");
	world_account("alice", &account);
	assert_int_equal(account_set_password(world.provider.store, account.id, account.password,
					      world_now()),
			 STORE_OK);
	for (int i = 0; i < 5; i++)
		(void)try_from(&stranger, "alice", "wrong");
	check_status(try_from(&owner, "alice", USER_PASSWORD), 429, "no longer known");
}

static const struct {
	const char *name, *hash;
	bool replaced;
} hashes[] = {
	{"bcrypt 2y", "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", true},
	{"bcrypt 2b", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", true},
	{"sha256-crypt", "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/", true},
	{"sha512-crypt",
	 "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scF"
	 "tv/uamSo5z0",
	 true},
	{"argon2id",
	 "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y",
	 true},
	{"cheaper yescrypt", "$y$j75$saltsaltsaltsalt$IdM6tV9hsIYZkwcNItyWCsVO1t/QVCQfi.yVSuLjuZ5",
	 true},
	{"ours", "$y$j9T$saltsaltsaltsalt$gNcNhvFTt75JDF1LO9O.MCPyp8TkQxrhQSKqUeo/Uy6", false},
};

static void
brought_hashes_are_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++) {
		const char *user = arena_printf(world.arena, "user%zu", i);
		struct account account;

		world_user("main", user, hashes[i].hash, NULL);
		check_status(try(user, "wrong"), 403, hashes[i].name);
		world_account(user, &account);
		check_text(account.password, hashes[i].hash, "a wrong password changes nothing");
		check_status(try(user, USER_PASSWORD), 303, hashes[i].name);
		world_account(user, &account);
		check(str_equal(account.password, hashes[i].hash) != hashes[i].replaced,
		      hashes[i].name);
		check(!password_is_old(account.password), hashes[i].name);
		check(account.auth_epoch == 0, "what was proven still counts");
		check_status(try(user, USER_PASSWORD), 303, "again");
	}
}

static void
headers_of_pages(void **state)
{
	static const char *const wanted[][2] = {
		{"X-Frame-Options", "DENY"},
		{"X-Content-Type-Options", "nosniff"},
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"Content-Type", "text/html; charset=utf-8"},
	};
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++)
		check_text(header(&page, wanted[i][0]), wanted[i][1], wanted[i][0]);
	check_text(header(&page, "Content-Security-Policy"),
		   "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
		   "form-action 'self' https:; frame-ancestors 'none'; base-uri "
		   "'none'",
		   "policy");
	check_has(page.body, "Web &amp; Co", "names are escaped");
	page = agent_get(&agent, authorize("web", "login_hint", "\"><script>"));
	check(strstr(page.body, "<script>") == NULL, "hints are escaped");
	check_text(page_field(&page, "username"), "\"><script>", "hints are escaped");
	page = agent_get(&agent, authorize("app", "redirect_uri", "com.example.app:/cb"));
	check_has(header(&page, "Content-Security-Policy"),
		  "form-action 'self' com.example.app: https:;", "private scheme");
}

/* ---- sessions that end while a password is typed ---- */

static void (*usual_fill)(void *context, void *data, size_t size);

static void
end_sessions(void)
{
	private_db_number("UPDATE session SET ended_at = %lld WHERE ended_at = 0",
			  (long long)world_now());
}

/* The session is ended between reading and renewing it: new handles are drawn in between. */
static void
fill_and_end(void *context, void *data, size_t size)
{
	world.random.fill = usual_fill;
	end_sessions();
	usual_fill(context, data, size);
}

static void
ended_in_another_tab(void **state)
{
	static const char *const names[] = {"before the form was sent", "while it was read"};

	(void)state;
	usual_fill = world.random.fill;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct agent agent = {0};
		struct answer answer;

		private_db_number("DELETE FROM session");
		(void)walk_code(&agent, authorize("web", NULL, NULL));
		world_move(10);
		answer = agent_get(&agent, authorize("web", "prompt", "login"));
		check_text(page_kind(&answer), "signin", names[i]);
		if (i == 0)
			end_sessions();
		else
			world.random.fill = fill_and_end;
		answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		check(location_param(&answer, "code") != NULL, names[i]);
		answer = redeem("web", location_param(&answer, "code"));
		check_status(answer, 200, names[i]);
		check_status(userinfo(member(&answer, "access_token")), 200, names[i]);
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 2);
		assert_int_equal(
			private_db_number("SELECT COUNT(*) FROM session WHERE ended_at = 0"), 1);
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check(location_param(&answer, "code") != NULL, "the new session counts");
	}
}

/* ---- when a failure is recorded ---- */

static int64_t rows_at_the_answer;

static int64_t
failures(void)
{
	return private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'signin_failed'");
}

static void
look(void)
{
	rows_at_the_answer = failures();
}

static void
failures_are_recorded_afterwards(void **state)
{
	static const struct {
		const char *username;
		int64_t rows;
	} cases[] = {{"alice", 1}, {"nobody", 1}, {"bob", 2}};
	struct agent agent = {0};
	int64_t before = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer answer = agent_get(&agent, authorize("web", NULL, NULL));

		world.answered = look;
		rows_at_the_answer = -1;
		check_status(sign_in(&agent, &answer, cases[i].username, "wrong"), 403,
			     cases[i].username);
		check(rows_at_the_answer == before, cases[i].username);
		check(failures() == cases[i].rows, cases[i].username);
		before = cases[i].rows;
	}
	assert_int_equal(private_db_number("SELECT COUNT(DISTINCT account_id) FROM audit WHERE "
					   "event = 'signin_failed'"),
			 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(who_gets_in),
		flow_test(unknown_and_known_look_alike),
		flow_test(missing_fields),
		flow_test(guessing_is_slowed),
		flow_test(unknown_names_are_slowed_too),
		flow_test(networks_are_slowed),
		flow_test(a_stranger_cannot_lock_out),
		flow_test(a_known_browser_has_ten),
		flow_test(a_changed_password_forgets_browsers),
		flow_test(brought_hashes_are_replaced),
		flow_test(headers_of_pages),
		flow_test(ended_in_another_tab),
		flow_test(failures_are_recorded_afterwards),
	};

	return flow_tests_run(tests);
}
