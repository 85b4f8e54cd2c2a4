/* SPDX-License-Identifier: ISC */
/*
 * A device that waits for somebody to allow it in (RFC 8628): it polls with its device code while a
 * person types the user code on another machine. The row says what was asked for and from where,
 * when the device polled last, and what the person decided. What an approval gives is a grant; its
 * code is the device code, so that exactly one poll gets the tokens.
 */
#ifndef OSTIARY_MODEL_DEVICE_H
#define OSTIARY_MODEL_DEVICE_H

#include <stdbool.h>

#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

/* No vowels, so no words, and nothing that looks like another letter or a digit: 34.5 bits. */
#define USER_CODE_LETTERS   "BCDFGHJKLMNPQRSTVWXZ"
#define USER_CODE_SIZE      8
#define USER_CODE_INPUT_MAX 64 /* bytes that somebody may type */

#define DEVICE_POLL_INTERVAL 5 /* seconds */
#define DEVICE_SLOW_DOWN     5 /* seconds more after each poll that came too early */

struct device_request {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	const char *client_id;
	uint8_t hash[SHA256_SIZE]; /* of the device code's secret */
	const char *user_code;     /* its letters alone */
	const char *scope;
	const char *resources;  /* with blanks between; NULL */
	const char *address;    /* the device's; NULL */
	const char *user_agent; /* what it says of itself; NULL */
	int64_t created_at, expires_at;
	int64_t poll_interval; /* seconds */
	int64_t polled_at;     /* 0: not yet */
	int64_t decided_at;    /* 0: not yet */
	bool approved;
	uint8_t grant_id[ID_SIZE]; /* of an approved one */
};

enum device_state { DEVICE_PENDING, DEVICE_DENIED, DEVICE_APPROVED, DEVICE_EXPIRED };

enum device_state device_state(const struct device_request *request, int64_t now);

/* A fresh user code. */
char *user_code_make(struct arena *arena, const struct rand_source *random);

/*
 * The letters of a code as somebody types it: case, dashes and blanks do not matter. NULL when that
 * is no user code, or longer than USER_CODE_INPUT_MAX. text may be NULL.
 */
char *user_code_normalise(struct arena *arena, const char *text);

/* "BCDF-GHJK" */
char *user_code_show(struct arena *arena, const char *code);

/* The code_hash of the grant that a device code is exchanged for: no authorization code has it. */
void device_code_hash(const uint8_t hash[SHA256_SIZE], uint8_t code_hash[SHA256_SIZE]);

/* Whether two addresses are in the same IPv4 /24 or IPv6 /64. Of different families, or where one
 * is NULL or unreadable, nobody knows: a home has both. */
enum device_distance { DEVICE_NEAR, DEVICE_FAR, DEVICE_SOMEWHERE };
enum device_distance device_distance(const char *address, const char *other);

/* ---- storage ---- */

/* CONFLICT when the user code is taken. */
enum store_verdict device_insert(struct store *store, const struct device_request *row);

/* By the device code; NONE also for a wrong secret. */
enum store_verdict device_find(struct store *store, struct arena *arena, uint32_t realm_id,
			       const uint8_t id[ID_SIZE], const uint8_t hash[SHA256_SIZE],
			       struct device_request *row);

/* By the user code. */
enum store_verdict device_find_code(struct store *store, struct arena *arena, uint32_t realm_id,
				    const char *user_code, struct device_request *row);

/*
 * Notes a poll, and where it came before poll_interval was over lengthens that by DEVICE_SLOW_DOWN.
 * NONE when the row is no longer as it was read: somebody polled or decided meanwhile.
 */
enum store_verdict device_poll(struct store *store, const struct device_request *seen, int64_t now);

/* What the person decided: grant_id NULL denies. OK for exactly one caller; NONE when it was
 * decided before or has expired. Joins the transaction that inserts the grant. */
enum store_verdict device_decide(struct store *store, const uint8_t id[ID_SIZE],
				 const uint8_t *grant_id, int64_t now);

#endif
