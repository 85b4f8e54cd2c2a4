/* SPDX-License-Identifier: ISC */
/*
 * Keys of clients and trusted issuers, by value or by reference, and when a reference is fetched
 * again: at its end, and when a message names a key that the set does not have (OpenID Connect Core
 * 10.1.1), at most once in REMOTE_RETRY seconds.
 */
#ifndef OSTIARY_PORT_REMOTE_KEYS_H
#define OSTIARY_PORT_REMOTE_KEYS_H

#include "core/jose/jwk.h"
#include "core/port/remote.h"

/* Seconds that a set is used on while its server does not answer: keys that were taken back must
 * not count for ever because somebody keeps the server away. */
#define REMOTE_KEYS_MOST (7 * 86400)

struct key_source {
	const char *jwks;     /* the set's text; NULL */
	const char *jwks_uri; /* where it is; NULL. jwks goes before it */
	bool of_stranger;     /* a client that nobody has let in yet names it: it is kept briefly */
};

struct key_answer {
	const struct jwk_set *set; /* of provider->key_sets; lives as long as the request */
	const char *why;           /* private text of anything but REMOTE_OK */
};

/*
 * The keys to check a message with. kid is the one that the message names; NULL: none, then nothing
 * is fetched early. REMOTE_OK does not mean that the set has it: jws_verify_set() tells.
 * REMOTE_FAILED also when what was fetched is no key set, or when the source names none.
 */
enum remote_verdict remote_keys(struct tx *tx, const struct key_source *source, const char *kid,
				struct key_answer *answer) __attribute__((warn_unused_result));

#endif
