/* SPDX-License-Identifier: ISC */
/*
 * grant_type=client_credentials (RFC 6749 4.4): who gets what for itself, what it costs, and how
 * such tokens end though no grant of a person stands behind them.
 */
#include "tests/flow/agent.h"

#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/resource.h"

#define A "https://a.example/"
#define B "urn:b"

#define METADATA(more)                                                                             \
	"{\"grant_types\":[\"client_credentials\"],\"response_types\":[],"                         \
	"\"scope\":\"openid offline_access email read write old\",\"resources\":[\"" A "\"]" more  \
	"}"

static int
begin(void **state)
{
	int result = world_fresh(state);

	world_resource(A, "{\"read\":{\"\":\"x\"},\"write\":{\"\":\"x\"},\"admin\":{\"\":\"x\"}}",
		       "{}", NULL);
	world_resource(B, "{\"read\":{\"\":\"x\"}}", "{}", NULL);
	world_client("main", "service", METADATA(""), WEB_SECRET);
	return result;
}

#define service_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
post_as(const char *client_id, const char *scope, const char *resource)
{
	return token_post(basic(client_id, WEB_SECRET),
			  params("grant_type", "client_credentials", "scope", scope, "resource",
				 resource, NULL));
}

static struct answer
post(const char *scope, const char *resource)
{
	return post_as("service", scope, resource);
}

static struct answer
introspect_as(const char *client_id, const char *token)
{
	const struct ask ask = {.target = "/introspect",
				.body = params("token", token, NULL),
				.authorization = basic(client_id, WEB_SECRET)};

	return request_send(&ask);
}

static bool
is_live(const char *token)
{
	struct answer answer = introspect_as("service", token);

	check_status(answer, 200, "introspection");
	return str_equal(member(&answer, "active"), "true");
}

static void
give_up(const char *client_id, const char *token)
{
	const struct ask ask = {.target = "/revoke",
				.body = params("token", token, NULL),
				.authorization = basic(client_id, WEB_SECRET)};

	check_status(request_send(&ask), 200, "revocation");
}

/* ---- who gets what ---- */

static const struct {
	const char *name, *scope, *resource;
	const char *audience; /* NULL: refused */
	const char *got;      /* scopes, or the error */
} asked[] = {
	{"all", NULL, A, A, "read write"},
	{"one scope", "read", A, A, "read"},
	{"of the realm", NULL, NULL, MAIN_ISSUER, "email"},
	{"of the realm by name", "email", MAIN_ISSUER, MAIN_ISSUER, "email"},
	{"beyond the client", "admin", A, NULL, "invalid_scope"},
	{"partly beyond the client", "read admin", A, NULL, "invalid_scope"},
	{"openid", "openid", NULL, NULL, "invalid_scope"},
	{"offline_access", "read offline_access", A, NULL, "invalid_scope"},
	{"a scope of the other audience", "read", NULL, NULL, "invalid_scope"},
	{"a scope that nobody knows", "old", A, NULL, "invalid_scope"},
	{"a resource not registered", "read", B, NULL, "invalid_target"},
	{"an unknown resource", "read", "urn:c", NULL, "invalid_target"},
};

static void
who_gets_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct answer set = post(asked[i].scope, asked[i].resource);
		struct jwt jwt;

		if (!asked[i].audience) {
			check_error(&set, 400, asked[i].got, asked[i].name);
			continue;
		}
		check_status(set, 200, asked[i].name);
		assert_int_equal(
			jwt_read_unverified(world.arena, member(&set, "access_token"), &jwt),
			JWT_OK);
		check_text(strlist_join(world.arena, &jwt.aud, ' '), asked[i].audience,
			   asked[i].name);
		check_text(member(&set, "scope"), asked[i].got, asked[i].name);
		check_text(member(&set, "id_token"), NULL, asked[i].name);
		check_text(member(&set, "refresh_token"), NULL, asked[i].name);
	}
}

static void
who_may_not(void **state)
{
	struct answer answer = post_as("web", NULL, NULL);

	(void)state;
	check_error(&answer, 400, "unauthorized_client", "not registered for it");
	answer = token_post(basic("service", "wrong"),
			    params("grant_type", "client_credentials", "scope", "read", NULL));
	check_error(&answer, 401, "invalid_client", "wrong secret");
	world_client_off("service");
	answer = post("read", A);
	check_error(&answer, 401, "invalid_client", "disabled");
}

/* RFC 9068 2.2: the client is the subject, and nobody signed in. */
static void
what_the_token_says(void **state)
{
	struct answer set = post("read", A), answer;
	uint8_t jti[JTI_SIZE], zeros[ID_SIZE] = {0};
	struct jwt jwt;

	(void)state;
	assert_int_equal(jwt_read_unverified(world.arena, member(&set, "access_token"), &jwt),
			 JWT_OK);
	check_text(jwt.jws.typ, "at+jwt", "typ");
	check_text(jwt.sub, "service", "sub");
	check_text(json_text_or_null(jwt.claims, "client_id"), "service", "client_id");
	check(!json_object_object_get_ex(jwt.claims, "auth_time", NULL), "auth_time");
	assert_int_equal(b64url_decode_exact(jwt.jti, strlen(jwt.jti), jti, sizeof(jti)), 0);
	assert_memory_equal(jti, zeros, ID_SIZE);
	answer = introspect_as("service", member(&set, "access_token"));
	check_text(member(&answer, "active"), "true", "introspection");
	check_text(member(&answer, "sub"), "service", "introspection");
	check_text(member(&answer, "aud"), A, "introspection");
	check_text(member(&answer, "client_id"), "service", "introspection");
	check_text(member(&answer, "username"), NULL, "introspection");
	check_text(member(&answer, "auth_time"), NULL, "introspection");
	check_text(member(&answer, "exp"),
		   arena_printf(world.arena, "%lld", (long long)world_now() + 3600),
		   "introspection");
	answer = userinfo(member(&set, "access_token"));
	check_error(&answer, 401, "invalid_token", "userinfo");
	set = post("email", NULL);
	answer = userinfo(member(&set, "access_token"));
	check_error(&answer, 403, "insufficient_scope", "userinfo");
}

