/* SPDX-License-Identifier: ISC */
/*
 * Refresh tokens: rotation, the same successor within the grace time, reuse, scopes, ages; and what
 * ends tokens though their time has not come: session, password, account, client, realm.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/account.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define refresh_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

#define OFFLINE "openid profile offline_access"

static const char *
first_token(const char *client_id)
{
	struct answer answer = tokens(&alice, client_id, OFFLINE);

	return member(&answer, "refresh_token");
}

static const char *
next_token(const char *client_id, const char *token)
{
	struct answer answer = refresh(client_id, token);

	check_status(answer, 200, "refresh");
	return member(&answer, "refresh_token");
}

static struct answer
refresh_with(const char *token, const char *name, const char *value)
{
	const char *form = params("grant_type", "refresh_token", "refresh_token", token, NULL);

	return token_post(basic("web", WEB_SECRET), params_with(form, name, value));
}

static void
rotation(void **state)
{
	const char *one = first_token("web"), *two, *three;
	struct answer answer;

	(void)state;
	world_move(3000);
	answer = refresh("web", one);
	check_status(answer, 200, "first use");
	two = member(&answer, "refresh_token");
	check(!str_equal(one, two), "it rotates");
	check_status(userinfo(member(&answer, "access_token")), 200, "its access token");
	check_text(member(&answer, "scope"), OFFLINE, "scope");
	check(member(&answer, "id_token") != NULL, "id_token");
	check_text(header(&answer, "Cache-Control"), "no-store", "cache");
	three = next_token("web", two);
	check(!str_equal(two, three), "it rotates again");
	check(is_active(three) && !is_active(two) && !is_active(one), "the newest alone is active");
}

static void
same_successor(void **state)
{
	const char *one = first_token("web"), *two = next_token("web", one);
	struct answer answer;

	(void)state;
	for (int i = 0; i < 3; i++) {
		world_move(9);
		answer = refresh("web", one);
		check_status(answer, 200, "within the grace time");
		check_text(member(&answer, "refresh_token"), two, "byte for byte");
	}
	assert_int_equal(private_db_number("SELECT refresh_generation FROM auth_grant"), 2);
	check_status(refresh("web", two), 200, "the successor is good");
}

static void
reuse_ends_the_grant(void **state)
{
	const char *one = first_token("web");
	struct answer second = refresh("web", one), answer;

	(void)state;
	world_move(31);
	answer = refresh("web", one);
	check_error(&answer, 400, "invalid_grant", "after the grace time");
	answer = refresh("web", member(&second, "refresh_token"));
	check_error(&answer, 400, "invalid_grant", "the successor too");
	check(!is_active(member(&second, "access_token")), "and the access token");
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'refresh_reuse'"), 1);
}

/* Two generations back is reuse even within the grace time. */
static void
older_generations_are_reuse(void **state)
{
	const char *one = first_token("web"), *two = next_token("web", one);
	const char *three = next_token("web", two);
	struct answer answer = refresh("web", one);

	(void)state;
	check_error(&answer, 400, "invalid_grant", "two back");
	answer = refresh("web", three);
	check_error(&answer, 400, "invalid_grant", "all of it ended");
}

static void
another_grant_goes_on(void **state)
{
	const char *one = first_token("web"), *other = first_token("web");
	struct answer answer;

	(void)state;
	(void)next_token("web", one);
	world_move(31);
	answer = refresh("web", one);
	check_error(&answer, 400, "invalid_grant", "reuse");
	check_status(refresh("web", other), 200, "another grant");
}

static const struct {
	const char *name, *scope;
	const char *error;   /* NULL: granted */
	const char *granted; /* as it is said */
	bool id_token;
} scopes[] = {
	{"not said", NULL, NULL, OFFLINE, true},
	{"empty", "", NULL, OFFLINE, true},
	{"all", "offline_access profile openid", NULL, OFFLINE, true},
	{"narrower", "profile", NULL, "profile", false},
	{"openid alone", "openid", NULL, "openid", true},
	{"wider", "openid email", "invalid_scope", NULL, false},
	{"unknown", "openid nothing", "invalid_scope", NULL, false},
};

