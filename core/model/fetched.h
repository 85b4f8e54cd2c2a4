/* SPDX-License-Identifier: ISC */
/*
 * Documents of others as they are kept, and who of many fetches one. The rules of time are the
 * caller's (core/port/remote.c): here they are conditions of single statements.
 */
#ifndef OSTIARY_MODEL_FETCHED_H
#define OSTIARY_MODEL_FETCHED_H

#include <stddef.h>

#include "core/base/hash.h"
#include "core/model/store.h"

struct arena;

/* Seconds after the last try that a row is kept which does not say when it goes: those that the
 * version before writes. */
#define FETCHED_KEPT ((int64_t)30 * 86400)

struct fetched_row {
	uint8_t url_hash[SHA256_SIZE]; /* of purpose and URL */
	const char *url;
	const uint8_t *body; /* NULL: it never came; a NUL follows it */
	size_t size;
	const char *type;      /* NULL */
	int64_t fetched_at;    /* 0: never */
	int64_t fresh_until;   /* 0: never */
	int64_t tried_at;      /* when somebody last began to fetch it */
	int64_t claimed_until; /* 0: nobody is fetching it */
	const char *failure;   /* of the last try; NULL: it succeeded */
};

enum store_verdict fetched_find(struct store *store, struct arena *arena,
				const uint8_t url_hash[SHA256_SIZE], struct fetched_row *row)
	__attribute__((warn_unused_result));

/* The right to fetch, until a time; of several who ask at once one gets it. */
struct fetched_claim {
	uint8_t url_hash[SHA256_SIZE];
	const char *url;
	int64_t now;
	int64_t tried_before; /* not when it was tried later than this, unless who tried gave up */
	int64_t until;        /* later than now; what tells this claim from a later one */
	int64_t forget_at;    /* when the purge takes the row; the later one of several claims */
};

/* STORE_OK: it is yours. STORE_NONE: somebody is fetching it, or it was tried too lately. */
enum store_verdict fetched_claim(struct store *store, const struct fetched_claim *claim)
	__attribute__((warn_unused_result));

/* What came: body, size, type, fetched_at and fresh_until of row. STORE_NONE: the claim was lost to
 * another, whose document stays. */
enum store_verdict fetched_keep(struct store *store, const struct fetched_claim *claim,
				const struct fetched_row *row) __attribute__((warn_unused_result));

/* It did not come; what is kept stays as it is. */
enum store_verdict fetched_fail(struct store *store, const struct fetched_claim *claim,
				const char *failure) __attribute__((warn_unused_result));

/* Nobody was asked: the next may try at once. */
enum store_verdict fetched_give_up(struct store *store, const struct fetched_claim *claim)
	__attribute__((warn_unused_result));

#endif
