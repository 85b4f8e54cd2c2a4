/* SPDX-License-Identifier: ISC */
/*
 * People's passwords: new hashes are yescrypt. Hashes that were brought along, or stand in a table
 * of the site, verify: bcrypt, sha-crypt, argon2id, and the weaker ones of WordPress, phpBB,
 * htpasswd and directories; those of own accounts are replaced at sign-in. A stored hash says how
 * costly it is to check, so kinds and costs are bounded before anything is computed.
 */
#ifndef OSTIARY_AUTHN_PASSWORD_H
#define OSTIARY_AUTHN_PASSWORD_H

#include <stdbool.h>

struct arena;
struct rand_source;

enum password_verdict {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,
	PASSWORD_UNUSABLE, /* the stored hash is of a kind or cost that is not accepted */
};

/* The yescrypt text of a password ("$y$j9T$…"), of the default cost. password has at most
 * PASSWORD_MAX bytes. */
char *password_hash(struct arena *arena, const struct rand_source *random, const char *password);

enum password_verdict password_verify(const char *stored, const char *password);

/* Takes as long as verifying a hash of ours: for names that do not exist. */
void password_verify_nobody(const char *password);

/* 0 when a stored hash is of an accepted kind with bounded cost, or -1 with *why: a fixed text. */
int password_hash_check(const char *stored, const char **why) __attribute__((warn_unused_result));

/* The hash is not what password_hash() would make today. */
bool password_is_old(const char *stored);

#endif
