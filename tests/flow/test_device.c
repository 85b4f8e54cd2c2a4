/* SPDX-License-Identifier: ISC */
/*
 * Devices (RFC 8628): what a device is told, who may ask, what a poll answers in each state, and
 * the person's way from the code to the decision, which nothing shortens.
 */
#include "tests/flow/agent.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/device.h"

/* "tv": a public client of devices. */
static int
device_fresh(void **state)
{
	world_fresh(state);
	world_client("main", "tv",
		     "{\"client_name\":\"TV & Co\",\"token_endpoint_auth_method\":\"none\","
		     "\"origins\":[\"https://tv.example\"],\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\",\"refresh_token\"]}",
		     NULL);
	return 0;
}

#define device_test(function) cmocka_unit_test_setup_teardown(function, device_fresh, world_spent)

static struct answer
begin_with(const char *form)
{
	const struct ask ask = {
		.target = "/device_authorization",
		.body = form,
		.address = "198.51.100.7",
	};

	return request_send(&ask);
}

static struct answer
begin(const char *scope)
{
	struct answer answer =
		begin_with(params("client_id", "tv", "scope", scope ? scope : "openid", NULL));

	check_status(answer, 200, "begin");
	return answer;
}

static struct answer
poll_as(const char *client_id, const struct answer *device)
{
	return token_post(NULL,
			  params("grant_type", GRANT_TYPE_DEVICE_CODE, "device_code",
				 member(device, "device_code"), "client_id", client_id, NULL));
}

static struct answer
poll(const struct answer *device)
{
	return poll_as("tv", device);
}

/* The page that follows the code. */
static struct answer
enter(struct agent *agent, const char *code)
{
	struct answer answer = agent_get(agent, "/device");

	check_status(answer, 200, "page");
	return agent_post(agent, "/device",
			  params("flow", page_field(&answer, "flow"), "user_code", code, NULL));
}

/* As alice, up to the question. */
static struct answer
up_to_question(struct agent *agent, const struct answer *device)
{
	struct answer answer = enter(agent, member(device, "user_code"));

	if (str_equal(page_kind(&answer), "signin"))
		answer = sign_in(agent, &answer, "alice", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "question");
	return answer;
}

static void
allow(struct agent *agent, const struct answer *device)
{
	struct answer answer = up_to_question(agent, device);

	answer = press(agent, &answer, "allow");
	check_status(answer, 200, "allow");
	check_has(answer.body, "The device is signed in", "allow");
}

/* ---- the device ---- */

static void
what_a_device_is_told(void **state)
{
	struct answer answer = begin("openid");
	const char *code = member(&answer, "user_code");

	(void)state;
	check(str_starts(member(&answer, "device_code"), "ost_dc_"), "device_code");
	check(strlen(code) == 9 && code[4] == '-', code);
	check(user_code_normalise(world.arena, code) != NULL, code);
	check_text(member(&answer, "verification_uri"), MAIN_ISSUER "/device", "verification_uri");
	check_text(member(&answer, "verification_uri_complete"),
		   arena_printf(world.arena, MAIN_ISSUER "/device?user_code=%s", code),
		   "verification_uri_complete");
	check_text(member(&answer, "qr_uri"),
		   arena_printf(world.arena, MAIN_ISSUER "/device/qr?user_code=%s", code),
		   "qr_uri");
	check_text(member(&answer, "expires_in"), "600", "expires_in");
	check_text(member(&answer, "interval"), "5", "interval");
	check_text(header(&answer, "Cache-Control"), "no-store", "cache");
	check(private_db_number("SELECT COUNT(*) FROM device_request WHERE user_agent = 'agent'"
				" AND address = '198.51.100.7'") == 1,
	      "where it asked from");
	answer = request_send(&(struct ask){.target = "/.well-known/openid-configuration"});
	check_text(member(&answer, "device_authorization_endpoint"),
		   MAIN_ISSUER "/device_authorization", "discovery");
	check_has(answer.body, GRANT_TYPE_DEVICE_CODE, "discovery");
}

