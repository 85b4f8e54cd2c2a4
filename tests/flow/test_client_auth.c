/* SPDX-License-Identifier: ISC */
/*
 * How clients authenticate: the methods, their secrets, what is refused and that nobody learns
 * which clients there are.
 */
#include "tests/flow/agent.h"

#include "core/base/b64.h"
#include "core/base/str.h"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define token_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static const char *
fresh_code(const char *client_id)
{
	return walk_code(&alice, authorize(client_id, NULL, NULL));
}

/* ---- client authentication ---- */

static const struct {
	const char *name;
	const char *id, *secret;           /* in Basic; NULL: no header */
	const char *raw;                   /* the header itself */
	const char *form_id, *form_secret; /* NULL: not sent */
	const char *error;                 /* NULL: accepted */
	int status;
} credentials[] = {
	{"basic", "web", WEB_SECRET, NULL, NULL, NULL, NULL, 200},
	{"basic and the same id", "web", WEB_SECRET, NULL, "web", NULL, NULL, 200},
	{"nothing", NULL, NULL, NULL, NULL, NULL, "invalid_client", 401},
	{"empty id", NULL, NULL, NULL, "", NULL, "invalid_client", 401},
	{"basic and another id", "web", WEB_SECRET, NULL, "spa", NULL, "invalid_request", 400},
	{"both methods", "web", WEB_SECRET, NULL, "web", WEB_SECRET, "invalid_request", 400},
	{"wrong secret", "web", "wrong", NULL, NULL, NULL, "invalid_client", 401},
	{"empty secret", "web", "", NULL, NULL, NULL, "invalid_client", 401},
	{"unknown client", "nobody", WEB_SECRET, NULL, NULL, NULL, "invalid_client", 401},
	{"post instead of basic", NULL, NULL, NULL, "web", WEB_SECRET, "invalid_client", 401},
	{"no secret", NULL, NULL, NULL, "web", NULL, "invalid_client", 401},
	{"basic of a public client", "spa", "", NULL, NULL, NULL, "invalid_client", 401},
	{"secret of a public client", NULL, NULL, NULL, "spa", "x", "invalid_client", 401},
	{"no base64", NULL, NULL, "Basic %%%", NULL, NULL, "invalid_client", 401},
	{"no colon", NULL, NULL, "Basic d2Vi", NULL, NULL, "invalid_client", 401},
	{"nothing behind", NULL, NULL, "Basic", NULL, NULL, "invalid_client", 401},
	{"joined", NULL, NULL, "Basic d2ViOng=, Basic d2ViOng=", NULL, NULL, "invalid_client", 401},
	{"NUL within", NULL, NULL, "Basic d2ViAHg6eA==", NULL, NULL, "invalid_client", 401},
	{"bad escape", NULL, NULL, "Basic d2ViOiV6eg==", NULL, NULL, "invalid_client", 401},
	{"another scheme", NULL, NULL, "Digest x", "spa", NULL, "invalid_client", 401},
	{"bearer", NULL, NULL, "Bearer x", "spa", NULL, "invalid_client", 401},
	{"too long an id", NULL, NULL, NULL,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL,
	 "invalid_client", 401},
};

static void
client_authentication(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(credentials); i++) {
		const char *form = redemption("web", fresh_code("web"));
		const char *head = credentials[i].raw;
		struct answer answer;

		if (credentials[i].id)
			head = basic(credentials[i].id, credentials[i].secret);
		form = params_with(form, "client_id", credentials[i].form_id);
		form = params_with(form, "client_secret", credentials[i].form_secret);
		answer = token_post(head, form);
		if (!credentials[i].error) {
			check_status(answer, 200, credentials[i].name);
			continue;
		}
		check_error(&answer, credentials[i].status, credentials[i].error,
			    credentials[i].name);
		check((header(&answer, "WWW-Authenticate") != NULL) ==
			      (credentials[i].status == 401),
		      credentials[i].name);
	}
}

