/* SPDX-License-Identifier: ISC */
/*
 * People of a service of the host: whose account somebody gets, when they are asked for again, and
 * what their groups bring.
 */
#include "tests/flow/fake_broker.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_user.h"
#include "core/model/source.h"

/* ---- whose account it is ---- */

static const char *
sub_of(const char *username)
{
	struct account account;

	world_account(username, &account);
	return account.sub;
}

static void
the_first_sign_in_makes_an_account(void **state)
{
	struct account account;
	struct json_object *groups;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	check_status(fake_try("ada"), 303, "right");
	world_account("ada", &account);
	assert_string_equal(account.source, "unix");
	assert_string_equal(account.source_key, "ada:1000");
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada Lovelace");
	assert_string_equal(json_text_or_null(account.claims, "email"), "ada@example.org");
	assert_false(
		json_object_get_boolean(json_object_object_get(account.claims, "email_verified")));
	assert_false(json_object_object_get_ex(account.claims, "zoneinfo", NULL));
	assert_int_equal(json_get_array(account.claims, "groups", &groups), JSON_FOUND);
	assert_int_equal(json_object_array_length(groups), 2);
	check_status(fake_try("ada"), 303, "again");
	assert_string_equal(sub_of("ada"), account.sub);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'unix'"),
			 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'account_made'"),
			 1);
}

static void
a_name_made_anew_is_another_person(void **state)
{
	const char *before;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	fake_try("ada");
	before = sub_of("ada");
	fake.says.person = fake_person("ada", "ada:2000");
	check_status(fake_try("ada"), 303, "another key");
	assert_string_not_equal(sub_of("ada"), before);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE away = 'gone'"
					   " AND username LIKE '~%%' AND auth_epoch = 2"),
			 1);
	fake.says.person = fake_person("ada", "ada:1000");
	check_status(fake_try("ada"), 303, "the first again");
	assert_string_equal(sub_of("ada"), before);
}

