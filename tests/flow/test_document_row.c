/* SPDX-License-Identifier: ISC */
/*
 * What is kept of clients that are known by a URL: the row that follows its document and what an
 * administrator set in it; and how long the documents themselves are kept, by who named them.
 */
#include "core/manage/manage_client.h"
#undef fail
#include "core/port/realms.h"
#include "core/port/remote.h"
#include "tests/flow/document.h"

/* What the row of the client says. */
static bool
row_has(const char *piece)
{
	return private_db_number("SELECT COUNT(*) FROM client WHERE client_id = '" ID
				 "' AND INSTR(metadata, '%s') > 0",
				 piece) == 1;
}

static void
the_row_follows(void **state)
{
	struct agent agent = {0};
	const struct fetched gone = {.status = 404, .body = "", .max_age = 0};

	(void)state;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "first");
	check(row_has("Assistant"), "the name");
	fake_net_page(ID, "application/json", DOCUMENT(",\"client_name\":\"Helper\""));
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "while it is fresh");
	check(row_has("Assistant"), "not asked again at once");
	world_move(CLIENT_DOCUMENT_MOST);
	(void)agent_get(&agent, target_of(REDIRECT));
	check(row_has("Helper"), "another name");
	fake_net_answer(ID, FETCH_OK, &gone);
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "an outage changes nothing");
	private_db_number("DELETE FROM fetched");
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "nor without a copy");
	world_client_off(ID);
	check_status(agent_get(&agent, target_of(REDIRECT)), 400, "an administrator's word");
	fake_net_page(ID, "application/json", AGENT_DOCUMENT);
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 400, "whatever its document says");
}

/* ---- what an administrator set ---- */

static void
administrator_sets(const char *field, const char *value)
{
	const struct manage_edit edit = {MANAGE_SET, field, value};
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, 1000);
	if (manage_client_edit(&tx, ID, &edit, 1, &why) != MANAGE_OK)
		fail_msg("%s", why.data);
	realms_forget(world.provider.realms);
}

/* The document says another name; whether the row then has it. */
static bool
is_followed(const char *client_name)
{
	struct agent agent = {0};

	fake_net_page(ID, "application/json",
		      arena_printf(world.arena, DOCUMENT(",\"client_name\":\"%s\""), client_name));
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, client_name);
	return row_has(client_name);
}

static bool
still_has(const char *client_name, const char *piece)
{
	check(is_followed(client_name), "the document is followed");
	return row_has(piece);
}

static void
what_an_administrator_set_stays(void **state)
{
	static const struct {
		const char *field, *value, *piece;
	} cases[] = {
		{"exchange_issuers", "https://p.example", "https://p.example"},
		{"profile", "oidc", "\"profile\":\"oidc\""},
		{"default_resource", "https://api.example", "https://api.example"},
		{"exchange_clients", "other", "\"exchange_clients\":[\"other\"]"},
		{"access_token_lifetime", "77", "\"access_token_lifetime\":\"77s\""},
	};
	struct agent agent = {0};

	(void)state;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	for (size_t i = 0; i < COUNT(cases); i++) {
		administrator_sets(cases[i].field, cases[i].value);
		check(row_has(cases[i].piece), cases[i].piece);
		check(still_has(cases[i].field, cases[i].piece), cases[i].field);
	}
	for (size_t i = 0; i < COUNT(cases); i++)
		check(row_has(cases[i].piece), "all of it at last");
}

/* Somebody changed the row after it was read for this request. */
static void
a_change_at_the_same_time_stays(void **state)
{
	struct agent agent = {0};

	(void)state;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "it is read");
	private_db_number("UPDATE client SET version = version + 1 WHERE client_id = '" ID "'");
	check(!is_followed("Helper"), "the row is another one by now");
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
	check(is_followed("Helpers"), "the next request knows it");
}

/* What a document says is no administrator's word. */
static void
what_a_document_says_it_may_not(void **state)
{
	struct agent agent = {0};

	(void)state;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	fake_net_page(ID, "application/json",
		      DOCUMENT(",\"client_name\":\"Bold\",\"first_party\":true,"
			       "\"exchange_clients\":[\"evil\"],\"settings\":{\"consent\":0}"));
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "bold");
	check(row_has("Bold"), "followed");
	check(!row_has("first_party") && !row_has("evil") && !row_has("settings"),
	      "in nothing else");
}

/* ---- one with keys ---- */

#define KEYS_URI            "https://mcp.example/jwks.json"
#define KEYS_DOCUMENT(keys) DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\"," keys)

