/* SPDX-License-Identifier: ISC */
/*
 * Between the files that parse, export and make keys: the numbers of a key as bytes, and OpenSSL
 * objects built from them. Not for other modules.
 */
#ifndef OSTIARY_JOSE_JWK_KEY_H
#define OSTIARY_JOSE_JWK_KEY_H

#include "core/jose/jwk.h"

struct jwk_number {
	const uint8_t *data; /* big endian; NULL when the member is absent */
	size_t size;
};

/* The members of RFC 7518 6 that OpenSSL wants to know. */
struct jwk_numbers {
	struct jwk_number n, e, d, p, q, dp, dq, qi; /* RSA */
	struct jwk_number x, y;                      /* EC; OKP has x alone; both share d */
};

struct jwk_curve {
	const char *name;    /* "crv" */
	const char *openssl; /* what OpenSSL calls it */
	enum jwk_kty kty;
	size_t size; /* bytes of a coordinate and of the private number */
};

/* NULL when there is no such curve. */
const struct jwk_curve *jwk_curve_by_name(const char *name);
const struct jwk_curve *jwk_curve_by_openssl_name(const char *name);

/*
 * Builds and judges an OpenSSL key: jwk->kty, ->curve and ->is_private say which; sets ->key and
 * ->size. Sizes of EC and OKP numbers were checked before. RSA ranges are checked here.
 */
enum jwk_verdict jwk_build(struct arena *arena, const struct jwk_numbers *numbers, struct jwk *jwk)
	__attribute__((warn_unused_result));

/* Hands key to the arena. */
void jwk_own(struct arena *arena, struct evp_pkey_st *key);

/* Size and exponent of an RSA key that OpenSSL holds: JWK_OK, JWK_WEAK or JWK_INVALID. Sets
 * jwk->size. */
enum jwk_verdict jwk_judge_rsa(struct jwk *jwk) __attribute__((warn_unused_result));

#endif
