/* SPDX-License-Identifier: ISC */
/*
 * Sealing and opening client secrets.
 */
#include "core/port/secrets.h"

#include <string.h>

#include "core/seal/seal.h"

static struct seal_place
place_of(const struct tx *tx, const struct client_secret *secret)
{
	return (struct seal_place){
		.purpose = "client-secret",
		.realm = tx->realm->name,
		.row = secret->id,
		.row_size = ID_SIZE,
	};
}

void
client_secret_seal(struct tx *tx, struct client_secret *secret, const char *text)
{
	const struct seal_place place = place_of(tx, secret);

	secret->sealed = seal_value(tx->arena, tx->provider->master, tx->provider->random, &place,
				    text, strlen(text), &secret->sealed_size);
}

const char *
client_secret_open(struct tx *tx, const struct client_secret *secret, const char **why)
{
	const struct seal_place place = place_of(tx, secret);
	enum seal_verdict verdict;
	uint8_t *plain;
	size_t size;

	*why = "it was made for another method, so only its digest is kept";
	if (!secret->sealed)
		return NULL;
	verdict = seal_open(tx->arena, tx->provider->master, &place, secret->sealed,
			    secret->sealed_size, &plain, &size);
	*why = seal_verdict_text(verdict);
	return verdict == SEAL_OK ? (const char *)plain : NULL;
}

int
client_secret_reseal(struct tx *tx, const struct client_secret *secret, const uint8_t **sealed,
		     size_t *size, const char **why)
{
	const char *text = client_secret_open(tx, secret, why);
	struct client_secret fresh = *secret;

	if (!text)
		return -1;
	if (!seal_is_old(tx->provider->master, secret->sealed, secret->sealed_size))
		return 0;
	client_secret_seal(tx, &fresh, text);
	*sealed = fresh.sealed;
	*size = fresh.sealed_size;
	return 1;
}
