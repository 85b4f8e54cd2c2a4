/* SPDX-License-Identifier: ISC */
/*
 * Requests, cookies and forms.
 */
#include "tests/flow/agent.h"

#include <ctype.h>

#include "core/base/b64.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/base/uri.h"

#define REQUEST_MEMORY ((size_t)8 << 20)

static void
add_variable(char **list, size_t *count, const char *name, const char *value)
{
	if (value)
		list[(*count)++] = arena_printf(world.arena, "%s=%s", name, value);
}

static void
read_headers(struct answer *answer, char *text)
{
	struct form_field *field = arena_array(world.arena, 64, sizeof(*field));
	size_t count = 0;

	for (char *line = text, *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
		char *colon;

		*end = '\0';
		colon = strstr(line, ": ");
		check(colon && count < 64, line);
		*colon = '\0';
		field[count++] = (struct form_field){line, colon + 2};
	}
	answer->headers = (struct form){field, count};
}

static struct answer
read_answer(const char *text)
{
	char *copy = arena_strdup(world.arena, text);
	char *blank = strstr(copy, "\r\n\r\n");
	struct answer answer = {.text = text};
	const char *status;
	int64_t number = 0;

	check(blank != NULL, "an answer has a blank line");
	blank[2] = '\0';
	answer.body = blank + 4;
	read_headers(&answer, copy);
	status = header(&answer, "Status");
	check(status && strlen(status) > 3, "an answer has a status");
	check(num_parse_int64(arena_copy(world.arena, status, 3), 100, 599, &number) == 0,
	      "an answer has a status");
	answer.status = (int)number;
	if (str_equal(header(&answer, "Content-Type"), "application/json") && *answer.body)
		answer.json =
			json_parse_object(world.arena, answer.body, strlen(answer.body), NULL);
	return answer;
}

static size_t
make_variables(const struct ask *ask, char **list)
{
	const char *method = ask->method ? ask->method : ask->body ? "POST" : "GET";
	const char *type = ask->content_type;
	size_t count = 0;

	if (ask->body && !type)
		type = "application/x-www-form-urlencoded";
	add_variable(list, &count, "REQUEST_METHOD", method);
	add_variable(list, &count, "REQUEST_URI", ask->target);
	add_variable(list, &count, "HTTP_HOST", "evil.example");
	add_variable(list, &count, "HTTP_X_FORWARDED_HOST", "evil.example");
	add_variable(list, &count, "HTTPS", "on");
	add_variable(list, &count, "REMOTE_ADDR", ask->address ? ask->address : "192.0.2.1");
	add_variable(list, &count, "CONTENT_TYPE", type);
	add_variable(list, &count, "HTTP_AUTHORIZATION", ask->authorization);
	add_variable(list, &count, "HTTP_COOKIE", ask->cookie);
	add_variable(list, &count, "HTTP_ORIGIN", ask->origin);
	add_variable(list, &count, "HTTP_ACCEPT_LANGUAGE", ask->language);
	add_variable(list, &count, "HTTP_USER_AGENT", "agent");
	add_variable(list, &count, "HTTP_IF_NONE_MATCH", ask->none_match);
	add_variable(list, &count, "HTTP_ACCESS_CONTROL_REQUEST_METHOD", ask->cors_method);
	add_variable(list, &count, "OSTIARY_VHOST", ask->vhost);
	for (size_t i = 0; i < COUNT(ask->more) && ask->more[i]; i++)
		list[count++] = arena_strdup(world.arena, ask->more[i]);
	return count;
}

struct answer
request_send(const struct ask *ask)
{
	struct arena *arena = arena_new(REQUEST_MEMORY);
	char *variables[32] = {0};
	struct http_request request;
	struct http_response response;
	struct answer answer;
	struct buf out;

	(void)make_variables(ask, variables);
	if (http_request_read(arena, variables, &request) != 0)
		fail_msg("the request cannot be read: %.200s", ask->target);
	if (ask->body) {
		request.body = ask->body;
		request.body_size = strlen(ask->body);
		if (request.body_size > HTTP_BODY_MAX) {
			request.body_state = HTTP_BODY_TOO_LARGE;
			request.body = "";
			request.body_size = 0;
		}
	}
	response_init(&response, arena);
	app_handle(&world.provider, arena, &request, &response);
	buf_init(&out, arena, HTTP_RESPONSE_MAX * 2);
	assert_int_equal(response_write(&response, &out), 0);
	answer = read_answer(arena_copy(world.arena, out.data, out.size));
	if (world.answered)
		world.answered();
	if (response.after)
		response.after(response.after_context);
	arena_free(arena);
	return answer;
}

const char *
header(const struct answer *answer, const char *name)
{
	return form_get(&answer->headers, name);
}

const char *
member(const struct answer *answer, const char *name)
{
	struct json_object *value;

	if (!answer->json || !json_object_object_get_ex(answer->json, name, &value))
		return NULL;
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	return json_write(world.arena, value, NULL);
}

/* ---- cookies ---- */

static void
forget_cookie(struct agent *agent, const char *name, const char *path)
{
	for (size_t i = 0; i < agent->cookies; i++) {
		if (!str_equal(agent->cookie[i].name, name) ||
		    !str_equal(agent->cookie[i].path, path))
			continue;
		agent->cookie[i] = agent->cookie[--agent->cookies];
		return;
	}
}

