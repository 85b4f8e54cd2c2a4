/* SPDX-License-Identifier: ISC */
/*
 * Registering, replacing, tidying up. Token, limit, client, secret and record are one transaction.
 */
#include "core/manage/manage_registration.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/manage/manage_client.h"
#include "core/manage/manage_key.h"
#include "core/model/handle.h"
#include "core/port/secrets.h"

struct registering {
	struct client_row row;
	struct manage_keys keys;
	struct client_secret secret;
	bool with_secret;
	const struct initial_token *initial;
	const struct client *ending;   /* whose secrets are over; NULL */
	enum registration_verdict why; /* of STORE_NONE */
};

/* A fresh registration access token; its digest goes to the row. */
static const char *
make_token(struct tx *tx, struct client_row *row)
{
	struct handle handle;
	const char *text;

	handle_make(tx->provider->random, tx->now_ms, &handle);
	memcpy(row->registration_hash, handle.hash, sizeof(row->registration_hash));
	row->has_registration = true;
	text = handle_text(tx->arena, HANDLE_REGISTRATION, &handle);
	hash_wipe(&handle, sizeof(handle));
	return text;
}

static int
make_secret(struct tx *tx, const struct client *client, struct registering *work,
	    struct registered *out, struct buf *why)
{
	if (client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_JWT &&
	    !manage_key_can_make(tx, why))
		return -1;
	work->secret = client_secret_make(tx, client, 0, &out->secret);
	work->with_secret = true;
	out->secret_expires_at = work->secret.expires_at;
	return 0;
}

static enum registration_verdict
verdict_of(enum store_verdict stored, enum registration_verdict none)
{
	switch (stored) {
	case STORE_OK:
		return REGISTRATION_DONE;
	case STORE_NONE:
	case STORE_CONFLICT:
		return none;
	case STORE_DOWN:
		break;
	}
	return REGISTRATION_LOST;
}

static enum registration_verdict
verdict_of_write(enum manage_verdict verdict)
{
	return verdict == MANAGE_DOWN ? REGISTRATION_LOST : REGISTRATION_REFUSED;
}

static enum store_verdict
store_secret_and_keys(struct tx *tx, const struct registering *work)
{
	enum store_verdict verdict = STORE_OK;

	if (work->with_secret)
		verdict = client_secret_insert(tx->store, tx->realm->id, work->row.client_id,
					       &work->secret);
	return verdict == STORE_OK ? manage_key_store(tx, &work->keys) : verdict;
}

static enum store_verdict
apply_add(struct tx *tx, void *context)
{
	struct registering *work = context;
	const struct initial_token *initial = work->initial;
	enum store_verdict verdict = STORE_OK;

	work->why = REGISTRATION_USED_UP;
	if (initial)
		verdict =
			initial_use(tx->store, tx->realm->id, initial->id, initial->hash, tx->now);
	if (verdict != STORE_OK)
		return verdict;
	work->why = REGISTRATION_FULL;
	verdict = client_insert_limited(tx->store, &work->row,
					tx->realm->settings.registration_limit);
	return verdict == STORE_OK ? store_secret_and_keys(tx, work) : verdict;
}

enum registration_verdict
manage_registration_add(struct tx *tx, const struct client *client,
			const struct initial_token *initial, struct registered *out,
			struct buf *why)
{
	struct registering work = {
		.row = {.realm_id = tx->realm->id,
			.client_id = manage_client_fresh_id(tx),
			.enabled = true,
			.version = 1,
			.created_at = tx->now,
			.source = CLIENT_FROM_REGISTRATION},
		.initial = initial,
	};
	enum manage_verdict written;
	enum store_verdict stored;

	*out = (struct registered){.client_id = work.row.client_id, .issued_at = tx->now};
	written = manage_client_write(tx, client, &work.row, &work.keys, why);
	if (written != MANAGE_OK)
		return verdict_of_write(written);
	if (client_has_secrets(client) && make_secret(tx, client, &work, out, why) != 0)
		return REGISTRATION_REFUSED;
	out->token = make_token(tx, &work.row);
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_add,
		.context = &work,
		.event = "client_registered",
		.about = {.client_id = work.row.client_id,
			  .detail = initial ? arena_printf(tx->arena, "with initial token %s %s",
							   tx_hex(tx, initial->id),
							   initial->note ? initial->note : "")
					    : "registration is open"},
	});
	return verdict_of(stored, work.why);
}

