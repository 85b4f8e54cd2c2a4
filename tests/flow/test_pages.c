/* SPDX-License-Identifier: ISC */
/*
 * Pages that wait: two tabs, the back button, old pages, pages of other browsers, pages posted
 * twice, browsers without cookies, and the reader's language.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"

/* A stale page is started again with the same request. */
static void
check_restarted(const struct answer *answer, const char *client_id, const char *name)
{
	check_status(*answer, 303, name);
	check(str_starts(header(answer, "Location"), MAIN_ISSUER "/authorize?"), name);
	check_text(location_param(answer, "client_id"), client_id, name);
	check_text(location_param(answer, "state"), "s t/&=+", name);
	check_text(location_param(answer, "nonce"), "n-0S6", name);
	check_text(location_param(answer, "code_challenge"), CHALLENGE, name);
	check_text(location_param(answer, "code"), NULL, name);
}

static void
two_tabs(void **state)
{
	struct agent agent = {0};
	struct answer first = agent_get(&agent, authorize("web", NULL, NULL));
	struct answer second = agent_get(&agent, authorize("spa", NULL, NULL));
	struct answer answer;

	(void)state;
	answer = sign_in(&agent, &first, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "first tab");
	answer = sign_in(&agent, &second, "alice", USER_PASSWORD);
	check_restarted(&answer, "spa", "second tab");
	answer = agent_get(&agent, next_target(&answer));
	check_status(answer, 303, "second tab");
	check(str_starts(header(&answer, "Location"), SPA_REDIRECT), "its own client");
	check(location_param(&answer, "code") != NULL, "without asking again");
}

/* Both tabs stay good while nobody signs in. */
static void
two_tabs_with_a_mistake(void **state)
{
	struct agent agent = {0};
	struct answer first = agent_get(&agent, authorize("web", NULL, NULL));
	struct answer second = agent_get(&agent, authorize("spa", NULL, NULL));
	struct answer answer;

	(void)state;
	answer = sign_in(&agent, &first, "alice", "wrong");
	check_status(answer, 403, "first tab");
	answer = sign_in(&agent, &second, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "second tab");
}

static void
back_after_sign_out(void **state)
{
	struct agent agent = {0}, before;
	struct answer first = agent_get(&agent, authorize("ask", NULL, NULL));
	struct answer consent, answer;

	(void)state;
	consent = sign_in(&agent, &first, "alice", USER_PASSWORD);
	check_text(page_kind(&consent), "consent", "consent");
	before = agent;
	answer = agent_get(&agent, "/logout");
	answer = press(&agent, &answer, "signout");
	check_status(answer, 200, "signed out");
	answer = press(&agent, &consent, "allow");
	check_restarted(&answer, "ask", "old page");
	answer = agent_get(&agent, next_target(&answer));
	check_text(page_kind(&answer), "signin", "must sign in again");
	answer = sign_in(&agent, &first, "alice", "wrong");
	check_restarted(&answer, "ask", "older page");
	/* even with the cookies of that time */
	answer = press(&before, &consent, "allow");
	check_status(answer, 200, "old page and old cookies");
	check_text(page_kind(&answer), "signin", "old page and old cookies");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM consent"), 0);
}

static void
completed_page_posted_twice(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("ask", NULL, NULL)), answer;

	(void)state;
	page = sign_in(&agent, &page, "alice", USER_PASSWORD);
	answer = press(&agent, &page, "allow");
	check(location_param(&answer, "code") != NULL, "once");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "twice");
	check_text(header(&answer, "Location"), NULL, "twice");
	check_has(answer.body, "This page is no longer valid", "twice");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 1);
}

static void
sign_in_posted_twice(void **state)
{
	struct agent agent = {0}, before;
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL)), answer;

	(void)state;
	before = agent;
	answer = sign_in(&agent, &page, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "once");
	answer = sign_in(&agent, &page, "alice", USER_PASSWORD);
	check_restarted(&answer, "web", "twice");
	answer = sign_in(&before, &page, "alice", USER_PASSWORD);
	check_status(answer, 400, "a double click");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 1);
}

static const struct {
	int64_t seconds;
	bool good;
} ages[] = {
	{0, true},
	{3600, true},
	{3601, false},
	{86400, false},
};

static void
pages_expire(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ages); i++) {
		struct agent agent = {0};
		struct answer answer = agent_get(&agent, authorize("web", NULL, NULL));

		world_move(ages[i].seconds);
		answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		if (ages[i].good)
			check(location_param(&answer, "code") != NULL, "good");
		else
			check_restarted(&answer, "web", "too old");
		check((agent_cookie(&agent, "__Host-ostiary-session-main") != NULL) == ages[i].good,
		      "session");
	}
}

static void
pages_of_another_browser(void **state)
{
	struct agent mine = {0}, other = {0};
	struct answer page = agent_get(&mine, authorize("web", NULL, NULL)), answer;

	(void)state;
	(void)agent_get(&other, authorize("web", NULL, NULL));
	answer = sign_in(&other, &page, "alice", USER_PASSWORD);
	check_restarted(&answer, "web", "another browser");
	check(agent_cookie(&other, "__Host-ostiary-session-main") == NULL, "no sign-in");
}

