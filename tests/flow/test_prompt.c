/* SPDX-License-Identifier: ISC */
/*
 * What a request asks of the person: consent and how it is remembered, prompt, max_age,
 * id_token_hint, and prompt=none in every state.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"

static const char *
with_two(const char *client_id, const char *name, const char *value, const char *other,
	 const char *second)
{
	const char *request = params_with(request_of(client_id), name, value);

	return arena_printf(world.arena, "/authorize?%s", params_with(request, other, second));
}

/* ---- consent ---- */

static void
consent_is_asked_once(void **state)
{
	struct agent agent = {0}, elsewhere = {0};
	struct answer answer = walk(&agent, authorize("ask", "scope", "openid email"));

	(void)state;
	check(location_param(&answer, "code") != NULL, "allowed");
	answer = agent_get(&agent, authorize("ask", "scope", "openid email"));
	check(location_param(&answer, "code") != NULL, "remembered");
	answer = agent_get(&agent, authorize("ask", "scope", "openid"));
	check(location_param(&answer, "code") != NULL, "less");
	answer = agent_get(&elsewhere, authorize("ask", "scope", "openid"));
	answer = sign_in(&elsewhere, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "in another browser");
	answer = agent_get(&agent, authorize("ask", "scope", "openid email phone"));
	check_text(page_kind(&answer), "consent", "more");
	answer = press(&agent, &answer, "allow");
	check(location_param(&answer, "code") != NULL, "more is allowed");
	answer = agent_get(&agent, authorize("ask", "scope", "openid phone"));
	check(location_param(&answer, "code") != NULL, "all of it is remembered");
	answer = agent_get(&agent, authorize("ask", "scope", "email"));
	check(location_param(&answer, "code") != NULL, "what came first too");
}

static void
consent_of_another_person(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer answer = walk(&agent, authorize("ask", NULL, NULL));

	(void)state;
	answer = agent_get(&other, authorize("ask", NULL, NULL));
	answer = sign_in(&other, &answer, "bob", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "bob was not asked yet");
}

static void
consent_page_says_what(void **state)
{
	struct agent agent = {0};
	struct answer answer =
		agent_get(&agent, authorize("ask", "scope", "openid email offline_access nothing"));

	(void)state;
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check_has(answer.body, "ask.example", "where it leads");
	check_has(answer.body, "Alice Example", "who");
	check(strstr(answer.body, "nothing</code>") == NULL, "unknown scopes are not shown");
	check_has(header(&answer, "Content-Security-Policy"), "form-action 'self' https:;",
		  "policy");
}

static const struct {
	const char *name, *client_id, *parameter, *value;
	bool asked; /* again, though it was allowed before */
} consents[] = {
	{"remembered", "ask", NULL, NULL, false},
	{"prompt=consent", "ask", "prompt", "consent", true},
	{"first party", "web", NULL, NULL, false},
	{"first party with prompt=consent", "web", "prompt", "consent", true},
	{"public with an https redirect", "spa", NULL, NULL, false},
	{"public on loopback", "app", NULL, NULL, true},
	{"public with a private scheme", "app", "redirect_uri", "com.example.app:/cb", true},
};

static void
when_consent_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(consents); i++) {
		struct agent agent = {0};
		const char *target =
			authorize(consents[i].client_id, consents[i].parameter, consents[i].value);
		struct answer answer = walk(&agent, target);

		check(location_param(&answer, "code") != NULL, consents[i].name);
		answer = agent_get(&agent, target);
		check(str_equal(page_kind(&answer), "consent") == consents[i].asked,
		      consents[i].name);
	}
}

/* No scope at all is still something that was not allowed yet. */
static void
consent_without_scopes(void **state)
{
	struct agent agent = {0};
	struct answer answer = agent_get(&agent, authorize("ask", "scope", NULL));

	(void)state;
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "first");
	answer = press(&agent, &answer, "allow");
	check(location_param(&answer, "code") != NULL, "allowed");
	answer = agent_get(&agent, authorize("ask", "scope", NULL));
	check(location_param(&answer, "code") != NULL, "remembered");
	answer = agent_get(&agent, authorize("ask", NULL, NULL));
	check_text(page_kind(&answer), "consent", "more");
}

/* ---- prompt=none ---- */

static const struct {
	const char *name;
	bool signed_in, consented;
	const char *parameter, *value;
	const char *error; /* NULL: a code */
} silents[] = {
	{"nobody", false, false, NULL, NULL, "login_required"},
	{"not allowed yet", true, false, NULL, NULL, "consent_required"},
	{"all is well", true, true, NULL, NULL, NULL},
	{"more is wanted", true, true, "scope", "openid phone", "consent_required"},
	{"too old", true, true, "max_age", "10", "login_required"},
	{"young enough", true, true, "max_age", "1000", NULL},
	{"another client", true, true, "claims", "{\"id_token\":{}}", NULL},
};

