/* SPDX-License-Identifier: ISC */
/*
 * What goes out of keys: public members, thumbprints (RFC 7638) and PKCS#8 bytes; and new keys.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/jose/jwk_key.h"

#define RSA_BITS_DEFAULT 2048
#define NUMBER_MAX       (JWK_RSA_BITS_MAX / 8)

/* A number of an OpenSSL key as base64url; size 0 means its shortest form. */
static const char *
number_text(struct arena *arena, const EVP_PKEY *key, const char *name, size_t size)
{
	BIGNUM *number = NULL;
	uint8_t bytes[NUMBER_MAX];

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		bug("a key without its public members");
	if (size == 0)
		size = (size_t)BN_num_bytes(number);
	if (size > sizeof(bytes) || BN_bn2binpad(number, bytes, (int)size) < 0)
		bug("a number larger than its field");
	BN_free(number);
	return b64url_encode(arena, bytes, size);
}

static const char *
point_text(struct arena *arena, const EVP_PKEY *key)
{
	uint8_t bytes[66];
	size_t size = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(key, bytes, &size) != 1)
		bug("a key without its public bytes");
	return b64url_encode(arena, bytes, size);
}

/* The required members, named and ordered as RFC 7638 3.2 wants them; the last has a NULL name. */
struct public_member {
	const char *name;
	const char *text;
};

#define PUBLIC_MEMBERS_MAX 5

static void
public_members(struct arena *arena, const struct jwk *jwk,
	       struct public_member members[PUBLIC_MEMBERS_MAX])
{
	const struct jwk_curve *curve = jwk_curve_by_name(jwk->curve);
	size_t i = 0;

	switch (jwk->kty) {
	case JWK_RSA:
		members[i++] = (struct public_member){
			"e", number_text(arena, jwk->key, OSSL_PKEY_PARAM_RSA_E, 0)};
		members[i++] = (struct public_member){"kty", "RSA"};
		members[i++] = (struct public_member){
			"n", number_text(arena, jwk->key, OSSL_PKEY_PARAM_RSA_N, 0)};
		break;
	case JWK_EC:
		members[i++] = (struct public_member){"crv", curve->name};
		members[i++] = (struct public_member){"kty", "EC"};
		members[i++] = (struct public_member){
			"x", number_text(arena, jwk->key, OSSL_PKEY_PARAM_EC_PUB_X, curve->size)};
		members[i++] = (struct public_member){
			"y", number_text(arena, jwk->key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->size)};
		break;
	case JWK_OKP:
		members[i++] = (struct public_member){"crv", curve->name};
		members[i++] = (struct public_member){"kty", "OKP"};
		members[i++] = (struct public_member){"x", point_text(arena, jwk->key)};
		break;
	case JWK_OCT:
		members[i++] =
			(struct public_member){"k", b64url_encode(arena, jwk->bytes, jwk->size)};
		members[i++] = (struct public_member){"kty", "oct"};
		break;
	}
	members[i] = (struct public_member){0};
}

struct json_object *
jwk_export_public(struct arena *arena, const struct jwk *jwk)
{
	struct json_object *object = json_new_object(arena);
	struct public_member members[PUBLIC_MEMBERS_MAX];

	if (jwk->kty == JWK_OCT)
		bug("a symmetric key is never published");
	public_members(arena, jwk, members);
	json_add_text(object, "kid", jwk->kid);
	json_add_text(object, "use", jwk->use);
	json_add_text(object, "alg", jws_alg_name(jwk->alg));
	for (size_t i = 0; members[i].name != NULL; i++)
		json_add_text(object, members[i].name, members[i].text);
	return object;
}

char *
jwk_thumbprint(struct arena *arena, const struct jwk *jwk)
{
	struct public_member members[PUBLIC_MEMBERS_MAX];
	uint8_t digest[SHA256_SIZE];
	char *text = arena_strdup(arena, "");

	public_members(arena, jwk, members);
	/* all names and values are ASCII that JSON writes as it is */
	for (size_t i = 0; members[i].name != NULL; i++)
		text = arena_printf(arena, "%s%s\"%s\":\"%s\"", text, i == 0 ? "{" : ",",
				    members[i].name, members[i].text);
	text = arena_printf(arena, "%s}", text);
	hash_sha256(text, strlen(text), digest);
	return b64url_encode(arena, digest, sizeof(digest));
}

static EVP_PKEY *
generate_key(const struct jwa *row, unsigned rsa_bits)
{
	switch (row->kty) {
	case JWK_RSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
	case JWK_EC:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", jwk_curve_by_name(row->curve)->openssl);
	case JWK_OKP:
		return EVP_PKEY_Q_keygen(NULL, NULL, jwk_curve_by_name(row->curve)->openssl);
	case JWK_OCT:
		break;
	}
	return NULL;
}

