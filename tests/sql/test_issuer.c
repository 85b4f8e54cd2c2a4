/* SPDX-License-Identifier: ISC */
/*
 * Trusted issuers and links: what is written is found, in its realm alone, and what is removed
 * takes along what depends on it. Also the grant that an ID token came of.
 */
#include "core/model/issuer.h"

#include "core/model/grant.h"
#include "tests/sql/check.h"

#define ISSUER "https://idp.example"

static struct issuer
sample(const char *name)
{
	return (struct issuer){
		.realm_id = SAMPLE_REALM,
		.issuer = name,
		.purposes = "subject_token",
		.jwks = "{\"keys\":[]}",
		.algs = "ES256 RS256",
		.created_at = SAMPLE_NOW,
	};
}

static struct account_link
sample_link(const char *issuer, const char *sub, uint32_t account)
{
	struct account_link link = {
		.realm_id = SAMPLE_REALM, .issuer = issuer, .sub = sub, .created_at = SAMPLE_NOW};

	sample_id(account, link.account_id);
	return link;
}

static void
issuers(void **state)
{
	struct issuer row = sample(ISSUER), other = sample("https://aaa.example"), found;
	struct issuer_list list = {0};

	(void)state;
	check_verdict("before", issuer_find(store, arena, SAMPLE_REALM, ISSUER, &found),
		      STORE_NONE);
	check_verdict("update before", issuer_update(store, &row), STORE_NONE);
	check_verdict("insert", issuer_insert(store, &row), STORE_OK);
	check_verdict("again", issuer_insert(store, &row), STORE_CONFLICT);
	check_verdict("another", issuer_insert(store, &other), STORE_OK);
	check_verdict("find", issuer_find(store, arena, SAMPLE_REALM, ISSUER, &found), STORE_OK);
	assert_string_equal(found.purposes, "subject_token");
	assert_string_equal(found.jwks, "{\"keys\":[]}");
	assert_null(found.jwks_uri);
	assert_string_equal(found.algs, "ES256 RS256");
	assert_int_equal(found.created_at, SAMPLE_NOW);
	check_verdict("another realm", issuer_find(store, arena, SAMPLE_REALM + 1, ISSUER, &found),
		      STORE_NONE);
	check_verdict("another case",
		      issuer_find(store, arena, SAMPLE_REALM, "https://IDP.example", &found),
		      STORE_NONE);
	check_verdict("a blank behind", issuer_find(store, arena, SAMPLE_REALM, ISSUER " ", &found),
		      STORE_NONE);
	check_verdict("list", issuer_list(store, arena, SAMPLE_REALM, &list), STORE_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.issuer[0].issuer, "https://aaa.example");
}

static void
changes(void **state)
{
	struct issuer row = sample(ISSUER), found;

	(void)state;
	check_verdict("insert", issuer_insert(store, &row), STORE_OK);
	check_verdict("nothing differs", issuer_update(store, &row), STORE_OK);
	row.jwks = NULL;
	row.jwks_uri = "https://idp.example/jwks";
	row.purposes = "jwt_bearer";
	row.algs = "EdDSA";
	row.created_at = 1;
	check_verdict("update", issuer_update(store, &row), STORE_OK);
	check_verdict("find", issuer_find(store, arena, SAMPLE_REALM, ISSUER, &found), STORE_OK);
	assert_null(found.jwks);
	assert_string_equal(found.jwks_uri, "https://idp.example/jwks");
	assert_string_equal(found.purposes, "jwt_bearer");
	assert_string_equal(found.algs, "EdDSA");
	assert_int_equal(found.created_at, SAMPLE_NOW);
}

static void
links(void **state)
{
	struct account first = sample_account(arena, 1), second = sample_account(arena, 2), found;
	struct account_link link = sample_link(ISSUER, "s-1", 1), wrong;
	struct account_link other = sample_link("https://aaa.example", "s-9", 1);
	struct account_link_list list = {0};

	(void)state;
	check_verdict("account", account_insert(store, &first), STORE_OK);
	check_verdict("account", account_insert(store, &second), STORE_OK);
	check_verdict("nobody",
		      account_find_linked(store, arena, SAMPLE_REALM, ISSUER, "s-1", &found),
		      STORE_NONE);
	check_verdict("link", account_link_insert(store, &link), STORE_OK);
	wrong = sample_link(ISSUER, "s-1", 2);
	check_verdict("one person at most", account_link_insert(store, &wrong), STORE_CONFLICT);
	check_verdict("another", account_link_insert(store, &other), STORE_OK);
	check_verdict("found",
		      account_find_linked(store, arena, SAMPLE_REALM, ISSUER, "s-1", &found),
		      STORE_OK);
	assert_memory_equal(found.id, first.id, ID_SIZE);
	check_verdict("another realm",
		      account_find_linked(store, arena, SAMPLE_REALM + 1, ISSUER, "s-1", &found),
		      STORE_NONE);
	check_verdict("another case",
		      account_find_linked(store, arena, SAMPLE_REALM, ISSUER, "S-1", &found),
		      STORE_NONE);
	check_verdict("another issuer",
		      account_find_linked(store, arena, SAMPLE_REALM, "https://aaa.example", "s-1",
					  &found),
		      STORE_NONE);
	check_verdict("list", account_link_list(store, arena, SAMPLE_REALM, first.id, &list),
		      STORE_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.link[0].issuer, "https://aaa.example");
	check_verdict("list", account_link_list(store, arena, SAMPLE_REALM, second.id, &list),
		      STORE_OK);
	assert_int_equal(list.count, 0);
	check_verdict("not this person's", account_link_remove(store, &wrong), STORE_NONE);
	check_verdict("remove", account_link_remove(store, &link), STORE_OK);
	check_verdict("again", account_link_remove(store, &link), STORE_NONE);
	check_verdict("gone",
		      account_find_linked(store, arena, SAMPLE_REALM, ISSUER, "s-1", &found),
		      STORE_NONE);
}

