/* SPDX-License-Identifier: ISC */
/*
 * Accounts: reading, the conditions of each change, what moves auth_epoch, and removal.
 */
#include "tests/sql/check.h"

#include "core/base/b64.h"
#include "core/base/json.h"

static uint8_t one[ID_SIZE], nobody[ID_SIZE];

static struct account
insert(uint32_t number)
{
	struct account account = sample_account(arena, number);

	sample_id(1, one);
	sample_id(999, nobody);
	assert_int_equal(account_insert(store, &account), STORE_OK);
	return account;
}

static struct account
read_one(void)
{
	struct account account;

	assert_int_equal(account_find(store, arena, SAMPLE_REALM, one, &account), STORE_OK);
	return account;
}

static void
account_is_read_as_written(void **state)
{
	struct account wanted = insert(1), found;

	(void)state;
	assert_int_equal(account_find_name(store, arena, SAMPLE_REALM, "user001", &found),
			 STORE_OK);
	assert_memory_equal(found.id, wanted.id, ID_SIZE);
	assert_int_equal(found.realm_id, SAMPLE_REALM);
	assert_string_equal(found.sub, "sub-1");
	assert_string_equal(found.username, "user001");
	assert_string_equal(found.password, wanted.password);
	assert_int_equal(found.auth_epoch, 3);
	assert_int_equal(found.disabled_at, 0);
	assert_int_equal(found.created_at, SAMPLE_NOW - 100);
	assert_int_equal(found.updated_at, SAMPLE_NOW - 50);
	assert_string_equal(json_text_or_null(found.claims, "name"),
			    json_text_or_null(wanted.claims, "name"));
}

static void
finding_is_exact(void **state)
{
	static const struct {
		const char *name, *username;
		uint32_t realm_id;
		enum store_verdict verdict;
	} cases[] = {
		{"as stored", "user001", SAMPLE_REALM, STORE_OK},
		{"another realm", "user001", SAMPLE_REALM + 1, STORE_NONE},
		{"another case", "USER001", SAMPLE_REALM, STORE_NONE},
		{"a blank behind", "user001 ", SAMPLE_REALM, STORE_NONE},
		{"a pattern", "user%", SAMPLE_REALM, STORE_NONE},
		{"a quote", "user001' OR '1'='1", SAMPLE_REALM, STORE_NONE},
	};
	struct account found;

	(void)state;
	insert(1);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_verdict(cases[i].name,
			      account_find_name(store, arena, cases[i].realm_id, cases[i].username,
						&found),
			      cases[i].verdict);
	assert_int_equal(account_find(store, arena, SAMPLE_REALM, one, &found), STORE_OK);
	assert_int_equal(account_find(store, arena, SAMPLE_REALM + 1, one, &found), STORE_NONE);
	assert_int_equal(account_find(store, arena, SAMPLE_REALM, nobody, &found), STORE_NONE);
}

static void
names_and_subs_are_unique_in_a_realm(void **state)
{
	static const struct {
		const char *name, *username, *sub;
		uint32_t realm_id;
		enum store_verdict verdict;
	} cases[] = {
		{"name taken", "user001", "sub-9", SAMPLE_REALM, STORE_CONFLICT},
		{"sub taken", "user009", "sub-1", SAMPLE_REALM, STORE_CONFLICT},
		{"another realm", "user001", "sub-1", SAMPLE_REALM + 1, STORE_OK},
		{"sub in another case", "user009", "SUB-1", SAMPLE_REALM, STORE_OK},
	};

	(void)state;
	insert(1);
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		struct account account = sample_account(arena, 10 + i);

		account.username = cases[i].username;
		account.sub = cases[i].sub;
		account.realm_id = cases[i].realm_id;
		check_verdict(cases[i].name, account_insert(store, &account), cases[i].verdict);
	}
}

