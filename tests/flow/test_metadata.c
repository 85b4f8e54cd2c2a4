/* SPDX-License-Identifier: ISC */
/*
 * Discovery, keys and what HTTP itself asks of every address: all forms of paths, realms at the
 * root, below a path and on a virtual host, conditional requests, methods, CORS of documents.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwk.h"
#include "core/oauth/grant/grant.h"

#define OPENID "/.well-known/openid-configuration"
#define OAUTH  "/.well-known/oauth-authorization-server"

static struct answer
get(const char *target, const char *vhost)
{
	return request_send(&(struct ask){.target = target, .vhost = vhost});
}

static const struct {
	const char *target, *vhost, *issuer; /* issuer NULL: 404 */
} places[] = {
	{OPENID, NULL, MAIN_ISSUER},
	{OAUTH, NULL, MAIN_ISSUER},
	{OPENID "?x=1", NULL, MAIN_ISSUER},
	{"http://other.example" OPENID, NULL, MAIN_ISSUER},
	{"/sub/path" OPENID, NULL, SUB_ISSUER},
	{"/sub/path" OAUTH, NULL, SUB_ISSUER},
	{OPENID "/sub/path", NULL, SUB_ISSUER},
	{OAUTH "/sub/path", NULL, SUB_ISSUER},
	{"/dev" OPENID, NULL, DEV_ISSUER},
	{OAUTH "/dev", NULL, DEV_ISSUER},
	{OPENID, "v", VIRT_ISSUER},
	{OAUTH, "v", VIRT_ISSUER},
	{OPENID, "w", NULL},
	{"/sub/path" OPENID, "v", NULL},
	{OPENID "/sub", NULL, NULL},
	{OPENID "/sub/pathx", NULL, NULL},
	{OPENID "/sub/path/x", NULL, NULL},
	{OPENID "/nothing", NULL, NULL},
	{OPENID "/", NULL, NULL},
	{OPENID "x", NULL, NULL},
	{"/sub/pathx" OPENID, NULL, NULL},
	{"/sub" OPENID, NULL, NULL},
	{"/nothing" OPENID, NULL, NULL},
	{"/SUB/path" OPENID, NULL, NULL},
};

static void
every_form_of_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct answer answer = get(places[i].target, places[i].vhost);
		const char *issuer = places[i].issuer;

		check_status(answer, issuer ? 200 : 404, places[i].target);
		check_text(member(&answer, "issuer"), issuer, places[i].target);
		if (issuer)
			check_text(member(&answer, "token_endpoint"),
				   arena_printf(world.arena, "%s/token", issuer), places[i].target);
	}
}

/* What is told must work, and what works must be told. */
static void
document_is_of_the_tables(void **state)
{
	struct answer answer = get(OPENID, NULL);
	struct strlist list;
	size_t count;

	(void)state;
	for (const struct route *route = routes_table; route->path; route++)
		if (route->member && !str_equal(route->member, "registration_endpoint"))
			check_text(member(&answer, route->member),
				   arena_printf(world.arena, "%s%s", MAIN_ISSUER, route->path),
				   route->member);
	assert_int_equal(
		json_get_list(world.arena, answer.json, "grant_types_supported", 16, &list),
		JSON_FOUND);
	grants_table(&count);
	assert_int_equal(list.count, count);
	assert_int_equal(json_get_list(world.arena, answer.json,
				       "id_token_signing_alg_values_supported", 16, &list),
			 JSON_FOUND);
	assert_true(strlist_has(&list, "RS256") && strlist_has(&list, "EdDSA"));
	assert_int_equal(list.count, 4);
	check_text(member(&answer, "authorization_response_iss_parameter_supported"), "true",
		   "iss");
	check_text(member(&answer, "request_uri_parameter_supported"), "false", "request_uri");
	check_text(member(&answer, "code_challenge_methods_supported"), "[\"S256\"]", "pkce");
}

static void
keys_are_public(void **state)
{
	struct answer answer = get("/jwks", NULL);
	struct jwk_set set;

	(void)state;
	check_status(answer, 200, "jwks");
	assert_int_equal(jwk_set_parse(world.arena, answer.json, JWK_ACCEPT_PUBLIC, &set), JWK_OK);
	assert_int_equal(set.count, 4);
	for (size_t i = 0; i < set.count; i++) {
		check(set.key[i].kid && set.key[i].alg != JWS_NONE, "kid and alg");
		check_text(set.key[i].use, "sig", "use");
		for (size_t j = 0; j < i; j++)
			check(!str_equal(set.key[i].kid, set.key[j].kid), "kids differ");
	}
	check(!str_equal(answer.body, get("/sub/path/jwks", NULL).body), "each realm has its own");
}

static const char *const documents[] = {OPENID, "/jwks", "/static/style.css"};

