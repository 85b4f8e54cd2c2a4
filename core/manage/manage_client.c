/* SPDX-License-Identifier: ISC */
/*
 * The verbs for clients. The stored document is read, edited, judged as a whole by
 * client_from_json(), written in its canonical form and only where the row is still the one that
 * was read.
 */
#include "core/manage/manage_client.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_edit.h"
#include "core/manage/manage_key.h"
#include "core/port/client_check.h"
#include "core/port/secrets.h"

struct client_change {
	struct client_row row;
	struct manage_keys keys;
	struct client_secret secret;
	bool with_secret;
};

static enum manage_verdict
outcome(enum store_verdict stored, const char *client_id, struct buf *why)
{
	switch (stored) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return manage_say(why, MANAGE_REFUSED,
				  "client %s was changed or removed by somebody else meanwhile; "
				  "look again",
				  client_id);
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_EXISTS, "client %s exists already", client_id);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

static enum manage_verdict
not_found(struct tx *tx, const char *client_id, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no client %s", tx->realm->name,
			  client_id);
}

/* ---- secrets ---- */

static enum manage_verdict
make_secret(struct tx *tx, const struct client *client, int64_t lifetime,
	    struct client_secret *secret, struct manage_secret *out, struct buf *why)
{
	if (client->token_endpoint_auth_method == CLIENT_AUTH_SECRET_JWT &&
	    !manage_key_can_make(tx, why))
		return MANAGE_REFUSED;
	*secret = client_secret_make(tx, client, lifetime, &out->text);
	memcpy(out->id, secret->id, sizeof(out->id));
	out->expires_at = secret->expires_at;
	out->sealed = secret->sealed != NULL;
	return MANAGE_OK;
}

const char *
manage_client_lack(struct tx *tx, const struct client *client)
{
	for (size_t i = 0; i < client->secrets_count; i++)
		if (client->secrets[i].sealed &&
		    client_secret_is_good(&client->secrets[i], tx->now))
			return NULL;
	if (client->token_endpoint_auth_method != CLIENT_AUTH_SECRET_JWT)
		return NULL;
	return arena_printf(tx->arena,
			    "client %s has no good secret that was made for client_secret_jwt, so "
			    "none of its assertions can be checked: `ostiary client secret add %s` "
			    "makes one",
			    client->client_id, client->client_id);
}

/* ---- documents ---- */

static bool
client_id_fits(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~:/@";
	size_t size = strlen(text);

	/* a leading dash would be an option on every command line */
	return size > 0 && size <= CLIENT_ID_MAX && strspn(text, allowed) == size && text[0] != '-';
}

enum manage_verdict
manage_client_write(struct tx *tx, const struct client *client, struct client_row *row,
		    struct manage_keys *keys, struct buf *why)
{
	struct settings answers = client->settings;
	enum manage_verdict verdict;
	size_t size;

	row->metadata = json_write(tx->arena, client_to_json(tx->arena, client, false), &size);
	if (size > CLIENT_METADATA_MAX)
		return manage_say(why, MANAGE_REFUSED, "more than %d bytes of metadata",
				  CLIENT_METADATA_MAX);
	verdict = manage_key_prepare_missing(tx, &client->settings, keys, why);
	if (verdict != MANAGE_OK)
		return verdict;
	answers.id_token_alg = client->introspection_signed_response_alg;
	return manage_key_prepare_missing(tx, &answers, keys, why);
}

/* Applies edits to a document, judges the result and writes it to row in canonical form. */
static enum manage_verdict
edit_document(struct tx *tx, struct json_object *document, const struct manage_edit *edits,
	      size_t count, struct client_change *change, struct client *client, struct buf *why)
{
	int mistakes = 0;

	for (size_t i = 0; i < count; i++)
		mistakes += manage_edit_apply(tx->arena, document, &edits[i], why);
	if (mistakes)
		return MANAGE_REFUSED;
	client_default(client, &tx->realm->settings);
	if (client_from_json(tx->arena, document, client, why) != 0 ||
	    client_check(tx->arena, client, why) != 0)
		return MANAGE_REFUSED;
	client->client_id = change->row.client_id;
	return manage_client_write(tx, client, &change->row, &change->keys, why);
}

/* The names changed, for the record. */
static const char *
names_of(struct tx *tx, const struct manage_edit *edits, size_t count)
{
	struct buf names;

	buf_init(&names, tx->arena, 200);
	for (size_t i = 0; i < count; i++)
		buf_printf(&names, "%s%s", i ? " " : "", edits[i].field);
	return names.data;
}

/* ---- add ---- */

static enum store_verdict
apply_add(struct tx *tx, void *context)
{
	const struct client_change *change = context;
	enum store_verdict verdict = client_insert(tx->store, &change->row);

	if (verdict == STORE_OK && change->with_secret)
		verdict = client_secret_insert(tx->store, tx->realm->id, change->row.client_id,
					       &change->secret);
	return verdict == STORE_OK ? manage_key_store(tx, &change->keys) : verdict;
}

