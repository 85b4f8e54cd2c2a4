/* SPDX-License-Identifier: ISC */
/*
 * JWTs (RFC 7519, 8725): the registered claims of a verified message against the caller's rules.
 * Times are integers in seconds (a fraction is refused), text is text, "aud" is a string or an
 * array of strings. What the rules do not name is not judged, but its type still is.
 */
#ifndef OSTIARY_JOSE_JWT_H
#define OSTIARY_JOSE_JWT_H

#include "core/jose/keyring.h"

#define JWT_AUDIENCES_MAX 32
#define JWT_TIME_MAX      INT64_C(253402300799) /* 9999-12-31; later times are typing errors */

enum jwt_verdict {
	JWT_OK,
	JWT_MALFORMED, /* no JWS, or its payload is no strict JSON object */
	JWT_TOO_LARGE,
	JWT_CRIT,
	JWT_ALG_REFUSED,
	JWT_KEY_UNKNOWN,
	JWT_KEY_UNFIT,
	JWT_BAD_SIGNATURE,
	JWT_WRONG_TYPE,    /* "typ" is not the one asked for */
	JWT_BAD_CLAIM,     /* a registered claim of the wrong type or out of range */
	JWT_CLAIM_MISSING, /* a claim that the rules require */
	JWT_EXPIRED,
	JWT_NOT_YET,        /* nbf or iat lies in the future */
	JWT_TOO_OLD,        /* iat lies further back than max_age */
	JWT_TOO_LONG_LIVED, /* exp lies further ahead than max_life */
	JWT_WRONG_ISSUER,
	JWT_WRONG_SUBJECT,
	JWT_WRONG_AUDIENCE,
};

/* Private text for the log. */
const char *jwt_verdict_text(enum jwt_verdict verdict);

/* Claims that must be there. */
enum {
	JWT_NEED_EXP = 1 << 0,
	JWT_NEED_IAT = 1 << 1,
	JWT_NEED_NBF = 1 << 2,
	JWT_NEED_ISS = 1 << 3,
	JWT_NEED_SUB = 1 << 4,
	JWT_NEED_AUD = 1 << 5,
	JWT_NEED_JTI = 1 << 6,
};

/* Zero and NULL members ask for nothing; what is named (iss, sub, aud, typ) must be there. */
struct jwt_rules {
	struct jws_alg_set algs; /* allowed; an empty set refuses everything */
	int64_t now;             /* seconds since 1970 */
	int64_t leeway;          /* seconds of clock difference that are forgiven */
	int64_t max_age;         /* seconds from iat until now */
	int64_t max_life;        /* seconds from now until exp */
	unsigned need;           /* JWT_NEED_… */
	bool ignore_exp;         /* id_token_hint: expired ones are good (RP-Initiated Logout 2) */
	const char *typ;   /* compared without case and without "application/" (RFC 7515 4.1.9) */
	bool typ_optional; /* an absent typ is good too */
	const char *iss;   /* exactly this */
	const char *sub;   /* exactly this */
	const struct strlist *auds; /* at least one of these */
	bool aud_alone;             /* … and nothing else beside it */
	bool aud_text;              /* "aud" must be a string, not an array */
};

struct jwt {
	struct jws jws;
	struct json_object *claims;
	const char *iss; /* NULL when absent, as are sub and jti */
	const char *sub;
	const char *jti;
	struct strlist aud; /* empty when absent */
	bool aud_is_array;
	int64_t exp; /* -1 when absent, as are iat and nbf */
	int64_t iat;
	int64_t nbf;
};

/* Reads header and claims of text WITHOUT verifying anything: to find out whose key is needed. text
 * must live as long as *jwt. */
enum jwt_verdict jwt_read_unverified(struct arena *arena, const char *text, struct jwt *jwt)
	__attribute__((warn_unused_result));

/* Judges claims and typ alone; the signature is the caller's business. */
enum jwt_verdict jwt_check_claims(const struct jwt *jwt, const struct jwt_rules *rules)
	__attribute__((warn_unused_result));

/*
 * Signature first, then claims. *jwt is written on JWT_OK, and also when the signature is good but
 * a claim is not (verdicts from JWT_WRONG_TYPE on, except JWT_BAD_CLAIM); else it is untouched.
 */
enum jwt_verdict jwt_verify(struct arena *arena, const char *text, const struct jwk *key,
			    const struct jwt_rules *rules, struct jwt *jwt)
	__attribute__((warn_unused_result));

/* The same with a key set. */
enum jwt_verdict jwt_verify_set(struct arena *arena, const char *text, const struct jwk_set *set,
				const struct jwt_rules *rules, struct jwt *jwt)
	__attribute__((warn_unused_result));

/*
 * The same for a message of our own, with the key of a ring that its kid and algorithm name and
 * that is good for purpose. A message without kid is JWT_KEY_UNKNOWN: ours all have one.
 */
enum jwt_verdict jwt_verify_own(struct arena *arena, const char *text, const struct keyring *ring,
				enum key_purpose purpose, const struct jwt_rules *rules,
				struct jwt *jwt) __attribute__((warn_unused_result));

#endif
