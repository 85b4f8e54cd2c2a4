/* SPDX-License-Identifier: ISC */
/*
 * Password sign-in on a private MariaDB: every way to be wrong looks the same, costs what it must
 * and leaves its record; what is right makes a session, renews it or ends another's.
 */
#include "core/authn/signin.h"

#include <stdio.h>

#include "core/authn/known.h"
#include "core/authn/password.h"
#include "core/authn/throttle.h"
#include "tests/lib/private_db.h"
#include "tests/lib/request_tx.h"
#include "tests/lib/sample_rows.h"

#define PASSWORD "correct horse"
#define BCRYPT   "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define LIMIT    5
#define ADDRESS  "192.0.2.1"

enum { ADA = 1, DISABLED, BARE, SPOILT, FOREIGN };

static void
add_account(uint32_t number, const char *username, const char *hash)
{
	struct account account = sample_account(t.arena, number);

	account.username = username;
	account.password = hash;
	account.realm_id = number == FOREIGN ? SAMPLE_REALM + 1 : SAMPLE_REALM;
	account.disabled_at = number == DISABLED ? TEST_NOW - 10 : 0;
	check(account_insert(t.tx.store, &account) == STORE_OK, username);
}

static int
begin(void **state)
{
	begin_tx(state);
	private_db_clear();
	t.provider.store = private_db_store(t.log);
	t.provider.throttle = calloc(1, throttle_size());
	t.tx.store = t.provider.store;
	t.tx.address = ADDRESS;
	t.tx.actor = "person";
	assert_int_equal(t.live.realm.id, SAMPLE_REALM);
	t.live.realm.sources = source_own();
	t.live.realm.sources_count = 1;
	add_account(ADA, "ada", password_hash(t.arena, &rand_system, PASSWORD));
	return 0;
}

static int
end(void **state)
{
	free(t.provider.throttle);
	store_close(t.provider.store);
	return end_tx(state);
}

#define signin_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

static int64_t
records(const char *event)
{
	return private_db_number("SELECT COUNT(*) FROM audit WHERE event = '%s'"
				 " AND realm_id = %d AND actor = 'person' AND address = '" ADDRESS
				 "'",
				 event, SAMPLE_REALM);
}

static enum signin_verdict
attempt(const char *username, const char *password, const char *known, int64_t *wait)
{
	const struct signin_attempt one = {
		.username = username, .password = password, .known = known};
	struct signin_outcome outcome;
	int64_t before = records("signin_failed");
	enum signin_verdict verdict;

	t.tx.later = NULL;
	verdict = signin_begin(&t.tx, &one, &outcome);
	*wait = outcome.wait;
	if (t.tx.later) {
		/* a row must not be written while the answer waits for it */
		assert_int_equal(records("signin_failed"), before);
		t.tx.later(&t.tx);
	}
	if (verdict == SIGNIN_RIGHT)
		assert_string_equal(outcome.account.username, "ada");
	return verdict;
}

static enum signin_verdict
signin(const char *username, const char *password)
{
	int64_t wait;

	return attempt(username, password, NULL, &wait);
}

/* How many attempts a name has left before it must wait; uses them up. */
static int
attempts_left(const char *username)
{
	struct throttle_keys keys;
	int left = 0;

	throttle_keys_for(&keys, SAMPLE_REALM, username, "198.51.100.1", LIMIT, 50);
	while (throttle_charge(t.provider.throttle, &keys, t.tx.now) == 0)
		left++;
	return left;
}

static const struct {
	const char *name, *username, *password;
	const char *counted; /* the name that is counted, normalised */
	int left;
	int64_t records;
	enum signin_verdict wanted;
} cases[] = {
	{"no name", NULL, PASSWORD, "ada", LIMIT, 0, SIGNIN_WRONG},
	{"empty name", "", PASSWORD, "", LIMIT, 0, SIGNIN_WRONG},
	{"blank name", "   ", PASSWORD, "", LIMIT, 0, SIGNIN_WRONG},
	{"control character in the name", "a\nda", PASSWORD, "ada", LIMIT, 0, SIGNIN_WRONG},
	{"no password", "ada", NULL, "ada", LIMIT, 0, SIGNIN_WRONG},
	{"empty password", "ada", "", "ada", LIMIT, 0, SIGNIN_WRONG},
	{"unknown name", "bob", PASSWORD, "bob", LIMIT - 1, 0, SIGNIN_WRONG},
	{"quote in the name", "ada' OR '1'='1", PASSWORD, "ada' or '1'='1", LIMIT - 1, 0,
	 SIGNIN_WRONG},
	{"name with a wildcard", "ad%", PASSWORD, "ad%", LIMIT - 1, 0, SIGNIN_WRONG},
	{"name of another realm", "foreign", PASSWORD, "foreign", LIMIT - 1, 0, SIGNIN_WRONG},
	{"wrong password", "ada", "correct  horse", "ada", LIMIT - 1, 1, SIGNIN_WRONG},
	{"password with a blank behind", "ada", PASSWORD " ", "ada", LIMIT - 1, 1, SIGNIN_WRONG},
	{"disabled account", "disabled", PASSWORD, "disabled", LIMIT - 1, 1, SIGNIN_WRONG},
	{"account without password", "bare", PASSWORD, "bare", LIMIT - 1, 1, SIGNIN_WRONG},
	{"spoilt hash", "spoilt", PASSWORD, "spoilt", LIMIT - 1, 1, SIGNIN_WRONG},
	{"right", "ada", PASSWORD, "ada", LIMIT, 0, SIGNIN_RIGHT},
	{"right, name as people type it", "  ADA\t", PASSWORD, "ada", LIMIT, 0, SIGNIN_RIGHT},
};

