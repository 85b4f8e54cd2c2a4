/* SPDX-License-Identifier: ISC */
/*
 * Password sign-in: charge, look, refund; then the session.
 */
#include "core/authn/signin.h"

#include <string.h>

#include "core/authn/known.h"
#include "core/authn/password.h"
#include "core/authn/throttle.h"
#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/seal/seal.h"

#define NAME_MARK_SIZE 8 /* bytes of a keyed hash that stand for an unknown name in the log */

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

static void
choose_keys(struct tx *tx, const struct signin_attempt *attempt, const char *name,
	    const struct account *account, struct throttle_keys *keys)
{
	const struct conf *conf = tx->provider->conf;
	struct known_browser known;

	if (account && known_read(tx, attempt->known, &known) == 0 &&
	    known_is_of(&known, account)) {
		throttle_keys_known(keys, known.browser_id, sizeof(known.browser_id));
		return;
	}
	throttle_keys_for(keys, tx->realm->id, name, tx->address ? tx->address : "",
			  (uint32_t)conf->throttle_account_limit,
			  (uint32_t)conf->throttle_network_limit);
}

static bool
password_is_right(const struct account *account, const char *password)
{
	if (!account || !account->password) {
		password_verify_nobody(password);
		return false;
	}
	return password_verify(account->password, password) == PASSWORD_RIGHT &&
	       !account->disabled_at;
}

static void
record_failure(struct tx *tx)
{
	const struct account *account = tx->later_about;
	const struct audit_about about = {
		.account_id = account->id,
		.client_id = tx->client_id,
		.detail = account->disabled_at ? "the account is disabled" : NULL,
	};

	if (tx_audit(tx, "signin_failed", &about) != STORE_OK)
		tx_log(tx, LOG_LEVEL_ERROR, "audit_lost", "account", tx_hex(tx, account->id));
}

/* The row of a known person is written once the answer is out: its time must not tell that there is
 * one. */
static void
note_wrong(struct tx *tx, const char *name, const struct account *account)
{
	if (!account) {
		tx_log(tx, LOG_LEVEL_WARN, "signin_failed", "unknown_name", name_mark(tx, name));
		return;
	}
	tx->later = record_failure;
	tx->later_about = arena_copy(tx->arena, account, sizeof(*account));
}

/* A hash that was brought along becomes one of ours while the password is at hand. */
static void
renew_hash(struct tx *tx, struct account *account, const char *password)
{
	char *hash;

	if (!password_is_old(account->password))
		return;
	hash = password_hash(tx->arena, tx->provider->random, password);
	if (account_rehash(tx->store, account->id, account->password, hash) == STORE_OK)
		tx_log(tx, LOG_LEVEL_INFO, "password_rehashed", "account", tx_hex(tx, account->id));
}

static enum signin_verdict
judge(struct tx *tx, const char *name, const char *password, struct account *account, bool exists,
      const struct throttle_keys *keys)
{
	if (!password_is_right(exists ? account : NULL, password)) {
		note_wrong(tx, name, exists ? account : NULL);
		return SIGNIN_WRONG;
	}
	throttle_refund(tx->provider->throttle, keys, tx->now);
	renew_hash(tx, account, password);
	return SIGNIN_RIGHT;
}

enum signin_verdict
signin_password(struct tx *tx, const struct signin_attempt *attempt, struct account *account,
		int64_t *wait)
{
	const char *name =
		attempt->username ? username_normalise(tx->arena, attempt->username) : NULL;
	struct throttle_keys keys;
	enum store_verdict found;

	if (!name || str_empty(attempt->password) || strlen(attempt->password) > PASSWORD_MAX)
		return SIGNIN_WRONG;
	found = account_find_name(tx->store, tx->arena, tx->realm->id, name, account);
	if (found == STORE_DOWN)
		return SIGNIN_DOWN;
	choose_keys(tx, attempt, name, found == STORE_OK ? account : NULL, &keys);
	*wait = throttle_charge(tx->provider->throttle, &keys, tx->now);
	if (*wait) {
		tx_log(tx, LOG_LEVEL_WARN, "signin_throttled", "account",
		       found == STORE_OK ? tx_hex(tx, account->id) : NULL, "unknown_name",
		       found == STORE_OK ? NULL : name_mark(tx, name));
		return SIGNIN_WAIT;
	}
	return judge(tx, name, attempt->password, account, found == STORE_OK, &keys);
}