static void
who_may_begin(void **state)
{
	struct answer answer = begin_with("client_id=spa");

	(void)state;
	check_error(&answer, 400, "unauthorized_client", "a client without the grant type");
	answer = begin_with("client_id=nobody");
	check_error(&answer, 401, "invalid_client", "nobody");
	answer = begin_with("scope=openid");
	check_error(&answer, 401, "invalid_client", "no client");
	answer = begin_with("client_id=tv&scope=a&scope=b");
	check_error(&answer, 400, "invalid_request", "scope twice");
	answer = begin_with("client_id=tv&resource=https%3A%2F%2Fnobody.example");
	check_error(&answer, 400, "invalid_target", "an unknown resource");
	answer = begin_with("client_id=tv&redirect_uri=x&response_type=y&prompt=z&claims=%5B");
	check_status(answer, 200, "what belongs to /authorize is ignored");
	world_client("main", "box",
		     "{\"grant_types\":[\"" GRANT_TYPE_DEVICE_CODE "\"],"
		     "\"token_endpoint_auth_method\":\"client_secret_post\"}",
		     WEB_SECRET);
	answer = begin_with("client_id=box");
	check_error(&answer, 401, "invalid_client", "without its secret");
	answer = begin_with("client_id=box&client_secret=" WEB_SECRET);
	check_status(answer, 200, "with it");
	world_client_off("tv");
	answer = begin_with("client_id=tv");
	check_error(&answer, 401, "invalid_client", "disabled");
}

/* Unknown scopes are ignored, those that the client may not have too. */
static void
scopes_of_a_device(void **state)
{
	struct agent agent = {0};
	struct answer device = begin("openid email wizard");
	struct answer answer;

	(void)state;
	allow(&agent, &device);
	answer = poll(&device);
	check_text(member(&answer, "scope"), "openid email", "scope");
}

static void
codes_differ(void **state)
{
	struct strlist codes = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct answer answer = begin(NULL);

		codes = strlist_with(world.arena, &codes, member(&answer, "user_code"));
		codes = strlist_with(world.arena, &codes, member(&answer, "device_code"));
	}
	assert_int_equal(codes.count, 100);
}

/* ---- polling ---- */

static void
polling(void **state)
{
	static const struct {
		const char *name;
		int64_t after; /* seconds since the poll before */
		const char *error;
	} polls[] = {
		{"the first at once", 0, "authorization_pending"},
		{"in time", 5, "authorization_pending"},
		{"later", 60, "authorization_pending"},
		{"too early", 4, "slow_down"},
		{"10 s are needed now", 9, "slow_down"},
		{"15 s are needed now", 15, "authorization_pending"},
		{"and from then on", 14, "slow_down"},
		{"20 s", 20, "authorization_pending"},
	};
	struct answer device = begin(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(polls); i++) {
		struct answer answer;

		world_move(polls[i].after);
		answer = poll(&device);
		check_error(&answer, 400, polls[i].error, polls[i].name);
	}
}

static void
tokens_for_the_first_poll(void **state)
{
	struct agent agent = {0};
	struct answer device = begin("openid email offline_access");
	struct answer answer;
	struct jwt jwt;

	(void)state;
	answer = poll(&device);
	check_error(&answer, 400, "authorization_pending", "before");
	allow(&agent, &device);
	answer = poll(&device); /* at once: nobody waits for the interval any more */
	check_status(answer, 200, "tokens");
	check_text(member(&answer, "token_type"), "Bearer", "type");
	check_text(member(&answer, "scope"), "openid email offline_access", "scope");
	check(member(&answer, "refresh_token") != NULL, "refresh token");
	assert_int_equal(jwt_read_unverified(world.arena, member(&answer, "id_token"), &jwt),
			 JWT_OK);
	check_text(jwt.aud.item[0], "tv", "aud");
	check(json_text_or_null(jwt.claims, "nonce") == NULL, "no nonce");
	check(json_text_or_null(jwt.claims, "sid") != NULL, "sid");
	struct answer again = poll(&device);

	check_error(&again, 400, "invalid_grant", "a second poll");
	struct answer user = userinfo(member(&answer, "access_token"));

	check_status(user, 200, "the second poll has ended nothing");
	check_text(member(&user, "email"), "alice@example.org", "userinfo");
}

