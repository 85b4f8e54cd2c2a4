/* SPDX-License-Identifier: ISC */
/*
 * See sample_rows.h. Every field has a value of its own, so that two that were exchanged in a
 * statement are noticed.
 */
#include "tests/lib/sample_rows.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"

void
sample_id(uint32_t number, uint8_t id[ID_SIZE])
{
	memset(id, 0, ID_SIZE);
	id[0] = 1;
	id[ID_SIZE - 4] = (uint8_t)(number >> 24);
	id[ID_SIZE - 3] = (uint8_t)(number >> 16);
	id[ID_SIZE - 2] = (uint8_t)(number >> 8);
	id[ID_SIZE - 1] = (uint8_t)number;
}

void
sample_hash(uint32_t number, uint8_t hash[SHA256_SIZE])
{
	hash_sha256(&number, sizeof(number), hash);
}

struct realm_row
sample_realm(struct arena *arena, uint32_t id)
{
	return (struct realm_row){
		.id = id,
		.name = arena_printf(arena, "realm-%u", id),
		.issuer = arena_printf(arena, "https://id.example/%u", id),
		.vhost = arena_printf(arena, "vhost-%u", id),
		.display_name = "Mus\xc3\xa9"
				"e",
		.profile = "oidc",
		.settings = "{\"access_token_lifetime\":\"5m\",\"audit_retention\":\"10d\"}",
		.epoch = 12,
	};
}

struct account
sample_account(struct arena *arena, uint32_t number)
{
	struct account account = {
		.realm_id = SAMPLE_REALM,
		.sub = arena_printf(arena, "sub-%u", number),
		.username = arena_printf(arena, "user%03u", number),
		.password = "$y$j9T$old",
		.auth_epoch = 3,
		.claims = json_new_object(arena),
		.created_at = SAMPLE_NOW - 100,
		.updated_at = SAMPLE_NOW - 50,
	};

	sample_id(number, account.id);
	json_add_text(account.claims, "name",
		      "Ren\xc3\xa9"
		      "e");
	return account;
}

struct session
sample_session(uint32_t number)
{
	struct session session = {
		.realm_id = SAMPLE_REALM,
		.auth_epoch = 3,
		.created_at = SAMPLE_NOW - 40,
		.activated_at = SAMPLE_NOW - 30,
		.last_seen_at = SAMPLE_NOW - 20,
		.expires_at = SAMPLE_NOW + 1000,
		.address = "2001:db8::1",
		.user_agent = "Browser/1.0 \xff",
		.facts = {{.factor = FACTOR_PASSWORD,
			   .proven_at = SAMPLE_NOW - 35,
			   .amr = "pwd otp",
			   .acr = "2"}},
		.facts_count = 1,
	};

	sample_id(number, session.id);
	sample_id(number, session.account_id);
	sample_hash(number, session.secret_hash);
	sample_id(number + 50000, session.facts[0].flow_id);
	return session;
}

struct grant
sample_grant(uint32_t number)
{
	struct grant grant = {
		.realm_id = SAMPLE_REALM,
		.client_id = "app",
		.auth_epoch = 3,
		.scope = "openid profile",
		.claims = "{\"userinfo\":{}}",
		.nonce = "nonce",
		.acr = "acr",
		.amr = "pwd",
		.auth_time = SAMPLE_NOW - 35,
		.created_at = SAMPLE_NOW,
		.expires_at = SAMPLE_NOW + 60,
		.code_expires_at = SAMPLE_NOW + 59,
		.redirect_uri = "https://app.example/cb",
		.redirect_uri_sent = true,
		.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
	};

	sample_id(number, grant.id);
	sample_id(number, grant.account_id);
	sample_id(number, grant.session_id);
	sample_hash(number, grant.code_hash);
	return grant;
}

struct client_row
sample_client(const char *client_id)
{
	return (struct client_row){
		.realm_id = SAMPLE_REALM,
		.client_id = client_id,
		.metadata =
			"{\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example/cb\"]}",
		.enabled = true,
		.version = 1,
		.created_at = SAMPLE_NOW - 500,
	};
}

struct client_secret
sample_secret(uint32_t number)
{
	struct client_secret secret = {.created_at = SAMPLE_NOW - 5, .expires_at = SAMPLE_NOW + 5};

	sample_id(number, secret.id);
	sample_hash(number, secret.hash);
	return secret;
}

struct key_row
sample_key(struct arena *arena, uint32_t number)
{
	struct key_row row = {
		.realm_id = SAMPLE_REALM,
		.kid = arena_printf(arena, "kid-%u", number),
		.kind = "sig",
		.alg = "ES256",
		.state = "next",
		.sealed = (const uint8_t *)"sealed\0bytes",
		.sealed_size = 12,
		.created_at = SAMPLE_NOW + number,
		.changed_at = SAMPLE_NOW + 2 * number,
	};

	sample_id(number, row.id);
	return row;
}

struct access_row
sample_token(uint32_t number, uint32_t grant_number)
{
	struct access_row row = {
		.realm_id = SAMPLE_REALM,
		.scope = "openid",
		.issued_at = SAMPLE_NOW + 1,
		.expires_at = SAMPLE_NOW + 301,
	};

	sample_id(number, row.id);
	sample_id(grant_number, row.grant_id);
	sample_hash(number, row.hash);
	return row;
}

struct audit_row
sample_audit(uint32_t number)
{
	struct audit_row row = {
		.realm_id = SAMPLE_REALM,
		.at = SAMPLE_NOW,
		.event = "signin",
		.actor = "person",
	};

	sample_id(number, row.id);
	return row;
}

struct pushed_request
sample_pushed(uint32_t number)
{
	struct pushed_request row = {
		.realm_id = SAMPLE_REALM,
		.client_id = "app",
		.request = "client_id=app&scope=openid&state=%C3%A9",
		.created_at = SAMPLE_NOW,
		.usable_until = SAMPLE_NOW + 60,
		.expires_at = SAMPLE_NOW + 3660,
	};

	sample_id(number, row.id);
	sample_hash(number, row.hash);
	return row;
}

/* The last letters of the code are the number to the base of the letters. */
struct device_request
sample_device(struct arena *arena, uint32_t number)
{
	char *code = arena_strdup(arena, "BCDFGBBB");
	struct device_request row = {
		.realm_id = SAMPLE_REALM,
		.client_id = "app",
		.user_code = code,
		.scope = "openid",
		.resources = "https://api.example https://b.example",
		.address = "2001:db8::7",
		.user_agent = "Television/1.0",
		.created_at = SAMPLE_NOW,
		.expires_at = SAMPLE_NOW + 100,
		.poll_interval = 5,
	};

	sample_id(number, row.id);
	sample_hash(number, row.hash);
	for (size_t i = USER_CODE_SIZE - 1; number; i--, number /= 20)
		code[i] = USER_CODE_LETTERS[number % 20];
	return row;
}
