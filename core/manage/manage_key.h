/* SPDX-License-Identifier: ISC */
/*
 * The life of a realm's keys: making them, rotation by hand and by age, retirement, compromise, and
 * sealing under a new master key. Legal orders of states: core/jose/keyring.h. A signing key is
 * published as NEXT for MANAGE_KEY_PUBLISH seconds before it signs, so that nobody meets a
 * signature whose key their cache does not have; MAC keys are never published and change at once.
 */
#ifndef OSTIARY_MANAGE_KEY_H
#define OSTIARY_MANAGE_KEY_H

#include "core/manage/manage.h"

#define MANAGE_KEY_PUBLISH  3600 /* seconds a key is NEXT: how long others may cache the JWKS */
#define MANAGE_KEY_KEEP_OLD 16   /* archived and compromised keys of a kind that stay as rows */
#define MANAGE_KEYS_NEW_MAX 8    /* keys that one change makes */

/* Keys made and sealed, waiting for the transaction that stores them. */
struct manage_keys {
	struct key_row row[MANAGE_KEYS_NEW_MAX];
	size_t count;
};

/*
 * A new key of realm, sealed. alg is "RS256", "PS256", "ES256", "EdDSA", or "HS256" for a MAC key.
 * A provider without master key is a bug: ask manage_key_can_make() first.
 */
struct key_row manage_key_make(struct tx *tx, const struct realm *realm, const char *alg,
			       const char *state);

/* True when the master key is at hand; else a line in why. */
bool manage_key_can_make(const struct tx *tx, struct buf *why);

/*
 * Makes, without storing, active keys for the algorithms that settings name and the realm has no
 * active key for (and the MAC key of a new realm). stored NULL: a realm that has none yet.
 */
enum manage_verdict manage_key_prepare(struct tx *tx, const struct realm *realm,
				       const struct key_list *stored,
				       const struct settings *settings, struct manage_keys *keys,
				       struct buf *why);

/* The same with the keys of tx->realm read here. */
enum manage_verdict manage_key_prepare_missing(struct tx *tx, const struct settings *settings,
					       struct manage_keys *keys, struct buf *why);

/* Stores prepared keys; joins an open transaction. */
enum store_verdict manage_key_store(struct tx *tx, const struct manage_keys *keys);

/*
 * Rotates the keys of alg, or with alg NULL of every algorithm that has an active one. A signing
 * key becomes NEXT; a NEXT that was published long enough becomes ACTIVE and the old one RETIRED.
 * With at_once it becomes ACTIVE now. What was done goes to report, a line each.
 */
enum manage_verdict manage_key_rotate(struct tx *tx, const char *alg, bool at_once,
				      struct buf *report, struct buf *why);

/* Takes a key out of signing. Refused for the only active key of an algorithm in use. */
enum manage_verdict manage_key_retire(struct tx *tx, const char *kid, struct buf *why);

/* Whether manage_key_compromise() would do it; writes nothing. */
enum manage_verdict manage_key_compromise_try(struct tx *tx, const char *kid, struct buf *why);

/*
 * The key is out at once, for everything; a new one takes its place; the realm's epoch moves to
 * now, so every session and grant of the realm made before is void.
 */
enum manage_verdict manage_key_compromise(struct tx *tx, const char *kid, struct buf *report,
					  struct buf *why);

/* What age demands: new NEXT keys, promotion, archiving, forgetting. Lines in report. */
enum manage_verdict manage_key_upkeep(struct tx *tx, struct buf *report, struct buf *why);

struct manage_rewrap {
	size_t keys;     /* looked at */
	size_t secrets;  /* of clients, likewise */
	size_t resealed; /* were under a previous master and are under the current one now */
	size_t lost;     /* opened by none of the master keys; a line each in why */
};

/* Seals keys and client secrets of tx->realm under the current master. Repeatable: what is done is
 * left alone. */
enum manage_verdict manage_key_rewrap(struct tx *tx, struct manage_rewrap *done, struct buf *why);

#endif