static void
refresh_family(void **state)
{
	struct agent agent = {0};
	struct answer device = begin("openid offline_access");
	struct answer answer;

	(void)state;
	allow(&agent, &device);
	answer = poll(&device);
	for (int i = 0; i < 3; i++) {
		answer = token_post(NULL, params("grant_type", "refresh_token", "refresh_token",
						 member(&answer, "refresh_token"), "client_id",
						 "tv", NULL));
		check_status(answer, 200, "refresh");
		world_move(100);
	}
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	answer =
		token_post(NULL, params("grant_type", "refresh_token", "refresh_token",
					member(&answer, "refresh_token"), "client_id", "tv", NULL));
	check_status(answer, 200, "offline_access outlives the session");
}

/* Without offline_access the device is signed in as long as the browser is. */
static void
ends_with_the_session(void **state)
{
	struct agent agent = {0};
	struct answer device = begin("openid");
	struct answer answer, user;

	(void)state;
	allow(&agent, &device);
	answer = poll(&device);
	user = userinfo(member(&answer, "access_token"));
	check_status(user, 200, "before");
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	user = userinfo(member(&answer, "access_token"));
	check_status(user, 401, "after");
}

static void
opaque_tokens(void **state)
{
	struct agent agent = {0};
	struct answer device, answer, again;

	(void)state;
	world_realm_set("access_token_format", "opaque");
	device = begin("openid");
	allow(&agent, &device);
	answer = poll(&device);
	again = poll(&device);
	world_realm_set("access_token_format", "");
	check_status(answer, 200, "tokens");
	check(str_starts(member(&answer, "access_token"), "ost_at_"), "opaque");
	check_error(&again, 400, "invalid_grant", "again");
	check_status(userinfo(member(&answer, "access_token")), 200, "userinfo");
}

static void
no_refresh_token_without_the_grant(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	device = begin("openid offline_access");
	allow(&agent, &device);
	answer = poll(&device);
	check_status(answer, 200, "tokens");
	check_text(member(&answer, "refresh_token"), NULL, "refresh_token");
	check_text(member(&answer, "scope"), "openid", "scope");
}

