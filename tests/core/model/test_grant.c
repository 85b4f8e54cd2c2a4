/* SPDX-License-Identifier: ISC */
/*
 * Grants: each condition at its boundary second, from one good grant that each case spoils.
 */
#include "core/model/grant.h"

#include "core/base/json.h"

#include "tests/core/base/check.h"

#define MADE         1000
#define NOW          2000
#define SESSION_ENDS 4000
#define ENDS         5000
#define SIGNED_IN    900
#define IDLE         3000 /* seconds */

struct facts {
	struct grant_state state;
	int64_t epoch, now;
};

static void
good(struct facts *f)
{
	*f = (struct facts){
		.state = {.grant = {.account_id = {1},
				    .auth_epoch = 3,
				    .auth_time = SIGNED_IN,
				    .created_at = MADE,
				    .expires_at = ENDS},
			  .account = {.auth_epoch = 3},
			  .client_enabled = true,
			  .session_expires_at = SESSION_ENDS,
			  .session_last_seen_at = MADE},
		.now = NOW,
	};
}

static void
revoked(struct facts *f)
{
	f->state.grant.revoked_at = NOW;
}

static void
expired(struct facts *f)
{
	f->state.grant.expires_at = NOW;
}

static void
nearly_expired(struct facts *f)
{
	f->state.grant.expires_at = NOW + 1;
}

static void
client_gone(struct facts *f)
{
	f->state.client_enabled = false;
}

static void
disabled(struct facts *f)
{
	f->state.account.disabled_at = 1;
}

static void
password_changed(struct facts *f)
{
	f->state.account.auth_epoch = 4;
}

/* The client itself is the subject: there is no account that could have changed. */
static void
no_account(struct facts *f)
{
	memset(f->state.grant.account_id, 0, ID_SIZE);
	disabled(f);
	password_changed(f);
}

static void
session_ended(struct facts *f)
{
	f->state.session_ended_at = 1;
}

static void
session_gone(struct facts *f)
{
	f->state.session_expires_at = 0;
}

static void
session_at_its_end(struct facts *f)
{
	f->now = SESSION_ENDS;
}

static void
session_before_its_end(struct facts *f)
{
	f->now = SESSION_ENDS - 1;
}

static void
session_idle(struct facts *f)
{
	f->state.session_last_seen_at = NOW - IDLE;
}

static void
session_nearly_idle(struct facts *f)
{
	f->state.session_last_seen_at = NOW - IDLE + 1;
}

static void
signed_in_before_epoch(struct facts *f)
{
	f->epoch = SIGNED_IN + 1;
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
	f->state.grant.auth_time = MADE;
}

static void
offline(struct facts *f)
{
	f->state.grant.offline = true;
	session_ended(f);
	session_gone(f);
	session_idle(f);
}

static void
offline_before_epoch(struct facts *f)
{
	offline(f);
	before_epoch(f);
}

static void
offline_disabled(struct facts *f)
{
	offline(f);
	disabled(f);
}

static void
jti_revoked(struct facts *f)
{
	f->state.jti_revoked = true;
}

/* From here on each case adds one more reason: the one told first is the one of highest rank. */
static void
epoch_and_session(struct facts *f)
{
	before_epoch(f);
	session_ended(f);
}

static void
session_and_account(struct facts *f)
{
	epoch_and_session(f);
	disabled(f);
}

static void
account_and_client(struct facts *f)
{
	session_and_account(f);
	client_gone(f);
}

static void
client_and_expiry(struct facts *f)
{
	account_and_client(f);
	expired(f);
}

static void
all_of_them(struct facts *f)
{
	client_and_expiry(f);
	revoked(f);
}