static void
removal(void **state)
{
	struct issuer row = sample(ISSUER), other = sample("https://aaa.example");
	struct account account = sample_account(arena, 1), found;
	struct account_link link = sample_link(ISSUER, "s-1", 1);
	struct account_link kept = sample_link("https://aaa.example", "s-1", 1);

	(void)state;
	check_verdict("account", account_insert(store, &account), STORE_OK);
	check_verdict("issuer", issuer_insert(store, &row), STORE_OK);
	check_verdict("issuer", issuer_insert(store, &other), STORE_OK);
	check_verdict("link", account_link_insert(store, &link), STORE_OK);
	check_verdict("link", account_link_insert(store, &kept), STORE_OK);
	check_verdict("another realm", issuer_remove(store, SAMPLE_REALM + 1, ISSUER), STORE_NONE);
	check_verdict("remove", issuer_remove(store, SAMPLE_REALM, ISSUER), STORE_OK);
	check_verdict("again", issuer_remove(store, SAMPLE_REALM, ISSUER), STORE_NONE);
	check_verdict("its links",
		      account_find_linked(store, arena, SAMPLE_REALM, ISSUER, "s-1", &found),
		      STORE_NONE);
	check_verdict("another's",
		      account_find_linked(store, arena, SAMPLE_REALM, "https://aaa.example", "s-1",
					  &found),
		      STORE_OK);
	check_verdict("person", account_remove(store, account.id), STORE_OK);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account_link"), 0);
}

/* ---- by session ---- */

static struct grant_of_session
wanted_of(const struct grant *grant, const char *sub)
{
	struct grant_of_session wanted = {.realm_id = grant->realm_id,
					  .sub = sub,
					  .client_id = grant->client_id,
					  .auth_time = grant->auth_time,
					  .nonce = grant->nonce};

	memcpy(wanted.session_id, grant->session_id, ID_SIZE);
	return wanted;
}

static void
grants_of_sessions(void **state)
{
	struct account account = sample_account(arena, 1);
	struct grant grant = sample_grant(1), offline = sample_grant(1);
	struct grant_of_session wanted = wanted_of(&grant, account.sub), other;
	struct grant_state found;

	(void)state;
	check_verdict("account", account_insert(store, &account), STORE_OK);
	check_verdict("grant", grant_insert(store, &grant), STORE_OK);
	check_verdict("unused code", grant_find_of_session(store, arena, &wanted, &found),
		      STORE_NONE);
	private_db_number("UPDATE auth_grant SET code_consumed_at = 1");
	check_verdict("used", grant_find_of_session(store, arena, &wanted, &found), STORE_OK);
	assert_memory_equal(found.grant.id, grant.id, ID_SIZE);
	wanted.nonce = NULL;
	check_verdict("no nonce", grant_find_of_session(store, arena, &wanted, &found), STORE_OK);
	other = wanted;
	other.nonce = "another";
	check_verdict("nonce", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	other = wanted;
	other.client_id = "another";
	check_verdict("client", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	other = wanted;
	other.sub = "another";
	check_verdict("sub", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	other = wanted;
	other.auth_time++;
	check_verdict("auth_time", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	other = wanted;
	other.session_id[0]++;
	check_verdict("session", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	other = wanted;
	other.realm_id++;
	check_verdict("realm", grant_find_of_session(store, arena, &other, &found), STORE_NONE);
	sample_id(99, offline.id);
	offline.offline = !grant.offline;
	check_verdict("grant", grant_insert(store, &offline), STORE_OK);
	private_db_number("UPDATE auth_grant SET code_consumed_at = 1");
	check_verdict("two", grant_find_of_session(store, arena, &wanted, &found), STORE_OK);
	assert_false(found.grant.offline);
	private_db_number("UPDATE auth_grant SET revoked_at = 1");
	check_verdict("revoked", grant_find_of_session(store, arena, &wanted, &found), STORE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(issuers),
		store_test(changes),
		store_test(links),
		store_test(removal),
		store_test(grants_of_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