static void
accounts_are_listed(void **state)
{
	static const struct {
		const char *name, *part, *after;
		size_t max, count;
		const char *first;
	} cases[] = {
		{"all", NULL, NULL, 100, 12, "user001"},
		{"a part", "01", NULL, 100, 4, "user001"},
		{"a part that is a pattern elsewhere", "%", NULL, 100, 0, NULL},
		{"after one", NULL, "user010", 100, 2, "user011"},
		{"at most", NULL, "user003", 2, 2, "user004"},
	};
	struct account_list list;

	(void)state;
	for (uint32_t i = 1; i <= 12; i++)
		insert(i);
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_verdict(cases[i].name,
			      account_list(store, arena, SAMPLE_REALM, cases[i].part,
					   cases[i].after, cases[i].max, &list),
			      STORE_OK);
		if (list.count != cases[i].count)
			fail_msg("%s: %zu", cases[i].name, list.count);
		if (cases[i].first && strcmp(list.account[0].username, cases[i].first) != 0)
			fail_msg("%s: first is %s", cases[i].name, list.account[0].username);
	}
}

static void
rehash_needs_the_old_hash(void **state)
{
	static const struct {
		const char *name, *old, *hash;
		enum store_verdict verdict;
	} cases[] = {
		{"another old hash", "$y$j9T$other", "$y$j9T$new", STORE_NONE},
		{"the old hash in another case", "$Y$J9T$OLD", "$y$j9T$new", STORE_NONE},
		{"the old hash", "$y$j9T$old", "$y$j9T$new", STORE_OK},
		{"it was replaced", "$y$j9T$old", "$y$j9T$newer", STORE_NONE},
		{"by the same", "$y$j9T$new", "$y$j9T$new", STORE_OK},
	};

	(void)state;
	insert(1);
	insert(2);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_verdict(cases[i].name,
			      account_rehash(store, one, cases[i].old, cases[i].hash),
			      cases[i].verdict);
	struct account found = read_one();

	assert_string_equal(found.password, "$y$j9T$new");
	assert_int_equal(found.auth_epoch, 3);
	assert_int_equal(found.updated_at, SAMPLE_NOW - 50);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account"
					   " WHERE password = '$y$j9T$old'"),
			 1);
}

static void
a_new_password_moves_the_epoch(void **state)
{
	(void)state;
	insert(1);
	assert_int_equal(account_set_password(store, nobody, "x", 5), STORE_NONE);
	assert_int_equal(account_set_password(store, one, "$new", 5), STORE_OK);
	struct account found = read_one();

	assert_string_equal(found.password, "$new");
	assert_int_equal(found.updated_at, 5);
	assert_int_equal(found.auth_epoch, 4);
	assert_int_equal(account_set_password(store, one, NULL, 5), STORE_OK);
	found = read_one();
	assert_null(found.password);
	assert_int_equal(found.auth_epoch, 5);
}

static void
claims_are_set(void **state)
{
	struct json_object *claims = json_new_object(arena);

	(void)state;
	insert(1);
	json_add_text(claims, "email", "r@example.org");
	assert_int_equal(account_set_claims(store, nobody, claims, NULL, 5), STORE_NONE);
	assert_int_equal(account_set_claims(store, one, claims, NULL, 5), STORE_OK);
	assert_int_equal(account_set_claims(store, one, claims, NULL, 5), STORE_OK);
	struct account found = read_one();

	assert_string_equal(json_text_or_null(found.claims, "email"), "r@example.org");
	assert_null(json_text_or_null(found.claims, "name"));
	assert_int_equal(found.updated_at, 5);
	assert_int_equal(found.auth_epoch, 3);
}

static void
own_claims_are_kept_apart(void **state)
{
	struct json_object *claims = json_new_object(arena), *own = json_new_object(arena);

	(void)state;
	insert(1);
	json_add_text(own, "locale", "en");
	assert_int_equal(account_own_claims(store, arena, nobody, &claims), STORE_NONE);
	assert_int_equal(account_own_claims(store, arena, one, &claims), STORE_OK);
	assert_int_equal(json_object_object_length(claims), 0);
	assert_int_equal(account_set_claims(store, one, claims, own, 5), STORE_OK);
	assert_int_equal(account_set_person(store, one, "user001", claims, 6), STORE_OK);
	assert_int_equal(account_own_claims(store, arena, one, &own), STORE_OK);
	assert_string_equal(json_text_or_null(own, "locale"), "en");
	(void)private_db_number("UPDATE account SET own_claims = 'x' WHERE id = UNHEX('%s')",
				hex_encode(arena, one, ID_SIZE));
	assert_int_equal(account_own_claims(store, arena, one, &own), STORE_NONE);
}

