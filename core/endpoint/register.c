/* SPDX-License-Identifier: ISC */
/*
 * /register (RFC 7591 3) and /register/CLIENT_ID (RFC 7592 2): clients that register, look at,
 * replace and remove themselves.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/manage/manage_client.h"
#include "core/manage/manage_registration.h"
#include "core/model/handle.h"
#include "core/oauth/registration.h"
#include "core/port/secrets.h"

#define WHY_MAX   4096
#define FORBIDDEN 403 /* access_denied is 400 at the token endpoint (RFC 8628 3.5) */

/* ---- what is sent ---- */

static const char *
body_mistake(const struct call *call, const char *why)
{
	if (call->request->body_size == 0)
		return "the body is empty; send the client's metadata as one JSON object";
	if (str_starts(why, JSON_WHY_DUPLICATE))
		return "a member stands twice in the body";
	return "the body is not one JSON object";
}

static struct json_object *
read_body(struct call *call)
{
	struct tx *tx = &call->tx;
	const char *why = NULL;
	struct json_object *body;

	if (!http_content_is(call->request, "application/json")) {
		(void)fail(tx, OAUTH_INVALID_CLIENT_METADATA,
			   "the Content-Type must be application/json", NULL);
		return NULL;
	}
	body = json_parse_object(tx->arena, call->request->body, call->request->body_size, &why);
	if (!body)
		(void)fail(tx, OAUTH_INVALID_CLIENT_METADATA, body_mistake(call, why), "%s", why);
	return body;
}

static int
refuse_token(struct call *call, const char *why)
{
	return fail(&call->tx, OAUTH_INVALID_TOKEN,
		    "the token is unknown, used up, expired, or for another client", "%s", why);
}

/* Bearer credentials of a prefix; NULL with the failure. */
static const char *
read_token(struct call *call, const char *prefix, struct handle *handle)
{
	struct tx *tx = &call->tx;
	bool malformed = false;
	const char *text = http_credentials(tx->arena, call->request, "Bearer", &malformed);

	tx->failure.nothing_sent = !text && !malformed;
	if (!text || malformed)
		(void)fail(tx, OAUTH_INVALID_TOKEN, "no token; send Authorization: Bearer", NULL);
	else if (handle_parse(prefix, text, handle) != 0)
		(void)refuse_token(call, "malformed");
	else
		return text;
	return NULL;
}

/* ---- answers ---- */

static void
answer(struct call *call, int status, const struct client *client, const struct registered *told,
       const char *statement)
{
	struct tx *tx = &call->tx;
	struct json_object *document = registration_document(tx, client);

	json_add_text(document, "client_id", told->client_id);
	json_add_int(document, "client_id_issued_at", told->issued_at);
	json_add_text(document, "client_secret", told->secret);
	if (told->secret)
		json_add_int(document, "client_secret_expires_at", told->secret_expires_at);
	json_add_text(document, "registration_access_token", told->token);
	json_add_text(
		document, "registration_client_uri",
		arena_printf(tx->arena, "%s/register/%s", tx->realm->issuer, told->client_id));
	json_add_text(document, "software_statement", statement);
	response_json(call->response, status, document);
}

static int
verdict_failure(struct call *call, enum registration_verdict verdict, const char *why)
{
	struct tx *tx = &call->tx;

	switch (verdict) {
	case REGISTRATION_DONE:
		return 0;
	case REGISTRATION_FULL:
		tx->failure.status = FORBIDDEN;
		return fail(tx, OAUTH_ACCESS_DENIED, "no more clients can be registered",
			    "registration_limit of realm %s is reached: %lld", tx->realm->name,
			    (long long)tx->realm->settings.registration_limit);
	case REGISTRATION_USED_UP:
		return refuse_token(call, "the initial token has no use left, or is over");
	case REGISTRATION_CHANGED:
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "the client was changed meanwhile; look at it again", NULL);
	case REGISTRATION_REFUSED:
		return fail(tx, OAUTH_SERVER_ERROR, "the client cannot be registered", "%s", why);
	case REGISTRATION_LOST:
		break;
	}
	return fail_down(tx);
}

/* ---- registration ---- */

/* The initial token that the realm asks for; also an open realm honours one. */
static int
read_right(struct call *call, struct initial_token *token, const struct initial_token **initial)
{
	struct tx *tx = &call->tx;
	struct handle handle;
	enum store_verdict verdict;

	*initial = NULL;
	if (tx->realm->settings.registration == REGISTRATION_CLOSED) {
		tx->failure.status = FORBIDDEN;
		return fail(tx, OAUTH_ACCESS_DENIED, "registration is closed",
			    "the setting registration of realm %s is closed", tx->realm->name);
	}
	if (tx->realm->settings.registration == REGISTRATION_OPEN && !call->request->authorization)
		return 0;
	if (!read_token(call, HANDLE_INITIAL, &handle))
		return -1;
	verdict = initial_find(tx->store, tx->arena, tx->realm->id, handle.id, handle.hash, token);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse_token(call, "no such initial token");
	*initial = token;
	return 0;
}

