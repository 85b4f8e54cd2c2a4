/* SPDX-License-Identifier: ISC */
/*
 * Keys, issuers and links that are not ours.
 */
#include "tests/flow/others.h"

#include "core/base/str.h"
#include "core/model/issuer.h"

struct other_key
other_key(enum jws_alg alg, const char *kid)
{
	struct other_key key = {.jwk = jwk_generate(world.arena, alg, 0)};

	key.jwk.kid = kid;
	key.signer = jws_signer_new(world.arena, &key.jwk, alg, kid);
	assert_non_null(key.signer);
	return key;
}

const char *
other_jwks(const struct other_key *keys, size_t count)
{
	struct json_object *set = json_new_object(world.arena);
	struct json_object *array = json_new_array(world.arena);

	for (size_t i = 0; i < count; i++)
		json_push(array, jwk_export_public(world.arena, &keys[i].jwk));
	json_add(set, "keys", array);
	return json_write(world.arena, set, NULL);
}

void
other_trusted(const char *issuer, const char *purposes, const char *algs, const char *jwks)
{
	struct issuer row = {.issuer = issuer,
			     .purposes = purposes,
			     .algs = algs,
			     .jwks = jwks,
			     .created_at = WORLD_NOW};
	struct tx tx;

	world_tx(&tx, "main");
	row.realm_id = tx.realm->id;
	if (issuer_insert(tx.store, &row) == STORE_CONFLICT)
		assert_int_equal(issuer_update(tx.store, &row), STORE_OK);
}

void
other_linked(const char *issuer, const char *sub, const char *username)
{
	struct account_link link = {.issuer = issuer, .sub = sub, .created_at = WORLD_NOW};
	struct account account;
	struct tx tx;

	world_account(username, &account);
	world_tx(&tx, "main");
	link.realm_id = tx.realm->id;
	memcpy(link.account_id, account.id, ID_SIZE);
	assert_int_equal(account_link_insert(tx.store, &link), STORE_OK);
}

struct json_object *
other_claims(void)
{
	struct json_object *claims = json_new_object(world.arena);

	json_add_text(claims, "iss", PARTNER);
	json_add_text(claims, "sub", "p-1");
	json_add_text(claims, "aud", MAIN_ISSUER);
	json_add_int(claims, "iat", world_now());
	json_add_int(claims, "exp", world_now() + 300);
	json_add_text(claims, "jti", "j-1");
	return claims;
}

void
other_claim(struct json_object *claims, const char *name, const char *value)
{
	const char *why = NULL;
	struct json_object *parsed;

	json_object_object_del(claims, name);
	if (!value)
		return;
	parsed = json_parse(world.arena, value, strlen(value), &why);
	if (!parsed)
		fail_msg("%s: %s", value, why);
	json_add(claims, name, parsed);
}

const char *
other_token(const struct other_key *key, const char *typ, struct json_object *claims)
{
	const struct jws_header head = {.typ = typ};

	return jws_sign_object(world.arena, key->signer, &head, claims);
}

const char *
recorded(const char *event)
{
	char *text = private_db_text(
		arena_printf(world.arena, "SELECT detail FROM audit WHERE event = '%s'", event));
	const char *copy = arena_strdup(world.arena, text);

	free(text);
	return copy;
}

struct json_object *
claims_of(const char *token)
{
	struct jwt jwt;

	if (!token || jwt_read_unverified(world.arena, token, &jwt) != JWT_OK)
		fail_msg("no JWT: %.200s", token ? token : "(null)");
	return jwt.claims;
}

int64_t
number_of(const struct json_object *object, const char *name)
{
	int64_t number = -1;

	if (json_get_int(object, name, &number) != JSON_FOUND)
		fail_msg("no number %s", name);
	return number;
}

const char *
exchange_form(const char *type, const char *token)
{
	return params("grant_type", EXCHANGE_TYPE, "subject_token", token, "subject_token_type",
		      type, NULL);
}

struct answer
exchange_as(const char *client_id, const char *form)
{
	return token_post(basic(client_id, WEB_SECRET), form);
}