static void
verdicts(void **state)
{
	(void)state;
	add_account(DISABLED, "disabled", BCRYPT);
	add_account(BARE, "bare", NULL);
	add_account(SPOILT, "spoilt", "x");
	add_account(FOREIGN, "foreign", BCRYPT);
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(t.provider.throttle, 0, throttle_size());
		private_db_number("DELETE FROM audit");
		check(signin(cases[i].username, cases[i].password) == cases[i].wanted,
		      cases[i].name);
		check(records("signin_failed") == cases[i].records, cases[i].name);
		check(attempts_left(cases[i].counted) == cases[i].left, cases[i].name);
	}
}

static void
long_password(void **state)
{
	char password[PASSWORD_MAX + 2];

	(void)state;
	memset(password, 'a', sizeof(password) - 1);
	password[sizeof(password) - 1] = '\0';
	check(signin("ada", password) == SIGNIN_WRONG, "over the maximum");
	check(records("signin_failed") == 0 && attempts_left("ada") == LIMIT, "not looked at");
	memset(t.provider.throttle, 0, throttle_size());
	password[PASSWORD_MAX] = '\0';
	check(signin("ada", password) == SIGNIN_WRONG, "the maximum");
	check(records("signin_failed") == 1, "looked at");
}

/* The record says why, the log does not say what was typed. */
static void
what_is_written(void **state)
{
	char *detail;

	(void)state;
	add_account(DISABLED, "disabled", BCRYPT);
	(void)signin("disabled", PASSWORD);
	detail = private_db_text("SELECT detail FROM audit WHERE event = 'signin_failed'");
	assert_string_equal(detail, "the account is disabled");
	free(detail);
	(void)signin("hunter2-typed-in-the-wrong-field", "x");
	check(strstr(t.line, "event=signin_failed") && strstr(t.line, "unknown_name="), t.line);
	check(!strstr(t.line, "hunter2"), t.line);
	(void)signin("ada", "hunter2");
	check(!strstr(t.line, "hunter2"), t.line);
}

/* ---- throttle ---- */

static void
throttled(void **state)
{
	static const char *const names[] = {"ada", "nobody-of-that-name"};
	int64_t wait;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		memset(t.provider.throttle, 0, throttle_size());
		for (int j = 0; j < LIMIT; j++)
			check(signin(names[i], "wrong") == SIGNIN_WRONG, names[i]);
		private_db_number("DELETE FROM audit");
		check(attempt(names[i], PASSWORD, NULL, &wait) == SIGNIN_WAIT, names[i]);
		check(wait == 1, names[i]);
		check(records("signin_failed") == 0, names[i]);
		check(strstr(t.line, "event=signin_throttled") != NULL, t.line);
		check(!strstr(t.line, "nobody-of"), t.line);
	}
	memset(t.provider.throttle, 0, throttle_size());
	for (int j = 0; j < LIMIT; j++)
		(void)signin("ada", "wrong");
	move_clock(1);
	check(signin("ada", PASSWORD) == SIGNIN_RIGHT, "after the wait");
	check(signin("ada", PASSWORD) == SIGNIN_WAIT, "a refund gives back its own charge alone");
}

