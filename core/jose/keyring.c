/* SPDX-License-Identifier: ISC */
/*
 * A realm's keys by state: the legal orders, who signs, who verifies, and the published document.
 */
#include "core/jose/keyring.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/str.h"

struct keyring {
	struct arena *arena;
	struct keyring_key *key;
	size_t count;
	struct keyring_mac *mac;
	size_t macs;
};

#define STATE_BIT(state) (1u << (state))

/* What each state means, and where a key may go from it. */
static const struct {
	const char *name;
	bool signs;
	bool published;
	unsigned purposes; /* bits of enum key_purpose that it verifies */
	unsigned to;       /* bits of enum key_state */
} states[KEY_STATE_COUNT] = {
	[KEY_NEXT] = {"next", false, true, 1u << KEY_FOR_TOKENS | 1u << KEY_FOR_ID_TOKEN_HINT,
		      STATE_BIT(KEY_ACTIVE) | STATE_BIT(KEY_RETIRED) | STATE_BIT(KEY_COMPROMISED)},
	[KEY_ACTIVE] = {"active", true, true, 1u << KEY_FOR_TOKENS | 1u << KEY_FOR_ID_TOKEN_HINT,
			STATE_BIT(KEY_RETIRED) | STATE_BIT(KEY_COMPROMISED)},
	[KEY_RETIRED] = {"retired", false, true, 1u << KEY_FOR_TOKENS | 1u << KEY_FOR_ID_TOKEN_HINT,
			 STATE_BIT(KEY_ARCHIVED) | STATE_BIT(KEY_COMPROMISED)},
	[KEY_ARCHIVED] = {"archived", false, false, 1u << KEY_FOR_ID_TOKEN_HINT,
			  STATE_BIT(KEY_COMPROMISED)},
	[KEY_COMPROMISED] = {"compromised", false, false, 0, 0},
};

const char *
key_state_name(enum key_state state)
{
	return states[state].name;
}

int
key_state_by_name(const char *name, enum key_state *state)
{
	for (int i = 0; i < KEY_STATE_COUNT; i++) {
		if (str_equal(states[i].name, name)) {
			*state = (enum key_state)i;
			return 0;
		}
	}
	return -1;
}

bool
key_state_may(enum key_state from, enum key_state to)
{
	return (states[from].to & STATE_BIT(to)) != 0;
}

struct keyring *
keyring_new(struct arena *arena)
{
	struct keyring *ring = arena_alloc(arena, sizeof(*ring));

	ring->arena = arena;
	ring->key = arena_array(arena, KEYRING_KEYS_MAX, sizeof(*ring->key));
	ring->mac = arena_array(arena, KEYRING_KEYS_MAX, sizeof(*ring->mac));
	return ring;
}

static bool
has_kid(const struct keyring *ring, const char *kid)
{
	for (size_t i = 0; i < ring->count; i++) {
		if (str_equal(ring->key[i].kid, kid))
			return true;
	}
	return false;
}

int
keyring_add(struct keyring *ring, const struct jwk *key, enum key_state state)
{
	struct keyring_key entry = {.kid = key->kid, .alg = key->alg, .state = state};

	if (ring->count == KEYRING_KEYS_MAX || key->kid == NULL || has_kid(ring, key->kid))
		return -1;
	if (key->kty == JWK_OCT || !key->is_private || !jwk_fits(key, key->alg))
		return -1;
	/* a key that does not sign in this state gets no means to */
	if (states[state].signs) {
		entry.signer = jws_signer_new(ring->arena, key, key->alg, key->kid);
		if (entry.signer == NULL)
			return -1;
	}
	entry.public_jwk = jwk_public_half(key);
	entry.public_jwk.use = "sig";
	jws_prepare_check(ring->arena, &entry.public_jwk);
	ring->key[ring->count++] = entry;
	return 0;
}

int
keyring_add_mac(struct keyring *ring, uint32_t id, enum key_state state,
		const uint8_t key[KEYRING_MAC_SIZE])
{
	struct keyring_mac *entry;

	if (ring->macs == KEYRING_KEYS_MAX)
		return -1;
	for (size_t i = 0; i < ring->macs; i++) {
		if (ring->mac[i].id == id)
			return -1;
	}
	entry = &ring->mac[ring->macs++];
	entry->id = id;
	entry->state = state;
	memcpy(entry->key, key, KEYRING_MAC_SIZE);
	return 0;
}

const struct jws_signer *
keyring_signer(const struct keyring *ring, enum jws_alg alg)
{
	for (size_t i = ring->count; i-- > 0;) {
		if (ring->key[i].alg == alg && ring->key[i].signer != NULL)
			return ring->key[i].signer;
	}
	return NULL;
}

const struct jwk *
keyring_verifier(const struct keyring *ring, const char *kid, enum jws_alg alg,
		 enum key_purpose purpose)
{

	for (size_t i = 0; i < ring->count; i++) {
		const struct keyring_key *key = &ring->key[i];

		if (key->alg == alg && str_equal(key->kid, kid))
			return (states[key->state].purposes & 1u << purpose) != 0 ? &key->public_jwk
										  : NULL;
	}
	return NULL;
}

struct jws_alg_set
keyring_algs(const struct keyring *ring)
{
	struct jws_alg_set set = {0};

	for (size_t i = 0; i < ring->count; i++) {
		if (ring->key[i].signer != NULL)
			jws_alg_set_add(&set, ring->key[i].alg);
	}
	return set;
}

char *
keyring_jwks(const struct keyring *ring, struct arena *arena, size_t *size)
{
	struct json_object *document = json_new_object(arena);
	struct json_object *keys = json_new_array(arena);

	for (size_t i = 0; i < ring->count; i++) {
		if (states[ring->key[i].state].published)
			json_push(keys, jwk_export_public(arena, &ring->key[i].public_jwk));
	}
	json_add(document, "keys", keys);
	return json_write(arena, document, size);
}

const struct keyring_mac *
keyring_mac_active(const struct keyring *ring)
{
	for (size_t i = ring->macs; i-- > 0;) {
		if (states[ring->mac[i].state].signs)
			return &ring->mac[i];
	}
	return NULL;
}

const struct keyring_mac *
keyring_mac_by_id(const struct keyring *ring, uint32_t id)
{
	for (size_t i = 0; i < ring->macs; i++) {
		if (ring->mac[i].id == id)
			return (states[ring->mac[i].state].purposes & 1u << KEY_FOR_TOKENS) != 0
				       ? &ring->mac[i]
				       : NULL;
	}
	return NULL;
}

const struct keyring_key *
keyring_list(const struct keyring *ring, size_t *count)
{
	*count = ring->count;
	return ring->key;
}