static void
no_good_device_code(void **state)
{
	struct answer device = begin(NULL);
	const char *code = member(&device, "device_code");
	char *changed = arena_strdup(world.arena, code);
	struct answer answer;

	(void)state;
	changed[strlen(changed) - 10] = changed[strlen(changed) - 10] == 'A' ? 'B' : 'A';
	const struct {
		const char *name, *code, *error;
	} cases[] = {
		{"none", NULL, "invalid_request"},
		{"malformed", "x", "invalid_grant"},
		{"another secret", changed, "invalid_grant"},
		{"the user code", member(&device, "user_code"), "invalid_grant"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		answer =
			token_post(NULL, params("grant_type", GRANT_TYPE_DEVICE_CODE, "device_code",
						cases[i].code, "client_id", "tv", NULL));
		check_error(&answer, 400, cases[i].error, cases[i].name);
	}
	world_client("main", "tv2",
		     "{\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	answer = poll_as("tv2", &device);
	check_error(&answer, 400, "invalid_grant", "another client");
	answer = poll_as("spa", &device);
	check_error(&answer, 400, "unauthorized_client", "a client without the grant type");
	check(private_db_number("SELECT polled_at FROM device_request") == 0, "none was a poll");
}

/* A device code is no authorization code, under whatever prefix. */
static void
no_authorization_code(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;
	const char *code;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"redirect_uris\":[\"" WEB_REDIRECT
		     "\"],\"grant_types\":[\"authorization_code\",\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	device = begin(NULL);
	allow(&agent, &device);
	code = arena_printf(world.arena, "ost_ac_%s",
			    member(&device, "device_code") + strlen("ost_dc_"));
	answer = token_post(NULL, params("grant_type", "authorization_code", "code", code,
					 "client_id", "tv", NULL));
	check_error(&answer, 400, "invalid_grant", "another prefix");
	answer = poll(&device);
	check_status(answer, 200, "it was not harmed");
}

static void
expiry(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer, page;

	(void)state;
	page = up_to_question(&agent, &device);
	world_move(599);
	answer = poll(&device);
	check_error(&answer, 400, "authorization_pending", "the last second");
	world_move(1);
	answer = poll(&device);
	check_error(&answer, 400, "expired_token", "expired");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "allowed too late");
	check_has(answer.body, "no longer good", "allowed too late");
	answer = enter(&agent, member(&device, "user_code"));
	check_status(answer, 403, "entered too late");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	world_realm_set("device_code_lifetime", "1m");
	device = begin(NULL);
	world_realm_set("device_code_lifetime", "");
	check_text(member(&device, "expires_in"), "60", "setting");
}

/* Allowed in time, fetched too late. */
static void
expiry_after_approval(void **state)
{
	struct agent agent = {0};
	struct answer device = begin("openid offline_access"), answer;

	(void)state;
	allow(&agent, &device);
	world_move(600);
	answer = poll(&device);
	check_error(&answer, 400, "expired_token", "expired");
}

/* What happens between approval and poll counts. */
static void
things_change_meanwhile(void **state)
{
	static const struct {
		const char *name, *sql, *error;
	} changes[] = {
		{"session ended", "UPDATE session SET ended_at = 1800000000", "invalid_grant"},
		{"password changed", "UPDATE account SET auth_epoch = auth_epoch + 1",
		 "invalid_grant"},
		{"grant revoked", "UPDATE auth_grant SET revoked_at = 1800000000", "invalid_grant"},
		{"account gone", "DELETE FROM account WHERE username = 'alice'", "invalid_grant"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct agent agent = {0};
		struct answer device = begin(NULL), answer;

		allow(&agent, &device);
		private_db_number("%s", changes[i].sql);
		answer = poll(&device);
		check_error(&answer, 400, changes[i].error, changes[i].name);
	}
}

/* ---- the person ---- */

static void
denied(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer, page;

	(void)state;
	page = up_to_question(&agent, &device);
	answer = press(&agent, &page, "deny");
	check_status(answer, 200, "deny");
	check_has(answer.body, "was not allowed", "deny");
	check_has(answer.body, "TV &amp; Co", "deny");
	answer = poll(&device);
	check_error(&answer, 400, "access_denied", "poll");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "changed their mind too late");
	answer = poll(&device);
	check_error(&answer, 400, "access_denied", "it stays so");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'device_denied' AND client_id = 'tv' AND"
					   " account_id IS NOT NULL AND session_id IS NOT NULL"),
			 1);
}

/* Whoever is not signed in decides nothing. */
static void
left(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer = enter(&agent, member(&device, "user_code"));

	(void)state;
	check_text(page_kind(&answer), "signin", "sign-in");
	check_has(answer.body, "TV &amp; Co", "which application");
	answer = press(&agent, &answer, "cancel");
	check_status(answer, 200, "cancel");
	check_has(answer.body, "Nothing was allowed", "cancel");
	answer = poll(&device);
	check_error(&answer, 400, "authorization_pending", "the device waits on");
	allow(&agent, &device);
}

static void
question_says_what(void **state)
{
	struct agent agent = {0}, near = {.address = "198.51.100.200"};
	struct agent other_family = {.address = "2001:db8::1"};
	struct answer device = begin("openid email offline_access"), answer;

	(void)state;
	world_move(130);
	answer = up_to_question(&agent, &device);
	check_has(answer.body, "TV &amp; Co on a device", "client");
	check_has(answer.body, member(&device, "user_code"), "code");
	check_has(answer.body, "198.51.100.7 (not the network you are on)", "place");
	check_has(answer.body, "2 min ago", "time");
	check_has(answer.body, "<q>agent</q>", "agent");
	check_has(answer.body, "Alice Example", "who");
	check_has(answer.body, "email address", "what");
	check_has(answer.body, "keeps this access", "how long");
	check_has(answer.body, "sent you the code", "warning");
	check_has(header(&answer, "Content-Security-Policy"), "form-action 'self';", "policy");
	answer = up_to_question(&near, &device);
	check_has(answer.body, "198.51.100.7 (the network you are on)", "near");
	answer = up_to_question(&other_family, &device);
	check_has(answer.body, "198.51.100.7</dd>", "nobody knows");
	device = begin(NULL);
	answer = up_to_question(&agent, &device);
	check_has(answer.body, "less than a minute ago", "now");
}

