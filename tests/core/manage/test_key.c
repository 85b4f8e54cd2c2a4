/* SPDX-License-Identifier: ISC */
/*
 * The life of keys as the clock moves: publication, promotion, archiving, forgetting; compromise;
 * a new master key; two hosts at once.
 */
#include "core/port/secrets.h"
#include "tests/core/manage/fixture.h"

static void
upkeep(void)
{
	enter("main");
	assert_int_equal(manage_key_upkeep(&t.tx, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(t.why.size, 0);
}

static const struct key_row *
key_of(const char *alg, const char *state)
{
	struct key_list list;

	assert_int_equal(key_list(t.tx.store, t.arena, t.tx.realm->id, &list), STORE_OK);
	for (size_t i = 0; i < list.count; i++)
		if (str_equal(list.row[i].alg, alg) && str_equal(list.row[i].state, state))
			return arena_copy(t.arena, &list.row[i], sizeof(list.row[i]));
	fail_msg("no %s key is %s", alg, state);
	return NULL;
}

/* A stored key gives a usable key again, and its id is what it should be. */
static void
keys_open_and_have_their_ids(void **state)
{
	struct key_list list;

	(void)state;
	assert_int_equal(key_list(t.tx.store, t.arena, t.tx.realm->id, &list), STORE_OK);
	assert_int_equal(list.count, 3);
	for (size_t i = 0; i < list.count; i++) {
		const struct key_row *row = &list.row[i];
		struct seal_place place = key_seal_place(t.tx.realm, row);
		struct jwk key;
		uint8_t *plain;
		size_t size;

		assert_int_equal(seal_open(t.arena, t.provider.master, &place, row->sealed,
					   row->sealed_size, &plain, &size),
				 SEAL_OK);
		if (str_equal(row->kind, "mac")) {
			assert_int_equal(size, KEYRING_MAC_SIZE);
			continue;
		}
		assert_int_equal(jwk_from_private_bytes(t.arena, jws_alg_by_name(row->alg), NULL,
							plain, size, &key),
				 JWK_OK);
		assert_string_equal(row->kid, jwk_thumbprint(t.arena, &key));
	}
}

static void
rotation_by_age(void **state)
{
	static const struct {
		const char *name;
		int64_t wait;                            /* seconds before the upkeep */
		int64_t next, active, retired, archived; /* ES256 keys after it */
		int64_t macs;                            /* MAC keys in all */
	} steps[] = {
		{"young", 89 * DAY, 0, 1, 0, 0, 1},
		{"old: a successor is published, the MAC key is replaced", DAY, 1, 1, 0, 0, 2},
		{"published too shortly", HOUR - 1, 1, 1, 0, 0, 2},
		{"published long enough", 1, 0, 1, 1, 0, 2},
		{"its last token may still be good", DAY, 0, 1, 1, 0, 2},
		{"its last token has expired", 1, 0, 1, 0, 1, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		move_clock(steps[i].wait);
		upkeep();
		if (keys_in("ES256", "next") != steps[i].next ||
		    keys_in("ES256", "active") != steps[i].active ||
		    keys_in("ES256", "retired") != steps[i].retired ||
		    keys_in("ES256", "archived") != steps[i].archived ||
		    private_db_number("SELECT COUNT(*) FROM realm_key WHERE kind = 'mac'") !=
			    steps[i].macs)
			fail_msg("%s", steps[i].name);
	}
}

static void
rotation_can_be_off(void **state)
{
	(void)state;
	assert_int_equal(
		manage_realm_set(&t.tx, &(struct manage_pair){"key_rotation", "0s"}, 1, &t.why),
		MANAGE_OK);
	move_clock(3000LL * DAY);
	upkeep();
	assert_int_equal(keys_in("ES256", "next"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM realm_key"), 3);
}

/* A retired MAC key stays as long as the longest refresh token of any client. */
static void
mac_keys_stay_for_the_longest_refresh_token(void **state)
{
	const struct manage_edit edits[] = {
		{MANAGE_SET, "client_name", "App"},
		{MANAGE_SET, "redirect_uris", "https://app.example/cb"},
		{MANAGE_SET, "refresh_token_lifetime", "200d"},
	};
	struct manage_secret secret;
	const char *id;

	(void)state;
	assert_int_equal(
		manage_client_add(&t.tx,
				  &(struct manage_client_new){.edits = edits, .edits_count = 3},
				  &id, &secret, &t.why),
		MANAGE_OK);
	assert_int_equal(manage_key_rotate(&t.tx, "HS256", false, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(keys_in("HS256", "retired"), 1);
	assert_int_equal(
		manage_realm_set(&t.tx, &(struct manage_pair){"key_rotation", "0s"}, 1, &t.why),
		MANAGE_OK);
	move_clock(200LL * DAY);
	upkeep();
	assert_int_equal(keys_in("HS256", "retired"), 1);
	move_clock(1);
	upkeep();
	assert_int_equal(keys_in("HS256", "archived"), 1);
}

static void
old_keys_are_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < MANAGE_KEY_KEEP_OLD + 3; i++) {
		t.tx.now_ms++;
		assert_int_equal(manage_key_rotate(&t.tx, "ES256", true, &t.report, &t.why),
				 MANAGE_OK);
	}
	assert_int_equal(
		manage_realm_set(&t.tx, &(struct manage_pair){"key_rotation", "0s"}, 1, &t.why),
		MANAGE_OK);
	move_clock(DAY + 1);
	upkeep();
	assert_int_equal(keys_in("ES256", "archived"), MANAGE_KEY_KEEP_OLD);
	assert_int_equal(keys_in("ES256", "active"), 1);
	assert_int_equal(records("key_forgotten"), 3);
}

/* What two hosts leave that rotate in the same moment. */
static void
doubles_retire(void **state)
{
	struct key_row row;

	(void)state;
	t.tx.now_ms++;
	row = manage_key_make(&t.tx, t.tx.realm, "ES256", "active");
	assert_int_equal(key_insert(t.tx.store, &row), STORE_OK);
	assert_int_equal(keys_in("ES256", "active"), 2);
	upkeep();
	assert_string_equal(key_of("ES256", "active")->kid, row.kid);
	assert_int_equal(keys_in("ES256", "retired"), 1);
}

static void
compromise(void **state)
{
	const struct key_row *old = key_of("RS256", "active");
	int64_t generation, after;

	(void)state;
	assert_int_equal(generation_read(t.tx.store, &generation), STORE_OK);
	assert_int_equal(manage_key_compromise(&t.tx, "nobody", &t.report, &t.why),
			 MANAGE_NOT_FOUND);
	assert_int_equal(manage_key_compromise(&t.tx, old->kid, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(keys_in("RS256", "compromised"), 1);
	assert_string_not_equal(key_of("RS256", "active")->kid, old->kid);
	assert_int_equal(generation_read(t.tx.store, &after), STORE_OK);
	assert_true(after > generation);
	enter("main");
	assert_true(t.tx.realm->epoch > SAMPLE_NOW);
	assert_int_equal(manage_key_compromise(&t.tx, old->kid, &t.report, &t.why), MANAGE_REFUSED);
	assert_int_equal(records("key_compromised"), 1);
}

/* A retired key that leaks brings no second active one. */
static void
compromise_of_a_retired_key(void **state)
{
	const struct key_row *old = key_of("ES256", "active");

	(void)state;
	assert_int_equal(manage_key_rotate(&t.tx, "ES256", true, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(manage_key_compromise(&t.tx, old->kid, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(keys_in("ES256", "active"), 1);
	assert_int_equal(keys_in("ES256", "compromised"), 1);
}

static void
rewrap(void **state)
{
	static const uint8_t first[SEAL_KEY_SIZE] = {1}, second[SEAL_KEY_SIZE] = {2};
	struct manage_rewrap done;
	struct master *both = seal_master_new(t.arena, second);

	(void)state;
	t.provider.master = seal_master_new(t.arena, second);
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_REFUSED);
	assert_int_equal(done.lost, 3);
	assert_int_equal(seal_master_add_previous(both, first), 0);
	t.provider.master = both;
	enter("main");
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_OK);
	assert_int_equal(done.resealed, 3);
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_OK);
	assert_int_equal(done.resealed, 0);
	t.provider.master = seal_master_new(t.arena, second);
	keys_open_and_have_their_ids(NULL);
	assert_int_equal(records("keys_rewrapped"), 1);
}

static const struct manage_edit mac_client[] = {
	{MANAGE_SET, "token_endpoint_auth_method", "client_secret_jwt"},
	{MANAGE_SET, "grant_types", "client_credentials"},
	{MANAGE_SET, "response_types", ""},
	{MANAGE_SET, "scope", "email"},
};

/* Secrets that are sealed go along, the others are digests. */
static void
rewrap_of_secrets(void **state)
{
	static const uint8_t first[SEAL_KEY_SIZE] = {1}, second[SEAL_KEY_SIZE] = {2};
	struct master *both = seal_master_new(t.arena, second);
	const struct manage_client_new new = {
		.client_id = "mac", .edits = mac_client, .edits_count = 4};
	struct manage_rewrap done;
	struct manage_secret made, more;
	const struct client *client;
	const char *id, *why;

	(void)state;
	if (manage_client_add(&t.tx, &new, &id, &made, &t.why) != MANAGE_OK)
		fail_msg("%s", t.why.data);
	assert_true(made.sealed);
	assert_int_equal(manage_client_secret_add(&t.tx, "mac", 0, &more, &t.why), MANAGE_OK);
	assert_int_equal(seal_master_add_previous(both, first), 0);
	t.provider.master = both;
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_OK);
	assert_int_equal(done.secrets, 2);
	assert_int_equal(done.resealed, 5);
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_OK);
	assert_int_equal(done.resealed, 0);
	t.provider.master = seal_master_new(t.arena, second);
	assert_int_equal(manage_client_find(&t.tx, "mac", &client, &t.why), MANAGE_OK);
	for (size_t i = 0; i < 2; i++) {
		const char *text = client_secret_open(&t.tx, &client->secrets[i], &why);

		assert_non_null(text);
		assert_true(str_equal(text, made.text) || str_equal(text, more.text));
	}
	private_db_number("UPDATE client_secret SET client_id = client_id, id = REVERSE(id)");
	assert_int_equal(manage_key_rewrap(&t.tx, &done, &t.why), MANAGE_REFUSED);
	assert_int_equal(done.lost, 2);
	assert_non_null(strstr(t.why.data, "client mac, secret "));
}

static void
without_master_key_nothing_is_made(void **state)
{
	(void)state;
	t.provider.master = NULL;
	assert_int_equal(manage_key_rotate(&t.tx, NULL, true, &t.report, &t.why), MANAGE_REFUSED);
	assert_int_equal(manage_realm_set(&t.tx, &(struct manage_pair){"access_token_alg", "PS256"},
					  1, &t.why),
			 MANAGE_REFUSED);
	assert_int_equal(manage_realm_set(&t.tx, &(struct manage_pair){"access_token_alg", "RS256"},
					  1, &t.why),
			 MANAGE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DATABASE(keys_open_and_have_their_ids),
		ON_DATABASE(rotation_by_age),
		ON_DATABASE(rotation_can_be_off),
		ON_DATABASE(mac_keys_stay_for_the_longest_refresh_token),
		ON_DATABASE(old_keys_are_forgotten),
		ON_DATABASE(doubles_retire),
		ON_DATABASE(compromise),
		ON_DATABASE(compromise_of_a_retired_key),
		ON_DATABASE(rewrap),
		ON_DATABASE(rewrap_of_secrets),
		ON_DATABASE(without_master_key_nothing_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
