/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 and HMAC-SHA-256 (RFC 2104) through EVP. Fetching an algorithm costs more than hashing a
 * token, so each process fetches once and keeps the digest and a MAC context without a key, which
 * is copied for every use.
 */
#include "core/base/hash.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

#include "core/base/bug.h"

static pthread_once_t fetched = PTHREAD_ONCE_INIT; /* set once */
static EVP_MD *sha256;                             /* set once */
static EVP_MAC_CTX *hmac_sha256;                   /* set once */

static void
fetch(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hmac_sha256 = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (sha256 == NULL || hmac_sha256 == NULL ||
	    EVP_MAC_CTX_set_params(hmac_sha256, params) != 1)
		bug("OpenSSL has no SHA-256");
}

void
hash_sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
	pthread_once(&fetched, fetch);
	if (EVP_Digest(data, size, digest, NULL, sha256, NULL) != 1)
		bug("SHA-256 failed");
}

void
hash_hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size,
		 uint8_t digest[SHA256_SIZE])
{
	static const uint8_t no_key[1];
	size_t written = 0;

	pthread_once(&fetched, fetch);

	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_sha256);

	/* a NULL key would mean "the one before" to EVP */
	if (context == NULL ||
	    EVP_MAC_init(context, key_size == 0 ? no_key : key, key_size, NULL) != 1 ||
	    EVP_MAC_update(context, data, size) != 1 ||
	    EVP_MAC_final(context, digest, &written, SHA256_SIZE) != 1 || written != SHA256_SIZE)
		bug("HMAC-SHA-256 failed");
	EVP_MAC_CTX_free(context);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
turn(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void
sip_rounds(struct sip *s, unsigned count)
{
	while (count-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = turn(s->v1, 13) ^ s->v0;
		s->v3 = turn(s->v3, 16) ^ s->v2;
		s->v0 = turn(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = turn(s->v1, 17) ^ s->v2;
		s->v3 = turn(s->v3, 21) ^ s->v0;
		s->v2 = turn(s->v2, 32);
	}
}

static void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_rounds(s, 2);
	s->v0 ^= word;
}

uint64_t
hash_short(const uint64_t key[2], const void *data, size_t size)
{
	/* "somepseudorandomlygeneratedbytes", as the algorithm says */
	struct sip s = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
	const uint8_t *bytes = data;
	uint64_t word, last = 0;
	size_t whole = size / sizeof(word) * sizeof(word);

	for (size_t i = 0; i < whole; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		sip_word(&s, le64toh(word));
	}
	memcpy(&last, bytes + whole, size - whole);
	sip_word(&s, le64toh(last) | (uint64_t)size << 56);
	s.v2 ^= 0xff;
	sip_rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

bool
hash_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void
hash_wipe(void *data, size_t size)
{
	if (data != NULL)
		OPENSSL_cleanse(data, size);
}
