/* SPDX-License-Identifier: ISC */
/*
 * client_secret_jwt and private_key_jwt (OpenID Connect Core 9, RFC 7523 3): the client signs who
 * it is, for whom and until when, and each assertion is good once. It counts as seen when all else
 * is good.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/model/replay.h"
#include "core/oauth/client_auth/presented.h"
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

/* A JWT that says it is something else was not made for this (RFC 8725 3.11). */
static bool
type_fits(const char *typ)
{
	static const char *const types[] = {"JWT", "client-authentication+jwt",
					    "application/client-authentication+jwt"};

	for (size_t i = 0; typ && i < sizeof(types) / sizeof(types[0]); i++)
		if (str_equal_nocase(types[i], typ))
			return true;
	return typ == NULL;
}

/* Before a key is looked for: what is stale or meant for others costs no fetch. */
static int
check_claims(struct tx *tx, const struct client *client, const struct presented *presented)
{
	const struct jwt *jwt = &presented->unverified;
	const struct strlist auds = audiences(tx, presented);
	const struct jwt_rules rules = {
		.now = tx->now,
		.leeway = ASSERTION_SKEW,
		.max_life = ASSERTION_LIFE,
		.need = JWT_NEED_JTI,
		.iss = client->client_id,
		.sub = client->client_id,
		.auds = &auds,
	};
	enum jwt_verdict verdict = jwt_check_claims(jwt, &rules);

	if (verdict == JWT_WRONG_AUDIENCE)
		return client_refuse(tx, arena_printf(tx->arena,
						      "the assertion's aud is %.255s; good are %s",
						      strlist_join(tx->arena, &jwt->aud, ' '),
						      strlist_join(tx->arena, &auds, ' ')));
	if (verdict != JWT_OK)
		return client_refuse(
			tx,
			arena_printf(tx->arena,
				     "the assertion: %s; exp %lld, iat %lld, nbf %lld, now %lld",
				     jwt_verdict_text(verdict), (long long)jwt->exp,
				     (long long)jwt->iat, (long long)jwt->nbf, (long long)tx->now));
	if (!type_fits(jwt->jws.typ))
		return client_refuse(tx, "the assertion's typ is that of another kind of JWT");
	if (jwt->jti[0] == '\0' || strlen(jwt->jti) > JTI_MAX)
		return client_refuse(tx, "the assertion's jti is empty or too long");
	return 0;
}

/* Once, whichever worker of whichever host sees it first. */
static int
first_seen(struct tx *tx, const struct client *client, const struct jwt *jwt)
{
	uint8_t digest[SHA256_SIZE];
	/* lengths keep the pieces apart */
	const char *text = arena_printf(tx->arena, "client_assertion %u %zu:%s %s", tx->realm->id,
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
refuse_signature(struct tx *tx, const struct client *client, const struct jws *jws,
		 enum jws_verdict verdict)
{
	const char *wanted = client->token_endpoint_auth_signing_alg;

	return client_refuse(
		tx, arena_printf(tx->arena, "the assertion: %s; alg %s, kid %.64s, registered %s",
				 jws_verdict_text(verdict), jws_alg_name(jws->alg),
				 jws->kid ? jws->kid : "(none)", wanted ? wanted : "no alg"));
}

/* One of the client's secrets; JWS_KEY_UNKNOWN with *why when its text cannot be had. */
static enum jws_verdict
try_secret(struct tx *tx, const struct jws *jws, const struct client_secret *secret,
	   struct jws_alg_set algs, const char **why)
{
	const char *text = client_secret_open(tx, secret, why);
	struct jwk key;

	if (!text)
		return JWS_KEY_UNKNOWN;
	key = jwk_from_bytes(tx->arena, text, strlen(text));
	return jws_check(jws, &key, algs);
}

int
verify_secret_jwt(struct tx *tx, const struct client *client, const struct presented *presented)
{
	const struct jws *jws = &presented->unverified.jws;
	const struct jws_alg_set algs = algs_of(client, presented);
	const struct client_secret *right = NULL;
	enum jws_verdict verdict = JWS_KEY_UNKNOWN;
	const char *why = "it has none that is good";

	if (check_claims(tx, client, presented) != 0)
		return -1;
	for (size_t i = 0; i < client->secrets_count && !right; i++) {
		const struct client_secret *one = &client->secrets[i];
		enum jws_verdict tried;

		if (!client_secret_is_good(one, tx->now))
			continue;
		tried = try_secret(tx, jws, one, algs, &why);
		right = tried == JWS_OK ? one : NULL;
		verdict = tried == JWS_KEY_UNKNOWN ? verdict : tried;
	}
	if (verdict == JWS_KEY_UNKNOWN)
		return client_refuse(tx, arena_printf(tx->arena,
						      "the client has no secret to check an "
						      "assertion with: %s; remedy: ostiary client "
						      "secret add",
						      why));
	if (!right)
		return refuse_signature(tx, client, jws, verdict);
	if (first_seen(tx, client, &presented->unverified) != 0)
		return -1;
	client_secret_note(tx, client, right);
	return 0;
}

int
verify_private_key_jwt(struct tx *tx, const struct client *client,
		       const struct presented *presented)
{
	const struct jws *jws = &presented->unverified.jws;
	const struct jws_alg_set algs = algs_of(client, presented);
	const struct key_source source = client_keys(client);
	struct key_answer keys;
	enum remote_verdict found;
	enum jws_verdict verdict;

	if (check_claims(tx, client, presented) != 0)
		return -1;
	if (!jws_alg_set_has(algs, jws->alg))
		return refuse_signature(tx, client, jws, JWS_ALG_REFUSED);
	found = remote_keys(tx, &source, jws->kid, &keys);
	if (found != REMOTE_OK)
		return remote_fail(tx, found, OAUTH_INVALID_CLIENT, "client authentication failed",
				   keys.why);
	verdict = jws_check_set(jws, keys.set, algs);
	if (verdict != JWS_OK)
		return refuse_signature(tx, client, jws, verdict);
	return first_seen(tx, client, &presented->unverified);
}