/* Which of these it was is nobody's business. */
static void
no_oracle_of_clients(void **state)
{
	static const char *const ids[] = {"web", "nobody", "spa", "off"};
	const char *text = NULL;

	(void)state;
	world_client("main", "off", "{\"redirect_uris\":[\"https://other.example/cb\"]}",
		     WEB_SECRET);
	world_client_off("off");
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct answer answer =
			token_post(basic(ids[i], "wrong"), redemption("web", fresh_code("web")));

		check_error(&answer, 401, "invalid_client", ids[i]);
		if (text)
			check_text(member(&answer, "error_description"), text, ids[i]);
		text = member(&answer, "error_description");
	}
}

static void
encoded_halves(void **state)
{
	const char *secret = "a b+c%d:e/\xc3\xa4";
	const char *form;

	(void)state;
	world_client_secret("main", "web", secret, 0);
	form = redemption("web", fresh_code("web"));
	struct answer answer =
		token_post(arena_printf(world.arena, "Basic %s",
					b64_encode(world.arena, "web:a b+c%25d:e/\xc3\xa4", 18)),
			   form);
	check_error(&answer, 401, "invalid_client", "a plus sign that was not encoded");
	check_status(token_post(basic("web", secret), form), 200, "encoded");
	form = redemption("web", fresh_code("web"));
	check_status(token_post(arena_printf(world.arena, "bASIC  %s",
					     basic("web", WEB_SECRET) + strlen("Basic ")),
				form),
		     200, "scheme without case");
	answer = request_send(
		&(struct ask){.target = "/token",
			      .body = redemption("web", fresh_code("web")),
			      .authorization = basic("web", WEB_SECRET),
			      .more = {arena_printf(world.arena, "HTTP_AUTHORIZATION=%s",
						    basic("web", WEB_SECRET))}});
	check_error(&answer, 401, "invalid_client", "the header twice");
}

static void
several_secrets(void **state)
{
	struct answer answer;

	(void)state;
	world_client_secret("main", "web", "second", world_now() + 100);
	check_status(token_post(basic("web", "second"), redemption("web", fresh_code("web"))), 200,
		     "second");
	check_status(token_post(basic("web", WEB_SECRET), redemption("web", fresh_code("web"))),
		     200, "first");
	world_move(100);
	answer = token_post(basic("web", "second"), redemption("web", fresh_code("web")));
	check_error(&answer, 401, "invalid_client", "expired");
	check_status(token_post(basic("web", WEB_SECRET), redemption("web", fresh_code("web"))),
		     200, "first");
}

static void
secret_in_the_form(void **state)
{
	const char *code = walk_code(&alice, authorize("ask", NULL, NULL));
	struct answer answer =
		token_post(basic("ask", WEB_SECRET),
			   params("grant_type", "authorization_code", "code", code, "redirect_uri",
				  ASK_REDIRECT, "code_verifier", VERIFIER, NULL));

	(void)state;
	check_error(&answer, 401, "invalid_client", "basic instead of post");
	check_status(redeem("ask", code), 200, "post");
}

static void
disabled_clients(void **state)
{
	const char *code = fresh_code("web");
	struct answer answer;

	(void)state;
	world_client_off("web");
	answer = redeem("web", code);
	check_error(&answer, 401, "invalid_client", "disabled");
}

/* The table says where clients authenticate; discovery has it from there. */
static void
where_clients_authenticate(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct route *route = routes_table; route->path; route++) {
		struct answer answer;
		bool asked;

		if (route->kind != ROUTE_API || !(route->methods & METHODS_POST))
			continue;
		answer = request_send(&(struct ask){.target = route->path, .body = "x=1"});
		asked = answer.status == 401 &&
			str_equal(member(&answer, "error"), "invalid_client");
		check(asked == (route->rate == RATE_CLIENT), route->path);
		count += asked;
	}
	assert_true(count >= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		token_test(client_authentication),
		token_test(no_oracle_of_clients),
		token_test(encoded_halves),
		token_test(several_secrets),
		token_test(secret_in_the_form),
		token_test(disabled_clients),
		token_test(where_clients_authenticate),
	};

	return flow_tests_run(tests);
}
