/* SPDX-License-Identifier: ISC */
/*
 * URIs: the parts of what is accepted put together give the text again; an origin is a URI with
 * itself as origin; a request path never holds what could be read in two ways.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/base/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
add_part(struct buf *buf, const char *before, const char *part, const char *behind)
{
	if (part == NULL)
		return;
	buf_add_text(buf, before);
	buf_add_text(buf, part);
	buf_add_text(buf, behind);
}

static char *
put_together(struct arena *arena, const struct uri *uri)
{
	struct buf buf;

	buf_init(&buf, arena, (size_t)2 * URI_MAX);
	add_part(&buf, "", uri->scheme, ":");
	if (uri->host != NULL) {
		buf_add_text(&buf, "//");
		add_part(&buf, "", uri->userinfo, "@");
		if (uri->host_is_ipv6)
			add_part(&buf, "[", uri->host, "]");
		else
			buf_add_text(&buf, uri->host);
		if (uri->port != -1)
			buf_printf(&buf, ":%d", uri->port);
	}
	add_part(&buf, "", uri->path, "");
	add_part(&buf, "?", uri->query, "");
	add_part(&buf, "#", uri->fragment, "");
	require(!buf_failed(&buf));
	return buf.data;
}

static void
check_uri(struct arena *arena, const char *text, const struct uri *uri)
{
	const char *origin = uri_origin(arena, uri);
	struct uri again;

	/* scheme and host are the parts that change, and only their case */
	require(strlen(text) <= URI_MAX && str_printable(text) && strchr(text, ' ') == NULL);
	require(str_equal_nocase(put_together(arena, uri), text));
	require(uri->port == -1 || (uri->port >= 1 && uri->port <= 65535));
	if (str_equal(uri->scheme, "http") || str_equal(uri->scheme, "https"))
		require(!str_empty(uri->host));
	if (uri_host_is_loopback(uri))
		require(uri->host != NULL);
	if (origin == NULL)
		return;
	require(uri_parse(arena, origin, &again) == 0);
	require(str_equal(uri_origin(arena, &again), origin));
	require(str_equal(again.host, uri->host) && again.path[0] == '\0');
}

static void
check_path(const char *path)
{
	size_t size = strlen(path);

	require(path[0] == '/' && str_printable(path) && strchr(path, ' ') == NULL);
	require(strstr(path, "//") == NULL);
	require(strstr(path, "/./") == NULL && strstr(path, "/../") == NULL);
	require(!str_ends(path, "/.") && !str_ends(path, "/.."));
	require(size >= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	const char *text = arena_copy(arena, data, size);
	const char *path = uri_request_path(arena, text);
	const char *query = uri_request_query(arena, text);
	struct uri uri;

	require(strchr(query, '#') == NULL && strlen(query) <= size);
	if (path != NULL)
		check_path(path);
	if (uri_parse(arena, text, &uri) == 0)
		check_uri(arena, text, &uri);
	arena_free(arena);
	return 0;
}