/* ---- what it costs ---- */

static void
cost(const char *what, struct answer (*send)(const char *), const char *token, uint64_t statements)
{
	struct store_counters before = store_counters(world.provider.store), after;

	check_status(send(token), 200, what);
	after = store_counters(world.provider.store);
	if (after.statements - before.statements != statements)
		fail_msg("%s: %llu statements", what,
			 (unsigned long long)(after.statements - before.statements));
	check(after.commits == before.commits, what);
}

static struct answer
send_post(const char *resource)
{
	return post("read", resource);
}

static struct answer
send_introspect(const char *token)
{
	return introspect_as("service", token);
}

static void
what_it_costs(void **state)
{
	struct answer set = post("read", A);
	const char *token = member(&set, "access_token");

	(void)state;
	(void)introspect_as("service", token);
	cost("a JWT with a warm client", send_post, A, 0);
	cost("its introspection", send_introspect, token, 1);
}

/* ---- how it ends ---- */

static void
it_ends(const char *what, const char *token, bool live)
{
	check(is_live(token) == live, what);
}

static void
how_tokens_end(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};
	struct answer set;
	const char *token, *other;

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		world_resource(
			A, "{\"read\":{\"\":\"x\"}}",
			arena_printf(world.arena, "{\"access_token_format\":\"%s\"}", formats[i]),
			NULL);
		set = post("read", A);
		token = member(&set, "access_token");
		set = post("read", A);
		other = member(&set, "access_token");
		check(str_starts(token, "ost_at_") == (i == 1), formats[i]);
		it_ends(formats[i], token, true);
		give_up("web", token);
		it_ends("not by another client", token, true);
		give_up("service", token);
		it_ends("by revocation", token, false);
		give_up("service", token);
		it_ends("revoked twice", token, false);
		it_ends("the other one stays", other, true);
		world_move(3599);
		it_ends("until its end", other, true);
		world_move(2);
		it_ends("at its end", other, false);
	}
}

static void
how_clients_end(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};
	struct answer sets[2];

	(void)state;
	world_client("main", "all",
		     "{\"grant_types\":[],\"response_types\":[],\"introspection\":\"all\"}",
		     WEB_SECRET);
	for (size_t i = 0; i < COUNT(formats); i++) {
		world_resource(
			A, "{\"read\":{\"\":\"x\"}}",
			arena_printf(world.arena, "{\"access_token_format\":\"%s\"}", formats[i]),
			NULL);
		sets[i] = post("read", A);
	}
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct answer answer = introspect_as("all", member(&sets[i], "access_token"));

		check_text(member(&answer, "active"), "true", formats[i]);
	}
	world_client_off("service");
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct answer answer = introspect_as("all", member(&sets[i], "access_token"));

		check_text(member(&answer, "active"), "false", formats[i]);
	}
}

/* All that was given before an epoch is void, also what no row stands for. */
static void
the_realm_can_end_all(void **state)
{
	struct answer set = post("read", A);
	struct tx tx;

	(void)state;
	it_ends("before", member(&set, "access_token"), true);
	world_tx(&tx, "main");
	private_db_number("UPDATE realm SET epoch = %lld WHERE name = 'main'",
			  (long long)world_now() + 1);
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
	world_move(5);
	it_ends("the epoch", member(&set, "access_token"), false);
	set = post("read", A);
	it_ends("after it", member(&set, "access_token"), true);
	private_db_number("UPDATE realm SET epoch = 0 WHERE name = 'main'");
}

/* ---- resources without scopes, and too many ---- */

static void
a_resource_without_scopes(void **state)
{
	struct answer set;

	(void)state;
	world_resource(A, "{}", "{}", NULL);
	set = post(NULL, A);
	check_status(set, 200, "named, and no scope asked for");
	check_text(member(&set, "scope"), "", "no scope");
	set = post("read", A);
	check_error(&set, 400, "invalid_scope", "a scope asked for");
}

static void
defaults(void **state)
{
	struct answer set, answer;

	(void)state;
	world_client("main", "service", METADATA(",\"default_resource\":\"" A "\""), WEB_SECRET);
	set = post(NULL, NULL);
	answer = introspect_as("service", member(&set, "access_token"));
	check_text(member(&answer, "aud"), A, "default_resource");
	world_client("main", "service", METADATA(",\"default_resource\":\"" B "\""), WEB_SECRET);
	set = post(NULL, NULL);
	answer = introspect_as("service", member(&set, "access_token"));
	check_text(member(&answer, "aud"), MAIN_ISSUER, "default_resource that is not its own");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		service_test(who_gets_what),
		service_test(who_may_not),
		service_test(what_the_token_says),
		service_test(what_it_costs),
		service_test(how_tokens_end),
		service_test(how_clients_end),
		service_test(the_realm_can_end_all),
		service_test(a_resource_without_scopes),
		service_test(defaults),
	};

	return flow_tests_run(tests);
}
