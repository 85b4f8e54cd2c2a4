/* SPDX-License-Identifier: ISC */
/*
 * Making and reading refresh tokens.
 */
#include "core/oauth/token/refresh.h"

#include <endian.h>
#include <string.h>

#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/str.h"

/* As it lies in the token; the MAC covers what stands before it and the realm's name. */
struct packed {
	uint8_t key[4];
	uint8_t grant_id[ID_SIZE];
	uint8_t generation[4];
	uint8_t mac[SHA256_SIZE];
};

#define SIGNED_SIZE offsetof(struct packed, mac)

static void
put32(uint8_t out[4], uint32_t value)
{
	uint32_t big = htobe32(value);

	memcpy(out, &big, sizeof(big));
}

static uint32_t
get32(const uint8_t in[4])
{
	uint32_t big;

	memcpy(&big, in, sizeof(big));
	return be32toh(big);
}

static void
make_mac(struct tx *tx, const struct keyring_mac *key, const struct packed *packed,
	 uint8_t mac[SHA256_SIZE])
{
	uint8_t text[SIGNED_SIZE + REALM_NAME_MAX + 16] = "refresh";
	size_t prefix = sizeof("refresh");
	size_t name = strlen(tx->realm->name);

	if (name > REALM_NAME_MAX)
		bug("a realm's name is too long");
	memcpy(text + prefix, packed, SIGNED_SIZE);
	memcpy(text + prefix + SIGNED_SIZE, tx->realm->name, name);
	hash_hmac_sha256(key->key, sizeof(key->key), text, prefix + SIGNED_SIZE + name, mac);
}

char *
refresh_make(struct tx *tx, const uint8_t grant_id[ID_SIZE], int64_t generation)
{
	const struct keyring_mac *key = keyring_mac_active(tx->live->ring);
	struct packed packed;
	char *text;

	if (!key)
		return NULL;
	put32(packed.key, key->id);
	memcpy(packed.grant_id, grant_id, ID_SIZE);
	put32(packed.generation, (uint32_t)generation);
	make_mac(tx, key, &packed, packed.mac);
	text = arena_alloc(tx->arena, sizeof(REFRESH_PREFIX) + B64URL_SIZE(sizeof(packed)));
	memcpy(text, REFRESH_PREFIX, sizeof(REFRESH_PREFIX) - 1);
	b64url_write(text + sizeof(REFRESH_PREFIX) - 1, &packed, sizeof(packed));
	return text;
}

int
refresh_read(struct tx *tx, const char *text, struct refresh_token *token)
{
	const struct keyring_mac *key;
	struct packed packed;
	uint8_t mac[SHA256_SIZE];

	if (!str_starts(text, REFRESH_PREFIX))
		return -1;
	text += sizeof(REFRESH_PREFIX) - 1;
	if (b64url_decode_exact(text, strlen(text), &packed, sizeof(packed)) != 0)
		return -1;
	key = keyring_mac_by_id(tx->live->ring, get32(packed.key));
	if (!key)
		return -1;
	make_mac(tx, key, &packed, mac);
	if (!hash_equal(mac, packed.mac, sizeof(mac)))
		return -1;
	memcpy(token->grant_id, packed.grant_id, ID_SIZE);
	token->generation = get32(packed.generation);
	return 0;
}
