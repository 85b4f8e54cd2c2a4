/* SPDX-License-Identifier: ISC */
/*
 * The snapshot of realms on a private MariaDB: which realm a path reaches, which keys are live,
 * what is left out, when it is read again, and what remains when the database goes.
 */
#include "tests/lib/private_db.h"
#include "tests/lib/request_tx.h"
#include "tests/lib/sample_rows.h"

static struct realms *realms;

static int
begin(void **state)
{
	begin_tx(state);
	private_db_clear();
	t.provider.store = private_db_store(t.log);
	realms = realms_new(t.provider.store, t.provider.master, t.log);
	return 0;
}

static int
end(void **state)
{
	realms_free(realms);
	store_close(t.provider.store);
	return end_tx(state);
}

#define realms_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

static void
add_realm(uint32_t id, const char *name, const char *issuer, const char *vhost)
{
	const struct realm_row row = {
		.id = id,
		.name = name,
		.issuer = issuer,
		.vhost = vhost,
		.display_name = name,
		.profile = "oidc",
		.settings = "{}",
	};

	check(realm_insert(t.provider.store, &row, TEST_NOW) == STORE_OK, name);
}

/* ---- keys ---- */

struct key_case {
	const char *name, *kind, *alg, *state;
	const char *kid;                            /* NULL: its thumbprint */
	const char *sealed_for;                     /* realm; NULL: the right one */
	bool other_master, other_row, cut, garbage; /* what is wrong */
	bool live, published, signs;
};

static uint32_t key_number;

/* Inserts the key of a case in realm 1; its kid. */
static const char *
add_key(const struct key_case *wanted)
{
	static const uint8_t another[SEAL_KEY_SIZE] = {99};
	static const uint8_t mac[KEYRING_MAC_SIZE] = {5};
	const struct realm realm = {.name = wanted->sealed_for ? wanted->sealed_for : "main"};
	struct key_row row = sample_key(t.arena, ++key_number);
	struct seal_place place;
	struct jwk key = {0};
	const void *plain = mac;
	size_t size = sizeof(mac);

	row.realm_id = 1;
	row.kind = wanted->kind;
	row.alg = wanted->alg;
	row.state = wanted->state;
	row.kid = wanted->kid;
	if (strcmp(wanted->kind, "sig") == 0) {
		key = jwk_generate(t.arena, jws_alg_by_name(wanted->alg), 0);
		plain = jwk_private_bytes(t.arena, &key, &size);
		row.kid = wanted->kid ? wanted->kid : key.kid;
	}
	if (wanted->garbage)
		plain = "thirty-two bytes that are no key";
	place = key_seal_place(&realm, &row);
	if (wanted->other_row)
		place.row = "another row's id";
	row.sealed = seal_value(
		t.arena,
		wanted->other_master ? seal_master_new(t.arena, another) : t.provider.master,
		&rand_system, &place, plain, wanted->cut ? size - 1 : size, &row.sealed_size);
	check(key_insert(t.provider.store, &row) == STORE_OK, wanted->name);
	return row.kid;
}

static const struct key_case keys[] = {
	{.name = "sealed for another realm",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "active",
	 .sealed_for = "other"},
	{.name = "sealed for another row",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "active",
	 .other_row = true},
	{.name = "another master",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "active",
	 .other_master = true},
	{.name = "cut", .kind = "sig", .alg = "ES256", .state = "active", .cut = true},
	{.name = "no key at all",
	 .kind = "sig",
	 .alg = "EdDSA",
	 .state = "active",
	 .garbage = true},
	{.name = "short MAC key",
	 .kind = "mac",
	 .alg = "HS256",
	 .state = "active",
	 .kid = "7",
	 .cut = true},
	{.name = "MAC key without number",
	 .kind = "mac",
	 .alg = "HS256",
	 .state = "active",
	 .kid = "abc"},
	{.name = "MAC key of number 0",
	 .kind = "mac",
	 .alg = "HS256",
	 .state = "active",
	 .kid = "0"},
	{.name = "MAC key of too great a number",
	 .kind = "mac",
	 .alg = "HS256",
	 .state = "active",
	 .kid = "4294967296"},
	{.name = "unknown state", .kind = "sig", .alg = "ES256", .state = "unheard"},
	{.name = "compromised",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "compromised",
	 .live = true},
	{.name = "archived", .kind = "sig", .alg = "ES256", .state = "archived", .live = true},
	{.name = "retired",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "retired",
	 .live = true,
	 .published = true},
	{.name = "next",
	 .kind = "sig",
	 .alg = "EdDSA",
	 .state = "next",
	 .live = true,
	 .published = true},
	{.name = "active, older",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "active",
	 .live = true,
	 .published = true},
	{.name = "active, newest",
	 .kind = "sig",
	 .alg = "ES256",
	 .state = "active",
	 .live = true,
	 .published = true,
	 .signs = true},
	{.name = "active MAC key",
	 .kind = "mac",
	 .alg = "HS256",
	 .state = "active",
	 .kid = "4294967295",
	 .live = true},
};

static const struct keyring_key *
ring_key(const struct keyring *ring, const char *kid)
{
	size_t count;
	const struct keyring_key *list = keyring_list(ring, &count);

	for (size_t i = 0; i < count; i++)
		if (str_equal(list[i].kid, kid))
			return &list[i];
	return NULL;
}

