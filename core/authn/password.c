/* SPDX-License-Identifier: ISC */
/*
 * Making hashes of ours, and verifying whatever kind is stored.
 */
#include "core/authn/password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "core/authn/password_kinds.h"
#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/base/str.h"
#include "core/model/account.h"

#define YESCRYPT_PREFIX "$y$"
#define YESCRYPT_OURS   "$y$j9T$" /* Debian's default: 16 MiB, about 20 ms */
#define YESCRYPT_COST   5

/* A valid hash of ours that belongs to nobody: the digest part cannot come out of any password that
 * is known. */
#define NOBODY YESCRYPT_OURS "9x0yLq4mPzS2ktfWnRcB7/$3tYx8n0b4m1c6v2r5w9q7e0z8a3s6d1f4g7h0j2k5l8"

char *
password_hash(struct arena *arena, const struct rand_source *random, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char entropy[32];
	const char *made;
	char *copy;

	rand_fill(random, entropy, sizeof(entropy));
	if (!data || !crypt_gensalt_rn(YESCRYPT_PREFIX, YESCRYPT_COST, entropy, sizeof(entropy),
				       setting, sizeof(setting)))
		bug("no yescrypt setting can be made");
	made = crypt_rn(password, setting, data, sizeof(*data));
	if (!made)
		bug("a password that cannot be hashed was not refused");
	copy = arena_strdup(arena, made);
	hash_wipe(data, sizeof(*data));
	free(data);
	return copy;
}

enum password_verdict
password_verify(const char *stored, const char *password)
{
	const char *hash = password_unwrapped(stored);
	const struct password_kind *kind = password_kind_of(hash);

	if (strlen(password) > PASSWORD_MAX)
		return PASSWORD_WRONG;
	if (strlen(stored) > PASSWORD_HASH_MAX || !kind->bounded(hash))
		return PASSWORD_UNUSABLE;
	return kind->verify(hash, password);
}

void
password_verify_nobody(const char *password)
{
	if (password_verify(NOBODY, password) == PASSWORD_RIGHT)
		bug("somebody found the password of nobody");
}

int
password_hash_check(const char *stored, const char **why)
{
	const char *hash = password_unwrapped(stored);
	const struct password_kind *kind = password_kind_of(hash);

	if (strlen(stored) > PASSWORD_HASH_MAX)
		*why = "it is longer than 255 characters";
	else if (!kind->bounded(hash))
		*why = kind->refusal;
	else if (kind->verify(hash, "") == PASSWORD_UNUSABLE)
		*why = "it is malformed";
	else
		return 0;
	return -1;
}

bool
password_is_old(const char *stored)
{
	return !str_starts(stored, YESCRYPT_OURS);
}
