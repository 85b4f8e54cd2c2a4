/* SPDX-License-Identifier: ISC */
/*
 * libfcgi behind three verbs: next request, its body, the reply. Every connection is closed after
 * its reply and every body is read to its end or the connection closed: an unread body on a kept
 * connection would be parsed as the next request.
 */
#ifndef OSTIARY_FCGI_ADAPTER_H
#define OSTIARY_FCGI_ADAPTER_H

#include <stdbool.h>

struct arena;
struct buf;
struct http_request;

/* Readies the library for the listening socket on descriptor 0. -1 when that is no listening
 * socket. */
int adapter_open(void) __attribute__((warn_unused_result));

enum adapter_verdict {
	ADAPTER_REQUEST,   /* *request is filled; answer it with adapter_reply() */
	ADAPTER_BAD,       /* something came that cannot be a request: answered and closed */
	ADAPTER_INTERRUPT, /* a signal came, or another worker took the connection */
	ADAPTER_END,       /* the socket is gone or an end was asked for */
};

/* Waits for the next request and reads it whole. Signals of the worker are let through only while
 * waiting. */
enum adapter_verdict adapter_next(struct arena *arena, struct http_request *request)
	__attribute__((warn_unused_result));

/* Sends the reply in one write and closes the connection. */
void adapter_reply(const struct buf *reply);

/* From a signal handler: no further request is accepted. */
void adapter_stop(void);

#endif
