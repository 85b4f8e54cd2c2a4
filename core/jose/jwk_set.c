/* SPDX-License-Identifier: ISC */
/*
 * JWK Sets (RFC 7517 5): which entries are skipped, which refuse the set, and the choice of a key
 * by kid and algorithm.
 */

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/jose/jwk.h"

/* A kid must name one key among those that an algorithm could mean. */
static bool
clashes(const struct jwk *keys, size_t count, const struct jwk *key)
{
	for (size_t i = 0; i < count; i++) {
		if ((keys[i].kty == JWK_OCT) != (key->kty == JWK_OCT))
			return true;
		if (key->kid != NULL && str_equal(keys[i].kid, key->kid) && keys[i].kty == key->kty)
			return true;
	}
	return false;
}

enum jwk_verdict
jwk_set_parse(struct arena *arena, const struct json_object *object, enum jwk_accept accept,
	      struct jwk_set *set)
{
	struct json_object *list;
	struct jwk_set result = {0};
	struct jwk *keys;
	size_t entries;

	if (json_get_array(object, "keys", &list) != JSON_FOUND)
		return JWK_MALFORMED;
	entries = json_object_array_length(list);
	if (entries > JWK_SET_MAX)
		return JWK_TOO_MANY;
	keys = arena_array(arena, entries, sizeof(*keys));
	for (size_t i = 0; i < entries; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		enum jwk_verdict verdict;

		if (!json_object_is_type(entry, json_type_object))
			return JWK_MALFORMED;
		verdict = jwk_parse(arena, entry, accept, &keys[result.count]);
		if (verdict == JWK_UNSUPPORTED || verdict == JWK_WEAK) {
			result.skipped++;
			continue;
		}
		if (verdict != JWK_OK)
			return verdict;
		if (clashes(keys, result.count, &keys[result.count]))
			return JWK_CONFLICT;
		result.count++;
	}
	result.key = keys;
	*set = result;
	return JWK_OK;
}

const struct jwk *
jwk_set_next(const struct jwk_set *set, const char *kid, enum jws_alg alg, size_t *position)
{
	while (*position < set->count) {
		const struct jwk *key = &set->key[(*position)++];

		if (kid != NULL && !str_equal(kid, key->kid))
			continue;
		if (key->may_verify && jwk_fits(key, alg))
			return key;
	}
	return NULL;
}
