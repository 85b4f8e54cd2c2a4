/* SPDX-License-Identifier: ISC */
/*
 * The record and the purge: what goes, what stays, and that both ends of every limit hold.
 */
#include "tests/sql/check.h"

static void
rows_are_written(void **state)
{
	struct audit_row row = sample_audit(1);
	uint8_t account[ID_SIZE], session[ID_SIZE];

	(void)state;
	assert_int_equal(audit_insert(store, &row), STORE_OK);
	assert_int_equal(audit_insert(store, &row), STORE_CONFLICT);
	assert_int_equal(private_db_number("SELECT account_id IS NULL AND session_id IS NULL AND"
					   " client_id IS NULL AND address IS NULL AND detail IS"
					   " NULL FROM audit"),
			 1);
	row = sample_audit(2);
	sample_id(3, account);
	sample_id(4, session);
	row.account_id = account;
	row.session_id = session;
	row.client_id = "app";
	row.address = "192.0.2.1";
	row.detail = "any bytes \xff";
	assert_int_equal(audit_insert(store, &row), STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE realm_id = 7 AND"
					   " at = %d AND event = 'signin' AND actor = 'person' AND"
					   " RIGHT(account_id, 1) = X'03' AND"
					   " RIGHT(session_id, 1) = X'04' AND client_id = 'app' AND"
					   " address = '192.0.2.1' AND"
					   " detail = X'616e7920627974657320ff'",
					   SAMPLE_NOW),
			 1);
}

struct purge_case {
	const char *name;
	int64_t after; /* seconds since expires_at */
	size_t max;
	int64_t removed;
};

/* Everything expires at SAMPLE_NOW: a token, a grant, a session, a flow and a jti, three of each.
 */
static void
fill(void)
{
	for (uint32_t i = 1; i <= 3; i++) {
		struct grant grant = sample_grant(i);
		struct session session = sample_session(i);
		struct access_row token = sample_token(i, i);
		uint8_t flow[ID_SIZE], jti[JTI_SIZE] = {(uint8_t)i};

		sample_id(i, flow);
		grant.expires_at = session.expires_at = token.expires_at = SAMPLE_NOW;
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
		assert_int_equal(session_insert(store, &session), STORE_OK);
		assert_int_equal(access_insert(store, &token), STORE_OK);
		assert_int_equal(flow_complete(store, flow, SAMPLE_NOW), STORE_OK);
		assert_int_equal(jti_revoke(store, jti, SAMPLE_NOW), STORE_OK);
	}
}

static void
purging_after_a_minute(void **state)
{
	static const struct purge_case cases[] = {
		{"expired just now", 0, 100, 0},
		{"a second too early", 59, 100, 0},
		{"a minute after", 60, 100, 15},
		{"at most", 60, 2, 10},
		{"none", 60, 0, 0},
	};
	static const char *const tables[] = {"access_token", "auth_grant", "session",
					     "completed_flow", "revoked_jti"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t removed = -1;

		private_db_clear();
		fill();
		check_verdict(cases[i].name,
			      purge(store, SAMPLE_NOW + cases[i].after, cases[i].max, &removed),
			      STORE_OK);
		if (removed != cases[i].removed)
			fail_msg("%s: %d rows", cases[i].name, (int)removed);
		for (size_t t = 0; t < COUNT(tables); t++) {
			if (private_db_number("SELECT COUNT(*) FROM %s", tables[t]) !=
			    3 - cases[i].removed / 5)
				fail_msg("%s: %s", cases[i].name, tables[t]);
		}
		/* facts go with their sessions */
		if (private_db_number("SELECT COUNT(*) FROM session_fact") !=
		    3 - cases[i].removed / 5)
			fail_msg("%s: facts", cases[i].name);
	}
}

static void
what_is_good_stays(void **state)
{
	struct grant grant = sample_grant(1);
	struct session session = sample_session(1);
	int64_t removed = -1;

	(void)state;
	fill();
	private_db_number("UPDATE auth_grant SET expires_at = %d WHERE RIGHT(id, 1) = X'02'",
			  SAMPLE_NOW + 500);
	private_db_number("UPDATE session SET expires_at = %d WHERE RIGHT(id, 1) = X'02'",
			  SAMPLE_NOW + 500);
	assert_int_equal(purge(store, SAMPLE_NOW + 100, 100, &removed), STORE_OK);
	assert_int_equal(removed, 13);
	sample_id(2, grant.id);
	sample_id(2, session.id);
	assert_int_equal(grant_revoke(store, grant.id, "revoked", 1), STORE_OK);
	assert_int_equal(session_end(store, session.id, 1), STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), 1);
}

#define DAY 86400

static void
audit_rows_stay_as_long_as_their_realm_says(void **state)
{
	static const struct {
		const char *name;
		uint32_t realm_id;
		int64_t age;
		int64_t removed;
	} cases[] = {
		{"ten days: almost", 3, 10 * DAY - 1, 0},    {"ten days: over", 3, 10 * DAY, 1},
		{"default: almost", 4, 400 * DAY - 1, 0},    {"default: over", 4, 400 * DAY, 1},
		{"unreadable: almost", 5, 400 * DAY - 1, 0}, {"unreadable: over", 5, 400 * DAY, 1},
		{"realm gone: almost", 6, 400 * DAY - 1, 0}, {"realm gone: over", 6, 400 * DAY, 1},
	};

	(void)state;
	for (uint32_t id = 3; id <= 5; id++) {
		struct realm_row row = sample_realm(arena, id);

		row.settings = id == 4 ? "{}" : id == 5 ? "{\"later\":1}" : row.settings;
		assert_int_equal(realm_insert(store, &row, 0), STORE_OK);
	}
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		struct audit_row row = sample_audit(i);
		int64_t removed = -1;

		row.realm_id = cases[i].realm_id;
		check_verdict(cases[i].name, audit_insert(store, &row), STORE_OK);
		check_verdict(cases[i].name, purge(store, SAMPLE_NOW + cases[i].age, 100, &removed),
			      STORE_OK);
		if (removed != cases[i].removed)
			fail_msg("%s: %d", cases[i].name, (int)removed);
		private_db_number("DELETE FROM audit");
	}
}

static void
audit_is_purged_at_most(void **state)
{
	int64_t removed = -1;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		struct audit_row row = sample_audit(i);

		row.at += i;
		assert_int_equal(audit_insert(store, &row), STORE_OK);
	}
	assert_int_equal(purge(store, SAMPLE_NOW + 500 * DAY, 2, &removed), STORE_OK);
	assert_int_equal(removed, 2);
	assert_int_equal(private_db_number("SELECT MIN(at) FROM audit"), SAMPLE_NOW + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(rows_are_written),
		store_test(purging_after_a_minute),
		store_test(what_is_good_stays),
		store_test(audit_rows_stay_as_long_as_their_realm_says),
		store_test(audit_is_purged_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
