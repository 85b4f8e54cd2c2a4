/* SPDX-License-Identifier: ISC */
/*
 * Sessions with their facts, and flows.
 */
#include "tests/sql/check.h"

static uint8_t one[ID_SIZE], nobody[ID_SIZE];

static struct session
insert(uint32_t number)
{
	struct session session = sample_session(number);

	sample_id(1, one);
	sample_id(999, nobody);
	assert_int_equal(session_insert(store, &session), STORE_OK);
	return session;
}

static void
insert_account(uint32_t number)
{
	struct account account = sample_account(arena, number);

	assert_int_equal(account_insert(store, &account), STORE_OK);
}

static void
session_is_read_with_facts_and_account(void **state)
{
	struct session wanted, found;
	struct account account;
	uint64_t before;

	(void)state;
	insert_account(1);
	wanted = insert(1);
	before = store_counters(store).statements;
	assert_int_equal(session_find(store, arena, SAMPLE_REALM, wanted.id, wanted.secret_hash,
				      &found, &account),
			 STORE_OK);
	assert_int_equal(store_counters(store).statements - before, 1);
	assert_memory_equal(found.id, wanted.id, ID_SIZE);
	assert_int_equal(found.realm_id, SAMPLE_REALM);
	assert_memory_equal(found.account_id, wanted.account_id, ID_SIZE);
	assert_memory_equal(found.secret_hash, wanted.secret_hash, SHA256_SIZE);
	assert_int_equal(found.auth_epoch, 3);
	assert_int_equal(found.created_at, wanted.created_at);
	assert_int_equal(found.activated_at, wanted.activated_at);
	assert_int_equal(found.last_seen_at, wanted.last_seen_at);
	assert_int_equal(found.expires_at, wanted.expires_at);
	assert_int_equal(found.ended_at, 0);
	assert_string_equal(found.address, wanted.address);
	assert_string_equal(found.user_agent, wanted.user_agent);
	assert_int_equal(found.facts_count, 1);
	assert_int_equal(found.facts[0].factor, FACTOR_PASSWORD);
	assert_string_equal(found.facts[0].amr, "pwd otp");
	assert_string_equal(found.facts[0].acr, "2");
	assert_int_equal(found.facts[0].proven_at, wanted.facts[0].proven_at);
	assert_memory_equal(found.facts[0].flow_id, wanted.facts[0].flow_id, ID_SIZE);
	assert_string_equal(account.username, "user001");
	assert_non_null(account.claims);
}

static void
session_is_found_by_its_secret_alone(void **state)
{
	static const struct {
		const char *name;
		uint32_t realm_id, id, secret;
		enum store_verdict verdict;
	} cases[] = {
		{"all right", SAMPLE_REALM, 1, 1, STORE_OK},
		{"wrong secret", SAMPLE_REALM, 1, 2, STORE_NONE},
		{"another session's secret", SAMPLE_REALM, 2, 1, STORE_NONE},
		{"unknown", SAMPLE_REALM, 3, 1, STORE_NONE},
		{"another realm", SAMPLE_REALM + 1, 1, 1, STORE_NONE},
		{"its account is gone", SAMPLE_REALM, 4, 4, STORE_NONE},
	};

	(void)state;
	insert_account(1);
	insert_account(2);
	insert(1);
	insert(2);
	insert(4);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct session found;
		struct account account;
		uint8_t id[ID_SIZE], hash[SHA256_SIZE];

		sample_id(cases[i].id, id);
		sample_hash(cases[i].secret, hash);
		check_verdict(
			cases[i].name,
			session_find(store, arena, cases[i].realm_id, id, hash, &found, &account),
			cases[i].verdict);
	}
}

static void
session_without_facts_and_texts(void **state)
{
	struct session session = sample_session(1), found;
	struct account account;
	char agent[2 * USER_AGENT_MAX + 1];

	(void)state;
	insert_account(1);
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	session.facts_count = 0;
	session.address = NULL;
	session.user_agent = agent;
	assert_int_equal(session_insert(store, &session), STORE_OK);
	assert_int_equal(session_find(store, arena, SAMPLE_REALM, session.id, session.secret_hash,
				      &found, &account),
			 STORE_OK);
	assert_int_equal(found.facts_count, 0);
	assert_null(found.address);
	assert_int_equal(strlen(found.user_agent), USER_AGENT_MAX);
	assert_int_equal(session_insert(store, &session), STORE_CONFLICT);
}

static void
a_conflict_leaves_no_facts(void **state)
{
	struct session session = insert(1);

	(void)state;
	private_db_number("DELETE FROM session_fact");
	assert_int_equal(session_insert(store, &session), STORE_CONFLICT);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), 0);
}

