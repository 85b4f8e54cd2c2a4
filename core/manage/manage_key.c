/* SPDX-License-Identifier: ISC */
/*
 * Making keys and the verbs that an administrator names: rotate, retire, compromise, rewrap. What
 * happens by age alone lies in manage_key_age.c.
 */
#include "core/manage/manage_key.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/base/str.h"
#include "core/manage/manage_key_row.h"
#include "core/manage/manage_realm.h"
#include "core/seal/seal.h"

#define MAC_ALG "HS256"

static void
seal_row(struct tx *tx, const struct realm *realm, struct key_row *row, const void *plain,
	 size_t size)
{
	struct seal_place place = key_seal_place(realm, row);

	row->sealed = seal_value(tx->arena, tx->provider->master, tx->provider->random, &place,
				 plain, size, &row->sealed_size);
}

static void
make_mac(struct tx *tx, const struct realm *realm, struct key_row *row)
{
	uint8_t key[KEYRING_MAC_SIZE];
	uint32_t number = 0;

	while (number == 0) {
		rand_fill(tx->provider->random, &number, sizeof(number));
		number &= INT32_MAX;
	}
	rand_fill(tx->provider->random, key, sizeof(key));
	row->kind = "mac";
	row->kid = arena_printf(tx->arena, "%u", number);
	seal_row(tx, realm, row, key, sizeof(key));
	hash_wipe(key, sizeof(key));
}

static void
make_signing(struct tx *tx, const struct realm *realm, struct key_row *row)
{
	struct jwk key = jwk_generate(tx->arena, jws_alg_by_name(row->alg), 0);
	size_t size;
	uint8_t *plain = jwk_private_bytes(tx->arena, &key, &size);

	row->kind = "sig";
	row->kid = key.kid;
	seal_row(tx, realm, row, plain, size);
	hash_wipe(plain, size);
}

bool
manage_key_can_make(const struct tx *tx, struct buf *why)
{
	if (tx->provider->master)
		return true;
	(void)manage_say(why, MANAGE_REFUSED, "this needs the master key, which is not loaded");
	return false;
}

struct key_row
manage_key_make(struct tx *tx, const struct realm *realm, const char *alg, const char *state)
{
	struct key_row row = {
		.realm_id = realm->id,
		.alg = alg,
		.state = state,
		.created_at = tx->now,
		.changed_at = tx->now,
	};

	if (!tx->provider->master)
		bug("a key is made without a master key");
	tx_id(tx, row.id);
	if (str_equal(alg, MAC_ALG))
		make_mac(tx, realm, &row);
	else
		make_signing(tx, realm, &row);
	return row;
}

static bool
prepared(const struct manage_keys *keys, const char *alg)
{
	for (size_t i = 0; i < keys->count; i++)
		if (str_equal(keys->row[i].alg, alg))
			return true;
	return false;
}

enum manage_verdict
manage_key_prepare(struct tx *tx, const struct realm *realm, const struct key_list *stored,
		   const struct settings *settings, struct manage_keys *keys, struct buf *why)
{
	/* the two that every OpenID Connect client and every resource server of ours can check are
	 * there from the start, so that a client's setting rarely has to wait for a new key */
	const char *const wanted[] = {
		settings->access_token_alg, settings->id_token_alg,  MAC_ALG,
		stored ? NULL : "RS256",    stored ? NULL : "ES256",
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!wanted[i] || prepared(keys, wanted[i]))
			continue;
		if (stored && key_newest(stored, wanted[i], KEY_ACTIVE))
			continue;
		if (!manage_key_can_make(tx, why))
			return MANAGE_REFUSED;
		if (keys->count == MANAGE_KEYS_NEW_MAX)
			bug("more new keys than there are algorithms");
		keys->row[keys->count++] = manage_key_make(tx, realm, wanted[i], "active");
	}
	return MANAGE_OK;
}

enum manage_verdict
manage_key_prepare_missing(struct tx *tx, const struct settings *settings, struct manage_keys *keys,
			   struct buf *why)
{
	struct key_list list;

	if (key_read(tx, &list) != STORE_OK)
		return manage_down(why);
	return manage_key_prepare(tx, tx->realm, &list, settings, keys, why);
}

enum store_verdict
manage_key_store(struct tx *tx, const struct manage_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		enum store_verdict verdict = key_insert(tx->store, &keys->row[i]);

		if (verdict != STORE_OK)
			return verdict;
	}
	return keys->count ? generation_bump(tx->store) : STORE_OK;
}

