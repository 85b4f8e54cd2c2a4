/* SPDX-License-Identifier: ISC */
/*
 * Clients that are known by the URL of their metadata: what such a URL and such a document must be,
 * and that strangers leave no rows.
 */
#include "core/base/percent.h"
#include "core/base/str.h"
#include "tests/flow/document.h"

static void
the_whole_way(void **state)
{
	struct agent agent = {0};
	struct answer page, answer;
	const char *code;

	(void)state;
	page = agent_get(&agent, target_of(REDIRECT));
	check_status(page, 200, "sign-in page");
	check_text(page_kind(&page), "signin", "sign-in page");
	check(rows() == 0, "a stranger leaves no client");
	page = sign_in(&agent, &page, "alice", USER_PASSWORD);
	if (page.status == 303)
		page = agent_get(&agent, next_target(&page));
	check_text(page_kind(&page), "consent", "first_party is not believed");
	check_has(page.body, "mcp.example", "the host is shown");
	check_has(page.body, "Assistant", "and the name");
	check(!strstr(page.body, "/logo?"), "no logo of one that nobody has let in");
	check(rows() == 0, "still none");
	answer = press(&agent, &page, "allow");
	code = location_param(&answer, "code");
	check(code != NULL, "code");
	check(rows() == 1, "it is kept once somebody has let it in");
	check(recorded("client_document_added") != NULL, "record");
	answer = redeem_here(code);
	check_status(answer, 200, "redemption");
	check(member(&answer, "refresh_token") != NULL, "refresh token");
	check(is_active(member(&answer, "access_token")) ||
		      userinfo(member(&answer, "access_token")).status == 200,
	      "the token is good");
	assert_int_equal(fake_net_asked(ID), 1);
}

static void
off_is_off(void **state)
{
	struct agent agent = {0};

	(void)state;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "on");
	world_realm_set("client_id_metadata_document", "false");
	check_status(agent_get(&agent, target_of(REDIRECT)), 400, "off, with a row");
	private_db_number("DELETE FROM client WHERE source = 'document'");
	private_db_number("UPDATE generation SET value = value + 1");
	world_realm_set("client_id_metadata_document", "false");
	check_status(agent_get(&agent, target_of(REDIRECT)), 400, "off, without");
}

static void
other_ports(void **state)
{
	struct agent agent = {0};

	(void)state;
	check(walk_code(&agent, target_of("http://127.0.0.1:49152/callback")) != NULL,
	      "any port on loopback");
	check_status(agent_get(&agent, target_of("http://127.0.0.1:49152/other")), 400,
		     "another path");
}

static const struct {
	const char *name, *document;
} bad_documents[] = {
	{"no JSON", "<html>"},
	{"a list", "[]"},
	{"no client_id", "{" AND_URIS "}"},
	{"another client_id", "{\"client_id\":\"https://mcp.example/other.json\"," AND_URIS "}"},
	{"a slash more", "{\"client_id\":\"" ID "/\"," AND_URIS "}"},
	{"no redirect_uris", "{\"client_id\":\"" ID "\"}"},
	{"a fragment", "{\"client_id\":\"" ID "\",\"redirect_uris\":[\"https://x.example/#f\"]}"},
	{"a secret", DOCUMENT(",\"client_secret\":\"s3cret\"")},
	{"an expiry", DOCUMENT(",\"client_secret_expires_at\":0")},
	{"client_secret_basic",
	 DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_basic\"")},
	{"client_secret_post", DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_post\"")},
	{"client_secret_jwt", DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_jwt\"")},
	{"private_key_jwt without keys",
	 DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\"")},
	{"client_credentials", DOCUMENT(",\"grant_types\":[\"client_credentials\"]")},
	{"pairwise", DOCUMENT(",\"subject_type\":\"pairwise\"")},
	{"twice", DOCUMENT(",\"client_id\":\"" ID "\"")},
};

static void
documents_that_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_documents); i++) {
		struct agent agent = {0};

		fake_net_page(ID, "application/json", bad_documents[i].document);
		private_db_number("DELETE FROM fetched");
		check_status(agent_get(&agent, target_of(REDIRECT)), 400, bad_documents[i].name);
	}
	check(rows() == 0, "nothing is kept");
}

static const struct {
	const char *name, *client_id;
	bool good;
} urls[] = {
	{"usual", ID, true},
	{"query", "https://mcp.example/client?v=1", true},
	{"two letters", "https://mcp.example/v1/client", true},
	{"port", "https://mcp.example:8443/c", true},
	{"http", "http://mcp.example/client.json", false},
	{"no path", "https://mcp.example", false},
	{"root alone", "https://mcp.example/", false},
	{"fragment", ID "#x", false},
	{"user", "https://me@mcp.example/client.json", false},
	{"dot", "https://mcp.example/./client.json", false},
	{"dots", "https://mcp.example/a/../client.json", false},
	{"dots at the end", "https://mcp.example/a/..", false},
	{"encoded dots", "https://mcp.example/a/%2e%2E/client.json", false},
	{"half encoded", "https://mcp.example/a/.%2e/client.json", false},
	{"hidden file", "https://mcp.example/.well-known/client", true},
	{"upper case scheme", "HTTPS://mcp.example/client.json", false},
	{"other scheme", "com.example:/client", false},
	{"no URL", "web", false},
};

static void
urls_that_are_clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++)
		check(!client_document_mistake(world.arena, urls[i].client_id) == urls[i].good,
		      urls[i].name);
	check(!client_document_mistake(world.arena,
				       arena_printf(world.arena, "https://a.example/%0237d", 1)),
	      "the longest");
	check(client_document_mistake(world.arena,
				      arena_printf(world.arena, "https://a.example/%0238d", 1)),
	      "a longer one");
}

