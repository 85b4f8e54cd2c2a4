/* SPDX-License-Identifier: ISC */
/*
 * Keys of a realm as rows: private parts are sealed with the host's master key (purpose
 * "realm-key", row = id). What a state means and which may follow which is core/jose/keyring.h.
 */
#ifndef OSTIARY_MODEL_KEY_H
#define OSTIARY_MODEL_KEY_H

#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

#define KEY_ID_MAX 64

struct key_row {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	const char *kid;   /* of a signing key: its RFC 7638 thumbprint; of a MAC key: its number in
			      decimal */
	const char *kind;  /* "sig" or "mac" */
	const char *alg;   /* "RS256", …; "HS256" for MAC keys */
	const char *state; /* "next", "active", "retired", "archived", "compromised" */
	const uint8_t *sealed;
	size_t sealed_size;
	int64_t created_at, changed_at; /* changed_at: when the state was entered */
};

struct key_list {
	struct key_row *row;
	size_t count;
};

/* All keys of a realm, newest first. */
enum store_verdict key_list(struct store *store, struct arena *arena, uint32_t realm_id,
			    struct key_list *list);
enum store_verdict key_insert(struct store *store, const struct key_row *row);
/* From one state to another; NONE when the key is not in that state. Bumps the generation. */
enum store_verdict key_set_state(struct store *store, const uint8_t id[ID_SIZE], const char *from,
				 const char *to, int64_t now);
/* Replaces the sealed bytes if they are still the old ones. */
enum store_verdict key_reseal(struct store *store, const uint8_t id[ID_SIZE], const uint8_t *old,
			      size_t old_size, const uint8_t *sealed, size_t sealed_size);
enum store_verdict key_remove(struct store *store, const uint8_t id[ID_SIZE]);

#endif
