/* SPDX-License-Identifier: ISC */
/*
 * What strangers say of a client, from JSON to what would be stored: client_from_json() by itself,
 * then the rules of registration for requests and for metadata documents. What asks for the
 * database or another server (software statements, sector documents) is taken out before. What was
 * accepted must read the same again, and what a client is told of itself must be acceptable.
 */
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/jose/keyring.h"
#include "core/model/profile.h"
#include "core/oauth/registration.h"

#define WHY_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
now_ms(void *context)
{
	(void)context;
	return INT64_C(1800000000000);
}

static const char *
stored(struct arena *arena, const struct client *client)
{
	return json_write(arena, client_to_json(arena, client, false), NULL);
}

/* What was written reads back, and is written the same. */
static void
check_again(struct tx *tx, const struct client *client)
{
	const char *text = stored(tx->arena, client);
	struct json_object *again = json_parse_object(tx->arena, text, strlen(text), NULL);
	struct client read;
	struct buf why;

	if (!again)
		abort();
	buf_init(&why, tx->arena, WHY_MAX);
	client_default(&read, &tx->realm->settings);
	if (client_from_json(tx->arena, again, &read, &why) != 0 ||
	    strcmp(stored(tx->arena, &read), text) != 0)
		abort();
}

static void
check_metadata(struct tx *tx, struct json_object *document)
{
	struct client client;
	struct buf why;

	buf_init(&why, tx->arena, WHY_MAX);
	client_default(&client, &tx->realm->settings);
	if (client_from_json(tx->arena, document, &client, &why) == 0)
		check_again(tx, &client);
	else if (why.size == 0)
		abort(); /* nobody learns what was wrong */
}

/* RFC 6749 5.2: what may stand in an error_description. */
static void
check_failure(const struct failure *failure)
{
	if (failure->error == OAUTH_NONE || !failure->text)
		abort();
	for (const char *c = failure->text; *c; c++)
		if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
			abort();
}

/* Nothing that is an administrator's alone may have come through. */
static void
check_rights(const struct client *client, const struct registration_rules *rules)
{
	if (client->first_party || client->introspection != INTROSPECT_OWN ||
	    client->exchange_clients.count || client->exchange_issuers.count)
		abort();
	if (!rules->trusted && strlist_has(&client->grant_types, "client_credentials"))
		abort();
	if (rules->document && client->token_endpoint_auth_method != CLIENT_AUTH_NONE &&
	    client->token_endpoint_auth_method != CLIENT_AUTH_PRIVATE_KEY_JWT)
		abort();
}

/* A fresh parse each: reading may change the request. */
static struct json_object *
request_of(struct tx *tx, const char *text, size_t size)
{
	struct json_object *request = json_parse_object(tx->arena, text, size, NULL);

	if (request) {
		json_object_object_del(request, "software_statement");
		json_object_object_del(request, "sector_identifier_uri");
	}
	return request;
}

static void
check_registration(struct tx *tx, struct json_object *request,
		   const struct registration_rules *rules)
{
	struct registration made, told;
	const char *text;

	tx->failure = (struct failure){0};
	if (registration_read(tx, request, rules, &made) != 0) {
		check_failure(&tx->failure);
		return;
	}
	check_rights(&made.client, rules);
	check_again(tx, &made.client);
	/* RFC 7592 2.2: a client changes one member of what it was told and sends all of it */
	text = json_write(tx->arena, registration_document(tx, &made.client), NULL);
	if (registration_read(tx, request_of(tx, text, strlen(text)), rules, &told) != 0 ||
	    strcmp(json_write(tx->arena, registration_document(tx, &told.client), NULL), text) != 0)
		abort();
}

/* Made once: keys cost more than all the rest. */
static struct keyring *
keyring_make(struct arena *arena)
{
	struct keyring *ring = keyring_new(arena);
	struct jwk *key = arena_alloc(arena, sizeof(*key));

	*key = jwk_generate(arena, JWS_ES256, 0);
	key->kid = "k1";
	if (keyring_add(ring, key, KEY_ACTIVE) != 0)
		abort();
	return ring;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct registration_rules rules[] = {
		{0}, {.trusted = true}, {.document = true}};
	static const struct clock clock = {.now_ms = now_ms};
	static const struct provider provider = {.clock = &clock, .random = &rand_system};
	static struct keyring *ring;
	struct arena *arena = arena_new((size_t)64 << 20);
	const char *text = arena_copy(arena, data, size);
	struct realm_live live = {.realm = {.id = 1,
					    .name = "main",
					    .issuer = "https://id.example",
					    .profile = profile_find(PROFILE_REALM_DEFAULT)}};
	struct json_object *document;
	struct tx tx;

	if (!ring)
		ring = keyring_make(arena_new((size_t)1 << 20));
	live.ring = ring;
	settings_default(&live.realm.settings);
	live.realm.settings.id_token_alg = "ES256"; /* the one key that there is */
	tx_begin(&tx, &provider, arena);
	tx_enter(&tx, &live);
	document = json_parse_object(arena, text, size, NULL);
	if (document)
		check_metadata(&tx, document);
	for (size_t i = 0; document && i < sizeof(rules) / sizeof(rules[0]); i++)
		check_registration(&tx, request_of(&tx, text, size), &rules[i]);
	arena_free(arena);
	return 0;
}
