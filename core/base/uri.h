/* SPDX-License-Identifier: ISC */
/*
 * URIs (RFC 3986): strict parsing of absolute ones, and the decoding of request paths. Only ASCII
 * is accepted.
 */
#ifndef OSTIARY_BASE_URI_H
#define OSTIARY_BASE_URI_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

#define URI_MAX 2048 /* bytes of one URI from outside */

/* All texts are copies in the arena; an absent part is NULL, an empty path is "". */
struct uri {
	const char *scheme; /* lower case */
	const char *userinfo;
	const char *host; /* lower case; IPv6 without brackets; NULL when there is no authority */
	bool host_is_ipv6;
	int port;             /* -1 when absent */
	const char *path;     /* as written, not decoded */
	const char *query;    /* as written, without '?' */
	const char *fragment; /* as written, without '#' */
};

/*
 * Parses an absolute URI (a scheme is required). 0, or -1 for: over URI_MAX bytes, a character that
 * RFC 3986 does not allow there (blanks, controls, quotes, backslash, non-ASCII), a bad percent
 * escape, a port outside 1-65535, an http(s) URI without host.
 */
int uri_parse(struct arena *arena, const char *text, struct uri *uri)
	__attribute__((warn_unused_result));

/* 127.0.0.0/8 as four plain decimal numbers, ::1 or localhost (RFC 8252 7.3, 8.3). */
bool uri_host_is_loopback(const struct uri *uri);

/* "https://host" or "https://host:port" with the scheme's default port left out; NULL for URIs
 * without authority. */
char *uri_origin(struct arena *arena, const struct uri *uri);

/*
 * The target of a request line as a path: "scheme://authority" in front is taken away (RFC
 * 9112 3.2.2), "?…" and "#…" are cut off, percent escapes are decoded once. NULL when the path does
 * not begin with '/', or has %00, %2F, "//", a "." or ".." segment, a byte outside 0x21-0x7E after
 * decoding, or a bad escape.
 */
char *uri_request_path(struct arena *arena, const char *target) __attribute__((warn_unused_result));

/* The raw query of a request target: behind the first '?', up to '#'. "" when there is none. */
char *uri_request_query(struct arena *arena, const char *target);

/*
 * Appends "name=value" to a URI under construction, both encoded, with the separator given the
 * first time ('?', '&' or '#') and '&' from then on; *separator is updated.
 */
void uri_add_parameter(struct buf *buf, char *separator, const char *name, const char *value);

#endif