static void
people_who_are_refused(void **state)
{
	static const char *const large[] = {"x=1", "x", "sub=root"};
	const char *many[200];
	const char *before;
	struct account account;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	before = sub_of("alice");
	fake.says.person = fake_person("alice", "alice:1");
	check_status(fake_try("ada"), 403, "renamed to an own account");
	assert_string_equal(sub_of("alice"), before);
	fake.says.person = fake_person("ada", "ada:1000");
	fake_try("ada");
	world_account("ada", &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
	check_status(fake_try("ada"), 403, "disabled here");
	fake.says.person = fake_person("ben", "");
	check_status(fake_try("ben"), 503, "no key");
	fake.says.person.key = "ben:1";
	fake.says.person.claims = (struct broker_texts){large, COUNT(large)};
	check_status(fake_try("ben"), 503, "a claim that is ours");
	fake.says.person = fake_person("ben", "ben:1");
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = arena_printf(world.arena, "%0*zu", BROKER_GROUP_MAX, i);
	fake.says.person.groups = (struct broker_texts){many, COUNT(many)};
	check_status(fake_try("ben"), 503, "more groups than an account holds");
	fake.says.person = fake_person("ben", "ben:1");
	fake.says.service = "other";
	check_status(fake_try("ben"), 503, "a service of no source");
}

/* ---- whether they are still there ---- */

static void
people_are_asked_for_again(void **state)
{
	static const struct {
		const char *name;
		enum broker_found found;
		int result;
		int64_t after; /* seconds since the sign-in */
		unsigned looked;
		bool is_in;
	} cases[] = {
		{"soon", BROKER_NONE, 0, SOURCE_CHECK_SECS - 1, 0, true},
		{"there", BROKER_FOUND, 0, SOURCE_CHECK_SECS, 1, true},
		{"gone", BROKER_NONE, 0, SOURCE_CHECK_SECS, 1, false},
		{"locked", BROKER_LOCKED, 0, SOURCE_CHECK_SECS, 1, false},
		{"nobody can say", BROKER_DOWN, 0, SOURCE_CHECK_SECS, 1, true},
		{"no broker", BROKER_DOWN, -1, SOURCE_CHECK_SECS, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(world.arena, "ada%zu", i);
		struct agent agent = {0};
		struct answer answer;

		fake.result = 0;
		fake_says(BROKER_DONE, BROKER_RIGHT);
		fake.says.person = fake_person(name, name);
		fake.knows = (struct broker_answer){cases[i].found, fake_person(name, name), NULL};
		check_status(fake_try_from(&agent, name), 303, cases[i].name);
		world_move(cases[i].after);
		fake.looked = 0;
		fake.result = cases[i].result;
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check(fake.looked == cases[i].looked, cases[i].name);
		if (fake.looked)
			check_text(fake.last.key, name, cases[i].name);
		check_text(location_param(&answer, "error"),
			   cases[i].is_in ? NULL : "login_required", cases[i].name);
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check(fake.looked ==
			      (cases[i].looked && (cases[i].result || cases[i].found == BROKER_DOWN)
				       ? 2
				       : cases[i].looked),
		      cases[i].name);
		world_move(-cases[i].after);
	}
}

/* Accounts of the realm's own do not take the names of people elsewhere. */
static void
names_for_own_accounts(void **state)
{
	static const struct {
		const char *name;
		enum broker_found found;
		int result;
		unsigned slow, looked;
		enum manage_verdict verdict;
	} cases[] = {
		{"free", BROKER_NONE, 0, 0, 1, MANAGE_OK},
		{"somebody's", BROKER_FOUND, 0, 0, 1, MANAGE_EXISTS},
		{"of somebody locked", BROKER_LOCKED, 0, 0, 1, MANAGE_EXISTS},
		{"down", BROKER_DOWN, 0, 0, 1, MANAGE_REFUSED},
		{"no broker", BROKER_NONE, -1, 0, 1, MANAGE_REFUSED},
		{"slow", BROKER_FOUND, 0, 3, 4, MANAGE_EXISTS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct manage_user_new new = {.username =
							    arena_printf(world.arena, "new%zu", i)};
		struct account account;
		struct buf why;
		struct tx tx;

		world_tx(&tx, "main");
		buf_init(&why, world.arena, MANAGE_WHY_MAX);
		fake.knows = (struct broker_answer){.found = cases[i].found};
		fake.result = cases[i].result;
		fake.slow = cases[i].slow;
		fake.looked = 0;
		check(manage_user_add(&tx, &new, &account, &why) == cases[i].verdict,
		      cases[i].name);
		check(fake.looked == cases[i].looked, cases[i].name);
		check_text(fake.last.username, new.username, cases[i].name);
	}
}

static void
refreshing_asks_too(void **state)
{
	struct agent agent = {0};
	struct answer given;
	const char *token;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	fake_try_from(&agent, "ada");
	given = tokens(&agent, "web", "openid");
	token = member(&given, "refresh_token");
	assert_non_null(token);
	world_move(SOURCE_CHECK_SECS);
	fake.knows = (struct broker_answer){BROKER_FOUND, fake_person("ada", "ada:1000"), NULL};
	given = refresh("web", token);
	check_status(given, 200, "there");
	token = member(&given, "refresh_token");
	world_move(SOURCE_CHECK_SECS);
	fake.knows.found = BROKER_LOCKED;
	given = refresh("web", token);
	check_text(member(&given, "error"), "invalid_grant", "locked");
}

/* ---- groups ---- */

static void
groups_bring_scopes(void **state)
{
	struct agent ada = {0}, alice = {0};
	struct answer given;
	struct tx tx;

	(void)state;
	world_tx(&tx, "main");
	assert_int_equal(
		scope_put(tx.store, &(struct scope_row){tx.realm->id, "files", "{\"\":\"Files\"}",
							NULL, "Domain Users\nothers"}),
		STORE_OK);
	realms_forget(world.provider.realms);
	fake_says(BROKER_DONE, BROKER_RIGHT);
	fake_try_from(&ada, "ada");
	given = tokens(&ada, "web", "openid files");
	check_text(member(&given, "scope"), "openid files", "in the group");
	fake.says.person.groups.count = 1;
	fake_try_from(&(struct agent){0}, "ada");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "scope"), "openid", "not any more");
	given = tokens(&alice, "web", "openid files");
	check_text(member(&given, "scope"), "openid", "never was");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant AS g JOIN account AS a"
					   " ON a.id = g.account_id WHERE a.username = 'alice'"
					   " AND g.scope = 'openid'"),
			 1);
	given = agent_get(&alice, authorize("ask", "scope", "openid files"));
	check_has(given.body, "value=\"allow\"", "she is asked");
	check(strstr(given.body, "Files") == NULL, "but not for what she cannot have");
	world_tx(&tx, "main");
	assert_int_equal(scope_remove(tx.store, tx.realm->id, "files"), STORE_OK);
}

static void
clients_of_groups(void **state)
{
	struct agent ada = {0}, alice = {0};
	struct answer given;

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"required_groups\":[\"Domain Users\"],\"grant_types\":["
		     "\"authorization_code\",\"refresh_token\"]}",
		     WEB_SECRET);
	fake_says(BROKER_DONE, BROKER_RIGHT);
	fake_try_from(&ada, "ada");
	given = tokens(&ada, "web", NULL);
	check_text(member(&given, "token_type"), "Bearer", "in the group");
	fake.says.person.groups.count = 1;
	fake_try_from(&(struct agent){0}, "ada");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "error"), "invalid_grant", "not any more");
	given = walk(&alice, authorize("web", NULL, NULL));
	check_text(location_param(&given, "error"), "access_denied", "never was");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		talk_test(the_first_sign_in_makes_an_account),
		talk_test(a_name_made_anew_is_another_person),
		talk_test(people_who_are_refused),
		talk_test(people_are_asked_for_again),
		talk_test(names_for_own_accounts),
		talk_test(refreshing_asks_too),
		talk_test(groups_bring_scopes),
		talk_test(clients_of_groups),
	};

	return flow_tests_run(tests);
}
