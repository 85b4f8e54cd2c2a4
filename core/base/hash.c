/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 and HMAC-SHA-256 (RFC 2104) through EVP. Fetching an algorithm costs more than hashing a
 * token, so each process fetches once and keeps the digest and a MAC context without a key, which
 * is copied for every use.
 */
#include "core/base/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

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
