/* SPDX-License-Identifier: ISC */
/*
 * Pushed authorization requests (RFC 9126, PROTOCOL 28): what is refused while pushing, what a
 * request_uri is good for, that it is consumed when the authorization is completed and not before,
 * and who must push.
 */
#include "tests/flow/agent.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/model/handle.h"

static struct answer
push(const char *authorization, const char *form)
{
	const struct ask ask = {.target = "/par", .body = form, .authorization = authorization};

	return request_send(&ask);
}

/* Pushed by "web" with a parameter changed: the request_uri. */
static const char *
pushed(const char *name, const char *value)
{
	const char *form = request_of("web");
	struct answer answer =
		push(basic("web", WEB_SECRET), name ? params_with(form, name, value) : form);

	check_status(answer, 201, "push");
	return member(&answer, "request_uri");
}

static const char *
target_of(const char *client_id, const char *uri)
{
	return arena_printf(world.arena, "/authorize?%s",
			    params("client_id", client_id, "request_uri", uri, NULL));
}

static void
answer_of_a_push(void **state)
{
	struct answer answer = push(basic("web", WEB_SECRET), request_of("web"));
	const char *uri = member(&answer, "request_uri");

	(void)state;
	check_status(answer, 201, "push");
	check(str_starts(uri, "urn:ietf:params:oauth:request_uri:"), uri);
	check(strlen(uri) == strlen(HANDLE_PUSHED) + 64, uri);
	check_text(member(&answer, "expires_in"), "60", "expires_in");
	check_text(header(&answer, "Cache-Control"), "no-store", "cache");
	check(!str_equal(uri, pushed(NULL, NULL)), "each has its own");
	check(private_db_number("SELECT COUNT(*) FROM pushed_request WHERE INSTR(request, "
				"'%s') > 0",
				uri + strlen(HANDLE_PUSHED)) == 0,
	      "the handle itself is not stored");
}

#define LONG_64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_512 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64

static const struct {
	const char *name, *parameter, *value, *behind;
	const char *error;
} refusals[] = {
	{"request_uri is not pushed", "request_uri", HANDLE_PUSHED "x", NULL, "invalid_request"},
	{"another request_uri neither", "request_uri", "https://app.example/r", NULL,
	 "invalid_request"},
	{"another client_id", "client_id", "spa", NULL, "invalid_request"},
	{"unregistered redirect_uri", "redirect_uri", "https://evil.example/cb", NULL,
	 "invalid_request"},
	{"redirect_uri twice", NULL, NULL, "&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
	 "invalid_request"},
	{"response_mode", "response_mode", "fragment", NULL, "invalid_request"},
	{"state twice", NULL, NULL, "&state=x", "invalid_request"},
	{"long state", "state", LONG_512 LONG_512 LONG_512 LONG_512 "x", NULL, "invalid_request"},
	{"request object", "request", "e30.e30.", NULL, "request_not_supported"},
	{"no response_type", "response_type", NULL, NULL, "invalid_request"},
	{"response_type", "response_type", "token", NULL, "unsupported_response_type"},
	{"resource", "resource", "https://api.example", NULL, "invalid_target"},
	{"scope", "scope", LONG_512 LONG_512 "x", NULL, "invalid_scope"},
	{"no challenge", "code_challenge", NULL, NULL, "invalid_request"},
	{"plain", "code_challenge_method", "plain", NULL, "invalid_request"},
	{"nonce", "nonce", LONG_512 "x", NULL, "invalid_request"},
	{"prompt", "prompt", "none login", NULL, "invalid_request"},
	{"max_age", "max_age", "-1", NULL, "invalid_request"},
	{"id_token_hint", "id_token_hint", "e30.e30.e30", NULL, "invalid_request"},
	{"claims", "claims", "[]", NULL, "invalid_request"},
};

static void
what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const char *form = request_of("web");
		struct answer answer;

		if (refusals[i].parameter)
			form = params_with(form, refusals[i].parameter, refusals[i].value);
		if (refusals[i].behind)
			form = arena_printf(world.arena, "%s%s", form, refusals[i].behind);
		answer = push(basic("web", WEB_SECRET), form);
		check_text(header(&answer, "Location"), NULL, refusals[i].name);
		check_error(&answer, 400, refusals[i].error, refusals[i].name);
	}
	check(private_db_number("SELECT COUNT(*) FROM pushed_request") == 0,
	      "what is refused is not kept");
}

