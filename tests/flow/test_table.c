/* SPDX-License-Identifier: ISC */
/*
 * People of a table of the site's: who judges a name, whose account somebody gets, what the columns
 * become, what is never written, and when people are looked for again. The view is a real one.
 */
#include "tests/flow/agent.h"

#include <string.h>

#include "core/authn/throttle.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_user.h"
#include "core/model/source.h"
#include "core/port/broker.h"

/* SECRET as phpass of 128 rounds. */
#define PHPASS "$P$5saltsaltln7tVOqGZvSRNFNCDAV8B1"
#define SECRET "secret"

static unsigned asked; /* of the broker */

static int
converse(const void *context, struct arena *arena, const struct broker_request *request,
	 struct broker_state *state)
{
	(void)context;
	(void)arena;
	asked++;
	*state = (struct broker_state){
		.status = BROKER_DONE, .verdict = BROKER_WRONG, .username = request->username};
	return 0;
}

static int
lookup(const void *context, struct arena *arena, const struct broker_request *request,
       struct broker_answer *answer)
{
	(void)context;
	(void)arena;
	(void)request;
	*answer = (struct broker_answer){.found = BROKER_NONE};
	return 0;
}

static const struct broker broker = {converse, lookup, NULL};

static void
run(const char *sql)
{
	(void)private_db_number("%s", sql);
}

static void
add_source(const char *name, const char *kind, int64_t position, const char *options)
{
	struct tx tx;

	world_tx(&tx, "main");
	assert_int_equal(source_put(tx.store, &(struct source_row){tx.realm->id, name, kind,
								   position, options}),
			 STORE_OK);
	realms_forget(world.provider.realms);
}

static void
add_view(const char *name)
{
	(void)private_db_number("CREATE OR REPLACE VIEW site.%s AS SELECT id, login AS username,"
				" hash AS password, full_name AS name, mail AS email,"
				" confirmed AS email_verified, teams AS `groups`, off AS disabled"
				" FROM site.%s_users",
				name, name);
	(void)private_db_number("GRANT SELECT ON site.%s TO '%s'@'localhost'", name,
				private_db()->user);
}

static void
add_table(const char *name)
{
	(void)private_db_number("CREATE TABLE site.%s_users (id INT PRIMARY KEY, login VARCHAR(60),"
				" hash VARCHAR(255), full_name VARCHAR(60), mail VARCHAR(60),"
				" confirmed BOOLEAN, teams VARCHAR(60), off BOOLEAN)",
				name);
	add_view(name);
}

static void
add_person(const char *table, int id, const char *login, const char *hash)
{
	(void)private_db_number("INSERT INTO site.%s_users VALUES (%d, '%s', '%s', 'Ada Lovelace',"
				" 'ada@example.org', 1, 'staff,press', 0)",
				table, id, login, hash);
}

static int
begin(void **state)
{
	world_fresh(state);
	asked = 0;
	world.provider.broker = &broker;
	run("DROP DATABASE IF EXISTS site");
	run("CREATE DATABASE site CHARACTER SET utf8mb4");
	add_table("forum");
	add_source("local", "local", 10, "{}");
	add_source("forum", "table", 20, "{\"view\":\"site.forum\",\"amr\":\"pwd kba\"}");
	add_person("forum", 7, "Ada", PHPASS);
	return 0;
}

#define table_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
try_from(struct agent *agent, const char *username, const char *password)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	return sign_in(agent, &page, username, password);
}

