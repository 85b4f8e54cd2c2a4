/* SPDX-License-Identifier: ISC */
/*
 * Between signing and verifying: prepared OpenSSL contexts and the two shapes of an ECDSA
 * signature. Not for other modules.
 */
#ifndef OSTIARY_JOSE_JWS_EVP_H
#define OSTIARY_JOSE_JWS_EVP_H

#include <openssl/evp.h>

#include "core/jose/jws.h"

#define JWS_SIGNATURE_MAX (JWK_RSA_BITS_MAX / 8) /* bytes of the longest signature */
#define JWS_DER_MAX       144 /* bytes of an ECDSA signature on P-521 as DER, and a few */

/* Sets context up for row's digest and padding. 0, or -1 when OpenSSL refuses the key. */
int jws_evp_start(EVP_MD_CTX *context, const struct jwa *row, EVP_PKEY *key, bool sign)
	__attribute__((warn_unused_result));

/* r||s of size bytes from DER; 0, or -1. */
int jws_evp_raw(const uint8_t *der, size_t der_size, uint8_t *raw, size_t size)
	__attribute__((warn_unused_result));

/* DER from r||s; *der_size is what der takes and what was written. 0, or -1. */
int jws_evp_der(const uint8_t *raw, size_t size, uint8_t *der, size_t *der_size)
	__attribute__((warn_unused_result));

#endif
