/* SPDX-License-Identifier: ISC */
/*
 * Grants, codes, refresh families, access tokens, revoked ids and consents: every condition of
 * every single-use statement has a case that fails without it.
 */
#include "tests/sql/check.h"

static uint8_t one[ID_SIZE], nobody[ID_SIZE];

static struct grant
insert(uint32_t number)
{
	struct grant grant = sample_grant(number);

	sample_id(1, one);
	sample_id(999, nobody);
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	return grant;
}

static void
insert_surroundings(uint32_t number)
{
	struct account account = sample_account(arena, number);
	struct session session = sample_session(number);
	struct client_row client = sample_client("app");

	assert_int_equal(account_insert(store, &account), STORE_OK);
	assert_int_equal(session_insert(store, &session), STORE_OK);
	assert_int_equal(client_insert(store, &client), STORE_OK);
}

static void
same_grant(const struct grant *got, const struct grant *wanted)
{
	assert_memory_equal(got->id, wanted->id, ID_SIZE);
	assert_int_equal(got->realm_id, wanted->realm_id);
	assert_string_equal(got->client_id, wanted->client_id);
	assert_memory_equal(got->account_id, wanted->account_id, ID_SIZE);
	assert_memory_equal(got->session_id, wanted->session_id, ID_SIZE);
	assert_int_equal(got->offline, wanted->offline);
	assert_int_equal(got->auth_epoch, wanted->auth_epoch);
	assert_string_equal(got->scope, wanted->scope);
	assert_string_equal(got->claims, wanted->claims);
	assert_string_equal(got->nonce, wanted->nonce);
	assert_string_equal(got->acr, wanted->acr);
	assert_string_equal(got->amr, wanted->amr);
	assert_int_equal(got->auth_time, wanted->auth_time);
	assert_int_equal(got->created_at, wanted->created_at);
	assert_int_equal(got->expires_at, wanted->expires_at);
	assert_int_equal(got->revoked_at, wanted->revoked_at);
	assert_memory_equal(got->code_hash, wanted->code_hash, SHA256_SIZE);
	assert_int_equal(got->code_expires_at, wanted->code_expires_at);
	assert_int_equal(got->code_consumed_at, wanted->code_consumed_at);
	assert_string_equal(got->redirect_uri, wanted->redirect_uri);
	assert_int_equal(got->redirect_uri_sent, wanted->redirect_uri_sent);
	assert_string_equal(got->code_challenge, wanted->code_challenge);
	assert_int_equal(got->refresh_generation, wanted->refresh_generation);
	assert_int_equal(got->refresh_rotated_at, wanted->refresh_rotated_at);
}

static void
grant_is_read_with_what_it_depends_on(void **state)
{
	struct grant grant = sample_grant(1);
	struct grant_state found;

	(void)state;
	insert_surroundings(1);
	/* fields that are zero in the sample: each its own value */
	grant.offline = true;
	grant.revoked_at = 11;
	grant.code_consumed_at = 12;
	grant.refresh_generation = 13;
	grant.refresh_rotated_at = 14;
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	assert_int_equal(grant_insert(store, &grant), STORE_CONFLICT);
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, grant.id, NULL, &found), STORE_OK);
	same_grant(&found.grant, &grant);
	assert_string_equal(found.account.username, "user001");
	assert_null(found.account.claims);
	assert_int_equal(grant_read_claims(arena, &found), 0);
	assert_non_null(found.account.claims);
	found.account.claims = NULL;
	found.account_claims = "{\"a\":1,\"a\":2}";
	assert_int_equal(grant_read_claims(arena, &found), -1);
	assert_true(found.client_enabled);
	assert_int_equal(found.session_ended_at, 0);
	assert_int_equal(found.session_expires_at, SAMPLE_NOW + 1000);
	assert_false(found.jti_revoked);
}

static void
absent_texts_stay_absent(void **state)
{
	struct grant grant = sample_grant(1);
	struct grant_state found;

	(void)state;
	insert_surroundings(1);
	grant.claims = grant.nonce = grant.acr = grant.amr = grant.code_challenge = NULL;
	grant.scope = "";
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, grant.id, NULL, &found), STORE_OK);
	assert_null(found.grant.claims);
	assert_null(found.grant.nonce);
	assert_null(found.grant.acr);
	assert_null(found.grant.amr);
	assert_null(found.grant.code_challenge);
	assert_string_equal(found.grant.scope, "");
}

struct state_case {
	const char *name, *change;
	enum store_verdict verdict;
	bool client_enabled;
	int64_t session_ended_at, session_expires_at;
};