static void
limits(void **state)
{
	struct agent agent = {0};
	struct answer page;

	(void)state;
	world_realm_set("registration_limit", "0");
	page = agent_get(&agent, target_of(REDIRECT));
	page = sign_in(&agent, &page, "alice", USER_PASSWORD);
	if (page.status == 303)
		page = agent_get(&agent, next_target(&page));
	check_status(press(&agent, &page, "allow"), 503, "too many clients");
	check(rows() == 0, "none more");
	check(world_log_count("client_document_limit") > 0, "the log says which limit");
}

/* What a document says of its type decides whether any port will do. */
static void
types_of_documents(void **state)
{
	static const struct {
		const char *name, *document;
		int other_port;
	} types[] = {
		{"it says native", DOCUMENT(",\"application_type\":\"native\""), 200},
		{"it says web", DOCUMENT(",\"application_type\":\"web\""), 400},
		{"it says nothing", DOCUMENT(""), 200},
		{"a site too",
		 "{\"client_id\":\"" ID "\",\"redirect_uris\":[\"" REDIRECT
		 "\",\"https://mcp.example/cb\"]}",
		 200},
		{"only sites",
		 "{\"client_id\":\"" ID "\",\"redirect_uris\":[\"" REDIRECT
		 "\",\"https://mcp.example/cb\"],\"application_type\":\"web\"}",
		 400},
		{"grants that are not offered beside one that is",
		 DOCUMENT(",\"grant_types\":[\"authorization_code\",\"implicit\"]"), 200},
		{"response types that are not offered",
		 DOCUMENT(",\"response_types\":[\"code\",\"token\"]"), 200},
		{"scopes of other servers", DOCUMENT(",\"scope\":\"mcp:tools\""), 200},
		{"a statement is passed over", DOCUMENT(",\"software_statement\":\"e30.e30.e30\""),
		 200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct agent agent = {0};

		private_db_number("DELETE FROM fetched");
		fake_net_page(ID, "application/json", types[i].document);
		check_status(agent_get(&agent, target_of(REDIRECT)), 200, types[i].name);
		check_status(agent_get(&agent, target_of("http://127.0.0.1:49152/callback")),
			     types[i].other_port, types[i].name);
	}
}

static int64_t
version(void)
{
	return private_db_number("SELECT version FROM client WHERE client_id = '" ID "'");
}

static void
who_asks_for_documents(void **state)
{
	struct agent agent = {0};
	const struct fetched busy = {.why = "all are at work"};
	char *longest = arena_printf(world.arena, "https://mcp.example/%0300d", 1);
	int64_t before;

	(void)state;
	fake_net_page(longest, "application/json", AGENT_DOCUMENT);
	check_status(agent_get(&agent,
			       arena_printf(world.arena,
					    "/authorize?response_type=code&client_id=%s", longest)),
		     400, "too long");
	assert_int_equal(fake_net_asked(longest), 0);
	fake_net_answer(ID, FETCH_BUSY, &busy);
	check_status(agent_get(&agent, target_of(REDIRECT)), 503, "too many wait");
	fake_net_page(ID, "application/json", AGENT_DOCUMENT);
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "now it is there");
	before = version();
	world_move(CLIENT_DOCUMENT_MOST);
	check_status(agent_get(&agent, target_of(REDIRECT)), 200, "the same again");
	check(version() == before, "what says the same changes no row");
}

/* What a stranger made us fetch as something else is not taken for a document. */
static void
fetched_for_another_purpose(void **state)
{
	const struct ask ask = {
		.method = "POST",
		.target = "/register",
		.content_type = "application/json",
		.body = "{" AND_URIS ",\"application_type\":\"native\","
			"\"sector_identifier_uri\":\"" ID "\"}",
	};
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	world_realm_set("registration", "open");
	fake_net_page(ID, "application/json", "{" AND_URIS "}");
	answer = request_send(&ask);
	world_realm_set("registration", "closed");
	check_error(&answer, 400, "invalid_client_metadata", "no sector document");
	assert_int_equal(fake_net_asked(ID), 1);
	check_status(agent_get(&agent, target_of(REDIRECT)), 400, "without its client_id");
}

static void
networks_that_ask_too_much(void **state)
{
	struct agent agent = {0};
	int64_t usual = world.conf.rate_limit_network;

	(void)state;
	world.conf.rate_limit_network = 2;
	for (int i = 0; i < 2; i++)
		check_status(agent_get(&agent, target_of(REDIRECT)), 200, "as many as may");
	check_status(agent_get(&agent, target_of(REDIRECT)), 503, "one more");
	world.conf.rate_limit_network = usual;
	check(walk_code(&agent, target_of(REDIRECT)) != NULL, "it is let in");
	world.conf.rate_limit_network = 2;
	for (int i = 0; i < 4; i++)
		check_status(agent_get(&agent, target_of(REDIRECT)), 200, "one that is known");
	world.conf.rate_limit_network = usual;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		document_test(the_whole_way),
		document_test(off_is_off),
		document_test(other_ports),
		document_test(documents_that_are_refused),
		document_test(urls_that_are_clients),
		document_test(limits),
		document_test(types_of_documents),
		document_test(who_asks_for_documents),
		document_test(fetched_for_another_purpose),
		document_test(networks_that_ask_too_much),
	};

	return flow_tests_run(tests);
}
