/* SPDX-License-Identifier: ISC */
/*
 * Sessions: each condition at its boundary second, from one good session that each case spoils.
 */
#include "core/model/session.h"

#include "tests/core/base/check.h"

#define MADE 1000
#define SEEN 2000
#define ENDS 5000
#define IDLE 600

struct facts {
	struct session session;
	struct account account;
	int64_t epoch, now;
};

static void
good(struct facts *f)
{
	*f = (struct facts){
		.session = {.realm_id = 1,
			    .account_id = {7},
			    .auth_epoch = 3,
			    .created_at = MADE,
			    .activated_at = MADE,
			    .last_seen_at = SEEN,
			    .expires_at = ENDS},
		.account = {.realm_id = 1, .id = {7}, .auth_epoch = 3},
		.now = SEEN,
	};
}

static void
pending(struct facts *f)
{
	f->session.activated_at = 0;
}

static void
ended(struct facts *f)
{
	f->session.ended_at = SEEN;
}

static void
at_its_end(struct facts *f)
{
	f->session.last_seen_at = f->now = ENDS;
}

static void
before_its_end(struct facts *f)
{
	f->session.last_seen_at = f->now = ENDS - 1;
}

static void
idle(struct facts *f)
{
	f->now = SEEN + IDLE;
}

static void
nearly_idle(struct facts *f)
{
	f->now = SEEN + IDLE - 1;
}

static void
seen_in_the_future(struct facts *f)
{
	f->now = SEEN - 2;
}

static void
disabled(struct facts *f)
{
	f->account.disabled_at = 1;
}

static void
password_changed(struct facts *f)
{
	f->account.auth_epoch = 4;
}

static void
account_of_an_older_backup(struct facts *f)
{
	f->account.auth_epoch = 2;
}

static void
other_account(struct facts *f)
{
	f->account.id[ID_SIZE - 1] = 1;
}

static void
other_realm(struct facts *f)
{
	f->account.realm_id = 2;
}

static void
before_epoch(struct facts *f)
{
	f->epoch = MADE + 1;
}

static void
at_epoch(struct facts *f)
{
	f->epoch = MADE;
}

static void
ended_and_expired(struct facts *f)
{
	ended(f);
	at_its_end(f);
}

static void
expired_and_void(struct facts *f)
{
	at_its_end(f);
	disabled(f);
}

static void
void_and_pending(struct facts *f)
{
	disabled(f);
	pending(f);
}

static const struct {
	const char *name;
	void (*spoil)(struct facts *f);
	enum session_verdict wanted;
} cases[] = {
	{"pending", pending, SESSION_PENDING},
	{"ended", ended, SESSION_ENDED},
	{"at its end", at_its_end, SESSION_EXPIRED},
	{"idle", idle, SESSION_EXPIRED},
	{"account disabled", disabled, SESSION_VOID},
	{"password changed", password_changed, SESSION_VOID},
	{"auth_epoch went back", account_of_an_older_backup, SESSION_VOID},
	{"another account's", other_account, SESSION_VOID},
	{"another realm's", other_realm, SESSION_VOID},
	{"made before the epoch", before_epoch, SESSION_VOID},
	{"ended is told before expired", ended_and_expired, SESSION_ENDED},
	{"expired is told before void", expired_and_void, SESSION_EXPIRED},
	{"void is told before pending", void_and_pending, SESSION_VOID},
	{"a second before its end", before_its_end, SESSION_LIVE},
	{"a second before it is idle", nearly_idle, SESSION_LIVE},
	{"seen by a host whose clock is ahead", seen_in_the_future, SESSION_LIVE},
	{"made at the epoch", at_epoch, SESSION_LIVE},
	{"good", good, SESSION_LIVE},
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts f;

		good(&f);
		cases[i].spoil(&f);
		check(session_check(&f.session, &f.account, f.epoch, IDLE, f.now) ==
			      cases[i].wanted,
		      cases[i].name);
	}
}

static void
test_auth_time(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		int64_t proven[3], wanted;
	} times[] = {
		{"no fact: when it was made", 0, {0}, MADE},
		{"what lies behind the count is not a fact", 1, {MADE + 1, MADE + 9}, MADE + 1},
		{"the newest first", 2, {MADE + 9, MADE + 1}, MADE + 9},
		{"the newest last", 3, {MADE + 1, MADE, MADE + 9}, MADE + 9},
		{"a fact from before the session", 1, {MADE - 5}, MADE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct facts f;

		good(&f);
		f.session.facts_count = times[i].count;
		for (size_t j = 0; j < COUNT(times[i].proven); j++)
			f.session.facts[j].proven_at = times[i].proven[j];
		check(session_auth_time(&f.session) == times[i].wanted, times[i].name);
	}
}

static void
test_seen(void **state)
{
	static const struct {
		const char *name;
		int64_t idle, since;
		bool due;
	} notes[] = {
		{"at once", 43200, 0, false},
		{"a second too early", 43200, 299, false},
		{"five minutes", 43200, 300, true},
		{"idle far longer", 400 * 86400, 300, true},
		{"a tenth of what is shorter, too early", 600, 59, false},
		{"a tenth of what is shorter", 600, 60, true},
		{"the shortest", 60, 6, true},
		{"the shortest, too early", 60, 5, false},
		{"a clock that went back", 60, -100, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++)
		check(session_seen_due(MADE, notes[i].idle, MADE + notes[i].since) == notes[i].due,
		      notes[i].name);
}

static void
no_name(void)
{
	(void)factor_name((enum factor)9);
}

static void
test_factors(void **state)
{
	(void)state;
	assert_string_equal(factor_name(FACTOR_PASSWORD), "password");
	assert_string_equal(fact_amr(&(struct fact){.factor = FACTOR_PASSWORD}), "pwd");
	assert_string_equal(fact_amr(&(struct fact){.factor = FACTOR_SERVICE, .amr = "pwd otp"}),
			    "pwd otp");
	assert_true(aborts(no_name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_auth_time),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_factors),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
