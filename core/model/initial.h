/* SPDX-License-Identifier: ISC */
/*
 * Initial access tokens (RFC 7591 1.2): handles that let somebody register so many clients until
 * some time.
 */
#ifndef OSTIARY_MODEL_INITIAL_H
#define OSTIARY_MODEL_INITIAL_H

#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

#define INITIAL_NOTE_MAX 255 /* bytes */
#define INITIAL_USES_MAX 1000000

struct initial_token {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	uint8_t hash[SHA256_SIZE]; /* of the handle's secret */
	const char *note;          /* for people; NULL */
	int64_t uses_left;
	int64_t created_at, expires_at; /* 0: never */
};

/* ---- storage ---- */

enum store_verdict initial_insert(struct store *store, const struct initial_token *token);
/* Takes one use. NONE when the token is unknown, used up or over. Exactly as many get OK as it has
 * uses; joins the transaction that registers. */
enum store_verdict initial_use(struct store *store, uint32_t realm_id, const uint8_t id[ID_SIZE],
			       const uint8_t hash[SHA256_SIZE], int64_t now);
/* NONE also for a wrong secret. */
enum store_verdict initial_find(struct store *store, struct arena *arena, uint32_t realm_id,
				const uint8_t id[ID_SIZE], const uint8_t hash[SHA256_SIZE],
				struct initial_token *token);
/* All of a realm, newest first, at most max. */
enum store_verdict initial_list(struct store *store, struct arena *arena, uint32_t realm_id,
				size_t max, struct initial_token **tokens, size_t *count);
enum store_verdict initial_remove(struct store *store, uint32_t realm_id,
				  const uint8_t id[ID_SIZE]);

#endif