/* More than a page could carry; what nobody reads is not kept. */
static void
too_long(void **state)
{
	const char *much = arena_printf(world.arena, "%016000d", 1);
	struct answer answer =
		push(basic("web", WEB_SECRET), params_with(request_of("web"), "login_hint", much));

	(void)state;
	check_error(&answer, 400, "invalid_request", "too long");
	check_has(answer.body, "too long", "too long");
	answer = push(basic("web", WEB_SECRET), params_with(request_of("web"), "unknown", much));
	check_status(answer, 201, "what nobody reads");
}

static void
who_may_push(void **state)
{
	struct answer answer = push(NULL, request_of("web"));

	(void)state;
	check_error(&answer, 401, "invalid_client", "a confidential client without its secret");
	answer = push(basic("web", "wrong"), request_of("web"));
	check_error(&answer, 401, "invalid_client", "with another");
	answer = push(NULL, request_of("spa"));
	check_status(answer, 201, "a public client");
	answer = push(basic("web", WEB_SECRET), params_with(request_of("web"), "client_id", NULL));
	check_status(answer, 201, "client_id in the credentials alone");
	answer = request_send(&(struct ask){.target = "/par"});
	check_status(answer, 405, "GET");
	answer = request_send(&(struct ask){
		.target = "/par", .body = request_of("spa"), .origin = "https://spa.example"});
	check_text(header(&answer, "Access-Control-Allow-Origin"), "https://spa.example", "CORS");
}

static void
the_whole_way(void **state)
{
	struct agent agent = {0};
	const char *uri = pushed("scope", "openid email");
	struct answer answer = agent_get(&agent, target_of("web", uri));

	(void)state;
	check_text(page_kind(&answer), "signin", "page");
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check_status(answer, 303, "answer");
	check_text(location_param(&answer, "state"), "s t/&=+", "state");
	check_text(location_param(&answer, "iss"), MAIN_ISSUER, "iss");
	answer = redeem("web", location_param(&answer, "code"));
	check_status(answer, 200, "tokens");
	check_text(member(&answer, "scope"), "openid email", "scope");
}

/* Beside a request_uri nothing counts; not even what would be refused alone. */
static void
others_are_ignored(void **state)
{
	static const char *const beside[] = {
		"&redirect_uri=https%3A%2F%2Fevil.example%2F",
		"&state=other",
		"&scope=phone",
		"&prompt=none",
		"&response_type=token",
		"&state=a&state=b",
		"&request=x",
		"&redirect_uri=a&redirect_uri=b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(beside); i++) {
		struct agent agent = {0};
		struct answer answer =
			walk(&agent, arena_printf(world.arena, "%s%s",
						  target_of("web", pushed(NULL, NULL)), beside[i]));

		check_status(answer, 303, beside[i]);
		check(str_starts(header(&answer, "Location"), WEB_REDIRECT "?"), beside[i]);
		check(location_param(&answer, "code") != NULL, beside[i]);
		check_text(location_param(&answer, "state"), "s t/&=+", beside[i]);
	}
}

/* A page, as nothing proves where to send an error. */
static void
check_page(const struct answer *answer, const char *name)
{
	check_status(*answer, 400, name);
	check_text(header(answer, "Location"), NULL, name);
	check_has(answer->body, "no longer valid", name);
}

static void
not_a_handle_of_the_client(void **state)
{
	const char *uri = pushed(NULL, NULL);
	char *changed = arena_strdup(world.arena, uri);
	const struct {
		const char *name, *client_id, *uri;
	} cases[] = {
		{"another client", "spa", uri},
		{"malformed", "web", HANDLE_PUSHED "x"},
		{"nothing behind", "web", HANDLE_PUSHED},
		{"another secret", "web", changed},
	};
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	changed[strlen(changed) - 20] = changed[strlen(changed) - 20] == 'A' ? 'B' : 'A';
	for (size_t i = 0; i < COUNT(cases); i++) {
		answer = agent_get(&agent, target_of(cases[i].client_id, cases[i].uri));
		check_page(&answer, cases[i].name);
	}
	answer = agent_get(
		&agent, arena_printf(world.arena, "%s&request_uri=%s", target_of("web", uri), uri));
	check_page(&answer, "twice");
	answer = agent_get(&agent, arena_printf(world.arena, "/sub/path%s", target_of("web", uri)));
	check_status(answer, 400, "in another realm");
	answer = agent_get(&agent, target_of("web", uri));
	check_status(answer, 200, "none of it has used it up");
}