static struct jwk
new_private(enum jws_alg alg)
{
	const struct jwa *row = jwa_row(alg);

	return (struct jwk){
		.kty = row->kty,
		.curve = row->curve,
		.alg = alg,
		.use = "sig",
		.may_verify = true,
		.may_sign = true,
		.is_private = true,
	};
}

struct jwk
jwk_generate(struct arena *arena, enum jws_alg alg, unsigned rsa_bits)
{
	const struct jwa *row = jwa_row(alg);
	struct jwk jwk;

	if (row == NULL)
		bug("a key needs an algorithm");
	if (rsa_bits == 0)
		rsa_bits = RSA_BITS_DEFAULT;
	if (rsa_bits < JWK_RSA_BITS_MIN || rsa_bits > JWK_RSA_BITS_MAX)
		bug("RSA key size");
	jwk = new_private(alg);
	if (row->kty == JWK_OCT) {
		uint8_t *bytes = arena_alloc(arena, row->min_bits / 8);

		if (RAND_priv_bytes(bytes, (int)(row->min_bits / 8)) != 1)
			bug("random source");
		jwk.bytes = bytes;
		jwk.size = row->min_bits / 8;
	} else {
		jwk.key = generate_key(row, rsa_bits);
		if (jwk.key == NULL)
			bug("key generation");
		jwk_own(arena, jwk.key);
	}
	if (row->kty == JWK_RSA && jwk_judge_rsa(&jwk) != JWK_OK)
		bug("a generated key is not good");
	jwk.kid = jwk_thumbprint(arena, &jwk);
	return jwk;
}

uint8_t *
jwk_private_bytes(struct arena *arena, const struct jwk *jwk, size_t *size)
{
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *der = NULL;
	uint8_t *bytes;
	int length;

	if (!jwk->is_private)
		bug("a public key has no private bytes");
	if (jwk->kty == JWK_OCT) {
		*size = jwk->size;
		return arena_copy(arena, jwk->bytes, jwk->size);
	}
	info = EVP_PKEY2PKCS8(jwk->key);
	if (info == NULL)
		bug("PKCS#8");
	length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (length <= 0 || length > JWK_DER_MAX)
		bug("PKCS#8 size");
	*size = (size_t)length;
	bytes = arena_copy(arena, der, *size);
	OPENSSL_clear_free(der, *size);
	return bytes;
}

/* The key of exactly these bytes, or NULL. */
static EVP_PKEY *
key_from_der(const void *bytes, size_t size)
{
	const unsigned char *position = bytes;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &position, (long)size);
	EVP_PKEY *key = NULL;

	if (info == NULL)
		return NULL;
	if (position == (const unsigned char *)bytes + size)
		key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return key;
}

/* Type and curve are those of the algorithm that the key was stored for. */
static enum jwk_verdict
judge_stored(struct jwk *jwk)
{
	char name[32];
	size_t size = 0;
	const struct jwk_curve *curve;

	switch (jwk->kty) {
	case JWK_RSA:
		return EVP_PKEY_is_a(jwk->key, "RSA") ? jwk_judge_rsa(jwk) : JWK_CONFLICT;
	case JWK_OKP:
		return EVP_PKEY_is_a(jwk->key, jwk_curve_by_name(jwk->curve)->openssl)
			       ? JWK_OK
			       : JWK_CONFLICT;
	case JWK_EC:
		if (!EVP_PKEY_is_a(jwk->key, "EC") ||
		    EVP_PKEY_get_group_name(jwk->key, name, sizeof(name), &size) != 1)
			return JWK_CONFLICT;
		curve = jwk_curve_by_openssl_name(name);
		return curve != NULL && str_equal(curve->name, jwk->curve) ? JWK_OK : JWK_CONFLICT;
	case JWK_OCT:
		break;
	}
	return jwk->size * 8 >= jwa_row(jwk->alg)->min_bits ? JWK_OK : JWK_WEAK;
}

enum jwk_verdict
jwk_from_private_bytes(struct arena *arena, enum jws_alg alg, const char *kid, const void *bytes,
		       size_t size, struct jwk *jwk)
{
	struct jwk result;
	enum jwk_verdict verdict;

	if (jwa_row(alg) == NULL)
		bug("a stored key needs an algorithm");
	if (size > JWK_DER_MAX)
		return JWK_MALFORMED;
	result = new_private(alg);
	if (result.kty == JWK_OCT) {
		result.bytes = arena_copy(arena, bytes, size);
		result.size = size;
	} else {
		result.key = key_from_der(bytes, size);
		ERR_clear_error();
		if (result.key == NULL)
			return JWK_MALFORMED;
		jwk_own(arena, result.key);
	}
	verdict = judge_stored(&result);
	ERR_clear_error();
	if (verdict != JWK_OK)
		return verdict;
	result.kid = kid != NULL ? arena_strdup(arena, kid) : jwk_thumbprint(arena, &result);
	*jwk = result;
	return JWK_OK;
}
