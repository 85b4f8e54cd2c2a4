/* SPDX-License-Identifier: ISC */
/*
 * What may be seen once is: the unique key decides.
 */
#include "tests/sql/check.h"

#include "core/model/replay.h"

static void
once(void **state)
{
	uint8_t first[SHA256_SIZE], second[SHA256_SIZE];

	(void)state;
	sample_hash(1, first);
	sample_hash(2, second);
	check_verdict("first", replay_first_seen(store, first, SAMPLE_NOW), STORE_OK);
	check_verdict("again", replay_first_seen(store, first, SAMPLE_NOW), STORE_CONFLICT);
	check_verdict("again, later", replay_first_seen(store, first, SAMPLE_NOW + 9),
		      STORE_CONFLICT);
	check_verdict("another", replay_first_seen(store, second, SAMPLE_NOW), STORE_OK);
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM replay WHERE expires_at = %d", SAMPLE_NOW),
		2);
}

static enum store_verdict
see_and_fail(struct store *inside, void *context)
{
	const uint8_t *hash = context;
	enum store_verdict verdict = replay_first_seen(inside, hash, SAMPLE_NOW);

	return verdict == STORE_OK ? STORE_NONE : verdict;
}

/* In a transaction that ends badly nothing was seen. */
static void
rolled_back(void **state)
{
	uint8_t hash[SHA256_SIZE];

	(void)state;
	sample_hash(1, hash);
	check_verdict("undone", store_transaction(store, see_and_fail, hash), STORE_NONE);
	check_verdict("first", replay_first_seen(store, hash, SAMPLE_NOW), STORE_OK);
}

static void
nobody_answers(void **state)
{
	uint8_t hash[SHA256_SIZE];

	(void)state;
	sample_hash(1, hash);
	private_db_halt();
	check_verdict("down", replay_first_seen(store, hash, SAMPLE_NOW), STORE_DOWN);
	private_db_resume();
	store_close(store);
	store = private_db_store(test_log);
	check_verdict("nothing was kept", replay_first_seen(store, hash, SAMPLE_NOW), STORE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(once),
		store_test(rolled_back),
		store_test(nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
