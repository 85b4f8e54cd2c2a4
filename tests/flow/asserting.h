/* SPDX-License-Identifier: ISC */
/*
 * Clients that authenticate by assertions, their keys, and what they sign. Included by one file of
 * a test program.
 */
#ifndef OSTIARY_TESTS_ASSERTING_H
#define OSTIARY_TESTS_ASSERTING_H

#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jws.h"
#include "core/manage/manage_client.h"
#include "core/oauth/client_auth.h"
#include "tests/lib/fake_net.h"

#define KEYS_URI "https://keys.example/jwks"

static struct {
	struct arena *arena;
	struct jwk ec, rsa, other;
	const char *jwks; /* the public halves of ec and rsa */
	int number;       /* of the last jti */
} k;

static inline struct json_object *
set_of(const struct jwk *const *keys, size_t count)
{
	struct json_object *set = json_new_object(k.arena), *list = json_new_array(k.arena);

	for (size_t i = 0; i < count; i++)
		json_push(list, jwk_export_public(k.arena, keys[i]));
	json_add(set, "keys", list);
	return set;
}

/* A client of the method with more metadata, or "". */
static inline void
client(const char *id, const char *method, const char *more)
{
	world_client("main", id,
		     arena_printf(world.arena,
				  "{\"grant_types\":[\"client_credentials\"],\"response_types\":[],"
				  "\"scope\":\"email\",\"token_endpoint_auth_method\":\"%s\"%s}",
				  method, more),
		     NULL);
}

/* A secret as it is made for the client; its text. */
static inline const char *
secret_for(const char *id)
{
	struct manage_secret secret;
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, 1000);
	if (manage_client_secret_add(&tx, id, 0, &secret, &why) != MANAGE_OK)
		fail_msg("%s", why.data);
	realms_forget(world.provider.realms);
	return secret.text;
}

static inline int
asserting_begin(void **state)
{
	const struct jwk *const mine[] = {&k.ec, &k.rsa};
	int result = world_fresh(state);

	if (!k.arena) {
		k.arena = arena_new((size_t)16 << 20);
		k.ec = jwk_generate(k.arena, JWS_ES256, 0);
		k.rsa = jwk_generate(k.arena, JWS_RS256, 0);
		k.other = jwk_generate(k.arena, JWS_ES256, 0);
		k.rsa.alg = JWS_NONE;
		k.jwks = json_write(k.arena, set_of(mine, COUNT(mine)), NULL);
	}
	client("jwt", "private_key_jwt", arena_printf(world.arena, ",\"jwks\":%s", k.jwks));
	client("remote", "private_key_jwt", ",\"jwks_uri\":\"" KEYS_URI "\"");
	client("es", "private_key_jwt",
	       arena_printf(world.arena,
			    ",\"jwks\":%s,\"token_endpoint_auth_signing_alg\":\"ES256\"", k.jwks));
	client("mac", "client_secret_jwt", "");
	return result;
}

#define assertion_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, asserting_begin, world_spent)

/* ---- making assertions ---- */

static inline struct json_object *
claims_of(const char *client_id)
{
	struct json_object *claims = json_new_object(world.arena);

	json_add_text(claims, "iss", client_id);
	json_add_text(claims, "sub", client_id);
	json_add_text(claims, "aud", MAIN_ISSUER);
	json_add_int(claims, "exp", world_now() + 300);
	json_add_int(claims, "iat", world_now());
	json_add_text(claims, "jti", arena_printf(world.arena, "jti-%d", ++k.number));
	return claims;
}

/* One claim set to JSON text, or with NULL taken away. */
static inline void
change(struct json_object *claims, const char *member, const char *value)
{
	json_object_object_del(claims, member);
	if (value)
		json_object_object_add(claims, member, json_tokener_parse(value));
}

static inline const char *
sign(const struct jwk *key, enum jws_alg alg, const char *kid, const char *typ,
     struct json_object *claims)
{
	struct jws_signer *signer = jws_signer_new(world.arena, key, alg, kid);

	assert_non_null(signer);
	return jws_sign_object(world.arena, signer, &(struct jws_header){.typ = typ}, claims);
}

/* A good assertion of the client. */
static inline const char *
usual(const char *client_id)
{
	return sign(&k.ec, JWS_ES256, k.ec.kid, NULL, claims_of(client_id));
}

static inline const char *
mac(const char *client_id, const char *secret, enum jws_alg alg)
{
	struct jwk key = jwk_from_bytes(world.arena, secret, strlen(secret));

	return sign(&key, alg, NULL, NULL, claims_of(client_id));
}

static inline const char *
with_assertion(const char *form, const char *assertion)
{
	form = params_with(form, "client_assertion_type", ASSERTION_TYPE);
	return params_with(form, "client_assertion", assertion);
}

static inline struct answer
post(const char *target, const char *form, const char *assertion)
{
	return request_send(
		&(struct ask){.target = target, .body = with_assertion(form, assertion)});
}

static inline struct answer
introspect_with(const char *assertion)
{
	return post("/introspect", "token=x", assertion);
}

/* Runs the tests of a program. */
#define asserting_run(tests) asserting_end(flow_tests_run(tests))

static inline int
asserting_end(int failed)
{
	arena_free(k.arena);
	return failed;
}

#endif
