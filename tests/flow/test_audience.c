/* SPDX-License-Identifier: ISC */
/*
 * Resource indicators (RFC 8707) from the authorization endpoint to userinfo: what is asked, shown,
 * remembered, granted and narrowed, and who may look at the tokens.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/resource.h"

#define A "https://a.example/"
#define B "urn:b"

static struct agent alice;

static int
begin(void **state)
{
	int result = world_fresh(state);

	alice = (struct agent){0};
	world_resource(A,
		       "{\"read\":{\"\":\"Read <all>\",\"de\":\"Alles lesen\"},"
		       "\"write\":{\"\":\"Write all\"}}",
		       "{}", NULL);
	world_resource(B, "{\"read\":{\"\":\"Read some\"},\"admin\":{\"\":\"Rule\"}}",
		       "{\"access_token_lifetime\":\"5m\"}", "viewer");
	return result;
}

#define audience_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

/* The parameters behind which resources are listed, with blanks between. */
static const char *
with_resources(const char *text, const char *resources)
{
	struct strlist list;

	assert_int_equal(strlist_split(world.arena, resources, ' ', 20, &list), 0);
	for (size_t i = 0; i < list.count; i++)
		text = arena_printf(world.arena, "%s&%s", text,
				    params("resource", list.item[i], NULL));
	return text;
}

static struct answer
redeem_for(const char *code, const char *resources)
{
	return token_post(basic("web", WEB_SECRET),
			  with_resources(redemption("web", code), resources));
}

static const char *
code_for(const char *client_id, const char *scope, const char *resources)
{
	const char *target = authorize(client_id, "scope", scope);

	return walk_code(&alice, with_resources(target, resources));
}

static struct answer
refresh_for(const char *token, const char *scope, const char *resources)
{
	return token_post(basic("web", WEB_SECRET),
			  with_resources(params("grant_type", "refresh_token", "refresh_token",
						token, "scope", scope, NULL),
					 resources));
}

static struct jwt
jwt_of(const struct answer *answer)
{
	struct jwt jwt;

	assert_int_equal(jwt_read_unverified(world.arena, member(answer, "access_token"), &jwt),
			 JWT_OK);
	return jwt;
}

/* ---- from request to token ---- */

static const struct {
	const char *name, *scope, *asked; /* at the authorization endpoint */
	const char *later;                /* at the token endpoint */
	const char *audience;             /* NULL: invalid_target */
	const char *got;
	bool id_token;
} ways[] = {
	{"nothing named", "openid profile", "", "", MAIN_ISSUER, "openid profile", true},
	{"one", "read write admin", A, "", A, "read write", false},
	{"one and openid", "openid read", A, "", A, "read", true},
	{"one and openid, the issuer later", "openid read", A, MAIN_ISSUER, MAIN_ISSUER, "openid",
	 true},
	{"two", "read write", A " " B, "", A " " B, "read", false},
	{"two that share nothing", "write admin", A " " B, "", NULL, NULL, false},
	{"two, then one", "write admin", A " " B, B, B, "admin", false},
	{"one, then another", "read", A, B, NULL, NULL, false},
	{"none, then one", "openid read", "", A, NULL, NULL, false},
	{"one, then an unknown one", "read", A, "urn:c", NULL, NULL, false},
	{"without scopes", "", A, "", A, NULL, false},
	{"a scope of another", "admin", A, "", A, NULL, false},
};

static void
from_request_to_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct answer set =
			redeem_for(code_for("web", ways[i].scope, ways[i].asked), ways[i].later);
		struct jwt jwt;

		if (!ways[i].audience) {
			check_error(&set, 400, "invalid_target", ways[i].name);
			continue;
		}
		check_status(set, 200, ways[i].name);
		jwt = jwt_of(&set);
		check_text(strlist_join(world.arena, &jwt.aud, ' '), ways[i].audience,
			   ways[i].name);
		check(jwt.aud_is_array == (jwt.aud.count > 1), ways[i].name);
		check_text(member(&set, "scope"), ways[i].got ? ways[i].got : "", ways[i].name);
		check_text(json_text_or_null(jwt.claims, "scope"), ways[i].got, ways[i].name);
		check((member(&set, "id_token") != NULL) == ways[i].id_token, ways[i].name);
	}
}

/* A refused exchange uses nothing up: the client may ask again. */
static void
a_refused_target_keeps_the_code(void **state)
{
	const char *code = code_for("web", "write admin", A " " B);
	struct answer answer = redeem_for(code, "");

	(void)state;
	check_error(&answer, 400, "invalid_target", "both");
	check_has(member(&answer, "error_description"), "for each", "both");
	check_status(redeem_for(code, A), 200, "one");
}

