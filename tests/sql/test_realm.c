/* SPDX-License-Identifier: ISC */
/*
 * Realms, scopes, keys and the generation: what each verb changes and that the counter moves with
 * every change that others must see.
 */
#include "tests/sql/check.h"

#include "core/base/json.h"
#include "core/base/str.h"

static int64_t
generation(void)
{
	int64_t value = -1;

	assert_int_equal(generation_read(store, &value), STORE_OK);
	return value;
}

static void
realm_is_read_as_written(void **state)
{
	struct realm_row row = sample_realm(arena, SAMPLE_REALM), found;

	(void)state;
	assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
	assert_int_equal(realm_row_find(store, arena, "realm-7", &found), STORE_OK);
	assert_int_equal(found.id, row.id);
	assert_string_equal(found.name, row.name);
	assert_string_equal(found.issuer, row.issuer);
	assert_string_equal(found.vhost, row.vhost);
	assert_string_equal(found.display_name, row.display_name);
	assert_string_equal(found.profile, row.profile);
	assert_string_equal(found.settings, row.settings);
	assert_int_equal(found.epoch, row.epoch);
	assert_int_equal(realm_row_find(store, arena, "realm-8", &found), STORE_NONE);
	/* names are compared byte for byte */
	assert_int_equal(realm_row_find(store, arena, "REALM-7", &found), STORE_NONE);
	assert_int_equal(realm_row_find(store, arena, "realm-7 ", &found), STORE_NONE);
}

static void
realm_conflicts(void **state)
{
	static const struct {
		const char *name;
		uint32_t id;
		const char *realm, *issuer;
		enum store_verdict verdict;
	} cases[] = {
		{"all new", 8, "other", "https://other.example", STORE_OK},
		{"id taken", 7, "other2", "https://other2.example", STORE_CONFLICT},
		{"name taken", 9, "realm-7", "https://other3.example", STORE_CONFLICT},
		{"issuer taken", 9, "other4", "https://id.example/7", STORE_CONFLICT},
		{"issuer in other case", 9, "other5", "https://id.example/7A", STORE_OK},
		{"issuer in other case again", 10, "other6", "https://id.example/7a", STORE_OK},
	};
	struct realm_row row = sample_realm(arena, SAMPLE_REALM);

	(void)state;
	assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t before = generation();

		row.id = cases[i].id;
		row.name = cases[i].realm;
		row.issuer = cases[i].issuer;
		check_verdict(cases[i].name, realm_insert(store, &row, SAMPLE_NOW),
			      cases[i].verdict);
		if ((generation() != before) != (cases[i].verdict == STORE_OK))
			fail_msg("%s: generation", cases[i].name);
	}
}

