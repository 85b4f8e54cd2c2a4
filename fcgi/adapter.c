/* SPDX-License-Identifier: ISC */
/*
 * FastCGI through libfcgi.
 */
#include "fcgi/adapter.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/http/request.h"

#define DRAIN_MAX     (1024 * 1024) /* bytes read and dropped before the connection is cut */
#define CLOSE_WAIT_MS "100"         /* for the web server to close its side */
#define FIRST_BYTE_MS "500"         /* from connecting to the first byte */

/* The request in work: a worker has one. */
static FCGX_Request current;

/* Signals that must not interrupt a request in work: libfcgi ends bodies and loses replies on
 * EINTR. */
static const int held_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

static void
mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held_signals) / sizeof(held_signals[0]); i++)
		sigaddset(&set, held_signals[i]);
	sigprocmask(how, &set, NULL);
}

int
adapter_open(void)
{
	/* read once, in FCGX_Init() */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_WAIT_MS, 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", FIRST_BYTE_MS, 1);
	mask_signals(SIG_BLOCK);
	if (FCGX_Init() != 0 || FCGX_IsCGI())
		return -1;
	return FCGX_InitRequest(&current, 0, FCGI_FAIL_ACCEPT_ON_INTR);
}

static void
drain(void)
{
	char dropped[8192];
	size_t total = 0;
	int got;

	while (total < DRAIN_MAX && (got = FCGX_GetStr(dropped, sizeof(dropped), current.in)) > 0)
		total += (size_t)got;
}

static void
read_body(struct arena *arena, struct http_request *request)
{
	/* most announce their length; the others get room for the most that is taken */
	size_t room = request->content_length >= 0 && request->content_length < HTTP_BODY_MAX
			      ? (size_t)request->content_length + 1
			      : HTTP_BODY_MAX + 1;
	char *body = arena_alloc(arena, room + 1);
	size_t size = 0;
	int got;

	while (size < room && (got = FCGX_GetStr(body + size, (int)(room - size), current.in)) > 0)
		size += (size_t)got;
	if (size > HTTP_BODY_MAX || request->content_length > HTTP_BODY_MAX) {
		request->body_state = HTTP_BODY_TOO_LARGE;
		drain();
		return;
	}
	if (FCGX_GetError(current.in) != 0 ||
	    (request->content_length >= 0 && (size_t)request->content_length != size)) {
		request->body_state = HTTP_BODY_BROKEN;
		drain();
		return;
	}
	request->body = body;
	request->body_size = size;
}

static void
refuse(void)
{
	static const char reply[] = "Status: 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"
				    "The request cannot be read.\n";

	drain();
	FCGX_PutStr(reply, sizeof(reply) - 1, current.out);
	FCGX_Finish_r(&current);
}

enum adapter_verdict
adapter_next(struct arena *arena, struct http_request *request)
{
	int accepted;

	mask_signals(SIG_UNBLOCK);
	accepted = FCGX_Accept_r(&current);
	mask_signals(SIG_BLOCK);
	if (accepted == -EINTR)
		return ADAPTER_INTERRUPT;
	if (accepted != 0)
		return ADAPTER_END;
	current.keepConnection = 0;
	if (http_request_read(arena, current.envp, request) != 0) {
		refuse();
		return ADAPTER_BAD;
	}
	if (request->method == HTTP_POST)
		read_body(arena, request);
	else
		drain();
	return ADAPTER_REQUEST;
}

void
adapter_reply(const struct buf *reply)
{
	FCGX_PutStr(reply->data, (int)reply->size, current.out);
	FCGX_Finish_r(&current);
}

void
adapter_stop(void)
{
	FCGX_ShutdownPending();
}
