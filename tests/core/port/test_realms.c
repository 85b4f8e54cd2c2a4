/* SPDX-License-Identifier: ISC */
/*
 * The snapshot of realms on a private MariaDB: found by path and virtual host, reread when the
 * generation moved and only then, keys that cannot be opened left out.
 */
#include "core/port/realms.h"

#include "core/base/log.h"
#include "core/base/str.h"
#include "core/seal/seal.h"
#include "tests/core/base/check.h"
#include "tests/lib/private_db.h"

#define NOW_MS INT64_C(1800000000000)

static struct {
	struct arena *arena;
	struct store *store;
	struct log *log;
	struct master *master;
	struct realms *realms;
	size_t unusable; /* lines of the log about keys */
} own;

static void
count_line(void *context, const char *text)
{
	(void)context;
	own.unusable += strstr(text, "event=key_unusable") != NULL;
}

static void
add_realm(uint32_t id, const char *name, const char *issuer, const char *vhost)
{
	const struct realm_row row = {.id = id,
				      .name = name,
				      .issuer = issuer,
				      .vhost = vhost,
				      .display_name = name,
				      .profile = "oidc",
				      .settings = "{}"};

	assert_int_equal(realm_insert(own.store, &row, NOW_MS / 1000), STORE_OK);
}

static int
begin(void **state)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {7};

	(void)state;
	private_db();
	private_db_clear();
	own.unusable = 0;
	own.arena = arena_new(TEST_ARENA_CAP);
	own.log = log_to_function(count_line, NULL);
	own.store = private_db_store(own.log);
	own.master = seal_master_new(own.arena, key);
	own.realms = realms_new(own.store, own.master, own.log);
	add_realm(1, "root", "https://id.example", NULL);
	add_realm(2, "shop", "https://host.example/shop", NULL);
	add_realm(3, "deep", "https://host.example/shop/eu", NULL);
	add_realm(4, "virt", "https://virt.example", "v");
	add_realm(5, "vsub", "https://virt.example/sub", "v");
	add_realm(6, "dev", "http://localhost:8080/dev", NULL);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	realms_free(own.realms);
	store_close(own.store);
	log_close(own.log);
	arena_free(own.arena);
	return 0;
}

static const struct {
	const char *vhost, *path, *realm, *rest; /* realm NULL: none */
} paths[] = {
	{NULL, "/", "root", "/"},
	{NULL, "/token", "root", "/token"},
	{NULL, "", "root", ""},
	{NULL, "/shop", "shop", ""},
	{NULL, "/shop/token", "shop", "/token"},
	{NULL, "/shop/", "shop", "/"},
	{NULL, "/shopping", "root", "/shopping"},
	{NULL, "/shop/eu/token", "deep", "/token"},
	{NULL, "/shop/eux", "shop", "/eux"},
	{NULL, "/shop/e", "shop", "/e"},
	{NULL, "/Shop/token", "root", "/Shop/token"},
	{NULL, "/sub/token", "root", "/sub/token"},
	{NULL, "/x/shop/token", "root", "/x/shop/token"},
	{"v", "/token", "virt", "/token"},
	{"v", "/sub/token", "vsub", "/token"},
	{"v", "/shop/token", "virt", "/shop/token"},
	{"V", "/token", NULL, NULL},
	{"", "/token", NULL, NULL},
	{"other", "/sub/token", NULL, NULL},
};

static void
found_by_path(void **state)
{
	(void)state;
	assert_int_equal(realms_refresh(own.realms, NOW_MS), STORE_OK);
	assert_int_equal(realms_count(own.realms), 6);
	for (size_t i = 0; i < COUNT(paths); i++) {
		const char *rest = NULL;
		const struct realm_live *live =
			realms_by_path(own.realms, paths[i].vhost, paths[i].path, &rest);

		check_text(live ? live->realm.name : NULL, paths[i].realm, paths[i].path);
		check_text(rest, paths[i].rest, paths[i].path);
	}
}

static void
what_a_realm_knows(void **state)
{
	const struct realm_live *live;

	(void)state;
	assert_int_equal(realms_refresh(own.realms, NOW_MS), STORE_OK);
	live = realms_by_name(own.realms, "deep");
	check_text(live->path, "/shop/eu", "path");
	check_text(live->origin, "https://host.example", "origin");
	assert_true(live->secure);
	check_text(live->jwks, "{\"keys\":[]}", "no keys");
	live = realms_by_name(own.realms, "dev");
	assert_false(live->secure);
	check_text(live->origin, "http://localhost:8080", "origin");
	assert_null(realms_by_name(own.realms, "nobody"));
	assert_null(realms_at(own.realms, 6));
	live = realms_set_discovery(own.realms, live, "{}");
	check_text(live->discovery, "{}", "kept");
	check(live->discovery_tag[0] == '"', "tag");
}