static void
refresh_narrows(void **state)
{
	struct answer set =
		redeem_for(code_for("web", "openid read write admin offline_access", A " " B), A);
	struct answer again = refresh_for(member(&set, "refresh_token"), NULL, B);
	struct jwt jwt = jwt_of(&again);

	(void)state;
	check_text(strlist_join(world.arena, &jwt.aud, ' '), B, "the other");
	check_text(member(&again, "scope"), "read admin", "the other");
	assert_int_equal(jwt.exp - jwt.iat, 300);
	again = refresh_for(member(&again, "refresh_token"), "write", A);
	check_text(member(&again, "scope"), "write", "by scope");
	check_text(member(&again, "id_token"), NULL, "by scope");
	again = refresh_for(member(&again, "refresh_token"), "openid", MAIN_ISSUER);
	check_text(member(&again, "scope"), "openid", "the issuer");
	check_status(userinfo(member(&again, "access_token")), 200, "the issuer");
	again = refresh_for(member(&again, "refresh_token"), "openid write", "");
	check_error(&again, 400, "invalid_target", "both, and the scope of one");
	again = refresh_for(member(&set, "refresh_token"), "phone", A);
	check_error(&again, 400, "invalid_grant", "an old token");
}

static void
refresh_never_widens(void **state)
{
	struct answer set = redeem_for(code_for("web", "read offline_access", A), "");
	struct answer answer = refresh_for(member(&set, "refresh_token"), NULL, B);

	(void)state;
	check_error(&answer, 400, "invalid_target", "another resource");
	answer = refresh_for(member(&set, "refresh_token"), NULL, MAIN_ISSUER);
	check_error(&answer, 400, "invalid_target", "the issuer");
	answer = refresh_for(member(&set, "refresh_token"), "read admin", A);
	check_error(&answer, 400, "invalid_scope", "another scope");
	check_status(refresh_for(member(&set, "refresh_token"), NULL, A), 200, "the same");
}

/* What the administrator took away is gone at the next refresh. */
static void
refresh_follows_the_realm(void **state)
{
	struct answer set = redeem_for(code_for("web", "read write offline_access", A), "");
	struct answer again;
	struct tx tx;

	(void)state;
	world_resource(A, "{\"write\":{\"\":\"x\"}}", "{}", NULL);
	again = refresh_for(member(&set, "refresh_token"), NULL, "");
	check_text(member(&again, "scope"), "write", "a scope is gone");
	world_tx(&tx, "main");
	assert_int_equal(resource_remove(tx.store, tx.realm->id, A), STORE_OK);
	realms_forget(world.provider.realms);
	again = refresh_for(member(&again, "refresh_token"), NULL, "");
	check_error(&again, 400, "invalid_target", "the resource is gone");
}

static void
userinfo_is_for_the_issuer(void **state)
{
	struct answer set = redeem_for(code_for("web", "openid profile read", A), ""), answer;

	(void)state;
	answer = userinfo(member(&set, "access_token"));
	check_error(&answer, 401, "invalid_token", "another audience");
	check_has(header(&answer, "WWW-Authenticate"), "another audience", "another audience");
	set = redeem_for(code_for("web", "openid profile", A " " MAIN_ISSUER), MAIN_ISSUER);
	answer = userinfo(member(&set, "access_token"));
	check_text(member(&answer, "name"), "Alice Example", "the issuer");
}

static void
defaults_of_a_client(void **state)
{
	struct answer set;
	struct jwt jwt;

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"default_resource\":\"" A "\",\"resources\":[\"" A "\"]}",
		     WEB_SECRET);
	set = redeem_for(code_for("web", "read", ""), "");
	jwt = jwt_of(&set);
	check_text(strlist_join(world.arena, &jwt.aud, ' '), A, "default_resource");
	set = redeem_for(code_for("web", "openid read", ""), "");
	jwt = jwt_of(&set);
	check_text(strlist_join(world.arena, &jwt.aud, ' '), MAIN_ISSUER, "openid");
	set = redeem_for(code_for("web", "openid read", ""), A);
	check_text(member(&set, "scope"), "read", "asked for");
	set = agent_get(&alice, with_resources(authorize("web", NULL, NULL), B));
	check_redirected(&set, WEB_REDIRECT, "invalid_target", "not one of its resources");
}

