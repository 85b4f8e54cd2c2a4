/* SPDX-License-Identifier: ISC */
/*
 * Proof Key for Code Exchange (RFC 7636), S256 alone.
 */
#ifndef OSTIARY_OAUTH_PKCE_H
#define OSTIARY_OAUTH_PKCE_H

#include <stdbool.h>

#define CODE_CHALLENGE_SIZE 43 /* base64url of a SHA-256 digest */
#define CODE_VERIFIER_MIN   43
#define CODE_VERIFIER_MAX   128

/* 43 base64url characters that decode to 32 bytes (RFC 7636 4.2). */
bool pkce_challenge_valid(const char *challenge);

/* 43 to 128 unreserved characters (RFC 7636 4.1). */
bool pkce_verifier_valid(const char *verifier);

/* RFC 7636 4.6, in constant time. */
bool pkce_matches(const char *verifier, const char *challenge);

#endif