static void
grant_state_follows(void **state)
{
	static const struct state_case cases[] = {
		{"client disabled", "UPDATE client SET enabled = 0", STORE_OK, false, 0,
		 SAMPLE_NOW + 1000},
		{"client gone", "DELETE FROM client", STORE_OK, false, 0, SAMPLE_NOW + 1000},
		{"client of another realm", "UPDATE client SET realm_id = 99", STORE_OK, false, 0,
		 SAMPLE_NOW + 1000},
		{"session ended", "UPDATE session SET ended_at = 9", STORE_OK, true, 9,
		 SAMPLE_NOW + 1000},
		{"session gone", "DELETE FROM session", STORE_OK, true, 0, 0},
		{"account gone", "DELETE FROM account", STORE_NONE, false, 0, 0},
		{"grant of another realm", "UPDATE auth_grant SET realm_id = 99", STORE_NONE, false,
		 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct state_case *wanted = &cases[i];
		struct access_row token = sample_token(5, 1), row;
		struct grant_state by_grant, by_token;

		private_db_clear();
		insert_surroundings(1);
		insert(1);
		assert_int_equal(access_insert(store, &token), STORE_OK);
		private_db_number("%s", wanted->change);
		check_verdict(wanted->name,
			      grant_find(store, arena, SAMPLE_REALM, one, NULL, &by_grant),
			      wanted->verdict);
		check_verdict(wanted->name,
			      access_find(store, arena, SAMPLE_REALM, token.id, token.hash, &row,
					  &by_token),
			      wanted->verdict);
		if (wanted->verdict != STORE_OK)
			continue;
		if (by_grant.client_enabled != wanted->client_enabled ||
		    by_grant.session_ended_at != wanted->session_ended_at ||
		    by_grant.session_expires_at != wanted->session_expires_at ||
		    by_token.client_enabled != wanted->client_enabled ||
		    by_token.session_ended_at != wanted->session_ended_at ||
		    by_token.session_expires_at != wanted->session_expires_at)
			fail_msg("%s: state", wanted->name);
	}
}

static void
revoked_jtis(void **state)
{
	uint8_t jti[JTI_SIZE] = {1, 2, 3}, other[JTI_SIZE] = {1, 2, 4};
	struct grant_state found;

	(void)state;
	insert_surroundings(1);
	insert(1);
	assert_int_equal(jti_revoke(store, jti, SAMPLE_NOW), STORE_OK);
	assert_int_equal(jti_revoke(store, jti, SAMPLE_NOW), STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM revoked_jti"), 1);
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, one, jti, &found), STORE_OK);
	assert_true(found.jti_revoked);
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, one, other, &found), STORE_OK);
	assert_false(found.jti_revoked);
	assert_int_equal(grant_find(store, arena, SAMPLE_REALM, one, NULL, &found), STORE_OK);
	assert_false(found.jti_revoked);
}

