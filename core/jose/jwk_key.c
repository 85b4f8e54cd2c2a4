/* SPDX-License-Identifier: ISC */
/*
 * Numbers to OpenSSL keys, and whether they are good ones: RSA ranges and known weak families, EC
 * points on their curve, private halves that belong to the public ones (RFC 7518 6, RFC 8725 3.4).
 */
#include "core/jose/jwk_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"

static const struct jwk_curve curves[] = {
	{"P-256", "prime256v1", JWK_EC, 32},
	{"P-384", "secp384r1", JWK_EC, 48},
	{"P-521", "secp521r1", JWK_EC, 66},
	{"Ed25519", "ED25519", JWK_OKP, 32},
};

#define CURVES    (sizeof(curves) / sizeof(curves[0]))
#define POINT_MAX (1 + 2 * 66)

const struct jwk_curve *
jwk_curve_by_name(const char *name)
{
	for (size_t i = 0; i < CURVES; i++) {
		if (str_equal(curves[i].name, name))
			return &curves[i];
	}
	return NULL;
}

const struct jwk_curve *
jwk_curve_by_openssl_name(const char *name)
{
	for (size_t i = 0; i < CURVES; i++) {
		if (str_equal(curves[i].openssl, name))
			return &curves[i];
	}
	return NULL;
}

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

void
jwk_own(struct arena *arena, struct evp_pkey_st *key)
{
	arena_defer(arena, free_key, key);
}

static void
free_number(void *number)
{
	BN_clear_free(number);
}

static void
free_builder(void *builder)
{
	OSSL_PARAM_BLD_free(builder);
}

static void
free_params(void *params)
{
	OSSL_PARAM_free(params);
}

static void
free_context(void *context)
{
	EVP_PKEY_CTX_free(context);
}

/* Makes a key of the builder's parameters; NULL when OpenSSL refuses them. */
static EVP_PKEY *
key_from_builder(struct arena *arena, OSSL_PARAM_BLD *builder, const char *type, int selection)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	arena_defer(arena, free_params, params);
	arena_defer(arena, free_context, context);
	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1)
		bug("key context");
	if (EVP_PKEY_fromdata(context, &key, selection, params) != 1)
		return NULL;
	jwk_own(arena, key);
	return key;
}

static OSSL_PARAM_BLD *
new_builder(struct arena *arena)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (builder == NULL)
		bug("parameter builder");
	arena_defer(arena, free_builder, builder);
	return builder;
}

static void
push_number(struct arena *arena, OSSL_PARAM_BLD *builder, const char *name,
	    const struct jwk_number *number)
{
	BIGNUM *value = BN_bin2bn(number->data, (int)number->size, NULL);

	if (value == NULL)
		bug("number");
	arena_defer(arena, free_number, value);
	if (OSSL_PARAM_BLD_push_BN(builder, name, value) != 1)
		bug("number parameter");
}

/* The private half belongs to the public one. */
static bool
halves_match(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool match = context != NULL && EVP_PKEY_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return match;
}

/*
 * The moduli of CVE-2017-15361 are, modulo every small prime, a power of 65537; others are so by
 * chance with a probability that can be left out of account.
 */
static bool
is_power_of_generator(unsigned long residue, unsigned long prime)
{
	unsigned long power = 1;

	do {
		if (power == residue)
			return true;
		power = power * (65537 % prime) % prime;
	} while (power != 1);
	return false;
}

/* JWK_INVALID for a modulus with a small factor, JWK_WEAK for the known weak family. */
static enum jwk_verdict
judge_modulus(const BIGNUM *n)
{
	static const unsigned char primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,
					       37,  41,  43,  47,  53,  59,  61,  67,  71,  73,
					       79,  83,  89,  97,  101, 103, 107, 109, 113, 127,
					       131, 137, 139, 149, 151, 157, 163, 167};
	bool weak = true;

	if (!BN_is_odd(n))
		return JWK_INVALID;
	for (size_t i = 0; i < sizeof(primes); i++) {
		BN_ULONG residue = BN_mod_word(n, primes[i]);

		if (residue == 0)
			return JWK_INVALID;
		weak = weak && is_power_of_generator(residue, primes[i]);
	}
	return weak ? JWK_WEAK : JWK_OK;
}

/*
 * Primality of the modulus is not tested: that takes 100 ms for 8192 bits, and who publishes such a
 * key harms nobody else.
 */
