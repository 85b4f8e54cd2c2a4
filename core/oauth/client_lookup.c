/* SPDX-License-Identifier: ISC */
/*
 * The client behind an identifier. Documents are kept by core/port/remote.h, which decides when one
 * is fetched again; here one is read by the rules of registration and compared with the row.
 */
#include "core/oauth/client_lookup.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/oauth/registration.h"
#include "core/port/rate.h"
#include "core/port/remote.h"

struct lookup {
	struct tx *tx;
	const char *client_id;
	const struct client *row; /* NULL: none */
};

static bool
has_dot_segment(const char *path)
{
	while (*path) {
		size_t size = strcspn(path + 1, "/");
		const char *segment = path + 1;

		/* also as browsers understand it (WHATWG URL 4.1) */
		if ((size == 1 && segment[0] == '.') ||
		    (size == 2 && strncmp(segment, "..", 2) == 0) ||
		    (size >= 3 && strncasecmp(segment, "%2e", 3) == 0) ||
		    (size >= 4 && strncasecmp(segment, ".%2e", 4) == 0))
			return true;
		path = segment + size;
	}
	return false;
}

const char *
client_document_mistake(struct arena *arena, const char *client_id)
{
	struct uri uri;

	if (strlen(client_id) > CLIENT_ID_MAX || uri_parse(arena, client_id, &uri) != 0 ||
	    !str_starts(client_id, "https://") || str_empty(uri.host))
		return "not an https URL of at most 255 bytes";
	if (uri.userinfo || uri.fragment)
		return "a user or a fragment is not allowed in the URL of a client";
	if (uri.path[0] != '/' || uri.path[1] == '\0')
		return "the URL of a client has a path";
	if (has_dot_segment(uri.path))
		return "the URL of a client has no dot segments";
	return NULL;
}

bool
client_is_unkept(const struct client *client)
{
	return client->version == 0 && str_equal(client->source, CLIENT_FROM_DOCUMENT);
}

/* ---- the document ---- */

/* What must be true before it may take the place of an older one. */
static const char *
not_a_document(void *context, const char *body, size_t size)
{
	const struct lookup *lookup = context;
	struct json_object *document = json_parse_object(lookup->tx->arena, body, size, NULL);
	const char *client_id = document ? json_text_or_null(document, "client_id") : NULL;

	if (!document)
		return "it is not a JSON object";
	if (!str_equal(client_id, lookup->client_id))
		return "its client_id is not its own URL";
	if (json_object_object_get_ex(document, "client_secret", NULL) ||
	    json_object_object_get_ex(document, "client_secret_expires_at", NULL))
		return "it holds a client_secret";
	return NULL;
}

/* Programs on a person's device listen on any free port (RFC 8252 7.3), which is for application
 * type native; their documents seldom say so. */
static void
derive_type(struct tx *tx, struct json_object *document)
{
	struct strlist uris = {0};
	bool local = false;

	if (json_object_object_get_ex(document, "application_type", NULL) ||
	    json_get_list(tx->arena, document, "redirect_uris", CLIENT_URIS_MAX, &uris) !=
		    JSON_FOUND)
		return;
	for (size_t i = 0; i < uris.count && !local; i++) {
		struct uri uri;

		local = uri_parse(tx->arena, uris.item[i], &uri) == 0 &&
			(!str_equal(uri.scheme, "https") || uri_host_is_loopback(&uri));
	}
	if (local)
		json_add_text(document, "application_type", "native");
}

static void
tell(const struct lookup *lookup, const char *why)
{
	lookup->tx->client_why = arena_printf(
		lookup->tx->arena, "has a metadata document that cannot be used: %s", why);
	tx_log(lookup->tx, LOG_LEVEL_WARN, "client_document_refused", "client_id",
	       lookup->client_id, "why", why);
}

/* The client that a document tells of; NULL when it breaks a rule of registration. */
static struct client *
read_document(const struct lookup *lookup, const struct remote_document *document)
{
	const struct registration_rules rules = {.document = true, .before = lookup->row};
	struct tx *tx = lookup->tx;
	struct registration *registration = arena_alloc(tx->arena, sizeof(*registration));
	struct json_object *request =
		json_parse_object(tx->arena, document->body, document->size, NULL);
	struct failure before = tx->failure;
	struct client *client = &registration->client;

	tx->failure = (struct failure){0};
	if (request)
		derive_type(tx, request);
	if (!request || registration_read(tx, request, &rules, registration) != 0) {
		tell(lookup, tx->failure.detail ? tx->failure.detail : tx->failure.text);
		tx->failure = before;
		return NULL;
	}
	tx->failure = before;
	client->realm_id = tx->realm->id;
	client->client_id = arena_strdup(tx->arena, lookup->client_id);
	client->enabled = true;
	client->version = 0;
	client->created_at = tx->now;
	client->source = CLIENT_FROM_DOCUMENT;
	return client;
}

static const char *
metadata_text(struct tx *tx, const struct client *client)
{
	return json_write(tx->arena, client_to_json(tx->arena, client, false), NULL);
}

