/* SPDX-License-Identifier: ISC */
/*
 * Resource servers as rows: what is written is read, each change moves the generation, realms get
 * their own and no others; and what a JWT without a grant depends on.
 */
#include "tests/sql/check.h"

#include "core/base/str.h"
#include "core/model/resource.h"

#define API "https://api.example"

static const struct resource_row sample = {
	.realm_id = SAMPLE_REALM,
	.identifier = API,
	.display_name = "The API",
	.scopes = "{\"read\":{\"\":\"Read\"}}",
	.settings = "{\"access_token_lifetime\":\"5m\"}",
	.introspection_clients = "a b",
};

static int64_t
generation(void)
{
	int64_t value = -1;

	assert_int_equal(generation_read(store, &value), STORE_OK);
	return value;
}

static void
put(uint32_t realm_id, const char *identifier)
{
	struct resource_row row = sample;

	row.realm_id = realm_id;
	row.identifier = identifier;
	assert_int_equal(resource_put(store, &row), STORE_OK);
}

static void
what_is_written_is_read(void **state)
{
	struct resource_row row, other = sample;

	(void)state;
	assert_int_equal(resource_row_find(store, arena, SAMPLE_REALM, API, &row), STORE_NONE);
	put(SAMPLE_REALM, API);
	assert_int_equal(resource_row_find(store, arena, SAMPLE_REALM, API, &row), STORE_OK);
	assert_int_equal(row.realm_id, SAMPLE_REALM);
	assert_string_equal(row.identifier, API);
	assert_string_equal(row.display_name, sample.display_name);
	assert_string_equal(row.scopes, sample.scopes);
	assert_string_equal(row.settings, sample.settings);
	assert_string_equal(row.introspection_clients, "a b");
	other.display_name = NULL;
	other.scopes = "{}";
	other.settings = "{\"access_token_format\":\"opaque\"}";
	other.introspection_clients = NULL;
	assert_int_equal(resource_put(store, &other), STORE_OK);
	assert_int_equal(resource_row_find(store, arena, SAMPLE_REALM, API, &row), STORE_OK);
	assert_null(row.display_name);
	assert_string_equal(row.scopes, "{}");
	assert_string_equal(row.settings, other.settings);
	assert_null(row.introspection_clients);
	assert_int_equal(resource_row_find(store, arena, SAMPLE_REALM + 1, API, &row), STORE_NONE);
}

static void
changes_move_the_generation(void **state)
{
	int64_t before = generation();

	(void)state;
	put(SAMPLE_REALM, API);
	assert_int_equal(generation(), before + 1);
	put(SAMPLE_REALM, API);
	assert_int_equal(generation(), before + 2);
	assert_int_equal(resource_remove(store, SAMPLE_REALM + 1, API), STORE_NONE);
	assert_int_equal(resource_remove(store, SAMPLE_REALM, "urn:other"), STORE_NONE);
	assert_int_equal(generation(), before + 2);
	assert_int_equal(resource_remove(store, SAMPLE_REALM, API), STORE_OK);
	assert_int_equal(generation(), before + 3);
	assert_int_equal(resource_remove(store, SAMPLE_REALM, API), STORE_NONE);
}

static void
rows_of_a_realm(void **state)
{
	struct resource_row *rows;
	size_t count;

	(void)state;
	put(SAMPLE_REALM, "urn:b");
	put(SAMPLE_REALM, "urn:a");
	put(SAMPLE_REALM + 1, "urn:c");
	assert_int_equal(resource_rows(store, arena, SAMPLE_REALM, &rows, &count), STORE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].identifier, "urn:a");
	assert_string_equal(rows[1].identifier, "urn:b");
}

static void
add_realm(uint32_t id)
{
	struct realm_row row = sample_realm(arena, id);

	assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
}

/* Rows of realms that are not there, or cannot be read, are in the way of nobody. */
static void
realms_get_their_own(void **state)
{
	struct resource_row bad = sample;
	struct realm_list list;
	uint64_t before;

	(void)state;
	for (uint32_t id = 3; id <= 5; id++)
		add_realm(id);
	put(1, "urn:a");
	put(3, "urn:b");
	put(3, "urn:c");
	put(4, "urn:d");
	put(9, "urn:e");
	bad.realm_id = 4;
	bad.identifier = "urn:bad";
	bad.settings = "{\"x\":\"y\"}";
	assert_int_equal(resource_put(store, &bad), STORE_OK);
	before = store_counters(store).statements;
	assert_int_equal(realm_load(store, arena, &list), STORE_OK);
	assert_int_equal(store_counters(store).statements - before, 5);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.realm[0].resources_count, 2);
	assert_string_equal(list.realm[0].resources[1].identifier, "urn:c");
	assert_int_equal(list.realm[0].resources[1].access_token_lifetime, 300);
	assert_int_equal(list.realm[1].resources_count, 1);
	assert_string_equal(list.realm[1].resources[0].identifier, "urn:d");
	assert_int_equal(list.realm[2].resources_count, 0);
	assert_non_null(strstr(log_line, "urn:bad"));
}

