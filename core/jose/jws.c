/* SPDX-License-Identifier: ISC */
/*
 * Reading and verifying compact messages: three strict parts, a header that keeps the rules, an
 * algorithm that the caller allows and that fits the key (RFC 7515 4, 5.2; RFC 8725 3.1 to 3.3).
 */
#include "core/jose/jws.h"

#include <openssl/err.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/jose/jws_evp.h"

static const char *const verdict_texts[] = {
	[JWS_OK] = "signature is good",
	[JWS_TOO_LARGE] = "message or header too large",
	[JWS_MALFORMED] = "not a compact signed message",
	[JWS_CRIT] = "header has crit or b64",
	[JWS_ALG_REFUSED] = "algorithm unknown or not allowed here",
	[JWS_KEY_UNKNOWN] = "no key with this kid and algorithm",
	[JWS_KEY_UNFIT] = "key does not go with the algorithm or use",
	[JWS_BAD_SIGNATURE] = "signature is wrong",
};

const char *
jws_verdict_text(enum jws_verdict verdict)
{
	return verdict_texts[verdict];
}

/* A header member that is text when it is there; -1 when it is something else. */
static int
header_text(const struct json_object *header, const char *name, const char **text)
{
	*text = NULL;
	return json_get_text(header, name, text) == JSON_WRONG_TYPE ? -1 : 0;
}

static enum jws_verdict
read_header(struct arena *arena, const char *text, size_t size, struct jws *jws)
{
	const char *alg;
	struct json_object *jwk;
	uint8_t *bytes;
	size_t length;

	if (B64URL_SIZE((size_t)JWS_HEADER_MAX) < size)
		return JWS_TOO_LARGE;
	bytes = b64url_decode(arena, text, size, &length);
	if (bytes == NULL)
		return JWS_MALFORMED;
	jws->header = json_parse_object(arena, (const char *)bytes, length, NULL);
	if (jws->header == NULL)
		return JWS_MALFORMED;
	/* their presence counts, whatever they say: we know no extension (RFC 7515 4.1.11) */
	if (json_object_object_get_ex(jws->header, "crit", NULL) ||
	    json_object_object_get_ex(jws->header, "b64", NULL))
		return JWS_CRIT;
	if (json_get_text(jws->header, "alg", &alg) != JSON_FOUND ||
	    header_text(jws->header, "kid", &jws->kid) != 0 ||
	    header_text(jws->header, "typ", &jws->typ) != 0 ||
	    json_get_object(jws->header, "jwk", &jwk) == JSON_WRONG_TYPE)
		return JWS_MALFORMED;
	if (jws->kid != NULL && strlen(jws->kid) > JWK_KID_MAX)
		return JWS_MALFORMED;
	jws->alg = jws_alg_by_name(alg);
	return jws->alg != JWS_NONE ? JWS_OK : JWS_ALG_REFUSED;
}

enum jws_verdict
jws_read_unverified(struct arena *arena, const char *text, size_t size, struct jws *jws)
{
	struct jws result = {.input = text};
	enum jws_verdict verdict;
	const char *first;
	const char *second;

	if (size > JWS_TEXT_MAX)
		return JWS_TOO_LARGE;
	first = memchr(text, '.', size);
	if (first == NULL)
		return JWS_MALFORMED;
	/* a third dot is not base64url and is refused with the signature */
	second = memchr(first + 1, '.', size - (size_t)(first + 1 - text));
	if (second == NULL)
		return JWS_MALFORMED;
	verdict = read_header(arena, text, (size_t)(first - text), &result);
	if (verdict != JWS_OK)
		return verdict;
	result.input_size = (size_t)(second - text);
	result.payload =
		b64url_decode(arena, first + 1, (size_t)(second - first - 1), &result.payload_size);
	result.signature = b64url_decode(arena, second + 1, size - result.input_size - 1,
					 &result.signature_size);
	if (result.payload == NULL || result.signature == NULL || result.signature_size == 0)
		return JWS_MALFORMED;
	*jws = result;
	return JWS_OK;
}

static bool
mac_is_right(const struct jws *jws, const struct jwk *key, const struct jwa *row)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t size = 0;
	bool right;

	if (EVP_Q_mac(NULL, "HMAC", NULL, row->digest, NULL, key->bytes, key->size,
		      (const unsigned char *)jws->input, jws->input_size, mac, sizeof(mac),
		      &size) == NULL)
		bug("HMAC failed");
	right = hash_equal(mac, jws->signature, row->signature_size);
	hash_wipe(mac, sizeof(mac));
	return right;
}

