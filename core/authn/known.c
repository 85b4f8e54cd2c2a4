/* SPDX-License-Identifier: ISC */
/*
 * Marks of known browsers.
 */
#include "core/authn/known.h"

#include <string.h>

#include "core/seal/seal.h"

static struct seal_place
place_of(const struct tx *tx)
{
	return (struct seal_place){.purpose = "known-browser", .realm = tx->realm->name};
}

char *
known_make(struct tx *tx, const struct account *account)
{
	const struct seal_place place = place_of(tx);
	struct known_browser known;

	memset(&known, 0, sizeof(known)); /* padding is sealed too */
	known.auth_epoch = account->auth_epoch;
	known.made_at = tx->now;
	memcpy(known.account_id, account->id, ID_SIZE);
	rand_fill(tx->provider->random, known.browser_id, sizeof(known.browser_id));
	return seal_text(tx->arena, tx->provider->master, tx->provider->random, &place, &known,
			 sizeof(known));
}

int
known_read(struct tx *tx, const char *text, struct known_browser *known)
{
	const struct seal_place place = place_of(tx);
	uint8_t *plain;
	size_t size;

	if (!text ||
	    seal_open_text(tx->arena, tx->provider->master, &place, text, &plain, &size) !=
		    SEAL_OK ||
	    size != sizeof(*known))
		return -1;
	memcpy(known, plain, sizeof(*known));
	return tx->now - known->made_at > KNOWN_LIFETIME ? -1 : 0;
}

bool
known_is_of(const struct known_browser *known, const struct account *account)
{
	return memcmp(known->account_id, account->id, ID_SIZE) == 0 &&
	       known->auth_epoch == account->auth_epoch;
}
