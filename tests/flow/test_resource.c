/* SPDX-License-Identifier: ISC */
/*
 * Userinfo, introspection, revocation, and which origins may read what.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define resource_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
a_set(const char *client_id)
{
	return tokens(&alice, client_id, "openid profile email address phone offline_access");
}

/* ---- userinfo ---- */

static void
claims_of_scopes(void **state)
{
	struct answer set = a_set("web"), answer = userinfo(member(&set, "access_token"));
	struct account account;
	struct json_object *address;
	int64_t updated_at;
	bool verified;

	(void)state;
	world_account("alice", &account);
	check_status(answer, 200, "userinfo");
	check_text(member(&answer, "sub"), account.sub, "sub");
	check_text(member(&answer, "name"), "Alice Example", "name");
	check_text(member(&answer, "preferred_username"), "alice", "preferred_username");
	check_text(member(&answer, "email"), "alice@example.org", "email");
	assert_int_equal(json_get_int(answer.json, "updated_at", &updated_at), JSON_FOUND);
	assert_int_equal(json_get_bool(answer.json, "email_verified", &verified), JSON_FOUND);
	assert_int_equal(json_get_object(answer.json, "address", &address), JSON_FOUND);
	check_text(member(&answer, "phone_number"), NULL, "empty ones are left out");
	check_text(member(&answer, "groups"), NULL, "no scope releases it");
	set = tokens(&alice, "web", "openid");
	answer = userinfo(member(&set, "access_token"));
	assert_int_equal(json_object_object_length(answer.json), 1);
}

struct bearer {
	const char *name;
	const char *header, *query, *body, *method;
	int status;
	const char *error;
};

/* %s is the token. */
static const struct bearer bearers[] = {
	{"header", "Bearer %s", NULL, NULL, NULL, 200, NULL},
	{"header with POST", "Bearer %s", NULL, NULL, "POST", 200, NULL},
	{"scheme without case", "bEARER  %s", NULL, NULL, NULL, 200, NULL},
	{"body", NULL, NULL, "access_token=%s", NULL, 200, NULL},
	{"query", NULL, "?access_token=%s", NULL, NULL, 401, "invalid_token"},
	{"query with POST", NULL, "?access_token=%s", NULL, "POST", 401, "invalid_token"},
	{"header and body", "Bearer %s", NULL, "access_token=%s", NULL, 400, "invalid_request"},
	{"nothing", NULL, NULL, NULL, NULL, 401, "invalid_token"},
	{"no token", "Bearer", NULL, NULL, NULL, 400, "invalid_request"},
	{"two joined", "Bearer %s, Bearer %s", NULL, NULL, NULL, 400, "invalid_request"},
	{"another scheme", "Basic %s", NULL, NULL, NULL, 401, "invalid_token"},
	{"DPoP", "DPoP %s", NULL, NULL, NULL, 401, "invalid_token"},
	{"something behind", "Bearer %sx", NULL, NULL, NULL, 401, "invalid_token"},
	{"twice in the body", NULL, NULL, "access_token=%s&access_token=x", NULL, 400,
	 "invalid_request"},
};

static const char *
filled(const char *pattern, const char *token)
{
	struct buf buf;

	if (!pattern)
		return NULL;
	buf_init(&buf, world.arena, 65536);
	for (const char *p = pattern; *p; p++) {
		if (str_starts(p, "%s")) {
			buf_add_text(&buf, token);
			p++;
		} else {
			buf_add_char(&buf, *p);
		}
	}
	return buf.data;
}

static void
where_the_token_is(void **state)
{
	struct answer set = a_set("web");
	const char *token = member(&set, "access_token");

	(void)state;
	for (size_t i = 0; i < COUNT(bearers); i++) {
		const struct bearer *bearer = &bearers[i];
		const struct ask ask = {
			.target = arena_printf(world.arena, "/userinfo%s",
					       bearer->query ? filled(bearer->query, token) : ""),
			.method = bearer->method,
			.authorization = filled(bearer->header, token),
			.body = filled(bearer->body, token),
		};
		struct answer answer = request_send(&ask);

		if (!bearer->error) {
			check_status(answer, bearer->status, bearer->name);
			check(member(&answer, "sub") != NULL, bearer->name);
			continue;
		}
		check_error(&answer, bearer->status, bearer->error, bearer->name);
		check(header(&answer, "WWW-Authenticate") != NULL, bearer->name);
	}
}