static void
keep_cookie(struct agent *agent, const char *text)
{
	size_t name_size = strcspn(text, "=");
	size_t size = strcspn(text, ";");
	const char *name = arena_copy(world.arena, text, name_size);
	const char *value = arena_copy(world.arena, text + name_size + 1, size - name_size - 1);
	const char *path = strstr(text, "; Path=");

	check(path != NULL, text);
	path += strlen("; Path=");
	path = arena_copy(world.arena, path, strcspn(path, ";"));
	forget_cookie(agent, name, path);
	if (strstr(text, "Max-Age=0"))
		return;
	check(agent->cookies < AGENT_COOKIES_MAX, "cookies");
	agent->cookie[agent->cookies].name = name;
	agent->cookie[agent->cookies].value = value;
	agent->cookie[agent->cookies++].path = path;
}

static void
keep_cookies(struct agent *agent, const struct answer *answer)
{
	for (size_t i = 0; i < answer->headers.count && !agent->refuses_cookies; i++)
		if (str_equal(answer->headers.field[i].name, "Set-Cookie"))
			keep_cookie(agent, answer->headers.field[i].value);
}

/* RFC 6265 5.1.4 */
static bool
path_matches(const char *target, const char *path)
{
	size_t size = strlen(path);

	if (!str_starts(target, path))
		return false;
	return path[size - 1] == '/' || target[size] == '/' || target[size] == '\0' ||
	       target[size] == '?';
}

static const char *
cookie_header(const struct agent *agent, const char *target)
{
	struct buf buf;

	buf_init(&buf, world.arena, 16384);
	for (size_t i = 0; i < agent->cookies; i++)
		if (path_matches(target, agent->cookie[i].path))
			buf_printf(&buf, "%s%s=%s", buf.size ? "; " : "", agent->cookie[i].name,
				   agent->cookie[i].value);
	return buf.size ? buf.data : NULL;
}

const char *
agent_cookie(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->cookies; i++)
		if (str_equal(agent->cookie[i].name, name))
			return agent->cookie[i].value;
	return NULL;
}

static struct answer
agent_send(struct agent *agent, const char *target, const char *body)
{
	const struct ask ask = {.target = target,
				.body = body,
				.cookie = cookie_header(agent, target),
				.address = agent->address,
				.language = agent->language};
	struct answer answer = request_send(&ask);

	keep_cookies(agent, &answer);
	return answer;
}

struct answer
agent_get(struct agent *agent, const char *target)
{
	return agent_send(agent, target, NULL);
}

struct answer
agent_post(struct agent *agent, const char *target, const char *body)
{
	return agent_send(agent, target, body);
}

/* ---- pages ---- */

static const struct {
	const char *reference;
	char character;
} references[] = {
	{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''},
};

static const char *
unescape(const char *text, size_t size)
{
	struct buf buf;

	buf_init(&buf, world.arena, size + 1);
	for (size_t i = 0; i < size;) {
		size_t used = 1;
		char c = text[i];

		for (size_t j = 0; j < COUNT(references); j++) {
			if (!str_starts(text + i, references[j].reference))
				continue;
			c = references[j].character;
			used = strlen(references[j].reference);
		}
		buf_add_char(&buf, c);
		i += used;
	}
	return buf.data;
}

/* The value of an attribute of the tag that begins at text. */
static const char *
attribute(const char *tag, const char *name)
{
	size_t size = strcspn(tag, ">");
	const char *start = strstr(tag, arena_printf(world.arena, " %s=\"", name));

	if (!start || start > tag + size)
		return NULL;
	start += strlen(name) + 3;
	return unescape(start, strcspn(start, "\""));
}

const char *
page_action(const struct answer *answer)
{
	const char *form = strstr(answer->body, "<form ");

	return form ? attribute(form, "action") : NULL;
}

const char *
page_field(const struct answer *answer, const char *name)
{
	for (const char *tag = answer->body; (tag = strstr(tag, "<input ")) != NULL; tag++)
		if (str_equal(attribute(tag, "name"), name))
			return attribute(tag, "value");
	return NULL;
}

const char *
page_kind(const struct answer *answer)
{
	const char *action = page_action(answer);
	const char *slash = action ? strrchr(action, '/') : NULL;

	return slash ? slash + 1 : "";
}

/* ---- parameters ---- */

const char *
params(const char *name, ...)
{
	struct buf buf;
	va_list args;

	buf_init(&buf, world.arena, (size_t)1 << 20);
	va_start(args, name);
	while (name) {
		const char *value = va_arg(args, const char *);

		if (value) {
			buf_printf(&buf, "%s%s=", buf.size ? "&" : "", name);
			buf_add_url(&buf, value, strlen(value));
		}
		name = va_arg(args, const char *);
	}
	va_end(args);
	return buf.data;
}

const char *
params_with(const char *text, const char *name, const char *value)
{
	struct form form;
	struct buf buf;

	if (form_parse(world.arena, text, strlen(text), &form) != FORM_OK)
		fail_msg("no parameters: %s", text);
	buf_init(&buf, world.arena, (size_t)1 << 20);
	for (size_t i = 0; i < form.count; i++) {
		if (str_equal(form.field[i].name, name))
			continue;
		buf_printf(&buf, "%s%s=", buf.size ? "&" : "", form.field[i].name);
		buf_add_url(&buf, form.field[i].value, strlen(form.field[i].value));
	}
	if (value) {
		buf_printf(&buf, "%s%s=", buf.size ? "&" : "", name);
		buf_add_url(&buf, value, strlen(value));
	}
	return buf.data;
}

const char *
location_param(const struct answer *answer, const char *name)
{
	const char *location = header(answer, "Location");
	const char *query = location ? strchr(location, '?') : NULL;
	struct form form;

	if (!query || form_parse(world.arena, query + 1, strlen(query + 1), &form) != FORM_OK)
		return NULL;
	return form_get(&form, name);
}

const char *
next_target(const struct answer *answer)
{
	const char *location = header(answer, "Location");
	const char *host = location ? strstr(location, "://") : NULL;

	check(host && strchr(host + 3, '/'), "a redirect to follow");
	return strchr(host + 3, '/');
}
