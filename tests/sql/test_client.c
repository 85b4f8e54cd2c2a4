/* SPDX-License-Identifier: ISC */
/*
 * Clients, their secrets and the snapshots of them.
 */
#include "tests/sql/check.h"

#include "core/base/str.h"
#include "sql/client_snapshots.h"

static struct settings settings;

static int64_t
generation(void)
{
	int64_t value = -1;

	assert_int_equal(generation_read(store, &value), STORE_OK);
	return value;
}

static uint64_t
statements(void)
{
	return store_counters(store).statements;
}

static enum store_verdict
find(const char *client_id, int64_t at, const struct client **client)
{
	settings_default(&settings);
	return client_find(store, arena, SAMPLE_REALM, &settings, client_id, at, client);
}

static void
insert(const char *client_id)
{
	struct client_row row = sample_client(client_id);

	assert_int_equal(client_insert(store, &row), STORE_OK);
}

static void
client_is_read_with_its_secrets(void **state)
{
	const struct client *client;

	(void)state;
	insert("app");
	for (uint32_t i = 1; i <= 2; i++) {
		struct client_secret secret = sample_secret(i);

		assert_int_equal(client_secret_insert(store, SAMPLE_REALM, "app", &secret),
				 STORE_OK);
	}
	uint64_t before = statements();

	assert_int_equal(find("app", -1, &client), STORE_OK);
	assert_int_equal(statements() - before, 1);
	assert_int_equal(client->realm_id, SAMPLE_REALM);
	assert_string_equal(client->client_id, "app");
	assert_true(client->enabled);
	assert_int_equal(client->version, 1);
	assert_int_equal(client->created_at, SAMPLE_NOW - 500);
	assert_string_equal(client->client_name, "App");
	assert_int_equal(client->redirect_uris.count, 1);
	assert_int_equal(client->secrets_count, 2);
	struct client_secret wanted = sample_secret(2);

	assert_memory_equal(client->secrets[0].id, wanted.id, ID_SIZE);
	assert_memory_equal(client->secrets[0].hash, wanted.hash, SHA256_SIZE);
	assert_int_equal(client->secrets[0].created_at, wanted.created_at);
	assert_int_equal(client->secrets[0].expires_at, wanted.expires_at);
	insert("bare");
	assert_int_equal(find("bare", -1, &client), STORE_OK);
	assert_int_equal(client->secrets_count, 0);
	assert_int_equal(find("App", -1, &client), STORE_NONE);
	assert_int_equal(find("app ", -1, &client), STORE_NONE);
}

static void
snapshots_are_used_while_the_generation_stays(void **state)
{
	const struct client *first, *second, *third;
	struct client_row row = sample_client("app");
	uint64_t before;

	(void)state;
	insert("app");
	assert_int_equal(find("app", 5, &first), STORE_OK);
	before = statements();
	assert_int_equal(find("app", 5, &second), STORE_OK);
	assert_ptr_equal(first, second);
	assert_int_equal(statements(), before);

	row.metadata = "{\"client_name\":\"New\",\"redirect_uris\":[\"https://app.example/cb\"]}";
	assert_int_equal(client_update(store, &row), STORE_OK);
	before = statements();
	assert_int_equal(find("app", 6, &third), STORE_OK);
	assert_int_equal(statements() - before, 1);
	assert_string_equal(third->client_name, "New");
	assert_string_equal(first->client_name, "App"); /* still the request's */
	assert_int_equal(third->version, 2);

	before = statements();
	assert_int_equal(find("app", -1, &second), STORE_OK);
	assert_int_equal(find("app", -1, &second), STORE_OK);
	assert_int_equal(statements() - before, 2);
	/* nor is what was read without a generation kept for one with */
	assert_int_equal(find("app", 6, &second), STORE_OK);
	assert_ptr_equal(second, third);
}

static void
absence_is_never_kept(void **state)
{
	const struct client *client;

	(void)state;
	assert_int_equal(find("app", 5, &client), STORE_NONE);
	insert("app");
	assert_int_equal(find("app", 5, &client), STORE_OK);
}

