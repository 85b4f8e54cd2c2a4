/* SPDX-License-Identifier: ISC */
/*
 * A person known to a realm.
 */
#ifndef OSTIARY_MODEL_ACCOUNT_H
#define OSTIARY_MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;
struct json_object;

#define USERNAME_MAX       128 /* bytes, normalised */
#define SUB_MAX            255 /* OpenID Connect Core 2 */
#define PASSWORD_MAX       511 /* bytes; what crypt(3) takes with a NUL behind it */
#define PASSWORD_HASH_MAX  255
#define ACCOUNT_CLAIMS_MAX 16384
#define ACCOUNT_GONE       "gone"   /* away: the source has no such person */
#define ACCOUNT_LOCKED     "locked" /* away: the person may not sign in there */

struct account {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	const char *sub;
	const char *username;
	const char *password;       /* crypt(3) or $argon2id$ text; NULL: no password sign-in */
	int64_t auth_epoch;         /* moves when what was proven before must count no more */
	int64_t disabled_at;        /* 0: enabled */
	const char *source;         /* where the person comes from; see core/model/source.h */
	const char *source_key;     /* what never changes about the person there; NULL: none */
	int64_t checked_at;         /* when the source last said that the person is there */
	const char *away;           /* ACCOUNT_GONE or ACCOUNT_LOCKED; NULL: there */
	struct json_object *claims; /* standard claims of OpenID Connect Core 5.1 but for sub; never
				       NULL when read */
	int64_t created_at, updated_at;
};

struct account_list {
	struct account *account;
	size_t count;
};

/*
 * The one form in which user names are stored and compared: ASCII letters lower-cased, blanks at
 * the ends taken away. NULL when empty, longer than USERNAME_MAX, not UTF-8, or with control
 * characters.
 */
char *username_normalise(struct arena *arena, const char *text) __attribute__((warn_unused_result));

/* Disabled here or away from where it comes from: nothing of it is good. */
bool account_is_off(const struct account *account);

enum claim_type { CLAIM_TEXT, CLAIM_BOOL, CLAIM_NUMBER, CLAIM_OBJECT };

/* A claim that accounts may have and the scope that releases it (OpenID Connect Core 5.1, 5.4). */
struct claim {
	const char *name;
	const char *scope; /* "profile", … */
	enum claim_type type;
};

const struct claim *claims_table(size_t *count);
const struct claim *claim_find(const char *name);

/* 0, or -1 with *why: known claims must have their type; others may be any value ("ostiary user
 * --claim"). */
int account_claims_check(struct arena *arena, struct json_object *claims, const char **why)
	__attribute__((warn_unused_result));

/* ---- storage ---- */

enum store_verdict account_find_name(struct store *store, struct arena *arena, uint32_t realm_id,
				     const char *username, struct account *account);
enum store_verdict account_find(struct store *store, struct arena *arena, uint32_t realm_id,
				const uint8_t id[ID_SIZE], struct account *account);
/* Names after a name that contain part (NULL: all), at most max. */
enum store_verdict account_list(struct store *store, struct arena *arena, uint32_t realm_id,
				const char *part, const char *after, size_t max,
				struct account_list *list);
enum store_verdict account_find_key(struct store *store, struct arena *arena, uint32_t realm_id,
				    const char *source, const char *key, struct account *account);
/* CONFLICT when the user name, sub or key is taken. */
enum store_verdict account_insert(struct store *store, const struct account *account);
/* A new hash for the same password: only if the old hash is still there; nothing else changes. */
enum store_verdict account_rehash(struct store *store, const uint8_t id[ID_SIZE], const char *old,
				  const char *hash);
/* A new password: moves auth_epoch, so sessions and grants end. hash NULL removes it. */
enum store_verdict account_set_password(struct store *store, const uint8_t id[ID_SIZE],
					const char *hash, int64_t now);
/* own: which of them an administrator said of a person from elsewhere; NULL: nobody asks. */
enum store_verdict account_set_claims(struct store *store, const uint8_t id[ID_SIZE],
				      struct json_object *claims, struct json_object *own,
				      int64_t now);
/* Those: an object, empty when there are none. */
enum store_verdict account_own_claims(struct store *store, struct arena *arena,
				      const uint8_t id[ID_SIZE], struct json_object **own);
/* What the source says of a person who is there: name, claims, and that they are not away. CONFLICT
 * when the name is another's. */
enum store_verdict account_set_person(struct store *store, const uint8_t id[ID_SIZE],
				      const char *username, struct json_object *claims,
				      int64_t now);
/* The person is away: moves auth_epoch, so sessions and grants end; somebody who is gone gives the
 * name up for "~" and the account's id. NONE when it was so already. */
enum store_verdict account_set_away(struct store *store, const uint8_t id[ID_SIZE], const char *why,
				    int64_t now);
/* People of a source, not away, whom nobody has looked for since before and who have a live session
 * or grant; at most max, the longest unseen first. */
enum store_verdict account_unseen(struct store *store, struct arena *arena, uint32_t realm_id,
				  const char *source, int64_t before, int64_t now, size_t max,
				  struct account_list *list);
/* How many come from a source. */
enum store_verdict account_count(struct store *store, uint32_t realm_id, const char *source,
				 int64_t *count);
/* Disabling moves auth_epoch. NONE when it is so already. */
enum store_verdict account_set_disabled(struct store *store, const uint8_t id[ID_SIZE],
					bool disabled, int64_t now);
/* Removes the person with sessions, grants, tokens and consents; audit rows stay. */
enum store_verdict account_remove(struct store *store, const uint8_t id[ID_SIZE]);

#endif
