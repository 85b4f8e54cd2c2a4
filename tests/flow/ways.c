/* SPDX-License-Identifier: ISC */
/*
 * The protocol's usual ways: from a request to a code, from a code to tokens, and what failures
 * look like.
 */
#include "core/base/b64.h"
#include "core/base/buf.h"
#include "core/base/str.h"
#include "tests/flow/agent.h"

static const struct {
	const char *client_id, *redirect_uri;
} redirects[] = {
	{"web", WEB_REDIRECT},
	{"spa", SPA_REDIRECT},
	{"app", APP_REDIRECT},
	{"ask", ASK_REDIRECT},
};

static const char *
redirect_of(const char *client_id)
{
	for (size_t i = 0; i < COUNT(redirects); i++)
		if (str_equal(redirects[i].client_id, client_id))
			return redirects[i].redirect_uri;
	return "https://other.example/cb";
}

const char *
request_of(const char *client_id)
{
	return params("client_id", client_id, "redirect_uri", redirect_of(client_id),
		      "response_type", "code", "scope", "openid", "state", "s t/&=+", "nonce",
		      "n-0S6", "code_challenge", CHALLENGE, "code_challenge_method", "S256", NULL);
}

const char *
authorize(const char *client_id, const char *name, const char *value)
{
	const char *request = request_of(client_id);

	if (name)
		request = params_with(request, name, value);
	return arena_printf(world.arena, "/authorize?%s", request);
}

struct answer
press(struct agent *agent, const struct answer *page, const char *action)
{
	return agent_post(agent, page_action(page),
			  params("flow", page_field(page, "flow"), "action", action, NULL));
}

struct answer
sign_in(struct agent *agent, const struct answer *page, const char *username, const char *password)
{
	return agent_post(agent, page_action(page),
			  params("flow", page_field(page, "flow"), "username", username, "password",
				 password, "action", "signin", NULL));
}

struct answer
walk(struct agent *agent, const char *target)
{
	struct answer answer = agent_get(agent, target);

	if (str_equal(page_kind(&answer), "signin"))
		answer = sign_in(agent, &answer, "alice", USER_PASSWORD);
	if (str_equal(page_kind(&answer), "select"))
		answer = press(agent, &answer, "continue");
	if (str_equal(page_kind(&answer), "consent"))
		answer = press(agent, &answer, "allow");
	return answer;
}

const char *
walk_code(struct agent *agent, const char *target)
{
	struct answer answer = walk(agent, target);
	const char *code = location_param(&answer, "code");

	if (!code)
		fail_msg("no code for %.300s: %.1500s", target, answer.text);
	return code;
}

const char *
basic(const char *client_id, const char *secret)
{
	struct buf buf;

	buf_init(&buf, world.arena, 8192);
	buf_add_url(&buf, client_id, strlen(client_id));
	buf_add_char(&buf, ':');
	buf_add_url(&buf, secret, strlen(secret));
	return arena_printf(world.arena, "Basic %s", b64_encode(world.arena, buf.data, buf.size));
}

struct answer
token_post(const char *authorization, const char *form)
{
	const struct ask ask = {.target = "/token", .body = form, .authorization = authorization};

	return request_send(&ask);
}

static const char *
header_for(const char *client_id)
{
	return str_equal(client_id, "web") ? basic("web", WEB_SECRET) : NULL;
}

static const char *
form_for(const char *client_id, const char *form)
{
	if (str_equal(client_id, "web"))
		return form;
	form = params_with(form, "client_id", client_id);
	return str_equal(client_id, "ask") ? params_with(form, "client_secret", WEB_SECRET) : form;
}

const char *
redemption(const char *client_id, const char *code)
{
	return form_for(client_id,
			params("grant_type", "authorization_code", "code", code, "redirect_uri",
			       redirect_of(client_id), "code_verifier", VERIFIER, NULL));
}

struct answer
redeem(const char *client_id, const char *code)
{
	return token_post(header_for(client_id), redemption(client_id, code));
}

struct answer
refresh(const char *client_id, const char *token)
{
	return token_post(header_for(client_id),
			  form_for(client_id, params("grant_type", "refresh_token", "refresh_token",
						     token, NULL)));
}

struct answer
tokens(struct agent *agent, const char *client_id, const char *scope)
{
	const char *target = authorize(client_id, "scope", scope ? scope : "openid");
	struct answer answer = redeem(client_id, walk_code(agent, target));

	check_status(answer, 200, "tokens");
	return answer;
}

struct answer
userinfo(const char *token)
{
	const struct ask ask = {
		.target = "/userinfo",
		.authorization = arena_printf(world.arena, "Bearer %s", token),
	};

	return request_send(&ask);
}

struct answer
introspect(const char *token)
{
	const struct ask ask = {.target = "/introspect",
				.body = params("token", token, NULL),
				.authorization = basic("web", WEB_SECRET)};

	return request_send(&ask);
}

bool
is_active(const char *token)
{
	struct answer answer = introspect(token);

	check_status(answer, 200, "introspection");
	return str_equal(member(&answer, "active"), "true");
}

void
check_error(const struct answer *answer, int status, const char *error, const char *name)
{
	check_status(*answer, status, name);
	if (!str_equal(member(answer, "error"), error))
		fail_msg("case \"%s\": not %s: %.1500s", name, error, answer->text);
	check_text(header(answer, "Cache-Control"), "no-store", name);
	check(header(answer, "X-Request-Id") != NULL, name);
}

void
check_redirected(const struct answer *answer, const char *to, const char *error, const char *name)
{
	check_status(*answer, 303, name);
	check(str_starts(header(answer, "Location"), to), name);
	check_text(location_param(answer, "error"), error, name);
	check_text(location_param(answer, "iss"), MAIN_ISSUER, name);
	check_text(location_param(answer, "code"), NULL, name);
}