static void
nothing_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(silents); i++) {
		struct agent agent = {0};
		struct answer answer;

		private_db_number("DELETE FROM consent");
		if (silents[i].signed_in)
			(void)walk(&agent,
				   authorize(silents[i].consented ? "ask" : "web", NULL, NULL));
		world_move(100);
		answer = agent_get(&agent,
				   with_two("ask", "prompt", "none",
					    silents[i].parameter ? silents[i].parameter : "x",
					    silents[i].value));
		check_status(answer, 303, silents[i].name);
		check_text(location_param(&answer, "error"), silents[i].error, silents[i].name);
		check_text(location_param(&answer, "state"), "s t/&=+", silents[i].name);
		check((location_param(&answer, "code") == NULL) == (silents[i].error != NULL),
		      silents[i].name);
	}
}

/* Whoever could pose as the client gets nothing silently (RFC 8252 8.6). */
static void
nothing_silent_on_loopback(void **state)
{
	struct agent agent = {0};
	struct answer answer = walk(&agent, authorize("app", NULL, NULL));

	(void)state;
	check(location_param(&answer, "code") != NULL, "asked");
	answer = agent_get(&agent, authorize("app", "prompt", "none"));
	check_redirected(&answer, APP_REDIRECT "?", "consent_required", "silently");
}

/* ---- signing in again ---- */

static int64_t
auth_time_of(const struct answer *answer)
{
	struct jwt jwt;
	int64_t auth_time = 0;

	assert_int_equal(jwt_read_unverified(world.arena, member(answer, "id_token"), &jwt),
			 JWT_OK);
	assert_int_equal(json_get_int(jwt.claims, "auth_time", &auth_time), JSON_FOUND);
	return auth_time;
}

static const struct {
	const char *name, *parameter, *value;
	int64_t after; /* seconds since the sign-in */
	bool asked;
} reauthentications[] = {
	{"prompt=login", "prompt", "login", 100, true},
	{"prompt=login at once", "prompt", "login", 0, true},
	{"max_age=0", "max_age", "0", 1, true},
	{"max_age=0 at once", "max_age", "0", 0, true},
	{"max_age=99", "max_age", "99", 100, true},
	{"max_age=100", "max_age", "100", 100, false},
	{"max_age=101", "max_age", "101", 100, false},
	{"no limit", NULL, NULL, 100, false},
};

static void
signing_in_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reauthentications); i++) {
		struct agent agent = {0};
		const char *name = reauthentications[i].name;
		struct answer before = tokens(&agent, "web", NULL);
		int64_t first = auth_time_of(&before);
		const char *target = authorize("web", reauthentications[i].parameter,
					       reauthentications[i].value);
		struct answer answer;

		world_move(reauthentications[i].after);
		answer = agent_get(&agent, target);
		check(str_equal(page_kind(&answer), "signin") == reauthentications[i].asked, name);
		if (reauthentications[i].asked) {
			check_has(answer.body, "Alice Example", name);
			answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		}
		check(location_param(&answer, "code") != NULL, name);
		check_text(location_param(&answer, "state"), "s t/&=+", name);
		answer = redeem("web", location_param(&answer, "code"));
		check(auth_time_of(&answer) == (reauthentications[i].asked ? world_now() : first),
		      name);
	}
}

static void
default_max_age(void **state)
{
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	world_client("main", "aged",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"first_party\":true,"
		     "\"default_max_age\":60}",
		     WEB_SECRET);
	(void)walk(&agent, authorize("web", NULL, NULL));
	world_move(60);
	answer = agent_get(&agent, authorize("aged", NULL, NULL));
	check(location_param(&answer, "code") != NULL, "young enough");
	world_move(1);
	answer = agent_get(&agent, authorize("aged", NULL, NULL));
	check_text(page_kind(&answer), "signin", "too old");
	answer = agent_get(&agent, authorize("aged", "max_age", "1000"));
	check(location_param(&answer, "code") != NULL, "the request's own wins");
}

/* Signing in as somebody else under prompt=login ends the other's session. */
static void
another_person_signs_in(void **state)
{
	struct agent agent = {0};
	struct account bob;
	struct answer answer;

	(void)state;
	(void)walk(&agent, authorize("web", NULL, NULL));
	answer = agent_get(&agent, authorize("web", "prompt", "login"));
	answer = press(&agent, &answer, "other");
	check_text(page_kind(&answer), "signin", "an empty page");
	check(strstr(answer.body, "Alice Example") == NULL, "an empty page");
	answer = sign_in(&agent, &answer, "bob", USER_PASSWORD);
	answer = redeem("web", location_param(&answer, "code"));
	answer = userinfo(member(&answer, "access_token"));
	world_account("bob", &bob);
	check_text(member(&answer, "sub"), bob.sub, "bob");
}

