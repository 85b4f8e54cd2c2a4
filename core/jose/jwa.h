/* SPDX-License-Identifier: ISC */
/*
 * The signature algorithms that are offered (RFC 7518 3, RFC 8037), as one table: wire name, key
 * type, digest, sizes. "none" is not among them and has no name here. Sets of algorithms say what
 * a caller allows; what a message claims is only ever compared with such a set.
 */
#ifndef OSTIARY_JOSE_JWA_H
#define OSTIARY_JOSE_JWA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

struct arena;

enum jws_alg {
	JWS_NONE, /* no algorithm: an unknown name, or none stated */
	JWS_RS256,
	JWS_RS384,
	JWS_RS512,
	JWS_PS256,
	JWS_PS384,
	JWS_PS512,
	JWS_ES256,
	JWS_ES384,
	JWS_ES512,
	JWS_EDDSA,
	JWS_HS256,
	JWS_HS384,
	JWS_HS512,
	JWS_ALG_COUNT,
};

enum jwk_kty { JWK_RSA, JWK_EC, JWK_OKP, JWK_OCT };

struct jwa {
	const char *name; /* on the wire */
	enum jwk_kty kty;
	const char *curve;       /* "crv" of its keys; NULL for RSA and HMAC */
	const char *digest;      /* what is signed; NULL for EdDSA, which hashes by itself */
	const char *half_digest; /* what at_hash and c_hash are made with */
	size_t signature_size;   /* bytes in the message, r||s for ECDSA; 0: that of the RSA modulus
				  */
	unsigned min_bits;       /* of the RSA modulus or the HMAC key; 0 where the curve says it */
	bool pss;
};

/* The row of an algorithm; NULL for JWS_NONE. */
const struct jwa *jwa_row(enum jws_alg alg);

/* JWS_NONE for "none", NULL and anything unknown. Case matters (RFC 7515 4.1.1). */
enum jws_alg jws_alg_by_name(const char *name);

/* NULL for JWS_NONE. */
const char *jws_alg_name(enum jws_alg alg);

/* A set of algorithms; {0} is empty and allows nothing. JWS_NONE is never a member. */
struct jws_alg_set {
	uint32_t bits;
};

#define JWS_ALG_BIT(alg)     (UINT32_C(1) << (alg))
#define JWS_ALGS_RSA         (UINT32_C(0x7e))
#define JWS_ALGS_EC_OKP      (UINT32_C(0x780))
#define JWS_ALGS_ASYMMETRIC  (JWS_ALGS_RSA | JWS_ALGS_EC_OKP)
#define JWS_ALGS_MAC         (UINT32_C(0x3800))
#define JWS_ALG_SET_ONE(alg) ((struct jws_alg_set){.bits = JWS_ALG_BIT(alg)})

bool jws_alg_set_has(struct jws_alg_set set, enum jws_alg alg);
void jws_alg_set_add(struct jws_alg_set *set, enum jws_alg alg);

/* The set of a list of names. 0, or -1 when a name is unknown ("none" is). */
int jws_alg_set_from_names(const struct strlist *names, struct jws_alg_set *set)
	__attribute__((warn_unused_result));

/* The names in the order of the enum: for discovery documents. */
struct strlist jws_alg_set_names(struct arena *arena, struct jws_alg_set set);

/*
 * base64url of the left half of text's digest with the hash of alg: at_hash, c_hash (OpenID Connect
 * Core 3.1.3.6, 3.3.2.11) and s_hash. EdDSA with Ed25519 takes SHA-512. JWS_NONE is a bug.
 */
char *jwa_half_hash(struct arena *arena, enum jws_alg alg, const char *text);

#endif