static const char *const pages[] = {"/signin", "/consent", "/select", "/signout"};

static void
forged_pages(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));
	const char *flow = page_field(&page, "flow");
	const char *changed = arena_printf(world.arena, "%.*sA", (int)strlen(flow) - 1, flow);
	const char *other = arena_printf(world.arena, "%.*sB", (int)strlen(flow) - 1, flow);
	const char *bad[] = {NULL, "", "x", str_equal(changed, flow) ? other : changed, flow + 1};

	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		for (size_t j = 0; j < COUNT(bad); j++) {
			const char *form = params("flow", bad[j], "username", "alice", "password",
						  USER_PASSWORD, "action", "allow", NULL);
			struct answer answer = agent_post(&agent, pages[i], form);

			check_status(answer, 400, pages[i]);
			check_has(answer.body, "no longer valid", pages[i]);
			check_text(header(&answer, "Location"), NULL, pages[i]);
		}
		page = request_send(&(struct ask){
			.target = pages[i], .body = "{}", .content_type = "application/json"});
		check_status(page, 400, "another type");
	}
}

/* A flow is sealed for its realm. */
static void
pages_of_another_realm(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	page = agent_post(&agent, "/sub/path/signin",
			  params("flow", page_field(&page, "flow"), NULL));
	check_status(page, 400, "another realm");
}

static void
cookies_blocked(void **state)
{
	struct agent agent = {.refuses_cookies = true};
	struct answer answer = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check_restarted(&answer, "web", "no cookie came back");
	answer = agent_get(&agent, next_target(&answer));
	check_status(answer, 400, "still none");
	check_has(answer.body, "Cookies are blocked", "still none");
	check_text(header(&answer, "Location"), NULL, "still none");
	agent.refuses_cookies = false;
	answer = agent_get(&agent, authorize("web", NULL, NULL));
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "allowed now");
}

/* The browser lost its cookie meanwhile, but keeps new ones. */
static void
cookies_cleared(void **state)
{
	struct agent agent = {0};
	struct answer answer = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	agent.cookies = 0;
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check_restarted(&answer, "web", "cleared");
	answer = agent_get(&agent, next_target(&answer));
	check_text(page_kind(&answer), "signin", "cleared");
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "cleared");
}

static void
cancelling(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("ask", NULL, NULL)), answer;

	(void)state;
	answer = press(&agent, &page, "cancel");
	check_redirected(&answer, ASK_REDIRECT "&", "access_denied", "sign-in");
	check_text(location_param(&answer, "state"), "s t/&=+", "sign-in");
	page = sign_in(&agent, &page, "alice", USER_PASSWORD);
	answer = press(&agent, &page, "deny");
	check_redirected(&answer, ASK_REDIRECT "&", "access_denied", "consent");
	answer = press(&agent, &page, NULL);
	check_redirected(&answer, ASK_REDIRECT "&", "access_denied", "neither");
	page = agent_get(&agent, authorize("ask", "prompt", "select_account"));
	answer = press(&agent, &page, "cancel");
	check_redirected(&answer, ASK_REDIRECT "&", "access_denied", "select");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM consent"), 0);
}

/* What the request says is checked again when a page comes back: the client may have changed. */
static void
client_changed_meanwhile(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"https://app.example/new\"],\"first_party\":true}",
		     NULL);
	page = sign_in(&agent, &page, "alice", USER_PASSWORD);
	check_status(page, 400, "no longer registered");
	check_text(header(&page, "Location"), NULL, "no longer registered");
}

static const struct {
	const char *ui_locales, *accept, *language;
} languages[] = {
	{NULL, NULL, "en"},       {"de", NULL, "de"},
	{"xx fr de", NULL, "fr"}, {NULL, "es-MX,es;q=0.9,en;q=0.8", "es"},
	{"de", "fr", "de"},       {"xx", "fr", "fr"},
	{NULL, "xx,*", "en"},     {"../../etc/passwd", NULL, "en"},
};

static void
the_readers_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(languages); i++) {
		struct agent agent = {.language = languages[i].accept};
		struct answer answer =
			agent_get(&agent, authorize("ask", "ui_locales", languages[i].ui_locales));
		const char *html =
			arena_printf(world.arena, "<html lang=\"%s\"", languages[i].language);

		check_text(header(&answer, "Content-Language"), languages[i].language, "sign-in");
		check_has(answer.body, html, "sign-in");
		answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		check_text(page_kind(&answer), "consent", "consent");
		check_has(answer.body, html, "the language is carried on");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(two_tabs),
		flow_test(two_tabs_with_a_mistake),
		flow_test(back_after_sign_out),
		flow_test(completed_page_posted_twice),
		flow_test(sign_in_posted_twice),
		flow_test(pages_expire),
		flow_test(pages_of_another_browser),
		flow_test(forged_pages),
		flow_test(pages_of_another_realm),
		flow_test(cookies_blocked),
		flow_test(cookies_cleared),
		flow_test(cancelling),
		flow_test(client_changed_meanwhile),
		flow_test(the_readers_language),
	};

	return flow_tests_run(tests);
}