static void
select_account(void **state)
{
	struct agent agent = {0};
	const char *target = authorize("web", "prompt", "select_account");
	struct answer page = agent_get(&agent, target), answer;

	(void)state;
	check_text(page_kind(&page), "signin", "nobody to choose");
	answer = sign_in(&agent, &page, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "the sign-in is the choice");
	page = agent_get(&agent, target);
	check_text(page_kind(&page), "select", "somebody to choose");
	check_has(page.body, "Alice Example", "who");
	answer = press(&agent, &page, "continue");
	check(location_param(&answer, "code") != NULL, "continue");
	page = agent_get(&agent, target);
	answer = press(&agent, &page, "other");
	check_text(page_kind(&answer), "signin", "other");
	answer = sign_in(&agent, &answer, "bob", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "other");
	page = agent_get(&agent, with_two("web", "prompt", "select_account login", "x", NULL));
	check_text(page_kind(&page), "select", "both");
	page = press(&agent, &page, "continue");
	check_text(page_kind(&page), "signin", "then the password");
	page = sign_in(&agent, &page, "bob", USER_PASSWORD);
	check(location_param(&page, "code") != NULL, "both");
}

/* The choice on one page is not the choice on another. */
static void
selection_is_of_the_person(void **state)
{
	struct agent agent = {0};
	struct answer page, answer;

	(void)state;
	(void)walk(&agent, authorize("ask", NULL, NULL));
	page = agent_get(&agent, with_two("ask", "prompt", "select_account consent", "x", NULL));
	check_text(page_kind(&page), "select", "select");
	page = press(&agent, &page, "continue");
	check_text(page_kind(&page), "consent", "consent follows and remembers the choice");
	answer = press(&agent, &page, "allow");
	check(location_param(&answer, "code") != NULL, "done");
}

/* ---- id_token_hint ---- */

static void
hints_of_people(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer answer = tokens(&agent, "web", NULL);
	const char *alice = member(&answer, "id_token");

	(void)state;
	answer = agent_get(&agent, with_two("web", "prompt", "none", "id_token_hint", alice));
	check(location_param(&answer, "code") != NULL, "the same person");
	world_move(86400 * 2);
	(void)walk(&agent, authorize("web", NULL, NULL));
	answer = agent_get(&agent, with_two("web", "prompt", "none", "id_token_hint", alice));
	check(location_param(&answer, "code") != NULL, "an expired hint");
	answer = agent_get(&other, authorize("web", NULL, NULL));
	(void)sign_in(&other, &answer, "bob", USER_PASSWORD);
	answer = agent_get(&other, with_two("web", "prompt", "none", "id_token_hint", alice));
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "another person");
	answer = agent_get(&other, authorize("web", "id_token_hint", alice));
	check_text(page_kind(&answer), "signin", "another person is asked");
	answer = sign_in(&other, &answer, "bob", USER_PASSWORD);
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "still another");
	answer = agent_get(&other, authorize("web", "id_token_hint", alice));
	answer = sign_in(&other, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "now the same");
	answer = agent_get(&agent, authorize("web", "id_token_hint", ""));
	check(location_param(&answer, "code") != NULL, "an empty hint is none");
}

/* An access token is no hint. */
static void
access_tokens_are_no_hints(void **state)
{
	struct agent agent = {0};
	struct answer answer = tokens(&agent, "web", NULL);

	(void)state;
	answer = agent_get(&agent,
			   authorize("web", "id_token_hint", member(&answer, "access_token")));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request", "access token");
}

static void
login_hint_fills_the_name(void **state)
{
	struct agent agent = {0};
	struct answer answer = agent_get(&agent, authorize("web", "login_hint", "carol@example"));

	(void)state;
	check_text(page_field(&answer, "username"), "carol@example", "login_hint");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(consent_is_asked_once),
		flow_test(consent_of_another_person),
		flow_test(consent_page_says_what),
		flow_test(when_consent_is_asked),
		flow_test(consent_without_scopes),
		flow_test(nothing_is_shown),
		flow_test(nothing_silent_on_loopback),
		flow_test(signing_in_again),
		flow_test(default_max_age),
		flow_test(another_person_signs_in),
		flow_test(select_account),
		flow_test(selection_is_of_the_person),
		flow_test(hints_of_people),
		flow_test(access_tokens_are_no_hints),
		flow_test(login_hint_fills_the_name),
	};

	return flow_tests_run(tests);
}
