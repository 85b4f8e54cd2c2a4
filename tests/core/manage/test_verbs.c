/* SPDX-License-Identifier: ISC */
/*
 * The other verbs where the command line's tests do not reach: changes that another administrator
 * overtakes, the realm's border, transactions that leave nothing half done, a database that is
 * away, jobs over several realms.
 */
#include "core/authn/password.h"
#include "core/base/b64.h"

#include "tests/core/manage/fixture.h"

static const struct manage_edit app[] = {
	{MANAGE_SET, "client_name", "App"},
	{MANAGE_ADD, "redirect_uris", "https://app.example/cb"},
};

/* Fifty characters of a client id. */
#define NINES "99999999999999999999999999999999999999999999999999"

static enum manage_verdict
add_client(const char *id, struct manage_secret *secret)
{
	const char *made;

	return manage_client_add(
		&t.tx, &(struct manage_client_new){.client_id = id, .edits = app, .edits_count = 2},
		&made, secret, &t.why);
}

static enum manage_verdict
add_user(const char *name, const char *password, struct account *account)
{
	return manage_user_add(&t.tx,
			       &(struct manage_user_new){.username = name, .password = password},
			       account, &t.why);
}

static void
add_realm(const char *name)
{
	t.tx.realm = NULL;
	assert_int_equal(manage_realm_add(&t.tx,
					  &(struct manage_realm_new){
						  .name = name,
						  .issuer = arena_printf(
							  t.arena, "https://%s.example", name),
					  },
					  &t.why),
			 MANAGE_OK);
}

static void
client_ids(void **state)
{
	static const struct {
		const char *name, *id;
		enum manage_verdict verdict;
	} cases[] = {
		{"plain", "app", MANAGE_OK},
		{"again", "app", MANAGE_EXISTS},
		{"other case", "App", MANAGE_OK},
		{"a URL", "https://app.example/id", MANAGE_OK},
		{"longest", NINES NINES NINES NINES NINES "99999", MANAGE_OK},
		{"too long", NINES NINES NINES NINES NINES "999999", MANAGE_REFUSED},
		{"empty", "", MANAGE_REFUSED},
		{"blank", "a b", MANAGE_REFUSED},
		{"quote", "a\"b", MANAGE_REFUSED},
		{"dash first", "-a", MANAGE_REFUSED},
		{"not ASCII", "\xc3\xa4", MANAGE_REFUSED},
	};
	struct manage_secret secret;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (add_client(cases[i].id, &secret) != cases[i].verdict)
			fail_msg("%s: %s", cases[i].name, t.why.data);
}

/* Who has secrets, of which kind, and what is said where one lacks. */
static void
secrets_by_method(void **state)
{
	static const struct {
		const char *method, *more, *value;
		bool has, sealed;
	} cases[] = {
		{"client_secret_basic", "client_name", "x", true, false},
		{"client_secret_post", "client_name", "x", true, false},
		{"client_secret_jwt", "client_name", "x", true, true},
		{"private_key_jwt", "jwks_uri", "https://app.example/jwks", false, false},
		{"self_signed_tls_client_auth", "jwks_uri", "https://app.example/jwks", false,
		 false},
		{"tls_client_auth", "tls_client_auth_san_dns", "app.example", false, false},
		{"none", "client_name", "x", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct manage_edit edits[] = {
			app[0],
			app[1],
			{MANAGE_SET, "token_endpoint_auth_method", cases[i].method},
			{MANAGE_SET, cases[i].more, cases[i].value}};
		struct manage_secret secret, more;
		const struct client *client;
		const char *id;

		if (manage_client_add(&t.tx,
				      &(struct manage_client_new){.edits = edits, .edits_count = 4},
				      &id, &secret, &t.why) != MANAGE_OK)
			fail_msg("%s: %s", cases[i].method, t.why.data);
		assert_int_equal(secret.text != NULL, cases[i].has);
		assert_int_equal(secret.sealed, cases[i].sealed);
		assert_int_equal(manage_client_secret_add(&t.tx, id, 0, &more, &t.why),
				 cases[i].has ? MANAGE_OK : MANAGE_REFUSED);
		assert_int_equal(manage_client_find(&t.tx, id, &client, &t.why), MANAGE_OK);
		assert_int_equal(client->secrets_count, cases[i].has ? 2 : 0);
		assert_null(manage_client_lack(&t.tx, client));
	}
}

static void
switched_to_assertions(void **state)
{
	static const struct manage_edit change[] = {
		{MANAGE_SET, "token_endpoint_auth_method", "client_secret_jwt"}};
	struct manage_secret secret;
	const struct client *client;

	(void)state;
	assert_int_equal(add_client("app", &secret), MANAGE_OK);
	assert_int_equal(manage_client_edit(&t.tx, "app", change, 1, &t.why), MANAGE_OK);
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_OK);
	assert_non_null(strstr(manage_client_lack(&t.tx, client), "client secret add app"));
	assert_int_equal(manage_client_secret_add(&t.tx, "app", 100, &secret, &t.why), MANAGE_OK);
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_OK);
	assert_null(manage_client_lack(&t.tx, client));
	move_clock(100);
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_OK);
	assert_non_null(manage_client_lack(&t.tx, client));
	t.provider.master = NULL;
	assert_int_equal(manage_client_secret_add(&t.tx, "app", 0, &secret, &t.why),
			 MANAGE_REFUSED);
}

