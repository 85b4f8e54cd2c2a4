/* SPDX-License-Identifier: ISC */
/*
 * The database as the workers see it, and the keys in it.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_key.h"
#include "core/model/client.h"
#include "core/seal/seal.h"
#include "ctl/doctor.h"
#include "sql/db.h"

#define SKEW_WARNING_MS 2000  /* what the workers warn at */
#define SKEW_ERROR_MS   30000 /* what they stop answering at */

static void
check_skew(struct doctor *doctor)
{
	struct tx *tx = &doctor->cli->tx;
	int64_t skew = 0;
	int64_t now = tx->provider->clock->now_ms(tx->provider->clock->context);
	enum finding finding = FINDING_OK;

	if (store_clock_skew(tx->store, now, &skew) != STORE_OK) {
		doctor_find(doctor, FINDING_ERROR, "clock", "%s", store_error(tx->store));
		return;
	}
	if (skew > SKEW_WARNING_MS || skew < -SKEW_WARNING_MS)
		finding = FINDING_WARNING;
	if (skew > SKEW_ERROR_MS || skew < -SKEW_ERROR_MS)
		finding = FINDING_ERROR;
	doctor_find(doctor, finding, "clock", "the database's is %lld ms ahead of this host's%s",
		    (long long)skew,
		    finding == FINDING_OK ? "" : ": let both hosts keep time with NTP");
}

static bool
check_schema(struct doctor *doctor)
{
	struct store *store = doctor->cli->tx.store;
	int version = 0;

	if (schema_version(store, &version) != STORE_OK) {
		doctor_find(doctor, FINDING_ERROR, "schema", "%s", store_error(store));
		return false;
	}
	if (version < SCHEMA_MIN || version > SCHEMA_MAX) {
		doctor_find(doctor, FINDING_ERROR, "schema",
			    "version %d, this program works with %d to %d: %s", version, SCHEMA_MIN,
			    SCHEMA_MAX,
			    version < SCHEMA_MIN ? "`ostiary migrate apply`"
						 : "install the newer program");
		return false;
	}
	doctor_find(doctor, FINDING_OK, "schema", "version %d", version);
	return true;
}

static void
check_statements(struct doctor *doctor)
{
	const char *why = NULL;

	if (store_prepare_all(doctor->cli->tx.store, &why) != 0)
		doctor_find(doctor, FINDING_ERROR, "statements",
			    "%s: does the database user have its rights?", why);
	else
		doctor_find(doctor, FINDING_OK, "statements", "all of them can be prepared");
}

static void
check_rights(struct doctor *doctor)
{
	bool may = false;

	if (store_may_change_schema(doctor->cli->tx.store, &may) != STORE_OK)
		doctor_find(doctor, FINDING_WARNING, "rights", "they cannot be read");
	else if (may)
		doctor_find(doctor, FINDING_ERROR, "rights",
			    "the workers' database user may change the schema: grant it SELECT, "
			    "INSERT, UPDATE and DELETE alone, and name another as db_admin_user");
	else
		doctor_find(doctor, FINDING_OK, "rights",
			    "the workers' database user cannot change the schema");
}

bool
doctor_database(struct doctor *doctor)
{
	struct store *store = doctor->cli->tx.store;

	if (store_ready(store) == STORE_DOWN) {
		doctor_find(doctor, FINDING_ERROR, "database",
			    "%s: is it running, and do the options of [database] fit?",
			    store_error(store));
		return false;
	}
	doctor_find(doctor, FINDING_OK, "database", "%s", store_server_version(store));
	check_skew(doctor);
	check_rights(doctor);
	if (!check_schema(doctor))
		return false;
	check_statements(doctor);
	return true;
}

/* ---- keys ---- */

static void
check_opens(struct doctor *doctor, const struct realm *realm, const struct key_list *keys)
{
	size_t lost = 0, old = 0;

	for (size_t i = 0; i < keys->count; i++) {
		const struct key_row *key = &keys->row[i];
		struct seal_place place = key_seal_place(realm, key);
		enum seal_verdict verdict;
		uint8_t *plain;
		size_t size;

		verdict = seal_open(doctor->cli->arena, doctor->master, &place, key->sealed,
				    key->sealed_size, &plain, &size);
		if (verdict != SEAL_OK) {
			lost++;
			doctor_find(doctor, FINDING_ERROR, "keys",
				    "realm %s, %s %s: %s: is master_key_file the right one?",
				    realm->name, key->alg, key->kid, seal_verdict_text(verdict));
			continue;
		}
		hash_wipe(plain, size);
		old += seal_is_old(doctor->master, key->sealed, key->sealed_size);
	}
	if (!lost)
		doctor_find(doctor, FINDING_OK, "keys", "realm %s: %zu keys can be opened%s",
			    realm->name, keys->count,
			    old ? ", some under the previous master key" : "");
}

static bool
has_active(const struct key_list *keys, const char *alg)
{
	for (size_t i = 0; i < keys->count; i++)
		if (str_equal(keys->row[i].alg, alg) && str_equal(keys->row[i].state, "active"))
			return true;
	return false;
}

static void
need_active(struct doctor *doctor, const struct realm *realm, const struct key_list *keys,
	    const char *alg, const char *who)
{
	if (!has_active(keys, alg))
		doctor_find(doctor, FINDING_ERROR, "keys",
			    "realm %s has no active %s key, which %s needs: `ostiary key rotate "
			    "--realm %s --alg %s --now`",
			    realm->name, alg, who, realm->name, alg);
}

static void
check_clients(struct doctor *doctor, const struct realm *realm, const struct key_list *keys)
{
	struct tx *tx = &doctor->cli->tx;
	const char *after = NULL;
	size_t count;

	do {
		struct client_row *rows = NULL;

		count = 0;
		if (client_list(tx->store, tx->arena, realm->id, after, 200, &rows, &count) ==
		    STORE_DOWN)
			return;
		for (size_t i = 0; i < count; i++) {
			const struct client *client;
			const char *who = arena_printf(tx->arena, "client %s", rows[i].client_id);

			if (client_find(tx->store, tx->arena, realm->id, &realm->settings,
					rows[i].client_id, -1, &client) != STORE_OK) {
				doctor_find(doctor, FINDING_ERROR, "clients",
					    "realm %s: %s cannot be read", realm->name, who);
				continue;
			}
			need_active(doctor, realm, keys, client->settings.id_token_alg, who);
			need_active(doctor, realm, keys, client->settings.access_token_alg, who);
		}
		after = count ? rows[count - 1].client_id : NULL;
	} while (count == 200);
}

void
doctor_keys(struct doctor *doctor, const struct realm *realm)
{
	struct tx *tx = &doctor->cli->tx;
	struct key_list keys = {0};

	if (key_list(tx->store, tx->arena, realm->id, &keys) == STORE_DOWN) {
		doctor_find(doctor, FINDING_ERROR, "keys", "%s", store_error(tx->store));
		return;
	}
	if (doctor->master)
		check_opens(doctor, realm, &keys);
	need_active(doctor, realm, &keys, realm->settings.id_token_alg, "the realm");
	need_active(doctor, realm, &keys, realm->settings.access_token_alg, "the realm");
	need_active(doctor, realm, &keys, "HS256", "every refresh token");
	check_clients(doctor, realm, &keys);
}
