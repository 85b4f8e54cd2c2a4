/* SPDX-License-Identifier: ISC */
/*
 * Who the client is: what a request presents, which client that names, and whether it is what the
 * client is registered for.
 */
#include "core/oauth/client_auth.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/oauth/client_auth/presented.h"
#include "core/oauth/client_lookup.h"

/* clang-format off */
static const struct client_auth_row rows[] = {
	{"client_secret_basic", CLIENT_AUTH_SECRET_BASIC, false, false, PRESENTED_BASIC, {0},
	 verify_secret},
	{"client_secret_post", CLIENT_AUTH_SECRET_POST, false, false, PRESENTED_POST, {0},
	 verify_secret},
	{"client_secret_jwt", CLIENT_AUTH_SECRET_JWT, false, false, PRESENTED_ASSERTION,
	 {JWS_ALGS_MAC}, verify_secret_jwt},
	{"private_key_jwt", CLIENT_AUTH_PRIVATE_KEY_JWT, false, false, PRESENTED_ASSERTION,
	 {JWS_ALGS_ASYMMETRIC}, verify_private_key_jwt},
	{"tls_client_auth", CLIENT_AUTH_TLS, false, true, PRESENTED_ID, {0}, verify_tls},
	{"self_signed_tls_client_auth", CLIENT_AUTH_SELF_SIGNED_TLS, false, true, PRESENTED_ID, {0},
	 verify_self_signed_tls},
	{"none", CLIENT_AUTH_NONE, true, false, PRESENTED_ID, {0}, verify_nothing},
};
/* clang-format on */

const struct client_auth_row *
client_auth_table(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

bool
client_auth_works(const struct client_auth_row *row, const struct realm *realm)
{
	return !row->needs_tls || !str_empty(realm->settings.mtls_endpoint_base);
}

static const char *const kind_names[] = {
	[PRESENTED_BASIC] = "client_secret_basic",
	[PRESENTED_POST] = "client_secret_post",
	[PRESENTED_ASSERTION] = "an assertion",
	[PRESENTED_ID] = "client_id alone",
};

int
client_refuse(struct tx *tx, const char *why)
{
	return fail(tx, OAUTH_INVALID_CLIENT, "client authentication failed", "%s", why);
}

struct key_source
client_keys(const struct client *client)
{
	return (struct key_source){
		.jwks = client->jwks,
		.jwks_uri = client->jwks_uri,
		.of_stranger = client_is_unkept(client),
	};
}

int
verify_nothing(struct tx *tx, const struct client *client, const struct presented *presented)
{
	(void)tx;
	(void)client;
	(void)presented;
	return 0;
}

/* ---- what is presented ---- */

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
	presented->client_id = form_decode(tx->arena, pair, (size_t)(colon - pair));
	presented->secret = form_decode(tx->arena, colon + 1, size - (size_t)(colon + 1 - pair));
	if (!presented->client_id || !presented->secret)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "client_id and client_secret must be form-urlencoded within Basic "
			    "credentials",
			    NULL);
	return 0;
}

/* RFC 7521 4.2: sub names the client. */
static int
read_assertion(struct tx *tx, const struct form *form, struct presented *presented)
{
	const char *type = form_get(form, "client_assertion_type");
	enum jwt_verdict verdict;

	presented->assertion = form_get(form, "client_assertion");
	if (!presented->assertion || !type || strcmp(type, ASSERTION_TYPE) != 0)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "an assertion needs client_assertion and "
			    "client_assertion_type=" ASSERTION_TYPE,
			    "client_assertion_type is %.200s", type ? type : "missing");
	verdict = jwt_read_unverified(tx->arena, presented->assertion, &presented->unverified);
	if (verdict != JWT_OK)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "client_assertion is not a well-formed signed JWT", "%s",
			    jwt_verdict_text(verdict));
	presented->client_id = presented->unverified.sub;
	if (str_empty(presented->client_id))
		return fail(tx, OAUTH_INVALID_CLIENT, "client_assertion has no sub", NULL);
	return 0;
}

