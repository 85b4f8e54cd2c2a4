/* SPDX-License-Identifier: ISC */
/*
 * GET /logo: the logos of clients, fetched once and served from here, so that a client's server
 * does not learn who signs in and pages need no other origin. Only what a client has registered is
 * fetched, and only pictures, by their first bytes, are kept: PNG, JPEG and WebP. SVG is a program.
 * Who has one fetched is charged for it, who sees one that is kept is not.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"
#include "core/port/fetch_wire.h"
#include "core/port/remote.h"

#define LOGO_MAX 65536 /* bytes of one: they are shown as wide as a thumb */
#define LOGO_FRESH                                                                                 \
	INT64_C(86400) /* seconds, whatever is said; kept no longer, as any                        \
			  client that registers itself names one */
#define TAG_SIZE  9    /* bytes of a digest */
#define WEBP_MARK 8    /* where it stands behind "RIFF" and a size */

struct picture {
	const char *type;
	const char *bytes; /* at the beginning */
	size_t size;
	const char *mark; /* at WEBP_MARK; NULL: none */
};

static const struct picture pictures[] = {
	{"image/png", "\x89PNG\r\n\x1a\n", 8, NULL},
	{"image/jpeg", "\xff\xd8\xff", 3, NULL},
	{"image/webp", "RIFF", 4, "WEBP"},
};

static const char *
picture_type(const char *body, size_t size)
{
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		const struct picture *picture = &pictures[i];
		size_t mark = picture->mark ? strlen(picture->mark) : 0;
		size_t needed = mark > 0 ? WEBP_MARK + mark : picture->size;

		if (size < needed || memcmp(body, picture->bytes, picture->size) != 0)
			continue;
		if (mark == 0 || memcmp(body + WEBP_MARK, picture->mark, mark) == 0)
			return picture->type;
	}
	return NULL;
}

static const char *
no_picture(void *context, const char *body, size_t size)
{
	(void)context;
	return picture_type(body, size) ? NULL : "it is neither PNG, JPEG nor WebP";
}

static const char *
digest_text(struct arena *arena, const void *data, size_t size)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(data, size, digest);
	return b64url_encode(arena, digest, TAG_SIZE);
}

const char *
logo_url(struct call *call, const struct client *client)
{
	struct arena *arena = call->tx.arena;
	char separator = '?';
	struct buf url;

	if (!client->logo_uri || fetch_url_mistake(arena, client->logo_uri))
		return NULL;
	buf_init(&url, arena, URI_MAX);
	buf_printf(&url, "%s/logo", page_base(call));
	uri_add_parameter(&url, &separator, "client_id", client->client_id);
	/* another logo is another address: browsers keep the old one for a while */
	uri_add_parameter(&url, &separator, "v",
			  digest_text(arena, client->logo_uri, strlen(client->logo_uri)));
	return buf_failed(&url) ? NULL : url.data;
}

static int
find_logo(struct call *call, const char **uri)
{
	struct tx *tx = &call->tx;
	const char *client_id = form_get(&call->query, "client_id");
	enum store_verdict verdict = STORE_NONE;
	const struct client *client;

	if (!str_empty(client_id) && strlen(client_id) <= CLIENT_ID_MAX)
		verdict = client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings,
				      client_id, realms_generation(tx->provider->realms), &client);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK || !client->enabled || !client->logo_uri)
		return fail(tx, OAUTH_NOT_FOUND, "there is nothing at this address",
			    "no such client, or it has no logo_uri");
	*uri = client->logo_uri;
	return 0;
}

/* Who wants a logo, and how long he has to wait for another one. */
struct viewer {
	struct call *call;
	int64_t wait;
};

static bool
may_ask(void *context)
{
	struct viewer *viewer = context;

	viewer->wait = rate_network_charge(viewer->call);
	return viewer->wait == 0;
}

void
handle_logo(struct call *call)
{
	struct viewer viewer = {.call = call};
	const struct remote_rules rules = {
		.purpose = "logo",
		.accept = "image/webp, image/png, image/jpeg",
		.max = LOGO_MAX,
		.fresh_least = LOGO_FRESH,
		.fresh_most = LOGO_FRESH,
		.kept = LOGO_FRESH,
		.check = no_picture,
		.may_ask = may_ask,
		.context = &viewer,
	};
	struct tx *tx = &call->tx;
	struct remote_document logo;
	enum remote_verdict verdict;
	const char *uri;

	if (find_logo(call, &uri) != 0)
		return;
	verdict = remote_document(tx, uri, &rules, &logo);
	if (verdict != REMOTE_OK && viewer.wait > 0) {
		(void)rate_network_refuse(call, viewer.wait);
		return;
	}
	if (verdict != REMOTE_OK) {
		(void)remote_fail(tx, verdict, OAUTH_NOT_FOUND, "the logo cannot be fetched",
				  logo.why);
		return;
	}
	response_header_set(call->response, "Content-Security-Policy", "default-src 'none'");
	document_send(
		call, picture_type(logo.body, logo.size), logo.body, logo.size,
		arena_printf(tx->arena, "\"%s\"", digest_text(tx->arena, logo.body, logo.size)));
}