static void
narrower_and_wider(void **state)
{
	const char *token = first_token("web");

	(void)state;
	for (size_t i = 0; i < COUNT(scopes); i++) {
		struct answer answer = refresh_with(token, "scope", scopes[i].scope);

		if (scopes[i].error) {
			check_error(&answer, 400, scopes[i].error, scopes[i].name);
			continue;
		}
		check_status(answer, 200, scopes[i].name);
		check_text(member(&answer, "scope"), scopes[i].granted, scopes[i].name);
		check((member(&answer, "id_token") != NULL) == scopes[i].id_token, scopes[i].name);
		token = member(&answer, "refresh_token");
	}
}

static void
bad_tokens(void **state)
{
	const char *token = first_token("web");
	char *changed = arena_strdup(world.arena, token);
	const char *bad[] = {"x", "ost_rt_", "ost_rt_AAAA", changed, token + 7, "ost_ac_x"};
	struct answer answer;

	(void)state;
	changed[20] = changed[20] == 'A' ? 'B' : 'A';
	for (size_t i = 0; i < COUNT(bad); i++) {
		answer = refresh("web", bad[i]);
		check_error(&answer, 400, "invalid_grant", bad[i]);
	}
	answer = refresh_with(token, "refresh_token", NULL);
	check_error(&answer, 400, "invalid_request", "missing");
	check_status(refresh("web", token), 200, "nothing of that used it up");
}

