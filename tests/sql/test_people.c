/* SPDX-License-Identifier: ISC */
/*
 * People of a view of the site's: which columns count, whose name it is, what a row must be, what
 * is said of views that cannot be read, and that no name becomes SQL.
 */
#include "core/model/table_person.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/realm.h"
#include "tests/sql/check.h"

#define VIEW "site.people"

static void
run(const char *sql)
{
	(void)private_db_number("%s", sql);
}

/* A database of the site's own, in which the service may read what is granted by name. */
static void
site(const char *table, const char *view)
{
	run("DROP DATABASE IF EXISTS site");
	run("CREATE DATABASE site CHARACTER SET utf8mb4");
	run(table);
	run(view);
	(void)private_db_number("GRANT SELECT ON site.people TO '%s'@'localhost'",
				private_db()->user);
}

static void
plain_site(void)
{
	site("CREATE TABLE site.users (uid BIGINT UNSIGNED PRIMARY KEY, login VARCHAR(60),"
	     " hash VARCHAR(400), full_name TEXT, mail VARCHAR(3000), ok BIT(1), teams TEXT,"
	     " off VARCHAR(20))",
	     "CREATE VIEW site.people AS SELECT uid AS id, login AS username, hash AS password,"
	     " full_name AS name, mail AS email, ok AS email_verified, teams AS `groups`,"
	     " off AS disabled FROM site.users");
}

static const char *
claim(const struct table_person *person, const char *name)
{
	const char *text = json_text_or_null(person->claims, name);

	return text ? text : "none";
}

static void
a_person(void **state)
{
	struct table_person person;
	struct strlist groups;

	(void)state;
	plain_site();
	run("INSERT INTO site.users VALUES (18446744073709551615, 'Alice', '$2y$x',"
	    " 'Alice Liddell', 'alice@example.org', 1, 'staff, tea  party', NULL)");
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	assert_null(person.why);
	assert_string_equal(person.username, "alice");
	assert_string_equal(person.key, "18446744073709551615");
	assert_string_equal(person.password, "$2y$x");
	assert_false(person.disabled);
	assert_string_equal(claim(&person, "name"), "Alice Liddell");
	assert_string_equal(claim(&person, "email"), "alice@example.org");
	assert_string_equal(claim(&person, "preferred_username"), "alice");
	assert_string_equal(claim(&person, "given_name"), "none");
	assert_true(
		json_object_get_boolean(json_object_object_get(person.claims, "email_verified")));
	assert_int_equal(json_get_list(arena, person.claims, "groups", 9, &groups), JSON_FOUND);
	assert_string_equal(strlist_join(arena, &groups, '|'), "staff|tea|party");
	assert_int_equal(people_find(store, arena, VIEW, "bob", &person), STORE_NONE);
}

static void
by_key(void **state)
{
	struct table_person person;

	(void)state;
	plain_site();
	run("INSERT INTO site.users (uid, login, hash) VALUES (12, 'alice', 'x'), (13, 'bob', '')");
	assert_int_equal(people_key(store, arena, VIEW, "12", &person), STORE_OK);
	assert_string_equal(person.username, "alice");
	assert_int_equal(people_key(store, arena, VIEW, "13", &person), STORE_OK);
	assert_null(person.password);
	assert_null(person.why);
	/* numbers compare more freely than keys may */
	assert_int_equal(people_key(store, arena, VIEW, "12abc", &person), STORE_NONE);
	assert_int_equal(people_key(store, arena, VIEW, "012", &person), STORE_NONE);
	assert_int_equal(people_key(store, arena, VIEW, "12.0", &person), STORE_NONE);
	assert_int_equal(people_key(store, arena, VIEW, "", &person), STORE_NONE);
}

static void
whose_name_it_is(void **state)
{
	struct table_person person;

	(void)state;
	plain_site();
	run("INSERT INTO site.users (uid, login, hash) VALUES (1, 'muller', 'a'),"
	    " (2, 'm\xc3\xbcller', 'b'), (3, 'Twin', 'c'), (4, 'twin', 'd'), (5, ' blank ', 'e'),"
	    " (6, '%', 'f')");
	assert_int_equal(people_find(store, arena, VIEW, "m\xc3\xbcller", &person), STORE_OK);
	assert_string_equal(person.key, "2");
	assert_int_equal(people_find(store, arena, VIEW, "muller", &person), STORE_OK);
	assert_string_equal(person.key, "1");
	/* the view's collation takes this for both of them */
	assert_int_equal(people_find(store, arena, VIEW, "m\xc3\xb9ller", &person), STORE_NONE);
	assert_int_equal(people_find(store, arena, VIEW, "twin", &person), STORE_OK);
	assert_null(person.password);
	assert_string_equal(person.why, "more than one row is the person");
	assert_int_equal(people_find(store, arena, VIEW, "%", &person), STORE_OK);
	assert_string_equal(person.key, "6");
	assert_int_equal(people_find(store, arena, VIEW, "' OR '1'='1", &person), STORE_NONE);
	assert_int_equal(people_find(store, arena, VIEW, "_", &person), STORE_NONE);
}