static struct answer
try(const char *username, const char *password)
{
	struct agent agent = {0};

	return try_from(&agent, username, password);
}

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
	check_status(try_from(&agent, " ADA ", SECRET), 303, "right");
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
	check_status(try("ada", SECRET), 303, "again");
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
	check_status(try("ada", SECRET), 303, "right");
	run("UPDATE site.forum_users SET full_name = 'Ada King', confirmed = 0, teams = 'press'");
	check_status(try("ada", SECRET), 303, "again");
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_false(
		json_object_get_boolean(json_object_object_get(account.claims, "email_verified")));
	assert_int_equal(json_get_array(account.claims, "groups", &groups), JSON_FOUND);
	assert_int_equal(json_object_array_length(groups), 1);
	run("UPDATE site.forum_users SET login = 'Countess'");
	check_status(try("ada", SECRET), 403, "the old name");
	check_status(try("countess", SECRET), 303, "another name");
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

		run(cases[i].change);
		answer = try(cases[i].username, cases[i].password);
		check_status(answer, 403, cases[i].name);
		check_has(answer.body, "password is wrong", cases[i].name);
		memset(world.provider.throttle, 0, throttle_size());
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'forum'"),
			 0);
	assert_int_equal(world_log_count("event=person_unusable"), 2);
}

static void
failures_are_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		check_status(try("ada", SECRET), 303, "right ones are not");
	for (int i = 0; i < 5; i++)
		check_status(try("ada", "wrong"), 403, "wrong");
	check_status(try("ada", SECRET), 429, "too many");
	for (int i = 0; i < 5; i++)
		check_status(try("nobody", "wrong"), 403, "nobody");
	check_status(try("nobody", "wrong"), 429, "names that nobody has, too");
}

static void
disabled_here(void **state)
{
	struct account account;

	(void)state;
	check_status(try("ada", SECRET), 303, "right");
	world_account("ada", &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
	check_status(try("ada", SECRET), 403, "disabled");
	for (int i = 0; i < 4; i++)
		check_status(try("ada", SECRET), 403, "and counted");
	check_status(try("ada", SECRET), 429, "like any wrong one");
}

/* ---- whose name it is ---- */

static void
own_accounts_come_first(void **state)
{
	const char *before;

	(void)state;
	before = sub_of("alice");
	add_person("forum", 8, "alice", PHPASS);
	check_status(try("alice", SECRET), 403, "the table's password");
	check_status(try("alice", USER_PASSWORD), 303, "her own");
	assert_string_equal(sub_of("alice"), before);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'forum'"),
			 0);
	/* another name there does not bring anybody into her account either */
	check_status(try("ada", SECRET), 303, "right");
	run("DELETE FROM site.forum_users WHERE id = 8");
	run("UPDATE site.forum_users SET login = 'alice' WHERE id = 7");
	check_status(try("alice", SECRET), 403, "renamed to an own account");
	assert_string_equal(sub_of("alice"), before);
}

static void
the_first_table_has_the_name(void **state)
{
	struct account account;

	(void)state;
	add_table("shop");
	add_source("shop", "table", 30, "{\"view\":\"site.shop\"}");
	add_person("shop", 7, "ada", "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI="); /* another password */
	add_person("shop", 8, "bea", PHPASS);
	check_status(try("ada", SECRET), 303, "the first");
	world_account("ada", &account);
	assert_string_equal(account.source, "forum");
	check_status(try("bea", SECRET), 303, "the second");
	world_account("bea", &account);
	assert_string_equal(account.source, "shop");
	/* who has an account is looked for where they came from alone */
	add_person("forum", 9, "bea", "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=");
	check_status(try("bea", SECRET), 303, "still of the second");
	run("DELETE FROM site.forum_users WHERE id = 7");
	run("UPDATE site.shop_users SET hash = '" PHPASS "' WHERE id = 7");
	check_status(try("ada", SECRET), 403, "not of the second at once");
}

/* The account keeps the name: nobody else's proof says anything of it. */
static void
a_source_that_was_removed(void **state)
{
	struct tx tx;

	(void)state;
	check_status(try("ada", SECRET), 303, "right");
	world_tx(&tx, "main");
	assert_int_equal(source_remove(tx.store, tx.realm->id, "forum"), STORE_OK);
	add_source("other", "table", 30, "{\"view\":\"site.forum\"}");
	check_status(try("ada", SECRET), 403, "of another source");
	assert_int_equal(world_log_count("event=person_refused"), 0);
}

