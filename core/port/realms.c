/* SPDX-License-Identifier: ISC */
/*
 * Building and finding live realms. A key that cannot be unsealed is left out with an error in the
 * log: the other keys and realms go on.
 */
#include "core/port/realms.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/num.h"
#include "core/base/uri.h"
#include "core/seal/seal.h"

#define SNAPSHOT_MAX (64 * 1024 * 1024)
#define TAG_SIZE     9

struct realms {
	struct store *store;
	const struct master *master;
	struct log *log;
	struct arena *arena; /* of the snapshot; NULL: none yet */
	struct realm_live *live;
	size_t count;
	int64_t generation;
	int64_t checked_ms;
};

struct realms *
realms_new(struct store *store, const struct master *master, struct log *log)
{
	struct realms *realms = calloc(1, sizeof(*realms));

	if (!realms)
		bug("out of memory");
	*realms = (struct realms){.store = store, .master = master, .log = log};
	return realms;
}

void
realms_free(struct realms *realms)
{
	if (!realms)
		return;
	arena_free(realms->arena);
	free(realms);
}

struct seal_place
key_seal_place(const struct realm *realm, const struct key_row *row)
{
	return (struct seal_place){
		.purpose = "realm-key",
		.realm = realm->name,
		.row = row->id,
		.row_size = sizeof(row->id),
	};
}

/* An ETag: a piece of the document's digest. */
static const char *
document_tag(struct arena *arena, const char *text)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(text, strlen(text), digest);
	return arena_printf(arena, "\"%s\"", b64url_encode(arena, digest, TAG_SIZE));
}

static int
add_signing_key(struct arena *arena, struct keyring *ring, const struct key_row *row,
		enum key_state state, const uint8_t *plain, size_t size)
{
	struct jwk key;

	if (jwk_from_private_bytes(arena, jws_alg_by_name(row->alg), row->kid, plain, size, &key) !=
	    JWK_OK)
		return -1;
	return keyring_add(ring, &key, state);
}

static int
add_mac_key(struct keyring *ring, const struct key_row *row, enum key_state state,
	    const uint8_t *plain, size_t size)
{
	int64_t number;

	if (size != KEYRING_MAC_SIZE || num_parse_int64(row->kid, 1, UINT32_MAX, &number) != 0)
		return -1;
	return keyring_add_mac(ring, (uint32_t)number, state, plain);
}

static void
add_key(struct realms *realms, struct arena *arena, struct realm_live *live,
	const struct key_row *row)
{
	struct seal_place place = key_seal_place(&live->realm, row);
	enum key_state state;
	uint8_t *plain;
	size_t size;
	enum seal_verdict sealed;
	int added = -1;

	sealed = seal_open(arena, realms->master, &place, row->sealed, row->sealed_size, &plain,
			   &size);
	if (sealed == SEAL_OK && key_state_by_name(row->state, &state) == 0)
		added = strcmp(row->kind, "mac") == 0
				? add_mac_key(live->ring, row, state, plain, size)
				: add_signing_key(arena, live->ring, row, state, plain, size);
	if (added != 0)
		log_event(realms->log, LOG_LEVEL_ERROR, "key_unusable", "realm", live->realm.name,
			  "kid", row->kid, "why",
			  sealed == SEAL_OK ? "malformed" : seal_verdict_text(sealed), NULL);
}

static enum store_verdict
build_live(struct realms *realms, struct arena *arena, const struct realm *realm,
	   struct realm_live *live)
{
	struct key_list keys;
	struct uri uri;
	enum store_verdict verdict;

	*live = (struct realm_live){.realm = *realm, .ring = keyring_new(arena)};
	if (uri_parse(arena, realm->issuer, &uri) != 0)
		bug("an issuer that is no URI was stored");
	live->path = uri.path;
	live->secure = strcmp(uri.scheme, "https") == 0;
	live->origin = uri_origin(arena, &uri);
	verdict = key_list(realms->store, arena, realm->id, &keys);
	if (verdict != STORE_OK && verdict != STORE_NONE)
		return verdict;
	/* oldest first, so that the newest active key of an algorithm is the one that signs */
	for (size_t i = verdict == STORE_OK ? keys.count : 0; i-- > 0;)
		add_key(realms, arena, live, &keys.row[i]);
	live->token_algs = (struct jws_alg_set){.bits = JWS_ALGS_ASYMMETRIC};
	live->jwks = keyring_jwks(live->ring, arena, NULL);
	live->jwks_tag = document_tag(arena, live->jwks);
	return STORE_OK;
}

