/* SPDX-License-Identifier: ISC */
/*
 * One HTTPS GET on libcurl, and the set of those under way: no redirects, no proxy, no cookies, no
 * credentials, the address filter, and caps on time and size.
 */
#ifndef OSTIARY_FETCH_TRANSFER_H
#define OSTIARY_FETCH_TRANSFER_H

#include <poll.h>

#include "core/port/fetch_wire.h"

struct address_rules;
struct arena;
struct transfer;
struct transfers;

#define TRANSFER_HEADERS_MAX 32768 /* bytes of all header lines of an answer */

struct transfer_rules {
	const struct address_rules *addresses;
	const char *ca_file; /* believed beside the system's authorities; "": none */
	long timeout_ms;     /* of all of it */
};

/* NULL when libcurl cannot be set up. rules must live as long. */
struct transfers *transfers_new(const struct transfer_rules *rules)
	__attribute__((warn_unused_result));
void transfers_free(struct transfers *transfers);

/*
 * Begins. The request must be well-formed and live, as the arena, until transfer_end(). owner is
 * what transfers_next() gives back.
 */
struct transfer *transfer_begin(struct transfers *transfers, struct arena *arena,
				const struct fetch_wire_request *request, void *owner)
	__attribute__((returns_nonnull));

/* Ends it, whether it is done or not. */
void transfer_end(struct transfer *transfer);

/* Waits for transfers and others' descriptors, at most ms milliseconds; sets their revents. */
void transfers_wait(struct transfers *transfers, struct pollfd *others, size_t count, int ms);

/* The owner of a transfer that is done, each once; NULL: no more. */
void *transfers_next(struct transfers *transfers);

/* What a transfer that is done is answered with; *body belongs to its arena. */
void transfer_answer(struct transfer *transfer, struct fetch_wire_answer *answer,
		     const char **body);

#endif
