/* SPDX-License-Identifier: ISC */
/*
 * Documents of others when several processes want one at the same time: one fetches, and nobody
 * waits for one who died or in too large a crowd.
 */
#include "core/port/remote.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "core/base/deadline.h"
#include "core/port/gate.h"
#include "tests/core/port/remote_world.h"

#define RUNNERS 8

struct shared {
	_Atomic int fetches, ready;
	enum remote_verdict verdict[RUNNERS];
	char body[RUNNERS][8];
};

static struct shared *shared;

static enum fetch_verdict
slow_get(void *context, struct arena *arena, const struct fetch_request *request,
	 struct fetched *fetched)
{
	const char *body = context;

	(void)arena;
	(void)request;
	atomic_fetch_add(&shared->fetches, 1);
	deadline_sleep_ms(INT64_MAX, 300);
	if (!body) {
		fetched->why = "nobody is there";
		return FETCH_FAILED;
	}
	*fetched = (struct fetched){.status = 200, .body = body, .size = strlen(body)};
	return FETCH_OK;
}

static void
run(unsigned runner, void *gates, const char *body)
{
	static char text[8];
	const struct fetcher slow = {.get = slow_get, .context = body ? text : NULL};
	struct remote_document document;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (body)
		snprintf(text, sizeof(text), "%s", body);
	t.provider.fetcher = &slow;
	t.provider.store = t.tx.store = private_db_store(NULL);
	t.provider.gate = gates ? gate_new(gates) : NULL;
	if (store_ready(t.provider.store) != STORE_OK)
		_exit(1);
	atomic_fetch_add(&shared->ready, 1);
	while (atomic_load(&shared->ready) < RUNNERS)
		;
	shared->verdict[runner] = remote_document(&t.tx, URL, &usual, &document);
	snprintf(shared->body[runner], sizeof(shared->body[runner]), "%s",
		 document.body ? document.body : "-");
	/* nobody leaves before all are done, so that the pool keeps its size */
	atomic_fetch_add(&shared->ready, 1);
	while (atomic_load(&shared->ready) < 2 * RUNNERS)
		deadline_sleep_ms(INT64_MAX, 5);
	store_close(t.provider.store);
	_exit(0);
}

static void
all_at_once(void *gates, const char *body)
{
	pid_t runner[RUNNERS];
	int status;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	store_close(t.provider.store);
	for (unsigned i = 0; i < RUNNERS; i++) {
		runner[i] = fork();
		assert_true(runner[i] >= 0);
		if (runner[i] == 0)
			run(i, gates, body);
	}
	for (unsigned i = 0; i < RUNNERS; i++) {
		assert_int_equal(waitpid(runner[i], &status, 0), runner[i]);
		assert_int_equal(status, 0);
	}
	t.provider.store = t.tx.store = private_db_store(t.log);
}

static unsigned
how_many(enum remote_verdict verdict, const char *body)
{
	unsigned count = 0;

	for (unsigned i = 0; i < RUNNERS; i++)
		count += shared->verdict[i] == verdict && strcmp(shared->body[i], body) == 0;
	return count;
}

static void
one_fetches_for_all(void **state)
{
	(void)state;
	all_at_once(NULL, "one");
	assert_int_equal(atomic_load(&shared->fetches), 1);
	assert_int_equal(how_many(REMOTE_OK, "one"), RUNNERS);
	munmap(shared, sizeof(*shared));
}

static void
one_failure_is_for_all(void **state)
{
	(void)state;
	all_at_once(NULL, NULL);
	assert_int_equal(atomic_load(&shared->fetches), 1);
	assert_int_equal(how_many(REMOTE_FAILED, "-"), RUNNERS);
	munmap(shared, sizeof(*shared));
}

static void
others_use_the_old_one(void **state)
{
	(void)state;
	serve("old");
	(void)get("first");
	move_clock(LEAST);
	all_at_once(NULL, "new");
	assert_int_equal(atomic_load(&shared->fetches), 1);
	assert_int_equal(how_many(REMOTE_OK, "new"), 1);
	assert_int_equal(how_many(REMOTE_OK, "old"), RUNNERS - 1);
	munmap(shared, sizeof(*shared));
}

static void
a_quarter_waits_at_most(void **state)
{
	void *gates =
		mmap(NULL, gate_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned served;

	(void)state;
	assert_true(gates != MAP_FAILED);
	all_at_once(gates, "one");
	served = how_many(REMOTE_OK, "one");
	assert_in_range(served, 1, RUNNERS / GATE_SHARE);
	assert_int_equal(how_many(REMOTE_BUSY, "-"), RUNNERS - served);
	munmap(shared, sizeof(*shared));
	munmap(gates, gate_size());
}

/* With the gate full nobody claims, so who comes next need not wait for a claim to end. */
static void
the_old_one_is_used_at_a_full_gate(void **state)
{
	int64_t *words =
		mmap(NULL, gate_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(words != MAP_FAILED);
	t.provider.gate = gate_new(words);
	words[2] = 1; /* a process that is there, waiting */
	words[3] = deadline_now_ms() + GATE_WAIT_MS - 1000;
	(void)get_by("none yet", &usual, REMOTE_BUSY);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched"), 0);
	words[3] = 0;
	serve("old");
	assert_string_equal(get("room"), "old");
	words[3] = deadline_now_ms() + GATE_WAIT_MS - 1000;
	move_clock(LEAST);
	assert_string_equal(get("no room"), "old");
	assert_int_equal(fake_net_asked(URL), 1);
	gate_free(t.provider.gate);
	munmap(words, gate_size());
}

/* Who fetches is killed: those who wait are told to come again, and the next one fetches. */
static void
a_dead_fetcher_is_given_up(void **state)
{
	int64_t begun = deadline_now_ms();

	(void)state;
	serve("one");
	private_db_number(
		"INSERT INTO fetched (url_hash, url, fetched_at, fresh_until, tried_at,"
		" claimed_until) VALUES (UNHEX(SHA2('test %s', 256)), '%s', 0, 0, %d, %d)",
		URL, URL, TEST_NOW, TEST_NOW + REMOTE_CLAIM);
	(void)get_by("waits in vain", &usual, REMOTE_BUSY);
	assert_in_range(deadline_now_ms() - begun, FETCH_WAIT_MS, FETCH_WAIT_MS + 1000);
	assert_int_equal(fake_net_asked(URL), 0);
	move_clock(REMOTE_CLAIM);
	assert_string_equal(get("given up"), "one");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		remote_test(one_fetches_for_all),
		remote_test(one_failure_is_for_all),
		remote_test(others_use_the_old_one),
		remote_test(a_quarter_waits_at_most),
		remote_test(the_old_one_is_used_at_a_full_gate),
		remote_test(a_dead_fetcher_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