/* RFC 6750 3.1: who sends no token is told the scheme and no error. */
static void
challenges(void **state)
{
	struct answer answer = request_send(&(struct ask){.target = "/userinfo"});

	(void)state;
	check_text(header(&answer, "WWW-Authenticate"), "Bearer realm=\"main\"", "no token");
	answer = userinfo("x");
	check_has(header(&answer, "WWW-Authenticate"), "error=\"invalid_token\"", "bad token");
}

static void
other_tokens_are_no_access_tokens(void **state)
{
	struct answer set = a_set("web");
	static const char *const names[] = {"id_token", "refresh_token"};
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		answer = userinfo(member(&set, names[i]));
		check_error(&answer, 401, "invalid_token", names[i]);
	}
	answer = userinfo(walk_code(&alice, authorize("web", NULL, NULL)));
	check_error(&answer, 401, "invalid_token", "code");
	answer = request_send(
		&(struct ask){.target = "/sub/path/userinfo",
			      .authorization = arena_printf(world.arena, "Bearer %s",
							    member(&set, "access_token"))});
	check_error(&answer, 401, "invalid_token", "another realm");
	world_move(3601);
	answer = userinfo(member(&set, "access_token"));
	check_error(&answer, 401, "invalid_token", "expired");
}

/* Signed with our own key, and yet no access token. */
static const struct {
	const char *name, *typ, *claim;
	const char *value; /* NULL: the claim is taken away */
	bool good;
} signed_by_us[] = {
	{"the same again", "at+jwt", "x", "y", true},
	{"typ of ID tokens", "JWT", "x", "y", false},
	{"no typ", NULL, "x", "y", false},
	{"another issuer", "at+jwt", "iss", SUB_ISSUER, false},
	{"no issuer", "at+jwt", "iss", NULL, false},
	{"no jti", "at+jwt", "jti", NULL, false},
	{"jti that is none of ours", "at+jwt", "jti", "x", false},
	{"jti of no grant", "at+jwt", "jti", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
	{"no exp", "at+jwt", "exp", NULL, false},
	{"no sub", "at+jwt", "sub", NULL, false},
	{"no aud", "at+jwt", "aud", NULL, false},
};

static const char *
signed_again(const char *token, size_t i)
{
	const struct jws_header head = {.typ = signed_by_us[i].typ};
	struct jwt jwt;
	struct tx tx;

	world_tx(&tx, "main");
	assert_int_equal(jwt_read_unverified(world.arena, token, &jwt), JWT_OK);
	json_object_object_del(jwt.claims, signed_by_us[i].claim);
	json_add_text(jwt.claims, signed_by_us[i].claim, signed_by_us[i].value);
	return jws_sign_object(world.arena, keyring_signer(tx.live->ring, JWS_ES256), &head,
			       jwt.claims);
}

static void
what_our_key_signed(void **state)
{
	struct answer set = a_set("web");

	(void)state;
	for (size_t i = 0; i < COUNT(signed_by_us); i++) {
		const char *token = signed_again(member(&set, "access_token"), i);

		check_status(userinfo(token), signed_by_us[i].good ? 200 : 401,
			     signed_by_us[i].name);
		check(is_active(token) == signed_by_us[i].good, signed_by_us[i].name);
	}
}

/* ---- introspection ---- */

static void
introspected(void **state)
{
	struct answer set = a_set("web"), answer = introspect(member(&set, "access_token"));

	(void)state;
	check_text(member(&answer, "active"), "true", "access");
	check_text(member(&answer, "client_id"), "web", "access");
	check_text(member(&answer, "username"), "alice", "access");
	check_text(member(&answer, "token_type"), "Bearer", "access");
	check_text(member(&answer, "aud"), MAIN_ISSUER, "access");
	check_text(member(&answer, "iss"), MAIN_ISSUER, "access");
	check_text(member(&answer, "exp"),
		   arena_printf(world.arena, "%lld", (long long)world_now() + 3600), "access");
	check(member(&answer, "jti") != NULL, "access");
	answer = introspect(member(&set, "refresh_token"));
	check_text(member(&answer, "active"), "true", "refresh");
	check_text(member(&answer, "token_type"), NULL, "refresh");
}

static const char *const no_tokens[] = {"x",   "ost_at_x", "ost_rt_x", "e30.e30.e30",
					"a.b", "...",      "ost_ac_x"};

static void
nothing_is_told(void **state)
{
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(no_tokens); i++) {
		answer = introspect(no_tokens[i]);
		check_status(answer, 200, no_tokens[i]);
		check_text(answer.body, "{\"active\":false}", no_tokens[i]);
	}
	answer = introspect("");
	check_error(&answer, 400, "invalid_request", "no token");
}

