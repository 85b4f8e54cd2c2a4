/* SPDX-License-Identifier: ISC */
/*
 * Refresh tokens: only what this realm made under a key that still counts is read, byte for byte.
 */
#include "core/base/b64.h"
#include "core/oauth/token/refresh.h"
#include "tests/lib/request_tx.h"

#define PACKED 56 /* key 4, grant 16, generation 4, MAC 32 */

static const uint8_t grant[ID_SIZE] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x80};
static const uint8_t other_key[KEYRING_MAC_SIZE] = {9};

/* The token with one packed byte changed. */
static char *
changed(const char *token, size_t place, uint8_t bits)
{
	uint8_t packed[PACKED];
	const char *text = token + strlen(REFRESH_PREFIX);

	assert_int_equal(b64url_decode_exact(text, strlen(text), packed, PACKED), 0);
	packed[place] ^= bits;
	return arena_printf(t.arena, "%s%s", REFRESH_PREFIX,
			    b64url_encode(t.arena, packed, PACKED));
}

static void
every_byte_counts(void **state)
{
	const char *token = refresh_make(&t.tx, grant, 7);
	struct refresh_token read;

	(void)state;
	assert_non_null(token);
	assert_int_equal(refresh_read(&t.tx, token, &read), 0);
	for (size_t i = 0; i < PACKED; i++)
		for (unsigned bit = 0; bit < 8; bit++)
			if (refresh_read(&t.tx, changed(token, i, (uint8_t)(1U << bit)), &read) ==
			    0)
				fail_msg("bit %u of byte %zu does not count", bit, i);
}

static void
every_length_counts(void **state)
{
	const char *token = refresh_make(&t.tx, grant, 7);
	struct refresh_token read;

	(void)state;
	for (size_t size = 0; size < strlen(token); size++)
		if (refresh_read(&t.tx, arena_printf(t.arena, "%.*s", (int)size, token), &read) ==
		    0)
			fail_msg("cut at %zu", size);
	check(refresh_read(&t.tx, arena_printf(t.arena, "%sA", token), &read) == -1, "longer");
	check(refresh_read(&t.tx, arena_printf(t.arena, "%s=", token), &read) == -1, "padded");
	check(refresh_read(&t.tx, arena_printf(t.arena, " %s", token), &read) == -1, "blank");
	check(refresh_read(&t.tx, token + strlen(REFRESH_PREFIX), &read) == -1, "no prefix");
	check(refresh_read(&t.tx, arena_printf(t.arena, "OST_RT_%s", token + 7), &read) == -1,
	      "prefix in capitals");
	check(refresh_read(&t.tx, arena_printf(t.arena, "ost_at_%s", token + 7), &read) == -1,
	      "prefix of another kind");
}

static void
round_trip(void **state)
{
	static const int64_t generations[] = {1, 2, 255, 256, 65536, INT32_MAX, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(generations); i++) {
		const char *name =
			arena_printf(t.arena, "generation %lld", (long long)generations[i]);
		const char *token = refresh_make(&t.tx, grant, generations[i]);
		struct refresh_token read;

		check_text(refresh_make(&t.tx, grant, generations[i]), token, name);
		check(refresh_read(&t.tx, token, &read) == 0, name);
		check(read.generation == generations[i], name);
		check(memcmp(read.grant_id, grant, ID_SIZE) == 0, name);
	}
}

static void
other_realm(void **state)
{
	static const char *const names[] = {"mai", "main2", "Main", "",
					    "a-realm-whose-name-is-as-long"};
	const char *token = refresh_make(&t.tx, grant, 7);
	struct refresh_token read;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		t.live.realm.name = names[i];
		check(refresh_read(&t.tx, token, &read) == -1, names[i]);
	}
	t.live.realm.name = "main";
	assert_int_equal(refresh_read(&t.tx, token, &read), 0);
}

/* A ring whose one MAC key has this number, state and secret. */
static void
use_ring(uint32_t number, enum key_state state, const uint8_t *key)
{
	t.live.ring = keyring_new(t.arena);
	assert_int_equal(keyring_add_mac(t.live.ring, number, state, key), 0);
}

static void
keys(void **state)
{
	static const uint8_t key[KEYRING_MAC_SIZE] = {2};
	static const struct {
		const char *name;
		uint32_t number;
		enum key_state state;
		const uint8_t *key;
		int wanted;
	} cases[] = {
		{"unknown number", 2, KEY_ACTIVE, key, -1},
		{"number of another key", 1, KEY_ACTIVE, other_key, -1},
		{"compromised", 1, KEY_COMPROMISED, key, -1},
		{"archived", 1, KEY_ARCHIVED, key, -1},
		{"retired", 1, KEY_RETIRED, key, 0},
		{"next: another host made it active earlier", 1, KEY_NEXT, key, 0},
		{"active", 1, KEY_ACTIVE, key, 0},
	};
	const char *token = refresh_make(&t.tx, grant, 7);
	struct refresh_token read;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		use_ring(cases[i].number, cases[i].state, cases[i].key);
		check(refresh_read(&t.tx, token, &read) == cases[i].wanted, cases[i].name);
		check((refresh_make(&t.tx, grant, 7) != NULL) == (cases[i].state == KEY_ACTIVE),
		      cases[i].name);
	}
	t.live.ring = keyring_new(t.arena);
	check(refresh_make(&t.tx, grant, 7) == NULL, "no key");
	check(refresh_read(&t.tx, token, &read) == -1, "no key");
}

/* After a rotation, tokens of both keys are good and new ones are made with the new key. */
static void
rotated(void **state)
{
	static const uint8_t key[KEYRING_MAC_SIZE] = {2};
	const char *old = refresh_make(&t.tx, grant, 7), *new;
	struct refresh_token read;

	(void)state;
	use_ring(1, KEY_RETIRED, key);
	assert_int_equal(keyring_add_mac(t.live.ring, 2, KEY_ACTIVE, other_key), 0);
	new = refresh_make(&t.tx, grant, 7);
	assert_string_not_equal(old, new);
	assert_int_equal(refresh_read(&t.tx, new, &read), 0);
	assert_int_equal(refresh_read(&t.tx, old, &read), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(every_byte_counts),
		tx_test(every_length_counts),
		tx_test(round_trip),
		tx_test(other_realm),
		tx_test(keys),
		tx_test(rotated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