static int
start_check(EVP_MD_CTX *context, enum jws_alg alg, const struct jwk *key, const struct jwa *row)
{
	if (key->prepared != NULL && key->alg == alg)
		return EVP_MD_CTX_copy_ex(context, key->prepared) == 1 ? 0 : -1;
	return jws_evp_start(context, row, key->key, false);
}

static void
free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

void
jws_prepare_check(struct arena *arena, struct jwk *key)
{
	const struct jwa *row = jwa_row(key->alg);
	EVP_MD_CTX *context;

	/* EdDSA cannot be copied half-way: it hashes the message itself */
	if (row == NULL || row->digest == NULL || row->kty == JWK_OCT || !jwk_fits(key, key->alg))
		return;
	context = EVP_MD_CTX_new();
	if (context == NULL || jws_evp_start(context, row, key->key, false) != 0)
		bug("verification context");
	arena_defer(arena, free_context, context);
	key->prepared = context;
}

static bool
signature_is_right(const struct jws *jws, const struct jwk *key, const struct jwa *row)
{
	uint8_t der[JWS_DER_MAX];
	size_t der_size = sizeof(der);
	const uint8_t *signature = jws->signature;
	size_t size = jws->signature_size;
	EVP_MD_CTX *context;
	bool right;

	if (row->kty == JWK_EC) {
		if (jws_evp_der(signature, size, der, &der_size) != 0)
			return false;
		signature = der;
		size = der_size;
	}
	context = EVP_MD_CTX_new();
	right = context != NULL && start_check(context, jws->alg, key, row) == 0 &&
		EVP_DigestVerify(context, signature, size, (const unsigned char *)jws->input,
				 jws->input_size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return right;
}

enum jws_verdict
jws_check(const struct jws *jws, const struct jwk *key, struct jws_alg_set allowed)
{
	const struct jwa *row = jwa_row(jws->alg);

	if (row == NULL || !jws_alg_set_has(allowed, jws->alg))
		return JWS_ALG_REFUSED;
	if (!key->may_verify || !jwk_fits(key, jws->alg))
		return JWS_KEY_UNFIT;
	if (jws->signature_size != (row->signature_size != 0 ? row->signature_size : key->size))
		return JWS_BAD_SIGNATURE;
	if (row->kty == JWK_OCT)
		return mac_is_right(jws, key, row) ? JWS_OK : JWS_BAD_SIGNATURE;
	return signature_is_right(jws, key, row) ? JWS_OK : JWS_BAD_SIGNATURE;
}

enum jws_verdict
jws_verify(struct arena *arena, const char *text, size_t size, const struct jwk *key,
	   struct jws_alg_set allowed, struct jws *jws)
{
	struct jws result;
	enum jws_verdict verdict = jws_read_unverified(arena, text, size, &result);

	if (verdict == JWS_OK)
		verdict = jws_check(&result, key, allowed);
	if (verdict == JWS_OK)
		*jws = result;
	return verdict;
}

enum jws_verdict
jws_check_set(const struct jws *jws, const struct jwk_set *set, struct jws_alg_set allowed)
{
	size_t position = 0;
	enum jws_verdict verdict = JWS_KEY_UNKNOWN;

	if (!jws_alg_set_has(allowed, jws->alg))
		return JWS_ALG_REFUSED;
	for (int tries = 0; tries < JWS_TRIES_MAX && verdict != JWS_OK; tries++) {
		const struct jwk *key = jwk_set_next(set, jws->kid, jws->alg, &position);

		if (key == NULL)
			break;
		verdict = jws_check(jws, key, allowed);
	}
	return verdict;
}

enum jws_verdict
jws_verify_set(struct arena *arena, const char *text, size_t size, const struct jwk_set *set,
	       struct jws_alg_set allowed, struct jws *jws)
{
	struct jws result;
	enum jws_verdict verdict = jws_read_unverified(arena, text, size, &result);

	if (verdict == JWS_OK)
		verdict = jws_check_set(&result, set, allowed);
	if (verdict == JWS_OK)
		*jws = result;
	return verdict;
}