static void
proving(void **state)
{
	static const struct {
		const char *name;
		bool pending, activate, ended;
		enum store_verdict verdict;
		int64_t activated_at;
	} cases[] = {
		{"pending stays so", true, false, false, STORE_OK, 0},
		{"pending becomes active", true, true, false, STORE_OK, SAMPLE_NOW + 9},
		{"active stays as it was", false, true, false, STORE_OK, SAMPLE_NOW - 30},
		{"ended", true, true, true, STORE_NONE, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		struct session session = sample_session(1), found;
		struct fact fact = {.factor = FACTOR_PASSWORD, .proven_at = SAMPLE_NOW + 8};
		struct account account;

		private_db_clear();
		insert_account(1);
		session.activated_at = cases[i].pending ? 0 : session.activated_at;
		session.ended_at = cases[i].ended ? 5 : 0;
		check_verdict(cases[i].name, session_insert(store, &session), STORE_OK);
		sample_hash(77, session.secret_hash);
		sample_id(78, fact.flow_id);
		check_verdict(
			cases[i].name,
			session_prove(store, &session, &fact, cases[i].activate, SAMPLE_NOW + 9),
			cases[i].verdict);
		check_verdict(cases[i].name,
			      session_find(store, arena, SAMPLE_REALM, session.id,
					   session.secret_hash, &found, &account),
			      cases[i].verdict);
		if (cases[i].verdict != STORE_OK)
			continue;
		if (found.activated_at != cases[i].activated_at || found.facts_count != 1 ||
		    found.facts[0].proven_at != SAMPLE_NOW + 8 ||
		    memcmp(found.facts[0].flow_id, fact.flow_id, ID_SIZE) != 0 ||
		    found.last_seen_at != SAMPLE_NOW + 9)
			fail_msg("%s: fields", cases[i].name);
		/* the same once more changes nothing and is no failure */
		check_verdict(
			cases[i].name,
			session_prove(store, &session, &fact, cases[i].activate, SAMPLE_NOW + 9),
			STORE_OK);
	}
}

static void
proving_an_unknown_session(void **state)
{
	struct session session = sample_session(1);
	struct fact fact = {.factor = FACTOR_PASSWORD, .proven_at = SAMPLE_NOW};

	(void)state;
	assert_int_equal(session_prove(store, &session, &fact, true, SAMPLE_NOW), STORE_NONE);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), 0);
}

static void
touching_moves_forward_only(void **state)
{
	static const struct {
		const char *name;
		int64_t now;
		enum store_verdict verdict;
	} cases[] = {
		{"earlier", SAMPLE_NOW - 21, STORE_NONE},
		{"the same", SAMPLE_NOW - 20, STORE_NONE},
		{"later", SAMPLE_NOW + 1, STORE_OK},
		{"earlier again", SAMPLE_NOW, STORE_NONE},
	};

	(void)state;
	insert(1);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_verdict(cases[i].name, session_touch(store, one, cases[i].now),
			      cases[i].verdict);
	assert_int_equal(private_db_number("SELECT last_seen_at FROM session"), SAMPLE_NOW + 1);
	assert_int_equal(session_touch(store, nobody, SAMPLE_NOW + 2), STORE_NONE);
	assert_int_equal(session_end(store, one, SAMPLE_NOW), STORE_OK);
	assert_int_equal(session_touch(store, one, SAMPLE_NOW + 2), STORE_NONE);
}

static void
ending_once(void **state)
{
	(void)state;
	insert(1);
	insert(2);
	assert_int_equal(session_end(store, nobody, 50), STORE_NONE);
	assert_int_equal(session_end(store, one, 50), STORE_OK);
	assert_int_equal(session_end(store, one, 51), STORE_NONE);
	assert_int_equal(private_db_number("SELECT SUM(ended_at) FROM session"), 50);
}

static void
ending_all(void **state)
{
	uint8_t account[ID_SIZE];
	int64_t ended = -1;
	struct session other = sample_session(9);

	(void)state;
	sample_id(1, account);
	for (uint32_t i = 1; i <= 4; i++) {
		struct session session = sample_session(i);

		if (i <= 2)
			memcpy(session.account_id, account, ID_SIZE);
		assert_int_equal(session_insert(store, &session), STORE_OK);
	}
	other.realm_id = SAMPLE_REALM + 1;
	memcpy(other.account_id, account, ID_SIZE);
	assert_int_equal(session_insert(store, &other), STORE_OK);
	assert_int_equal(session_end_all(store, SAMPLE_REALM, account, 50, &ended), STORE_OK);
	assert_int_equal(ended, 2);
	assert_int_equal(session_end_all(store, SAMPLE_REALM, account, 51, &ended), STORE_OK);
	assert_int_equal(ended, 0);
	assert_int_equal(session_end_all(store, SAMPLE_REALM, NULL, 52, &ended), STORE_OK);
	assert_int_equal(ended, 2);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session WHERE ended_at = 0"), 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session WHERE ended_at = 50"), 2);
}

