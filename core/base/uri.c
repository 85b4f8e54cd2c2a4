/* SPDX-License-Identifier: ISC */
/*
 * RFC 3986 by the grammar: each part is checked against its own set of characters and kept as it
 * was written, since redirect URIs and issuers are compared byte for byte. Request paths are the
 * one thing that is decoded, once, and whatever could be read in two ways is refused.
 */
#include "core/base/uri.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/base/percent.h"
#include "core/base/str.h"

static bool
is_alpha(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Unreserved characters, sub-delims, escapes and what extra names. */
static bool
has_only(const char *text, const char *extra)
{
	for (; *text != '\0'; text++) {
		if (is_alpha(*text) || is_digit(*text) ||
		    strchr("-._~!$&'()*+,;=", *text) != NULL || strchr(extra, *text) != NULL)
			continue;
		if (*text != '%' || percent_byte(text, 3) < 0)
			return false;
		text += 2;
	}
	return true;
}

/* The bytes of a scheme in front of ':' (3.1), or 0. */
static size_t
scheme_size(const char *text)
{
	size_t size = 0;

	if (!is_alpha(text[0]))
		return 0;
	while (is_alpha(text[size]) || is_digit(text[size]) || text[size] == '+' ||
	       text[size] == '-' || text[size] == '.')
		size++;
	return text[size] == ':' ? size : 0;
}

/* Cuts text at the first mark and gives what follows it, or NULL. */
static char *
cut_behind(char *text, char mark)
{
	char *found = strchr(text, mark);

	if (found == NULL)
		return NULL;
	*found = '\0';
	return found + 1;
}

static int
parse_port(const char *text, struct uri *uri)
{
	int64_t port;

	/* one spelling only, since origins are compared as text */
	if (text[0] == '0')
		return -1;
	if (num_parse_int64(text, 1, UINT16_MAX, &port) != 0)
		return -1;
	uri->port = (int)port;
	return 0;
}

static int
parse_ipv6(struct arena *arena, char *text, struct uri *uri)
{
	struct in6_addr address;
	char *end = cut_behind(text, ']');

	if (end == NULL || inet_pton(AF_INET6, text, &address) != 1)
		return -1;
	uri->host = str_lower(arena, text);
	uri->host_is_ipv6 = true;
	if (*end == '\0')
		return 0;
	return *end == ':' ? parse_port(end + 1, uri) : -1;
}

static int
parse_authority(struct arena *arena, char *text, struct uri *uri)
{
	char *host = cut_behind(text, '@');

	if (host != NULL) {
		if (!has_only(text, ":"))
			return -1;
		uri->userinfo = text;
	} else {
		host = text;
	}
	if (*host == '[')
		return parse_ipv6(arena, host + 1, uri);

	const char *port = cut_behind(host, ':');

	if (!has_only(host, "") || (port != NULL && parse_port(port, uri) != 0))
		return -1;
	uri->host = str_lower(arena, host);
	return 0;
}

static bool
needs_host(const struct uri *uri)
{
	return str_equal(uri->scheme, "http") || str_equal(uri->scheme, "https");
}

int
uri_parse(struct arena *arena, const char *text, struct uri *uri)
{
	*uri = (struct uri){.port = -1};
	if (text == NULL || strnlen(text, URI_MAX + 1) > URI_MAX)
		return -1;

	size_t size = scheme_size(text);

	if (size == 0)
		return -1;
	uri->scheme = str_lower(arena, arena_copy(arena, text, size));

	char *rest = arena_strdup(arena, text + size + 1);

	uri->fragment = cut_behind(rest, '#');
	uri->query = cut_behind(rest, '?');
	uri->path = rest;
	if (str_starts(rest, "//")) {
		char *path = strchrnul(rest + 2, '/');

		uri->path = arena_strdup(arena, path);
		*path = '\0';
		if (parse_authority(arena, rest + 2, uri) != 0)
			return -1;
	}
	if (needs_host(uri) && str_empty(uri->host))
		return -1;
	if (!has_only(uri->path, "/:@") || (uri->query != NULL && !has_only(uri->query, "/:@?")))
		return -1;
	return uri->fragment == NULL || has_only(uri->fragment, "/:@?") ? 0 : -1;
}

bool
uri_host_is_loopback(const struct uri *uri)
{
	struct in6_addr address;
	struct in_addr address4;

	if (uri->host == NULL)
		return false;
	if (uri->host_is_ipv6)
		return inet_pton(AF_INET6, uri->host, &address) == 1 &&
		       IN6_IS_ADDR_LOOPBACK(&address);
	if (str_equal(uri->host, "localhost"))
		return true;
	/* inet_pton() takes four decimal numbers without leading zeros and nothing else */
	return inet_pton(AF_INET, uri->host, &address4) == 1 && str_starts(uri->host, "127.");
}

static bool
is_default_port(const struct uri *uri)
{
	return uri->port == -1 || (uri->port == 443 && str_equal(uri->scheme, "https")) ||
	       (uri->port == 80 && str_equal(uri->scheme, "http"));
}

char *
uri_origin(struct arena *arena, const struct uri *uri)
{
	if (str_empty(uri->host))
		return NULL;

	const char *open = uri->host_is_ipv6 ? "[" : "";
	const char *close = uri->host_is_ipv6 ? "]" : "";

	if (is_default_port(uri))
		return arena_printf(arena, "%s://%s%s%s", uri->scheme, open, uri->host, close);
	return arena_printf(arena, "%s://%s%s%s:%d", uri->scheme, open, uri->host, close,
			    uri->port);
}

/* Behind "scheme://authority", or target itself. */
static const char *
skip_authority(const char *target)
{
	size_t size = scheme_size(target);

	if (size == 0 || !str_starts(target + size, "://"))
		return target;
	target += size + 3;
	return target + strcspn(target, "/?#");
}

/* Neither "." nor ".." nor, unless it is the last, empty. path is behind a '/'. */
static bool
segment_is_plain(const char *segment)
{
	size_t size = strcspn(segment, "/");

	if (size == 0)
		return *segment == '\0';
	return size > 2 || strncmp(segment, "..", size) != 0;
}

char *
uri_request_path(struct arena *arena, const char *target)
{
	const char *raw = skip_authority(target);
	size_t size = strcspn(raw, "?#");
	char *path = arena_alloc(arena, size + 1);
	char *end = path;

	if (*raw != '/')
		return NULL;
	for (size_t i = 0; i < size; i++) {
		int byte = (unsigned char)raw[i];

		if (raw[i] == '%') {
			byte = percent_byte(raw + i, size - i);
			i += 2;
			if (byte == '/')
				return NULL;
		}
		if (byte < 0x21 || byte > 0x7E)
			return NULL;
		*end++ = (char)byte;
	}
	for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
		if (!segment_is_plain(slash + 1))
			return NULL;
	}
	return path;
}

char *
uri_request_query(struct arena *arena, const char *target)
{
	const char *query = target + strcspn(target, "?#");

	if (*query == '?')
		query++;
	return arena_copy(arena, query, strcspn(query, "#"));
}

void
uri_add_parameter(struct buf *buf, char *separator, const char *name, const char *value)
{
	buf_add_char(buf, *separator);
	*separator = '&';
	buf_add_url(buf, name, strlen(name));
	buf_add_char(buf, '=');
	buf_add_url(buf, value, strlen(value));
}
