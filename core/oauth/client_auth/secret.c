/* SPDX-License-Identifier: ISC */
/*
 * client_secret_basic and client_secret_post (RFC 6749 2.3.1): the secret's digest is compared with
 * those of every secret that is good.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/oauth/client_auth/presented.h"
#include "core/port/secrets.h"

struct use {
	const struct client *client;
	uint8_t id[ID_SIZE];
};

/* A note that is lost is made again at the next use. */
static void
note_use(struct tx *tx)
{
	const struct use *use = tx->later_about;

	(void)client_secret_used(tx->store, use->client, use->id, tx->now);
}

void
client_secret_note(struct tx *tx, const struct client *client, const struct client_secret *secret)
{
	struct use *use;

	if (secret->last_used_at >= tx->now - CLIENT_SECRET_USE_STEP)
		return;
	use = arena_alloc(tx->arena, sizeof(*use));
	use->client = client;
	memcpy(use->id, secret->id, ID_SIZE);
	tx->later = note_use;
	tx->later_about = use;
}

/* Looks at every secret whatever the outcome, so the time does not tell which one was near. */
int
verify_secret(struct tx *tx, const struct client *client, const struct presented *presented)
{
	const struct client_secret *right = NULL;
	uint8_t digest[SHA256_SIZE];

	hash_sha256(presented->secret, strlen(presented->secret), digest);
	for (size_t i = 0; i < client->secrets_count; i++) {
		const struct client_secret *one = &client->secrets[i];
		bool good = client_secret_is_good(one, tx->now);

		if (hash_equal(one->hash, digest, sizeof(digest)) && good)
			right = one;
	}
	if (!right)
		return client_refuse(tx, "the secret is wrong or has expired");
	client_secret_note(tx, client, right);
	return 0;
}
