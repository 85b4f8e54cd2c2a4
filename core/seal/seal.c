/* SPDX-License-Identifier: ISC */
/*
 * Sealing and opening values. HKDF (RFC 5869) is two HMACs here, because one block is all that is
 * wanted; each value has its own salt and so its own key, which makes the nonce a formality.
 */
#include "core/seal/seal.h"

#include <openssl/err.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/seal/master.h"

#define VERSION    1
#define SALT_SIZE  16
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define HEAD_SIZE  (1 + SEAL_ID_SIZE + SALT_SIZE + NONCE_SIZE)
#define AAD_MAX    (SEAL_PURPOSE_MAX + 1 + SEAL_REALM_MAX + 1 + SEAL_ROW_MAX)

_Static_assert(SEAL_OVERHEAD == HEAD_SIZE + TAG_SIZE, "the header tells the size");

static const char *const verdict_texts[] = {
	[SEAL_OK] = "sealed value is good",
	[SEAL_MALFORMED] = "not a sealed value",
	[SEAL_NO_MASTER] = "sealed under a master key that is not here",
	[SEAL_FORGED] = "sealed value changed, or made for another place",
};

const char *
seal_verdict_text(enum seal_verdict verdict)
{
	return verdict_texts[verdict];
}

/* HKDF-SHA256 with one block of output. info and its size come from within. */
static void
derive(const struct master_key *master, const uint8_t salt[SALT_SIZE], const void *info,
       size_t info_size, uint8_t key[SEAL_KEY_SIZE])
{
	uint8_t extracted[SHA256_SIZE];
	uint8_t block[AAD_MAX + 1];

	memcpy(block, info, info_size);
	block[info_size] = 1;
	hash_hmac_sha256(salt, SALT_SIZE, master->key, SEAL_KEY_SIZE, extracted);
	hash_hmac_sha256(extracted, sizeof(extracted), block, info_size + 1, key);
	hash_wipe(extracted, sizeof(extracted));
}

static size_t
append(uint8_t *target, size_t size, const void *data, size_t data_size, size_t max)
{
	if (data_size > max)
		bug("a sealed value's place is too long");
	if (data_size > 0)
		memcpy(target + size, data, data_size);
	return size + data_size;
}

/* purpose NUL realm NUL row; the NULs make it unambiguous, as texts hold none. */
static size_t
place_bytes(const struct seal_place *place, uint8_t bytes[AAD_MAX])
{
	size_t size = append(bytes, 0, place->purpose, strlen(place->purpose), SEAL_PURPOSE_MAX);

	bytes[size++] = '\0';
	size = append(bytes, size, place->realm, strlen(place->realm), SEAL_REALM_MAX);
	bytes[size++] = '\0';
	return append(bytes, size, place->row, place->row_size, SEAL_ROW_MAX);
}

/* Sets the cipher up with the value's own key and takes in what it is bound to. */
static void
start(const struct master *master, const struct master_key *key, const uint8_t *head,
      const struct seal_place *place, int encrypt)
{
	const uint8_t *salt = head + 1 + SEAL_ID_SIZE;
	uint8_t own[SEAL_KEY_SIZE];
	uint8_t aad[AAD_MAX];
	size_t aad_size = place_bytes(place, aad);
	int length;

	derive(key, salt, place->purpose, strlen(place->purpose), own);
	if (EVP_CipherInit_ex2(master->context, master->cipher, own, salt + SALT_SIZE, encrypt,
			       NULL) != 1 ||
	    EVP_CipherUpdate(master->context, NULL, &length, aad, (int)aad_size) != 1)
		bug("AES-GCM setup failed");
	hash_wipe(own, sizeof(own));
}