/* A handle of the client that is over: the client is told. */
static void
too_late(void **state)
{
	struct agent agent = {0};
	const char *uri = pushed(NULL, NULL);
	struct answer answer;

	(void)state;
	world_move(59);
	answer = agent_get(&agent, target_of("web", uri));
	check_status(answer, 200, "the last second");
	world_move(1);
	answer = agent_get(&agent, target_of("web", uri));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request_uri", "expired");
	check_text(location_param(&answer, "state"), "s t/&=+", "expired");
	world_realm_set("par_lifetime", "5m");
	uri = pushed(NULL, NULL);
	world_realm_set("par_lifetime", "");
	world_move(299);
	answer = agent_get(&agent, target_of("web", uri));
	check_status(answer, 200, "as long as the setting said");
}

/* Reloads before the sign-in work, and the sign-in may take as long as its page is good. */
static void
slow_person(void **state)
{
	struct agent agent = {0};
	const char *uri = pushed(NULL, NULL);
	struct answer answer = agent_get(&agent, target_of("web", uri));
	int64_t removed = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		answer = agent_get(&agent, target_of("web", uri));
		check_text(page_kind(&answer), "signin", "reload");
	}
	world_move(3500);
	assert_int_equal(purge(world.provider.store, world_now(), 100, &removed), STORE_OK);
	answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "nearly an hour later");
}

static void
good_once(void **state)
{
	struct agent agent = {0}, second = {0};
	const char *uri = pushed(NULL, NULL);
	struct answer page = agent_get(&agent, target_of("web", uri));
	struct answer other = agent_get(&second, target_of("web", uri));
	struct answer answer = sign_in(&agent, &page, "alice", USER_PASSWORD);

	(void)state;
	check(location_param(&answer, "code") != NULL, "first");
	answer = sign_in(&second, &other, "alice", USER_PASSWORD);
	check_page(&answer, "a second page of the same request");
	answer = agent_get(&agent, target_of("web", uri));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request_uri", "again");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 1);
}

/* A person who is signed in completes it without a page. */
static void
good_once_without_a_page(void **state)
{
	static const char *const prompts[] = {NULL, "none"};
	struct agent agent = {0};

	(void)state;
	(void)walk(&agent, authorize("web", NULL, NULL));
	for (size_t i = 0; i < COUNT(prompts); i++) {
		const char *name = prompts[i] ? prompts[i] : "no prompt";
		const char *uri = pushed("prompt", prompts[i]);
		struct answer answer = agent_get(&agent, target_of("web", uri));

		check(location_param(&answer, "code") != NULL, name);
		answer = agent_get(&agent, target_of("web", uri));
		check_redirected(&answer, WEB_REDIRECT "?", "invalid_request_uri", name);
	}
}

/* The client was answered: there is nothing left to complete. */
static void
used_up_by_an_error(void **state)
{
	struct agent agent = {0};
	const char *uri = pushed("prompt", "none");
	struct answer answer = agent_get(&agent, target_of("web", uri));

	(void)state;
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "prompt=none");
	answer = agent_get(&agent, target_of("web", uri));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request_uri", "prompt=none again");
	uri = pushed(NULL, NULL);
	answer = agent_get(&agent, target_of("web", uri));
	struct answer page = answer;

	answer = press(&agent, &page, "cancel");
	check_redirected(&answer, WEB_REDIRECT "?", "access_denied", "cancelled");
	answer = press(&agent, &page, "cancel");
	check_page(&answer, "cancelled twice");
	answer = agent_get(&agent, target_of("web", uri));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request_uri", "cancelled before");
}

/* A page of another browser sends back with the handle alone: what was pushed is shown to nobody.
 */