static enum manage_verdict
find_key(struct tx *tx, const char *kid, struct key_list *list, const struct key_row **row,
	 struct buf *why)
{
	if (key_read(tx, list) != STORE_OK)
		return manage_down(why);
	*row = key_by_kid(list, kid);
	if (!*row)
		return manage_say(why, MANAGE_NOT_FOUND,
				  "realm %s has no key %s; `ostiary key list` shows them",
				  tx->realm->name, kid);
	return MANAGE_OK;
}

/* ---- rotation ---- */

static enum manage_verdict
rotate_one(struct tx *tx, const struct key_list *list, const char *alg, bool at_once,
	   struct buf *report, struct buf *why)
{
	const struct key_row *next = key_newest(list, alg, KEY_NEXT);
	bool mac = str_equal(alg, MAC_ALG);

	if (!manage_key_can_make(tx, why))
		return MANAGE_REFUSED;
	if (!next && (at_once || mac))
		return key_replace(tx, list, alg, report, why);
	if (!next)
		return key_add_next(tx, alg, report, why);
	if (at_once || mac || tx->now - next->changed_at >= MANAGE_KEY_PUBLISH)
		return key_promote(tx, list, next, report, why);
	buf_printf(report, "%s %s is published and signs in %lld min; --now does not wait\n", alg,
		   next->kid,
		   (long long)(MANAGE_KEY_PUBLISH - (tx->now - next->changed_at) + 59) / 60);
	return MANAGE_OK;
}

enum manage_verdict
manage_key_rotate(struct tx *tx, const char *alg, bool at_once, struct buf *report, struct buf *why)
{
	struct key_list list;
	size_t rotated = 0;

	if (key_read(tx, &list) != STORE_OK)
		return manage_down(why);
	for (size_t i = 0; i < key_algs_count; i++) {
		enum manage_verdict verdict;

		if (alg ? !str_equal(alg, key_algs[i])
			: !key_newest(&list, key_algs[i], KEY_ACTIVE))
			continue;
		verdict = rotate_one(tx, &list, key_algs[i], at_once, report, why);
		if (verdict != MANAGE_OK)
			return verdict;
		rotated++;
	}
	if (rotated == 0 && alg)
		return manage_say(why, MANAGE_REFUSED,
				  "%s: not an algorithm of ours; RS256 PS256 ES256 EdDSA, or HS256 "
				  "for refresh tokens",
				  alg);
	if (rotated == 0)
		return manage_say(why, MANAGE_REFUSED, "realm %s has no active key to rotate",
				  tx->realm->name);
	return MANAGE_OK;
}

/* ---- retirement ---- */

struct state_change {
	const struct key_row *row;
	const char *to;
};

static enum store_verdict
apply_state(struct tx *tx, void *context)
{
	const struct state_change *change = context;

	return key_set_state(tx->store, change->row->id, change->row->state, change->to, tx->now);
}

static bool
is_only_active(const struct key_list *list, const struct key_row *row)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct key_row *other = &list->row[i];

		if (other != row && str_equal(other->alg, row->alg) && key_is(other, KEY_ACTIVE))
			return false;
	}
	return key_is(row, KEY_ACTIVE);
}

enum manage_verdict
manage_key_retire(struct tx *tx, const char *kid, struct buf *why)
{
	struct key_list list;
	const struct key_row *row;
	enum key_state state;
	enum store_verdict stored;
	enum manage_verdict verdict = find_key(tx, kid, &list, &row, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if (key_state_by_name(row->state, &state) != 0 || !key_state_may(state, KEY_RETIRED))
		return manage_say(why, MANAGE_REFUSED, "a key that is %s cannot be retired",
				  row->state);
	if (is_only_active(&list, row))
		return manage_say(why, MANAGE_REFUSED,
				  "%s is the only active %s key: `ostiary key rotate --alg %s` "
				  "puts another in its place",
				  kid, row->alg, row->alg);
	struct state_change change = {.row = row, .to = "retired"};

	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_state,
		.context = &change,
		.event = "key_retired",
		.about = {.detail = key_detail(tx, row)},
	});
	return key_outcome(stored, kid, why);
}

/* ---- compromise ---- */

struct compromise {
	const struct key_row *row;
	struct manage_keys keys;
};

static enum store_verdict
apply_compromise(struct tx *tx, void *context)
{
	const struct compromise *work = context;
	struct realm_row realm;
	enum store_verdict verdict = manage_realm_lock(tx, tx->realm->name, &realm);

	if (verdict == STORE_OK)
		verdict = key_set_state(tx->store, work->row->id, work->row->state, "compromised",
					tx->now);
	if (verdict == STORE_OK)
		verdict = manage_key_store(tx, &work->keys);
	if (verdict != STORE_OK)
		return verdict;
	/* sessions and grants of this very second may have met the key, so they end as well */
	realm.epoch = tx->now + 1;
	return realm_update(tx->store, &realm);
}

