/* SPDX-License-Identifier: ISC */
/*
 * Who the client is.
 */
#include "core/oauth/client_auth.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"

struct presented {
	enum client_auth_method method;
	const char *client_id;
	const char *secret; /* NULL for public clients */
};

static const struct client_auth_row rows[] = {
	{"client_secret_basic", CLIENT_AUTH_SECRET_BASIC, false},
	{"client_secret_post", CLIENT_AUTH_SECRET_POST, false},
	{"none", CLIENT_AUTH_NONE, true},
};

const struct client_auth_row *
client_auth_table(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

/* RFC 6749 2.3.1: both halves are form-encoded before they are joined with a colon. */
static int
read_basic(struct tx *tx, const char *basic, struct presented *presented)
{
	size_t size;
	const char *colon;
	const char *pair = NULL;

	if (strlen(basic) <= BASIC_MAX)
		pair = (const char *)b64_decode(tx->arena, basic, strlen(basic), &size);
	colon = pair ? memchr(pair, ':', size) : NULL;
	if (!colon || memchr(pair, '\0', size))
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "the Basic credentials are not base64 of client_id:client_secret",
			    NULL);
	presented->method = CLIENT_AUTH_SECRET_BASIC;
	presented->client_id = form_decode(tx->arena, pair, (size_t)(colon - pair));
	presented->secret = form_decode(tx->arena, colon + 1, size - (size_t)(colon + 1 - pair));
	if (!presented->client_id || !presented->secret)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "client_id and client_secret must be form-urlencoded within Basic "
			    "credentials",
			    NULL);
	return 0;
}

static int
read_presented(struct tx *tx, const struct client_credentials *credentials,
	       struct presented *presented)
{
	const char *form_id = form_get(credentials->form, "client_id");
	const char *form_secret = form_get(credentials->form, "client_secret");

	if (credentials->malformed)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "the Authorization header is malformed or was sent twice", NULL);
	if (credentials->basic && form_secret)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "client credentials were sent in two ways; use one", NULL);
	if (credentials->basic) {
		if (read_basic(tx, credentials->basic, presented) != 0)
			return -1;
		if (form_id && strcmp(form_id, presented->client_id) != 0)
			return fail(tx, OAUTH_INVALID_REQUEST,
				    "client_id differs from that of the Authorization header",
				    NULL);
		return 0;
	}
	if (str_empty(form_id))
		return fail(
			tx, OAUTH_INVALID_CLIENT,
			"no client authentication; send it in the way registered for the client",
			NULL);
	*presented = (struct presented){
		.method = form_secret ? CLIENT_AUTH_SECRET_POST : CLIENT_AUTH_NONE,
		.client_id = form_id,
		.secret = form_secret,
	};
	return 0;
}

/* Looks at every secret whatever the outcome, so the time does not tell which one was near. */
static bool
secret_right(const struct client *client, const char *secret, int64_t now)
{
	uint8_t digest[SHA256_SIZE];
	bool right = false;

	hash_sha256(secret, strlen(secret), digest);
	for (size_t i = 0; i < client->secrets_count; i++) {
		const struct client_secret *one = &client->secrets[i];
		bool good = one->expires_at == 0 || one->expires_at > now;

		right |= hash_equal(one->hash, digest, sizeof(digest)) && good;
	}
	return right;
}

static const struct client *
find(struct tx *tx, const char *client_id, enum store_verdict *verdict)
{
	const struct client *client;

	*verdict = STORE_NONE;
	if (strlen(client_id) > CLIENT_ID_MAX)
		return NULL;
	*verdict = client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings, client_id,
			       realms_generation(tx->provider->realms), &client);
	return *verdict == STORE_OK ? client : NULL;
}

/* One public text for all of these: a caller must not learn which clients exist or how they
 * authenticate. */
static int
refuse(struct tx *tx, const char *why)
{
	return fail(tx, OAUTH_INVALID_CLIENT, "client authentication failed", "%s", why);
}

const char *
client_id_shown(const char *client_id)
{
	return str_starts(client_id, CLIENT_SECRET_PREFIX) ? "(looks like a client secret)"
							   : client_id;
}

int
client_authenticate(struct tx *tx, const struct client_credentials *credentials, bool public_may,
		    const struct client **out)
{
	struct presented presented;
	const struct client *client;
	enum store_verdict verdict;

	if (read_presented(tx, credentials, &presented) != 0)
		return -1;
	client = find(tx, presented.client_id, &verdict);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (!client)
		return refuse(tx, arena_printf(tx->arena, "client_id %.64s is not registered",
					       client_id_shown(presented.client_id)));
	tx->client_id = client->client_id;
	if (!client->enabled)
		return refuse(tx, "the client is disabled");
	if (client->token_endpoint_auth_method != (int64_t)presented.method)
		return refuse(tx, arena_printf(tx->arena, "presented %s, registered %s",
					       client_auth_method_name(presented.method),
					       client_auth_method_name(
						       (enum client_auth_method)client
							       ->token_endpoint_auth_method)));
	if (presented.method == CLIENT_AUTH_NONE && !public_may)
		return refuse(tx, "a public client may not call this endpoint");
	if (presented.method != CLIENT_AUTH_NONE &&
	    !secret_right(client, presented.secret, tx->now))
		return refuse(tx, "the secret is wrong or has expired");
	*out = client;
	return 0;
}
