/* SPDX-License-Identifier: ISC */
/*
 * Shared by the files of key management alone: reading a realm's keys, finding one, and the three
 * changes of state that both a person and age can cause.
 */
#ifndef OSTIARY_MANAGE_KEY_ROW_H
#define OSTIARY_MANAGE_KEY_ROW_H

#include "core/base/hash.h"
#include "core/manage/manage_key.h"

/* Every algorithm that realms have keys of. */
extern const char *const key_algs[];
extern const size_t key_algs_count;

/* The realm's keys, newest first; an empty list is STORE_OK. */
enum store_verdict key_read(struct tx *tx, struct key_list *list);

bool key_is(const struct key_row *row, enum key_state state);
const struct key_row *key_newest(const struct key_list *list, const char *alg,
				 enum key_state state);
const struct key_row *key_by_kid(const struct key_list *list, const char *kid);

/* "ES256 KID": the record's detail. */
const char *key_detail(struct tx *tx, const struct key_row *row);

/* The verdict of a change of state: NONE means that somebody else changed the key first. */
enum manage_verdict key_outcome(enum store_verdict stored, const char *kid, struct buf *why);

/* Publishes a new NEXT key. */
enum manage_verdict key_add_next(struct tx *tx, const char *alg, struct buf *report,
				 struct buf *why);
/* NEXT becomes ACTIVE, every other ACTIVE of the algorithm RETIRED. */
enum manage_verdict key_promote(struct tx *tx, const struct key_list *list,
				const struct key_row *next, struct buf *report, struct buf *why);
/* A new ACTIVE key at once, every other of the algorithm RETIRED. */
enum manage_verdict key_replace(struct tx *tx, const struct key_list *list, const char *alg,
				struct buf *report, struct buf *why);

/* Seals the sealed secrets of the realm's clients under the current master. */
enum store_verdict key_rewrap_secrets(struct tx *tx, struct manage_rewrap *done, struct buf *why);

#endif
