/* SPDX-License-Identifier: ISC */
/*
 * Making, sealing and opening client secrets.
 */
#include "core/port/secrets.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/seal/seal.h"

bool
client_has_secrets(const struct client *client)
{
	return client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_BASIC ||
	       client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_POST ||
	       client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_JWT;
}

bool
client_secret_is_good(const struct client_secret *secret, int64_t now)
{
	return secret->expires_at == 0 || secret->expires_at > now;
}

struct client_secret
client_secret_make(struct tx *tx, const struct client *client, int64_t lifetime, const char **text)
{
	bool for_macs = client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_JWT;
	struct client_secret secret = {
		.created_at = tx->now,
		.expires_at = lifetime > 0 ? tx->now + lifetime : 0,
	};
	uint8_t bytes[CLIENT_SECRET_MAC_BYTES];

	rand_fill(tx->provider->random, bytes, sizeof(bytes));
	tx_id(tx, secret.id);
	*text = arena_printf(
		tx->arena, "%s%s", CLIENT_SECRET_PREFIX,
		b64url_encode(tx->arena, bytes, for_macs ? sizeof(bytes) : CLIENT_SECRET_BYTES));
	hash_wipe(bytes, sizeof(bytes));
	hash_sha256(*text, strlen(*text), secret.hash);
	if (for_macs)
		client_secret_seal(tx, &secret, *text);
	return secret;
}

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

	if (!tx->provider->master)
		bug("a secret is sealed without a master key");
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
	if (!tx->provider->master)
		bug("a secret is opened without a master key");
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
