/* SPDX-License-Identifier: ISC */
/*
 * One request's work: the first failure stays, public texts are checked, request ids, and the table
 * of errors.
 */
#include "core/port/provider.h"

#include "core/base/str.h"

static int
fail_here(struct tx *tx, enum oauth_error error, const char *text, const char *detail)
{
	return fail(tx, error, text, "%s", detail);
}
#undef fail

#include "tests/core/base/check.h"

static int64_t
now_ms(void *context)
{
	++*(int64_t *)context;
	return INT64_C(1800000000999);
}

static int64_t clock_reads;
static const struct clock test_clock = {now_ms, &clock_reads};
static const struct provider provider = {
	.clock = &test_clock, .random = &rand_system, .host = "a-host-of-quite-a-long-name-indeed"};

static void
the_first_failure_stays(void **state)
{
	struct tx tx;

	tx_begin(&tx, &provider, *state);
	assert_int_equal(tx.failure.error, OAUTH_NONE);
	assert_int_equal(fail_here(&tx, OAUTH_INVALID_GRANT, "first", "one"), -1);
	assert_int_equal(fail_here(&tx, OAUTH_INVALID_CLIENT, "second", "two"), -1);
	assert_int_equal(tx.failure.error, OAUTH_INVALID_GRANT);
	check_text(tx.failure.text, "first", "text");
	check_text(tx.failure.detail, "one", "detail");
	assert_int_equal(fail_down(&tx), -1);
	assert_int_equal(tx.failure.error, OAUTH_INVALID_GRANT);
	assert_int_equal(tx.failure.retry_after, 0);
}

static void
a_database_that_is_down(void **state)
{
	struct tx tx;

	tx_begin(&tx, &provider, *state);
	assert_int_equal(fail_down(&tx), -1);
	assert_int_equal(tx.failure.error, OAUTH_TEMPORARILY_UNAVAILABLE);
	assert_int_equal(tx.failure.retry_after, 5);
}

static const char *bad_text;

static void
say(void)
{
	struct tx tx;

	tx_begin(&tx, &provider, arena_new(TEST_ARENA_CAP));
	(void)fail_here(&tx, OAUTH_INVALID_GRANT, bad_text, "x");
}

/* RFC 6749 5.2: what error_description may hold. */
static void
public_texts(void **state)
{
	static const char *const bad[] = {"a \"quote\"", "back\\slash", "line\nbreak", "\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		bad_text = bad[i];
		check(aborts(say), bad[i]);
	}
	bad_text = "send code_challenge_method=S256; it's fine";
	assert_false(aborts(say));
}

static void
the_clock_is_read_once(void **state)
{
	struct tx tx;

	clock_reads = 0;
	tx_begin(&tx, &provider, *state);
	assert_int_equal(clock_reads, 1);
	assert_int_equal(tx.now, 1800000000);
	assert_int_equal(tx.now_ms, INT64_C(1800000000999));
}

static void
request_ids(void **state)
{
	struct tx one, two;
	const char *id;

	tx_begin(&one, &provider, *state);
	tx_begin(&two, &provider, *state);
	id = tx_request_id(&one);
	check(strlen(id) < REQUEST_ID_MAX && str_printable(id), id);
	check(str_starts(id, "a-host-of-quite-a-long-name-in-"), id);
	check_text(tx_request_id(&one), id, "the same when asked again");
	check(!str_equal(id, tx_request_id(&two)), id);
	/* what is read wrongly aloud is not in it */
	check(strpbrk(strrchr(id, '-'), "01ilo") == NULL, id);
}

static void
every_error_has_its_row(void **state)
{
	(void)state;
	for (int i = OAUTH_INVALID_REQUEST; i < OAUTH_ERROR_COUNT; i++) {
		const struct oauth_error_row *row = oauth_error_row((enum oauth_error)i);

		check(!str_empty(row->name) && !str_empty(row->page), row->name);
		check(row->status >= 400 && row->status < 600, row->name);
		check(!row->redirect || !row->bearer, row->name);
		check(!row->bearer || row->status == 401 || row->status == 403, row->name);
	}
}

static void
unknown_error(void)
{
	(void)oauth_error_row(OAUTH_ERROR_COUNT);
}

static void
no_such_error(void **state)
{
	(void)state;
	assert_true(aborts(unknown_error));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(the_first_failure_stays),
		arena_test(a_database_that_is_down),
		cmocka_unit_test(public_texts),
		arena_test(the_clock_is_read_once),
		arena_test(request_ids),
		cmocka_unit_test(every_error_has_its_row),
		cmocka_unit_test(no_such_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
