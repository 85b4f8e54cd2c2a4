/* SPDX-License-Identifier: ISC */
/*
 * A request as the web server handed it over, copied and capped. What a client's headers claim and
 * what the web server itself says are kept apart by name; nothing here trusts Host or
 * X-Forwarded-*.
 */
#ifndef OSTIARY_HTTP_REQUEST_H
#define OSTIARY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define HTTP_BODY_MAX   65536 /* bytes that an endpoint may be sent */
#define HTTP_TARGET_MAX 16384 /* bytes of the request target */
#define HTTP_HEADER_MAX 16384 /* bytes of one header's value */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER
};

enum http_body { HTTP_BODY_WHOLE, HTTP_BODY_TOO_LARGE, HTTP_BODY_BROKEN };

struct http_request {
	enum http_method method;
	const char *path;  /* decoded; NULL when the target is not acceptable */
	const char *query; /* raw */
	enum http_body body_state;
	const char *body; /* body_size bytes and a NUL */
	size_t body_size;

	int64_t content_length; /* what was announced; -1: nothing */

	/* from the web server */
	const char *address; /* REMOTE_ADDR; "" when not sent */
	bool https;
	const char *vhost;                            /* OSTIARY_VHOST; NULL when not sent */
	const char *certificate, *certificate_verify; /* SSL_CLIENT_CERT, SSL_CLIENT_VERIFY; NULL */

	/* from the client; NULL when not sent */
	const char *authorization, *content_type, *cookie, *origin, *accept_language, *user_agent,
		*if_none_match, *fetch_site, *access_control_method, *accept;
	bool authorization_repeated;
};

/*
 * Takes what the table of wanted variables names from a CGI environment ("NAME=value" texts,
 * NULL-terminated). The last of a repeated variable that the web server sets wins; a repeated
 * credential header is marked. The body is set by the caller. 0, or -1 when a value is over its
 * maximum or method or target are missing.
 */
int http_request_read(struct arena *arena, char *const *variables, struct http_request *request)
	__attribute__((warn_unused_result));

/* The content type is this one; parameters such as charset are passed over. */
bool http_content_is(const struct http_request *request, const char *type);

/*
 * How much the client wants a media type that Accept names, in thousandths (RFC 9110 12.4.2,
 * 12.5.1): 0 when it is not named or refused. Wildcards name nothing: whoever wants more than the
 * usual answer says so.
 */
int http_accepts(const struct http_request *request, const char *type);

/*
 * The value of a cookie, in the arena; NULL when it is not sent, or sent twice with different
 * values (somebody else on this host planted one). Only ";" parts cookies: a comma may be in a
 * value that another site of the same domain planted, and what stands behind it must not pass for a
 * cookie of ours.
 */
const char *http_cookie(struct arena *arena, const struct http_request *request, const char *name);

/*
 * Credentials of an Authorization header with this scheme ("Basic", "Bearer"; compared without
 * case). NULL when it is another scheme or absent. *malformed is set when the header is repeated,
 * holds a comma (two joined headers), or nothing behind the scheme.
 */
const char *http_credentials(struct arena *arena, const struct http_request *request,
			     const char *scheme, bool *malformed);

#endif
