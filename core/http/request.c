/* SPDX-License-Identifier: ISC */
/*
 * Reading CGI variables by a table, and the few headers that have an inner grammar.
 */
#include "core/http/request.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/base/uri.h"

struct variable {
	const char *name;
	size_t name_size;
	size_t offset; /* of a const char * in struct raw */
	size_t max;
};

struct raw {
	const char *method, *target, *https, *length;
	struct http_request request;
};

#define VARIABLE(name, member, max)                                                                \
	{                                                                                          \
		name, sizeof(name) - 1, offsetof(struct raw, member), max                          \
	}

static const struct variable variables_wanted[] = {
	VARIABLE("REQUEST_METHOD", method, 32),
	VARIABLE("REQUEST_URI", target, HTTP_TARGET_MAX),
	VARIABLE("HTTPS", https, 16),
	VARIABLE("CONTENT_LENGTH", length, 20),
	VARIABLE("REMOTE_ADDR", request.address, 64),
	VARIABLE("OSTIARY_VHOST", request.vhost, 255),
	VARIABLE("SSL_CLIENT_CERT", request.certificate, HTTP_HEADER_MAX),
	VARIABLE("SSL_CLIENT_VERIFY", request.certificate_verify, 255),
	VARIABLE("CONTENT_TYPE", request.content_type, 255),
	VARIABLE("HTTP_AUTHORIZATION", request.authorization, HTTP_HEADER_MAX),
	VARIABLE("HTTP_COOKIE", request.cookie, HTTP_HEADER_MAX),
	VARIABLE("HTTP_ORIGIN", request.origin, 512),
	VARIABLE("HTTP_ACCEPT_LANGUAGE", request.accept_language, HTTP_HEADER_MAX),
	VARIABLE("HTTP_ACCEPT", request.accept, HTTP_HEADER_MAX),
	VARIABLE("HTTP_USER_AGENT", request.user_agent, HTTP_HEADER_MAX),
	VARIABLE("HTTP_IF_NONE_MATCH", request.if_none_match, HTTP_HEADER_MAX),
	VARIABLE("HTTP_SEC_FETCH_SITE", request.fetch_site, 64),
	VARIABLE("HTTP_ACCESS_CONTROL_REQUEST_METHOD", request.access_control_method, 64),
};

#define VARIABLES_COUNT (sizeof(variables_wanted) / sizeof(variables_wanted[0]))

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
	{"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
};

static enum http_method
method_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return HTTP_OTHER;
}

static const struct variable *
variable_find(const char *text, size_t name_size)
{
	for (size_t i = 0; i < VARIABLES_COUNT; i++) {
		const struct variable *variable = &variables_wanted[i];

		if (variable->name_size == name_size &&
		    memcmp(text, variable->name, name_size) == 0)
			return variable;
	}
	return NULL;
}

static int
take(struct arena *arena, struct raw *raw, const char *text)
{
	const char *equals = strchr(text, '=');
	const struct variable *variable =
		equals ? variable_find(text, (size_t)(equals - text)) : NULL;
	const char *value;
	const char **field;

	if (!variable)
		return 0;
	value = equals + 1;
	if (strlen(value) > variable->max)
		return -1;
	field = (const char **)(void *)((char *)raw + variable->offset);
	if (*field && field == &raw->request.authorization)
		raw->request.authorization_repeated = true;
	if (*field && field == &raw->request.cookie) {
		/* HTTP/2 sends cookies apart and nginx passes them on so (RFC 9113 8.2.3) */
		value = arena_printf(arena, "%s; %s", *field, value);
		if (strlen(value) > variable->max)
			return -1;
	}
	*field = arena_strdup(arena, value);
	return 0;
}

int
http_request_read(struct arena *arena, char *const *variables, struct http_request *request)
{
	struct raw raw = {0};

	for (size_t i = 0; variables[i]; i++)
		if (take(arena, &raw, variables[i]) != 0)
			return -1;
	*request = raw.request;
	if (!raw.method || !raw.target)
		return -1;
	request->method = method_by_name(raw.method);
	request->path = uri_request_path(arena, raw.target);
	request->query = uri_request_query(arena, raw.target);
	request->https = raw.https && str_equal_nocase(raw.https, "on");
	request->body_state = HTTP_BODY_WHOLE;
	request->body = "";
	/* an empty length means none: nginx sends it so with GET */
	request->content_length = -1;
	if (!str_empty(raw.length) &&
	    num_parse_int64(raw.length, 0, INT64_MAX, &request->content_length) != 0)
		return -1;
	if (!request->address)
		request->address = "";
	return 0;
}

bool
http_content_is(const struct http_request *request, const char *type)
{
	size_t size = strlen(type);

	if (!request->content_type || strncasecmp(request->content_type, type, size) != 0)
		return false;
	return request->content_type[size] == '\0' || strchr("; \t", request->content_type[size]);
}

/* The weight among the parameters behind a media range: 1 where there is none. */
static int
weight(const char *parameters, size_t size)
{
	static const int digits[] = {100, 10, 1};
	int value;

	for (size_t i = 0; i + 3 < size; i++) {
		const char *q = parameters + i;

		if (q[0] != ';')
			continue;
		q += 1 + strspn(q + 1, " \t");
		if (strncasecmp(q, "q=", 2) != 0 || (q[2] != '0' && q[2] != '1'))
			continue;
		value = (q[2] - '0') * 1000;
		for (size_t j = 0; q[3] == '.' && j < 3 && q[4 + j] >= '0' && q[4 + j] <= '9'; j++)
			value += (q[4 + j] - '0') * digits[j];
		return value > 1000 ? 1000 : value;
	}
	return 1000;
}

int
http_accepts(const struct http_request *request, const char *type)
{
	const char *text = request->accept;
	size_t type_size = strlen(type);

	while (text && *text) {
		size_t size;

		text += strspn(text, ", \t");
		size = strcspn(text, ",");
		if (size >= type_size && strncasecmp(text, type, type_size) == 0 &&
		    (size == type_size || strchr("; \t", text[type_size])))
			return weight(text + type_size, size - type_size);
		text += size;
	}
	return 0;
}

const char *
http_cookie(struct arena *arena, const struct http_request *request, const char *name)
{
	const char *text = request->cookie;
	const char *found = NULL;
	size_t name_size = strlen(name);

	while (text && *text) {
		size_t size = strcspn(text, ";");

		if (size > name_size && strncmp(text, name, name_size) == 0 &&
		    text[name_size] == '=') {
			const char *value =
				arena_copy(arena, text + name_size + 1, size - name_size - 1);

			if (found && strcmp(found, value) != 0)
				return NULL;
			found = value;
		}
		text += size;
		text += strspn(text, "; ");
	}
	return found;
}

const char *
http_credentials(struct arena *arena, const struct http_request *request, const char *scheme,
		 bool *malformed)
{
	const char *text = request->authorization;
	size_t size = strlen(scheme);

	if (!text || strncasecmp(text, scheme, size) != 0 ||
	    (text[size] != ' ' && text[size] != '\0'))
		return NULL;
	text += size;
	text += strspn(text, " ");
	if (request->authorization_repeated || *text == '\0' || strpbrk(text, ", \t")) {
		*malformed = true;
		return NULL;
	}
	return arena_strdup(arena, text);
}
