/* SPDX-License-Identifier: ISC */
/*
 * An authorization request that its client pushed (RFC 9126): stored under a handle that the
 * browser brings as request_uri. It is good once. A sign-in that began with it in time may take as
 * long as its pages are good, so the row outlives the handle.
 */
#ifndef OSTIARY_MODEL_PUSHED_H
#define OSTIARY_MODEL_PUSHED_H

#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

#define PUSHED_REQUEST_MAX 15360 /* bytes of a request as a query string */

struct pushed_request {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	const char *client_id;
	uint8_t hash[SHA256_SIZE]; /* of the handle's secret */
	const char *request;       /* a query string */
	int64_t created_at;
	int64_t usable_until; /* a browser must come with it before */
	int64_t expires_at;   /* a sign-in that began with it is over then */
	int64_t consumed_at;  /* 0: not yet */
};

/* ---- storage ---- */

enum store_verdict pushed_insert(struct store *store, const struct pushed_request *row);

/* NONE also for a wrong secret. */
enum store_verdict pushed_find(struct store *store, struct arena *arena, uint32_t realm_id,
			       const uint8_t id[ID_SIZE], const uint8_t hash[SHA256_SIZE],
			       struct pushed_request *row);

/* OK for exactly one caller; NONE when it was consumed, is over, or the secret is wrong. Joins the
 * transaction that completes the authorization. */
enum store_verdict pushed_consume(struct store *store, const uint8_t id[ID_SIZE],
				  const uint8_t hash[SHA256_SIZE], int64_t now);

#endif
