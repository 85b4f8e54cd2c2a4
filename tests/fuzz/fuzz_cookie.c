/* SPDX-License-Identifier: ISC */
/*
 * CGI variables, cookies and credentials: the input is lines, each a variable. Whatever is accepted
 * is within its maximum, cookies have no separators in them, and a credential is one word.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/http/request.h"

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static size_t
split(char *text, char *lines[LINES_MAX + 1])
{
	size_t count = 0;

	for (char *line = text; line && count < LINES_MAX; count++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		lines[count] = line;
		line = end;
	}
	lines[count] = NULL;
	return count;
}

static void
check_cookies(struct arena *arena, const struct http_request *request)
{
	static const char *const names[] = {"a", "session", "__Host-ostiary-session-main"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = http_cookie(arena, request, names[i]);
		const char *sign = value ? arena_printf(arena, "%s=%s", names[i], value) : NULL;

		require(!value || strchr(value, ';') == NULL);
		require(!sign || strstr(request->cookie, sign) != NULL);
	}
}

static void
check_credentials(struct arena *arena, const struct http_request *request)
{
	static const char *const schemes[] = {"Basic", "Bearer"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		bool malformed = false;
		const char *value = http_credentials(arena, request, schemes[i], &malformed);

		require(!value || !malformed);
		require(!value || (*value && strpbrk(value, ", \t") == NULL));
		require(!value || !request->authorization_repeated);
	}
}

static void
check_request(struct arena *arena, const struct http_request *request)
{
	require(request->address != NULL && request->body != NULL && request->query != NULL);
	require(request->content_length >= -1);
	require(!request->path || request->path[0] == '/');
	require(!request->path || strstr(request->path, "//") == NULL);
	require(!request->path || strstr(request->path, "/../") == NULL);
	require(!request->cookie || strlen(request->cookie) <= HTTP_HEADER_MAX);
	check_cookies(arena, request);
	check_credentials(arena, request);
	(void)http_content_is(request, "application/x-www-form-urlencoded");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	char *text = arena_copy(arena, data, size);
	char *lines[LINES_MAX + 1];
	struct http_request request;

	(void)split(text, lines);
	if (http_request_read(arena, lines, &request) == 0)
		check_request(arena, &request);
	arena_free(arena);
	return 0;
}