static void
too_many_alike(void **state)
{
	struct table_person person;

	(void)state;
	plain_site();
	for (int i = 0; i < TABLE_PERSON_SAME_MAX; i++)
		(void)private_db_number("INSERT INTO site.users (uid, login, hash) VALUES"
					" (%d, 'm\xc3\xbcller', 'a')",
					i);
	run("INSERT INTO site.users (uid, login, hash) VALUES (99, 'muller', 'a')");
	assert_int_equal(people_find(store, arena, VIEW, "muller", &person), STORE_OK);
	assert_null(person.password);
	assert_string_equal(person.why, "too many rows are alike");
}

static void
flags(void **state)
{
	static const struct {
		const char *value; /* SQL */
		bool disabled;
	} cases[] = {
		{"NULL", false},  {"''", false},      {"'0'", false},     {"'No'", false},
		{"'off'", false}, {"'false'", false}, {"'1'", true},      {"'2'", true},
		{"'true'", true}, {"'Y'", true},      {"'locked'", true}, {"' '", true},
		{"'-1'", true},
	};

	(void)state;
	plain_site();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct table_person person;
		char name[16];

		snprintf(name, sizeof(name), "user%zu", i);
		(void)private_db_number("INSERT INTO site.users (uid, login, hash, off) VALUES"
					" (%zu, '%s', 'x', %s)",
					i + 1, name, cases[i].value);
		check_verdict(cases[i].value, people_find(store, arena, VIEW, name, &person),
			      STORE_OK);
		check_verdict(cases[i].value, person.disabled, cases[i].disabled);
	}
}

/* Nobody can sign in with such a row, and it is still somebody's. */
static void
rows_out_of_their_limits(void **state)
{
	static const struct {
		const char *name, *values, *why;
	} cases[] = {
		{"long hash", "REPEAT('x', 256), 'A', NULL, NULL, NULL",
		 "column password is longer than 255 bytes"},
		{"long name", "'x', REPEAT('a', 1025), NULL, NULL, NULL",
		 "column name is longer than 1024 bytes"},
		{"name long in bytes", "'x', REPEAT('\xc3\xa4', 513), NULL, NULL, NULL",
		 "column name is longer than 1024 bytes"},
		{"long address", "'x', 'A', REPEAT('a', 3000), NULL, NULL",
		 "column email is longer than 1024 bytes"},
		{"long groups", "'x', 'A', NULL, REPEAT('a', 10000), NULL",
		 "column groups is longer than 8192 bytes"},
		{"many groups", "'x', 'A', NULL, REPEAT('a ', 513), NULL",
		 "column groups names too many groups"},
		{"long flag", "'x', 'A', NULL, NULL, '00000000000000000'",
		 "column disabled is longer than 16 bytes"},
	};

	(void)state;
	plain_site();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct table_person person;

		run("DELETE FROM site.users");
		(void)private_db_number("INSERT INTO site.users (uid, login, hash, full_name, mail,"
					" teams, off) VALUES (1, 'alice', %s)",
					cases[i].values);
		check_verdict(cases[i].name, people_find(store, arena, VIEW, "alice", &person),
			      STORE_OK);
		if (!str_equal(person.why, cases[i].why))
			fail_msg("%s: %s", cases[i].name, person.why ? person.why : "good");
		assert_null(person.password);
		assert_string_equal(person.key, "1");
	}
	run("DELETE FROM site.users");
	run("INSERT INTO site.users (uid, login, hash, full_name, teams) VALUES (1, 'alice',"
	    " REPEAT('x', 255), REPEAT('a', 1024), REPEAT('a ', 512))");
	struct table_person person;
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	assert_null(person.why);
	assert_non_null(person.password);
}

static void
few_columns_of_any_type(void **state)
{
	struct table_person person;

	(void)state;
	site("CREATE TABLE site.users (ID VARBINARY(20), username VARCHAR(40) CHARACTER SET latin1"
	     " COLLATE latin1_swedish_ci, Password CHAR(60) CHARACTER SET ascii, secret TEXT)",
	     "CREATE VIEW site.people AS SELECT * FROM site.users");
	run("INSERT INTO site.users VALUES ('k1', 'J\xc3\xbcrgen', 'x', 's')");
	assert_int_equal(people_find(store, arena, VIEW, "j\xc3\xbcrgen", &person), STORE_OK);
	assert_null(person.why);
	assert_string_equal(person.key, "k1");
	assert_string_equal(person.username, "j\xc3\xbcrgen");
	assert_false(json_object_object_get_ex(person.claims, "groups", NULL));
	/* no column of latin1 holds it */
	assert_int_equal(people_find(store, arena, VIEW, "\xe6\x97\xa5\xe6\x9c\xac", &person),
			 STORE_NONE);
	assert_int_equal(people_key(store, arena, VIEW, "K1", &person), STORE_NONE);
	assert_int_equal(people_key(store, arena, VIEW, "k1", &person), STORE_OK);
}

