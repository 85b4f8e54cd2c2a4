/* SPDX-License-Identifier: ISC */
/*
 * Compact signed messages (RFC 7515 3.1, 7.1): making and checking them. The algorithm of a message
 * must be in the caller's allowed set and fit the key; "none", "crit" and "b64" (RFC 7797) are
 * refused, and "jwk", "jku", "x5c" and "x5u" in a header are never used to find a key here.
 */
#ifndef OSTIARY_JOSE_JWS_H
#define OSTIARY_JOSE_JWS_H

#include "core/jose/jwk.h"

#define JWS_TEXT_MAX   16384 /* bytes of a message from outside */
#define JWS_HEADER_MAX 6144  /* bytes of its decoded header: an RSA key of 8192 bits fits */
#define JWS_TRIES_MAX  4     /* keys of a set that are tried when a message names none */

enum jws_verdict {
	JWS_OK,
	JWS_TOO_LARGE,
	JWS_MALFORMED,   /* not three strict base64url parts, or a header that breaks a rule */
	JWS_CRIT,        /* "crit" or "b64" */
	JWS_ALG_REFUSED, /* unknown, "none", or not in the allowed set */
	JWS_KEY_UNKNOWN, /* no key of the set has this kid and fits the algorithm */
	JWS_KEY_UNFIT,   /* the key does not go with the algorithm, or may not be used so */
	JWS_BAD_SIGNATURE,
};

/* Private text for the log. */
const char *jws_verdict_text(enum jws_verdict verdict);

/* A message taken apart. Nothing in it may be believed before a jws_verify_… said JWS_OK. */
struct jws {
	struct json_object *header;
	enum jws_alg alg;
	const char *kid;        /* NULL when absent */
	const char *typ;        /* NULL when absent */
	const uint8_t *payload; /* a NUL follows it */
	size_t payload_size;
	const char *input; /* what is signed: a part of the text that was parsed */
	size_t input_size;
	const uint8_t *signature;
	size_t signature_size;
};

/* Takes text apart without verifying: to learn alg, kid, typ or an embedded key. text must live as
 * long as *jws. */
enum jws_verdict jws_read_unverified(struct arena *arena, const char *text, size_t size,
				     struct jws *jws) __attribute__((warn_unused_result));

/* Verifies a message that was taken apart with one key. */
enum jws_verdict jws_check(const struct jws *jws, const struct jwk *key, struct jws_alg_set allowed)
	__attribute__((warn_unused_result));

/*
 * The same with a key set: with the key that the message's kid names, or where it names none with
 * those that fit, at most JWS_TRIES_MAX.
 */
enum jws_verdict jws_check_set(const struct jws *jws, const struct jwk_set *set,
			       struct jws_alg_set allowed) __attribute__((warn_unused_result));

/*
 * Makes a key that is bound to its algorithm ready for many checks: setting up costs a twentieth of
 * an ES256 one. What is made belongs to the arena, which must live as long as the key.
 */
void jws_prepare_check(struct arena *arena, struct jwk *key);

/* Reads and verifies with one key; the message's kid is not looked at. *jws is written on JWS_OK
 * alone. */
enum jws_verdict jws_verify(struct arena *arena, const char *text, size_t size,
			    const struct jwk *key, struct jws_alg_set allowed, struct jws *jws)
	__attribute__((warn_unused_result));

/* The same with the keys of a set that the message's kid and algorithm select. A message without
 * kid is tried with at most JWS_TRIES_MAX keys. */
enum jws_verdict jws_verify_set(struct arena *arena, const char *text, size_t size,
				const struct jwk_set *set, struct jws_alg_set allowed,
				struct jws *jws) __attribute__((warn_unused_result));

/*
 * A private key made ready to sign with one algorithm. Made once for each key in a long-lived
 * arena and used by one thread; forked children may each use their copy.
 */
struct jws_signer;

/* NULL when the key does not fit alg or may not sign. kid is what headers will say (NULL: none). */
struct jws_signer *jws_signer_new(struct arena *arena, const struct jwk *key, enum jws_alg alg,
				  const char *kid) __attribute__((warn_unused_result));
enum jws_alg jws_signer_alg(const struct jws_signer *signer);
const char *jws_signer_kid(const struct jws_signer *signer);

/* Header members beside alg and kid. NULL members are left out. */
struct jws_header {
	const char *typ;
	const char *cty;
	struct json_object *jwk;
};

/* The compact message, in the arena. Failure of the crypto library is a bug. */
char *jws_sign(struct arena *arena, const struct jws_signer *signer,
	       const struct jws_header *header, const void *payload, size_t size);

/* Compact message of an object's text. */
char *jws_sign_object(struct arena *arena, const struct jws_signer *signer,
		      const struct jws_header *header, struct json_object *claims);

#endif
