/* SPDX-License-Identifier: ISC */
/*
 * Transactions: what commits, what rolls back, what runs again, and that no statement leaves one
 * that has failed.
 */
#include "tests/sql/check.h"

#include <pthread.h>
#include <unistd.h>

struct work {
	enum store_verdict verdict; /* what the work returns */
	const char *disturb;        /* run by another connection between two statements */
	int runs;
	uint32_t flows; /* how many flows to complete */
	enum store_verdict last;
};

/* Completes flows 1…, disturbed after the first. */
static enum store_verdict
complete_flows(struct store *inside, void *context)
{
	struct work *work = context;

	work->runs++;
	for (uint32_t i = 1; i <= work->flows; i++) {
		uint8_t flow[ID_SIZE];

		sample_id(i, flow);
		work->last = flow_complete(inside, flow, SAMPLE_NOW);
		if (i == 1 && work->disturb)
			private_db_number("%s", work->disturb);
	}
	return work->verdict;
}

static int64_t
flows(void)
{
	return private_db_number("SELECT COUNT(*) FROM completed_flow");
}

static void
the_verdict_decides(void **state)
{
	static const struct {
		const char *name;
		enum store_verdict verdict;
		int64_t flows;
	} cases[] = {
		{"OK commits", STORE_OK, 2},
		{"NONE rolls back", STORE_NONE, 0},
		{"CONFLICT rolls back", STORE_CONFLICT, 0},
		{"DOWN rolls back", STORE_DOWN, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct work work = {.verdict = cases[i].verdict, .flows = 2};

		private_db_clear();
		check_verdict(cases[i].name, store_transaction(store, complete_flows, &work),
			      cases[i].verdict);
		if (flows() != cases[i].flows || work.runs != 1)
			fail_msg("%s: rows", cases[i].name);
	}
}

static void
work_without_statements_sends_nothing(void **state)
{
	struct work work = {.verdict = STORE_OK, .flows = 0};
	struct store_counters before, after;

	(void)state;
	assert_int_equal(store_ready(store), STORE_OK);
	before = store_counters(store);
	assert_int_equal(store_transaction(store, complete_flows, &work), STORE_OK);
	after = store_counters(store);
	assert_int_equal(after.statements, before.statements);
	assert_int_equal(after.commits, before.commits);
}

static void
a_transaction_is_one_commit(void **state)
{
	struct work work = {.verdict = STORE_OK, .flows = 3};
	struct store_counters before, after;

	(void)state;
	assert_int_equal(store_ready(store), STORE_OK);
	before = store_counters(store);
	assert_int_equal(store_transaction(store, complete_flows, &work), STORE_OK);
	after = store_counters(store);
	assert_int_equal(after.statements - before.statements, 5); /* START, three, COMMIT */
	assert_int_equal(after.commits - before.commits, 1);
}

/* A conflict is an answer: the work goes on in the same transaction. */
static enum store_verdict
conflict_and_more(struct store *inside, void *context)
{
	uint8_t flow[ID_SIZE], other[ID_SIZE];

	(void)context;
	sample_id(1, flow);
	sample_id(2, other);
	if (flow_complete(inside, flow, SAMPLE_NOW) != STORE_OK ||
	    flow_complete(inside, flow, SAMPLE_NOW) != STORE_CONFLICT)
		return STORE_DOWN;
	return flow_complete(inside, other, SAMPLE_NOW);
}

static void
a_conflict_inside_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(store_transaction(store, conflict_and_more, NULL), STORE_OK);
	assert_int_equal(flows(), 2);
}

/* Verbs that are transactions of their own join the open one. */
static enum store_verdict
joined_then_given_up(struct store *inside, void *context)
{
	struct session session = sample_session(1);
	struct realm_row realm = sample_realm(arena, 3);

	(void)context;
	if (session_insert(inside, &session) != STORE_OK ||
	    realm_insert(inside, &realm, 0) != STORE_OK || realm_remove(inside, 99) != STORE_NONE)
		return STORE_DOWN;
	return STORE_NONE;
}

static void
verbs_join(void **state)
{
	(void)state;
	assert_int_equal(store_transaction(store, joined_then_given_up, NULL), STORE_NONE);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM realm"), 0);
}

/* A statement that the server refused must not be followed by a commit. */
static enum store_verdict
refused_then_ok(struct store *inside, void *context)
{
	struct grant grant = sample_grant(1);
	char scope[SCOPE_MAX + 2];
	uint8_t flow[ID_SIZE];

	(void)context;
	sample_id(1, flow);
	memset(scope, 'x', sizeof(scope) - 1);
	scope[sizeof(scope) - 1] = '\0';
	grant.scope = scope;
	if (flow_complete(inside, flow, SAMPLE_NOW) != STORE_OK)
		return STORE_NONE;
	(void)grant_insert(inside, &grant);
	return STORE_OK;
}

