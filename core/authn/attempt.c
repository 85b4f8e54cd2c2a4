/* SPDX-License-Identifier: ISC */
/*
 * Charging and recording attempts.
 */
#include "core/authn/attempt.h"

#include <string.h>

#include "core/authn/known.h"
#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/seal/seal.h"

#define NAME_MARK_SIZE 8 /* bytes of a keyed hash that stand for an unknown name in the log */

/* What is recorded once the answer is out. */
struct wrong {
	struct account account;
	const char *why;
};

/* People type passwords into the name field: names that do not exist are logged as keyed hashes. */
static const char *
name_mark(struct tx *tx, const char *name)
{
	uint8_t key[SEAL_KEY_SIZE];
	uint8_t digest[SHA256_SIZE];

	seal_derive(tx->provider->master, "log-name", tx->realm->name, key);
	hash_hmac_sha256(key, sizeof(key), name, strlen(name), digest);
	hash_wipe(key, sizeof(key));
	return hex_encode(tx->arena, digest, NAME_MARK_SIZE);
}

void
attempt_make(struct tx *tx, const char *name, const struct account *account, const char *known,
	     struct attempt *attempt)
{
	const struct conf *conf = tx->provider->conf;
	struct known_browser browser;

	attempt->name = name;
	attempt->account = account;
	if (account && known_read(tx, known, &browser) == 0 && known_is_of(&browser, account)) {
		throttle_keys_known(&attempt->keys, browser.browser_id, sizeof(browser.browser_id));
		return;
	}
	throttle_keys_for(&attempt->keys, tx->realm->id, name, tx->address ? tx->address : "",
			  (uint32_t)conf->throttle_account_limit,
			  (uint32_t)conf->throttle_network_limit);
}

int64_t
attempt_charge(struct tx *tx, const struct attempt *attempt)
{
	const struct account *account = attempt->account;
	int64_t wait = throttle_charge(tx->provider->throttle, &attempt->keys, tx->now);

	if (wait)
		tx_log(tx, LOG_LEVEL_WARN, "signin_throttled", "account",
		       account ? tx_hex(tx, account->id) : NULL, "unknown_name",
		       account ? NULL : name_mark(tx, attempt->name));
	return wait;
}

void
attempt_refund(struct tx *tx, const struct attempt *attempt)
{
	throttle_refund(tx->provider->throttle, &attempt->keys, tx->now);
}

static void
record_wrong(struct tx *tx)
{
	const struct wrong *wrong = tx->later_about;
	const struct audit_about about = {
		.account_id = wrong->account.id,
		.client_id = tx->client_id,
		.detail = wrong->account.disabled_at ? "the account is disabled" : wrong->why,
	};

	if (tx_audit(tx, "signin_failed", &about) != STORE_OK)
		tx_log(tx, LOG_LEVEL_ERROR, "audit_lost", "account", tx_hex(tx, wrong->account.id));
}

void
attempt_wrong(struct tx *tx, const struct attempt *attempt, const char *why)
{
	struct wrong *wrong;

	if (!attempt->account) {
		tx_log(tx, LOG_LEVEL_WARN, "signin_failed", "unknown_name",
		       name_mark(tx, attempt->name), "why", why);
		return;
	}
	wrong = arena_alloc(tx->arena, sizeof(*wrong));
	*wrong = (struct wrong){*attempt->account, why};
	tx->later = record_wrong;
	tx->later_about = wrong;
}
