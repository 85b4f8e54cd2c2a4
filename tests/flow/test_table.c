/* SPDX-License-Identifier: ISC */
/*
 * People of a table of the site's: who judges a name, whose account somebody gets, what the columns
 * become, and what is never written.
 */
#include "tests/flow/table_site.h"

#include <string.h>

#include "core/authn/throttle.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_user.h"
#include "core/model/source.h"

static const char *
sub_of(const char *username)
{
	struct account account;

	world_account(username, &account);
	return account.sub;
}

/* ---- the first sign-in, and those that follow ---- */

static void
a_whole_sign_in(void **state)
{
	struct agent agent = {0};
	struct account account;
	struct answer given;
	const char *sub;

	(void)state;
	check_status(site_try_from(&agent, " ADA ", SECRET), 303, "right");
	world_account("ada", &account);
	assert_string_equal(account.source, "forum");
	assert_string_equal(account.source_key, "7");
	assert_null(account.password);
	given = tokens(&agent, "web", "openid profile email");
	given = userinfo(member(&given, "access_token"));
	sub = member(&given, "sub");
	assert_string_equal(sub, account.sub);
	assert_string_equal(member(&given, "name"), "Ada Lovelace");
	assert_string_equal(member(&given, "preferred_username"), "ada");
	assert_string_equal(member(&given, "email"), "ada@example.org");
	assert_true(json_object_get_boolean(json_object_object_get(given.json, "email_verified")));
	check_status(site_try("ada", SECRET), 303, "again");
	assert_string_equal(sub_of("ada"), sub);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'forum'"),
			 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"
					   " WHERE amr = 'pwd kba' AND factor = 'password'"),
			 2);
	/* what is the site's stays as it is */
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM site.forum_users"
					   " WHERE hash = '" PHPASS "'"),
			 1);
}

static void
claims_follow_the_columns(void **state)
{
	struct account account;
	struct json_object *groups;

	(void)state;
	check_status(site_try("ada", SECRET), 303, "right");
	site_run("UPDATE site.forum_users SET full_name = 'Ada King', confirmed = 0, teams = "
		 "'press'");
	check_status(site_try("ada", SECRET), 303, "again");
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_false(
		json_object_get_boolean(json_object_object_get(account.claims, "email_verified")));
	assert_int_equal(json_get_array(account.claims, "groups", &groups), JSON_FOUND);
	assert_int_equal(json_object_array_length(groups), 1);
	site_run("UPDATE site.forum_users SET login = 'Countess'");
	check_status(site_try("ada", SECRET), 403, "the old name");
	check_status(site_try("countess", SECRET), 303, "another name");
	assert_string_equal(sub_of("countess"), account.sub);
}

static void
who_is_wrong(void **state)
{
	static const struct {
		const char *name, *change, *username, *password;
	} cases[] = {
		{"wrong password", "DO 1", "ada", "Secret"},
		{"no password", "DO 1", "ada", ""},
		{"nobody", "DO 1", "bea", SECRET},
		{"disabled there", "UPDATE site.forum_users SET off = 1", "ada", SECRET},
		{"no hash", "UPDATE site.forum_users SET off = 0, hash = ''", "ada", ""},
		{"a hash of no kind", "UPDATE site.forum_users SET hash = 'secret'", "ada", SECRET},
		{"a row out of its limits",
		 "UPDATE site.forum_users SET hash = '" PHPASS "', teams = REPEAT('a ', 30),"
		 " login = ''",
		 "ada", SECRET},
		{"two rows",
		 "INSERT INTO site.forum_users (id, login, hash) VALUES (8, 'bob2', '" PHPASS "'),"
		 " (9, 'BOB2', '" PHPASS "')",
		 "bob2", SECRET},
		{"gone", "DELETE FROM site.forum_users", "ada", SECRET},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer answer;

		site_run(cases[i].change);
		answer = site_try(cases[i].username, cases[i].password);
		check_status(answer, 403, cases[i].name);
		check_has(answer.body, "password is wrong", cases[i].name);
		memset(world.provider.throttle, 0, throttle_size());
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'forum'"),
			 0);
	assert_int_equal(world_log_count("event=person_unusable"), 2);
}

/* As applications do that escape what a form sends before they look at it. */
static void
escaped_passwords(void **state)
{
	/* of a&amp;&lt;b&gt;&quot;'amp; as {SHA} */
	static const char hash[] = "{SHA}pyuM0oAOdBfoeaXFko0Eg4Z1wgI=";
	static const char typed[] = "a&<b>\"'amp;";

	(void)state;
	site_person("forum", 8, "bea", hash);
	check_status(site_try("bea", typed), 403, "made of what was typed");
	site_table("board");
	site_run("ALTER VIEW site.board AS SELECT id, login AS username, hash AS password,"
		 " confirmed AS password_escaped FROM site.board_users");
	site_source("board", "table", 30, "{\"view\":\"site.board\"}");
	site_person("board", 1, "cleo", hash);
	site_person("board", 2, "dora", PHPASS);
	check_status(site_try("cleo", typed), 303, "made of what it becomes");
	check_status(site_try("dora", SECRET), 303, "the same in both forms");
	check_status(site_try("cleo", "a&amp;&lt;b&gt;&quot;'amp;"), 403, "escaped once more");
	site_run("UPDATE site.board_users SET confirmed = 0");
	check_status(site_try("cleo", typed), 403, "not escaped");
}

static void
failures_are_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		check_status(site_try("ada", SECRET), 303, "right ones are not");
	for (int i = 0; i < 5; i++)
		check_status(site_try("ada", "wrong"), 403, "wrong");
	check_status(site_try("ada", SECRET), 429, "too many");
	for (int i = 0; i < 5; i++)
		check_status(site_try("nobody", "wrong"), 403, "nobody");
	check_status(site_try("nobody", "wrong"), 429, "names that nobody has, too");
}

