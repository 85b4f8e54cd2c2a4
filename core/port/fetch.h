/* SPDX-License-Identifier: ISC */
/*
 * Outbound HTTPS as workers see it. The work is done by ostiary-fetch: https only, no redirects,
 * private and loopback addresses refused unless configured, everything capped. What is fetched
 * again and again goes through core/port/remote.h instead, which caches.
 */
#ifndef OSTIARY_PORT_FETCH_H
#define OSTIARY_PORT_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/port/fetch_wire.h"

struct arena;
struct tx;

enum fetch_verdict {
	FETCH_OK,      /* the server answered; any status */
	FETCH_REFUSED, /* the URL or the address behind it is not one that we ask */
	FETCH_FAILED,  /* no answer, one too late or too long, or bad TLS */
	FETCH_BUSY, /* enough of the pool waits already, or our own service does not answer: callers
		       answer 503 */
};

#define FETCH_NO_AGE (-1)

struct fetch_request {
	const char *url;
	const char *accept; /* the Accept header; NULL: none */
	size_t max;         /* bytes of the body, at most FETCH_BODY_MAX: a longer one fails */
};

/* Everything belongs to the request's arena. */
struct fetched {
	int status;
	const char *type; /* Content-Type as it was sent; NULL: none */
	const char *body; /* a NUL follows it */
	size_t size;
	int64_t max_age; /* seconds of Cache-Control; 0: do not keep; FETCH_NO_AGE: it does not say
			  */
	const char *why; /* private text of anything but FETCH_OK */
};

/* What does the work: the service or the program (core/port/fetch_program.h), or a test's own. */
struct fetcher {
	enum fetch_verdict (*get)(void *context, struct arena *arena,
				  const struct fetch_request *request, struct fetched *fetched);
	void *context;
};

/*
 * Fetches now, waiting at most FETCH_WAIT_MS, as one of at most a quarter of the host's workers; a
 * caller that has entered the gate already (core/port/gate.h) is not counted twice. Not inside a
 * transaction. Reads the clock of tx again.
 */
enum fetch_verdict fetch_get(struct tx *tx, const struct fetch_request *request,
			     struct fetched *fetched) __attribute__((warn_unused_result));

#endif
