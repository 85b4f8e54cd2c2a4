/* SPDX-License-Identifier: ISC */
/*
 * The connection as such: schema check, migrations, rights, every statement prepared, counters.
 */
#include "tests/sql/check.h"

static void
every_statement_is_prepared(void **state)
{
	const char *why = "";

	(void)state;
	if (store_prepare_all(store, &why) != 0)
		fail_msg("%s", why);
}

static void
preparing_tells_what_is_wrong(void **state)
{
	const char *why = NULL;

	(void)state;
	private_db_number("ALTER TABLE consent RENAME COLUMN scope TO scape");
	assert_int_equal(store_prepare_all(store, &why), -1);
	private_db_number("ALTER TABLE consent RENAME COLUMN scape TO scope");
	assert_non_null(strstr(why, "scope"));
}

static void
every_table_has_a_primary_key(void **state)
{
	(void)state;
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM information_schema.tables t"
					   " WHERE t.table_schema = 'ostiary' AND NOT EXISTS"
					   " (SELECT 1 FROM information_schema.statistics s"
					   " WHERE s.table_schema = t.table_schema"
					   " AND s.table_name = t.table_name"
					   " AND s.index_name = 'PRIMARY')"),
			 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM information_schema.tables"
					   " WHERE table_schema = 'ostiary'"),
			 25);
	/* and nothing in a character set that folds or pads */
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM information_schema.columns"
				  " WHERE table_schema = 'ostiary' AND collation_name IS NOT"
				  " NULL AND collation_name <> 'utf8mb4_nopad_bin'"),
		0);
}

/* The texts alone: a migration without its key is found before it is applied anywhere. */
static void
every_create_table_names_a_primary_key(void **state)
{
	size_t count = 0;
	const struct migration *migration = migrations_table(&count);

	(void)state;
	assert_true(count >= SCHEMA_MIN && count <= SCHEMA_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(migration[i].number, (int)i + 1);
		for (const char *at = migration[i].text; (at = strstr(at, "CREATE TABLE"));) {
			const char *end = strstr(at, ";\n"), *key = strstr(at, "PRIMARY KEY");

			if (!end || !key || key > end)
				fail_msg("%s: %.60s", migration[i].name, at);
			at = end;
		}
	}
}

struct version_case {
	const char *name;
	const char *change, *restore;
	enum store_verdict ready;
	int version;
};

static void
schema_versions(void **state)
{
	static const struct version_case cases[] = {
		{"fits", "DO 1", "DO 1", STORE_OK, 3},
		{"a newer one that is still good",
		 "INSERT INTO schema_migration VALUES (4, 'next', 0)",
		 "DELETE FROM schema_migration WHERE number = 4", STORE_OK, 4},
		{"too new", "INSERT INTO schema_migration VALUES (5, 'far', 0)",
		 "DELETE FROM schema_migration WHERE number = 5", STORE_NONE, 5},
		{"nothing applied", "RENAME TABLE schema_migration TO aside",
		 "RENAME TABLE aside TO schema_migration", STORE_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store *fresh = private_db_store(NULL);
		int64_t generation = 0;
		int version = -1;

		private_db_number("%s", cases[i].change);
		enum store_verdict ready = store_ready(fresh);
		enum store_verdict verb = generation_read(fresh, &generation);
		enum store_verdict known = schema_version(fresh, &version);

		private_db_number("%s", cases[i].restore);
		store_close(fresh);
		if (ready != cases[i].ready || known != STORE_OK || version != cases[i].version)
			fail_msg("%s: ready %d, version %d", cases[i].name, (int)ready, version);
		if (verb != (ready == STORE_OK ? STORE_OK : STORE_DOWN))
			fail_msg("%s: a verb gave %d", cases[i].name, (int)verb);
	}
}

static void
migrations_may_run_again(void **state)
{
	size_t count = 0;
	const struct migration *table = migrations_table(&count);
	struct migration again = table[count - 1];
	struct store *admin = private_db_admin_store(NULL);
	const char *why = "";

	(void)state;
	again.number = (int)count + 1; /* the record of the last is there already */
	again.name = "0000_again";
	int result = migration_apply(admin, &again, &why);

	private_db_number("DELETE FROM schema_migration WHERE name = '0000_again'");
	store_close(admin);
	if (result != 0)
		fail_msg("%s", why);
}

static void
migration_failure_is_told(void **state)
{
	static const struct migration bad = {9, "0009_bad", "DO 1;\nCREATE NONSENSE;\n"};
	struct store *admin = private_db_admin_store(NULL);
	const char *why = "";

	(void)state;
	assert_int_equal(migration_apply(admin, &bad, &why), -1);
	assert_non_null(strstr(why, "0009_bad"));
	assert_non_null(strstr(why, "CREATE NONSENSE"));
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM schema_migration"), 3);
	store_close(admin);
}

static void
the_service_may_not_change_the_schema(void **state)
{
	static const struct migration any = {9, "0009_any",
					     "CREATE TABLE t (a INT PRIMARY KEY);\n"};
	const char *why = "";

	(void)state;
	assert_int_equal(migration_apply(store, &any, &why), -1);
	assert_non_null(strstr(why, "denied"));
}

static void
server_answers(void **state)
{
	int64_t skew = 1000000, now = (int64_t)time(NULL) * 1000;

	(void)state;
	assert_non_null(strstr(store_server_version(store), "MariaDB"));
	assert_int_equal(store_clock_skew(store, now, &skew), STORE_OK);
	assert_true(skew > -3000 && skew < 3000);
	assert_int_equal(store_clock_skew(store, now - 60000, &skew), STORE_OK);
	assert_true(skew > 57000 && skew < 63000);
}

static void
tcp_without_certificate_is_refused(void **state)
{
	const struct store_options options = {
		.host = "127.0.0.1", .port = 1, .database = "ostiary", .user = "ostiary"};
	struct store *tcp = store_open(&options, NULL);

	(void)state;
	assert_int_equal(store_ready(tcp), STORE_DOWN);
	assert_non_null(strstr(store_error(tcp), "CA certificate"));
	store_close(tcp);
}

/* What the hot paths cost. */
static void
statements_and_commits(void **state)
{
	struct grant grant = sample_grant(1);
	struct code_use use = {grant.id, grant.code_hash, true, SAMPLE_NOW, SAMPLE_NOW + 90};
	struct store_counters before, after;
	struct grant_state found;

	(void)state;
	assert_int_equal(store_ready(store), STORE_OK);
	before = store_counters(store);
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	after = store_counters(store);
	assert_int_equal(after.statements - before.statements, 1);
	assert_int_equal(after.commits - before.commits, 1);

	before = after;
	assert_int_equal(code_consume(store, &use), STORE_OK);
	after = store_counters(store);
	assert_int_equal(after.statements - before.statements, 1);
	assert_int_equal(after.commits - before.commits, 1);

	before = after;
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, grant.id, NULL, &found),
			 STORE_NONE);
	after = store_counters(store);
	assert_int_equal(after.statements - before.statements, 1);
	assert_int_equal(after.commits - before.commits, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(every_statement_is_prepared),
		store_test(preparing_tells_what_is_wrong),
		store_test(every_table_has_a_primary_key),
		cmocka_unit_test(every_create_table_names_a_primary_key),
		store_test(schema_versions),
		store_test(migrations_may_run_again),
		store_test(migration_failure_is_told),
		store_test(the_service_may_not_change_the_schema),
		store_test(server_answers),
		cmocka_unit_test(tcp_without_certificate_is_refused),
		store_test(statements_and_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
