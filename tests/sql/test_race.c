/* SPDX-License-Identifier: ISC */
/*
 * Many connections at once do what may happen once. Each round is a row of its own; the runners,
 * one process each, meet at a barrier in shared memory before it.
 */
#include "tests/sql/check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/model/fetched.h"
#include "core/model/replay.h"

#define RUNNERS 8
#define ROUNDS  60

struct meeting {
	pthread_barrier_t barrier;
	enum store_verdict verdict[ROUNDS][RUNNERS];
};

/* What one runner does in one round. */
typedef enum store_verdict act(struct store *own, uint32_t round, unsigned runner);

static struct meeting *
meeting_new(void)
{
	pthread_barrierattr_t shared;
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(meeting != MAP_FAILED);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&meeting->barrier, &shared, RUNNERS);
	return meeting;
}

static void
run(struct meeting *meeting, act *action, unsigned runner)
{
	struct store *own;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	own = private_db_store(NULL);
	if (store_ready(own) != STORE_OK)
		_exit(1);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&meeting->barrier);
		meeting->verdict[round][runner] = action(own, round, runner);
	}
	store_close(own);
	_exit(0);
}

/* All rounds; the verdicts are in the meeting. */
static struct meeting *
race(act *action)
{
	struct meeting *meeting = meeting_new();
	pid_t runners[RUNNERS];
	int status;

	/* a child must not inherit a connection */
	store_close(store);
	store = NULL;
	for (unsigned i = 0; i < RUNNERS; i++) {
		runners[i] = fork();
		assert_true(runners[i] >= 0);
		if (runners[i] == 0)
			run(meeting, action, i);
	}
	for (unsigned i = 0; i < RUNNERS; i++) {
		assert_int_equal(waitpid(runners[i], &status, 0), runners[i]);
		assert_int_equal(status, 0);
	}
	return meeting;
}

static unsigned
count(const struct meeting *meeting, uint32_t round, enum store_verdict verdict)
{
	unsigned found = 0;

	for (unsigned i = 0; i < RUNNERS; i++)
		found += meeting->verdict[round][i] == verdict;
	return found;
}

static enum store_verdict
consume(struct store *own, uint32_t round, unsigned runner)
{
	struct grant grant = sample_grant(round);
	struct code_use use = {grant.id, grant.code_hash, true, SAMPLE_NOW + runner,
			       SAMPLE_NOW + 900};

	return code_consume(own, &use);
}

static enum store_verdict
rotate(struct store *own, uint32_t round, unsigned runner)
{
	struct grant grant = sample_grant(round);

	return refresh_rotate(own, grant.id, 1, SAMPLE_NOW + runner);
}

static enum store_verdict
complete(struct store *own, uint32_t round, unsigned runner)
{
	uint8_t flow[ID_SIZE];

	sample_id(round, flow);
	return flow_complete(own, flow, SAMPLE_NOW + runner);
}

static enum store_verdict
promote(struct store *own, uint32_t round, unsigned runner)
{
	uint8_t id[ID_SIZE];

	sample_id(round, id);
	return key_set_state(own, id, "next", "active", SAMPLE_NOW + runner);
}

static enum store_verdict
end_grant(struct store *own, uint32_t round, unsigned runner)
{
	struct grant grant = sample_grant(round);

	return grant_revoke(own, grant.id, "revoked", SAMPLE_NOW + runner);
}

static enum store_verdict
update(struct store *own, uint32_t round, unsigned runner)
{
	struct client_row row = sample_client("app");

	(void)runner;
	row.version = round + 1;
	return client_update(own, &row);
}

/* Rounds of odd number find a row that is due, the others none. */
static enum store_verdict
claim(struct store *own, uint32_t round, unsigned runner)
{
	struct fetched_claim wanted = {
		.url = "https://client.example/jwks",
		.now = SAMPLE_NOW + runner % 2,
		.tried_before = SAMPLE_NOW - 60,
		.until = SAMPLE_NOW + 5,
	};

	hash_sha256(&round, sizeof(round), wanted.url_hash);
	return fetched_claim(own, &wanted);
}

static void
fill_fetched(void)
{
	for (uint32_t i = 1; i < ROUNDS; i += 2) {
		struct fetched_claim old = {
			.url = "https://client.example/jwks",
			.now = SAMPLE_NOW - 60,
			.until = SAMPLE_NOW - 55,
		};

		hash_sha256(&i, sizeof(i), old.url_hash);
		assert_int_equal(fetched_claim(store, &old), STORE_OK);
		assert_int_equal(fetched_fail(store, &old, "gone"), STORE_OK);
	}
}

