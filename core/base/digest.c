/* SPDX-License-Identifier: ISC */
/*
 * Digests through EVP, by name. One context serves the thousands of digests of a stretched hash.
 */
#include "core/base/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"

struct digest {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

static const struct {
	const char *name;
	size_t size;
} kinds[] = {
	[DIGEST_MD5] = {"MD5", MD5_SIZE},
	[DIGEST_SHA1] = {"SHA1", 20},
	[DIGEST_SHA256] = {"SHA256", 32},
	[DIGEST_SHA512] = {"SHA512", DIGEST_SIZE_MAX},
};

size_t
digest_size(enum digest_kind kind)
{
	return kinds[kind].size;
}

struct digest *
digest_new(enum digest_kind kind)
{
	struct digest *digest = calloc(1, sizeof(*digest));

	if (!digest)
		bug("out of memory");
	digest->algorithm = EVP_MD_fetch(NULL, kinds[kind].name, NULL);
	digest->context = EVP_MD_CTX_new();
	if (!digest->algorithm || !digest->context) {
		ERR_clear_error();
		digest_free(digest);
		return NULL;
	}
	return digest;
}

void
digest_free(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->algorithm);
	free(digest);
}

void
digest_begin(struct digest *digest)
{
	if (EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) != 1)
		bug("a digest cannot begin");
}

void
digest_add(struct digest *digest, const void *data, size_t size)
{
	if (EVP_DigestUpdate(digest->context, data, size) != 1)
		bug("a digest cannot go on");
}

void
digest_end(struct digest *digest, uint8_t *bytes)
{
	if (EVP_DigestFinal_ex(digest->context, bytes, NULL) != 1)
		bug("a digest cannot end");
}

void
digest_hmac_sha384(const char *key, const void *data, size_t size, uint8_t bytes[SHA384_SIZE])
{
	size_t written = 0;

	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA384", NULL, key, strlen(key), data, size, bytes,
		       SHA384_SIZE, &written) ||
	    written != SHA384_SIZE)
		bug("HMAC-SHA-384 failed");
}