static enum manage_verdict
find_uncompromised(struct tx *tx, const char *kid, struct key_list *list,
		   const struct key_row **row, struct buf *why)
{
	enum manage_verdict verdict = find_key(tx, kid, list, row, why);

	if (verdict == MANAGE_OK && key_is(*row, KEY_COMPROMISED))
		return manage_say(why, MANAGE_REFUSED, "%s is marked as compromised already", kid);
	return verdict;
}

enum manage_verdict
manage_key_compromise_try(struct tx *tx, const char *kid, struct buf *why)
{
	struct key_list list;
	const struct key_row *row;

	return find_uncompromised(tx, kid, &list, &row, why);
}

enum manage_verdict
manage_key_compromise(struct tx *tx, const char *kid, struct buf *report, struct buf *why)
{
	struct compromise work = {0};
	struct key_list list;
	enum store_verdict stored;
	enum manage_verdict verdict = find_uncompromised(tx, kid, &list, &work.row, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if (is_only_active(&list, work.row)) {
		if (!manage_key_can_make(tx, why))
			return MANAGE_REFUSED;
		work.keys.row[work.keys.count++] =
			manage_key_make(tx, tx->realm, work.row->alg, "active");
	}
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_compromise,
		.context = &work,
		.event = "key_compromised",
		.about = {.detail = key_detail(tx, work.row)},
	});
	verdict = key_outcome(stored, kid, why);
	if (verdict != MANAGE_OK)
		return verdict;
	buf_printf(report, "%s %s is out for everything\n", work.row->alg, kid);
	for (size_t i = 0; i < work.keys.count; i++)
		buf_printf(report, "%s %s signs from now on\n", work.keys.row[i].alg,
			   work.keys.row[i].kid);
	buf_printf(report, "every session and grant of realm %s made until now has ended\n",
		   tx->realm->name);
	return MANAGE_OK;
}

/* ---- a new master key ---- */

static enum store_verdict
reseal_row(struct tx *tx, const struct key_row *row, struct manage_rewrap *done, struct buf *why)
{
	struct seal_place place = key_seal_place(tx->realm, row);
	const struct master *master = tx->provider->master;
	enum seal_verdict opened;
	uint8_t *plain, *sealed;
	size_t size, sealed_size;
	enum store_verdict stored;

	opened = seal_open(tx->arena, master, &place, row->sealed, row->sealed_size, &plain, &size);
	if (opened != SEAL_OK) {
		done->lost++;
		(void)manage_say(why, MANAGE_REFUSED, "realm %s, key %s: %s", tx->realm->name,
				 row->kid, seal_verdict_text(opened));
		return STORE_OK;
	}
	if (!seal_is_old(master, row->sealed, row->sealed_size)) {
		hash_wipe(plain, size);
		return STORE_OK;
	}
	sealed = seal_value(tx->arena, master, tx->provider->random, &place, plain, size,
			    &sealed_size);
	hash_wipe(plain, size);
	stored = key_reseal(tx->store, row->id, row->sealed, row->sealed_size, sealed, sealed_size);
	if (stored == STORE_OK)
		done->resealed++;
	/* NONE: another rewrap was faster, or the key is gone; both are as it should be */
	return stored == STORE_NONE ? STORE_OK : stored;
}

enum manage_verdict
manage_key_rewrap(struct tx *tx, struct manage_rewrap *done, struct buf *why)
{
	struct key_list list;

	if (!manage_key_can_make(tx, why))
		return MANAGE_REFUSED;
	if (key_read(tx, &list) != STORE_OK)
		return manage_down(why);
	*done = (struct manage_rewrap){.keys = list.count};
	for (size_t i = 0; i < list.count; i++)
		if (reseal_row(tx, &list.row[i], done, why) != STORE_OK)
			return manage_down(why);
	if (key_rewrap_secrets(tx, done, why) != STORE_OK)
		return manage_down(why);
	if (done->resealed > 0 &&
	    tx_audit(tx, "keys_rewrapped",
		     &(struct audit_about){
			     .detail = arena_printf(tx->arena, "%zu of %zu", done->resealed,
						    done->keys + done->secrets)}) != STORE_OK)
		return manage_down(why);
	return done->lost ? MANAGE_REFUSED : MANAGE_OK;
}
