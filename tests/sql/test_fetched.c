/* SPDX-License-Identifier: ISC */
/*
 * Documents of others: who may fetch, what is kept, and what the purge takes.
 */
#include "core/model/fetched.h"

#include "core/model/audit.h"
#include "tests/sql/check.h"

#define URL   "https://client.example/jwks"
#define NOW   SAMPLE_NOW
#define RETRY 60
#define CLAIM 5
#define LASTS 7200

static struct fetched_claim
claim_at(int64_t now)
{
	struct fetched_claim claim = {.url = URL,
				      .now = now,
				      .tried_before = now - RETRY,
				      .until = now + CLAIM,
				      .forget_at = now + LASTS};

	hash_sha256(URL, strlen(URL), claim.url_hash);
	return claim;
}

static struct fetched_row
find(void)
{
	struct fetched_claim claim = claim_at(NOW);
	struct fetched_row row;

	assert_int_equal(fetched_find(store, arena, claim.url_hash, &row), STORE_OK);
	return row;
}

static enum store_verdict
keep(const struct fetched_claim *claim, const char *body, int64_t at)
{
	const struct fetched_row row = {
		.body = (const uint8_t *)body,
		.size = strlen(body),
		.type = "application/json",
		.fetched_at = at,
		.fresh_until = at + 300,
	};

	return fetched_keep(store, claim, &row);
}

static void
a_document_comes_and_is_found(void **state)
{
	struct fetched_claim claim = claim_at(NOW);
	struct fetched_row row;

	(void)state;
	assert_int_equal(fetched_find(store, arena, claim.url_hash, &row), STORE_NONE);
	assert_int_equal(fetched_claim(store, &claim), STORE_OK);
	row = find();
	assert_null(row.body);
	assert_string_equal(row.url, URL);
	assert_int_equal(row.fetched_at, 0);
	assert_int_equal(row.tried_at, NOW);
	assert_int_equal(row.claimed_until, NOW + CLAIM);
	assert_int_equal(keep(&claim, "{}", NOW + 1), STORE_OK);
	row = find();
	assert_string_equal((const char *)row.body, "{}");
	assert_int_equal(row.size, 2);
	assert_string_equal(row.type, "application/json");
	assert_int_equal(row.fetched_at, NOW + 1);
	assert_int_equal(row.fresh_until, NOW + 301);
	assert_int_equal(row.claimed_until, 0);
	assert_null(row.failure);
}

static void
an_empty_document_is_one(void **state)
{
	struct fetched_claim claim = claim_at(NOW);
	struct fetched_row row;

	(void)state;
	assert_int_equal(fetched_claim(store, &claim), STORE_OK);
	assert_int_equal(keep(&claim, "", NOW), STORE_OK);
	row = find();
	assert_non_null(row.body);
	assert_int_equal(row.size, 0);
}

static void
a_failure_keeps_what_there_is(void **state)
{
	struct fetched_claim claim = claim_at(NOW);
	struct fetched_row row;

	(void)state;
	assert_int_equal(fetched_claim(store, &claim), STORE_OK);
	assert_int_equal(keep(&claim, "{}", NOW), STORE_OK);
	claim = claim_at(NOW + 1000);
	assert_int_equal(fetched_claim(store, &claim), STORE_OK);
	assert_int_equal(fetched_fail(store, &claim, "status 500"), STORE_OK);
	row = find();
	assert_string_equal((const char *)row.body, "{}");
	assert_int_equal(row.fetched_at, NOW);
	assert_int_equal(row.tried_at, NOW + 1000);
	assert_int_equal(row.claimed_until, 0);
	assert_string_equal(row.failure, "status 500");
	/* and the next success takes it away */
	claim = claim_at(NOW + 2000);
	assert_int_equal(fetched_claim(store, &claim), STORE_OK);
	assert_int_equal(keep(&claim, "[]", NOW + 2000), STORE_OK);
	row = find();
	assert_null(row.failure);
	assert_string_equal((const char *)row.body, "[]");
}

enum ending { GOING_ON, KEPT, FAILED, GIVEN_UP };