const char *
manage_client_fresh_id(struct tx *tx)
{
	uint8_t bytes[ID_SIZE];

	rand_fill(tx->provider->random, bytes, sizeof(bytes));
	return hex_encode(tx->arena, bytes, sizeof(bytes));
}

enum manage_verdict
manage_client_add(struct tx *tx, const struct manage_client_new *new, const char **client_id,
		  struct manage_secret *secret, struct buf *why)
{
	struct client_change change = {
		.row = {.realm_id = tx->realm->id,
			.client_id = new->client_id ? new->client_id : manage_client_fresh_id(tx),
			.enabled = true,
			.version = 1,
			.created_at = tx->now},
	};
	struct client client;
	enum manage_verdict verdict;
	enum store_verdict stored;

	*secret = (struct manage_secret){0};
	if (!client_id_fits(change.row.client_id))
		return manage_say(why, MANAGE_REFUSED,
				  "client id: 1 to %d of a-z A-Z 0-9 - . _ ~ : / @, no dash first",
				  CLIENT_ID_MAX);
	verdict = edit_document(tx, json_new_object(tx->arena), new->edits, new->edits_count,
				&change, &client, why);
	if (verdict != MANAGE_OK)
		return verdict;
	change.with_secret = client_has_secrets(&client);
	if (change.with_secret)
		verdict = make_secret(tx, &client, 0, &change.secret, secret, why);
	if (verdict != MANAGE_OK)
		return verdict;
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_add,
		.context = &change,
		.event = "client_added",
		.about = {.client_id = change.row.client_id},
	});
	*client_id = change.row.client_id;
	return outcome(stored, change.row.client_id, why);
}

/* ---- change ---- */

static enum store_verdict
apply_update(struct tx *tx, void *context)
{
	const struct client_change *change = context;
	enum store_verdict verdict = client_update(tx->store, &change->row);

	return verdict == STORE_OK ? manage_key_store(tx, &change->keys) : verdict;
}

static enum manage_verdict
read_row(struct tx *tx, const char *client_id, struct client_row *row, struct buf *why)
{
	enum store_verdict stored =
		client_row_find(tx->store, tx->arena, tx->realm->id, client_id, row);

	if (stored == STORE_DOWN)
		return manage_down(why);
	return stored == STORE_OK ? MANAGE_OK : not_found(tx, client_id, why);
}

enum manage_verdict
manage_client_edit(struct tx *tx, const char *client_id, const struct manage_edit *edits,
		   size_t count, struct buf *why)
{
	struct client_change change = {0};
	struct client client;
	struct json_object *document;
	const char *mistake = NULL;
	enum store_verdict stored;
	enum manage_verdict verdict = read_row(tx, client_id, &change.row, why);

	if (verdict != MANAGE_OK)
		return verdict;
	document = json_parse_object(tx->arena, change.row.metadata, strlen(change.row.metadata),
				     &mistake);
	if (!document)
		return manage_say(why, MANAGE_REFUSED, "client %s: the stored metadata is bad: %s",
				  client_id, mistake);
	verdict = edit_document(tx, document, edits, count, &change, &client, why);
	if (verdict != MANAGE_OK)
		return verdict;
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_update,
		.context = &change,
		.event = "client_changed",
		.about = {.client_id = client_id, .detail = names_of(tx, edits, count)},
	});
	return outcome(stored, client_id, why);
}

enum manage_verdict
manage_client_enable(struct tx *tx, const char *client_id, bool enabled, struct buf *why)
{
	struct client_change change = {0};
	enum store_verdict stored;
	enum manage_verdict verdict = read_row(tx, client_id, &change.row, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if (change.row.enabled == enabled)
		return manage_say(why, MANAGE_REFUSED, "client %s is %s already", client_id,
				  enabled ? "enabled" : "disabled");
	change.row.enabled = enabled;
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_update,
		.context = &change,
		.event = enabled ? "client_enabled" : "client_disabled",
		.about = {.client_id = client_id},
	});
	return outcome(stored, client_id, why);
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	return client_remove(tx->store, tx->realm->id, context);
}

enum manage_verdict
manage_client_remove(struct tx *tx, const char *client_id, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_remove,
		.context = arena_strdup(tx->arena, client_id),
		.event = "client_removed",
		.about = {.client_id = client_id},
	});

	return stored == STORE_NONE ? not_found(tx, client_id, why)
				    : outcome(stored, client_id, why);
}

enum manage_verdict
manage_client_find(struct tx *tx, const char *client_id, const struct client **client,
		   struct buf *why)
{
	enum store_verdict stored = client_find(tx->store, tx->arena, tx->realm->id,
						&tx->realm->settings, client_id, -1, client);

