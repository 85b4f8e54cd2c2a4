/* SPDX-License-Identifier: ISC */
/*
 * What workers and ostiary-fetch say to each other over a Unix SOCK_SEQPACKET socket: one request
 * and its answer, then the connection is closed. Both are packets of at most FETCH_PACKET_MAX
 * bytes:
 *
 *   request   'Q' version, fields
 *   answer    'A' version, fields; then the body in as many packets as it needs, none when the
 *             field size says 0
 *   field     tag (1 byte), size (2 bytes, most significant first), that many bytes
 *
 * Each tag occurs at most once and unknown ones are refused: both sides are of one version. Numbers
 * are 4 bytes, most significant first. A client that goes away gives its request up.
 */
#ifndef OSTIARY_PORT_FETCH_WIRE_H
#define OSTIARY_PORT_FETCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define FETCH_WIRE_VERSION 1
#define FETCH_PACKET_MAX   16384
#define FETCH_BODY_MAX     (256 * 1024)
#define FETCH_ACCEPT_MAX   256
#define FETCH_TYPE_MAX     128
#define FETCH_WHY_MAX      255
#define FETCH_WAIT_MS      2000 /* nobody waits longer for an answer */

enum fetch_wire_verdict {
	FETCH_WIRE_OK,
	FETCH_WIRE_REFUSED,
	FETCH_WIRE_FAILED,
	FETCH_WIRE_BUSY,
	FETCH_WIRE_VERDICTS,
};

struct fetch_wire_request {
	const char *url;    /* at most URI_MAX bytes */
	const char *accept; /* NULL: none */
	uint32_t max;       /* bytes of the body */
};

struct fetch_wire_answer {
	enum fetch_wire_verdict verdict;
	uint32_t status;  /* HTTP */
	uint32_t size;    /* of the body that follows */
	int64_t max_age;  /* seconds, at most UINT32_MAX - 1; -1: not said */
	const char *type; /* NULL: none */
	const char *why;  /* NULL: none */
};

/*
 * Writes a packet of at most FETCH_PACKET_MAX bytes and returns its size. Texts beyond their
 * maximum are a bug: callers check before.
 */
size_t fetch_wire_write_request(uint8_t *packet, const struct fetch_wire_request *request);
size_t fetch_wire_write_answer(uint8_t *packet, const struct fetch_wire_answer *answer);

/* Reads a packet; texts are copies in the arena. 0, or -1 when it is not well-formed. */
int fetch_wire_read_request(struct arena *arena, const uint8_t *packet, size_t size,
			    struct fetch_wire_request *request) __attribute__((warn_unused_result));
int fetch_wire_read_answer(struct arena *arena, const uint8_t *packet, size_t size,
			   struct fetch_wire_answer *answer) __attribute__((warn_unused_result));

/*
 * Why a URL is never fetched, or NULL: it is no URI of at most URI_MAX bytes, another scheme than
 * https, or has a user name or a fragment. The host's addresses are looked at when they are
 * connected to.
 */
const char *fetch_url_mistake(struct arena *arena, const char *url);

#endif