enum jwk_verdict
jwk_judge_rsa(struct jwk *jwk)
{
	BIGNUM *n = NULL;
	BIGNUM *e = NULL;
	enum jwk_verdict verdict = JWK_INVALID;

	if (EVP_PKEY_get_bn_param(jwk->key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    EVP_PKEY_get_bn_param(jwk->key, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		goto out;
	verdict = JWK_WEAK;
	if (BN_num_bits(n) < JWK_RSA_BITS_MIN || BN_num_bits(n) > JWK_RSA_BITS_MAX)
		goto out;
	if (!BN_is_odd(e) || BN_num_bits(e) < 17 || BN_num_bits(e) > 32)
		goto out;
	jwk->size = (size_t)BN_num_bytes(n);
	verdict = judge_modulus(n);
out:
	BN_free(n);
	BN_free(e);
	return verdict;
}

static enum jwk_verdict
build_rsa(struct arena *arena, const struct jwk_numbers *numbers, struct jwk *jwk)
{
	const struct {
		const char *name;
		const struct jwk_number *number;
	} secret[] = {
		{OSSL_PKEY_PARAM_RSA_D, &numbers->d},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, &numbers->p},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, &numbers->q},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, &numbers->dp},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, &numbers->dq},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &numbers->qi},
	};
	OSSL_PARAM_BLD *builder = new_builder(arena);
	enum jwk_verdict verdict;

	push_number(arena, builder, OSSL_PKEY_PARAM_RSA_N, &numbers->n);
	push_number(arena, builder, OSSL_PKEY_PARAM_RSA_E, &numbers->e);
	for (size_t i = 0; jwk->is_private && i < sizeof(secret) / sizeof(secret[0]); i++) {
		/* primes of any length would be tested for as long as that takes */
		if (secret[i].number->size > numbers->n.size)

			return JWK_INVALID;
		push_number(arena, builder, secret[i].name, secret[i].number);
	}
	jwk->key = key_from_builder(arena, builder, "RSA",
				    jwk->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
	if (jwk->key == NULL)
		return JWK_INVALID;
	verdict = jwk_judge_rsa(jwk);
	if (verdict != JWK_OK)
		return verdict;
	return !jwk->is_private || halves_match(jwk->key) ? JWK_OK : JWK_INVALID;
}

static enum jwk_verdict
build_ec(struct arena *arena, const struct jwk_numbers *numbers, struct jwk *jwk)
{
	const struct jwk_curve *curve = jwk_curve_by_name(jwk->curve);
	OSSL_PARAM_BLD *builder = new_builder(arena);
	uint8_t point[POINT_MAX] = {0x04};

	memcpy(point + 1, numbers->x.data, curve->size);
	memcpy(point + 1 + curve->size, numbers->y.data, curve->size);
	if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl,
					    0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
					     1 + 2 * curve->size) != 1)
		bug("curve parameters");
	if (jwk->is_private)
		push_number(arena, builder, OSSL_PKEY_PARAM_PRIV_KEY, &numbers->d);
	/* refuses a point off the curve, which is all there is to check where the cofactor is 1 */
	jwk->key = key_from_builder(arena, builder, "EC",
				    jwk->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
	if (jwk->key == NULL)
		return JWK_INVALID;
	return !jwk->is_private || halves_match(jwk->key) ? JWK_OK : JWK_INVALID;
}

static enum jwk_verdict
build_okp(struct arena *arena, const struct jwk_numbers *numbers, struct jwk *jwk)
{
	const struct jwk_curve *curve = jwk_curve_by_name(jwk->curve);
	uint8_t derived[66];
	size_t size = sizeof(derived);

	if (jwk->is_private)
		jwk->key = EVP_PKEY_new_raw_private_key_ex(NULL, curve->openssl, NULL,
							   numbers->d.data, curve->size);
	else
		jwk->key = EVP_PKEY_new_raw_public_key_ex(NULL, curve->openssl, NULL,
							  numbers->x.data, curve->size);
	if (jwk->key == NULL)
		return JWK_INVALID;
	jwk_own(arena, jwk->key);
	if (EVP_PKEY_get_raw_public_key(jwk->key, derived, &size) != 1 || size != curve->size)
		return JWK_INVALID;
	return memcmp(derived, numbers->x.data, size) == 0 ? JWK_OK : JWK_INVALID;
}

enum jwk_verdict
jwk_build(struct arena *arena, const struct jwk_numbers *numbers, struct jwk *jwk)
{
	enum jwk_verdict verdict = JWK_UNSUPPORTED;

	switch (jwk->kty) {
	case JWK_RSA:
		verdict = build_rsa(arena, numbers, jwk);
		break;
	case JWK_EC:
		verdict = build_ec(arena, numbers, jwk);
		break;
	case JWK_OKP:
		verdict = build_okp(arena, numbers, jwk);
		break;
	case JWK_OCT:
		break;
	}
	ERR_clear_error();
	return verdict;
}