static void
a_refused_statement_is_never_committed_around(void **state)
{
	(void)state;
	assert_int_equal(store_transaction(store, refused_then_ok, NULL), STORE_DOWN);
	assert_int_equal(flows(), 0);
	assert_int_equal(store_transaction(store, conflict_and_more, NULL), STORE_OK);
}

/* READ COMMITTED: what others have committed is seen at once. */
static enum store_verdict
read_twice(struct store *inside, void *context)
{
	int64_t before = 0, after = 0;

	(void)context;
	if (generation_read(inside, &before) != STORE_OK)
		return STORE_DOWN;
	private_db_number("UPDATE generation SET value = value + 1");
	if (generation_read(inside, &after) != STORE_OK)
		return STORE_DOWN;
	return after == before + 1 ? STORE_OK : STORE_NONE;
}

static void
reads_see_what_others_committed(void **state)
{
	(void)state;
	assert_int_equal(store_transaction(store, read_twice, NULL), STORE_OK);
}

/* Two transactions that take two rows in opposite orders: one is rolled back by the server. */
struct crossing {
	struct store *own;
	pthread_barrier_t *meet;
	uint32_t first, second;
	int runs;
	enum store_verdict verdict;
};

static enum store_verdict
cross(struct store *inside, void *context)
{
	struct crossing *crossing = context;
	uint8_t first[ID_SIZE], second[ID_SIZE];
	enum store_verdict verdict;

	sample_id(crossing->first, first);
	sample_id(crossing->second, second);
	crossing->runs++;
	verdict = account_set_password(inside, first, "x", SAMPLE_NOW);
	if (crossing->runs == 1)
		pthread_barrier_wait(crossing->meet);
	if (verdict != STORE_OK)
		return verdict;
	return account_set_password(inside, second, "x", SAMPLE_NOW);
}

static void *
cross_thread(void *context)
{
	struct crossing *crossing = context;

	crossing->verdict = store_transaction(crossing->own, cross, crossing);
	return NULL;
}

static void
deadlocks_run_again(void **state)
{
	pthread_barrier_t meet;
	struct crossing one = {store, &meet, 1, 2, 0, STORE_DOWN};
	struct crossing two = {private_db_store(NULL), &meet, 2, 1, 0, STORE_DOWN};
	pthread_t thread;

	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		struct account account = sample_account(arena, i);

		assert_int_equal(account_insert(store, &account), STORE_OK);
	}
	pthread_barrier_init(&meet, NULL, 2);
	pthread_create(&thread, NULL, cross_thread, &two);
	cross_thread(&one);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	store_close(two.own);
	assert_int_equal(one.verdict, STORE_OK);
	assert_int_equal(two.verdict, STORE_OK);
	assert_int_equal(one.runs + two.runs, 3);
	/* each moved each epoch once: what was rolled back left nothing */
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE auth_epoch = 5"), 2);
}

/* Always on the losing side: gives up after three more runs. */
static enum store_verdict
locked_out(struct store *inside, void *context)
{
	uint8_t id[ID_SIZE];

	sample_id(1, id);
	++*(int *)context;
	return account_set_password(inside, id, "y", SAMPLE_NOW);
}

static enum store_verdict
hold_while_another_tries(struct store *inside, void *context)
{
	struct store *other = private_db_store(NULL);
	uint8_t id[ID_SIZE];
	int *runs = context;

	sample_id(1, id);
	if (account_set_password(inside, id, "x", SAMPLE_NOW) != STORE_OK)
		return STORE_NONE;
	enum store_verdict verdict = store_transaction(other, locked_out, runs);

	store_close(other);
	return verdict == STORE_DOWN ? STORE_OK : STORE_NONE;
}

static void
retries_are_bounded(void **state)
{
	struct account account = sample_account(arena, 1);
	int runs = 0;
	time_t began = time(NULL);

	(void)state;
	assert_int_equal(account_insert(store, &account), STORE_OK);
	assert_int_equal(store_transaction(store, hold_while_another_tries, &runs), STORE_OK);
	assert_int_equal(runs, 4);
	assert_int_equal(private_db_number("SELECT password = 'x' FROM account"), 1);
	assert_true(time(NULL) - began < 20); /* innodb_lock_wait_timeout, not the default of 50 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(the_verdict_decides),
		store_test(work_without_statements_sends_nothing),
		store_test(a_transaction_is_one_commit),
		store_test(a_conflict_inside_is_an_answer),
		store_test(verbs_join),
		store_test(a_refused_statement_is_never_committed_around),
		store_test(reads_see_what_others_committed),
		store_test(deadlocks_run_again),
		store_test(retries_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