static void
keys_are_looked_at(void **state)
{
	static const struct manage_edit edits[] = {
		{MANAGE_SET, "token_endpoint_auth_method", "private_key_jwt"},
		{MANAGE_SET, "jwks",
		 "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZg\"}]}"}};
	struct manage_secret secret;

	(void)state;
	assert_int_equal(add_client("app", &secret), MANAGE_OK);
	assert_int_equal(manage_client_edit(&t.tx, "app", edits, 2, &t.why), MANAGE_REFUSED);
	assert_non_null(strstr(t.why.data, "only public keys may be given"));
}

/* The secret's digest is stored; the same id in another realm is another client. */
static void
clients_belong_to_a_realm(void **state)
{
	struct manage_secret first, second;
	const struct client *client;
	uint8_t hash[SHA256_SIZE];

	(void)state;
	assert_int_equal(add_client("app", &first), MANAGE_OK);
	add_realm("two");
	enter("two");
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_NOT_FOUND);
	assert_int_equal(manage_client_remove(&t.tx, "app", &t.why), MANAGE_NOT_FOUND);
	assert_int_equal(add_client("app", &second), MANAGE_OK);
	assert_int_equal(manage_client_secret_remove(
				 &t.tx, "app", hex_encode(t.arena, first.id, ID_SIZE), &t.why),
			 MANAGE_NOT_FOUND);
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_OK);
	assert_int_equal(client->secrets_count, 1);
	hash_sha256(second.text, strlen(second.text), hash);
	assert_memory_equal(client->secrets[0].hash, hash, sizeof(hash));
}

static void
a_refused_change_leaves_nothing(void **state)
{
	const struct manage_edit edits[] = {
		{MANAGE_SET, "client_name", "Other"},
		{MANAGE_SET, "id_token_signed_response_alg", "EdDSA"},
		{MANAGE_SET, "redirect_uris", "https://app.example/#no"},
	};
	struct manage_secret secret;
	const struct client *client;

	(void)state;
	assert_int_equal(add_client("app", &secret), MANAGE_OK);
	assert_int_equal(manage_client_edit(&t.tx, "app", edits, 3, &t.why), MANAGE_REFUSED);
	assert_int_equal(manage_client_find(&t.tx, "app", &client, &t.why), MANAGE_OK);
	assert_string_equal(client->client_name, "App");
	assert_int_equal(keys_in("EdDSA", "active"), 0);
	assert_int_equal(records("client_changed"), 0);
	/* every mistake is told at once */
	const struct manage_edit wrong[] = {
		{MANAGE_SET, "first_party", "maybe"},
		{MANAGE_SET, "nonsense", "x"},
		{MANAGE_SET, "session_idle", "1h"},
	};

	enter("main");
	assert_int_equal(manage_client_edit(&t.tx, "app", wrong, 3, &t.why), MANAGE_REFUSED);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(t.why.data, wrong[i].field));
}

static void
people(void **state)
{
	struct account account, found;

	(void)state;
	assert_int_equal(add_user("  ALICE ", "looking-glass", &account), MANAGE_OK);
	assert_string_equal(account.username, "alice");
	assert_int_equal(password_verify(account.password, "looking-glass"), PASSWORD_RIGHT);
	assert_int_equal(add_user("alice", NULL, &account), MANAGE_EXISTS);
	assert_int_equal(manage_user_password(&t.tx, "alice", "other-glass", &t.why), MANAGE_OK);
	assert_int_equal(manage_user_find(&t.tx, "Alice", &found, &t.why), MANAGE_OK);
	assert_int_equal(password_verify(found.password, "other-glass"), PASSWORD_RIGHT);
	assert_true(found.auth_epoch > 0);
	assert_int_equal(records("password_changed"), 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE account_id IS NOT NULL"
					   " AND detail IS NULL"),
			 2);
	add_realm("two");
	enter("two");
	assert_int_equal(manage_user_find(&t.tx, "alice", &found, &t.why), MANAGE_NOT_FOUND);
	assert_int_equal(add_user("alice", NULL, &account), MANAGE_OK);
}

