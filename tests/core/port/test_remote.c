/* SPDX-License-Identifier: ISC */
/*
 * Documents of others: when they are fetched, by how many, and what outlives an outage.
 */
#include "core/port/remote.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "core/base/deadline.h"
#include "core/port/gate.h"
#include "tests/core/port/remote_world.h"

#define LEAST 300
#define MOST  86400

static const struct remote_rules usual = {.purpose = "test",
					  .accept = "application/json",
					  .max = 1000,
					  .fresh_least = LEAST,
					  .fresh_most = MOST};

static const char *
get_by(const char *name, const struct remote_rules *rules, enum remote_verdict wanted)
{
	struct remote_document document;
	enum remote_verdict verdict = remote_document(&t.tx, URL, rules, &document);

	if (verdict != wanted)
		fail_msg("case \"%s\": verdict %d instead of %d (%s)", name, verdict, wanted,
			 document.why ? document.why : "");
	return document.body;
}

#define get(name) get_by((name), &usual, REMOTE_OK)

static void
serve(const char *body)
{
	fake_net_page(URL, "application/json", body);
}

/* Nobody answers any more. */
static void
outage(void)
{
	const struct fetched away = {.why = "nobody is there"};

	fake_net_answer(URL, FETCH_FAILED, &away);
}

static void
fresh_ones_are_not_fetched(void **state)
{
	(void)state;
	serve("one");
	assert_string_equal(get("first"), "one");
	serve("two");
	move_clock(LEAST - 1);
	assert_string_equal(get("fresh still"), "one");
	assert_int_equal(fake_net_asked(URL), 1);
	move_clock(1);
	assert_string_equal(get("no longer"), "two");
	assert_int_equal(fake_net_asked(URL), 2);
}

static void
freshness_has_limits(void **state)
{
	static const struct {
		const char *name;
		int64_t max_age, fresh;
	} cases[] = {
		{"nothing said", FETCH_NO_AGE, LEAST}, {"not to be kept", 0, LEAST},
		{"less than the least", 299, LEAST},   {"between", 4000, 4000},
		{"more than the most", 86401, MOST},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fetched fetched = {
			.status = 200, .body = "x", .size = 1, .max_age = cases[i].max_age};

		private_db_clear();
		fake_net_clear();
		fake_net_answer(URL, FETCH_OK, &fetched);
		(void)get(cases[i].name);
		move_clock(cases[i].fresh - 1);
		(void)get(cases[i].name);
		check(fake_net_asked(URL) == 1, cases[i].name);
		move_clock(1);
		(void)get(cases[i].name);
		check(fake_net_asked(URL) == 2, cases[i].name);
	}
}

static const char *
no_brackets(void *context, const char *body, size_t size)
{
	(void)context;
	return memchr(body, '<', size) ? "it is a page" : NULL;
}

static void
what_was_there_outlives_an_outage(void **state)
{
	static const struct {
		const char *name;
		enum fetch_verdict verdict;
		struct fetched fetched;
	} cases[] = {
		{"nobody there", FETCH_FAILED, {.why = "nobody is there"}},
		{"its address became private", FETCH_REFUSED, {.why = "private"}},
		{"our own service is away", FETCH_BUSY, {.why = "no socket"}},
		{"status 500", FETCH_OK, {.status = 500, .body = "error", .size = 5}},
		{"redirected", FETCH_OK, {.status = 302, .body = "", .size = 0}},
		{"no content", FETCH_OK, {.status = 204, .body = "", .size = 0}},
		{"a page that says sorry", FETCH_OK, {.status = 200, .body = "<p>", .size = 3}},
		{"too long", FETCH_OK, {.status = 200, .body = "x", .size = 1001}},
	};
	struct remote_rules rules = usual;

	(void)state;
	rules.check = no_brackets;
	for (size_t i = 0; i < COUNT(cases); i++) {
		private_db_clear();
		fake_net_clear();
		serve("one");
		assert_string_equal(get_by(cases[i].name, &rules, REMOTE_OK), "one");
		fake_net_answer(URL, cases[i].verdict, &cases[i].fetched);
		for (int day = 0; day < 50; day++) {
			move_clock(86400);
			check_text(get_by(cases[i].name, &rules, REMOTE_OK), "one", cases[i].name);
		}
		check(fake_net_asked(URL) == 51, cases[i].name);
		serve("two");
		move_clock(REMOTE_RETRY);
		check_text(get_by(cases[i].name, &rules, REMOTE_OK), "two", cases[i].name);
	}
}