static void
realms_do_not_share_snapshots(void **state)
{
	const struct client *client;

	(void)state;
	insert("app");
	assert_int_equal(find("app", 5, &client), STORE_OK);
	assert_int_equal(client_find(store, arena, SAMPLE_REALM + 1, &settings, "app", 5, &client),
			 STORE_NONE);
}

static void
snapshots_survive_their_eviction(void **state)
{
	struct arena *request = arena_new(1 << 20), *others = arena_new(1 << 20);
	const struct client *held, *client;
	uint64_t before;

	(void)state;
	insert("held");
	settings_default(&settings);
	assert_int_equal(client_find(store, request, SAMPLE_REALM, &settings, "held", 5, &held),
			 STORE_OK);
	for (unsigned i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		const char *id = arena_printf(arena, "client-%u", i);

		insert(id);
		assert_int_equal(
			client_find(store, others, SAMPLE_REALM, &settings, id, 5, &client),
			STORE_OK);
	}
	arena_free(others);
	assert_string_equal(held->client_name,
			    "App"); /* given up by the table, not by the request */
	before = statements();
	assert_int_equal(find("held", 5, &client), STORE_OK);
	assert_int_equal(statements() - before, 1);
	/* the one used longest ago went, the newest did not */
	before = statements();
	assert_int_equal(
		find(arena_printf(arena, "client-%u", CLIENT_SNAPSHOTS_MAX - 1), 5, &client),
		STORE_OK);
	assert_int_equal(statements(), before);
	assert_int_equal(find("client-0", 5, &client), STORE_OK);
	assert_int_equal(statements() - before, 1);
	arena_free(request);
}

static void
a_request_may_outlive_the_store(void **state)
{
	struct store *other = private_db_store(NULL);
	const struct client *client;

	(void)state;
	insert("app");
	settings_default(&settings);
	assert_int_equal(client_find(other, arena, SAMPLE_REALM, &settings, "app", 5, &client),
			 STORE_OK);
	store_close(other);
	assert_string_equal(client->client_name, "App");
}

static void
unreadable_documents_are_told_of(void **state)
{
	static const struct {
		const char *name, *metadata;
	} cases[] = {
		{"no JSON", "{"},
		{"no object", "[]"},
		{"unknown member", "{\"client_name\":\"x\",\"later\":1}"},
		{"bad URI", "{\"redirect_uris\":[\"not a uri\"]}"},
	};
	const struct client *client;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct client_row row = sample_client("bad");

		private_db_clear();
		row.metadata = cases[i].metadata;
		check_verdict(cases[i].name, client_insert(store, &row), STORE_OK);
		log_line[0] = '\0';
		check_verdict(cases[i].name, find("bad", 5, &client), STORE_NONE);
		if (!strstr(log_line, "stored_document_unreadable") || !strstr(log_line, "bad"))
			fail_msg("%s: log: %s", cases[i].name, log_line);
	}
}

static void
a_document_over_the_maximum_is_refused(void **state)
{
	const struct client *client;

	(void)state;
	insert("app");
	private_db_number(
		"UPDATE client SET metadata = CONCAT('{\"client_name\":\"App\",'"
		" '\"redirect_uris\":[\"https://app.example/cb\"]', REPEAT(' ', %d), '}')",
		CLIENT_METADATA_MAX);
	assert_int_equal(find("app", -1, &client), STORE_NONE);
	assert_non_null(strstr(log_line, "too long"));
}

static void
updates_need_the_version(void **state)
{
	static const struct {
		const char *name, *client_id;
		int64_t version;
		enum store_verdict verdict;
	} cases[] = {
		{"older version", "app", 0, STORE_NONE},
		{"another client", "apq", 1, STORE_NONE},
		{"the version read", "app", 1, STORE_OK},
		{"it has moved", "app", 1, STORE_NONE},
		{"the same document again", "app", 2, STORE_OK},
	};

	(void)state;
	insert("app");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct client_row row = sample_client(cases[i].client_id), found;
		int64_t before = generation();

		row.version = cases[i].version;
		row.enabled = false;
		check_verdict(cases[i].name, client_update(store, &row), cases[i].verdict);
		if ((generation() != before) != (cases[i].verdict == STORE_OK))
			fail_msg("%s: generation", cases[i].name);
		assert_int_equal(client_row_find(store, arena, SAMPLE_REALM, "app", &found),
				 STORE_OK);
		if (found.enabled != (found.version == 1))
			fail_msg("%s: changed", cases[i].name);
	}
}