/* First party, allowed before, signed in: it is asked all the same. */
static void
always_asked(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;

	(void)state;
	world_client("main", "tv",
		     "{\"first_party\":true,\"token_endpoint_auth_method\":\"none\","
		     "\"grant_types\":[\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	for (int i = 0; i < 3; i++) {
		device = begin(NULL);
		answer = up_to_question(&agent, &device);
		check_text(page_kind(&answer), "consent", "asked");
		answer = press(&agent, &answer, "allow");
		check_status(answer, 200, "allowed");
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM consent"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'device_approved' AND client_id = 'tv' AND detail"
					   " LIKE '%%198.51.100.7'"),
			 3);
}

static void
another_person(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer = up_to_question(&agent, &device), user;

	(void)state;
	answer = press(&agent, &answer, "other");
	check_text(page_kind(&answer), "signin", "other");
	answer = sign_in(&agent, &answer, "bob", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "bob is asked");
	check_has(answer.body, "bob", "bob is asked");
	answer = press(&agent, &answer, "allow");
	answer = poll(&device);
	user = userinfo(member(&answer, "access_token"));
	struct account bob;

	world_account("bob", &bob);
	check_text(member(&user, "sub"), bob.sub, "bob");
}

/* The letters of a shown code with a text before, between and behind its halves. */
static const struct {
	const char *name, *before, *between, *behind;
} spellings[] = {
	{"as shown", "", "-", ""},
	{"without dash", "", "", ""},
	{"with blanks", " ", " ", " "},
	{"many dashes", "--", "---", "-"},
};

static void
code_as_people_type_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		struct answer device = begin(NULL);
		const char *code = member(&device, "user_code");
		const char *typed =
			arena_printf(world.arena, "%s%.4s%s%s%s", spellings[i].before, code,
				     spellings[i].between, code + 5, spellings[i].behind);
		const char *ways[] = {typed, str_lower(world.arena, typed)};

		for (size_t j = 0; j < COUNT(ways); j++) {
			struct agent agent = {0};
			struct answer answer = enter(&agent, ways[j]);

			check_text(page_kind(&answer), "signin", spellings[i].name);
		}
	}
}

static void
wrong_codes(void **state)
{
	static const char *const wrong[] = {"BCDF-GHJK", "", "BCDF", "AAAA-AAAA", "BCDF-GHJK-L"};
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	(void)begin(NULL);
	private_db_number("UPDATE device_request SET user_code = 'ZZZZZZZZ'");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		answer = enter(&agent, wrong[i]);
		check_status(answer, 403, wrong[i]);
		check_has(answer.body, "No device is waiting", wrong[i]);
		check_text(page_kind(&answer), "device", wrong[i]);
	}
	answer = enter(&agent, "ZZZZ-ZZZZ");
	check_status(answer, 200, "the right one");
}

/* Each wrong code is charged to browser and network; right ones are not. */
static void
guessing_is_slowed(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer device = begin(NULL), answer;

	(void)state;
	for (int i = 0; i < 20; i++) {
		answer = enter(&agent, member(&device, "user_code"));
		check_status(answer, 200, "right ones cost nothing");
	}
	for (int i = 0; i < 5; i++) {
		answer = enter(&agent, "BCDF-GHJK");
		check_status(answer, 403, "wrong");
	}
	answer = enter(&agent, member(&device, "user_code"));
	check_status(answer, 429, "even the right one has to wait");
	check_text(header(&answer, "Retry-After"), "1", "how long");
	check_has(answer.body, "Too many attempts", "how long");
	answer = enter(&other, member(&device, "user_code"));
	check_status(answer, 200, "another browser");
	world_move(1);
	answer = enter(&agent, member(&device, "user_code"));
	check_status(answer, 200, "after the wait");
	for (int i = 0; i < 45; i++) {
		struct agent fresh = {0};

		answer = enter(&fresh, "BCDF-GHJK");
		check_status(answer, 403, "without cookies");
	}
	answer = enter(&other, member(&device, "user_code"));
	check_status(answer, 429, "the network has to wait");
	other.address = "203.0.113.1";
	answer = enter(&other, member(&device, "user_code"));
	check_status(answer, 200, "another network");
	/* signing in is another matter */
	struct agent person = {0};

	answer = agent_get(&person, authorize("web", NULL, NULL));
	answer = sign_in(&person, &answer, "alice", USER_PASSWORD);
	check_status(answer, 303, "sign-ins are counted apart");
}

