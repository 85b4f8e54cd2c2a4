/* SPDX-License-Identifier: ISC */
/*
 * Requests by POST from other sites, and answers as forms.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"

#define LONG_TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_TEXT_512                                                                              \
	LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 \
		LONG_TEXT_64

static void
post_without_cookies(void **state)
{
	struct agent agent = {0};
	const char *request = request_of("web");
	struct answer answer = agent_post(&agent, "/authorize", request);

	(void)state;
	check_status(answer, 303, "short");
	check_text(header(&answer, "Location"),
		   arena_printf(world.arena, MAIN_ISSUER "/authorize?%s", request), "short");
	answer = agent_get(&agent, next_target(&answer));
	check_text(page_kind(&answer), "signin", "short");
}

static void
long_post_without_cookies(void **state)
{
	static const char *const names[] = {
		"client_id", "redirect_uri",   "response_type",         "scope", "state",
		"nonce",     "code_challenge", "code_challenge_method", "claims"};
	struct agent agent = {0};
	const char *claims =
		"{\"userinfo\":{\"" LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 "\":null,"
		"\"a" LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 "\":null}}";
	struct answer answer =
		agent_post(&agent, "/authorize", params_with(request_of("web"), "claims", claims));
	const char *form = "";

	(void)state;
	check_status(answer, 200, "long");
	check_text(page_action(&answer), "/authorize", "long");
	check(agent_cookie(&agent, "__Host-ostiary-browser-main") != NULL, "a cookie is given");
	for (size_t i = 0; i < COUNT(names); i++)
		form = params_with(form, names[i], page_field(&answer, names[i]));
	check_text(page_field(&answer, "claims"), claims, "unchanged");
	answer = agent_post(&agent, page_action(&answer), form);
	check_text(page_kind(&answer), "signin", "after the button");
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "after the sign-in");
}

static void
post_of_another_type(void **state)
{
	struct answer answer = request_send(&(struct ask){
		.target = "/authorize", .body = "{}", .content_type = "application/json"});

	(void)state;
	check_status(answer, 400, "JSON");
	answer = request_send(&(struct ask){.target = "/authorize", .body = "a=%zz"});
	check_status(answer, 400, "bad escape");
	check_text(header(&answer, "Location"), NULL, "bad escape");
}

static void
form_post(void **state)
{
	struct agent agent = {0};
	struct answer answer = walk(&agent, authorize("ask", "response_mode", "form_post"));

	(void)state;
	check_status(answer, 200, "form_post");
	check_text(page_action(&answer), ASK_REDIRECT, "form_post");
	check_text(page_field(&answer, "state"), "s t/&=+", "form_post");
	check_text(page_field(&answer, "iss"), MAIN_ISSUER, "form_post");
	check_text(page_field(&answer, "flow"), NULL, "the flow stays with us");
	check_has(header(&answer, "Content-Security-Policy"), "form-action 'self' https:;",
		  "form_post");
	check_status(redeem("ask", page_field(&answer, "code")), 200, "form_post");
}

static void
form_post_errors(void **state)
{
	struct agent agent = {0};
	struct answer answer =
		agent_get(&agent, arena_printf(world.arena, "%s&response_mode=form_post",
					       authorize("ask", "prompt", "none")));

	(void)state;
	check_status(answer, 200, "error by form_post");
	check_text(page_action(&answer), ASK_REDIRECT, "error by form_post");
	check_text(page_field(&answer, "error"), "login_required", "error by form_post");
	check_text(page_field(&answer, "state"), "s t/&=+", "error by form_post");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(post_without_cookies), flow_test(long_post_without_cookies),
		flow_test(post_of_another_type), flow_test(form_post),
		flow_test(form_post_errors),
	};

	return flow_tests_run(tests);
}