static void
check_unreadable(const char *name, const char *view, const char *part)
{
	struct table_person person;
	const char *why = "";

	check_verdict(name, people_find(store, arena, view, "alice", &person), STORE_DOWN);
	check_verdict(name, people_key(store, arena, view, "1", &person), STORE_DOWN);
	check_verdict(name, people_try(store, arena, view, &why), STORE_NONE);
	if (!strstr(why, part))
		fail_msg("%s: %s", name, why);
}

static void
views_that_cannot_be_read(void **state)
{
	(void)state;
	run("DROP DATABASE IF EXISTS site");
	run("CREATE DATABASE site");
	run("CREATE TABLE site.users (id INT, username VARCHAR(9), password VARCHAR(9))");
	check_unreadable("missing", VIEW, "GRANT SELECT ON `site`.`people` TO");
	/* one line a minute, which says what to do */
	assert_non_null(strstr(log_line, "people_view_unreadable"));
	assert_non_null(strstr(log_line, "GRANT SELECT"));
	log_line[0] = '\0';
	check_unreadable("no right", "site.users", "GRANT SELECT ON `site`.`users` TO");
	assert_string_equal(log_line, "");
	run("CREATE VIEW site.people AS SELECT id, username FROM site.users");
	(void)private_db_number("GRANT SELECT ON site.people TO '%s'@'localhost'",
				private_db()->user);
	check_unreadable("no password", VIEW, "no column password");
	check_unreadable("no name", "site", "not DATABASE.VIEW");
	check_unreadable("a quote", "site.people`", "not DATABASE.VIEW");
	check_unreadable("a blank", "site.people users", "not DATABASE.VIEW");
	check_unreadable("a list", "site.people,site.users", "not DATABASE.VIEW");
	check_unreadable("two dots", "site.people.x", "not DATABASE.VIEW");
	check_unreadable("empty", ".people", "not DATABASE.VIEW");
	check_unreadable("long",
			 "site."
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			 "not DATABASE.VIEW");
	assert_string_equal(log_line, "");
}

/* A right that was taken away, or a view that was made anew, is noticed; the connection stays. */
static void
views_that_change(void **state)
{
	struct table_person person;
	const char *why = "";

	(void)state;
	plain_site();
	run("INSERT INTO site.users (uid, login, hash) VALUES (1, 'alice', 'x')");
	assert_int_equal(people_try(store, arena, VIEW, &why), STORE_OK);
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	run("RENAME TABLE site.users TO site.persons");
	check_unreadable("its table is gone", VIEW, "site.people");
	assert_null(strstr(log_line, "database_error"));
	run("CREATE OR REPLACE VIEW site.people AS SELECT uid AS id, login AS username,"
	    " hash AS password, 'y' AS disabled FROM site.persons");
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	assert_true(person.disabled);
	run("CREATE OR REPLACE VIEW site.people AS SELECT uid AS id, login AS username,"
	    " hash AS password FROM site.persons");
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_DOWN);
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	assert_false(person.disabled);
	private_db_kill_service();
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_OK);
	(void)private_db_number("REVOKE SELECT ON site.people FROM '%s'@'localhost'",
				private_db()->user);
	check_unreadable("the right is gone", VIEW, "site.people");
}

/* A view that takes for ever is given up and is not the database's loss. */
static void
slow_views(void **state)
{
	struct table_person person;
	int64_t generation;
	time_t before = time(NULL);

	(void)state;
	plain_site();
	run("CREATE OR REPLACE VIEW site.people AS SELECT uid AS id, login AS username,"
	    " IF(SLEEP(30), hash, hash) AS password FROM site.users");
	run("INSERT INTO site.users (uid, login, hash) VALUES (1, 'alice', 'x')");
	assert_int_equal(people_find(store, arena, VIEW, "alice", &person), STORE_DOWN);
	assert_true(time(NULL) - before < 15);
	assert_null(strstr(log_line, "database_lost"));
	assert_int_equal(generation_read(store, &generation), STORE_OK);
}

/* More views than places: the one unused longest makes room. */
static void
many_views(void **state)
{
	struct table_person person;

	(void)state;
	plain_site();
	run("INSERT INTO site.users (uid, login, hash) VALUES (1, 'alice', 'x')");
	for (int i = 0; i < 30; i++) {
		(void)private_db_number("CREATE VIEW site.v%d AS SELECT uid + %d AS id,"
					" login AS username, hash AS password FROM site.users",
					i, i);
		(void)private_db_number("GRANT SELECT ON site.v%d TO '%s'@'localhost'", i,
					private_db()->user);
	}
	for (int i = 0; i < 90; i++) {
		const char *view = arena_printf(arena, "site.v%d", i % 30);

		assert_int_equal(people_find(store, arena, view, "alice", &person), STORE_OK);
		assert_string_equal(person.key, arena_printf(arena, "%d", i % 30 + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(a_person),
		store_test(by_key),
		store_test(whose_name_it_is),
		store_test(too_many_alike),
		store_test(flags),
		store_test(rows_out_of_their_limits),
		store_test(few_columns_of_any_type),
		store_test(views_that_cannot_be_read),
		store_test(views_that_change),
		store_test(slow_views),
		store_test(many_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
