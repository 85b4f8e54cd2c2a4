/* SPDX-License-Identifier: ISC */
/*
 * Keys by value and by reference, and when an unknown one makes us look again.
 */
#include "core/port/remote_keys.h"

#include "core/base/str.h"
#include "tests/core/port/remote_world.h"

#define KEYS(kid)                                                                                  \
	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"x\":"               \
	"\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

static const struct key_source reference = {.jwks_uri = URL};

/* The only key's kid, or NULL. */
static const char *
kid_of(const struct key_source *source, const char *kid, enum remote_verdict wanted)
{
	struct key_answer answer;
	enum remote_verdict verdict = remote_keys(&t.tx, source, kid, &answer);

	if (verdict != wanted)
		fail_msg("verdict %d instead of %d (%s)", verdict, wanted,
			 answer.why ? answer.why : "");
	if (verdict != REMOTE_OK) {
		assert_non_null(answer.why);
		assert_null(answer.set);
		return NULL;
	}
	assert_int_equal(answer.set->count, 1);
	return answer.set->key[0].kid;
}

static void
by_value(void **state)
{
	const struct key_source value = {.jwks = KEYS("a")};
	const struct key_source both = {.jwks = KEYS("a"), .jwks_uri = URL};
	const struct key_source bad = {.jwks = "{}"};
	const struct key_source none = {0};

	(void)state;
	assert_string_equal(kid_of(&value, NULL, REMOTE_OK), "a");
	assert_string_equal(kid_of(&value, "unknown", REMOTE_OK), "a");
	assert_string_equal(kid_of(&both, "unknown", REMOTE_OK), "a");
	(void)kid_of(&bad, NULL, REMOTE_FAILED);
	(void)kid_of(&none, NULL, REMOTE_FAILED);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched"), 0);
}

static void
by_reference(void **state)
{
	(void)state;
	fake_net_page(URL, "application/json", KEYS("a"));
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	assert_string_equal(kid_of(&reference, NULL, REMOTE_OK), "a");
	assert_int_equal(fake_net_asked(URL), 1);
}

static void
an_unknown_key_looks_again(void **state)
{
	(void)state;
	fake_net_page(URL, "application/json", KEYS("a"));
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	fake_net_page(URL, "application/json", KEYS("b"));
	move_clock(REMOTE_RETRY - 1);
	assert_string_equal(kid_of(&reference, "b", REMOTE_OK), "a");
	assert_int_equal(fake_net_asked(URL), 1);
	move_clock(1);
	assert_string_equal(kid_of(&reference, NULL, REMOTE_OK), "a");
	assert_string_equal(kid_of(&reference, "b", REMOTE_OK), "b");
	assert_int_equal(fake_net_asked(URL), 2);
	/* made-up names do not make us ask more often */
	for (int i = 0; i < 2 * REMOTE_RETRY; i++) {
		move_clock(1);
		assert_string_equal(kid_of(&reference, "made up", REMOTE_OK), "b");
	}
	assert_int_equal(fake_net_asked(URL), 4);
}

static void
an_outage_is_outlived(void **state)
{
	const struct fetched away = {.why = "nobody is there"};

	(void)state;
	fake_net_page(URL, "application/json", KEYS("a"));
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	move_clock(100000);
	fake_net_answer(URL, FETCH_FAILED, &away);
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	fake_net_page(URL, "text/html", "<p>back soon</p>");
	move_clock(100000);
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	assert_string_equal(kid_of(&reference, "b", REMOTE_OK), "a");
	assert_int_equal(fake_net_asked(URL), 3);
}

/* Keys that were taken back count no longer once their server had a week to say so. */
static void
an_outage_is_outlived_for_a_week(void **state)
{
	const struct fetched away = {.why = "nobody is there"};

	(void)state;
	fake_net_page(URL, "application/json", KEYS("a"));
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	fake_net_answer(URL, FETCH_FAILED, &away);
	move_clock(REMOTE_KEYS_MOST - 2 * REMOTE_RETRY);
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	move_clock(2 * REMOTE_RETRY - 1);
	assert_string_equal(kid_of(&reference, "a", REMOTE_OK), "a");
	move_clock(1);
	(void)kid_of(&reference, "a", REMOTE_FAILED);
	(void)kid_of(&reference, NULL, REMOTE_FAILED);
	move_clock(86400);
	(void)kid_of(&reference, "a", REMOTE_FAILED);
	fake_net_page(URL, "application/json", KEYS("b"));
	move_clock(REMOTE_RETRY);
	assert_string_equal(kid_of(&reference, "b", REMOTE_OK), "b");
	assert_int_equal(REMOTE_KEYS_MOST, 7 * 86400);
}

static void
what_is_no_key_set(void **state)
{
	(void)state;
	fake_net_page(URL, "text/html", "<p>welcome</p>");
	(void)kid_of(&reference, "a", REMOTE_FAILED);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched WHERE body IS NULL"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		remote_test(by_value),
		remote_test(by_reference),
		remote_test(an_unknown_key_looks_again),
		remote_test(an_outage_is_outlived),
		remote_test(an_outage_is_outlived_for_a_week),
		remote_test(what_is_no_key_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
