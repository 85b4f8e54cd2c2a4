/* SPDX-License-Identifier: ISC */
/*
 * Keys (RFC 7517, 7518 6, 8037): strict parsing of JWKs and JWK Sets, export of public members,
 * thumbprints (RFC 7638), making new ones, and the bytes under which private keys are stored. Only
 * keys fit for signatures are taken. Everything belongs to the arena that is passed.
 */
#ifndef OSTIARY_JOSE_JWK_H
#define OSTIARY_JOSE_JWK_H

#include "core/jose/jwa.h"

struct arena;
struct evp_pkey_st;
struct json_object;
struct rand_source;

#define JWK_SET_MAX      64   /* keys of one set */
#define JWK_KID_MAX      256  /* bytes of a key id */
#define JWK_RSA_BITS_MIN 2048 /* a smaller modulus is not safe (RFC 7518 3.3) */
#define JWK_RSA_BITS_MAX 8192 /* a larger one only costs time */
#define JWK_OCT_MIN      16   /* bytes; each HMAC algorithm asks for more: see jwk_fits() */
#define JWK_OCT_MAX      512
#define JWK_DER_MAX      8192 /* bytes of a stored private key */

struct jwk {
	enum jwk_kty kty;
	const char *curve;       /* "P-256", "P-384", "P-521", "Ed25519"; NULL for RSA and oct */
	const char *kid;         /* NULL when the key has none */
	enum jws_alg alg;        /* JWS_NONE when the key does not bind itself to one */
	const char *use;         /* "sig", or NULL when it does not say */
	bool may_verify;         /* "key_ops" and "use" allow it */
	bool may_sign;           /* they allow it, and it is private */
	bool is_private;         /* it has the private half, or is symmetric */
	struct evp_pkey_st *key; /* NULL for oct */
	struct evp_md_ctx_st
		*prepared;    /* see jws_prepare_check(); NULL: each check sets up its own */
	const uint8_t *bytes; /* oct only */
	size_t size;          /* of bytes; RSA: of the modulus */
};

enum jwk_accept {
	JWK_ACCEPT_PUBLIC, /* from outside: a private or symmetric key is refused as a leak */
	JWK_ACCEPT_ANY,
};

enum jwk_verdict {
	JWK_OK,
	JWK_MALFORMED,   /* a member is missing, of the wrong type, or badly encoded */
	JWK_UNSUPPORTED, /* well-formed, but a type, curve or use that is not for our signatures */
	JWK_WEAK,        /* a size or an exponent outside the range */
	JWK_INVALID,     /* the numbers are no key: off the curve, halves that do not match … */
	JWK_CONFLICT,    /* use, key_ops, alg and kty contradict each other */
	JWK_LEAKED,      /* private members where only public ones may be */
	JWK_TOO_MANY,    /* a set of more than JWK_SET_MAX */
};

/* Private text for the log. */
const char *jwk_verdict_text(enum jwk_verdict verdict);

/* Parses one JWK. *jwk is written on JWK_OK alone. */
enum jwk_verdict jwk_parse(struct arena *arena, const struct json_object *object,
			   enum jwk_accept accept, struct jwk *jwk)
	__attribute__((warn_unused_result));

/* A symmetric key of bytes, copied: a client secret (OpenID Connect Core 10.1) or a MAC key. */
struct jwk jwk_from_bytes(struct arena *arena, const void *bytes, size_t size);

/* The key may be used with alg: type, curve, size, and the algorithm that it names itself. */
bool jwk_fits(const struct jwk *jwk, enum jws_alg alg);

/* The only algorithm of an EC or OKP key, or the one that the key names; else JWS_NONE. */
enum jws_alg jwk_only_alg(const struct jwk *jwk);

/* kty, key members, and kid, alg and use where they are set. Never a private member: a symmetric
 * key is a bug. */
struct json_object *jwk_export_public(struct arena *arena, const struct jwk *jwk);

/* The public half as a key of its own; it shares memory with jwk. */
struct jwk jwk_public_half(const struct jwk *jwk);

/* base64url SHA-256 thumbprint (RFC 7638, RFC 8037 2). */
char *jwk_thumbprint(struct arena *arena, const struct jwk *jwk);

/* A fresh private key for alg, bound to it, its thumbprint as kid, use "sig". rsa_bits is for RSA
 * alone, 0 meaning 2048; out of range is a bug. */
struct jwk jwk_generate(struct arena *arena, enum jws_alg alg, unsigned rsa_bits);

/* The private key as PKCS#8 DER (oct: its bytes): for sealing. A public key is a bug. */
uint8_t *jwk_private_bytes(struct arena *arena, const struct jwk *jwk, size_t *size);

/* The reverse: a private key bound to alg. kid may be NULL, then it is the thumbprint. */
enum jwk_verdict jwk_from_private_bytes(struct arena *arena, enum jws_alg alg, const char *kid,
					const void *bytes, size_t size, struct jwk *jwk)
	__attribute__((warn_unused_result));

struct jwk_set {
	const struct jwk *key;
	size_t count;
	size_t skipped; /* entries that were unsupported or weak (RFC 7517 5) */
};

/*
 * Parses {"keys":[…]}. Unsupported and weak entries are skipped; anything else that is wrong with
 * an entry refuses the whole set, so that a client learns of it. Two keys that one (kid, kty) pair
 * names, and symmetric keys beside asymmetric ones, are JWK_CONFLICT.
 */
enum jwk_verdict jwk_set_parse(struct arena *arena, const struct json_object *object,
			       enum jwk_accept accept, struct jwk_set *set)
	__attribute__((warn_unused_result));

/*
 * The next key at or behind *position that fits alg, may verify and has this kid; a NULL kid
 * matches every key, a key without kid matches a NULL kid only. Moves *position behind it; NULL
 * when there is none.
 */
const struct jwk *jwk_set_next(const struct jwk_set *set, const char *kid, enum jws_alg alg,
			       size_t *position);

#endif
