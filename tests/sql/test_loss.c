/* SPDX-License-Identifier: ISC */
/*
 * The connection is lost at every place where that makes a difference.
 */
#include "tests/sql/check.h"

#include <mysql.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t
flows(void)
{
	return private_db_number("SELECT COUNT(*) FROM completed_flow");
}

static enum store_verdict
complete(struct store *own, uint32_t number)
{
	uint8_t flow[ID_SIZE];

	sample_id(number, flow);
	return flow_complete(own, flow, SAMPLE_NOW);
}

static enum store_verdict
read_generation(struct store *own)
{
	int64_t generation;

	return generation_read(own, &generation);
}

/* An idle connection that was killed: nothing was under way, so nothing is lost. */
static void
a_kill_between_verbs_is_not_noticed(void **state)
{
	(void)state;
	assert_int_equal(complete(store, 1), STORE_OK);
	assert_true(private_db_kill_service() > 0);
	assert_int_equal(read_generation(store), STORE_OK);
	assert_true(private_db_kill_service() > 0);
	assert_int_equal(complete(store, 2), STORE_OK);
	assert_true(private_db_kill_service() > 0);
	assert_int_equal(complete(store, 2), STORE_CONFLICT);
	assert_int_equal(flows(), 2);
}

struct killed_work {
	uint32_t kill_before; /* the number of the statement */
	int runs;
	bool stubborn; /* says OK whatever the verbs say */
};

static enum store_verdict
killed_work(struct store *inside, void *context)
{
	struct killed_work *work = context;
	enum store_verdict verdict = STORE_OK;

	work->runs++;
	for (uint32_t i = 1; i <= 3 && (verdict == STORE_OK || work->stubborn); i++) {
		if (i == work->kill_before)
			private_db_kill_service();
		verdict = complete(inside, i);
	}
	if (work->kill_before == 4)
		private_db_kill_service(); /* so that COMMIT finds it gone */
	return work->stubborn ? STORE_OK : verdict;
}