	if (stored == STORE_DOWN)
		return manage_down(why);
	return stored == STORE_OK ? MANAGE_OK : not_found(tx, client_id, why);
}

/* ---- secrets as verbs ---- */

struct secret_change {
	const char *client_id;
	const struct client_secret *secret; /* added, or expired from its expires_at */
};

static enum store_verdict
apply_secret_add(struct tx *tx, void *context)
{
	const struct secret_change *change = context;

	return client_secret_insert(tx->store, tx->realm->id, change->client_id, change->secret);
}

static enum store_verdict
apply_secret_expire(struct tx *tx, void *context)
{
	const struct secret_change *change = context;

	return client_secret_expire(tx->store, tx->realm->id, change->client_id, change->secret->id,
				    change->secret->expires_at);
}

static enum store_verdict
apply_secret_remove(struct tx *tx, void *context)
{
	const struct secret_change *change = context;

	return client_secret_remove(tx->store, tx->realm->id, change->client_id,
				    change->secret->id);
}

static enum manage_verdict
no_secret(const char *client_id, const char *id, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "client %s has no secret %s", client_id, id);
}

static enum manage_verdict
commit_secret(struct tx *tx, const char *event,
	      enum store_verdict (*apply)(struct tx *tx, void *context),
	      const struct client_secret *secret, const char *client_id, struct buf *why)
{
	struct secret_change change = {.client_id = client_id, .secret = secret};
	const char *id = tx_hex(tx, secret->id);
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply,
		.context = &change,
		.event = event,
		.about = {.client_id = client_id, .detail = id},
	});

	if (stored == STORE_NONE)
		return no_secret(client_id, id, why);
	return outcome(stored, client_id, why);
}

enum manage_verdict
manage_client_secret_add(struct tx *tx, const char *client_id, int64_t lifetime,
			 struct manage_secret *out, struct buf *why)
{
	const struct client *client;
	struct client_secret secret;
	enum manage_verdict verdict = manage_client_find(tx, client_id, &client, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if (!client_has_secrets(client))
		return manage_say(
			why, MANAGE_REFUSED,
			"client %s has no secrets: token_endpoint_auth_method is %s", client_id,
			client_auth_method_name(
				(enum client_auth_method)client->token_endpoint_auth_method));
	if (client->secrets_count >= CLIENT_SECRETS_MAX)
		return manage_say(why, MANAGE_REFUSED,
				  "client %s has %d secrets: remove those that are over first",
				  client_id, CLIENT_SECRETS_MAX);
	verdict = make_secret(tx, client, lifetime, &secret, out, why);
	if (verdict != MANAGE_OK)
		return verdict;
	return commit_secret(tx, "client_secret_added", apply_secret_add, &secret, client_id, why);
}

static enum manage_verdict
read_secret_id(struct tx *tx, const char *client_id, const char *text, struct client_secret *secret,
	       struct buf *why)
{
	struct client_row row;

	if (strlen(text) != 2 * ID_SIZE || hex_decode_exact(text, secret->id, ID_SIZE) != 0)
		return manage_say(why, MANAGE_REFUSED,
				  "secret id: %d hexadecimal digits, as `ostiary client secret "
				  "list` shows them",
				  2 * ID_SIZE);
	return read_row(tx, client_id, &row, why);
}

enum manage_verdict
manage_client_secret_expire(struct tx *tx, const char *client_id, const char *id, int64_t in,
			    struct buf *why)
{
	struct client_secret secret = {.expires_at = tx->now + in};
	enum manage_verdict verdict = read_secret_id(tx, client_id, id, &secret, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return commit_secret(tx, "client_secret_expired", apply_secret_expire, &secret, client_id,
			     why);
}

enum manage_verdict
manage_client_secret_try(struct tx *tx, const char *client_id, const char *id, struct buf *why)
{
	struct client_secret secret = {0};
	const struct client *client;
	enum manage_verdict verdict = read_secret_id(tx, client_id, id, &secret, why);

	if (verdict != MANAGE_OK)
		return verdict;
	/* of a client that is there and cannot be read nothing is known: removing will tell */
	if (client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings, client_id, -1,
			&client) != STORE_OK)
		return MANAGE_OK;
	for (size_t i = 0; i < client->secrets_count; i++)
		if (memcmp(client->secrets[i].id, secret.id, ID_SIZE) == 0)
			return MANAGE_OK;
	return no_secret(client_id, id, why);
}

enum manage_verdict
manage_client_secret_remove(struct tx *tx, const char *client_id, const char *id, struct buf *why)
{
	struct client_secret secret = {0};
	enum manage_verdict verdict = read_secret_id(tx, client_id, id, &secret, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return commit_secret(tx, "client_secret_removed", apply_secret_remove, &secret, client_id,
			     why);
}
