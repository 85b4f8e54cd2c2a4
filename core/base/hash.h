/* SPDX-License-Identifier: ISC */
/*
 * Digests, comparison in constant time and wiping. Digests of fixed length only, so a call cannot
 * get sizes wrong.
 */
#ifndef OSTIARY_BASE_HASH_H
#define OSTIARY_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

void hash_sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);
void hash_hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size,
		      uint8_t digest[SHA256_SIZE]);

/* SipHash-2-4 of a short text under a secret key: for tables that strangers fill. */
uint64_t hash_short(const uint64_t key[2], const void *data, size_t size);

/* Equal; the time depends on size alone. */
bool hash_equal(const void *a, const void *b, size_t size);

/* Overwrites memory in a way that the compiler keeps. */
void hash_wipe(void *data, size_t size);

#endif