/* Own tokens are seen by every client, those of others by who is registered for it. */
static void
who_sees_what(void **state)
{
	struct answer set = a_set("spa");
	static const char *const names[] = {"access_token", "refresh_token"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct answer answer = introspect(member(&set, names[i]));

		check_text(answer.body, "{\"active\":false}", "foreign");
	}
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"introspection\":\"all\"}",
		     WEB_SECRET);
	for (size_t i = 0; i < COUNT(names); i++)
		check(is_active(member(&set, names[i])), "registered for all");
}

static void
public_clients_may_not(void **state)
{
	struct answer set = a_set("spa"), answer;

	(void)state;
	answer = request_send(&(struct ask){
		.target = "/introspect",
		.body = params("token", member(&set, "access_token"), "client_id", "spa", NULL)});
	check_error(&answer, 401, "invalid_client", "public");
	answer = request_send(
		&(struct ask){.target = "/introspect",
			      .body = params("token", member(&set, "access_token"), NULL)});
	check_error(&answer, 401, "invalid_client", "nobody");
}

/* ---- revocation ---- */

static struct answer
revoked(const char *client_id, const char *token)
{
	bool web = str_equal(client_id, "web");

	return request_send(&(struct ask){
		.target = "/revoke",
		.body = params("token", token, "client_id", web ? NULL : client_id, NULL),
		.authorization = web ? basic("web", WEB_SECRET) : NULL});
}

static void
revoking(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct answer set, answer;
		const char *access, *token;

		world_realm_set("access_token_format", formats[i]);
		set = a_set("web");
		access = member(&set, "access_token");
		token = member(&set, "refresh_token");
		for (int j = 0; j < 2; j++) {
			answer = revoked("web", access);
			check_status(answer, 200, "access token");
			check_text(answer.body, "", "access token");
			check(!is_active(access), formats[i]);
			check_status(userinfo(access), 401, formats[i]);
			check(is_active(token), "the refresh token goes on");
		}
		set = refresh("web", token);
		check_status(set, 200, "the refresh token goes on");
		for (int j = 0; j < 2; j++) {
			check_status(revoked("web", member(&set, "refresh_token")), 200, "refresh");
			check(!is_active(member(&set, "refresh_token")), "refresh");
			check(!is_active(member(&set, "access_token")), "its access token");
		}
		answer = refresh("web", member(&set, "refresh_token"));
		check_error(&answer, 400, "invalid_grant", "refresh");
	}
	world_realm_set("access_token_format", "");
}

static void
revoking_an_older_refresh_token(void **state)
{
	struct answer set = a_set("web"), next = refresh("web", member(&set, "refresh_token"));

	(void)state;
	check_status(revoked("web", member(&set, "refresh_token")), 200, "older");
	check(!is_active(member(&next, "refresh_token")), "the family ends");
}

static void
foreign_tokens_stay(void **state)
{
	struct answer set = a_set("web");

	(void)state;
	check_status(revoked("spa", member(&set, "access_token")), 200, "foreign");
	check_status(revoked("spa", member(&set, "refresh_token")), 200, "foreign");
	check(is_active(member(&set, "access_token")), "foreign");
	check(is_active(member(&set, "refresh_token")), "foreign");
	for (size_t i = 0; i < COUNT(no_tokens); i++)
		check_status(revoked("web", no_tokens[i]), 200, no_tokens[i]);
	set = revoked("web", "");
	check_error(&set, 400, "invalid_request", "no token");
	set = revoked("nobody", "x");
	check_error(&set, 401, "invalid_client", "nobody");
}

static void
public_clients_revoke_their_own(void **state)
{
	struct answer set = a_set("spa");

	(void)state;
	check_status(revoked("spa", member(&set, "refresh_token")), 200, "own");
	set = refresh("spa", member(&set, "refresh_token"));
	check_error(&set, 400, "invalid_grant", "own");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		resource_test(claims_of_scopes),
		resource_test(where_the_token_is),
		resource_test(challenges),
		resource_test(other_tokens_are_no_access_tokens),
		resource_test(what_our_key_signed),
		resource_test(introspected),
		resource_test(nothing_is_told),
		resource_test(who_sees_what),
		resource_test(public_clients_may_not),
		resource_test(revoking),
		resource_test(revoking_an_older_refresh_token),
		resource_test(foreign_tokens_stay),
		resource_test(public_clients_revoke_their_own),
	};

	return flow_tests_run(tests);
}