static void
opaque_tokens_too(void **state)
{
	struct answer set, answer;
	struct json_object *aud;

	(void)state;
	world_resource(A, "{\"read\":{\"\":\"x\"}}", "{\"access_token_format\":\"opaque\"}", NULL);
	world_resource(B, "{\"read\":{\"\":\"x\"}}", "{\"access_token_format\":\"opaque\"}", NULL);
	set = redeem_for(code_for("web", "openid read", A), "");
	check(str_starts(member(&set, "access_token"), "ost_at_"), "opaque");
	answer = introspect(member(&set, "access_token"));
	check_text(member(&answer, "aud"), A, "one");
	answer = userinfo(member(&set, "access_token"));
	check_error(&answer, 401, "invalid_token", "another audience");
	set = redeem_for(code_for("web", "read", A " " B), "");
	answer = introspect(member(&set, "access_token"));
	assert_int_equal(json_get_array(answer.json, "aud", &aud), JSON_FOUND);
	assert_int_equal(json_object_array_length(aud), 2);
	set = redeem_for(code_for("web", "read", A " " MAIN_ISSUER), "");
	check_error(&set, 400, "invalid_target", "an opaque and a JWT");
}

/* ---- at the other endpoints ---- */

static struct answer
post_to(const char *target, const char *authorization, const char *form)
{
	const struct ask ask = {.target = target, .body = form, .authorization = authorization};

	return request_send(&ask);
}

/* Through a sign-in page too, whose form carries the request. */
static void
pushed_requests(void **state)
{
	const char *form = params_with(request_of("web"), "scope", "openid read admin");
	struct answer answer =
		post_to("/par", basic("web", WEB_SECRET), with_resources(form, A " " B));
	const char *uri = member(&answer, "request_uri"), *code;

	(void)state;
	check_status(answer, 201, "push");
	code = walk_code(&alice,
			 arena_printf(world.arena, "/authorize?%s",
				      params("client_id", "web", "request_uri", uri, NULL)));
	answer = redeem_for(code, B);
	check_text(member(&answer, "scope"), "read admin", "the second of both");
	answer = post_to("/par", basic("web", WEB_SECRET), with_resources(form, "urn:c"));
	check_error(&answer, 400, "invalid_target", "unknown");
}

static void
devices(void **state)
{
	const char *form = params("client_id", "tv", "scope", "read write admin", NULL);
	struct answer device, page, set;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\"],\"response_types\":[]}",
		     NULL);
	device = post_to("/device_authorization", NULL, with_resources(form, A));
	check_status(device, 200, "begin");
	page = agent_get(&alice, "/device");
	page = agent_post(&alice, "/device",
			  params("flow", page_field(&page, "flow"), "user_code",
				 member(&device, "user_code"), NULL));
	page = sign_in(&alice, &page, "alice", USER_PASSWORD);
	check_has(page.body, "Service &amp; Co", "the question names the service");
	check_has(page.body, "Write all", "and its scopes");
	check(strstr(page.body, "Rule") == NULL, "not those of another");
	page = press(&alice, &page, "allow");
	form = params("grant_type", GRANT_TYPE_DEVICE_CODE, "device_code",
		      member(&device, "device_code"), "client_id", "tv", NULL);
	set = token_post(NULL, with_resources(form, B));
	check_error(&set, 400, "invalid_target", "another resource");
	world_move(10);
	set = token_post(NULL, form);
	check_text(member(&set, "scope"), "read write", "token");
	check_text(jwt_of(&set).aud.item[0], A, "audience");
}

/* ---- what people see and what is remembered ---- */

static struct answer
ask_for(const char *scope, const char *resources)
{
	return agent_get(&alice, with_resources(authorize("ask", "scope", scope), resources));
}

static void
the_page_tells_the_services_apart(void **state)
{
	struct answer page = ask_for("openid read write admin", A " " B);

	(void)state;
	page = sign_in(&alice, &page, "alice", USER_PASSWORD);
	check_text(page_kind(&page), "consent", "asked");
	check_has(page.body, "Service &amp; Co", "the name");
	check_has(page.body, A, "the identifier");
	check_has(page.body, "Read &lt;all&gt;", "of the one");
	check_has(page.body, "Read some", "of the other");
	check_has(page.body, "Rule", "of the other");
	check(strstr(page.body, "in your name") == NULL, "no bare service");
	alice.language = "de";
	page = ask_for("write read", A);
	check_has(page.body, "Alles lesen", "in German");
	check_has(page.body, "Write all", "not translated");
	check(strstr(page.body, "Read some") == NULL, "not asked for");
	page = ask_for("", A);
	check_has(page.body, "in Ihrem Namen", "no scopes");
}

static const struct {
	const char *name, *scope, *resources;
	bool asked;
} later[] = {
	{"the same", "openid read", A, false},
	{"less", "read", A, false},
	{"the service alone", "", A, false},
	{"without the service", "openid", "", false},
	{"more of the service", "openid read write", A, true},
	{"another service", "openid read", B, true},
	{"one more service", "openid read", A " " B, true},
	{"a scope of the realm", "openid email read", A, true},
};