static void
claims_are_never_null_and_must_be_readable(void **state)
{
	struct account account = sample_account(arena, 2), found;

	(void)state;
	account.claims = NULL;
	assert_int_equal(account_insert(store, &account), STORE_OK);
	assert_int_equal(account_find(store, arena, SAMPLE_REALM, account.id, &found), STORE_OK);
	assert_non_null(found.claims);
	private_db_number("UPDATE account SET claims = '{\"a\":1,\"a\":2}'");
	assert_int_equal(account_find(store, arena, SAMPLE_REALM, account.id, &found), STORE_NONE);
	assert_non_null(strstr(log_line, "stored_document_unreadable"));
}

static void
disabling(void **state)
{
	static const struct {
		const char *name;
		bool disabled;
		enum store_verdict verdict;
		int64_t epoch, disabled_at;
	} cases[] = {
		{"enabled already", false, STORE_NONE, 3, 0},   {"disable", true, STORE_OK, 4, 102},
		{"disabled already", true, STORE_NONE, 4, 102}, {"enable", false, STORE_OK, 4, 0},
		{"disable again", true, STORE_OK, 5, 105},
	};

	(void)state;
	insert(1);
	for (int i = 0; i < (int)COUNT(cases); i++) {
		check_verdict(cases[i].name,
			      account_set_disabled(store, one, cases[i].disabled, 101 + i),
			      cases[i].verdict);
		struct account found = read_one();

		if (found.auth_epoch != cases[i].epoch ||
		    (found.disabled_at != 0) != (cases[i].disabled_at != 0))
			fail_msg("%s: epoch %d", cases[i].name, (int)found.auth_epoch);
	}
	assert_int_equal(account_set_disabled(store, nobody, true, 1), STORE_NONE);
}

/* Somebody of the source "unix". */
static struct account
insert_from_unix(uint32_t number)
{
	struct account account = sample_account(arena, number);

	account.source = "unix";
	account.source_key = arena_printf(arena, "user:%u", number);
	account.checked_at = SAMPLE_NOW;
	sample_id(1, one);
	assert_int_equal(account_insert(store, &account), STORE_OK);
	return account;
}

static void
people_are_found_by_their_key(void **state)
{
	static const struct {
		const char *name, *source, *key;
		uint32_t realm_id;
		enum store_verdict verdict;
	} cases[] = {
		{"the key", "unix", "user:1", SAMPLE_REALM, STORE_OK},
		{"another key", "unix", "user:11", SAMPLE_REALM, STORE_NONE},
		{"another source", "ldap", "user:1", SAMPLE_REALM, STORE_NONE},
		{"another realm", "unix", "user:1", SAMPLE_REALM + 1, STORE_NONE},
	};
	struct account found, twin;

	(void)state;
	insert_from_unix(1);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_verdict(cases[i].name,
			      account_find_key(store, arena, cases[i].realm_id, cases[i].source,
					       cases[i].key, &found),
			      cases[i].verdict);
	found = read_one();
	assert_string_equal(found.source, "unix");
	assert_string_equal(found.source_key, "user:1");
	assert_int_equal(found.checked_at, SAMPLE_NOW);
	assert_null(found.away);
	twin = sample_account(arena, 2);
	twin.source = "unix";
	twin.source_key = "user:1";
	assert_int_equal(account_insert(store, &twin), STORE_CONFLICT);
	insert(3);
	insert(4); /* own accounts have no key, and are many */
}

static void
people_go_away_and_come_back(void **state)
{
	struct json_object *claims = json_new_object(arena);
	struct account found;

	(void)state;
	insert_from_unix(1);
	insert(2);
	json_add_text(claims, "name", "New");
	assert_int_equal(account_set_away(store, one, ACCOUNT_LOCKED, SAMPLE_NOW), STORE_OK);
	assert_int_equal(account_set_away(store, one, ACCOUNT_LOCKED, SAMPLE_NOW), STORE_NONE);
	found = read_one();
	assert_string_equal(found.away, "locked");
	assert_string_equal(found.username, "user001");
	assert_int_equal(found.auth_epoch, 4);
	assert_int_equal(account_set_away(store, one, ACCOUNT_GONE, SAMPLE_NOW), STORE_OK);
	found = read_one();
	assert_string_equal(found.away, "gone");
	assert_string_equal(found.username, arena_printf(arena, "~%s", hex_encode(arena, one, 16)));
	assert_int_equal(found.auth_epoch, 5);
	assert_int_equal(account_set_person(store, one, "user002", claims, SAMPLE_NOW + 5),
			 STORE_CONFLICT);
	assert_int_equal(account_set_person(store, one, "user001", claims, SAMPLE_NOW + 5),
			 STORE_OK);
	found = read_one();
	assert_null(found.away);
	assert_string_equal(found.username, "user001");
	assert_int_equal(found.checked_at, SAMPLE_NOW + 5);
	assert_int_equal(found.auth_epoch, 5);
	assert_string_equal(json_text_or_null(found.claims, "name"), "New");
	assert_int_equal(account_set_person(store, nobody, "x", claims, 1), STORE_NONE);
}