static void
code_conditions(void **state)
{
	static const struct {
		const char *name;
		uint32_t id, secret;
		int64_t now;
		const char *change;
		enum store_verdict verdict;
	} cases[] = {
		{"good", 1, 1, SAMPLE_NOW, "DO 1", STORE_OK},
		{"its last second", 1, 1, SAMPLE_NOW + 58, "DO 1", STORE_OK},
		{"expired", 1, 1, SAMPLE_NOW + 59, "DO 1", STORE_NONE},
		{"wrong secret", 1, 2, SAMPLE_NOW, "DO 1", STORE_NONE},
		{"another grant", 2, 1, SAMPLE_NOW, "DO 1", STORE_NONE},
		{"unknown", 3, 1, SAMPLE_NOW, "DO 1", STORE_NONE},
		{"used", 1, 1, SAMPLE_NOW, "UPDATE auth_grant SET code_consumed_at = 5",
		 STORE_NONE},
		{"revoked", 1, 1, SAMPLE_NOW, "UPDATE auth_grant SET revoked_at = 5", STORE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t id[ID_SIZE], hash[SHA256_SIZE];
		struct code_use use = {id, hash, true, cases[i].now, SAMPLE_NOW + 5000};

		private_db_clear();
		insert(1);
		insert(2);
		sample_id(cases[i].id, id);
		sample_hash(cases[i].secret, hash);
		private_db_number("%s", cases[i].change);
		check_verdict(cases[i].name, code_consume(store, &use), cases[i].verdict);
		if (private_db_number("SELECT COUNT(*) FROM auth_grant WHERE expires_at = %d",
				      SAMPLE_NOW + 5000) != (cases[i].verdict == STORE_OK))
			fail_msg("%s: changed rows", cases[i].name);
		check_verdict(cases[i].name, code_consume(store, &use), STORE_NONE);
	}
}

static void
consuming_begins_the_family(void **state)
{
	static const struct {
		const char *name;
		bool with_refresh;
		int64_t generation, rotated_at;
	} cases[] = {
		{"with refresh token", true, 1, SAMPLE_NOW + 1},
		{"without", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct code_use use;
		struct grant_state found;
		struct grant grant;

		private_db_clear();
		insert_surroundings(1);
		grant = insert(1);
		use = (struct code_use){grant.id, grant.code_hash, cases[i].with_refresh,
					SAMPLE_NOW + 1, SAMPLE_NOW + 777};
		check_verdict(cases[i].name, code_consume(store, &use), STORE_OK);
		check_verdict(cases[i].name,
			      grant_find(store, arena, SAMPLE_REALM, one, NULL, &found), STORE_OK);
		grant.code_consumed_at = SAMPLE_NOW + 1;
		grant.expires_at = SAMPLE_NOW + 777;
		grant.refresh_generation = cases[i].generation;
		grant.refresh_rotated_at = cases[i].rotated_at;
		same_grant(&found.grant, &grant);
	}
}

static void
rotating(void **state)
{
	static const struct {
		const char *name;
		int64_t stored, generation, revoked_at;
		enum store_verdict verdict;
	} cases[] = {
		{"the current one", 4, 4, 0, STORE_OK}, {"the one before", 4, 3, 0, STORE_NONE},
		{"one to come", 4, 5, 0, STORE_NONE},   {"no family", 0, 0, 0, STORE_NONE},
		{"revoked", 4, 4, 9, STORE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct grant grant = sample_grant(1);

		private_db_clear();
		insert(2);
		grant.refresh_generation = cases[i].stored;
		grant.revoked_at = cases[i].revoked_at;
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
		check_verdict(cases[i].name,
			      refresh_rotate(store, grant.id, cases[i].generation, SAMPLE_NOW + 3),
			      cases[i].verdict);
		check_verdict(cases[i].name,
			      refresh_rotate(store, grant.id, cases[i].generation, SAMPLE_NOW + 3),
			      STORE_NONE);
		int64_t moved = private_db_number("SELECT COUNT(*) FROM auth_grant WHERE"
						  " refresh_generation = %d AND"
						  " refresh_rotated_at = %d",
						  (int)cases[i].generation + 1, SAMPLE_NOW + 3);

		if (moved != (cases[i].verdict == STORE_OK))
			fail_msg("%s: rows moved: %d", cases[i].name, (int)moved);
	}
}

static void
revoking_once(void **state)
{
	(void)state;
	insert(1);
	insert(2);
	assert_int_equal(grant_revoke(store, nobody, "revoked", 50), STORE_NONE);
	assert_int_equal(grant_revoke(store, one, "code_replay", 50), STORE_OK);
	assert_int_equal(grant_revoke(store, one, "revoked", 51), STORE_NONE);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant WHERE revoked_at = 50"
					   " AND revoked_reason = 'code_replay'"),
			 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant WHERE revoked_at = 0"),
			 1);
}

static void
revoking_all(void **state)
{
	static const struct {
		const char *name, *client_id;
		int64_t ended, left;
	} cases[] = {
		{"of an unknown client", "none", 0, 5},
		{"of one client", "app", 2, 3},
		{"of one client again", "app", 0, 3},
		{"of all clients", NULL, 1, 2},
	};
	uint8_t account[ID_SIZE];

	(void)state;
	sample_id(1, account);
	for (uint32_t i = 1; i <= 5; i++) {
		struct grant grant = sample_grant(i);

		if (i != 4) /* the fourth is somebody else's, the fifth another realm's */
			memcpy(grant.account_id, account, ID_SIZE);
		grant.client_id = i == 3 ? "other" : "app";
		grant.realm_id = i == 5 ? 99 : SAMPLE_REALM;
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ended = -1;

		check_verdict(cases[i].name,
			      grant_revoke_all(store, SAMPLE_REALM, account, cases[i].client_id,
					       "revoked", 50, &ended),
			      STORE_OK);
		if (ended != cases[i].ended ||
		    private_db_number("SELECT COUNT(*) FROM auth_grant WHERE revoked_at = 0") !=
			    cases[i].left)
			fail_msg("%s: ended %d", cases[i].name, (int)ended);
	}
}

static void
access_tokens(void **state)
{
	static const struct {
		const char *name;
		uint32_t realm_id, id, secret;
		enum store_verdict verdict;
	} cases[] = {
		{"good", SAMPLE_REALM, 5, 5, STORE_OK},
		{"wrong secret", SAMPLE_REALM, 5, 6, STORE_NONE},
		{"another token's secret", SAMPLE_REALM, 6, 5, STORE_NONE},
		{"unknown", SAMPLE_REALM, 7, 5, STORE_NONE},
		{"another realm", 99, 5, 5, STORE_NONE},
		{"its grant is gone", SAMPLE_REALM, 8, 8, STORE_NONE},
	};
	struct access_row tokens[] = {sample_token(5, 1), sample_token(6, 1), sample_token(8, 77)};
	struct grant grant;

	(void)state;
	insert_surroundings(1);
	grant = insert(1);
	for (size_t i = 0; i < COUNT(tokens); i++)
		assert_int_equal(access_insert(store, &tokens[i]), STORE_OK);
	assert_int_equal(access_insert(store, &tokens[0]), STORE_CONFLICT);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t id[ID_SIZE], hash[SHA256_SIZE];
		struct access_row row;
		struct grant_state found;
		uint64_t before = store_counters(store).statements;

		sample_id(cases[i].id, id);
		sample_hash(cases[i].secret, hash);
		check_verdict(cases[i].name,
			      access_find(store, arena, cases[i].realm_id, id, hash, &row, &found),
			      cases[i].verdict);
		assert_int_equal(store_counters(store).statements - before, 1);
		if (cases[i].verdict != STORE_OK)
			continue;
		same_grant(&found.grant, &grant);
		assert_memory_equal(row.id, tokens[0].id, ID_SIZE);
		assert_memory_equal(row.hash, tokens[0].hash, SHA256_SIZE);
		assert_memory_equal(row.grant_id, one, ID_SIZE);
		assert_int_equal(row.realm_id, SAMPLE_REALM);
		assert_string_equal(row.scope, "openid");
		assert_int_equal(row.issued_at, tokens[0].issued_at);
		assert_int_equal(row.expires_at, tokens[0].expires_at);
		assert_int_equal(row.revoked_at, 0);
	}
	assert_int_equal(access_revoke(store, tokens[0].id, 50), STORE_OK);
	assert_int_equal(access_revoke(store, tokens[0].id, 51), STORE_NONE);
	struct access_row row;
	struct grant_state found;

	assert_int_equal(
		access_find(store, arena, SAMPLE_REALM, tokens[0].id, tokens[0].hash, &row, &found),
		STORE_OK);
	assert_int_equal(row.revoked_at, 50);
	assert_int_equal(found.grant.revoked_at, 0);
}