static void
consent_is_remembered_by_service(void **state)
{
	struct answer page = ask_for("openid read", A);

	(void)state;
	page = sign_in(&alice, &page, "alice", USER_PASSWORD);
	page = press(&alice, &page, "allow");
	check(location_param(&page, "code") != NULL, "allowed");
	for (size_t i = 0; i < COUNT(later); i++) {
		page = ask_for(later[i].scope, later[i].resources);
		if (later[i].asked)
			check_text(page_kind(&page), "consent", later[i].name);
		else
			check(location_param(&page, "code") != NULL, later[i].name);
	}
	page = ask_for("openid read", B);
	check_has(page.body, "class=\"tag\"", "what is new is marked");
	page = press(&alice, &page, "allow");
	check(location_param(&page, "code") != NULL, "allowed");
	page = ask_for("openid read", A " " B);
	check(location_param(&page, "code") != NULL, "both are remembered");
}

/* ---- introspection ---- */

static struct answer
introspect_as(const char *client_id, const char *token)
{
	const struct ask ask = {.target = "/introspect",
				.body = params("token", token, NULL),
				.authorization = basic(client_id, WEB_SECRET)};

	return request_send(&ask);
}

static void
services_see_their_tokens(void **state)
{
	static const char service[] = "{\"grant_types\":[],\"response_types\":[]}";
	struct answer set = redeem_for(code_for("web", "read admin offline_access", A " " B), B);
	struct answer answer;
	const char *refresh_token = member(&set, "refresh_token");

	(void)state;
	world_client("main", "viewer", service, WEB_SECRET);
	world_client("main", "other", service, WEB_SECRET);
	answer = introspect_as("viewer", member(&set, "access_token"));
	check_text(member(&answer, "active"), "true", "its own audience");
	check_text(member(&answer, "client_id"), "web", "its own audience");
	check_text(member(&answer, "scope"), "read admin", "its own audience");
	answer = introspect_as("other", member(&set, "access_token"));
	check_text(answer.body, "{\"active\":false}", "not named");
	answer = introspect_as("viewer", refresh_token);
	check_text(answer.body, "{\"active\":false}", "refresh tokens are nobody else's");
	set = refresh_for(refresh_token, NULL, A);
	answer = introspect_as("viewer", member(&set, "access_token"));
	check_text(answer.body, "{\"active\":false}", "another audience");
}

/* ---- may_act ---- */

static void
may_act_of_the_account(void **state)
{
	struct answer set, answer;
	struct json_object *may_act;
	struct account account;
	struct jwt jwt;
	struct tx tx;

	(void)state;
	world_tx(&tx, "main");
	world_account("alice", &account);
	json_object_object_add(account.claims, "may_act",
			       json_tokener_parse("{\"sub\":\"helper\"}"));
	assert_int_equal(
		account_set_claims(tx.store, account.id, account.claims, NULL, world_now()),
		STORE_OK);
	set = tokens(&alice, "web", "openid");
	jwt = jwt_of(&set);
	assert_int_equal(json_get_object(jwt.claims, "may_act", &may_act), JSON_FOUND);
	check_text(json_text_or_null(may_act, "sub"), "helper", "JWT");
	world_resource(A, "{\"read\":{\"\":\"x\"}}", "{\"access_token_format\":\"opaque\"}", NULL);
	set = redeem_for(code_for("web", "read", A), "");
	answer = introspect(member(&set, "access_token"));
	assert_int_equal(json_get_object(answer.json, "may_act", &may_act), JSON_FOUND);
	check_text(json_text_or_null(may_act, "sub"), "helper", "opaque");
	set = redeem_for(code_for("web", "openid", ""), "");
	answer = userinfo(member(&set, "access_token"));
	check(json_get_object(answer.json, "may_act", &may_act) == JSON_ABSENT, "userinfo");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		audience_test(from_request_to_token),
		audience_test(a_refused_target_keeps_the_code),
		audience_test(refresh_narrows),
		audience_test(refresh_never_widens),
		audience_test(refresh_follows_the_realm),
		audience_test(userinfo_is_for_the_issuer),
		audience_test(defaults_of_a_client),
		audience_test(opaque_tokens_too),
		audience_test(pushed_requests),
		audience_test(devices),
		audience_test(the_page_tells_the_services_apart),
		audience_test(consent_is_remembered_by_service),
		audience_test(services_see_their_tokens),
		audience_test(may_act_of_the_account),
	};

	return flow_tests_run(tests);
}