static void
unseen_are_those_with_something_live(void **state)
{
	static const struct {
		const char *name;
		const char *change; /* before it is asked for */
		size_t count;
	} cases[] = {
		{"neither session nor grant", "DO 1", 0},
		{"a session", "UPDATE session SET account_id = (SELECT id FROM account)", 1},
		{"an ended session", "UPDATE session SET ended_at = 1", 0},
		{"a session that is over", "UPDATE session SET ended_at = 0, expires_at = 1", 0},
		{"a grant", "UPDATE auth_grant SET account_id = (SELECT id FROM account)", 1},
		{"a revoked grant", "UPDATE auth_grant SET revoked_at = 1", 0},
		{"a grant that is over", "UPDATE auth_grant SET revoked_at = 0, expires_at = 1", 0},
		{"a live one again", "UPDATE auth_grant SET expires_at = 9999999999", 1},
		{"seen", "UPDATE account SET checked_at = 9999999999", 0},
		{"away", "UPDATE account SET checked_at = 0, away = 'locked'", 0},
		{"another source", "UPDATE account SET away = NULL, source = 'ldap'", 0},
	};
	struct session session = sample_session(900);
	struct grant grant = sample_grant(901);
	struct account_list list;

	(void)state;
	insert_from_unix(1);
	assert_int_equal(session_insert(store, &session), STORE_OK);
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		private_db_number("%s", cases[i].change);
		check_verdict(cases[i].name,
			      account_unseen(store, arena, SAMPLE_REALM, "unix", SAMPLE_NOW + 1,
					     SAMPLE_NOW, 10, &list),
			      STORE_OK);
		if (list.count != cases[i].count)
			fail_msg("%s: %zu", cases[i].name, list.count);
	}
}

static void
a_person_goes_with_sessions_grants_tokens_and_consents(void **state)
{
	static const struct {
		const char *table;
		int64_t left;
	} cases[] = {
		{"account", 1},      {"session", 1}, {"session_fact", 1}, {"auth_grant", 1},
		{"access_token", 1}, {"consent", 1}, {"audit", 2},
	};

	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		struct account account = insert(i);
		struct session session = sample_session(i);
		struct grant grant = sample_grant(i);
		struct access_row token = sample_token(i, i);
		struct audit_row audit = sample_audit(i);

		audit.account_id = account.id;
		assert_int_equal(session_insert(store, &session), STORE_OK);
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
		assert_int_equal(access_insert(store, &token), STORE_OK);
		assert_int_equal(consent_put(store, SAMPLE_REALM, account.id, "app", "a", 1),
				 STORE_OK);
		assert_int_equal(audit_insert(store, &audit), STORE_OK);
	}
	assert_int_equal(account_remove(store, one), STORE_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (private_db_number("SELECT COUNT(*) FROM %s", cases[i].table) != cases[i].left)
			fail_msg("%s: rows left", cases[i].table);
	}
	assert_int_equal(account_remove(store, one), STORE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(account_is_read_as_written),
		store_test(finding_is_exact),
		store_test(names_and_subs_are_unique_in_a_realm),
		store_test(accounts_are_listed),
		store_test(rehash_needs_the_old_hash),
		store_test(a_new_password_moves_the_epoch),
		store_test(claims_are_set),
		store_test(own_claims_are_kept_apart),
		store_test(claims_are_never_null_and_must_be_readable),
		store_test(disabling),
		store_test(people_are_found_by_their_key),
		store_test(people_go_away_and_come_back),
		store_test(unseen_are_those_with_something_live),
		store_test(a_person_goes_with_sessions_grants_tokens_and_consents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