static const struct {
	const char *name, *change;
	uint32_t account; /* 0: all */
	int64_t now, epoch, idle;
	size_t max, count;
	uint32_t first;
} lists[] = {
	{"all, newest first", "DO 1", 0, SAMPLE_NOW, 0, 100, 10, 3, 4},
	{"at most", "DO 1", 0, SAMPLE_NOW, 0, 100, 2, 2, 4},
	{"of one", "DO 1", 1, SAMPLE_NOW, 0, 100, 10, 1, 1},
	{"expired", "DO 1", 0, SAMPLE_NOW + 1000, 0, 5000, 10, 0, 0},
	{"of nobody", "DO 1", 5, SAMPLE_NOW, 0, 100, 10, 0, 0},
	{"seen just now", "DO 1", 0, SAMPLE_NOW, 0, 21, 10, 3, 4},
	{"idle", "DO 1", 0, SAMPLE_NOW, 0, 20, 10, 0, 0},
	{"since the epoch", "DO 1", 0, SAMPLE_NOW, SAMPLE_NOW - 40, 100, 10, 3, 4},
	{"before the epoch", "DO 1", 0, SAMPLE_NOW, SAMPLE_NOW - 39, 100, 10, 0, 0},
	{"another password", "UPDATE account SET auth_epoch = 4 WHERE username = 'user004'", 0,
	 SAMPLE_NOW, 0, 100, 10, 2, 2},
	{"disabled", "UPDATE account SET disabled_at = 1 WHERE username = 'user002'", 0, SAMPLE_NOW,
	 0, 100, 10, 1, 1},
	{"away", "UPDATE account SET away = 'gone' WHERE username = 'user001'", 0, SAMPLE_NOW, 0,
	 100, 10, 0, 0},
};

static void
listing(void **state)
{
	struct session other = sample_session(9);

	(void)state;
	for (uint32_t i = 1; i <= 4; i++) {
		insert_account(i);
		insert(i);
	}
	other.realm_id = SAMPLE_REALM + 1;
	assert_int_equal(session_insert(store, &other), STORE_OK);
	sample_id(3, nobody);
	assert_int_equal(session_end(store, nobody, 50), STORE_OK);
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct session_list list;
		uint8_t account[ID_SIZE], first[ID_SIZE];
		const struct session_query query = {
			.realm_id = SAMPLE_REALM,
			.epoch = lists[i].epoch,
			.idle = lists[i].idle,
			.account_id = lists[i].account ? account : NULL,
			.max = lists[i].max,
		};

		private_db_number("%s", lists[i].change);
		sample_id(lists[i].account, account);
		sample_id(lists[i].first, first);
		check_verdict(lists[i].name,
			      session_list(store, arena, &query, lists[i].now, &list), STORE_OK);
		if (list.count != lists[i].count)
			fail_msg("%s: %zu", lists[i].name, list.count);
		for (size_t s = 0; s < list.count; s++) {
			if (list.session[s].facts_count != 1)
				fail_msg("%s: facts", lists[i].name);
		}
		if (list.count > 0 && memcmp(list.session[0].id, first, ID_SIZE) != 0)
			fail_msg("%s: first", lists[i].name);
	}
}

/* Factors that later releases know: lines of one session become its facts. */
static void
several_facts_are_one_session(void **state)
{
	struct session wanted, found;
	const struct session_query query = {.realm_id = SAMPLE_REALM, .idle = 100, .max = 10};
	struct session_list list;
	struct account account;

	(void)state;
	insert_account(1);
	insert_account(2);
	wanted = insert(1);
	insert(2);
	private_db_number("INSERT INTO session_fact (session_id, factor, proven_at, flow_id)"
			  " SELECT session_id, seq, seq, flow_id"
			  " FROM session_fact, seq_1_to_12");
	assert_int_equal(session_find(store, arena, SAMPLE_REALM, wanted.id, wanted.secret_hash,
				      &found, &account),
			 STORE_OK);
	assert_int_equal(found.facts_count, FACTS_MAX);
	assert_int_equal(found.facts[3].proven_at, 3);
	assert_int_equal(session_list(store, arena, &query, SAMPLE_NOW, &list), STORE_OK);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.session[0].facts_count, FACTS_MAX);
	assert_int_equal(list.session[1].facts_count, FACTS_MAX);
}

static void
a_flow_completes_once(void **state)
{
	uint8_t flow[ID_SIZE], other[ID_SIZE];

	(void)state;
	sample_id(1, flow);
	sample_id(2, other);
	assert_int_equal(flow_complete(store, flow, SAMPLE_NOW), STORE_OK);
	assert_int_equal(flow_complete(store, flow, SAMPLE_NOW + 1), STORE_CONFLICT);
	assert_int_equal(flow_complete(store, other, SAMPLE_NOW), STORE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(session_is_read_with_facts_and_account),
		store_test(session_is_found_by_its_secret_alone),
		store_test(session_without_facts_and_texts),
		store_test(a_conflict_leaves_no_facts),
		store_test(proving),
		store_test(proving_an_unknown_session),
		store_test(touching_moves_forward_only),
		store_test(ending_once),
		store_test(ending_all),
		store_test(listing),
		store_test(several_facts_are_one_session),
		store_test(a_flow_completes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
