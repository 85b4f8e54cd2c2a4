/* SPDX-License-Identifier: ISC */
/*
 * The cache of parsed key sets. Each set has an arena of its own, so one goes without the others.
 */
#include "core/port/key_sets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/jose/jws.h"

#define SET_MEMORY ((size_t)16 << 20) /* far above what JSON_TEXT_MAX bytes of text can take */

struct entry {
	struct arena *arena; /* NULL: empty */
	uint8_t digest[SHA256_SIZE];
	struct jwk_set set;
	uint64_t used; /* the higher, the later */
};

struct key_sets {
	struct entry entry[KEY_SETS_MAX];
	uint64_t uses;
};

struct key_sets *
key_sets_new(void)
{
	struct key_sets *sets = calloc(1, sizeof(*sets));

	if (!sets)
		bug("out of memory");
	return sets;
}

void
key_sets_free(struct key_sets *sets)
{
	if (!sets)
		return;
	for (size_t i = 0; i < KEY_SETS_MAX; i++)
		arena_free(sets->entry[i].arena);
	free(sets);
}

static struct entry *
find(struct key_sets *sets, const uint8_t digest[SHA256_SIZE])
{
	for (size_t i = 0; i < KEY_SETS_MAX; i++) {
		struct entry *entry = &sets->entry[i];

		if (entry->arena && memcmp(entry->digest, digest, SHA256_SIZE) == 0)
			return entry;
	}
	return NULL;
}

/* An empty entry has never been used. */
static struct entry *
oldest(struct key_sets *sets)
{
	struct entry *entry = &sets->entry[0];

	for (size_t i = 1; i < KEY_SETS_MAX; i++) {
		if (sets->entry[i].used < entry->used)
			entry = &sets->entry[i];
	}
	return entry;
}

/* A key that goes with one algorithm alone is bound to it: only such a one can be made ready. */
static const struct jwk *
made_ready(struct arena *arena, const struct jwk_set *set)
{
	struct jwk *keys = arena_array(arena, set->count + 1, sizeof(*keys));

	for (size_t i = 0; i < set->count; i++) {
		keys[i] = set->key[i];
		keys[i].alg = jwk_only_alg(&keys[i]);
		jws_prepare_check(arena, &keys[i]);
	}
	return keys;
}

static const char *
parse(struct arena *arena, const char *text, size_t size, struct jwk_set *set)
{
	struct json_object *object = json_parse_object(arena, text, size, NULL);
	enum jwk_verdict verdict;

	if (!object)
		return "it is not a strict JSON object";
	verdict = jwk_set_parse(arena, object, JWK_ACCEPT_PUBLIC, set);
	if (verdict != JWK_OK)
		return jwk_verdict_text(verdict);
	set->key = made_ready(arena, set);
	return NULL;
}

const struct jwk_set *
key_sets_get(struct key_sets *sets, const char *text, size_t size, const char **why)
{
	uint8_t digest[SHA256_SIZE];
	struct entry *entry;
	struct arena *arena;
	struct jwk_set set;

	hash_sha256(text, size, digest);
	entry = find(sets, digest);
	if (entry) {
		entry->used = ++sets->uses;
		return &entry->set;
	}
	arena = arena_new(SET_MEMORY);
	*why = parse(arena, text, size, &set);
	if (*why) {
		arena_free(arena);
		return NULL;
	}
	entry = oldest(sets);
	arena_free(entry->arena);
	*entry = (struct entry){.arena = arena, .set = set, .used = ++sets->uses};
	memcpy(entry->digest, digest, SHA256_SIZE);
	return &entry->set;
}