static enum store_verdict
build(struct realms *realms, struct arena *arena, struct realm_list *list, struct realm_live **out)
{
	struct realm_live *live;
	enum store_verdict verdict = realm_load(realms->store, arena, list);

	if (verdict != STORE_OK)
		return verdict;
	live = arena_array(arena, list->count + 1, sizeof(*live));
	for (size_t i = 0; i < list->count; i++) {
		verdict = build_live(realms, arena, &list->realm[i], &live[i]);
		if (verdict != STORE_OK)
			return verdict;
	}
	*out = live;
	return STORE_OK;
}

static enum store_verdict
reload(struct realms *realms)
{
	struct arena *arena = arena_new(SNAPSHOT_MAX);
	struct realm_list list;
	struct realm_live *live;
	enum store_verdict verdict = build(realms, arena, &list, &live);

	if (verdict != STORE_OK) {
		arena_free(arena);
		return verdict;
	}
	arena_free(realms->arena);
	realms->arena = arena;
	realms->live = live;
	realms->count = list.count;
	realms->generation = list.generation;
	return STORE_OK;
}

enum store_verdict
realms_refresh(struct realms *realms, int64_t now_ms)
{
	int64_t generation;
	enum store_verdict verdict;

	if (realms->arena && now_ms >= realms->checked_ms &&
	    now_ms - realms->checked_ms < REALMS_CHECK_MS)
		return STORE_OK;
	verdict = store_ready(realms->store);
	if (verdict == STORE_OK)
		verdict = generation_read(realms->store, &generation);
	if (verdict == STORE_OK && (!realms->arena || generation != realms->generation))
		verdict = reload(realms);
	if (verdict == STORE_OK) {
		realms->checked_ms = now_ms;
		return STORE_OK;
	}
	if (verdict == STORE_DOWN && realms->arena)
		return STORE_OK;
	return verdict;
}

void
realms_forget(struct realms *realms)
{
	realms->checked_ms = INT64_MAX;
	realms->generation = -1;
}

int64_t
realms_generation(const struct realms *realms)
{
	return realms->generation;
}

size_t
realms_count(const struct realms *realms)
{
	return realms->count;
}

struct realm_live *
realms_at(const struct realms *realms, size_t index)
{
	return index < realms->count ? &realms->live[index] : NULL;
}

struct realm_live *
realms_by_name(const struct realms *realms, const char *name)
{
	for (size_t i = 0; i < realms->count; i++)
		if (strcmp(realms->live[i].realm.name, name) == 0)
			return &realms->live[i];
	return NULL;
}

const struct realm_live *
realms_set_discovery(struct realms *realms, const struct realm_live *live, const char *document)
{
	struct realm_live *mine = &realms->live[live - realms->live];

	mine->discovery = arena_strdup(realms->arena, document);
	mine->discovery_tag = document_tag(realms->arena, document);
	return mine;
}

static const char *
rest_behind(const char *path, const char *prefix)
{
	size_t size = strlen(prefix);

	if (strncmp(path, prefix, size) != 0 || (path[size] != '\0' && path[size] != '/'))
		return NULL;
	return path + size;
}

struct realm_live *
realms_by_path(const struct realms *realms, const char *vhost, const char *path, const char **rest)
{
	struct realm_live *best = NULL;

	for (size_t i = 0; i < realms->count; i++) {
		struct realm_live *live = &realms->live[i];
		const char *behind = rest_behind(path, live->path);

		if (!behind || !str_equal(live->realm.vhost, vhost))
			continue;
		if (best && strlen(best->path) >= strlen(live->path))
			continue;
		best = live;
		*rest = behind;
	}
	return best;
}
