/* SPDX-License-Identifier: ISC */
/*
 * Signing out: with a hint, without one, with somebody else's; where it may lead; and that the
 * session is really gone.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jws.h"

#define BYE "https://app.example/bye"

static struct agent alice;
static struct answer set; /* of "web" */

static int
begin(void **state)
{
	alice = (struct agent){0};
	(void)world_fresh(state);
	set = tokens(&alice, "web", NULL);
	return 0;
}

#define logout_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static const char *
hint(void)
{
	return member(&set, "id_token");
}

static const char *
logout(const char *token, const char *uri, const char *state)
{
	return arena_printf(world.arena, "/logout?%s",
			    params("id_token_hint", token, "post_logout_redirect_uri", uri, "state",
				   state, NULL));
}

static bool
signed_in(struct agent *agent)
{
	struct answer answer = agent_get(agent, authorize("web", "prompt", "none"));

	if (!location_param(&answer, "code"))
		check_text(location_param(&answer, "error"), "login_required", "signed out");
	return location_param(&answer, "code") != NULL;
}

static const struct {
	const char *name, *uri, *state, *location;
} returns[] = {
	{"with state", BYE, "s t&=", BYE "?state=s%20t%26%3D"},
	{"without state", BYE, NULL, BYE},
	{"with its own query", BYE "?x=1", "s", BYE "?x=1&state=s"},
};

static void
with_a_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(returns); i++) {
		struct answer answer;

		set = tokens(&alice, "web", NULL);
		check(signed_in(&alice), returns[i].name);
		answer = agent_get(&alice, logout(hint(), returns[i].uri, returns[i].state));
		check_status(answer, 303, returns[i].name);
		check_text(header(&answer, "Location"), returns[i].location, returns[i].name);
		check(!signed_in(&alice), returns[i].name);
		check(!is_active(member(&set, "access_token")), returns[i].name);
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event = 'signout'"),
			 COUNT(returns));
}

static void
by_post(void **state)
{
	struct answer answer =
		agent_post(&alice, "/logout",
			   params("id_token_hint", hint(), "post_logout_redirect_uri", BYE, NULL));

	(void)state;
	check_status(answer, 303, "POST");
	check_text(header(&answer, "Location"), BYE, "POST");
	check(!signed_in(&alice), "POST");
}

/* From another site the cookies do not come: asked again by GET. */
static void
by_post_without_cookies(void **state)
{
	struct answer answer = request_send(
		&(struct ask){.target = "/logout", .body = params("id_token_hint", hint(), NULL)});

	(void)state;
	check_status(answer, 303, "no cookies");
	check(str_starts(header(&answer, "Location"), MAIN_ISSUER "/logout?id_token_hint="),
	      "no cookies");
	answer = agent_get(&alice, next_target(&answer));
	check_status(answer, 200, "asked again");
	check(!signed_in(&alice), "asked again");
}

static void
with_an_expired_hint(void **state)
{
	struct answer answer;

	(void)state;
	world_move(7200);
	check(signed_in(&alice), "still");
	answer = agent_get(&alice, logout(hint(), BYE, NULL));
	check_text(header(&answer, "Location"), BYE, "expired hint");
	check(!signed_in(&alice), "expired hint");
}

/* No open redirect: nothing but a registered address, and only with a hint. */
static const char *const evil[] = {
	"https://evil.example/",
	BYE "/",
	BYE "?",
	BYE "?x=2",
	BYE "#x",
	"https://app.example/bye/../evil",
	"https://app.example@evil.example/bye",
	"https://app.example.evil.example/bye",
	"//app.example/bye",
	"https:app.example/bye",
	WEB_REDIRECT,
	"javascript:alert(1)",
	" " BYE,
	BYE "\r\nX: y",
};

static void
no_open_redirect(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(evil); i++) {
		struct answer answer = agent_get(&alice, logout(hint(), evil[i], "s"));

		check_status(answer, 400, evil[i]);
		check_text(header(&answer, "Location"), NULL, evil[i]);
		check(signed_in(&alice), "nothing happened");
		answer = agent_get(&alice, logout(NULL, evil[i], "s"));
		check_text(page_kind(&answer), "signout", evil[i]);
		answer = press(&alice, &answer, "signout");
		check_status(answer, 200, evil[i]);
		check_text(header(&answer, "Location"), NULL, evil[i]);
		check(strstr(answer.body, "evil.example") == NULL, evil[i]);
		set = tokens(&alice, "web", NULL);
	}
}

/* Even a registered address needs the hint. */
static void
without_a_hint(void **state)
{
	struct answer page = agent_get(&alice, logout(NULL, BYE, "s")), answer;

	(void)state;
	check_status(page, 200, "question");
	check_text(page_kind(&page), "signout", "question");
	check_has(page.body, "Alice Example", "question");
	check(signed_in(&alice), "nothing happened yet");
	answer = press(&alice, &page, "stay");
	check_status(answer, 200, "stay");
	check(signed_in(&alice), "stay");
	answer = press(&alice, &page, NULL);
	check(signed_in(&alice), "neither");
	answer = press(&alice, &page, "signout");
	check_status(answer, 200, "signout");
	check_text(header(&answer, "Location"), NULL, "signout");
	check(!signed_in(&alice), "signout");
	answer = agent_get(&alice, logout(NULL, BYE, NULL));
	check_status(answer, 200, "nobody is signed in");
	check_text(page_kind(&answer), "", "nobody is signed in");
	check_text(header(&answer, "Location"), NULL, "nobody is signed in");
}

