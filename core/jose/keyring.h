/* SPDX-License-Identifier: ISC */
/*
 * The keys of one realm: which signs, which verify what, which are published, and the legal orders
 * of their states. Also the MAC keys under which refresh tokens are made. Reading them from storage
 * and unsealing is the caller's work; a ring is built once in an arena and const from then on.
 */
#ifndef OSTIARY_JOSE_KEYRING_H
#define OSTIARY_JOSE_KEYRING_H

#include "core/jose/jws.h"

#define KEYRING_KEYS_MAX 64 /* signing keys, and as many MAC keys, of one realm */
#define KEYRING_MAC_SIZE 32

enum key_state {
	KEY_NEXT,        /* published, does not sign yet */
	KEY_ACTIVE,      /* signs */
	KEY_RETIRED,     /* published until its last token expired */
	KEY_ARCHIVED,    /* not published; still verifies id_token_hint */
	KEY_COMPROMISED, /* out at once, for everything */
	KEY_STATE_COUNT,
};

/* "next", "active" … as stored and shown. */
const char *key_state_name(enum key_state state);

/* 0, or -1 for an unknown name. */
int key_state_by_name(const char *name, enum key_state *state) __attribute__((warn_unused_result));

/* True when a key may go from one state to the other. Staying is not a change. */
bool key_state_may(enum key_state from, enum key_state to);

struct keyring_key {
	const char *kid;
	enum jws_alg alg;
	enum key_state state;
	const struct jws_signer *signer; /* NULL unless ACTIVE */
	struct jwk public_jwk;
};

struct keyring_mac {
	uint32_t id; /* part of what is signed with it */
	enum key_state state;
	uint8_t key[KEYRING_MAC_SIZE];
};

enum key_purpose {
	KEY_FOR_TOKENS,        /* whatever may give access */
	KEY_FOR_ID_TOKEN_HINT, /* whom somebody was, however long ago */
};

struct keyring;

struct keyring *keyring_new(struct arena *arena) __attribute__((returns_nonnull));

/* Adds a private key, which must be bound to its algorithm, have a kid, and live as long as the
 * ring. 0, or -1: too many keys, a kid that is taken, or a key that does not fit. */
int keyring_add(struct keyring *ring, const struct jwk *key, enum key_state state)
	__attribute__((warn_unused_result));

/* Adds a MAC key. 0, or -1: too many, or an id that is taken. */
int keyring_add_mac(struct keyring *ring, uint32_t id, enum key_state state,
		    const uint8_t key[KEYRING_MAC_SIZE]) __attribute__((warn_unused_result));

/* The active key of an algorithm, the one added last when there are several; NULL when none is. */
const struct jws_signer *keyring_signer(const struct keyring *ring, enum jws_alg alg);

/*
 * The public key for verifying our own messages, or NULL. NEXT, ACTIVE and RETIRED keys verify
 * everything (another host of the pool may have promoted a key earlier), ARCHIVED ones
 * id_token_hint alone, COMPROMISED ones nothing.
 */
const struct jwk *keyring_verifier(const struct keyring *ring, const char *kid, enum jws_alg alg,
				   enum key_purpose purpose);

/* Algorithms that have an active key: for discovery. */
struct jws_alg_set keyring_algs(const struct keyring *ring);

/* The published document {"keys":[…]}: NEXT, ACTIVE and RETIRED, in the order added. */
char *keyring_jwks(const struct keyring *ring, struct arena *arena, size_t *size);

/* The MAC key that new refresh tokens are made with; NULL when there is none. */
const struct keyring_mac *keyring_mac_active(const struct keyring *ring);

/* The MAC key of an id, unless it is ARCHIVED, COMPROMISED or unknown: then NULL. */
const struct keyring_mac *keyring_mac_by_id(const struct keyring *ring, uint32_t id);

/* All keys, for listings. */
const struct keyring_key *keyring_list(const struct keyring *ring, size_t *count);

#endif
