/* SPDX-License-Identifier: ISC */
/*
 * Initial access tokens and clients that register themselves: uses are counted down exactly also
 * when many come at once, the limit holds, and only what nobody let in is tidied away.
 */
#include "core/model/initial.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sql/check.h"

#define RUNNERS 8
#define EACH    20 /* tries of a runner */
#define USES    50

static struct initial_token
sample(uint32_t number, int64_t uses, int64_t expires_at)
{
	struct initial_token token = {.realm_id = SAMPLE_REALM,
				      .note = "for tests",
				      .uses_left = uses,
				      .created_at = SAMPLE_NOW,
				      .expires_at = expires_at};

	sample_id(number, token.id);
	sample_hash(number, token.hash);
	return token;
}

static enum store_verdict
use(const struct initial_token *token, int64_t now)
{
	return initial_use(store, token->realm_id, token->id, token->hash, now);
}

static void
tokens(void **state)
{
	struct initial_token token = sample(1, 2, SAMPLE_NOW + 60), found, wrong, elsewhere;
	struct initial_token lasting = sample(2, 1, 0), *rows = NULL;
	size_t count = 0;

	(void)state;
	check_verdict("before", use(&token, SAMPLE_NOW), STORE_NONE);
	check_verdict("insert", initial_insert(store, &token), STORE_OK);
	check_verdict("insert", initial_insert(store, &lasting), STORE_OK);
	wrong = elsewhere = token;
	wrong.hash[0] ^= 1;
	elsewhere.realm_id++;
	check_verdict("wrong secret", use(&wrong, SAMPLE_NOW), STORE_NONE);
	check_verdict("another realm", use(&elsewhere, SAMPLE_NOW), STORE_NONE);
	check_verdict("find",
		      initial_find(store, arena, SAMPLE_REALM, token.id, token.hash, &found),
		      STORE_OK);
	assert_string_equal(found.note, "for tests");
	assert_int_equal(found.uses_left, 2);
	check_verdict("find, wrong",
		      initial_find(store, arena, SAMPLE_REALM, token.id, wrong.hash, &found),
		      STORE_NONE);
	check_verdict("over", use(&token, SAMPLE_NOW + 60), STORE_NONE);
	check_verdict("first", use(&token, SAMPLE_NOW + 59), STORE_OK);
	check_verdict("second", use(&token, SAMPLE_NOW), STORE_OK);
	check_verdict("used up", use(&token, SAMPLE_NOW), STORE_NONE);
	check_verdict("no end", use(&lasting, SAMPLE_NOW + 315360000), STORE_OK);
	check_verdict("list", initial_list(store, arena, SAMPLE_REALM, 10, &rows, &count),
		      STORE_OK);
	assert_int_equal(count, 2);
	check_verdict("remove elsewhere", initial_remove(store, SAMPLE_REALM + 1, token.id),
		      STORE_NONE);
	check_verdict("remove", initial_remove(store, SAMPLE_REALM, token.id), STORE_OK);
	check_verdict("remove again", initial_remove(store, SAMPLE_REALM, token.id), STORE_NONE);
}

static void
as_many_as_it_has(void **state)
{
	struct initial_token token = sample(3, USES, 0);
	unsigned *won = mmap(NULL, sizeof(*won) * RUNNERS, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned all = 0;
	int status;

	(void)state;
	assert_true(won != MAP_FAILED);
	check_verdict("insert", initial_insert(store, &token), STORE_OK);
	store_close(store);
	store = NULL;
	for (unsigned i = 0; i < RUNNERS; i++) {
		if (fork() != 0)
			continue;
		store = private_db_store(NULL);
		for (int j = 0; j < EACH; j++)
			won[i] += use(&token, SAMPLE_NOW) == STORE_OK;
		store_close(store);
		_exit(0);
	}
	for (unsigned i = 0; i < RUNNERS; i++)
		assert_true(wait(&status) > 0 && status == 0);
	for (unsigned i = 0; i < RUNNERS; i++)
		all += won[i];
	assert_int_equal(all, USES);
	munmap(won, sizeof(*won) * RUNNERS);
	store = private_db_store(test_log);
}

static void
the_limit(void **state)
{
	struct client_row row = sample_client("a");

	(void)state;
	check_verdict("an administrator's does not count", client_insert(store, &row), STORE_OK);
	row.source = CLIENT_FROM_REGISTRATION;
	row.client_id = "b";
	check_verdict("first", client_insert_limited(store, &row, 2), STORE_OK);
	row.client_id = "c";
	check_verdict("second", client_insert_limited(store, &row, 2), STORE_OK);
	row.client_id = "d";
	check_verdict("third", client_insert_limited(store, &row, 2), STORE_NONE);
	row.source = CLIENT_FROM_DOCUMENT;
	check_verdict("each source has its own", client_insert_limited(store, &row, 2), STORE_OK);
	check_verdict("taken", client_insert_limited(store, &row, 2), STORE_CONFLICT);
}

static void
what_is_tidied(void **state)
{
	static const struct {
		const char *id, *source, *metadata;
		int64_t age;
		bool goes;
	} cases[] = {
		{"admin", CLIENT_FROM_ADMIN, "{}", 100, false},
		{"old", CLIENT_FROM_REGISTRATION, "{}", 100, true},
		{"document", CLIENT_FROM_DOCUMENT, "{}", 100, true},
		{"young", CLIENT_FROM_REGISTRATION, "{}", 99, false},
		{"app", CLIENT_FROM_REGISTRATION, "{}", 100, false}, /* of sample_grant() */
		{"allowed", CLIENT_FROM_REGISTRATION, "{}", 100, false},
		{"service", CLIENT_FROM_REGISTRATION, "{\"grant_types\":[\"client_credentials\"]}",
		 100, false},
		{"poser", CLIENT_FROM_REGISTRATION, "{\"contacts\":[\"client_credentials\"]}", 100,
		 true},
	};
	struct grant grant = sample_grant(1);
	struct client_row row = sample_client("x"), found;
	int64_t removed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		row.client_id = cases[i].id;
		row.source = cases[i].source;
		row.metadata = cases[i].metadata;
		row.created_at = SAMPLE_NOW - cases[i].age;
		check_verdict(cases[i].id, client_insert(store, &row), STORE_OK);
	}
	check_verdict("grant", grant_insert(store, &grant), STORE_OK);
	check_verdict(
		"consent",
		consent_put(store, SAMPLE_REALM, grant.account_id, "allowed", "openid", SAMPLE_NOW),
		STORE_OK);
	check_verdict("tidy",
		      client_remove_unused(store, SAMPLE_REALM, SAMPLE_NOW - 100, 10, &removed),
		      STORE_OK);
	assert_int_equal(removed, 3);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_verdict(cases[i].id,
			      client_row_find(store, arena, SAMPLE_REALM, cases[i].id, &found),
			      cases[i].goes ? STORE_NONE : STORE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(tokens),
		store_test(as_many_as_it_has),
		store_test(the_limit),
		store_test(what_is_tidied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