static void
conditional_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		struct answer answer = get(documents[i], NULL);
		const char *tag = header(&answer, "ETag");
		const char *lists[] = {tag, arena_printf(world.arena, "W/%s", tag),
				       arena_printf(world.arena, "\"x\", %s", tag), "*"};

		check_status(answer, 200, documents[i]);
		check(tag != NULL, documents[i]);
		for (size_t j = 0; j < COUNT(lists); j++) {
			struct answer again = request_send(
				&(struct ask){.target = documents[i], .none_match = lists[j]});

			check_status(again, 304, lists[j]);
			check_text(again.body, "", lists[j]);
			check_text(header(&again, "ETag"), tag, lists[j]);
			check_text(header(&again, "Content-Length"), NULL, lists[j]);
		}
		answer = request_send(
			&(struct ask){.target = documents[i], .none_match = "\"other\""});
		check_status(answer, 200, "another tag");
	}
}

static void
head_has_no_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(documents); i++) {
		struct answer full = get(documents[i], NULL);
		struct answer answer =
			request_send(&(struct ask){.target = documents[i], .method = "HEAD"});

		check_status(answer, 200, documents[i]);
		check_text(answer.body, "", documents[i]);
		check_text(header(&answer, "Content-Length"), header(&full, "Content-Length"),
			   documents[i]);
		check_text(header(&answer, "ETag"), header(&full, "ETag"), documents[i]);
	}
}

static const struct {
	const char *method, *target, *allow;
} methods[] = {
	{"POST", "/jwks", "GET,HEAD"},
	{"PUT", OPENID, "GET,HEAD"},
	{"DELETE", "/jwks", "GET,HEAD"},
	{"GET", "/token", "POST"},
	{"HEAD", "/token", "POST"},
	{"TRACE", "/authorize", "GET,POST"},
	{"HEAD", "/authorize", "GET,POST"},
	{"OPTIONS", "/authorize", "GET,POST"},
	{"OPTIONS", "/introspect", "POST"},
	{"PUT", "/userinfo", "GET,HEAD,POST"},
	{"GET", "/signin", "POST"},
	{"GET", "/consent", "POST"},
	{"GET", "/select", "POST"},
	{"GET", "/signout", "POST"},
	{"GET", "/revoke", "POST"},
	{"get", "/jwks", "GET,HEAD"},
	{"POST", "/static/style.css", "GET,HEAD"},
};

static void
other_methods_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(methods); i++) {
		struct answer answer = request_send(
			&(struct ask){.method = methods[i].method, .target = methods[i].target});

		check_status(answer, 405, methods[i].target);
		check_text(header(&answer, "Allow"), methods[i].allow, methods[i].target);
	}
}

static const char *const bad_targets[] = {
	"/a%2Fb", "/%00", "//jwks",       "/./jwks",   "/../jwks", "/sub/path/../../jwks",
	"/jwks%", "jwks", "/%2e%2e/jwks", "/\xc3\xa4", "*",
};

static void
unacceptable_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_targets); i++)
		check_status(get(bad_targets[i], NULL), 400, bad_targets[i]);
	check_status(get("/jwks?a=%zz", NULL), 400, "query");
	check_status(get("/nothing", NULL), 404, "unknown");
	check_status(get("/", NULL), 404, "root");
	check_status(get("/jwks/", NULL), 404, "slash");
	check_status(get("/static/", NULL), 404, "folder");
	check_status(get("/static/../templates/signin.html", NULL), 400, "out of the folder");
	check_status(get("/static/nothing.css", NULL), 404, "no such file");
}

static void
public_documents_are_for_every_origin(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct answer answer = request_send(
			&(struct ask){.target = documents[i], .origin = "https://x.example"});

		check_text(header(&answer, "Access-Control-Allow-Origin"), "*", documents[i]);
		check_text(header(&answer, "Cache-Control"), "public, max-age=300", documents[i]);
		check_text(header(&answer, "X-Content-Type-Options"), "nosniff", documents[i]);
	}
}

static void
a_new_setting_is_seen(void **state)
{
	struct answer before = get(OPENID, NULL), after;

	(void)state;
	world_realm_set("display_name", "Changed");
	world_move(2);
	after = get(OPENID, NULL);
	check_status(after, 200, "after a change");
	check_text(after.body, before.body, "same document");
}

/* A realm whose path were that of an endpoint would be hidden by it, or hide it. */
static void
no_realm_where_endpoints_are(void **state)
{
	(void)state;
	for (const struct route *route = routes_table; route->path; route++) {
		const char *segment =
			arena_copy(world.arena, route->path + 1, strcspn(route->path + 1, "/"));
		const char *why = NULL;

		check(realm_issuer_check(
			      world.arena,
			      arena_printf(world.arena, "https://id.example/%s", segment), false,
			      &why) == -1,
		      route->path);
	}
}

static void
health(void **state)
{
	struct answer answer = get("/health", NULL);

	(void)state;
	check_status(answer, 200, "health");
	check_text(member(&answer, "status"), "ok", "health");
	check_text(header(&answer, "Cache-Control"), "no-store", "health");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(every_form_of_path),
		flow_test(document_is_of_the_tables),
		flow_test(keys_are_public),
		flow_test(conditional_requests),
		flow_test(head_has_no_body),
		flow_test(other_methods_are_refused),
		flow_test(unacceptable_targets),
		flow_test(public_documents_are_for_every_origin),
		flow_test(a_new_setting_is_seen),
		flow_test(health),
		flow_test(no_realm_where_endpoints_are),
	};

	return flow_tests_run(tests);
}