static void
reread_when_it_moved(void **state)
{
	int64_t generation;

	(void)state;
	assert_int_equal(realms_refresh(own.realms, NOW_MS), STORE_OK);
	generation = realms_generation(own.realms);
	add_realm(9, "late", "https://late.example/late", NULL);
	assert_int_equal(realms_refresh(own.realms, NOW_MS + REALMS_CHECK_MS - 1), STORE_OK);
	assert_null(realms_by_name(own.realms, "late"));
	assert_int_equal(realms_refresh(own.realms, NOW_MS + REALMS_CHECK_MS), STORE_OK);
	assert_non_null(realms_by_name(own.realms, "late"));
	assert_true(realms_generation(own.realms) > generation);
	/* a clock that goes back is no reason to believe an old snapshot */
	add_realm(10, "later", "https://late.example/later", NULL);
	assert_int_equal(realms_refresh(own.realms, NOW_MS - 5000), STORE_OK);
	assert_non_null(realms_by_name(own.realms, "later"));
	add_realm(11, "last", "https://late.example/last", NULL);
	realms_forget(own.realms);
	assert_int_equal(realms_refresh(own.realms, NOW_MS - 5000), STORE_OK);
	assert_non_null(realms_by_name(own.realms, "last"));
}

static void
an_old_snapshot_is_kept(void **state)
{
	(void)state;
	assert_int_equal(realms_refresh(own.realms, NOW_MS), STORE_OK);
	private_db_halt();
	assert_int_equal(realms_refresh(own.realms, NOW_MS + 60000), STORE_OK);
	assert_int_equal(realms_count(own.realms), 6);
	realms_free(own.realms);
	own.realms = realms_new(own.store, own.master, own.log);
	assert_int_equal(realms_refresh(own.realms, NOW_MS + 60000), STORE_DOWN);
	assert_int_equal(realms_count(own.realms), 0);
	private_db_resume();
}

/* ---- keys ---- */

struct key_case {
	const char *name, *kind, *alg, *kid, *state;
	bool wrong_row; /* sealed for another row */
	size_t size;    /* of a MAC key */
	bool usable;
};

static const struct key_case key_cases[] = {
	{"mac", "mac", "HS256", "1", "active", false, KEYRING_MAC_SIZE, true},
	{"mac, moved to another row", "mac", "HS256", "2", "active", true, KEYRING_MAC_SIZE, false},
	{"mac, short", "mac", "HS256", "3", "active", false, 31, false},
	{"mac, no number", "mac", "HS256", "x", "active", false, KEYRING_MAC_SIZE, false},
	{"mac, number 0", "mac", "HS256", "0", "active", false, KEYRING_MAC_SIZE, false},
	{"mac, unknown state", "mac", "HS256", "4", "odd", false, KEYRING_MAC_SIZE, false},
	{"sig, no key", "sig", "ES256", "kid", "active", false, 40, false},
};

static void
add_key(uint8_t number, const struct key_case *one)
{
	static const uint8_t plain[64] = {1};
	struct realm realm = {.id = 1, .name = "root"};
	struct key_row row = {.id = {number},
			      .realm_id = 1,
			      .kid = one->kid,
			      .kind = one->kind,
			      .alg = one->alg,
			      .state = one->state};
	struct key_row place_row = row;
	struct seal_place place;

	place_row.id[0] ^= one->wrong_row ? 0x80 : 0;
	place = key_seal_place(&realm, &place_row);
	row.sealed = seal_value(own.arena, own.master, &rand_system, &place, plain, one->size,
				&row.sealed_size);
	assert_int_equal(key_insert(own.store, &row), STORE_OK);
}

static void
unusable_keys_are_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(key_cases); i++) {
		const struct realm_live *live;

		own.unusable = 0;
		private_db_number("DELETE FROM realm_key");
		add_key((uint8_t)(i + 1), &key_cases[i]);
		realms_forget(own.realms);
		assert_int_equal(realms_refresh(own.realms, NOW_MS), STORE_OK);
		live = realms_by_name(own.realms, "root");
		check((keyring_mac_active(live->ring) != NULL) == key_cases[i].usable,
		      key_cases[i].name);
		check(own.unusable == (key_cases[i].usable ? 0 : 1), key_cases[i].name);
	}
	assert_int_equal(realms_count(own.realms), 6);
}

#define realms_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		realms_test(found_by_path),
		realms_test(what_a_realm_knows),
		realms_test(reread_when_it_moved),
		realms_test(an_old_snapshot_is_kept),
		realms_test(unusable_keys_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
