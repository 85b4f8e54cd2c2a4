/* SPDX-License-Identifier: ISC */
/*
 * client_secret_jwt and private_key_jwt (OpenID Connect Core 9, RFC 7523 3): the client signs who
 * it is, for whom and until when, and each assertion is good once.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/model/replay.h"
#include "core/oauth/client_auth/presented.h"
#include "core/port/remote_keys.h"
#include "core/port/secrets.h"

#define JTI_MAX 512 /* bytes of a jti from outside */

/* The registered algorithm, else all of the method. */
static struct jws_alg_set
algs_of(const struct client *client, const struct presented *presented)
{
	const char *registered = client->token_endpoint_auth_signing_alg;

	return registered ? JWS_ALG_SET_ONE(jws_alg_by_name(registered)) : presented->algs;
}

/* RFC 7523 3 and OpenID Connect Core 9: the issuer or the token endpoint; RFC 9126 2 and common
 * use: the endpoint that is called, by the name it was called by. */
static struct strlist
audiences(struct tx *tx, const struct presented *presented)
{
	const char *bases[] = {tx->realm->issuer, tx->realm->settings.mtls_endpoint_base};
	const char *paths[] = {"/token", presented->credentials->endpoint};
	struct strlist list = {0};

	list = strlist_with(tx->arena, &list, tx->realm->issuer);
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		for (size_t j = 0; !str_empty(bases[i]) && j < sizeof(paths) / sizeof(paths[0]);
		     j++)
			list = strlist_with(tx->arena, &list,
					    arena_printf(tx->arena, "%s%s", bases[i], paths[j]));
	return list;
}

static struct jwt_rules
rules_of(struct tx *tx, const struct client *client, const struct presented *presented,
	 const struct strlist *auds)
{
	return (struct jwt_rules){
		.algs = algs_of(client, presented),
		.now = tx->now,
		.leeway = ASSERTION_SKEW,
		.max_life = ASSERTION_LIFE,
		.need = JWT_NEED_EXP | JWT_NEED_JTI,
		.iss = client->client_id,
		.sub = client->client_id,
		.auds = auds,
	};
}

/* Once, whichever worker of whichever host sees it first. */
static int
first_seen(struct tx *tx, const struct client *client, const struct jwt *jwt)
{
	uint8_t digest[SHA256_SIZE];
	const char *text;

	if (strlen(jwt->jti) > JTI_MAX)
		return client_refuse(tx, "the assertion's jti is longer than 512 bytes");
	/* lengths keep the pieces apart */
	text = arena_printf(tx->arena, "client_assertion %u %zu:%s %s", tx->realm->id,
			    strlen(client->client_id), client->client_id, jwt->jti);
	hash_sha256(text, strlen(text), digest);
	switch (replay_first_seen(tx->store, digest, jwt->exp + ASSERTION_SKEW)) {
	case STORE_OK:
		return 0;
	case STORE_CONFLICT:
		return client_refuse(tx, "the assertion's jti was used before");
	case STORE_NONE:
	case STORE_DOWN:
		break;
	}
	return fail_down(tx);
}

static int
judge(struct tx *tx, const struct client *client, enum jwt_verdict verdict, const struct jwt *jwt)
{
	if (verdict != JWT_OK)
		return client_refuse(tx, arena_printf(tx->arena, "the assertion: %s",
						      jwt_verdict_text(verdict)));
	return first_seen(tx, client, jwt);
}

int
verify_secret_jwt(struct tx *tx, const struct client *client, const struct presented *presented)
{
	const struct strlist auds = audiences(tx, presented);
	const struct jwt_rules rules = rules_of(tx, client, presented, &auds);
	enum jwt_verdict verdict = JWT_KEY_UNKNOWN;
	const char *why = NULL;
	struct jwt jwt;

	for (size_t i = 0; i < client->secrets_count; i++) {
		const struct client_secret *one = &client->secrets[i];
		const char *text = client_secret_open(tx, one, &why);
		struct jwk key;

		if (!text || (one->expires_at != 0 && one->expires_at <= tx->now))
			continue;
		key = jwk_from_bytes(tx->arena, text, strlen(text));
		verdict = jwt_verify(tx->arena, presented->assertion, &key, &rules, &jwt);
		if (verdict == JWT_OK)
			client_secret_note(tx, client, one);
		if (verdict != JWT_BAD_SIGNATURE)
			break;
	}
	if (verdict == JWT_KEY_UNKNOWN)
		return client_refuse(tx, arena_printf(tx->arena,
						      "the client has no secret to check an "
						      "assertion with: %s; remedy: ostiary client "
						      "secret add",
						      why ? why : "it has none"));
	return judge(tx, client, verdict, &jwt);
}

int
verify_private_key_jwt(struct tx *tx, const struct client *client,
		       const struct presented *presented)
{
	const struct strlist auds = audiences(tx, presented);
	const struct jwt_rules rules = rules_of(tx, client, presented, &auds);
	const struct key_source source = {.jwks = client->jwks, .jwks_uri = client->jwks_uri};
	struct key_answer keys;
	enum remote_verdict found;
	struct jwt jwt;

	/* what cannot be good fetches nothing */
	if (!jws_alg_set_has(rules.algs, presented->unverified.jws.alg))
		return judge(tx, client, JWT_ALG_REFUSED, NULL);
	found = remote_keys(tx, &source, presented->unverified.jws.kid, &keys);
	if (found != REMOTE_OK)
		return remote_fail(tx, found, OAUTH_INVALID_CLIENT, "client authentication failed",
				   keys.why);
	return judge(tx, client,
		     jwt_verify_set(tx->arena, presented->assertion, keys.set, &rules, &jwt), &jwt);
}