static void
clients_are_inserted_once_and_listed(void **state)
{
	static const char *const ids[] = {"c", "a", "B", "b"};
	struct client_row row = sample_client("a"), *rows, found;
	size_t count = 0;
	int64_t before = generation();

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++)
		insert(ids[i]);
	assert_int_equal(client_insert(store, &row), STORE_CONFLICT);
	assert_int_equal(generation(), before); /* a new client cannot have been read */
	assert_int_equal(client_list(store, arena, SAMPLE_REALM, NULL, 10, &rows, &count),
			 STORE_OK);
	assert_int_equal(count, 4);
	assert_string_equal(rows[0].client_id, "B");
	assert_string_equal(rows[3].client_id, "c");
	assert_int_equal(client_list(store, arena, SAMPLE_REALM, "a", 1, &rows, &count), STORE_OK);
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].client_id, "b");
	assert_string_equal(rows[0].metadata, row.metadata);
	assert_int_equal(client_row_find(store, arena, SAMPLE_REALM, "c", &found), STORE_OK);
	assert_int_equal(found.realm_id, SAMPLE_REALM);
	assert_int_equal(found.version, 1);
	assert_true(found.enabled);
	assert_int_equal(client_row_find(store, arena, SAMPLE_REALM, "d", &found), STORE_NONE);
}

static void
secrets_come_and_go(void **state)
{
	struct client_secret secret = sample_secret(1);
	int64_t before;

	(void)state;
	assert_int_equal(client_secret_insert(store, SAMPLE_REALM, "app", &secret), STORE_NONE);
	insert("app");
	before = generation();
	assert_int_equal(client_secret_insert(store, SAMPLE_REALM, "app", &secret), STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(client_secret_insert(store, SAMPLE_REALM, "app", &secret), STORE_CONFLICT);
	before = generation();
	assert_int_equal(client_secret_expire(store, SAMPLE_REALM, "other", secret.id, 9),
			 STORE_NONE);
	assert_int_equal(generation(), before);
	assert_int_equal(client_secret_expire(store, SAMPLE_REALM, "app", secret.id, 9), STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(private_db_number("SELECT expires_at FROM client_secret"), 9);
	before = generation();
	assert_int_equal(client_secret_remove(store, SAMPLE_REALM, "app", secret.id), STORE_OK);
	assert_true(generation() > before);
	assert_int_equal(client_secret_remove(store, SAMPLE_REALM, "app", secret.id), STORE_NONE);
}

/* A page at a time, in order, those of one realm that are sealed. */
static void
sealed_secrets(void **state)
{
	struct client_sealed *rows, wrong;
	size_t count;

	(void)state;
	for (uint32_t i = 1; i <= 6; i++) {
		struct client_row row = sample_client(i % 2 ? "a" : "b");
		struct client_secret secret = sample_secret(i);

		row.realm_id = i == 6 ? SAMPLE_REALM + 1 : SAMPLE_REALM;
		(void)client_insert(store, &row);
		secret.sealed = i == 3 ? NULL : (const uint8_t *)"sealed";
		secret.sealed_size = i == 3 ? 0 : i;
		check_verdict("insert",
			      client_secret_insert(store, row.realm_id, row.client_id, &secret),
			      STORE_OK);
	}
	assert_int_equal(client_sealed_list(store, arena, SAMPLE_REALM, NULL, 2, &rows, &count),
			 STORE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].client_id, "a");
	assert_int_equal(rows[0].secret.sealed_size, 1);
	assert_int_equal(rows[1].secret.sealed_size, 5);
	assert_memory_equal(rows[1].secret.sealed, "seale", 5);
	assert_int_equal(client_sealed_list(store, arena, SAMPLE_REALM, &rows[1], 9, &rows, &count),
			 STORE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].client_id, "b");
	assert_int_equal(rows[0].secret.sealed_size, 2);
	assert_int_equal(rows[1].secret.sealed_size, 4);

	wrong = rows[0];
	wrong.secret.sealed_size = 1;
	check_verdict(
		"changed meanwhile",
		client_secret_reseal_row(store, SAMPLE_REALM, &wrong, (const uint8_t *)"new", 3),
		STORE_NONE);
	check_verdict("another realm",
		      client_secret_reseal_row(store, SAMPLE_REALM + 1, &rows[0],
					       (const uint8_t *)"new", 3),
		      STORE_NONE);
	int64_t before = private_db_number("SELECT value FROM generation");
	check_verdict(
		"as it is",
		client_secret_reseal_row(store, SAMPLE_REALM, &rows[0], (const uint8_t *)"new", 3),
		STORE_OK);
	assert_int_equal(private_db_number("SELECT value FROM generation"), before + 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM client_secret"
					   " WHERE sealed = 'new'"),
			 1);
}

