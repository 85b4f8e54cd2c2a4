/* SPDX-License-Identifier: ISC */
/*
 * Digests that others chose long ago: of passwords that were stored elsewhere. What this program
 * decides itself is in core/base/hash.h.
 */
#ifndef OSTIARY_BASE_DIGEST_H
#define OSTIARY_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE_MAX 64
#define MD5_SIZE        16
#define SHA384_SIZE     48

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

size_t digest_size(enum digest_kind kind);

/* One digest after another is computed with it: begin, add any number of times, end. */
struct digest;

/* NULL where this machine's OpenSSL does not offer the kind (FIPS 140). */
struct digest *digest_new(enum digest_kind kind) __attribute__((warn_unused_result));
/* Wipes what it holds. NULL is allowed. */
void digest_free(struct digest *digest);

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *data, size_t size);
void digest_end(struct digest *digest, uint8_t *bytes); /* digest_size() of them */

/* HMAC-SHA-384 (RFC 2104, RFC 4231). */
void digest_hmac_sha384(const char *key, const void *data, size_t size, uint8_t bytes[SHA384_SIZE]);

#endif
