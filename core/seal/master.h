/* SPDX-License-Identifier: ISC */
/*
 * The master keys as the files of this layer see them. Not for other modules.
 */
#ifndef OSTIARY_SEAL_MASTER_H
#define OSTIARY_SEAL_MASTER_H

#include <openssl/evp.h>

#include "core/seal/seal.h"

struct master_key {
	uint8_t key[SEAL_KEY_SIZE];
	uint8_t id[SEAL_ID_SIZE];
};

struct master {
	struct master_key key[SEAL_MASTERS_MAX]; /* the first one seals */
	size_t count;
	EVP_CIPHER *cipher;      /* fetched once: fetching costs as much as sealing */
	EVP_CIPHER_CTX *context; /* set up anew for each value */
};

/* NULL when no master key has this id. */
const struct master_key *master_by_id(const struct master *master, const uint8_t *id);

#endif
