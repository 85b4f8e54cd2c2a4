/* SPDX-License-Identifier: ISC */
/*
 * What may be seen once: the jti of an assertion or a proof. One insert with a unique key decides.
 */
#ifndef OSTIARY_MODEL_REPLAY_H
#define OSTIARY_MODEL_REPLAY_H

#include "core/base/hash.h"
#include "core/model/store.h"

/*
 * OK for exactly one caller, CONFLICT for all that come later. hash is that of purpose, realm,
 * issuer and jti; the row is kept until a minute after expires_at.
 */
enum store_verdict replay_first_seen(struct store *store, const uint8_t hash[SHA256_SIZE],
				     int64_t expires_at);

#endif
