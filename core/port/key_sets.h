/* SPDX-License-Identifier: ISC */
/*
 * Parsed key sets of others, kept for the life of the process: parsing an RSA key costs more than
 * checking a signature with it. Found by the SHA-256 of their text, so a set is never out of date.
 */
#ifndef OSTIARY_PORT_KEY_SETS_H
#define OSTIARY_PORT_KEY_SETS_H

#include <stddef.h>

struct jwk_set;
struct key_sets;

#define KEY_SETS_MAX 64 /* sets that are kept; the one unused for longest goes */

struct key_sets *key_sets_new(void) __attribute__((returns_nonnull, warn_unused_result));
void key_sets_free(struct key_sets *sets);

/*
 * The set of a JWK Set's text (public keys alone, at most JSON_TEXT_MAX bytes), or NULL with *why:
 * private text that is constant. Keys that go with one algorithm are ready for checking. The set
 * lives until KEY_SETS_MAX others were asked for: for the request in work, and no longer.
 */
const struct jwk_set *key_sets_get(struct key_sets *sets, const char *text, size_t size,
				   const char **why) __attribute__((warn_unused_result));

#endif