static void
realms_take_them_along(void **state)
{
	struct resource_row row;

	(void)state;
	add_realm(3);
	add_realm(4);
	put(3, API);
	put(4, API);
	assert_int_equal(realm_remove(store, 3), STORE_OK);
	assert_int_equal(resource_row_find(store, arena, 3, API, &row), STORE_NONE);
	assert_int_equal(resource_row_find(store, arena, 4, API, &row), STORE_OK);
}

/* ---- tokens without a grant ---- */

static enum store_verdict
client_state(uint32_t realm_id, const char *client_id, struct grant_state *found)
{
	static const uint8_t jti[JTI_SIZE] = {1};
	uint64_t before;
	enum store_verdict verdict;

	(void)generation(); /* the connection is there */
	before = store_counters(store).statements;
	*found = (struct grant_state){0};
	verdict = access_client_find(store, arena, realm_id, client_id, jti, found);
	assert_int_equal(store_counters(store).statements - before, 1);
	return verdict;
}

static void
what_a_token_without_a_grant_depends_on(void **state)
{
	static const uint8_t jti[JTI_SIZE] = {1}, other[JTI_SIZE] = {2};
	struct client_row row = sample_client("app");
	struct grant_state found;

	(void)state;
	check_verdict("no client", client_state(SAMPLE_REALM, "app", &found), STORE_NONE);
	assert_int_equal(client_insert(store, &row), STORE_OK);
	assert_int_equal(jti_revoke(store, other, SAMPLE_NOW), STORE_OK);
	check_verdict("there", client_state(SAMPLE_REALM, "app", &found), STORE_OK);
	assert_true(found.client_enabled);
	assert_false(found.jti_revoked);
	check_verdict("another realm", client_state(SAMPLE_REALM + 1, "app", &found), STORE_NONE);
	assert_int_equal(jti_revoke(store, jti, SAMPLE_NOW), STORE_OK);
	check_verdict("revoked", client_state(SAMPLE_REALM, "app", &found), STORE_OK);
	assert_true(found.jti_revoked);
	row.enabled = false;
	assert_int_equal(client_update(store, &row), STORE_OK);
	check_verdict("disabled", client_state(SAMPLE_REALM, "app", &found), STORE_OK);
	assert_false(found.client_enabled);
}

static void
what_stands_beside_an_opaque_token(void **state)
{
	struct access_row row = sample_token(1, 1), got;
	struct grant grant = sample_grant(1);
	struct grant_state found;
	struct client_row client = sample_client("app");

	(void)state;
	memset(grant.account_id, 0, ID_SIZE);
	row.client_id = "other";
	row.audience = "urn:a urn:b";
	row.extra = "{\"act\":{\"sub\":\"x\"}}";
	assert_int_equal(client_insert(store, &client), STORE_OK);
	assert_int_equal(grant_insert(store, &grant), STORE_OK);
	assert_int_equal(access_insert(store, &row), STORE_OK);
	check_verdict("found",
		      access_find(store, arena, SAMPLE_REALM, row.id, row.hash, &got, &found),
		      STORE_OK);
	assert_string_equal(got.client_id, "other");
	assert_string_equal(got.audience, "urn:a urn:b");
	assert_string_equal(got.extra, row.extra);
	assert_string_equal(found.grant.client_id, "app");
	assert_string_equal(found.account.sub, "app"); /* the client itself is the subject */
}

/* Whoever gets the id of a client that was removed looks at nobody's tokens. */
static void
a_client_that_goes_looks_at_no_tokens(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{"app", "(none)"},
		{"app b", "b"},
		{"a app", "a"},
		{"a app b", "a b"},
		{"app app", "(none)"},
		{"a app app b app", "a b"},
		{"a apps app2 my-app b", "a apps app2 my-app b"},
		{"App APP", "App APP"},
		{NULL, "(none)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct client_row client = sample_client("app");
		struct resource_row row = sample;
		char *left, *foreign;

		private_db_clear();
		assert_int_equal(client_insert(store, &client), STORE_OK);
		row.introspection_clients = cases[i].before;
		assert_int_equal(resource_put(store, &row), STORE_OK);
		row.realm_id++;
		row.introspection_clients = "app";
		assert_int_equal(resource_put(store, &row), STORE_OK);
		assert_int_equal(client_remove(store, SAMPLE_REALM, "app"), STORE_OK);
		left = private_db_text("SELECT COALESCE(introspection_clients, '(none)')"
				       " FROM resource_server ORDER BY realm_id LIMIT 1");
		foreign = private_db_text("SELECT introspection_clients FROM resource_server"
					  " ORDER BY realm_id DESC LIMIT 1");
		if (strcmp(left, cases[i].after) != 0 || strcmp(foreign, "app") != 0)
			fail_msg("%s: %s; of another realm: %s",
				 cases[i].before ? cases[i].before : "none", left, foreign);
		free(left);
		free(foreign);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(what_is_written_is_read),
		store_test(changes_move_the_generation),
		store_test(rows_of_a_realm),
		store_test(realms_get_their_own),
		store_test(realms_take_them_along),
		store_test(what_a_token_without_a_grant_depends_on),
		store_test(what_stands_beside_an_opaque_token),
		store_test(a_client_that_goes_looks_at_no_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