static enum store_verdict
see_first(struct store *own, uint32_t round, unsigned runner)
{
	uint8_t hash[SHA256_SIZE];

	sample_hash(round, hash);
	return replay_first_seen(own, hash, SAMPLE_NOW + runner);
}

static enum store_verdict
consume_pushed(struct store *own, uint32_t round, unsigned runner)
{
	struct pushed_request row = sample_pushed(round);

	return pushed_consume(own, row.id, row.hash, SAMPLE_NOW + runner);
}

/* Half of the runners allow, the others deny. */
static enum store_verdict
decide(struct store *own, uint32_t round, unsigned runner)
{
	uint8_t id[ID_SIZE], grant[ID_SIZE];

	sample_id(round, id);
	sample_id(1000 + runner, grant);
	return device_decide(own, id, runner % 2 ? grant : NULL, SAMPLE_NOW + runner);
}

/* All have seen the same row. */
static enum store_verdict
poll(struct store *own, uint32_t round, unsigned runner)
{
	struct device_request seen = {.poll_interval = 5};

	sample_id(round, seen.id);
	return device_poll(own, &seen, SAMPLE_NOW + runner);
}

struct complete_and_insert {
	uint32_t round;
	unsigned runner;
};

static enum store_verdict
issue_work(struct store *inside, void *context)
{
	const struct complete_and_insert *what = context;
	struct grant grant = sample_grant(what->round * RUNNERS + what->runner);
	enum store_verdict verdict = grant_insert(inside, &grant);

	return verdict == STORE_OK ? complete(inside, what->round, what->runner) : verdict;
}

/* As at the end of a sign-in: the code is in the transaction that completes the flow. */
static enum store_verdict
issue(struct store *own, uint32_t round, unsigned runner)
{
	struct complete_and_insert what = {round, runner};

	return store_transaction(own, issue_work, &what);
}

static void
fill(void)
{
	struct client_row client = sample_client("app");

	assert_int_equal(client_insert(store, &client), STORE_OK);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct grant grant = sample_grant(i);
		struct key_row key = sample_key(arena, i);

		struct pushed_request pushed = sample_pushed(i);
		struct device_request device = sample_device(arena, i);

		grant.refresh_generation = 1;
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
		assert_int_equal(pushed_insert(store, &pushed), STORE_OK);
		assert_int_equal(device_insert(store, &device), STORE_OK);
		assert_int_equal(key_insert(store, &key), STORE_OK);
	}
	fill_fetched();
}

static void
one_winner(void **state)
{
	static const struct {
		const char *name;
		act *action;
		enum store_verdict others;
	} cases[] = {
		{"code_consume", consume, STORE_NONE},
		{"refresh_rotate", rotate, STORE_NONE},
		{"flow_complete", complete, STORE_CONFLICT},
		{"key_set_state", promote, STORE_NONE},
		{"grant_revoke", end_grant, STORE_NONE},
		{"client_update", update, STORE_NONE},
		{"replay_first_seen", see_first, STORE_CONFLICT},
		{"pushed_consume", consume_pushed, STORE_NONE},
		{"device_decide", decide, STORE_NONE},
		{"device_poll", poll, STORE_NONE},
		{"fetched_claim", claim, STORE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		private_db_clear();
		if (!store)
			store = private_db_store(test_log);
		fill();
		struct meeting *meeting = race(cases[i].action);

		for (uint32_t round = 0; round < ROUNDS; round++) {
			unsigned won = count(meeting, round, STORE_OK);
			unsigned lost = count(meeting, round, cases[i].others);

			if (won != 1 || lost != RUNNERS - 1)
				fail_msg("%s: round %u: %u winners, %u losers", cases[i].name,
					 round, won, lost);
		}
		munmap(meeting, sizeof(*meeting));
	}
}

static void
the_losers_of_a_flow_leave_nothing(void **state)
{
	struct meeting *meeting;

	(void)state;
	meeting = race(issue);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		if (count(meeting, round, STORE_OK) != 1 ||
		    count(meeting, round, STORE_CONFLICT) != RUNNERS - 1)
			fail_msg("round %u: %u winners", round, count(meeting, round, STORE_OK));
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), ROUNDS);
	munmap(meeting, sizeof(*meeting));
}

/* Half of the runners rotate, the others revoke. */
static enum store_verdict
rotate_or_revoke(struct store *own, uint32_t round, unsigned runner)
{
	return runner % 2 ? rotate(own, round, runner) : end_grant(own, round, runner);
}