static void
the_question_is_bound(void **state)
{
	struct agent other = {0};
	struct answer page = agent_get(&alice, "/logout"), answer;

	(void)state;
	(void)agent_get(&other, authorize("web", NULL, NULL));
	answer = press(&other, &page, "signout");
	check_status(answer, 400, "another browser");
	check(signed_in(&alice), "another browser");
	world_move(3601);
	answer = press(&alice, &page, "signout");
	check_status(answer, 400, "too old");
	check(signed_in(&alice), "too old");
}

static const char *
forged(const char *name)
{
	char *copy = arena_strdup(world.arena, hint());
	size_t at = strlen(copy) - 10;

	if (str_equal(name, "changed"))
		copy[at] = copy[at] == 'A' ? 'B' : 'A';
	if (str_equal(name, "alg none"))
		return arena_printf(world.arena, "eyJhbGciOiJub25lIn0%.*s.",
				    (int)(strrchr(copy, '.') - strchr(copy, '.')),
				    strchr(copy, '.'));
	if (str_equal(name, "garbage"))
		return "x";
	if (str_equal(name, "access token"))
		return member(&set, "access_token");
	return copy;
}

static const char *const forgeries[] = {"changed", "alg none", "garbage", "access token"};

static void
with_a_bad_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forgeries); i++) {
		struct answer answer = agent_get(&alice, logout(forged(forgeries[i]), BYE, "s"));

		check_status(answer, 400, forgeries[i]);
		check_text(header(&answer, "Location"), NULL, forgeries[i]);
		check(signed_in(&alice), forgeries[i]);
	}
}

static void
with_a_hint_of_another_realm(void **state)
{
	struct answer answer = agent_get(
		&alice, arena_printf(world.arena, "/sub/path%s", logout(hint(), BYE, NULL)));

	(void)state;
	check_status(answer, 400, "another realm");
}

/* A hint of another session does not end this one without a question. */
static void
with_another_sessions_hint(void **state)
{
	struct agent bob = {0};
	struct answer page = agent_get(&bob, authorize("web", NULL, NULL)), answer;

	(void)state;
	(void)sign_in(&bob, &page, "bob", USER_PASSWORD);
	page = agent_get(&bob, logout(hint(), BYE, "s"));
	check_text(page_kind(&page), "signout", "asked");
	check(signed_in(&bob) && signed_in(&alice), "asked");
	answer = press(&bob, &page, "signout");
	check_text(header(&answer, "Location"), BYE "?state=s", "answered");
	check(!signed_in(&bob), "answered");
	check(signed_in(&alice), "the other session stays");
}

/* After the session ended by itself the hint still leads back. */
static void
with_a_hint_and_no_session(void **state)
{
	struct agent nobody = {0};
	struct answer answer = agent_get(&nobody, logout(hint(), BYE, "s"));

	(void)state;
	check_text(header(&answer, "Location"), BYE "?state=s", "no session");
}

static const struct {
	const char *name, *client_id;
	int status;
} clients[] = {
	{"the audience", "web", 303},
	{"another", "spa", 400},
	{"unknown", "nobody", 400},
};

static void
client_beside_the_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(clients); i++) {
		const char *target = arena_printf(world.arena, "%s&client_id=%s",
						  logout(hint(), BYE, NULL), clients[i].client_id);

		check_status(agent_get(&alice, target), clients[i].status, clients[i].name);
		set = tokens(&alice, "web", NULL);
	}
}

static void
state_has_a_bound(void **state)
{
	char *text = arena_alloc(world.arena, 2050);
	struct answer answer;

	(void)state;
	memset(text, 'a', 2049);
	answer = agent_get(&alice, logout(hint(), BYE, text));
	check_status(answer, 400, "2049");
	text[2048] = '\0';
	answer = agent_get(&alice, logout(hint(), BYE, text));
	check_status(answer, 303, "2048");
}

static void
duplicates(void **state)
{
	struct answer answer =
		agent_get(&alice, arena_printf(world.arena,
					       "%s&post_logout_redirect_uri=https%%3A%%2F%%2Fevil",
					       logout(hint(), BYE, NULL)));

	(void)state;
	check_status(answer, 400, "twice");
	check(signed_in(&alice), "twice");
}

/* The cookies change; old ones are worth nothing. */
static void
old_cookies(void **state)
{
	struct agent before = alice;

	(void)state;
	check_status(agent_get(&alice, logout(hint(), NULL, NULL)), 200, "signed out");
	check(agent_cookie(&alice, "__Host-ostiary-session-main") == NULL, "cookie");
	check(!str_equal(agent_cookie(&alice, "__Host-ostiary-browser-main"),
			 agent_cookie(&before, "__Host-ostiary-browser-main")),
	      "browser cookie");
	check(!signed_in(&before), "old cookies");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		logout_test(with_a_hint),
		logout_test(by_post),
		logout_test(by_post_without_cookies),
		logout_test(with_an_expired_hint),
		logout_test(no_open_redirect),
		logout_test(without_a_hint),
		logout_test(the_question_is_bound),
		logout_test(with_a_bad_hint),
		logout_test(with_a_hint_of_another_realm),
		logout_test(with_another_sessions_hint),
		logout_test(with_a_hint_and_no_session),
		logout_test(client_beside_the_hint),
		logout_test(state_has_a_bound),
		logout_test(duplicates),
		logout_test(old_cookies),
	};

	return flow_tests_run(tests);
}
