/* SPDX-License-Identifier: ISC */
/*
 * FastCGI through libfcgi.
 */
#include "fcgi/adapter.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/http/request.h"

#define LISTENER      0             /* where every spawner puts the socket */
#define DRAIN_MAX     (1024 * 1024) /* bytes read and dropped before the connection is cut */
#define SIGNALS_EVERY 16            /* requests without a pause after which signals are looked at */
#define CLOSE_WAIT_MS "100"         /* for the web server to close its side */
#define FIRST_BYTE_MS "500"         /* from connecting to the first byte */

/* The request in work: a worker has one. */
static FCGX_Request current;

/* Signals that must not interrupt a request: libfcgi drops connections that it has just accepted,
 * ends bodies and loses replies on EINTR. They are held but while nothing is there to be lost. */
static const int held_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
static sigset_t mask_while_waiting;

static int waiter; /* an epoll descriptor that waits for connections */
static volatile sig_atomic_t stopping;

static void
hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held_signals) / sizeof(held_signals[0]); i++)
		sigaddset(&set, held_signals[i]);
	sigprocmask(SIG_BLOCK, &set, &mask_while_waiting);
}

/* Several workers wait on one socket: each connection wakes one of them, and whoever comes late to
 * accept it must not block there with its signals held. */
static int
open_waiter(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	int flags = fcntl(LISTENER, F_GETFL);

	waiter = epoll_create1(EPOLL_CLOEXEC);
	if (waiter < 0 || flags < 0 || fcntl(LISTENER, F_SETFL, flags | O_NONBLOCK) != 0)
		return -1;
	return epoll_ctl(waiter, EPOLL_CTL_ADD, LISTENER, &event);
}

/* Lets signals through that came while requests were in work: under unbroken load there is always a
 * connection, and then epoll_pwait() looks at no signal. Whether there were any. */
static bool
let_signals_through(void)
{
	static unsigned calls;
	sigset_t pending, held;
	bool any = false;

	if (++calls % SIGNALS_EVERY != 0)
		return false;
	sigpending(&pending);
	for (size_t i = 0; i < sizeof(held_signals) / sizeof(held_signals[0]); i++)
		any = any || sigismember(&pending, held_signals[i]);
	if (!any)
		return false;
	sigprocmask(SIG_SETMASK, &mask_while_waiting, &held);
	sigprocmask(SIG_SETMASK, &held, NULL);
	return true;
}

/* False when a signal came instead. */
static bool
wait_for_connection(void)
{
	struct epoll_event event;

	return epoll_pwait(waiter, &event, 1, -1, &mask_while_waiting) == 1;
}

int
adapter_open(void)
{
	/* read once, in FCGX_Init() */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_WAIT_MS, 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", FIRST_BYTE_MS, 1);
	hold_signals();
	if (FCGX_Init() != 0 || FCGX_IsCGI() || open_waiter() != 0)
		return -1;
	return FCGX_InitRequest(&current, LISTENER, FCGI_FAIL_ACCEPT_ON_INTR);
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

	if (stopping)
		return ADAPTER_END;
	if (let_signals_through() || !wait_for_connection())
		return ADAPTER_INTERRUPT;
	accepted = FCGX_Accept_r(&current);
	if (accepted == -EAGAIN) /* another worker was quicker */
		return ADAPTER_INTERRUPT;
	if (accepted != 0)
		return ADAPTER_END;
	current.keepConnection = 0;
	if (http_request_read(arena, current.envp, request) != 0) {
		refuse();
		return ADAPTER_BAD;
	}
	if (request->method == HTTP_POST || request->method == HTTP_PUT)
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
	stopping = 1;
}