static void
who_may_fetch(void **state)
{
	static const struct {
		const char *name;
		enum ending ending; /* of the try at NOW */
		int64_t after;
		enum store_verdict verdict;
	} cases[] = {
		{"at the same time", GOING_ON, 0, STORE_NONE},
		{"while the claim holds", GOING_ON, CLAIM - 1, STORE_NONE},
		{"when it is over", GOING_ON, CLAIM, STORE_OK},
		{"soon after a success", KEPT, RETRY - 1, STORE_NONE},
		{"a while after a success", KEPT, RETRY, STORE_OK},
		{"soon after a failure", FAILED, RETRY - 1, STORE_NONE},
		{"a while after a failure", FAILED, RETRY, STORE_OK},
		{"at once where nobody was asked", GIVEN_UP, 0, STORE_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetched_claim first = claim_at(NOW);
		struct fetched_claim later = claim_at(NOW + cases[i].after);

		private_db_clear();
		assert_int_equal(fetched_claim(store, &first), STORE_OK);
		if (cases[i].ending == KEPT)
			assert_int_equal(keep(&first, "{}", NOW), STORE_OK);
		if (cases[i].ending == FAILED)
			assert_int_equal(fetched_fail(store, &first, "why"), STORE_OK);
		if (cases[i].ending == GIVEN_UP)
			assert_int_equal(fetched_give_up(store, &first), STORE_OK);
		check_verdict(cases[i].name, fetched_claim(store, &later), cases[i].verdict);
	}
}

static void
a_lost_claim_changes_nothing(void **state)
{
	struct fetched_claim slow = claim_at(NOW);
	struct fetched_claim quick = claim_at(NOW + CLAIM);

	(void)state;
	assert_int_equal(fetched_claim(store, &slow), STORE_OK);
	assert_int_equal(fetched_claim(store, &quick), STORE_OK);
	assert_int_equal(keep(&slow, "old", NOW), STORE_NONE);
	assert_int_equal(fetched_fail(store, &slow, "why"), STORE_NONE);
	assert_int_equal(fetched_give_up(store, &slow), STORE_NONE);
	assert_int_equal(keep(&quick, "new", NOW), STORE_OK);
	assert_string_equal((const char *)find().body, "new");
	assert_int_equal(keep(&quick, "twice", NOW), STORE_NONE);
}

static void
what_nobody_wants_is_purged(void **state)
{
	static const struct {
		const char *name;
		int64_t undated; /* 1: a row as the version before writes it */
		int64_t after;
		int64_t removed;
	} cases[] = {
		{"its end, almost", 0, LASTS + 59, 0},
		{"a minute past its end: clocks differ", 0, LASTS + 60, 1},
		{"tried a month ago, almost", 1, FETCHED_KEPT - 1, 0},
		{"tried a month ago", 1, FETCHED_KEPT, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetched_claim claim = claim_at(NOW);
		int64_t removed = -1;

		private_db_clear();
		assert_int_equal(fetched_claim(store, &claim), STORE_OK);
		if (cases[i].undated)
			private_db_number("UPDATE fetched SET forget_at = DEFAULT(forget_at)");
		check_verdict(cases[i].name, purge(store, NOW + cases[i].after, 10, &removed),
			      STORE_OK);
		if (removed != cases[i].removed)
			fail_msg("%s: %d rows", cases[i].name, (int)removed);
	}
}

/* One that a stranger names too is kept as long as for the others. */
static void
the_later_end_counts(void **state)
{
	static const struct {
		const char *name;
		int64_t first, then, kept;
	} cases[] = {
		{"longer", 3600, 7200, 7200},
		{"shorter", 7200, 3600, 7200},
		{"undated", 0, 3600, 3600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetched_claim claim = claim_at(NOW);
		int64_t at;

		private_db_clear();
		claim.forget_at = cases[i].first ? NOW + cases[i].first : 0;
		assert_int_equal(fetched_claim(store, &claim), STORE_OK);
		claim = claim_at(NOW + RETRY);
		claim.forget_at = NOW + cases[i].then;
		assert_int_equal(fetched_claim(store, &claim), STORE_OK);
		at = private_db_number("SELECT forget_at FROM fetched");
		if (at != NOW + cases[i].kept)
			fail_msg("%s: %d seconds", cases[i].name, (int)(at - NOW));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(a_document_comes_and_is_found), store_test(an_empty_document_is_one),
		store_test(a_failure_keeps_what_there_is), store_test(who_may_fetch),
		store_test(a_lost_claim_changes_nothing),  store_test(what_nobody_wants_is_purged),
		store_test(the_later_end_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
