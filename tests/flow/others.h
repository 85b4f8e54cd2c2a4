/* SPDX-License-Identifier: ISC */
/*
 * Other issuers, with keys of their own, and the token exchange of a client.
 */
#ifndef OSTIARY_TESTS_OTHERS_H
#define OSTIARY_TESTS_OTHERS_H

#include "core/jose/jwt.h"
#include "tests/flow/agent.h"

#define PARTNER "https://partner.example" /* issuer; its subject "p-1" is alice once linked */

struct other_key {
	struct jwk jwk;
	struct jws_signer *signer;
};

/* A fresh key of the test's arena. */
struct other_key other_key(enum jws_alg alg, const char *kid);

/* The public keys as a JWK Set. */
const char *other_jwks(const struct other_key *keys, size_t count);

/* Trusts an issuer of realm "main"; a later call changes it. */
void other_trusted(const char *issuer, const char *purposes, const char *algs, const char *jwks);
void other_linked(const char *issuer, const char *sub, const char *username);

/* A message of PARTNER about "p-1" for us, five minutes long. */
struct json_object *other_claims(void);
const char *other_token(const struct other_key *key, const char *typ, struct json_object *claims);
/* One claim of it set to JSON text, or with NULL taken away. */
void other_claim(struct json_object *claims, const char *name, const char *value);

/* The detail of the record's only row of an event. */
const char *recorded(const char *event);

/* The claims of a JWT. */
struct json_object *claims_of(const char *token);
int64_t number_of(const struct json_object *object, const char *name);

#define EXCHANGE_TYPE "urn:ietf:params:oauth:grant-type:token-exchange"
#define TYPE_ACCESS   "urn:ietf:params:oauth:token-type:access_token"
#define TYPE_REFRESH  "urn:ietf:params:oauth:token-type:refresh_token"
#define TYPE_ID       "urn:ietf:params:oauth:token-type:id_token"
#define TYPE_JWT      "urn:ietf:params:oauth:token-type:jwt"

/* An exchange of a token as a client with WEB_SECRET; more parameters or NULL behind. */
const char *exchange_form(const char *type, const char *token);
struct answer exchange_as(const char *client_id, const char *form);

#endif