static void
tokens_of_another_client(void **state)
{
	const char *token = first_token("web");
	struct answer answer = refresh("spa", token);

	(void)state;
	check_error(&answer, 400, "invalid_grant", "another client");
	(void)next_token("web", token);
	world_move(31);
	answer = refresh("spa", token);
	check_error(&answer, 400, "invalid_grant", "another client's reuse");
	assert_int_equal(
		private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'refresh_reuse'"), 0);
}

static void
public_clients_rotate_too(void **state)
{
	const char *one = first_token("spa"), *two = next_token("spa", one);

	(void)state;
	check(!str_equal(one, two), "rotated");
	check_status(refresh("spa", two), 200, "again");
}

static void
idle_time(void **state)
{
	const char *token = first_token("web");
	struct answer answer;

	(void)state;
	world_move(30 * 86400 - 1);
	token = next_token("web", token);
	world_move(30 * 86400 - 1);
	token = next_token("web", token);
	world_move(30 * 86400);
	answer = refresh("web", token);
	check_error(&answer, 400, "invalid_grant", "idle");
}

static void
absolute_time(void **state)
{
	const char *token = first_token("web");
	struct answer answer;

	(void)state;
	for (int i = 0; i < 4; i++) {
		world_move(20 * 86400);
		token = next_token("web", token);
	}
	world_move(10 * 86400 - 1);
	token = next_token("web", token);
	world_move(1);
	answer = refresh("web", token);
	check_error(&answer, 400, "invalid_grant", "ninety days");
	check(!is_active(token), "ninety days");
}

static int64_t
number_of(const struct answer *answer, const char *name)
{
	struct jwt jwt;
	int64_t value = -1;

	assert_int_equal(jwt_read_unverified(world.arena, member(answer, "id_token"), &jwt),
			 JWT_OK);
	(void)json_get_int(jwt.claims, name, &value);
	return value;
}

static void
id_token_keeps_its_sign_in(void **state)
{
	struct answer first = tokens(&alice, "web", OFFLINE), again;
	static const char *const same[] = {"iss", "sub", "aud", "sid", "acr"};
	struct jwt before, after;

	(void)state;
	world_move(1000);
	again = refresh("web", member(&first, "refresh_token"));
	check(number_of(&again, "auth_time") == number_of(&first, "auth_time"), "auth_time");
	check(number_of(&again, "iat") == world_now(), "iat");
	assert_int_equal(jwt_read_unverified(world.arena, member(&first, "id_token"), &before),
			 JWT_OK);
	assert_int_equal(jwt_read_unverified(world.arena, member(&again, "id_token"), &after),
			 JWT_OK);
	for (size_t i = 0; i < COUNT(same); i++)
		check_text(json_text_or_null(after.claims, same[i]),
			   json_text_or_null(before.claims, same[i]), same[i]);
	check_text(json_text_or_null(after.claims, "nonce"), NULL, "no nonce");
}

/* ---- what ends tokens ---- */

static void
end_session(void)
{
	struct answer answer = agent_get(&alice, "/logout");

	answer = press(&alice, &answer, "signout");
	check_status(answer, 200, "signed out");
}

static void
end_password(void)
{
	struct account account;

	world_account("alice", &account);
	assert_int_equal(account_set_password(world.provider.store, account.id, account.password,
					      world_now()),
			 STORE_OK);
}

static void
end_account(void)
{
	struct account account;

	world_account("alice", &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
}

static void
end_removed(void)
{
	struct account account;

	world_account("alice", &account);
	assert_int_equal(account_remove(world.provider.store, account.id), STORE_OK);
}

static void
end_client(void)
{
	world_client_off("spa");
}

static void
end_realm(void)
{
	private_db_number("UPDATE realm SET epoch = %lld WHERE name = 'main'",
			  (long long)world_now() + 1);
	private_db_number("UPDATE generation SET value = value + 1");
	realms_forget(world.provider.realms);
}

static void
end_session_time(void)
{
	world_move(7 * 86400);
}

static const struct {
	const char *name;
	void (*end)(void);
	bool offline_too; /* tokens with offline_access end as well */
} ends[] = {
	{"sign-out", end_session, false},       {"session's time", end_session_time, false},
	{"new password", end_password, true},   {"disabled account", end_account, true},
	{"removed account", end_removed, true}, {"disabled client", end_client, true},
	{"realm epoch", end_realm, true},
};

static void
check_ended(const struct answer *set, bool ended, bool client_is_off, const char *name)
{
	const char *access = member(set, "access_token"), *token = member(set, "refresh_token");
	struct answer answer = userinfo(access);

	check_status(answer, ended ? 401 : 200, name);
	check(is_active(access) == !ended, name);
	check(is_active(token) == !ended, name);
	answer = refresh("spa", token);
	check_status(answer, client_is_off ? 401 : ended ? 400 : 200, name);
}

static void
what_ends_tokens(void **state)
{
	static const char *const formats[] = {"jwt", "opaque"};

	(void)state;
	for (size_t i = 0; i < COUNT(ends) * COUNT(formats); i++) {
		size_t which = i / COUNT(formats);
		struct answer online, offline;
		bool client_is_off = ends[which].end == end_client;

		(void)world_spent(NULL);
		(void)begin(NULL);
		private_db_number("UPDATE realm SET epoch = 0");
		world_realm_set("access_token_lifetime", "1d");
		world_realm_set("access_token_format", formats[i % COUNT(formats)]);
		world_client("main", "web",
			     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
			     "\"introspection\":\"all\"}",
			     WEB_SECRET);
		online = tokens(&alice, "spa", "openid");
		offline = tokens(&alice, "spa", OFFLINE);
		check_ended(&online, false, false, ends[which].name);
		check_ended(&offline, false, false, ends[which].name);
		online = tokens(&alice, "spa", "openid");
		offline = tokens(&alice, "spa", OFFLINE);
		ends[which].end();
		if (ends[which].end == end_session_time) {
			struct answer answer = refresh("spa", member(&online, "refresh_token"));

			check_error(&answer, 400, "invalid_grant", "online");
			check_status(refresh("spa", member(&offline, "refresh_token")), 200,
				     "offline");
			continue;
		}
		check_ended(&online, true, client_is_off, ends[which].name);
		check_ended(&offline, ends[which].offline_too, client_is_off, ends[which].name);
	}
	private_db_number("UPDATE realm SET epoch = 0");
	world_realm_set("access_token_lifetime", "");
	world_realm_set("access_token_format", "");
}

/* A code dies as tokens do. */
static void
what_ends_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct answer answer;
		const char *code;

		(void)world_spent(NULL);
		(void)begin(NULL);
		private_db_number("UPDATE realm SET epoch = 0");
		code = walk_code(&alice, authorize("spa", NULL, NULL));
		ends[i].end();
		answer = redeem("spa", code);
		check_status(answer, ends[i].end == end_client ? 401 : 400, ends[i].name);
	}
	private_db_number("UPDATE realm SET epoch = 0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		refresh_test(rotation),
		refresh_test(same_successor),
		refresh_test(reuse_ends_the_grant),
		refresh_test(older_generations_are_reuse),
		refresh_test(another_grant_goes_on),
		refresh_test(narrower_and_wider),
		refresh_test(bad_tokens),
		refresh_test(tokens_of_another_client),
		refresh_test(public_clients_rotate_too),
		refresh_test(idle_time),
		refresh_test(absolute_time),
		refresh_test(id_token_keeps_its_sign_in),
		refresh_test(what_ends_tokens),
		refresh_test(what_ends_codes),
	};

	return flow_tests_run(tests);
}