/* The row follows its document; whoever was quicker has written the same. What was changed by
 * somebody else meanwhile follows with the next request, by what it says then. */
static enum store_verdict
update_row(const struct lookup *lookup, const struct client *fresh)
{
	struct tx *tx = lookup->tx;
	const char *metadata = metadata_text(tx, fresh);
	struct client_row row;
	enum store_verdict verdict;

	if (strcmp(metadata, metadata_text(tx, lookup->row)) == 0)
		return STORE_OK;
	verdict = client_row_find(tx->store, tx->arena, tx->realm->id, lookup->client_id, &row);
	if (verdict != STORE_OK)
		return verdict;
	if (row.version != lookup->row->version)
		return STORE_OK;
	row.metadata = metadata;
	verdict = client_update(tx->store, &row);
	tx_log(tx, LOG_LEVEL_INFO, "client_document_changed", "client_id", lookup->client_id);
	return verdict == STORE_NONE ? STORE_OK : verdict;
}

static enum store_verdict
take_document(const struct lookup *lookup, const struct remote_document *document,
	      const struct client **out)
{
	struct client *client = read_document(lookup, document);
	enum store_verdict verdict;

	if (!client)
		return STORE_NONE;
	*out = client;
	if (!lookup->row)
		return STORE_OK;
	verdict = update_row(lookup, client);
	/* of the document what it says, of the row that it is there */
	client->version = lookup->row->version;
	client->created_at = lookup->row->created_at;
	return verdict;
}

/* Whoever names URLs makes us ask for them: that is counted by network. */
static bool
asks_too_much(const struct lookup *lookup)
{
	const struct tx *tx = lookup->tx;
	const struct provider *provider = tx->provider;

	return !lookup->row && provider->rate && tx->address &&
	       rate_charge(provider->rate, rate_key_network(provider->rate, tx->address),
			   provider->conf->rate_limit_network, tx->now_ms) > 0;
}

static enum store_verdict
fetch(struct lookup *lookup, const struct client **client)
{
	const struct remote_rules rules = {
		.purpose = "client",
		.accept = "application/json",
		.max = CLIENT_DOCUMENT_MAX,
		.fresh_least = CLIENT_DOCUMENT_LEAST,
		.fresh_most = CLIENT_DOCUMENT_MOST,
		.kept = lookup->row ? REMOTE_KEPT : REMOTE_KEPT_STRANGER,
		.check = not_a_document,
		.context = lookup,
	};
	struct remote_document document = {0};
	enum remote_verdict verdict;

	if (asks_too_much(lookup)) {
		tell(lookup, "its network asks for too much (rate_limit_network)");
		return STORE_DOWN;
	}
	verdict = remote_document(lookup->tx, lookup->client_id, &rules, &document);
	if (verdict == REMOTE_OK)
		return take_document(lookup, &document, client);
	if (lookup->row && verdict != REMOTE_DOWN)
		return STORE_OK; /* as it was */
	tell(lookup, document.why ? document.why : "the database is away");
	return verdict == REMOTE_BUSY || verdict == REMOTE_DOWN ? STORE_DOWN : STORE_NONE;
}

enum store_verdict
client_lookup(struct tx *tx, const char *client_id, const struct client **client)
{
	struct lookup lookup = {.tx = tx, .client_id = client_id};
	bool documents = tx->realm->settings.client_id_metadata_document != 0;
	enum store_verdict verdict;

	if (strlen(client_id) > CLIENT_ID_MAX)
		return STORE_NONE;
	verdict = client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings, client_id,
			      realms_generation(tx->provider->realms), client);
	if (verdict == STORE_OK && !str_equal((*client)->source, CLIENT_FROM_DOCUMENT))
		return STORE_OK;
	if (verdict == STORE_OK && !documents)
		return STORE_NONE;
	if (verdict == STORE_OK && !(*client)->enabled)
		return STORE_OK;
	if (verdict == STORE_OK)
		lookup.row = *client;
	else if (verdict != STORE_NONE || !documents ||
		 client_document_mistake(tx->arena, client_id))
		return verdict;
	return fetch(&lookup, client);
}

enum store_verdict
client_keep(struct tx *tx, const struct client *client)
{
	const struct client_row row = {
		.realm_id = tx->realm->id,
		.client_id = client->client_id,
		.metadata = metadata_text(tx, client),
		.enabled = true,
		.version = 1,
		.created_at = tx->now,
		.source = CLIENT_FROM_DOCUMENT,
	};
	const struct audit_about about = {.client_id = client->client_id};
	enum store_verdict verdict;

	if (!client_is_unkept(client))
		return STORE_OK;
	verdict = client_insert_limited(tx->store, &row, tx->realm->settings.registration_limit);
	switch (verdict) {
	case STORE_OK:
		return tx_audit(tx, "client_document_added", &about);
	case STORE_CONFLICT:
		return STORE_OK;
	case STORE_NONE:
		tx_log(tx, LOG_LEVEL_ERROR, "client_document_limit", "setting",
		       "registration_limit");
		return STORE_DOWN;
	case STORE_DOWN:
		break;
	}
	return STORE_DOWN;
}