static void
secrets_are_bounded(void **state)
{
	const struct client *client;

	(void)state;
	insert("app");
	for (uint32_t i = 0; i <= CLIENT_SECRETS_MAX; i++) {
		struct client_secret secret = sample_secret(i);

		check_verdict("secret", client_secret_insert(store, SAMPLE_REALM, "app", &secret),
			      i < CLIENT_SECRETS_MAX ? STORE_OK : STORE_NONE);
	}
	assert_int_equal(find("app", -1, &client), STORE_OK);
	assert_int_equal(client->secrets_count, CLIENT_SECRETS_MAX);
}

static void
a_client_goes_with_what_it_had(void **state)
{
	static const char *const tables[] = {"client", "client_secret", "consent", "auth_grant",
					     "access_token"};
	int64_t before;
	uint8_t person[ID_SIZE];

	(void)state;
	sample_id(1, person);
	for (uint32_t i = 1; i <= 2; i++) {
		const char *id = i == 1 ? "app" : "other";
		struct client_secret secret = sample_secret(i);
		struct grant grant = sample_grant(i);
		struct access_row token = sample_token(i, i);

		insert(id);
		grant.client_id = id;
		assert_int_equal(client_secret_insert(store, SAMPLE_REALM, id, &secret), STORE_OK);
		assert_int_equal(consent_put(store, SAMPLE_REALM, person, id, "openid", 1),
				 STORE_OK);
		assert_int_equal(grant_insert(store, &grant), STORE_OK);
		assert_int_equal(access_insert(store, &token), STORE_OK);
	}
	before = generation();
	assert_int_equal(client_remove(store, SAMPLE_REALM, "app"), STORE_OK);
	assert_true(generation() > before);
	for (size_t i = 0; i < COUNT(tables); i++) {
		if (private_db_number("SELECT COUNT(*) FROM %s", tables[i]) != 1)
			fail_msg("%s: not one row left", tables[i]);
	}
	before = generation();
	assert_int_equal(client_remove(store, SAMPLE_REALM, "app"), STORE_NONE);
	assert_int_equal(generation(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(client_is_read_with_its_secrets),
		store_test(snapshots_are_used_while_the_generation_stays),
		store_test(absence_is_never_kept),
		store_test(realms_do_not_share_snapshots),
		store_test(snapshots_survive_their_eviction),
		store_test(a_request_may_outlive_the_store),
		store_test(unreadable_documents_are_told_of),
		store_test(a_document_over_the_maximum_is_refused),
		store_test(updates_need_the_version),
		store_test(clients_are_inserted_once_and_listed),
		store_test(secrets_come_and_go),
		store_test(sealed_secrets),
		store_test(secrets_are_bounded),
		store_test(a_client_goes_with_what_it_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
