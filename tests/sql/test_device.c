/* SPDX-License-Identifier: ISC */
/*
 * Requests of devices in storage: codes, polls and decisions.
 */
#include "tests/sql/check.h"

static struct device_request
insert(uint32_t number)
{
	struct device_request row = sample_device(arena, number);

	check_verdict("insert", device_insert(store, &row), STORE_OK);
	return row;
}

static struct device_request
find(uint32_t number)
{
	struct device_request wanted = sample_device(arena, number), found;

	check_verdict("find",
		      device_find(store, arena, SAMPLE_REALM, wanted.id, wanted.hash, &found),
		      STORE_OK);
	return found;
}

static void
check_same(const struct device_request *found, const struct device_request *wanted)
{
	assert_memory_equal(found->id, wanted->id, ID_SIZE);
	assert_memory_equal(found->hash, wanted->hash, SHA256_SIZE);
	assert_int_equal(found->realm_id, SAMPLE_REALM);
	assert_string_equal(found->client_id, wanted->client_id);
	assert_string_equal(found->user_code, wanted->user_code);
	assert_string_equal(found->scope, wanted->scope);
	assert_string_equal(found->resources, wanted->resources);
	assert_string_equal(found->address, wanted->address);
	assert_string_equal(found->user_agent, wanted->user_agent);
	assert_int_equal(found->created_at, wanted->created_at);
	assert_int_equal(found->expires_at, wanted->expires_at);
	assert_int_equal(found->poll_interval, wanted->poll_interval);
	assert_int_equal(found->polled_at, 0);
	assert_int_equal(found->decided_at, 0);
	assert_false(found->approved);
}

static void
comes_back_as_it_was(void **state)
{
	struct device_request wanted = insert(1), found = find(1);

	(void)state;
	check_same(&found, &wanted);
	check_verdict("by the user code",
		      device_find_code(store, arena, SAMPLE_REALM, wanted.user_code, &found),
		      STORE_OK);
	check_same(&found, &wanted);
	wanted = sample_device(arena, 2);
	wanted.resources = wanted.address = wanted.user_agent = NULL;
	check_verdict("nothing said", device_insert(store, &wanted), STORE_OK);
	found = find(2);
	assert_null(found.resources);
	assert_null(found.address);
	assert_null(found.user_agent);
}

static void
found_by_its_own_codes(void **state)
{
	struct device_request one = insert(1), two = insert(2), found;

	(void)state;
	check_verdict("another secret",
		      device_find(store, arena, SAMPLE_REALM, one.id, two.hash, &found),
		      STORE_NONE);
	check_verdict("another realm",
		      device_find(store, arena, SAMPLE_REALM + 1, one.id, one.hash, &found),
		      STORE_NONE);
	check_verdict("another realm's user code",
		      device_find_code(store, arena, SAMPLE_REALM + 1, one.user_code, &found),
		      STORE_NONE);
	check_verdict("an unknown user code",
		      device_find_code(store, arena, SAMPLE_REALM, "ZZZZZZZZ", &found), STORE_NONE);
	check_verdict("case counts here",
		      device_find_code(store, arena, SAMPLE_REALM, "bcdfghjb", &found), STORE_NONE);
}

static void
user_codes_are_unique(void **state)
{
	struct device_request one = insert(1), two = sample_device(arena, 2);

	(void)state;
	two.user_code = one.user_code;
	check_verdict("taken", device_insert(store, &two), STORE_CONFLICT);
	two.realm_id++;
	check_verdict("in another realm", device_insert(store, &two), STORE_OK);
}

static void
polls(void **state)
{
	static const struct {
		const char *name;
		int64_t at, interval; /* the poll, and what is stored then */
	} cases[] = {
		{"the first", 0, 5},     {"in time", 5, 5},       {"too early", 9, 10},
		{"at once", 9, 15},      {"still early", 23, 20}, {"in time again", 43, 20},
		{"much later", 900, 20},
	};
	struct device_request seen = insert(1), before;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t now = SAMPLE_NOW + cases[i].at;

		before = seen;
		check_verdict(cases[i].name, device_poll(store, &seen, now), STORE_OK);
		seen = find(1);
		if (seen.poll_interval != cases[i].interval || seen.polled_at != now)
			fail_msg("%s: interval %lld", cases[i].name, (long long)seen.poll_interval);
		check_verdict("seen before another poll", device_poll(store, &before, now),
			      STORE_NONE);
	}
	check_verdict("decide", device_decide(store, seen.id, NULL, SAMPLE_NOW), STORE_OK);
	check_verdict("decided", device_poll(store, &seen, SAMPLE_NOW + 990), STORE_NONE);
}

static void
decisions(void **state)
{
	struct device_request one = insert(1), two = insert(2), found;
	uint8_t grant[ID_SIZE];

	(void)state;
	sample_id(77, grant);
	insert(3);
	check_verdict("too late", device_decide(store, one.id, grant, one.expires_at), STORE_NONE);
	check_verdict("approve", device_decide(store, one.id, grant, one.expires_at - 1), STORE_OK);
	found = find(1);
	assert_true(found.approved);
	assert_int_equal(found.decided_at, one.expires_at - 1);
	assert_memory_equal(found.grant_id, grant, ID_SIZE);
	check_verdict("approve again", device_decide(store, one.id, grant, SAMPLE_NOW), STORE_NONE);
	check_verdict("deny what is approved", device_decide(store, one.id, NULL, SAMPLE_NOW),
		      STORE_NONE);
	check_verdict("deny", device_decide(store, two.id, NULL, SAMPLE_NOW), STORE_OK);
	found = find(2);
	assert_false(found.approved);
	assert_int_equal(found.decided_at, SAMPLE_NOW);
	check_verdict("approve what is denied", device_decide(store, two.id, grant, SAMPLE_NOW),
		      STORE_NONE);
	found = find(3);
	assert_int_equal(found.decided_at, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(comes_back_as_it_was),
		store_test(found_by_its_own_codes),
		store_test(user_codes_are_unique),
		store_test(polls),
		store_test(decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