static void
consents(void **state)
{
	const char *scope = NULL;
	uint8_t account[ID_SIZE], other[ID_SIZE];

	(void)state;
	sample_id(1, account);
	sample_id(2, other);
	assert_int_equal(consent_find(store, arena, SAMPLE_REALM, account, "app", &scope),
			 STORE_NONE);
	assert_int_equal(consent_put(store, SAMPLE_REALM, account, "app", "openid", 1), STORE_OK);
	assert_int_equal(consent_put(store, SAMPLE_REALM, account, "app", "openid mail", 2),
			 STORE_OK);
	assert_int_equal(consent_put(store, SAMPLE_REALM, account, "app", "openid mail", 2),
			 STORE_OK);
	assert_int_equal(consent_find(store, arena, SAMPLE_REALM, account, "app", &scope),
			 STORE_OK);
	assert_string_equal(scope, "openid mail");
	assert_int_equal(consent_find(store, arena, SAMPLE_REALM, other, "app", &scope),
			 STORE_NONE);
	assert_int_equal(consent_find(store, arena, SAMPLE_REALM, account, "App", &scope),
			 STORE_NONE);
	assert_int_equal(consent_find(store, arena, 99, account, "app", &scope), STORE_NONE);
	assert_int_equal(consent_remove(store, SAMPLE_REALM, other, "app"), STORE_NONE);
	assert_int_equal(consent_remove(store, SAMPLE_REALM, account, "app"), STORE_OK);
	assert_int_equal(consent_remove(store, SAMPLE_REALM, account, "app"), STORE_NONE);
}

/* Strict mode: what does not fit is refused, never cut. */
static void
what_does_not_fit_is_refused(void **state)
{
	struct grant grant = sample_grant(1);
	char scope[SCOPE_MAX + 2];

	(void)state;
	memset(scope, 'x', sizeof(scope) - 1);
	scope[sizeof(scope) - 1] = '\0';
	grant.scope = scope;
	assert_int_equal(grant_insert(store, &grant), STORE_DOWN);
	assert_non_null(strstr(store_error(store), "too long"));
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	scope[SCOPE_MAX] = '\0';
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(grant_is_read_with_what_it_depends_on),
		store_test(absent_texts_stay_absent),
		store_test(grant_state_follows),
		store_test(revoked_jtis),
		store_test(code_conditions),
		store_test(consuming_begins_the_family),
		store_test(rotating),
		store_test(revoking_once),
		store_test(revoking_all),
		store_test(access_tokens),
		store_test(consents),
		store_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
