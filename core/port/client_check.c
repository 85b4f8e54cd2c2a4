/* SPDX-License-Identifier: ISC */
/*
 * Keys by value and the names of certificates.
 */
#include "core/port/client_check.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/jose/cert.h"
#include "core/jose/jwk.h"

static const char *const key_mistakes[] = {
	[JWK_OK] = NULL,
	[JWK_MALFORMED] = "a key lacks a member, or has one that is badly written (RFC 7518 6)",
	[JWK_UNSUPPORTED] = NULL, /* skipped */
	[JWK_WEAK] = NULL,
	[JWK_INVALID] = "the numbers of a key are no key: off the curve, or a known weak one",
	[JWK_CONFLICT] = "kid, use, key_ops, alg and kty of its keys contradict each other",
	[JWK_LEAKED] = ("only public keys may be given; a private or symmetric key that was shown "
			"here is spent: make a new one (RFC 7591 2)"),
	[JWK_TOO_MANY] = "too many keys",
};

/* What assertions of the client may be signed with. */
static bool
fits_assertions(const struct jwk *key, const struct client *client)
{
	enum jws_alg wanted = jws_alg_by_name(client->token_endpoint_auth_signing_alg);

	for (int alg = 0; alg < JWS_ALG_COUNT; alg++)
		if ((wanted == JWS_NONE || wanted == (enum jws_alg)alg) && key->may_verify &&
		    jwk_fits(key, (enum jws_alg)alg))
			return true;
	return false;
}

static const char *
useless(const struct client *client, const struct jwk_set *set)
{
	bool fits = false;

	for (size_t i = 0; i < set->count; i++)
		fits |= fits_assertions(&set->key[i], client);
	if (client->token_endpoint_auth_method == CLIENT_AUTH_PRIVATE_KEY_JWT && !fits)
		return "no key of it can check an assertion of "
		       "token_endpoint_auth_signing_alg; "
		       "RSA has 2048 to 8192 bits, EC is on P-256, P-384 or P-521, OKP is Ed25519";
	if (client->token_endpoint_auth_method == CLIENT_AUTH_SELF_SIGNED_TLS && set->count == 0)
		return "it has no key that a certificate could have";
	return NULL;
}

static const char *
jwks_mistake(struct arena *arena, const struct client *client)
{
	struct json_object *object;
	struct jwk_set set;
	enum jwk_verdict verdict;

	if (!client->jwks)
		return NULL;
	object = json_parse_object(arena, client->jwks, strlen(client->jwks), NULL);
	if (!object)
		return "not a JSON object";
	verdict = jwk_set_parse(arena, object, JWK_ACCEPT_PUBLIC, &set);
	return verdict == JWK_OK ? useless(client, &set) : key_mistakes[verdict];
}

static const char *
subject_mistake(struct arena *arena, const char *text)
{
	if (!text || cert_name_parse(arena, text))
		return NULL;
	return "not a subject as RFC 4514 writes it, such as CN=client,O=Example\\, Inc.,C=DE";
}

static const char *
san_mistake(enum cert_san type, const char *value)
{
	return value ? cert_san_mistake(type, value) : NULL;
}

size_t
client_check(struct arena *arena, const struct client *client, struct buf *why)
{
	const struct {
		const char *field, *mistake;
	} checks[] = {
		{"jwks", jwks_mistake(arena, client)},
		{"tls_client_auth_subject_dn",
		 subject_mistake(arena, client->tls_client_auth_subject_dn)},
		{"tls_client_auth_san_dns",
		 san_mistake(CERT_SAN_DNS, client->tls_client_auth_san_dns)},
		{"tls_client_auth_san_uri",
		 san_mistake(CERT_SAN_URI, client->tls_client_auth_san_uri)},
		{"tls_client_auth_san_ip",
		 san_mistake(CERT_SAN_IP, client->tls_client_auth_san_ip)},
		{"tls_client_auth_san_email",
		 san_mistake(CERT_SAN_EMAIL, client->tls_client_auth_san_email)},
	};
	size_t mistakes = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (!checks[i].mistake)
			continue;
		buf_printf(why, "%s: %s\n", checks[i].field, checks[i].mistake);
		mistakes++;
	}
	return mistakes;
}