static void
passwords(void **state)
{
	static const struct {
		const char *name, *password;
		enum manage_verdict verdict;
	} cases[] = {
		{"shortest", "12345678", MANAGE_OK},
		{"too short", "1234567", MANAGE_REFUSED},
		{"blanks", "        ", MANAGE_OK},
		{"UTF-8", "p\xc3\xa4ssw\xc3\xb6rter", MANAGE_OK},
		{"not UTF-8", "p\xe4sswoerter", MANAGE_REFUSED},
		{"a tab", "pass\tword", MANAGE_REFUSED},
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (add_user(arena_printf(t.arena, "user%zu", i), cases[i].password, &account) !=
		    cases[i].verdict)
			fail_msg("%s: %s", cases[i].name, t.why.data);
}

static void
claims(void **state)
{
	static const struct {
		const char *name, *text;
		int verdict;
		const char *claim, *value;
		bool is_json;
	} cases[] = {
		{"plain", "name=A", 0, "name", "A", false},
		{"equals in the value", "x=a=b", 0, "x", "a=b", false},
		{"json", "x:={\"a\":1}", 0, "x", "{\"a\":1}", true},
		{"colon in the name", "a:b=c", 0, "a:b", "c", false},
		{"empty value", "x=", 0, "x", "", false},
		{"no name", "=x", -1, NULL, NULL, false},
		{"no name but a colon", ":=x", -1, NULL, NULL, false},
		{"no equals", "x", -1, NULL, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct manage_claim claim = {0};

		if (manage_claim_parse(t.arena, cases[i].text, &claim, &t.why) !=
			    cases[i].verdict ||
		    (cases[i].verdict == 0 && (!str_equal(claim.name, cases[i].claim) ||
					       !str_equal(claim.value, cases[i].value) ||
					       claim.is_json != cases[i].is_json)))
			fail_msg("%s", cases[i].name);
	}
}

static void
sessions_of_other_realms_are_safe(void **state)
{
	struct session session = sample_session(1);
	struct account account;
	const char *id = hex_encode(t.arena, session.id, ID_SIZE);
	int64_t ended = -1;

	(void)state;
	assert_int_equal(add_user("alice", NULL, &account), MANAGE_OK);
	session.realm_id = t.tx.realm->id;
	memcpy(session.account_id, account.id, ID_SIZE);
	session.auth_epoch = account.auth_epoch;
	session.last_seen_at = t.tx.now;
	session.expires_at = t.tx.now + HOUR;
	assert_int_equal(session_insert(t.tx.store, &session), STORE_OK);
	add_realm("two");
	enter("two");
	assert_int_equal(manage_session_end(&t.tx, id, &t.why), MANAGE_NOT_FOUND);
	assert_int_equal(manage_session_end_all(&t.tx, NULL, &ended, &t.why), MANAGE_OK);
	assert_int_equal(ended, 0);
	enter("main");
	assert_int_equal(manage_session_end(&t.tx, id, &t.why), MANAGE_OK);
	assert_int_equal(manage_session_end(&t.tx, id, &t.why), MANAGE_NOT_FOUND);
	assert_int_equal(records("session_ended"), 1);
}

static void
realm_removal_leaves_its_record(void **state)
{
	struct manage_secret secret;

	(void)state;
	assert_int_equal(add_client("app", &secret), MANAGE_OK);
	assert_int_equal(manage_realm_remove(&t.tx, &t.why), MANAGE_OK);
	assert_null(t.tx.realm);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM client"), 0);
	assert_int_equal(records("realm_removed"), 1);
}

static enum manage_verdict
set_one(const char *name, const char *value)
{
	return manage_realm_set(&t.tx, &(struct manage_pair){name, value}, 1, &t.why);
}

/* A realm that was read before somebody else changed it does not bring the old settings back. */
static void
settings_of_two_administrators(void **state)
{
	(void)state;
	assert_int_equal(set_one("session_idle", "1h"), MANAGE_OK);
	assert_int_equal(set_one("session_lifetime", "2h"), MANAGE_OK);
	assert_int_equal(manage_realm_epoch(&t.tx, &t.why), MANAGE_OK);
	assert_int_equal(set_one("code_lifetime", "30s"), MANAGE_OK);
	enter("main");
	assert_int_equal(t.tx.realm->settings.session_idle, HOUR);
	assert_int_equal(t.tx.realm->settings.session_lifetime, 2 * HOUR);
	assert_int_equal(t.tx.realm->epoch, SAMPLE_NOW + 1);
}

/* Moves the realm's epoch while the other verb makes a key, which is when it asks for randomness.
 */
static void
fill_and_interfere(void *context, void *data, size_t size)
{
	bool *done = context;
	struct provider provider = t.provider;
	struct tx tx = t.tx;

	rand_fill(&rand_system, data, size);
	if (*done)
		return;
	*done = true;
	provider.random = &rand_system;
	provider.store = private_db_store(t.log);
	tx.provider = &provider;
	tx.store = provider.store;
	assert_int_equal(manage_realm_epoch(&tx, &t.why), MANAGE_OK);
	store_close(provider.store);
}

static void
a_change_that_is_overtaken_is_refused(void **state)
{
	bool done = false;
	const struct rand_source source = {fill_and_interfere, &done};

	(void)state;
	t.provider.random = &source;
	assert_int_equal(set_one("access_token_alg", "PS256"), MANAGE_REFUSED);
	assert_true(done);
	enter("main");
	assert_int_equal(t.tx.realm->epoch, SAMPLE_NOW + 1);
	assert_string_equal(t.tx.realm->settings.access_token_alg, "ES256");
	assert_int_equal(keys_in("PS256", "active"), 0);
	assert_int_equal(set_one("access_token_alg", "PS256"), MANAGE_OK);
}

static void
jobs_tend_every_realm(void **state)
{
	struct manage_jobs_done done = {0};

	(void)state;
	add_realm("two");
	enter("main");
	move_clock(91 * DAY);
	assert_int_equal(manage_jobs_run(&t.tx, &done, &t.report, &t.why), MANAGE_OK);
	assert_int_equal(keys_in("ES256", "next"), 2);
	assert_non_null(strstr(t.report.data, "main: ES256 "));
	assert_non_null(strstr(t.report.data, "two: ES256 "));
	assert_null(t.tx.realm);
}

/* A realm whose keys cannot be tended does not keep the others waiting. */
static void
jobs_without_master_key(void **state)
{
	struct manage_jobs_done done = {0};

	(void)state;
	add_realm("two");
	move_clock(91 * DAY);
	t.provider.master = NULL;
	assert_int_equal(manage_jobs_run(&t.tx, &done, &t.report, &t.why), MANAGE_REFUSED);
	assert_non_null(strstr(t.why.data, "main: "));
	assert_non_null(strstr(t.why.data, "two: "));
}

static void
a_database_that_is_away(void **state)
{
	struct manage_secret secret;
	struct manage_jobs_done done;
	struct account account;
	int64_t ended;

	(void)state;
	private_db_halt();
	assert_int_equal(add_client("app", &secret), MANAGE_DOWN);
	assert_int_equal(add_user("alice", NULL, &account), MANAGE_DOWN);
	assert_int_equal(manage_realm_epoch(&t.tx, &t.why), MANAGE_DOWN);
	assert_int_equal(manage_key_rotate(&t.tx, NULL, true, &t.report, &t.why), MANAGE_DOWN);
	assert_int_equal(manage_session_end_all(&t.tx, NULL, &ended, &t.why), MANAGE_DOWN);
	assert_int_equal(manage_jobs_run(&t.tx, &done, &t.report, &t.why), MANAGE_DOWN);
	private_db_resume();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DATABASE(client_ids),
		ON_DATABASE(secrets_by_method),
		ON_DATABASE(switched_to_assertions),
		ON_DATABASE(keys_are_looked_at),
		ON_DATABASE(clients_belong_to_a_realm),
		ON_DATABASE(a_refused_change_leaves_nothing),
		ON_DATABASE(people),
		ON_DATABASE(passwords),
		ON_DATABASE(claims),
		ON_DATABASE(sessions_of_other_realms_are_safe),
		ON_DATABASE(realm_removal_leaves_its_record),
		ON_DATABASE(settings_of_two_administrators),
		ON_DATABASE(a_change_that_is_overtaken_is_refused),
		ON_DATABASE(jobs_tend_every_realm),
		ON_DATABASE(jobs_without_master_key),
		ON_DATABASE(a_database_that_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