/* Secrets that its method does not use any more end: whoever comes back to one gets a new one. */
static enum store_verdict
end_secrets(struct tx *tx, const struct client *before)
{
	enum store_verdict verdict = STORE_OK;

	for (size_t i = 0; i < before->secrets_count && verdict != STORE_DOWN; i++)
		if (client_secret_is_good(&before->secrets[i], tx->now))
			verdict = client_secret_expire(tx->store, tx->realm->id, before->client_id,
						       before->secrets[i].id, tx->now);
	return verdict == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

static enum store_verdict
apply_replace(struct tx *tx, void *context)
{
	const struct registering *work = context;
	enum store_verdict verdict = client_update(tx->store, &work->row);

	if (verdict == STORE_OK && work->ending)
		verdict = end_secrets(tx, work->ending);
	return verdict == STORE_OK ? store_secret_and_keys(tx, work) : verdict;
}

/* Whether one of its secrets serves its method. */
static bool
has_secret(const struct tx *tx, const struct client *before, const struct client *client)
{
	bool sealed = client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_JWT;

	for (size_t i = 0; i < before->secrets_count; i++)
		if (client_secret_is_good(&before->secrets[i], tx->now) &&
		    (!sealed || before->secrets[i].sealed))
			return true;
	return false;
}

enum registration_verdict
manage_registration_replace(struct tx *tx, struct client_row *row, const struct client *before,
			    const struct client *client, struct registered *out, struct buf *why)
{
	struct registering work = {.row = *row};
	enum manage_verdict written;
	enum store_verdict stored;

	*out = (struct registered){.client_id = row->client_id, .issued_at = row->created_at};
	written = manage_client_write(tx, client, &work.row, &work.keys, why);
	if (written != MANAGE_OK)
		return verdict_of_write(written);
	work.ending = client_has_secrets(client) ? NULL : before;
	if (client_has_secrets(client) && !has_secret(tx, before, client) &&
	    make_secret(tx, client, &work, out, why) != 0)
		return REGISTRATION_REFUSED;
	out->token = make_token(tx, &work.row);
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_replace,
		.context = &work,
		.event = "client_changed",
		.about = {.client_id = row->client_id, .detail = "by the client itself"},
	});
	return verdict_of(stored, REGISTRATION_CHANGED);
}

enum store_verdict
manage_registration_tidy(struct tx *tx, struct buf *report)
{
	int64_t unused = tx->realm->settings.registration_unused;
	int64_t removed = 0;
	enum store_verdict verdict;

	if (unused == 0)
		return STORE_OK;
	verdict = client_remove_unused(tx->store, tx->realm->id, tx->now - unused,
				       REGISTRATION_TIDY_MAX, &removed);
	if (removed)
		buf_printf(report, "%lld clients that nobody let in are gone\n",
			   (long long)removed);
	return verdict;
}

/* ---- initial access tokens ---- */

static enum store_verdict
apply_initial(struct tx *tx, void *context)
{
	return initial_insert(tx->store, context);
}

enum manage_verdict
manage_initial_add(struct tx *tx, struct manage_initial *token, struct buf *why)
{
	struct initial_token row = {
		.realm_id = tx->realm->id,
		.note = token->note,
		.uses_left = token->uses,
		.created_at = tx->now,
		.expires_at = token->lifetime ? tx->now + token->lifetime : 0,
	};
	struct handle handle;

	if (token->note && !manage_text_fits(token->note, INITIAL_NOTE_MAX))
		return manage_say(why, MANAGE_REFUSED, "note: at most %d bytes of text",
				  INITIAL_NOTE_MAX);
	handle_make(tx->provider->random, tx->now_ms, &handle);
	memcpy(row.id, handle.id, ID_SIZE);
	memcpy(row.hash, handle.hash, sizeof(row.hash));
	memcpy(token->id, handle.id, ID_SIZE);
	token->text = handle_text(tx->arena, HANDLE_INITIAL, &handle);
	token->expires_at = row.expires_at;
	hash_wipe(&handle, sizeof(handle));
	return manage_commit(&(struct manage_change){
		       .tx = tx,
		       .apply = apply_initial,
		       .context = &row,
		       .event = "initial_token_added",
		       .about = {.detail = arena_printf(tx->arena, "%s, %lld uses, %s",
							tx_hex(tx, row.id), (long long)token->uses,
							token->note ? token->note : "no note")},
	       }) == STORE_OK
		       ? MANAGE_OK
		       : manage_down(why);
}

static enum store_verdict
apply_initial_remove(struct tx *tx, void *context)
{
	return initial_remove(tx->store, tx->realm->id, context);
}

enum manage_verdict
manage_initial_remove(struct tx *tx, const char *text, struct buf *why)
{
	uint8_t id[ID_SIZE];
	enum store_verdict stored;

	if (strlen(text) != 2 * ID_SIZE || hex_decode_exact(text, id, sizeof(id)) != 0)
		return manage_say(why, MANAGE_REFUSED,
				  "token id: %d hexadecimal digits, as `ostiary registration "
				  "token list` shows them",
				  2 * ID_SIZE);
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_initial_remove,
		.context = id,
		.event = "initial_token_removed",
		.about = {.detail = text},
	});
	if (stored == STORE_NONE)
		return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no initial token %s",
				  tx->realm->name, text);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}
