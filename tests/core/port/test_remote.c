/* SPDX-License-Identifier: ISC */
/*
 * Documents of others: when they are fetched, how long they are kept, and what outlives an outage.
 */
#include "core/port/remote.h"

#include "tests/core/port/remote_world.h"

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

static void
rows_say_when_they_go(void **state)
{
	struct remote_rules longer = usual;

	(void)state;
	serve("one");
	(void)get("first");
	assert_int_equal(private_db_number("SELECT forget_at FROM fetched"), TEST_NOW + KEPT);
	outage();
	move_clock(MOST);
	(void)get("a try that fails moves it");
	assert_int_equal(private_db_number("SELECT forget_at FROM fetched"),
			 TEST_NOW + MOST + KEPT);
	longer.kept = 2 * KEPT;
	move_clock(REMOTE_RETRY);
	(void)get_by("by the rules of who asks", &longer, REMOTE_OK);
	assert_int_equal(private_db_number("SELECT forget_at FROM fetched"),
			 TEST_NOW + MOST + REMOTE_RETRY + 2 * KEPT);
}

/* How often it was asked, and what it says. */
struct permission {
	int asked;
	bool given;
};

static bool
may_ask(void *context)
{
	struct permission *permission = context;

	permission->asked++;
	return permission->given;
}

static void
permission_to_ask(void **state)
{
	struct permission permission = {.given = false};
	struct remote_rules rules = usual;

	(void)state;
	rules.may_ask = may_ask;
	rules.context = &permission;
	serve("one");
	(void)get_by("not given", &rules, REMOTE_BUSY);
	assert_int_equal(fake_net_asked(URL), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched"), 0);
	permission.given = true;
	assert_string_equal(get_by("given", &rules, REMOTE_OK), "one");
	assert_int_equal(permission.asked, 2);
	(void)get_by("fresh", &rules, REMOTE_OK);
	assert_int_equal(permission.asked, 2);
	move_clock(LEAST);
	serve("two");
	permission.given = false;
	assert_string_equal(get_by("the old one is used", &rules, REMOTE_OK), "one");
	assert_int_equal(permission.asked, 3);
	permission.given = true;
	assert_string_equal(get_by("nothing was used up", &rules, REMOTE_OK), "two");
	outage();
	move_clock(LEAST);
	(void)get_by("a try", &rules, REMOTE_OK);
	(void)get_by("no second one", &rules, REMOTE_OK);
	assert_int_equal(permission.asked, 5);
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
		remote_test(rows_say_when_they_go),
		remote_test(permission_to_ask),
		remote_test(without_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