static void
known_browser(void **state)
{
	struct account ada = sample_account(t.arena, ADA), bob = sample_account(t.arena, 99);
	const char *mark = known_make(&t.tx, &ada), *strange = known_make(&t.tx, &bob), *old;
	int64_t wait;

	(void)state;
	ada.auth_epoch--;
	old = known_make(&t.tx, &ada);
	for (int i = 0; i < LIMIT; i++)
		(void)signin("ada", "wrong");
	check(attempt("ada", PASSWORD, NULL, &wait) == SIGNIN_WAIT, "no mark");
	check(attempt("ada", PASSWORD, "forged", &wait) == SIGNIN_WAIT, "forged mark");
	check(attempt("ada", PASSWORD, strange, &wait) == SIGNIN_WAIT, "mark of another account");
	check(attempt("ada", PASSWORD, old, &wait) == SIGNIN_WAIT, "mark of an earlier epoch");
	check(attempt("ada", PASSWORD, mark, &wait) == SIGNIN_RIGHT, "her own browser");
	for (int i = 0; i < THROTTLE_KNOWN_LIMIT; i++)
		check(attempt("ada", "wrong", mark, &wait) == SIGNIN_WRONG, "its own failures");
	check(attempt("ada", PASSWORD, mark, &wait) == SIGNIN_WAIT, "and their limit");
}

/* ---- hashes ---- */

static void
rehash(void **state)
{
	struct account account;
	char *before;

	(void)state;
	before = private_db_text("SELECT password FROM account");
	assert_int_equal(signin("ada", PASSWORD), SIGNIN_RIGHT);
	assert_int_equal(account_find_name(t.tx.store, t.arena, SAMPLE_REALM, "ada", &account),
			 STORE_OK);
	check_text(account.password, before, "a hash of ours stays");
	free(before);
	private_db_number("UPDATE account SET password = '" BCRYPT "'");
	assert_int_equal(signin("ada", "wrong"), SIGNIN_WRONG);
	assert_int_equal(account_find_name(t.tx.store, t.arena, SAMPLE_REALM, "ada", &account),
			 STORE_OK);
	check_text(account.password, BCRYPT, "a wrong password replaces nothing");
	assert_int_equal(signin("ada", PASSWORD), SIGNIN_RIGHT);
	assert_int_equal(account_find_name(t.tx.store, t.arena, SAMPLE_REALM, "ada", &account),
			 STORE_OK);
	check(!password_is_old(account.password), account.password);
	check(password_verify(account.password, PASSWORD) == PASSWORD_RIGHT, "the same password");
	check(account.auth_epoch == sample_account(t.arena, ADA).auth_epoch, "sessions live on");
}

static void
down(void **state)
{
	const struct store_options options = {
		.socket = "/nonexistent/socket", .database = "x", .user = "x"};
	const struct account account = sample_account(t.arena, ADA);
	const struct session session = sample_session(1);
	const uint8_t flow_id[ID_SIZE] = {1};
	struct signin_result result;

	(void)state;
	t.tx.store = store_open(&options, t.log);
	check(signin("ada", PASSWORD) == SIGNIN_DOWN, "sign-in");
	check(signin_establish(&t.tx, &(struct signin_proof){&account, source_own()}, NULL, flow_id,
			       NULL, &result) == STORE_DOWN,
	      "session");
	check(signin_end(&t.tx, &session) == STORE_DOWN, "end");
	store_close(t.tx.store);
	t.tx.store = t.provider.store;
	check(attempts_left("ada") == LIMIT, "nothing was charged");
}

/* ---- sessions ---- */

static const uint8_t flow_one[ID_SIZE] = {1, 1}, flow_two[ID_SIZE] = {2, 2};

static struct account
account_of(uint32_t number)
{
	struct account account;
	uint8_t id[ID_SIZE];

	sample_id(number, id);
	assert_int_equal(account_find(t.tx.store, t.arena, SAMPLE_REALM, id, &account), STORE_OK);
	return account;
}

static enum store_verdict
find(const struct signin_result *result, struct session *session)
{
	struct account account;

	return session_find(t.tx.store, t.arena, SAMPLE_REALM, result->handle.id,
			    result->handle.hash, session, &account);
}

static int64_t
alive(void)
{
	return private_db_number("SELECT COUNT(*) FROM session WHERE ended_at = 0");
}

static void
fresh_session(void **state)
{
	const struct account ada = account_of(ADA);
	struct signin_result result;
	struct session session;

	(void)state;
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, "Browser/1.0", &result),
			 STORE_OK);
	assert_int_equal(find(&result, &session), STORE_OK);
	assert_memory_equal(session.id, result.session.id, ID_SIZE);
	assert_memory_equal(session.account_id, ada.id, ID_SIZE);
	assert_int_equal(session.auth_epoch, ada.auth_epoch);
	assert_int_equal(session.expires_at, TEST_NOW + t.live.realm.settings.session_lifetime);
	assert_int_equal(session_check(&session, &ada, 0, 600, TEST_NOW), SESSION_LIVE);
	assert_int_equal(session_auth_time(&session), TEST_NOW);
	assert_int_equal(session.facts_count, 1);
	assert_memory_equal(session.facts[0].flow_id, flow_one, ID_SIZE);
	assert_string_equal(session.user_agent, "Browser/1.0");
	assert_string_equal(session.address, ADDRESS);
	assert_int_equal(records("signin"), 1);
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'signin' AND detail"
				  " IS NULL AND account_id IS NOT NULL AND session_id IS NOT NULL"),
		1);
}