static int
read_form(struct tx *tx, const struct form *form, struct presented *presented)
{
	presented->client_id = form_get(form, "client_id");
	presented->secret = form_get(form, "client_secret");
	if (str_empty(presented->client_id))
		return fail(
			tx, OAUTH_INVALID_CLIENT,
			"no client authentication; send it in the way registered for the client",
			NULL);
	return 0;
}

static int
choose_kind(struct tx *tx, const struct client_credentials *credentials, enum presented_kind *kind)
{
	const struct form *form = credentials->form;
	const bool sent[] = {
		[PRESENTED_BASIC] = credentials->basic,
		[PRESENTED_POST] = form_get(form, "client_secret"),
		[PRESENTED_ASSERTION] = form_get(form, "client_assertion") ||
					form_get(form, "client_assertion_type"),
	};
	size_t count = 0;

	*kind = PRESENTED_ID;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		count += sent[i];
		if (sent[i])
			*kind = (enum presented_kind)i;
	}
	return count < 2 ? 0
			 : fail(tx, OAUTH_INVALID_REQUEST,
				"client credentials were sent in two ways; use one", NULL);
}

static int
read_presented(struct tx *tx, const struct client_credentials *credentials,
	       struct presented *presented)
{
	const char *form_id = form_get(credentials->form, "client_id");
	int result = -1;

	if (credentials->malformed)
		return fail(tx, OAUTH_INVALID_CLIENT,
			    "the Authorization header is malformed or was sent twice", NULL);
	*presented = (struct presented){.credentials = credentials};
	if (choose_kind(tx, credentials, &presented->kind) != 0)
		return -1;
	switch (presented->kind) {
	case PRESENTED_BASIC:
		result = read_basic(tx, credentials->basic, presented);
		break;
	case PRESENTED_ASSERTION:
		result = read_assertion(tx, credentials->form, presented);
		break;
	case PRESENTED_POST:
	case PRESENTED_ID:
		result = read_form(tx, credentials->form, presented);
		break;
	}
	if (result == 0 && form_id && strcmp(form_id, presented->client_id) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "client_id differs from that of the credentials", NULL);
	return result;
}

/* ---- the client ---- */

static const struct client *
find(struct tx *tx, const char *client_id, enum store_verdict *verdict)
{
	const struct client *client;

	*verdict = client_lookup(tx, client_id, &client);
	return *verdict == STORE_OK ? client : NULL;
}

const char *
client_id_shown(const char *client_id)
{
	return str_starts(client_id, CLIENT_SECRET_PREFIX) ? "(looks like a client secret)"
							   : client_id;
}

static const struct client_auth_row *
row_of(const struct client *client)
{
	const struct client_auth_row *row = rows;

	while ((int64_t)row->method != client->token_endpoint_auth_method)
		row++;
	return row;
}

/* The way that an assertion is signed tells the two methods apart. */
static bool
is_registered(const struct client_auth_row *row, const struct presented *presented)
{
	return row->kind == presented->kind &&
	       (row->kind != PRESENTED_ASSERTION ||
		jws_alg_set_has(row->algs, presented->unverified.jws.alg));
}

int
client_authenticate(struct tx *tx, const struct client_credentials *credentials, bool public_may,
		    const struct client **out)
{
	const struct client_auth_row *row;
	struct presented presented;
	const struct client *client;
	enum store_verdict verdict;

	if (read_presented(tx, credentials, &presented) != 0)
		return -1;
	client = find(tx, presented.client_id, &verdict);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (!client)
		return client_refuse(tx,
				     arena_printf(tx->arena, "client_id %.64s is not registered",
						  client_id_shown(presented.client_id)));
	tx->client_id = client->client_id;
	if (!client->enabled)
		return client_refuse(tx, "the client is disabled");
	row = row_of(client);
	if (!is_registered(row, &presented))
		return client_refuse(tx, arena_printf(tx->arena, "presented %s, registered %s",
						      kind_names[presented.kind], row->name));
	if (row->is_public && !public_may)
		return client_refuse(tx, "a public client may not call this endpoint");
	presented.algs = row->algs;
	if (row->verify(tx, client, &presented) != 0)
		return -1;
	*out = client;
	return 0;
}