static void
rotation_against_revocation(void **state)
{
	struct meeting *meeting;

	(void)state;
	fill();
	meeting = race(rotate_or_revoke);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		unsigned rotated = 0, revoked = 0;
		struct grant grant = sample_grant(round);

		for (unsigned i = 0; i < RUNNERS; i++)
			*(i % 2 ? &rotated : &revoked) += meeting->verdict[round][i] == STORE_OK;
		if (revoked != 1 || rotated > 1)
			fail_msg("round %u: %u rotated, %u revoked", round, rotated, revoked);
		/* whoever came first, the family is ended and no later rotation succeeds */
		if (private_db_number("SELECT COUNT(*) FROM auth_grant WHERE revoked_at > 0 AND"
				      " refresh_generation = %u AND HEX(RIGHT(id, 2)) = '%04X'",
				      1 + rotated, round) != 1)
			fail_msg("round %u: what is stored", round);
		if (!store)
			store = private_db_store(test_log);
		check_verdict("later", refresh_rotate(store, grant.id, 1 + rotated, SAMPLE_NOW),
			      STORE_NONE);
	}
	munmap(meeting, sizeof(*meeting));
}

struct approve_and_insert {
	uint32_t round;
	unsigned runner;
};

static enum store_verdict
approve_work(struct store *inside, void *context)
{
	const struct approve_and_insert *what = context;
	struct grant grant = sample_grant(1000 + what->round * RUNNERS + what->runner);
	enum store_verdict verdict;
	uint8_t id[ID_SIZE];

	sample_id(what->round, id);
	verdict = device_decide(inside, id, what->runner == 1 ? NULL : grant.id, SAMPLE_NOW);
	return verdict == STORE_OK && what->runner != 1 ? grant_insert(inside, &grant) : verdict;
}

/* One runner allows, one denies, the others poll as the device does: read, then note. */
static enum store_verdict
poll_or_decide(struct store *own, uint32_t round, unsigned runner)
{
	struct approve_and_insert what = {round, runner};
	struct device_request seen = {0};
	struct arena *scratch;
	enum store_verdict verdict;
	uint8_t id[ID_SIZE], hash[SHA256_SIZE];

	if (runner < 2)
		return store_transaction(own, approve_work, &what);
	sample_id(round, id);
	sample_hash(round, hash);
	scratch = arena_new((size_t)1 << 20);
	verdict = device_find(own, scratch, SAMPLE_REALM, id, hash, &seen);
	if (verdict == STORE_OK)
		verdict = device_poll(own, &seen, SAMPLE_NOW + runner);
	arena_free(scratch);
	return verdict;
}

/* Polls neither undo a decision nor keep one from being made, and a denied device has no grant. */
static void
polls_against_decisions(void **state)
{
	struct meeting *meeting;

	(void)state;
	fill();
	meeting = race(poll_or_decide);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		bool allowed = meeting->verdict[round][0] == STORE_OK;
		bool denied = meeting->verdict[round][1] == STORE_OK;

		if (allowed == denied)
			fail_msg("round %u: allowed %d, denied %d", round, allowed, denied);
		if (private_db_number("SELECT COUNT(*) FROM device_request AS d LEFT JOIN"
				      " auth_grant AS g ON g.id = d.grant_id WHERE"
				      " d.decided_at > 0 AND (g.id IS NOT NULL) = %d AND"
				      " (d.grant_id IS NOT NULL) = %d AND"
				      " HEX(RIGHT(d.id, 2)) = '%04X'",
				      allowed, allowed, round) != 1)
			fail_msg("round %u: what is stored", round);
	}
	munmap(meeting, sizeof(*meeting));
}

/* Everybody purges the same rows: each goes once and no fact stays behind. */
static enum store_verdict
purge_some(struct store *own, uint32_t round, unsigned runner)
{
	int64_t removed = 0;

	(void)runner;
	return round % 10 ? STORE_OK : purge(own, SAMPLE_NOW + 100000, 20, &removed);
}

static void
purging_together(void **state)
{
	struct meeting *meeting;

	(void)state;
	for (uint32_t i = 0; i < 600; i++) {
		struct session session = sample_session(i);

		assert_int_equal(session_insert(store, &session), STORE_OK);
	}
	meeting = race(purge_some);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		if (count(meeting, round, STORE_OK) != RUNNERS)
			fail_msg("round %u", round);
	}
	int64_t left = private_db_number("SELECT COUNT(*) FROM session");

	assert_true(left < 600);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), left);
	munmap(meeting, sizeof(*meeting));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(one_winner),
		store_test(the_losers_of_a_flow_leave_nothing),
		store_test(rotation_against_revocation),
		store_test(polls_against_decisions),
		store_test(purging_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