/* The link fills the field and asks to compare; GET looks at nothing. */
static void
link_with_the_code(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer;
	const char *code = member(&device, "user_code");

	(void)state;
	(void)walk(&agent, authorize("web", NULL, NULL));
	answer = agent_get(&agent, arena_printf(world.arena, "/device?user_code=%s", code));
	check_status(answer, 200, "link");
	check_text(page_kind(&answer), "device", "nothing but the page");
	check_text(page_field(&answer, "user_code"), code, "filled in");
	check_has(answer.body, "Compare this code", "to be compared");
	check(private_db_number("SELECT decided_at FROM device_request") == 0, "undecided");
	struct answer unknown = agent_get(&agent, "/device?user_code=BCDF-GHJK");

	check_status(unknown, 200, "an unknown one looks the same");
	check_has(unknown.body, "Compare this code", "an unknown one looks the same");
	unknown = agent_get(&agent, "/device?user_code=%22%3E%3Cscript");
	check_status(unknown, 200, "rubbish");
	check(strstr(unknown.body, "script") == NULL, "rubbish is not shown");
	answer = agent_post(&agent, "/device",
			    params("flow", page_field(&answer, "flow"), "user_code", code, NULL));
	check_text(page_kind(&answer), "consent", "then the question");
}

static void
picture_of_the_link(void **state)
{
	struct answer device = begin(NULL), answer, unknown;

	(void)state;
	answer = request_send(
		&(struct ask){.target = member(&device, "qr_uri") + strlen(MAIN_ISSUER)});
	check_status(answer, 200, "picture");
	check_text(header(&answer, "Content-Type"), "image/svg+xml", "type");
	check_has(header(&answer, "Content-Security-Policy"), "default-src 'none'", "policy");
	check_text(header(&answer, "X-Content-Type-Options"), "nosniff", "nosniff");
	check_has(answer.body, member(&device, "verification_uri_complete"), "title");
	private_db_number("DELETE FROM device_request");
	unknown = request_send(
		&(struct ask){.target = member(&device, "qr_uri") + strlen(MAIN_ISSUER)});
	check_text(unknown.body, answer.body, "whether a device waits makes no difference");
	answer = request_send(&(struct ask){.target = "/device/qr?user_code=x"});
	check_error(&answer, 404, "not_found", "no code");
	answer = request_send(&(struct ask){.target = "/device/qr"});
	check_error(&answer, 404, "not_found", "nothing");
}

/* ---- pages that are not what they should be ---- */

static void
forms_from_elsewhere(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer device = begin(NULL), answer, page, foreign;
	const char *code = member(&device, "user_code");

	(void)state;
	answer = agent_post(&agent, "/device", params("user_code", code, NULL));
	check_status(answer, 400, "no flow");
	page = agent_get(&agent, "/device");
	answer = agent_post(&other, "/device",
			    params("flow", page_field(&page, "flow"), "user_code", code, NULL));
	check_status(answer, 303, "another browser's");
	check_has(header(&answer, "Location"), MAIN_ISSUER "/device?", "begins anew");
	answer = agent_get(&other, next_target(&answer));
	check_text(page_kind(&answer), "device", "begins anew");
	foreign = agent_get(&agent, authorize("web", NULL, NULL));
	answer = agent_post(&agent, "/device",
			    params("flow", page_field(&foreign, "flow"), "user_code", code, NULL));
	check_status(answer, 400, "a page of something else");
	/* the page of the code proves nothing about any device */
	answer = agent_post(&agent, "/consent",
			    params("flow", page_field(&page, "flow"), "action", "allow", NULL));
	check_status(answer, 400, "allow without a code");
	page = up_to_question(&agent, &device);
	answer = agent_post(&other, "/consent",
			    params("flow", page_field(&page, "flow"), "action", "allow", NULL));
	check_status(answer, 303, "the question in another browser");
	check_text(header(&answer, "Location"),
		   arena_printf(world.arena, MAIN_ISSUER "/device?user_code=%s", code),
		   "begins anew with the code");
	check(private_db_number("SELECT decided_at FROM device_request") == 0, "undecided");
}