static void
realm_is_updated(void **state)
{
	struct realm_row row = sample_realm(arena, SAMPLE_REALM), found;
	int64_t before;

	(void)state;
	assert_int_equal(realm_update(store, &row), STORE_NONE);
	assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
	before = generation();
	row.issuer = "https://new.example";
	row.vhost = NULL;
	row.display_name = "New";
	row.profile = "oauth21";
	row.settings = "{}";
	row.epoch = 99;
	assert_int_equal(realm_update(store, &row), STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(realm_row_find(store, arena, "realm-7", &found), STORE_OK);
	assert_string_equal(found.issuer, "https://new.example");
	assert_null(found.vhost);
	assert_string_equal(found.display_name, "New");
	assert_string_equal(found.profile, "oauth21");
	assert_string_equal(found.settings, "{}");
	assert_int_equal(found.epoch, 99);
	/* the same again is an update too */
	assert_int_equal(realm_update(store, &row), STORE_OK);
	struct realm_row other = sample_realm(arena, 8);

	assert_int_equal(realm_insert(store, &other, SAMPLE_NOW), STORE_OK);
	other.issuer = "https://new.example";
	assert_int_equal(realm_update(store, &other), STORE_CONFLICT);
}

static void
realms_are_loaded_with_their_scopes(void **state)
{
	struct realm_list list;

	(void)state;
	for (uint32_t id = 3; id <= 5; id++) {
		struct realm_row row = sample_realm(arena, id);

		if (id == 4)
			row.settings = "{\"nonsense\":\"1\"}";
		assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
	}
	assert_int_equal(
		scope_put(store,
			  &(struct scope_row){3, "mail", "{\"\":\"Mail\",\"de\":\"Post\"}",
					      "email email_verified", "staff\nDomain Users"}),
		STORE_OK);
	assert_int_equal(scope_put(store, &(struct scope_row){4, "lost", NULL, NULL, NULL}),
			 STORE_OK);
	assert_int_equal(scope_put(store, &(struct scope_row){5, "a", NULL, NULL, NULL}), STORE_OK);
	assert_int_equal(scope_put(store, &(struct scope_row){5, "b", NULL, "", NULL}), STORE_OK);
	assert_int_equal(realm_load(store, arena, &list), STORE_OK);

	assert_int_equal(list.generation, generation());
	assert_int_equal(list.count, 2); /* the unreadable one is left out and told of */
	assert_non_null(strstr(log_line, "realm-4"));
	const struct realm *realm = &list.realm[0];

	assert_int_equal(realm->id, 3);
	assert_string_equal(realm->name, "realm-3");
	assert_string_equal(realm->issuer, "https://id.example/3");
	assert_string_equal(realm->vhost, "vhost-3");
	assert_non_null(realm->profile);
	assert_int_equal(realm->settings.access_token_lifetime, 300);
	assert_int_equal(realm->epoch, 12);
	assert_int_equal(realm->scopes_count, 1);
	assert_string_equal(realm->scopes[0].name, "mail");
	assert_string_equal(json_text_or_null(realm->scopes[0].description, "de"), "Post");
	assert_string_equal(realm->scopes[0].claims[0], "email");
	assert_int_equal(realm->scopes[0].required_groups.count, 2);
	assert_string_equal(realm->scopes[0].required_groups.item[1], "Domain Users");
	assert_string_equal(realm->scopes[0].claims[1], "email_verified");
	assert_null(realm->scopes[0].claims[2]);
	assert_int_equal(list.realm[1].id, 5);
	assert_int_equal(list.realm[1].scopes_count, 2);
	assert_string_equal(list.realm[1].scopes[1].name, "b");
	assert_null(list.realm[1].scopes[1].claims);
}

static void
unreadable_realms_are_left_out(void **state)
{
	static const struct {
		const char *name, *profile, *settings;
	} cases[] = {
		{"unknown profile", "later", "{}"},
		{"settings are not JSON", "oidc", "{"},
		{"settings are no object", "oidc", "[]"},
		{"unknown setting", "oidc", "{\"later\":\"1h\"}"},
		{"value out of range", "oidc", "{\"access_token_lifetime\":\"1000d\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct realm_row row = sample_realm(arena, 3);
		struct realm_list list;

		private_db_clear();
		row.profile = cases[i].profile;
		row.settings = cases[i].settings;
		check_verdict(cases[i].name, realm_insert(store, &row, 0), STORE_OK);
		check_verdict(cases[i].name, realm_load(store, arena, &list), STORE_OK);
		if (list.count != 0)
			fail_msg("%s: was loaded", cases[i].name);
	}
}

static void
scopes_are_put_and_removed(void **state)
{
	int64_t before = generation();

	(void)state;
	assert_int_equal(scope_put(store, &(struct scope_row){3, "mail", NULL, "email", NULL}),
			 STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(scope_put(store, &(struct scope_row){3, "mail", "{}", "phone", NULL}),
			 STORE_OK);
	assert_int_equal(scope_put(store, &(struct scope_row){3, "mail", "{}", "phone", NULL}),
			 STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM realm_scope WHERE realm_id = 3"
					   " AND name = 'mail' AND claims = 'phone'"),
			 1);
	before = generation();
	assert_int_equal(scope_remove(store, 4, "mail"), STORE_NONE);
	assert_int_equal(generation(), before);
	assert_int_equal(scope_remove(store, 3, "mail"), STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(scope_remove(store, 3, "mail"), STORE_NONE);
}

static void
keys_are_listed_newest_first(void **state)
{
	struct key_list list;
	int64_t before;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		struct key_row row = sample_key(arena, i);

		before = generation();
		assert_int_equal(key_insert(store, &row), STORE_OK);
		assert_true(generation() > before);
		assert_int_equal(key_insert(store, &row), STORE_CONFLICT);
	}
	assert_int_equal(key_list(store, arena, SAMPLE_REALM, &list), STORE_OK);
	assert_int_equal(list.count, 3);
	struct key_row wanted = sample_key(arena, 3);

	assert_memory_equal(list.row[0].id, wanted.id, ID_SIZE);
	assert_int_equal(list.row[0].realm_id, SAMPLE_REALM);
	assert_string_equal(list.row[0].kid, "kid-3");
	assert_string_equal(list.row[0].kind, "sig");
	assert_string_equal(list.row[0].alg, "ES256");
	assert_string_equal(list.row[0].state, "next");
	assert_int_equal(list.row[0].sealed_size, 12);
	assert_memory_equal(list.row[0].sealed, wanted.sealed, 12);
	assert_int_equal(list.row[0].created_at, SAMPLE_NOW + 3);
	assert_int_equal(list.row[0].changed_at, SAMPLE_NOW + 6);
	assert_int_equal(key_list(store, arena, 99, &list), STORE_OK);
	assert_int_equal(list.count, 0);
}

static void
key_states(void **state)
{
	static const struct {
		const char *name, *from, *to;
		enum store_verdict verdict;
	} cases[] = {
		{"from another state", "active", "retired", STORE_NONE},
		{"to the same state", "next", "next", STORE_NONE},
		{"from its state", "next", "active", STORE_OK},
		{"once more", "next", "active", STORE_NONE},
		{"further", "active", "retired", STORE_OK},
	};
	struct key_row row = sample_key(arena, 1);
	uint8_t unknown[ID_SIZE];

	(void)state;
	sample_id(2, unknown);
	assert_int_equal(key_insert(store, &row), STORE_OK);
	assert_int_equal(key_set_state(store, unknown, "next", "active", 1), STORE_NONE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t before = generation();

		check_verdict(
			cases[i].name,
			key_set_state(store, row.id, cases[i].from, cases[i].to, SAMPLE_NOW + 100),
			cases[i].verdict);
		if ((generation() != before) != (cases[i].verdict == STORE_OK))
			fail_msg("%s: generation", cases[i].name);
	}
	assert_int_equal(private_db_number("SELECT changed_at FROM realm_key"), SAMPLE_NOW + 100);
}

static void
keys_are_resealed_and_removed(void **state)
{
	struct key_row row = sample_key(arena, 1);
	const uint8_t fresh[] = {9, 0, 9};

	(void)state;
	assert_int_equal(key_insert(store, &row), STORE_OK);
	assert_int_equal(key_reseal(store, row.id, fresh, 3, fresh, 3), STORE_NONE);
	assert_int_equal(key_reseal(store, row.id, row.sealed, row.sealed_size, fresh, 3),
			 STORE_OK);
	assert_int_equal(key_reseal(store, row.id, row.sealed, row.sealed_size, fresh, 3),
			 STORE_NONE);
	assert_int_equal(private_db_number("SELECT sealed = X'090009' FROM realm_key"), 1);
	assert_int_equal(key_remove(store, row.id), STORE_OK);
	assert_int_equal(key_remove(store, row.id), STORE_NONE);
}

static void
fill_realm(uint32_t realm_id, uint32_t number)
{
	struct realm_row realm = sample_realm(arena, realm_id);
	struct client_row client = sample_client("app");
	struct client_secret secret = sample_secret(number);
	struct account account = sample_account(arena, number);
	struct session session = sample_session(number);
	struct grant grant = sample_grant(number);
	struct access_row token = sample_token(number, number);
	struct key_row key = sample_key(arena, number);
	struct audit_row audit = sample_audit(number);

	client.realm_id = account.realm_id = session.realm_id = grant.realm_id = realm_id;
	token.realm_id = key.realm_id = audit.realm_id = realm_id;
	assert_int_equal(realm_insert(store, &realm, 1), STORE_OK);
	assert_int_equal(scope_put(store, &(struct scope_row){realm_id, "mail", NULL, NULL, NULL}),
			 STORE_OK);
	assert_int_equal(client_insert(store, &client), STORE_OK);
	assert_int_equal(client_secret_insert(store, realm_id, "app", &secret), STORE_OK);
	assert_int_equal(account_insert(store, &account), STORE_OK);
	assert_int_equal(session_insert(store, &session), STORE_OK);
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	assert_int_equal(access_insert(store, &token), STORE_OK);
	assert_int_equal(key_insert(store, &key), STORE_OK);
	assert_int_equal(consent_put(store, realm_id, account.id, "app", "openid", 1), STORE_OK);
	assert_int_equal(audit_insert(store, &audit), STORE_OK);
}

static void
a_realm_goes_with_everything_in_it(void **state)
{
	static const char *const tables[] = {
		"realm",   "realm_scope",  "realm_key",  "client",       "client_secret", "account",
		"session", "session_fact", "auth_grant", "access_token", "consent",       "audit",
	};
	int64_t before;

	(void)state;
	fill_realm(3, 30);
	fill_realm(4, 40);
	before = generation();
	assert_int_equal(realm_remove(store, 3), STORE_OK);
	assert_true(generation() > before);
	for (size_t i = 0; i < COUNT(tables); i++) {
		if (private_db_number("SELECT COUNT(*) FROM %s", tables[i]) != 1)
			fail_msg("%s: not one row left", tables[i]);
	}
	before = generation();
	assert_int_equal(realm_remove(store, 3), STORE_NONE);
	assert_int_equal(generation(), before);
	assert_int_equal(private_db_number("SELECT id FROM realm"), 4);
}

/* More rows than one step takes. */
static void
removal_goes_on_step_by_step(void **state)
{
	(void)state;
	fill_realm(3, 30);
	private_db_number("INSERT INTO session_fact (session_id, factor, proven_at, flow_id)"
			  " SELECT CONCAT(LEFT(session_id, 12),"
			  " CHAR(seq >> 8, seq & 255), X'0000'), 0, 1, flow_id"
			  " FROM session_fact, seq_1_to_2500");
	private_db_number("INSERT INTO session (id, realm_id, account_id, secret_hash, auth_epoch,"
			  " created_at, activated_at, last_seen_at, expires_at, ended_at)"
			  " SELECT CONCAT(LEFT(id, 12), CHAR(seq >> 8, seq & 255), X'0000'), 3,"
			  " account_id, secret_hash, 0, 0, 0, 0, 0, 0 FROM session, seq_1_to_2500");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 2501);
	assert_int_equal(realm_remove(store, 3), STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM session_fact"), 0);
}

static void
generation_is_bumped(void **state)
{
	int64_t before = generation();

	(void)state;
	assert_int_equal(generation_bump(store), STORE_OK);
	assert_int_equal(generation(), before + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(generation_is_bumped),
		store_test(realm_is_read_as_written),
		store_test(realm_conflicts),
		store_test(realm_is_updated),
		store_test(realms_are_loaded_with_their_scopes),
		store_test(unreadable_realms_are_left_out),
		store_test(scopes_are_put_and_removed),
		store_test(keys_are_listed_newest_first),
		store_test(key_states),
		store_test(keys_are_resealed_and_removed),
		store_test(a_realm_goes_with_everything_in_it),
		store_test(removal_goes_on_step_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
