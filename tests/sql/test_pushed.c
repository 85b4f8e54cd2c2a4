/* SPDX-License-Identifier: ISC */
/*
 * Pushed authorization requests in storage.
 */
#include "tests/sql/check.h"

static void
comes_back_as_it_was(void **state)
{
	struct pushed_request wanted = sample_pushed(1), found;
	uint64_t before;

	(void)state;
	check_verdict("insert", pushed_insert(store, &wanted), STORE_OK);
	check_verdict("the same id", pushed_insert(store, &wanted), STORE_CONFLICT);
	before = store_counters(store).statements;
	check_verdict("find",
		      pushed_find(store, arena, SAMPLE_REALM, wanted.id, wanted.hash, &found),
		      STORE_OK);
	assert_int_equal(store_counters(store).statements - before, 1);
	assert_memory_equal(found.id, wanted.id, ID_SIZE);
	assert_memory_equal(found.hash, wanted.hash, SHA256_SIZE);
	assert_int_equal(found.realm_id, SAMPLE_REALM);
	assert_string_equal(found.client_id, wanted.client_id);
	assert_string_equal(found.request, wanted.request);
	assert_int_equal(found.created_at, wanted.created_at);
	assert_int_equal(found.usable_until, wanted.usable_until);
	assert_int_equal(found.expires_at, wanted.expires_at);
	assert_int_equal(found.consumed_at, 0);
}

static void
found_by_its_secret_alone(void **state)
{
	static const struct {
		const char *name;
		uint32_t realm_id, id, secret;
		enum store_verdict verdict;
	} cases[] = {
		{"all right", SAMPLE_REALM, 1, 1, STORE_OK},
		{"wrong secret", SAMPLE_REALM, 1, 2, STORE_NONE},
		{"another's secret", SAMPLE_REALM, 2, 1, STORE_NONE},
		{"unknown", SAMPLE_REALM, 3, 1, STORE_NONE},
		{"another realm", SAMPLE_REALM + 1, 1, 1, STORE_NONE},
	};
	struct pushed_request rows[] = {sample_pushed(1), sample_pushed(2)}, found;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_verdict("insert", pushed_insert(store, &rows[i]), STORE_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t id[ID_SIZE], hash[SHA256_SIZE];

		sample_id(cases[i].id, id);
		sample_hash(cases[i].secret, hash);
		check_verdict(cases[i].name,
			      pushed_find(store, arena, cases[i].realm_id, id, hash, &found),
			      cases[i].verdict);
	}
}

static void
consumed_once_and_in_time(void **state)
{
	static const struct {
		const char *name;
		uint32_t id, secret;
		int64_t now;
		enum store_verdict verdict;
	} cases[] = {
		{"wrong secret", 1, 2, SAMPLE_NOW, STORE_NONE},
		{"unknown", 3, 1, SAMPLE_NOW, STORE_NONE},
		{"its row is over", 1, 1, SAMPLE_NOW + 3660, STORE_NONE},
		{"long after the handle, in time", 1, 1, SAMPLE_NOW + 3659, STORE_OK},
		{"a second time", 1, 1, SAMPLE_NOW, STORE_NONE},
		{"another", 2, 2, SAMPLE_NOW, STORE_OK},
	};
	struct pushed_request rows[] = {sample_pushed(1), sample_pushed(2)}, found;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_verdict("insert", pushed_insert(store, &rows[i]), STORE_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t id[ID_SIZE], hash[SHA256_SIZE];

		sample_id(cases[i].id, id);
		sample_hash(cases[i].secret, hash);
		check_verdict(cases[i].name, pushed_consume(store, id, hash, cases[i].now),
			      cases[i].verdict);
	}
	check_verdict("find",
		      pushed_find(store, arena, SAMPLE_REALM, rows[0].id, rows[0].hash, &found),
		      STORE_OK);
	assert_int_equal(found.consumed_at, SAMPLE_NOW + 3659);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(comes_back_as_it_was),
		store_test(found_by_its_secret_alone),
		store_test(consumed_once_and_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