static void
started_again(void **state)
{
	struct agent agent = {0}, other = {0};
	const char *uri = pushed("nonce", "pushed-nonce");
	struct answer page = agent_get(&agent, target_of("web", uri));
	struct answer answer;

	(void)state;
	(void)agent_get(&other, authorize("web", NULL, NULL));
	answer = sign_in(&other, &page, "alice", USER_PASSWORD);
	check_status(answer, 303, "another browser");
	check(strstr(header(&answer, "Location"), "pushed-nonce") == NULL, "not the parameters");
	check_text(header(&answer, "Location"),
		   arena_printf(world.arena, MAIN_ISSUER "%s", target_of("web", uri)),
		   "client_id and request_uri");
	answer = agent_get(&other, next_target(&answer));
	answer = sign_in(&other, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "and goes on");
	answer = press(&agent, &page, "cancel");
	check_page(&answer, "the first page is too late");
}

static const struct {
	const char *name, *client, *realm, *error;
} musts[] = {
	{"nobody asks for it", "{}", NULL, NULL},
	{"the client", "{\"require_pushed_authorization_requests\":true}", NULL, "invalid_request"},
	{"the realm", "{}", "true", "invalid_request"},
	{"both", "{\"require_pushed_authorization_requests\":true}", "true", "invalid_request"},
};

static void
who_must_push(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(musts); i++) {
		const char *name = musts[i].name;
		struct agent agent = {0};
		struct answer answer;
		const char *uri, *metadata = arena_printf(world.arena,
							  "{\"redirect_uris\":[\"" WEB_REDIRECT
							  "\"],\"first_party\":true%s%s",
							  strlen(musts[i].client) > 2 ? "," : "",
							  musts[i].client + 1);

		world_client("main", "web", metadata, WEB_SECRET);
		world_realm_set("require_pushed_authorization_requests",
				musts[i].realm ? musts[i].realm : "");
		answer = agent_get(&agent, authorize("web", NULL, NULL));
		if (musts[i].error)
			check_redirected(&answer, WEB_REDIRECT "?", musts[i].error, name);
		else
			check_status(answer, 200, name);
		uri = pushed(NULL, NULL);
		answer = walk(&agent, target_of("web", uri));
		check(location_param(&answer, "code") != NULL, name);
		answer = request_send(&(struct ask){.target = "/.well-known/openid-configuration"});
		check_text(member(&answer, "require_pushed_authorization_requests"),
			   musts[i].realm ? "true" : "false", name);
	}
	world_realm_set("require_pushed_authorization_requests", "");
}

/* A page that was given before the rule is held to it: nothing was proven by it. */
static void
rule_comes_between(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));
	struct answer answer;

	(void)state;
	world_realm_set("require_pushed_authorization_requests", "true");
	answer = sign_in(&agent, &page, "alice", USER_PASSWORD);
	world_realm_set("require_pushed_authorization_requests", "");
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request", "an open page");
}

/* Many complete the same request at once: processes with connections of their own. */
#define RACERS 6

static void
race(struct agent *agents, struct answer *pages, size_t i, int report)
{
	struct answer answer;
	char won;

	alarm(60);
	world_own_connection();
	answer = sign_in(&agents[i], &pages[i], "alice", USER_PASSWORD);
	won = location_param(&answer, "code") ? '1' : '0';
	if (write(report, &won, 1) != 1)
		world_child_exit(1);
	world_child_exit(0);
}

static void
completed_by_one(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		const char *uri = pushed(NULL, NULL);
		struct agent agents[RACERS] = {0};
		struct answer pages[RACERS];
		pid_t pids[RACERS];
		int report[2], winners = 0, status;
		char won;

		assert_int_equal(pipe(report), 0);
		for (size_t i = 0; i < RACERS; i++)
			pages[i] = agent_get(&agents[i], target_of("web", uri));
		for (size_t i = 0; i < RACERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0)
				race(agents, pages, i, report[1]);
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
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), round + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(answer_of_a_push),
		flow_test(what_is_refused),
		flow_test(too_long),
		flow_test(who_may_push),
		flow_test(the_whole_way),
		flow_test(others_are_ignored),
		flow_test(not_a_handle_of_the_client),
		flow_test(too_late),
		flow_test(slow_person),
		flow_test(good_once),
		flow_test(good_once_without_a_page),
		flow_test(used_up_by_an_error),
		flow_test(started_again),
		flow_test(who_must_push),
		flow_test(rule_comes_between),
		flow_test(completed_by_one),
	};

	return flow_tests_run(tests);
}
