/* SPDX-License-Identifier: ISC */
/*
 * Pushed authorization requests (RFC 9126): keeping one, and the steps about them. What a browser
 * brings beside its request_uri is ignored. From then on the request travels sealed, with the
 * request_uri, so a sign-in may last longer than that; it is consumed when the answer is made.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/model/handle.h"
#include "core/oauth/authz/steps.h"

/* RFC 9126 2.1 */
int
step_pushing(struct tx *tx, struct authz *authz)
{
	if (form_get(authz->form, "request_uri"))
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "request_uri cannot be pushed; send the parameters themselves", NULL);
	return 0;
}

/* Nobody is sent anywhere by a handle that is not the client's: its request is not looked at. */
static int
refuse(struct tx *tx, const char *why)
{
	tx->failure.page = "flow_expired";
	return fail(tx, OAUTH_INVALID_REQUEST_URI, "request_uri is unknown", "%s", why);
}

static int
read_request(struct tx *tx, struct authz *authz, const struct pushed_request *row)
{
	struct form *form = arena_alloc(tx->arena, sizeof(*form));

	if (form_parse(tx->arena, row->request, strlen(row->request), form) != FORM_OK)
		bug("a pushed request cannot be parsed");
	authz->form = form;
	authz->pushed = row;
	return 0;
}

int
step_pushed(struct tx *tx, struct authz *authz)
{
	const char *uri = form_get(authz->form, "request_uri");
	struct pushed_request *row = arena_alloc(tx->arena, sizeof(*row));
	struct handle handle;

	if (!uri || !str_starts(uri, HANDLE_PUSHED))
		return 0;
	if (form_count(authz->form, "request_uri") > 1)
		return refuse(tx, "request_uri was sent more than once");
	if (handle_parse(HANDLE_PUSHED, uri, &handle) != 0)
		return refuse(tx, "malformed");
	authz->request_uri = uri;
	switch (pushed_find(tx->store, tx->arena, tx->realm->id, handle.id, handle.hash, row)) {
	case STORE_OK:
		if (strcmp(row->client_id, authz->client->client_id) != 0)
			return refuse(
				tx, arena_printf(tx->arena, "pushed by client %s", row->client_id));
		return read_request(tx, authz, row);
	case STORE_DOWN:
		return fail_down(tx);
	case STORE_NONE:
	case STORE_CONFLICT:
		break;
	}
	return refuse(tx, "no such request: it may have been removed after it expired");
}

/* What the sealed page carries was looked at when the browser came. */
int
step_pushed_before(struct tx *tx, struct authz *authz)
{
	struct pushed_request *row = arena_alloc(tx->arena, sizeof(*row));
	struct handle handle;

	authz->request_uri = form_get(authz->form, "request_uri");
	if (!authz->request_uri)
		return 0;
	if (handle_parse(HANDLE_PUSHED, authz->request_uri, &handle) != 0)
		bug("a sealed request_uri cannot be parsed");
	memcpy(row->id, handle.id, sizeof(row->id));
	memcpy(row->hash, handle.hash, sizeof(row->hash));
	authz->pushed = row;
	return 0;
}

/* The redirect URI is that of the pushed request, so the client can be told. */
int
step_pushed_fresh(struct tx *tx, struct authz *authz)
{
	const struct pushed_request *pushed = authz->pushed;

	if (!pushed)
		return 0;
	if (pushed->consumed_at)
		return fail(tx, OAUTH_INVALID_REQUEST_URI,
			    "request_uri was used already; push the request again",
			    "the authorization was completed");
	if (pushed->usable_until <= tx->now)
		return fail(tx, OAUTH_INVALID_REQUEST_URI,
			    "request_uri has expired; push the request again",
			    "par_lifetime has passed since it was pushed");
	return 0;
}

int
step_must_push(struct tx *tx, struct authz *authz)
{
	const char *who = NULL;

	if (authz->pushed)
		return 0;
	if (tx->realm->settings.require_pushed)
		who = "require_pushed_authorization_requests of the realm";
	else if (authz->client->require_pushed_authorization_requests)
		who = "require_pushed_authorization_requests of the client";
	else if (authz->profile.par)
		who = arena_printf(tx->arena, "profile %s", authz->profile.name);
	if (!who)
		return 0;
	return fail(tx, OAUTH_INVALID_REQUEST,
		    "authorization requests must be pushed first (RFC 9126); send the request_uri",
		    "decided by %s", who);
}

int
authz_push(struct tx *tx, const struct authz *authz, const char **request_uri, int64_t *expires_in)
{
	struct pushed_request row = {
		.realm_id = tx->realm->id,
		.client_id = authz->client->client_id,
		.request = authz_request_text(tx->arena, authz),
		.created_at = tx->now,
		.usable_until = tx->now + authz->client->settings.par_lifetime,
	};
	struct handle handle;

	if (strlen(row.request) > PUSHED_REQUEST_MAX)
		return fail(tx, OAUTH_INVALID_REQUEST, "the request is too long",
			    "%zu bytes, at most %d", strlen(row.request), PUSHED_REQUEST_MAX);
	/* a browser may come at the last moment, and its pages are good so long */
	row.expires_at = row.usable_until + tx->realm->settings.flow_lifetime + 1;
	handle_make(tx->provider->random, tx->now_ms, &handle);
	memcpy(row.id, handle.id, sizeof(row.id));
	memcpy(row.hash, handle.hash, sizeof(row.hash));
	if (pushed_insert(tx->store, &row) != STORE_OK)
		return fail_down(tx);
	*request_uri = handle_text(tx->arena, HANDLE_PUSHED, &handle);
	*expires_in = row.usable_until - tx->now;
	hash_wipe(&handle, sizeof(handle));
	return 0;
}