static void
a_kill_inside_a_transaction(void **state)
{
	static const struct {
		const char *name;
		uint32_t kill_before;
		bool stubborn;
		enum store_verdict verdict;
		int64_t flows;
	} cases[] = {
		{"before its first statement", 1, false, STORE_OK, 3},
		{"before its second", 2, false, STORE_DOWN, 0},
		{"before its third", 3, false, STORE_DOWN, 0},
		{"before COMMIT", 4, false, STORE_DOWN, 0},
		{"and the work does not look", 2, true, STORE_DOWN, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct killed_work work = {cases[i].kill_before, 0, cases[i].stubborn};

		private_db_clear();
		check_verdict(cases[i].name, read_generation(store), STORE_OK);
		check_verdict(cases[i].name, store_transaction(store, killed_work, &work),
			      cases[i].verdict);
		if (flows() != cases[i].flows)
			fail_msg("%s: %d rows", cases[i].name, (int)flows());
		if (work.runs != 1)
			fail_msg("%s: ran %d times", cases[i].name, work.runs);
		check_verdict(cases[i].name, complete(store, 99), STORE_OK);
	}
}

/* A statement that waits for a row's lock is killed while the server has it. */
struct killer {
	struct store *victim;
	bool in_transaction;
	enum store_verdict verdict;
	pthread_t thread;
};

static enum store_verdict
set_password(struct store *own, void *context)
{
	uint8_t id[ID_SIZE];

	(void)context;
	sample_id(1, id);
	return account_set_password(own, id, "victim", SAMPLE_NOW);
}

static void *
victim_thread(void *context)
{
	struct killer *killer = context;

	killer->verdict = killer->in_transaction
				  ? store_transaction(killer->victim, set_password, NULL)
				  : set_password(killer->victim, NULL);
	mysql_thread_end();
	return NULL;
}

/* A connection that the server changes an account for; 0: none. */
static int64_t
updating(void)
{
	return private_db_number("SELECT id FROM information_schema.processlist"
				 " WHERE command = 'Execute' AND info LIKE 'UPDATE account %%'"
				 " LIMIT 1");
}

static enum store_verdict
hold_and_kill(struct store *inside, void *context)
{
	struct killer *killer = context;
	int64_t waiting = 0;

	if (set_password(inside, NULL) != STORE_OK)
		return STORE_DOWN;
	/* the server may list a statement for a moment after it has answered */
	while (updating() > 0)
		;
	pthread_create(&killer->thread, NULL, victim_thread, killer);
	while (waiting == 0)
		waiting = updating();
	private_db_number("KILL CONNECTION %lld", (long long)waiting);
	/* gone: only now may the lock be free for a second attempt */
	while (private_db_number("SELECT COUNT(*) FROM information_schema.processlist"
				 " WHERE id = %lld",
				 (long long)waiting) > 0)
		;
	return STORE_OK;
}

static void
a_kill_while_the_server_works(void **state)
{
	static const struct {
		const char *name;
		bool in_transaction;
		enum store_verdict verdict;
		int64_t epoch;
	} cases[] = {
		{"a change of its own is never repeated", false, STORE_DOWN, 4},
		{"the first of a transaction is", true, STORE_OK, 5},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct store *victim = private_db_store(NULL);
		struct killer killer = {.victim = victim,
					.in_transaction = cases[i].in_transaction};
		struct account account = sample_account(arena, 1);

		private_db_clear();
		check_verdict(cases[i].name, account_insert(store, &account), STORE_OK);
		check_verdict(cases[i].name, store_transaction(store, hold_and_kill, &killer),
			      STORE_OK);
		pthread_join(killer.thread, NULL);
		check_verdict(cases[i].name, killer.verdict, cases[i].verdict);
		if (private_db_number("SELECT auth_epoch FROM account") != cases[i].epoch)
			fail_msg("%s: epoch", cases[i].name);
		store_close(victim);
	}
}

/* A server that is away is noticed at once and asked at most once a second. */
static void
a_server_that_is_away(void **state)
{
	struct killed_work work = {0};
	struct timespec began, ended;
	const char *why = NULL;
	int64_t skew;

	(void)state;
	assert_int_equal(complete(store, 1), STORE_OK);
	private_db_halt();
	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_int_equal(read_generation(store), STORE_DOWN);
	assert_int_equal(complete(store, 2), STORE_DOWN);
	assert_int_equal(store_ready(store), STORE_DOWN);
	assert_int_equal(store_transaction(store, killed_work, &work), STORE_DOWN);
	assert_int_equal(store_clock_skew(store, 0, &skew), STORE_DOWN);
	assert_int_equal(store_prepare_all(store, &why), -1);
	assert_string_equal(store_server_version(store), "");
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_true(ended.tv_sec - began.tv_sec < 2);
	assert_non_null(strstr(store_error(store), "2002"));
	assert_non_null(strstr(log_line, "database_lost"));

	/* the outage is told of once */
	log_line[0] = '\0';
	for (int i = 0; i < 100; i++)
		assert_int_equal(complete(store, 2), STORE_DOWN);
	assert_string_equal(log_line, "");

	private_db_resume();
	enum store_verdict verdict = STORE_DOWN;

	for (int i = 0; i < 200 && verdict == STORE_DOWN; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		verdict = complete(store, 2);
	}
	assert_int_equal(verdict, STORE_OK);
	assert_int_equal(flows(), 2);
	assert_non_null(strstr(log_line, "database_back"));
}

/* A listener of ours in the place of the server hears of every attempt. */
static int
listen_instead(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", private_db()->socket);
	unlink(address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void
attempts_are_a_second_apart(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(complete(store, 1), STORE_OK);
	private_db_halt();
	assert_int_equal(complete(store, 2), STORE_DOWN);
	fd = listen_instead();
	enum store_verdict verdict = complete(store, 2);
	int visitor = accept(fd, NULL, NULL);

	close(fd);
	unlink(private_db()->socket);
	private_db_resume();
	assert_int_equal(verdict, STORE_DOWN);
	assert_int_equal(visitor, -1); /* nobody came */
}

static void
a_store_opened_while_the_server_is_away(void **state)
{
	struct store *early;
	enum store_verdict verdict = STORE_DOWN;

	(void)state;
	private_db_halt();
	early = private_db_store(NULL);
	assert_int_equal(store_ready(early), STORE_DOWN);
	private_db_resume();
	for (int i = 0; i < 200 && verdict == STORE_DOWN; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		verdict = store_ready(early);
	}
	assert_int_equal(verdict, STORE_OK);
	store_close(early);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(a_kill_between_verbs_is_not_noticed),
		store_test(a_kill_inside_a_transaction),
		store_test(a_kill_while_the_server_works),
		store_test(a_server_that_is_away),
		store_test(attempts_are_a_second_apart),
		store_test(a_store_opened_while_the_server_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