static struct answer
redeem_with(const char *code, const struct other_key *key, const char *jti)
{
	struct json_object *claims = json_new_object(world.arena);
	const char *form = params("grant_type", "authorization_code", "code", code, "redirect_uri",
				  REDIRECT, "code_verifier", VERIFIER, NULL);

	json_add_text(claims, "iss", ID);
	json_add_text(claims, "sub", ID);
	json_add_text(claims, "aud", MAIN_ISSUER);
	json_add_int(claims, "exp", world_now() + 60);
	json_add_text(claims, "jti", jti);
	form = params_with(form, "client_assertion_type",
			   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	return token_post(NULL,
			  params_with(form, "client_assertion", other_token(key, NULL, claims)));
}

static void
keys_of_a_document(void **state)
{
	const struct other_key key = other_key(JWS_ES256, "k1"), other = other_key(JWS_ES256, "k1");
	const char *const documents[] = {
		KEYS_DOCUMENT("\"jwks_uri\":\"" KEYS_URI "\""),
		arena_printf(world.arena, KEYS_DOCUMENT("\"jwks\":%s"), other_jwks(&key, 1)),
	};

	(void)state;
	fake_net_page(KEYS_URI, "application/json", other_jwks(&key, 1));
	for (size_t i = 0; i < COUNT(documents); i++) {
		struct agent agent = {0};
		struct answer answer;
		const char *code;

		private_db_number("DELETE FROM fetched");
		fake_net_page(ID, "application/json", documents[i]);
		code = walk_code(&agent, target_of(REDIRECT));
		check(code != NULL, "code");
		answer = redeem_here(code);
		check_error(&answer, 401, "invalid_client", "its id alone");
		answer = redeem_with(code, &other, arena_printf(world.arena, "a%zu", i));
		check_error(&answer, 401, "invalid_client", "another key");
		answer = redeem_with(code, &key, arena_printf(world.arena, "b%zu", i));
		check_status(answer, 200, "its key");
		answer = redeem_with(code, &key, arena_printf(world.arena, "b%zu", i));
		check_error(&answer, 401, "invalid_client", "the same assertion again");
	}
}

/* ---- how long documents are kept ---- */

static int64_t
kept(const char *url)
{
	return private_db_number("SELECT forget_at FROM fetched WHERE url = '%s'", url) -
	       world_now();
}

static void
documents_of_strangers_go_soon(void **state)
{
	struct agent agent = {0};

	(void)state;
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "a stranger names it");
	check(kept(ID) == REMOTE_KEPT_STRANGER, "one hour");
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "again");
	check(kept(ID) == REMOTE_KEPT, "long");
}

static void
keys_of_strangers_go_soon(void **state)
{
	const struct other_key key = other_key(JWS_ES256, "k1");
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	fake_net_page(KEYS_URI, "application/json", other_jwks(&key, 1));
	fake_net_page(ID, "application/json", KEYS_DOCUMENT("\"jwks_uri\":\"" KEYS_URI "\""));
	answer = redeem_with("none", &key, "a");
	check_error(&answer, 400, "invalid_grant", "nobody has let it in");
	check(kept(KEYS_URI) == REMOTE_KEPT_STRANGER, "one hour");
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	world_move(CLIENT_DOCUMENT_MOST);
	answer = redeem_with("none", &key, "b");
	check_error(&answer, 400, "invalid_grant", "still no code");
	check(kept(KEYS_URI) == REMOTE_KEPT, "long");
}

static void
sector_documents_go_soon(void **state)
{
	static const char url[] = "https://mcp.example/sector";
	const struct ask ask = {
		.method = "POST",
		.target = "/register",
		.content_type = "application/json",
		.body = "{\"redirect_uris\":[\"https://mcp.example/cb\"],"
			"\"sector_identifier_uri\":\"https://mcp.example/sector\"}",
	};

	(void)state;
	fake_net_page(url, "application/json", "[\"https://mcp.example/cb\"]");
	world_realm_set("registration", "open");
	check_status(request_send(&ask), 201, "registration");
	world_realm_set("registration", "closed");
	check(kept(url) == REMOTE_KEPT_STRANGER, "one hour");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		document_test(the_row_follows),
		document_test(what_an_administrator_set_stays),
		document_test(a_change_at_the_same_time_stays),
		document_test(what_a_document_says_it_may_not),
		document_test(keys_of_a_document),
		document_test(documents_of_strangers_go_soon),
		document_test(keys_of_strangers_go_soon),
		document_test(sector_documents_go_soon),
	};

	return flow_tests_run(tests);
}