static void
disabled_here(void **state)
{
	struct account account;

	(void)state;
	check_status(site_try("ada", SECRET), 303, "right");
	world_account("ada", &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
	check_status(site_try("ada", SECRET), 403, "disabled");
	for (int i = 0; i < 4; i++)
		check_status(site_try("ada", SECRET), 403, "and counted");
	check_status(site_try("ada", SECRET), 429, "like any wrong one");
}

/* ---- whose name it is ---- */

static void
own_accounts_come_first(void **state)
{
	const char *before;

	(void)state;
	before = sub_of("alice");
	site_person("forum", 8, "alice", PHPASS);
	check_status(site_try("alice", SECRET), 403, "the table's password");
	check_status(site_try("alice", USER_PASSWORD), 303, "her own");
	assert_string_equal(sub_of("alice"), before);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'forum'"),
			 0);
	/* another name there does not bring anybody into her account either */
	check_status(site_try("ada", SECRET), 303, "right");
	site_run("DELETE FROM site.forum_users WHERE id = 8");
	site_run("UPDATE site.forum_users SET login = 'alice' WHERE id = 7");
	check_status(site_try("alice", SECRET), 403, "renamed to an own account");
	assert_string_equal(sub_of("alice"), before);
}

static void
the_first_table_has_the_name(void **state)
{
	struct account account;

	(void)state;
	site_table("shop");
	site_source("shop", "table", 30, "{\"view\":\"site.shop\"}");
	site_person("shop", 7, "ada", "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI="); /* another password */
	site_person("shop", 8, "bea", PHPASS);
	check_status(site_try("ada", SECRET), 303, "the first");
	world_account("ada", &account);
	assert_string_equal(account.source, "forum");
	check_status(site_try("bea", SECRET), 303, "the second");
	world_account("bea", &account);
	assert_string_equal(account.source, "shop");
	/* who has an account is looked for where they came from alone */
	site_person("forum", 9, "bea", "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=");
	check_status(site_try("bea", SECRET), 303, "still of the second");
	site_run("DELETE FROM site.forum_users WHERE id = 7");
	site_run("UPDATE site.shop_users SET hash = '" PHPASS "' WHERE id = 7");
	check_status(site_try("ada", SECRET), 403, "not of the second at once");
}

/* The account keeps the name: nobody else's proof says anything of it. */
static void
a_source_that_was_removed(void **state)
{
	struct tx tx;

	(void)state;
	check_status(site_try("ada", SECRET), 303, "right");
	world_tx(&tx, "main");
	assert_int_equal(source_remove(tx.store, tx.realm->id, "forum"), STORE_OK);
	site_source("other", "table", 30, "{\"view\":\"site.forum\"}");
	check_status(site_try("ada", SECRET), 403, "of another source");
	assert_int_equal(world_log_count("event=person_refused"), 0);
}

static void
a_wrong_password_stays_there(void **state)
{
	(void)state;
	site_table("shop");
	site_source("shop", "table", 30, "{\"view\":\"site.shop\"}");
	site_source("unix", "service", 40, "{\"service\":\"pam\"}");
	site_run("UPDATE site.forum_users SET hash = '{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI='");
	site_person("shop", 7, "ada", PHPASS);
	check_status(site_try("ada", SECRET), 403, "right in the second alone");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE username = 'ada'"),
			 0);
	/* services take part in the time of a failure, and in nothing else */
	assert_int_equal(site_asked, 1);
	/* nor is anybody asked before a password is there */
	check_status(site_try("ada", ""), 403, "no password");
	assert_int_equal(site_asked, 1);
}

static void
somebody_else_with_the_id_of_nobody(void **state)
{
	struct agent agent = {0};
	struct answer answer;
	const char *before;

	(void)state;
	check_status(site_try_from(&agent, "ada", SECRET), 303, "right");
	before = sub_of("ada");
	site_run("UPDATE site.forum_users SET id = 70");
	check_status(site_try("ada", SECRET), 303, "made anew");
	assert_string_not_equal(sub_of("ada"), before);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE away = 'gone'"
					   " AND source_key = '7' AND username LIKE '~%%'"),
			 1);
	answer = agent_get(&agent, authorize("web", "prompt", "none"));
	check_text(location_param(&answer, "error"), "login_required", "the session before");
}

static void
names_of_people_there_are_taken(void **state)
{
	const struct manage_user_new new = {.username = "ada", .password = "looking-glass"};
	struct account account;
	struct buf why;
	struct tx tx;

	(void)state;
	world_tx(&tx, "main");
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	assert_int_equal(manage_user_add(&tx, &new, &account, &why), MANAGE_EXISTS);
	assert_non_null(strstr(why.data, "forum"));
	site_run("DELETE FROM site.forum_users");
	site_run("DROP VIEW site.forum");
	assert_int_equal(manage_user_add(&tx, &new, &account, &why), MANAGE_REFUSED);
	site_view("forum");
	assert_int_equal(manage_user_add(&tx, &new, &account, &why), MANAGE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(a_whole_sign_in),
		table_test(claims_follow_the_columns),
		table_test(who_is_wrong),
		table_test(escaped_passwords),
		table_test(failures_are_counted),
		table_test(disabled_here),
		table_test(own_accounts_come_first),
		table_test(the_first_table_has_the_name),
		table_test(a_source_that_was_removed),
		table_test(a_wrong_password_stays_there),
		table_test(somebody_else_with_the_id_of_nobody),
		table_test(names_of_people_there_are_taken),
	};

	return flow_tests_run(tests);
}
