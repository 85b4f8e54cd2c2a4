/* SPDX-License-Identifier: ISC */
/*
 * People of a table of the site's, later: when they are looked for again, what they keep, and a
 * view that cannot be read.
 */
#include "tests/flow/table_site.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_user.h"
#include "core/model/source.h"

/* ---- views that cannot be read ---- */

static void
a_view_that_is_down(void **state)
{
	(void)state;
	check_status(site_try("ada", SECRET), 303, "right");
	site_run("DROP VIEW site.forum");
	for (int i = 0; i < 10; i++) {
		check_status(site_try("ada", SECRET), 503, "with an account");
		check_status(site_try("bea", SECRET), 503, "nobody can say whose name it is");
	}
	check_status(site_try("alice", USER_PASSWORD), 303, "own accounts");
	assert_int_equal(world_log_count("event=people_view_unreadable"), 1);
	assert_non_null(strstr(world_log_find("event=people_view_unreadable"), "GRANT SELECT"));
	assert_int_equal(world_log_count("source forum: its view site.forum cannot be read"), 20);
	site_view("forum");
	check_status(site_try("ada", SECRET), 303, "and nothing was counted");
}

/* ---- whether they are still there ---- */

static void
people_are_looked_for_again(void **state)
{
	static const struct {
		const char *name, *change;
		int64_t after; /* seconds since the sign-in */
		const char *away;
		bool is_in;
	} cases[] = {
		{"soon", "DELETE FROM site.forum_users", SOURCE_CHECK_SECS - 1, "", true},
		{"there", "UPDATE site.forum_users SET full_name = 'New'", SOURCE_CHECK_SECS, "",
		 true},
		{"renamed", "UPDATE site.forum_users SET login = 'other'", SOURCE_CHECK_SECS, "",
		 true},
		{"gone", "DELETE FROM site.forum_users", SOURCE_CHECK_SECS, "gone", false},
		{"another id", "UPDATE site.forum_users SET id = 70", SOURCE_CHECK_SECS, "gone",
		 false},
		{"disabled", "UPDATE site.forum_users SET off = 1", SOURCE_CHECK_SECS, "locked",
		 false},
		{"out of limits", "UPDATE site.forum_users SET login = ''", SOURCE_CHECK_SECS, "",
		 true},
		{"down", "DROP VIEW site.forum", SOURCE_CHECK_SECS, "", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct agent agent = {0};
		struct answer answer;
		char *away;

		site_run("DELETE FROM site.forum_users");
		site_run("DELETE FROM account WHERE source = 'forum'");
		site_view("forum");
		site_person("forum", 7, "ada", PHPASS);
		check_status(site_try_from(&agent, "ada", SECRET), 303, cases[i].name);
		site_run(cases[i].change);
		world_move(cases[i].after);
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check_text(location_param(&answer, "error"),
			   cases[i].is_in ? NULL : "login_required", cases[i].name);
		away = private_db_text("SELECT COALESCE(away, '') FROM account"
				       " WHERE source = 'forum'");
		check_text(away, cases[i].away, cases[i].name);
		free(away);
		world_move(-cases[i].after);
	}
}

static void
claims_are_refreshed_meanwhile(void **state)
{
	struct agent agent = {0};
	struct account account;

	(void)state;
	check_status(site_try_from(&agent, "ada", SECRET), 303, "right");
	site_run("UPDATE site.forum_users SET full_name = 'Ada King', login = 'countess'");
	world_move(SOURCE_CHECK_SECS);
	(void)agent_get(&agent, authorize("web", "prompt", "none"));
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_int_equal(account.checked_at, world_now());
	/* a row that says nothing clear changes nothing */
	site_run("UPDATE site.forum_users SET full_name = 'Nobody', login = ''");
	world_move(SOURCE_CHECK_SECS);
	(void)agent_get(&agent, authorize("web", "prompt", "none"));
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_int_equal(account.checked_at, world_now() - SOURCE_CHECK_SECS);
}

static enum manage_verdict
say(const char *name, const char *value)
{
	const struct manage_claim claim = {.name = name, .value = value};
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	return manage_user_claims(&tx, "ada", &claim, 1, &why);
}

static void
check_name(const char *name, const char *nickname, const char *when)
{
	struct account account;

	world_account("ada", &account);
	check_text(json_text_or_null(account.claims, "name"), name, when);
	check_text(json_text_or_null(account.claims, "nickname"), nickname, when);
	check_text(json_text_or_null(account.claims, "email"), "ada@example.org", when);
}

static void
what_administrators_say_stays(void **state)
{
	struct agent agent = {0};

	(void)state;
	check_status(site_try_from(&agent, "ada", SECRET), 303, "right");
	assert_int_equal(say("nickname", "Countess"), MANAGE_OK);
	assert_int_equal(say("name", "Ada King"), MANAGE_OK);
	check_name("Ada King", "Countess", "at once");
	check_status(site_try("ada", SECRET), 303, "again");
	check_name("Ada King", "Countess", "at the next sign-in");
	world_move(SOURCE_CHECK_SECS);
	(void)agent_get(&agent, authorize("web", "prompt", "none"));
	check_name("Ada King", "Countess", "when they are looked for");
	assert_int_equal(say("nickname", NULL), MANAGE_OK);
	assert_int_equal(say("name", NULL), MANAGE_OK);
	check_status(site_try("ada", SECRET), 303, "once more");
	check_name("Ada Lovelace", NULL, "taken back");
	assert_int_equal(say("name", NULL), MANAGE_REFUSED);
}

static void
refreshing_looks_too(void **state)
{
	struct agent agent = {0};
	struct answer given;

	(void)state;
	site_try_from(&agent, "ada", SECRET);
	given = tokens(&agent, "web", "openid");
	world_move(SOURCE_CHECK_SECS);
	given = refresh("web", member(&given, "refresh_token"));
	check_status(given, 200, "there");
	world_move(SOURCE_CHECK_SECS);
	site_run("UPDATE site.forum_users SET off = 1");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "error"), "invalid_grant", "disabled");
	site_run("UPDATE site.forum_users SET off = 0");
	check_status(site_try("ada", SECRET), 303, "back");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE away IS NULL"
					   " AND source = 'forum'"),
			 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(a_view_that_is_down),
		table_test(people_are_looked_for_again),
		table_test(claims_are_refreshed_meanwhile),
		table_test(what_administrators_say_stays),
		table_test(refreshing_looks_too),
	};

	return flow_tests_run(tests);
}