static void
check_key(const struct realm_live *live, const struct key_case *wanted, const char *kid)
{
	const struct jws_signer *signer = keyring_signer(live->ring, jws_alg_by_name(wanted->alg));
	const struct keyring_key *found = ring_key(live->ring, kid);

	check((found != NULL) == wanted->live, wanted->name);
	check((strstr(live->jwks, kid) != NULL) == wanted->published, wanted->name);
	check((signer && str_equal(jws_signer_kid(signer), kid)) == wanted->signs, wanted->name);
	check(!found || strcmp(key_state_name(found->state), wanted->state) == 0, wanted->name);
}

static void
key_rows(void **state)
{
	const char *kid[COUNT(keys)];
	const struct realm_live *live;
	const struct keyring_mac *mac;
	size_t left_out = 0;

	(void)state;
	add_realm(1, "main", "https://id.example", NULL);
	for (size_t i = 0; i < COUNT(keys); i++) {
		kid[i] = add_key(&keys[i]);
		left_out += !keys[i].live;
	}
	t.lines = 0;
	assert_int_equal(realms_refresh(realms, t.now_ms), STORE_OK);
	assert_int_equal(t.lines, left_out);
	live = realms_by_name(realms, "main");
	assert_non_null(live);
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i].kind, "sig") == 0)
			check_key(live, &keys[i], kid[i]);
	mac = keyring_mac_active(live->ring);
	check(mac && mac->id == UINT32_MAX, "active MAC key");
	check(!keyring_mac_by_id(live->ring, 7), "short MAC key");
	check(live->jwks_tag[0] == '"', live->jwks_tag);
}

/* Each reason is named, with realm and kid; the other realm goes on. */
static void
left_out_with_a_reason(void **state)
{
	struct key_case wanted = {.name = "another master",
				  .kind = "sig",
				  .alg = "ES256",
				  .state = "active",
				  .other_master = true};
	const char *kid;

	(void)state;
	add_realm(1, "main", "https://id.example", NULL);
	add_realm(2, "second", "https://id.example/second", NULL);
	kid = add_key(&wanted);
	assert_int_equal(realms_refresh(realms, t.now_ms), STORE_OK);
	check(strstr(t.line, "event=key_unusable") && strstr(t.line, "realm=main"), t.line);
	check(strstr(t.line, kid) != NULL, t.line);
	check(strstr(t.line, seal_verdict_text(SEAL_NO_MASTER)) != NULL, t.line);
	check(!strstr(realms_by_name(realms, "main")->jwks, kid), "not published");
	check(realms_by_name(realms, "second") != NULL, "the other realm");
}

/* ---- when it is read ---- */

static void
read_again(void **state)
{
	const int64_t start = t.now_ms;
	const struct realm_live *live;
	int64_t generation;

	(void)state;
	assert_int_equal(realms_refresh(realms, start), STORE_OK);
	assert_int_equal(realms_count(realms), 0);
	generation = realms_generation(realms);
	add_realm(1, "main", "https://id.example", NULL);
	assert_int_equal(realms_refresh(realms, start + REALMS_CHECK_MS - 1), STORE_OK);
	check(realms_count(realms) == 0, "looked at less than a second ago");
	assert_int_equal(realms_refresh(realms, start + REALMS_CHECK_MS), STORE_OK);
	check(realms_count(realms) == 1, "a second later");
	check(realms_generation(realms) > generation, "generation");
	live = realms_by_name(realms, "main");
	assert_int_equal(realms_refresh(realms, start + 5 * REALMS_CHECK_MS), STORE_OK);
	check(realms_by_name(realms, "main") == live, "nothing moved: the same snapshot");
}

static void
a_key_moves_it(void **state)
{
	const struct key_case wanted = {
		.name = "later", .kind = "sig", .alg = "ES256", .state = "active"};
	const char *kid;

	(void)state;
	add_realm(1, "main", "https://id.example", NULL);
	assert_int_equal(realms_refresh(realms, t.now_ms), STORE_OK);
	kid = add_key(&wanted);
	assert_int_equal(generation_bump(t.provider.store), STORE_OK);
	assert_int_equal(realms_refresh(realms, t.now_ms + REALMS_CHECK_MS), STORE_OK);
	check(strstr(realms_by_name(realms, "main")->jwks, kid) != NULL, "published");
}

static void
discovery_is_kept(void **state)
{
	const struct realm_live *live;

	(void)state;
	add_realm(1, "main", "https://id.example", NULL);
	add_realm(2, "second", "https://id.example/2", NULL);
	assert_int_equal(realms_refresh(realms, t.now_ms), STORE_OK);
	live = realms_set_discovery(realms, realms_by_name(realms, "second"), "{}");
	check_text(live->realm.name, "second", "the same realm");
	check_text(realms_by_name(realms, "second")->discovery, "{}", "kept");
	check(live->discovery_tag[0] == '"', "tag");
	check(!realms_by_name(realms, "main")->discovery, "not of the other");
	realms_forget(realms);
	assert_int_equal(realms_refresh(realms, t.now_ms), STORE_OK);
	check(!realms_by_name(realms, "second")->discovery, "gone with its snapshot");
}

static void
wrong_schema(void **state)
{
	struct store *store = private_db_store(t.log);
	struct realms *fresh = realms_new(store, t.provider.master, t.log);
	enum store_verdict verdict;

	(void)state;
	(void)private_db_number("INSERT INTO schema_migration (number, name, applied_at)"
				" VALUES (9000, '9000_later', 1)");
	verdict = realms_refresh(fresh, t.now_ms);
	(void)private_db_number("DELETE FROM schema_migration WHERE number = 9000");
	check(verdict == STORE_NONE, "a schema of another release");
	realms_free(fresh);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		realms_test(key_rows),
		realms_test(read_again),
		realms_test(left_out_with_a_reason),
		realms_test(a_key_moves_it),
		realms_test(wrong_schema),
		realms_test(discovery_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
