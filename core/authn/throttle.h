/* SPDX-License-Identifier: ISC */
/*
 * Guessing is slowed, never locked: attempts are charged before a password is looked at and
 * refunded when it was right, in hashed buckets of fixed number that the workers of a host share.
 * Beyond a limit each further failure doubles the wait, at most to a quarter of an hour. Failures
 * are forgotten as time goes.
 */
#ifndef OSTIARY_AUTHN_THROTTLE_H
#define OSTIARY_AUTHN_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

struct throttle;

#define THROTTLE_WAIT_MAX    900 /* seconds */
#define THROTTLE_WINDOW      900 /* seconds in which limit failures are forgotten */
#define THROTTLE_KNOWN_LIMIT 10  /* failures that a browser known for the account has of its own */
#define THROTTLE_KEYS_MAX    6

/* Something that failures are counted for. */
struct throttle_key {
	uint64_t hash;
	uint32_t limit;
};

struct throttle_keys {
	struct throttle_key key[THROTTLE_KEYS_MAX];
	size_t count;
};

/* Bytes of the shared mapping; a mapping of zeros is an empty throttle. */
size_t throttle_size(void);

/*
 * The keys of an attempt from outside: the account's name in its realm, and the address's networks
 * (IPv4 /24; IPv6 /64 and /48). Texts are hashed; an unreadable address counts as one.
 */
void throttle_keys_for(struct throttle_keys *keys, uint32_t realm_id, const char *username,
		       const char *address, uint32_t account_limit, uint32_t network_limit);

/*
 * The keys of an attempt at a device's user code: the browser (its random value of 32 bytes) and
 * the address's networks. They are counted apart from those of sign-ins.
 */
void throttle_keys_code(struct throttle_keys *keys, const uint8_t browser[32], const char *address,
			uint32_t browser_limit, uint32_t network_limit);

/* The one key of a browser that is known for the account. */
void throttle_keys_known(struct throttle_keys *keys, const uint8_t *browser_id, size_t size);

/*
 * Charges every key one failure and returns 0; or, when any of them must wait, charges nothing and
 * returns the seconds until then.
 */
int64_t throttle_charge(struct throttle *throttle, const struct throttle_keys *keys, int64_t now)
	__attribute__((warn_unused_result));

/* Takes the charge back. */
void throttle_refund(struct throttle *throttle, const struct throttle_keys *keys, int64_t now);

#endif