struct establish {
	struct tx *tx;
	const struct account *account;
	const struct session *old;
	struct signin_result *result;
	bool renew;
};

static enum store_verdict
establish(struct store *store, void *context)
{
	struct establish *work = context;
	struct session *session = &work->result->session;
	const struct audit_about about = {
		.account_id = work->account->id,
		.session_id = session->id,
		.client_id = work->tx->client_id,
		.detail = work->renew ? "signed in again" : NULL,
	};
	enum store_verdict verdict = STORE_OK;

	if (work->renew) {
		verdict = session_prove(store, session, &session->facts[0], true, work->tx->now);
	} else {
		if (work->old)
			verdict = session_end(store, work->old->id, work->tx->now);
		if (verdict == STORE_OK || verdict == STORE_NONE)
			verdict = session_insert(store, session);
	}
	return verdict == STORE_OK ? tx_audit(work->tx, "signin", &about) : verdict;
}

static void
fill_session(struct establish *work, const uint8_t flow_id[ID_SIZE], const char *user_agent)
{
	struct tx *tx = work->tx;
	struct signin_result *result = work->result;
	struct session *session = &result->session;

	handle_make(tx->provider->random, tx->now_ms, &result->handle);
	if (work->renew) {
		*session = *work->old;
		memcpy(result->handle.id, session->id, ID_SIZE);
	} else {
		*session = (struct session){
			.realm_id = tx->realm->id,
			.auth_epoch = work->account->auth_epoch,
			.created_at = tx->now,
			.expires_at = tx->now + tx->realm->settings.session_lifetime,
			.address = str_visible(tx->arena, tx->address, ADDRESS_MAX),
			.user_agent = str_visible(tx->arena, user_agent, USER_AGENT_MAX),
		};
		memcpy(session->id, result->handle.id, ID_SIZE);
		memcpy(session->account_id, work->account->id, ID_SIZE);
	}
	memcpy(session->secret_hash, result->handle.hash, sizeof(session->secret_hash));
	session->activated_at = tx->now; /* a password is all that is asked for */
	session->last_seen_at = tx->now;
	session->facts[0] = (struct fact){.factor = FACTOR_PASSWORD, .proven_at = tx->now};
	memcpy(session->facts[0].flow_id, flow_id, ID_SIZE);
	session->facts_count = 1;
}

enum store_verdict
signin_establish(struct tx *tx, const struct account *account, const struct session *old,
		 const uint8_t flow_id[ID_SIZE], const char *user_agent,
		 struct signin_result *result)
{
	struct establish work = {
		.tx = tx,
		.account = account,
		.old = old,
		.result = result,
		.renew = old && memcmp(old->account_id, account->id, ID_SIZE) == 0 &&
			 old->auth_epoch == account->auth_epoch,
	};

	fill_session(&work, flow_id, user_agent);
	return store_transaction(tx->store, establish, &work);
}

static enum store_verdict
end(struct store *store, void *context)
{
	const struct establish *work = context;
	const struct audit_about about = {
		.account_id = work->old->account_id,
		.session_id = work->old->id,
	};
	enum store_verdict verdict = session_end(store, work->old->id, work->tx->now);

	return verdict == STORE_OK ? tx_audit(work->tx, "signout", &about) : verdict;
}

enum store_verdict
signin_end(struct tx *tx, const struct session *session)
{
	struct establish work = {.tx = tx, .old = session};

	return store_transaction(tx->store, end, &work);
}
