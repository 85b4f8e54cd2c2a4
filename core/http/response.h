/* SPDX-License-Identifier: ISC */
/*
 * A response, built whole before anything is sent. Header values are checked by the writer: CR, LF
 * and NUL cannot get in.
 */
#ifndef OSTIARY_HTTP_RESPONSE_H
#define OSTIARY_HTTP_RESPONSE_H

#include <stdint.h>

#include "core/base/buf.h"

struct json_object;

#define HTTP_HEADERS_MAX  32
#define HTTP_RESPONSE_MAX (512 * 1024)
#define HTTP_LOCATION_MAX 7500 /* Apache takes header lines of 8 KB */

struct http_header {
	const char *name; /* a constant */
	const char *value;
};

struct http_response {
	struct arena *arena;
	int status;
	struct http_header header[HTTP_HEADERS_MAX];
	size_t headers;
	struct buf body;
	bool head;                    /* the body is not sent, its length is */
	void (*after)(void *context); /* to be called once the response is sent; NULL */
	void *after_context;
};

void response_init(struct http_response *response, struct arena *arena);

/* Forgets everything that was set: for an error found late. */
void response_reset(struct http_response *response);

/* Adds a header. A value with CR, LF, another control character or NUL is a bug of ours: it aborts.
 */
void response_header(struct http_response *response, const char *name, const char *value);

/* Sets a header that stands once: replaces its value. */
void response_header_set(struct http_response *response, const char *name, const char *value);

/* Body from an object, Content-Type application/json. */
void response_json(struct http_response *response, int status, struct json_object *value);

/* A redirect with an absolute location. */
void response_redirect(struct http_response *response, int status, const char *location);

struct http_cookie {
	const char *name;  /* without prefix: see cookie_name() */
	const char *value; /* "" removes it */
	const char *path;
	bool secure;
	int64_t max_age; /* seconds; 0: until the browser is closed */
};

/* Set-Cookie with HttpOnly and SameSite=Lax; removed when its value is "". */
void response_cookie(struct http_response *response, const struct http_cookie *cookie);

/*
 * The whole as CGI text: "Status:" first, headers, a blank line, the body. -1 when the body
 * overflowed its maximum.
 */
int response_write(const struct http_response *response, struct buf *out)
	__attribute__((warn_unused_result));

/* The reason phrase of a status. */
const char *http_reason(int status);

#endif