uint8_t *
seal_value(struct arena *arena, const struct master *master, const struct rand_source *source,
	   const struct seal_place *place, const void *plain, size_t size, size_t *sealed_size)
{
	const struct master_key *key = &master->key[0];
	uint8_t *sealed;
	int length = 0;

	if (size > SEAL_PLAIN_MAX)
		bug("a value too large to seal");
	sealed = arena_alloc(arena, size + SEAL_OVERHEAD);
	sealed[0] = VERSION;
	memcpy(sealed + 1, key->id, SEAL_ID_SIZE);
	rand_fill(source, sealed + 1 + SEAL_ID_SIZE, SALT_SIZE + NONCE_SIZE);
	start(master, key, sealed, place, 1);
	if ((size > 0 && EVP_CipherUpdate(master->context, sealed + HEAD_SIZE, &length, plain,
					  (int)size) != 1) ||
	    EVP_CipherFinal_ex(master->context, sealed + HEAD_SIZE + length, &length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(master->context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
				sealed + HEAD_SIZE + size) != 1)
		bug("AES-GCM failed");
	*sealed_size = size + SEAL_OVERHEAD;
	return sealed;
}

enum seal_verdict
seal_open(struct arena *arena, const struct master *master, const struct seal_place *place,
	  const void *sealed, size_t sealed_size, uint8_t **plain, size_t *size)
{
	const uint8_t *bytes = sealed;
	const struct master_key *key;
	uint8_t tag[TAG_SIZE];
	uint8_t *result;
	size_t inner;
	int length = 0;

	if (sealed_size < SEAL_OVERHEAD || sealed_size > SEAL_PLAIN_MAX + SEAL_OVERHEAD ||
	    bytes[0] != VERSION)
		return SEAL_MALFORMED;
	key = master_by_id(master, bytes + 1);
	if (key == NULL)
		return SEAL_NO_MASTER;
	inner = sealed_size - SEAL_OVERHEAD;
	result = arena_alloc(arena, inner + 1);
	memcpy(tag, bytes + HEAD_SIZE + inner, TAG_SIZE);
	start(master, key, bytes, place, 0);
	if ((inner > 0 && EVP_CipherUpdate(master->context, result, &length, bytes + HEAD_SIZE,
					   (int)inner) != 1) ||
	    EVP_CIPHER_CTX_ctrl(master->context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1)
		bug("AES-GCM failed");
	if (EVP_CipherFinal_ex(master->context, result + length, &length) != 1) {
		/* nobody may see what was not meant for this place */
		hash_wipe(result, inner);
		ERR_clear_error();
		return SEAL_FORGED;
	}
	*plain = result;
	*size = inner;
	return SEAL_OK;
}

char *
seal_text(struct arena *arena, const struct master *master, const struct rand_source *source,
	  const struct seal_place *place, const void *plain, size_t size)
{
	size_t sealed_size;
	const uint8_t *sealed = seal_value(arena, master, source, place, plain, size, &sealed_size);

	return b64url_encode(arena, sealed, sealed_size);
}

enum seal_verdict
seal_open_text(struct arena *arena, const struct master *master, const struct seal_place *place,
	       const char *text, uint8_t **plain, size_t *size)
{
	const size_t max = B64URL_SIZE((size_t)SEAL_PLAIN_MAX + SEAL_OVERHEAD);
	size_t text_size = strnlen(text, max + 1);
	size_t sealed_size;
	const uint8_t *sealed;

	if (text_size > max)
		return SEAL_MALFORMED;
	sealed = b64url_decode(arena, text, text_size, &sealed_size);
	if (sealed == NULL)
		return SEAL_MALFORMED;
	return seal_open(arena, master, place, sealed, sealed_size, plain, size);
}

bool
seal_is_old(const struct master *master, const void *sealed, size_t sealed_size)
{
	const uint8_t *bytes = sealed;

	return sealed_size >= SEAL_OVERHEAD &&
	       memcmp(bytes + 1, master->key[0].id, SEAL_ID_SIZE) != 0;
}

void
seal_derive(const struct master *master, const char *purpose, const char *realm,
	    uint8_t key[SEAL_KEY_SIZE])
{
	static const uint8_t salt[SALT_SIZE]; /* a random one would give another key each time */
	struct seal_place place = {.purpose = purpose, .realm = realm};
	uint8_t info[AAD_MAX];

	/* with its NULs it differs from every purpose alone, which is what sealing uses */
	derive(&master->key[0], salt, info, place_bytes(&place, info), key);
}