void
handle_register(struct call *call)
{
	struct tx *tx = &call->tx;
	const struct initial_token *initial;
	struct initial_token token;
	struct registration registration;
	struct json_object *body;
	struct registered told;
	struct buf why;

	if (read_right(call, &token, &initial) != 0)
		return;
	body = read_body(call);
	if (!body)
		return;
	if (registration_read(tx, body, &(struct registration_rules){.trusted = initial != NULL},
			      &registration) != 0)
		return;
	buf_init(&why, tx->arena, WHY_MAX);
	if (verdict_failure(call,
			    manage_registration_add(tx, &registration.client, initial, &told, &why),
			    why.data) != 0)
		return;
	answer(call, 201, &registration.client, &told, registration.statement);
}

/* ---- the client's own row ---- */

struct own {
	struct client_row row;
	const struct client *client;
	const char *token; /* as it was sent */
};

/* One answer for unknown clients and wrong tokens (RFC 7592 2.1). */
static int
read_own(struct call *call, struct own *own)
{
	struct tx *tx = &call->tx;
	const char *client_id = call->rest + strlen(call->route->path);
	struct handle handle;
	enum store_verdict verdict;

	own->token = read_token(call, HANDLE_REGISTRATION, &handle);
	if (!own->token)
		return -1;
	verdict = client_row_find(tx->store, tx->arena, tx->realm->id, client_id, &own->row);
	if (verdict == STORE_OK)
		verdict = client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings,
				      client_id, -1, &own->client);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse_token(call, "no such client");
	tx->client_id = own->client->client_id;
	if (!own->row.has_registration ||
	    !hash_equal(own->row.registration_hash, handle.hash, sizeof(handle.hash)))
		return refuse_token(call, "not the client's registration access token");
	return own->row.enabled ? 0 : refuse_token(call, "the client is disabled");
}

static void
look(struct call *call, const struct own *own)
{
	const struct registered told = {
		.client_id = own->client->client_id,
		.issued_at = own->row.created_at,
		.token = own->token,
	};

	answer(call, 200, own->client, &told, NULL);
}

/* RFC 7592 2.2: what the client was told must not come back, but for its id and secret, and those
 * as they are. */
static int
check_told(struct call *call, const struct own *own, struct json_object *body)
{
	static const char *const told[] = {"registration_access_token", "registration_client_uri",
					   "client_secret_expires_at", "client_id_issued_at"};
	struct tx *tx = &call->tx;
	const char *client_id = json_text_or_null(body, "client_id");
	const char *secret = json_text_or_null(body, "client_secret");
	uint8_t digest[SHA256_SIZE];
	bool right = !secret;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (json_object_object_get_ex(body, told[i], NULL))
			return fail(tx, OAUTH_INVALID_CLIENT_METADATA,
				    "leave out what the server alone says: "
				    "registration_access_token, registration_client_uri, "
				    "client_secret_expires_at, client_id_issued_at",
				    "sent %s", told[i]);
	if (!str_equal(client_id, own->client->client_id))
		return fail(tx, OAUTH_INVALID_CLIENT_METADATA,
			    "client_id must be that of the client", NULL);
	hash_sha256(secret ? secret : "", secret ? strlen(secret) : 0, digest);
	for (size_t i = 0; i < own->client->secrets_count; i++)
		right |= client_secret_is_good(&own->client->secrets[i], tx->now) &&
			 hash_equal(own->client->secrets[i].hash, digest, sizeof(digest));
	return right ? 0
		     : fail(tx, OAUTH_INVALID_CLIENT_METADATA,
			    "client_secret is not one of the client; secrets are made by the "
			    "server",
			    NULL);
}

static void
replace(struct call *call, struct own *own)
{
	struct tx *tx = &call->tx;
	const struct registration_rules rules = {
		.trusted = strlist_has(&own->client->grant_types, "client_credentials"),
		.before = own->client,
	};
	struct json_object *body = read_body(call);
	struct registration registration;
	struct registered told;
	struct buf why;

	if (!body || check_told(call, own, body) != 0 ||
	    registration_read(tx, body, &rules, &registration) != 0)
		return;
	buf_init(&why, tx->arena, WHY_MAX);
	if (verdict_failure(call,
			    manage_registration_replace(tx, &own->row, own->client,
							&registration.client, &told, &why),
			    why.data) != 0)
		return;
	answer(call, 200, &registration.client, &told, registration.statement);
}

static void
remove_client(struct call *call, const struct own *own)
{
	struct tx *tx = &call->tx;
	struct buf why;

	buf_init(&why, tx->arena, WHY_MAX);
	if (manage_client_remove(tx, own->client->client_id, &why) == MANAGE_DOWN) {
		(void)fail_down(tx);
		return;
	}
	call->response->status = 204;
}

void
handle_registered(struct call *call)
{
	struct own own;

	if (read_own(call, &own) != 0)
		return;
	switch (call->request->method) {
	case HTTP_PUT:
		replace(call, &own);
		return;
	case HTTP_DELETE:
		remove_client(call, &own);
		return;
	case HTTP_GET:
	case HTTP_HEAD:
	case HTTP_POST:
	case HTTP_OPTIONS:
	case HTTP_OTHER:
		look(call, &own);
		return;
	}
}