static void
a_wrong_password_stays_there(void **state)
{
	(void)state;
	add_table("shop");
	add_source("shop", "table", 30, "{\"view\":\"site.shop\"}");
	add_source("unix", "service", 40, "{\"service\":\"pam\"}");
	run("UPDATE site.forum_users SET hash = '{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI='");
	add_person("shop", 7, "ada", PHPASS);
	check_status(try("ada", SECRET), 403, "right in the second alone");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE username = 'ada'"),
			 0);
	/* services take part in the time of a failure, and in nothing else */
	assert_int_equal(asked, 1);
	/* nor is anybody asked before a password is there */
	check_status(try("ada", ""), 403, "no password");
	assert_int_equal(asked, 1);
}

static void
somebody_else_with_the_id_of_nobody(void **state)
{
	struct agent agent = {0};
	struct answer answer;
	const char *before;

	(void)state;
	check_status(try_from(&agent, "ada", SECRET), 303, "right");
	before = sub_of("ada");
	run("UPDATE site.forum_users SET id = 70");
	check_status(try("ada", SECRET), 303, "made anew");
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
}

/* ---- views that cannot be read ---- */

static void
a_view_that_is_down(void **state)
{
	(void)state;
	check_status(try("ada", SECRET), 303, "right");
	run("DROP VIEW site.forum");
	for (int i = 0; i < 10; i++) {
		check_status(try("ada", SECRET), 503, "with an account");
		check_status(try("bea", SECRET), 503, "nobody can say whose name it is");
	}
	check_status(try("alice", USER_PASSWORD), 303, "own accounts");
	assert_int_equal(world_log_count("event=people_view_unreadable"), 1);
	assert_non_null(strstr(world_log_find("event=people_view_unreadable"), "GRANT SELECT"));
	add_view("forum");
	check_status(try("ada", SECRET), 303, "and nothing was counted");
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

		run("DELETE FROM site.forum_users");
		run("DELETE FROM account WHERE source = 'forum'");
		add_view("forum");
		add_person("forum", 7, "ada", PHPASS);
		check_status(try_from(&agent, "ada", SECRET), 303, cases[i].name);
		run(cases[i].change);
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
	check_status(try_from(&agent, "ada", SECRET), 303, "right");
	run("UPDATE site.forum_users SET full_name = 'Ada King', login = 'countess'");
	world_move(SOURCE_CHECK_SECS);
	(void)agent_get(&agent, authorize("web", "prompt", "none"));
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_int_equal(account.checked_at, world_now());
	/* a row that says nothing clear changes nothing */
	run("UPDATE site.forum_users SET full_name = 'Nobody', login = ''");
	world_move(SOURCE_CHECK_SECS);
	(void)agent_get(&agent, authorize("web", "prompt", "none"));
	world_account("ada", &account);
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada King");
	assert_int_equal(account.checked_at, world_now() - SOURCE_CHECK_SECS);
}

static void
refreshing_looks_too(void **state)
{
	struct agent agent = {0};
	struct answer given;

	(void)state;
	try_from(&agent, "ada", SECRET);
	given = tokens(&agent, "web", "openid");
	world_move(SOURCE_CHECK_SECS);
	given = refresh("web", member(&given, "refresh_token"));
	check_status(given, 200, "there");
	world_move(SOURCE_CHECK_SECS);
	run("UPDATE site.forum_users SET off = 1");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "error"), "invalid_grant", "disabled");
	run("UPDATE site.forum_users SET off = 0");
	check_status(try("ada", SECRET), 303, "back");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE away IS NULL"
					   " AND source = 'forum'"),
			 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(a_whole_sign_in),
		table_test(claims_follow_the_columns),
		table_test(who_is_wrong),
		table_test(failures_are_counted),
		table_test(disabled_here),
		table_test(own_accounts_come_first),
		table_test(the_first_table_has_the_name),
		table_test(a_source_that_was_removed),
		table_test(a_wrong_password_stays_there),
		table_test(somebody_else_with_the_id_of_nobody),
		table_test(names_of_people_there_are_taken),
		table_test(a_view_that_is_down),
		table_test(people_are_looked_for_again),
		table_test(claims_are_refreshed_meanwhile),
		table_test(refreshing_looks_too),
	};

	return flow_tests_run(tests);
}