/* What a browser says of itself is cut and made printable, never refused. */
static void
user_agents(void **state)
{
	const struct account ada = account_of(ADA);
	char text[USER_AGENT_MAX + 50];
	struct signin_result result;
	struct session session;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "B\xff\n\x7f", 4);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, text, &result),
			 STORE_OK);
	assert_int_equal(find(&result, &session), STORE_OK);
	assert_int_equal(strlen(session.user_agent), USER_AGENT_MAX);
	check(strncmp(session.user_agent, "B???aaa", 7) == 0, session.user_agent);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_two, NULL, &result),
			 STORE_OK);
	assert_int_equal(find(&result, &session), STORE_OK);
	assert_null(session.user_agent);
}

/* The same person: the row stays, under a new secret, with the proof of now. */
static void
renewed(void **state)
{
	const struct account ada = account_of(ADA);
	struct signin_result first, second;
	struct session session;

	(void)state;
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, NULL, &first),
			 STORE_OK);
	move_clock(100);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()},
					  &first.session, flow_two, NULL, &second),
			 STORE_OK);
	assert_memory_equal(second.session.id, first.session.id, ID_SIZE);
	assert_memory_equal(second.handle.id, first.session.id, ID_SIZE);
	assert_memory_not_equal(second.handle.secret, first.handle.secret, HANDLE_SECRET_SIZE);
	check(find(&first, &session) == STORE_NONE, "the old cookie is worth nothing");
	assert_int_equal(find(&second, &session), STORE_OK);
	assert_int_equal(session.created_at, TEST_NOW);
	assert_int_equal(session_auth_time(&session), TEST_NOW + 100);
	assert_memory_equal(session.facts[0].flow_id, flow_two, ID_SIZE);
	assert_int_equal(session.facts_count, 1);
	assert_int_equal(alive(), 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'signin'"
					   " AND detail = 'signed in again'"),
			 1);
}

/* Another person, or the same after a new password: the old session ends. */
static void
replaced(void **state)
{
	struct account ada = account_of(ADA), bob;
	struct signin_result first, second, third;
	struct session session;

	(void)state;
	add_account(2, "bob", BCRYPT); /* disabled: whether he may is not asked here */
	bob = account_of(2);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, NULL, &first),
			 STORE_OK);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&bob, source_own()},
					  &first.session, flow_two, NULL, &second),
			 STORE_OK);
	assert_memory_not_equal(second.session.id, first.session.id, ID_SIZE);
	assert_int_equal(find(&first, &session), STORE_OK);
	assert_int_equal(session.ended_at, TEST_NOW);
	assert_int_equal(find(&second, &session), STORE_OK);
	assert_memory_equal(session.account_id, bob.id, ID_SIZE);
	assert_int_equal(alive(), 1);
	/* the old one had ended meanwhile: that is no hindrance */
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&bob, source_own()},
					  &first.session, flow_two, NULL, &second),
			 STORE_OK);
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, NULL, &first),
			 STORE_OK);
	ada.auth_epoch++;
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()},
					  &first.session, flow_two, NULL, &third),
			 STORE_OK);
	assert_memory_not_equal(third.session.id, first.session.id, ID_SIZE);
	assert_int_equal(find(&first, &session), STORE_OK);
	check(session.ended_at != 0, "the session of the earlier epoch");
}

static void
ended(void **state)
{
	const struct account ada = account_of(ADA);
	struct signin_result result, again;

	(void)state;
	assert_int_equal(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, NULL,
					  flow_one, NULL, &result),
			 STORE_OK);
	assert_int_equal(signin_end(&t.tx, &result.session), STORE_OK);
	assert_int_equal(alive(), 0);
	assert_int_equal(records("signout"), 1);
	check(signin_end(&t.tx, &result.session) == STORE_NONE, "it had ended");
	check(records("signout") == 1, "one record");
	/* signed out in another tab while the password was typed */
	check(signin_establish(&t.tx, &(struct signin_proof){&ada, source_own()}, &result.session,
			       flow_two, NULL, &again) == STORE_NONE,
	      "an ended session is not renewed");
	check(records("signin") == 1 && alive() == 0, "and leaves nothing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		signin_test(verdicts),  signin_test(long_password), signin_test(what_is_written),
		signin_test(throttled), signin_test(known_browser), signin_test(rehash),
		signin_test(down),      signin_test(fresh_session), signin_test(user_agents),
		signin_test(renewed),   signin_test(replaced),      signin_test(ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
