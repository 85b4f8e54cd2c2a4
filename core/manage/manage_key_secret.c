/* SPDX-License-Identifier: ISC */
/*
 * Sealed client secrets under a new master key, a page of them at a time.
 */
#include "core/base/b64.h"
#include "core/manage/manage_key_row.h"
#include "core/model/client.h"
#include "core/port/secrets.h"

#define PAGE 200 /* secrets read at once */

static enum store_verdict
reseal(struct tx *tx, const struct client_sealed *row, struct manage_rewrap *done, struct buf *why)
{
	const char *mistake = NULL;
	const uint8_t *sealed;
	enum store_verdict stored;
	size_t size;

	done->secrets++;
	switch (client_secret_reseal(tx, &row->secret, &sealed, &size, &mistake)) {
	case 0:
		return STORE_OK;
	case 1:
		stored = client_secret_reseal_row(tx->store, tx->realm->id, row, sealed, size);
		done->resealed += stored == STORE_OK;
		/* NONE: another rewrap was faster, or the secret is gone */
		return stored == STORE_NONE ? STORE_OK : stored;
	default:
		done->lost++;
		(void)manage_say(why, MANAGE_REFUSED, "realm %s, client %s, secret %s: %s",
				 tx->realm->name, row->client_id, tx_hex(tx, row->secret.id),
				 mistake);
		return STORE_OK;
	}
}

enum store_verdict
key_rewrap_secrets(struct tx *tx, struct manage_rewrap *done, struct buf *why)
{
	const struct client_sealed *after = NULL;
	size_t count = PAGE;

	while (count == PAGE) {
		struct client_sealed *rows = NULL;
		enum store_verdict verdict = client_sealed_list(tx->store, tx->arena, tx->realm->id,
								after, PAGE, &rows, &count);

		for (size_t i = 0; verdict == STORE_OK && i < count; i++)
			verdict = reseal(tx, &rows[i], done, why);
		if (verdict != STORE_OK)
			return verdict;
		after = count ? &rows[count - 1] : NULL;
	}
	return STORE_OK;
}