static const struct {
	const char *name;
	void (*spoil)(struct facts *f);
	enum grant_verdict wanted;
} cases[] = {
	{"revoked", revoked, GRANT_REVOKED},
	{"at its end", expired, GRANT_EXPIRED},
	{"client disabled or gone", client_gone, GRANT_CLIENT_GONE},
	{"account disabled", disabled, GRANT_ACCOUNT_CHANGED},
	{"password changed", password_changed, GRANT_ACCOUNT_CHANGED},
	{"no account", no_account, GRANT_LIVE},
	{"session ended", session_ended, GRANT_SESSION_ENDED},
	{"session's row gone", session_gone, GRANT_SESSION_ENDED},
	{"session at its end", session_at_its_end, GRANT_SESSION_ENDED},
	{"session idle", session_idle, GRANT_SESSION_ENDED},
	{"made before the epoch", before_epoch, GRANT_BEFORE_EPOCH},
	{"made since the epoch by an older sign-in", signed_in_before_epoch, GRANT_BEFORE_EPOCH},
	{"offline, before the epoch", offline_before_epoch, GRANT_BEFORE_EPOCH},
	{"offline, account disabled", offline_disabled, GRANT_ACCOUNT_CHANGED},
	{"session before epoch", epoch_and_session, GRANT_SESSION_ENDED},
	{"account before session", session_and_account, GRANT_ACCOUNT_CHANGED},
	{"client before account", account_and_client, GRANT_CLIENT_GONE},
	{"expiry before client", client_and_expiry, GRANT_EXPIRED},
	{"revocation before all", all_of_them, GRANT_REVOKED},
	{"a second before its end", nearly_expired, GRANT_LIVE},
	{"a second before the session's end", session_before_its_end, GRANT_LIVE},
	{"a second before the session is idle", session_nearly_idle, GRANT_LIVE},
	{"made at the epoch", at_epoch, GRANT_LIVE},
	{"offline outlives the session", offline, GRANT_LIVE},
	{"a revoked jti is the caller's matter", jti_revoked, GRANT_LIVE},
	{"good", good, GRANT_LIVE},
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts f;

		good(&f);
		cases[i].spoil(&f);
		check(grant_check(&f.state, f.epoch, IDLE, f.now) == cases[i].wanted,
		      cases[i].name);
	}
}

static const struct {
	enum grant_verdict verdict;
	const char *text;
} texts[] = {
	{GRANT_LIVE, "the grant is good"},
	{GRANT_REVOKED, "the grant was revoked"},
	{GRANT_EXPIRED, "the grant has expired"},
	{GRANT_SESSION_ENDED, "the session that the grant belongs to has ended"},
	{GRANT_ACCOUNT_CHANGED, "the account was disabled or has a new password since"},
	{GRANT_CLIENT_GONE, "the client is disabled or was removed"},
	{GRANT_BEFORE_EPOCH, "the grant was made before all grants of the realm were ended"},
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_text(grant_verdict_text(texts[i].verdict), texts[i].text, texts[i].text);
}

/* A client has none, and that is no mistake. */
static void
test_no_claims(void **state)
{
	struct grant_state grant = {0};

	assert_int_equal(grant_read_claims(*state, &grant), 0);
	assert_int_equal(json_object_object_length(grant.account.claims), 0);
}

static void
test_read_claims(void **state)
{
	static const struct {
		const char *name, *text;
		int wanted;
	} stored[] = {
		{"empty", "", -1},    {"cut", "{\"name\":", -1},
		{"a list", "[]", -1}, {"null", "null", -1},
		{"two", "{}{}", -1},  {"twice a name", "{\"a\":1,\"a\":2}", -1},
		{"none", "{}", 0},    {"one", "{\"name\":\"Ada\"}", 0},
	};

	for (size_t i = 0; i < COUNT(stored); i++) {
		struct grant_state grant = {.grant = {.account_id = {1}},
					    .account_claims = stored[i].text};

		check(grant_read_claims(*state, &grant) == stored[i].wanted, stored[i].name);
		check((grant.account.claims != NULL) == (stored[i].wanted == 0), stored[i].name);
	}
}

/* Asked again, it is not parsed again. */
static void
test_read_claims_once(void **state)
{
	struct grant_state grant = {.grant = {.account_id = {1}},
				    .account_claims = "{\"name\":\"Ada\"}"};
	const struct json_object *first;

	assert_int_equal(grant_read_claims(*state, &grant), 0);
	first = grant.account.claims;
	grant.account_claims = "broken";
	assert_int_equal(grant_read_claims(*state, &grant), 0);
	assert_ptr_equal(grant.account.claims, first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),      cmocka_unit_test(test_texts),
		arena_test(test_read_claims),      arena_test(test_no_claims),
		arena_test(test_read_claims_once),
	};

	return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