static void
failures_are_remembered(void **state)
{
	static const struct {
		const char *name;
		enum fetch_verdict verdict;
		struct fetched fetched;
		enum remote_verdict first, later;
		size_t asked; /* of two times within REMOTE_RETRY */
	} cases[] = {
		{"nobody there", FETCH_FAILED, {.why = "x"}, REMOTE_FAILED, REMOTE_FAILED, 1},
		{"a private address",
		 FETCH_REFUSED,
		 {.why = "x"},
		 REMOTE_REFUSED,
		 REMOTE_FAILED,
		 1},
		{"status 404",
		 FETCH_OK,
		 {.status = 404, .body = ""},
		 REMOTE_FAILED,
		 REMOTE_FAILED,
		 1},
		{"nobody was asked", FETCH_BUSY, {.why = "x"}, REMOTE_BUSY, REMOTE_BUSY, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		private_db_clear();
		fake_net_clear();
		fake_net_answer(URL, cases[i].verdict, &cases[i].fetched);
		(void)get_by(cases[i].name, &usual, cases[i].first);
		move_clock(REMOTE_RETRY - 1);
		(void)get_by(cases[i].name, &usual, cases[i].later);
		check(fake_net_asked(URL) == cases[i].asked, cases[i].name);
		serve("one");
		move_clock(REMOTE_RETRY);
		check_text(get(cases[i].name), "one", cases[i].name);
	}
}

static void
why_is_told(void **state)
{
	struct remote_document document;

	(void)state;
	outage();
	assert_int_equal(remote_document(&t.tx, URL, &usual, &document), REMOTE_FAILED);
	assert_string_equal(document.why, "nobody is there");
	assert_non_null(strstr(t.line, "event=fetch_failed"));
	assert_non_null(strstr(t.line, "nobody is there"));
	assert_int_equal(remote_document(&t.tx, URL, &usual, &document), REMOTE_FAILED);
	assert_string_equal(document.why, "nobody is there");
	assert_int_equal(t.lines, 1);
}

static void
a_newer_one_may_be_asked_for(void **state)
{
	struct remote_rules newer = usual;

	(void)state;
	serve("one");
	(void)get("first");
	newer.newer_than = TEST_NOW;
	serve("two");
	move_clock(REMOTE_RETRY - 1);
	assert_string_equal(get_by("too soon", &newer, REMOTE_OK), "one");
	assert_int_equal(fake_net_asked(URL), 1);
	move_clock(1);
	assert_string_equal(get_by("in time", &newer, REMOTE_OK), "two");
	assert_string_equal(get_by("it is newer", &newer, REMOTE_OK), "two");
	assert_int_equal(fake_net_asked(URL), 2);
	/* a failure counts too */
	outage();
	newer.newer_than = TEST_NOW + REMOTE_RETRY;
	move_clock(REMOTE_RETRY);
	assert_string_equal(get_by("in vain", &newer, REMOTE_OK), "two");
	assert_string_equal(get_by("in vain, too soon", &newer, REMOTE_OK), "two");
	assert_int_equal(fake_net_asked(URL), 3);
}

/* Whoever makes us fetch a URL for one thing decides nothing about it as another. */
static void
purposes_do_not_mix(void **state)
{
	struct remote_rules strict = usual;

	(void)state;
	strict.purpose = "strict";
	strict.check = no_brackets;
	serve("<p>");
	assert_string_equal(get("anything goes"), "<p>");
	(void)get_by("unchecked is not taken over", &strict, REMOTE_FAILED);
	private_db_clear();
	serve("<p>");
	(void)get_by("a failure of one", &strict, REMOTE_FAILED);
	assert_string_equal(get("is none of the other"), "<p>");
	private_db_clear();
	serve("one");
	assert_string_equal(get_by("kept", &strict, REMOTE_OK), "one");
	serve("two");
	move_clock(MOST);
	assert_string_equal(get("fetched for another"), "two");
	assert_string_equal(get_by("its own try is not used up", &strict, REMOTE_OK), "two");
}

static void
some_urls_leave_no_row(void **state)
{
	static const char *const urls[] = {"http://client.example/", "https://a@b.example/", "x",
					   "https://client.example/#x"};
	struct remote_document document;

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		check(remote_document(&t.tx, urls[i], &usual, &document) == REMOTE_REFUSED,
		      urls[i]);
		check(document.why != NULL, urls[i]);
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched"), 0);
}

static void
failures_for_callers(void **state)
{
	static const struct {
		const char *name;
		enum remote_verdict verdict;
		enum oauth_error error;
		bool retry;
	} cases[] = {
		{"refused", REMOTE_REFUSED, OAUTH_INVALID_CLIENT, false},
		{"failed", REMOTE_FAILED, OAUTH_INVALID_CLIENT, false},
		{"busy", REMOTE_BUSY, OAUTH_TEMPORARILY_UNAVAILABLE, true},
		{"down", REMOTE_DOWN, OAUTH_TEMPORARILY_UNAVAILABLE, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t.tx.failure = (struct failure){0};
		check(remote_fail(&t.tx, cases[i].verdict, OAUTH_INVALID_CLIENT, "no keys",
				  "private") == -1,
		      cases[i].name);
		check(t.tx.failure.error == cases[i].error, cases[i].name);
		check((t.tx.failure.retry_after > 0) == cases[i].retry, cases[i].name);
	}
}

/* ---- several processes ---- */

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

static void
without_a_database(void **state)
{
	(void)state;
	private_db_halt();
	(void)get_by("down", &usual, REMOTE_DOWN);
	private_db_resume();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		remote_test(fresh_ones_are_not_fetched),
		remote_test(freshness_has_limits),
		remote_test(what_was_there_outlives_an_outage),
		remote_test(failures_are_remembered),
		remote_test(why_is_told),
		remote_test(a_newer_one_may_be_asked_for),
		remote_test(purposes_do_not_mix),
		remote_test(some_urls_leave_no_row),
		remote_test(failures_for_callers),
		remote_test(one_fetches_for_all),
		remote_test(one_failure_is_for_all),
		remote_test(others_use_the_old_one),
		remote_test(a_quarter_waits_at_most),
		remote_test(the_old_one_is_used_at_a_full_gate),
		remote_test(a_dead_fetcher_is_given_up),
		remote_test(without_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
