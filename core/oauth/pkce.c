/* SPDX-License-Identifier: ISC */
/*
 * PKCE with S256.
 */
#include "core/oauth/pkce.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/base/hash.h"

bool
pkce_challenge_valid(const char *challenge)
{
	uint8_t digest[SHA256_SIZE];

	return strlen(challenge) == CODE_CHALLENGE_SIZE &&
	       b64url_decode_exact(challenge, CODE_CHALLENGE_SIZE, digest, sizeof(digest)) == 0;
}

bool
pkce_verifier_valid(const char *verifier)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t size = strlen(verifier);

	return size >= CODE_VERIFIER_MIN && size <= CODE_VERIFIER_MAX &&
	       strspn(verifier, unreserved) == size;
}

bool
pkce_matches(const char *verifier, const char *challenge)
{
	uint8_t digest[SHA256_SIZE];
	uint8_t expected[SHA256_SIZE];

	hash_sha256(verifier, strlen(verifier), digest);
	return b64url_decode_exact(challenge, strlen(challenge), expected, sizeof(expected)) == 0 &&
	       hash_equal(digest, expected, sizeof(digest));
}