static void
browser_without_cookies(void **state)
{
	struct agent agent = {.refuses_cookies = true};
	struct answer answer = agent_get(&agent, "/device");

	(void)state;
	answer = agent_post(
		&agent, "/device",
		params("flow", page_field(&answer, "flow"), "user_code", "BCDFGHJK", NULL));
	check_status(answer, 303, "asked again");
	answer = agent_get(&agent, next_target(&answer));
	check_status(answer, 400, "and told");
	check_has(answer.body, "Cookies are blocked", "and told");
}

/* Between code and question. */
static void
client_changes_meanwhile(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), page = up_to_question(&agent, &device), answer;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"redirect_uris\":[\"" WEB_REDIRECT
		     "\"]}",
		     NULL);
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "it may no longer ask for devices");
	world_client_off("tv");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "it is disabled");
	check_has(answer.body, "Unknown application", "it is disabled");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
}

static void
realms_are_apart(void **state)
{
	struct agent agent = {0};
	struct answer device = begin(NULL), answer;

	(void)state;
	answer = agent_get(&agent, "/sub/path/device");
	answer = agent_post(&agent, "/sub/path/device",
			    params("flow", page_field(&answer, "flow"), "user_code",
				   member(&device, "user_code"), NULL));
	check_status(answer, 403, "another realm");
}

/* ---- many at once ---- */

#define RACERS 6

static void
race(const struct answer *device, int report)
{
	struct answer answer;
	char won;

	alarm(60);
	world_own_connection();
	answer = poll(device);
	won = answer.status == 200 ? '1' : '0';
	if (won == '0' && !str_equal(member(&answer, "error"), "invalid_grant"))
		_exit(2);
	if (write(report, &won, 1) != 1)
		_exit(1);
	_exit(0);
}

static void
tokens_for_one_poll(void **state)
{
	static const char *const formats[] = {"jwt", "opaque", "jwt"};

	(void)state;
	for (size_t round = 0; round < COUNT(formats); round++) {
		struct agent agent = {0};
		struct answer device;
		int report[2], winners = 0, status;
		pid_t pids[RACERS];
		char won;

		world_realm_set("access_token_format", formats[round]);
		device = begin("openid");
		allow(&agent, &device);
		assert_int_equal(pipe(report), 0);
		for (size_t i = 0; i < RACERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0)
				race(&device, report[1]);
		}
		for (size_t i = 0; i < RACERS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
			assert_int_equal(read(report[0], &won, 1), 1);
			winners += won == '1';
		}
		assert_int_equal(winners, 1);
		close(report[0]);
		close(report[1]);
	}
	world_realm_set("access_token_format", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		device_test(what_a_device_is_told),
		device_test(who_may_begin),
		device_test(scopes_of_a_device),
		device_test(codes_differ),
		device_test(polling),
		device_test(tokens_for_the_first_poll),
		device_test(refresh_family),
		device_test(ends_with_the_session),
		device_test(opaque_tokens),
		device_test(no_refresh_token_without_the_grant),
		device_test(no_good_device_code),
		device_test(no_authorization_code),
		device_test(expiry),
		device_test(expiry_after_approval),
		device_test(things_change_meanwhile),
		device_test(denied),
		device_test(left),
		device_test(question_says_what),
		device_test(always_asked),
		device_test(another_person),
		device_test(code_as_people_type_it),
		device_test(wrong_codes),
		device_test(guessing_is_slowed),
		device_test(link_with_the_code),
		device_test(picture_of_the_link),
		device_test(forms_from_elsewhere),
		device_test(browser_without_cookies),
		device_test(client_changes_meanwhile),
		device_test(realms_are_apart),
		device_test(tokens_for_one_poll),
	};

	return flow_tests_run(tests);
}
