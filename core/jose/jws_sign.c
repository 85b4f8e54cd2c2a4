/* SPDX-License-Identifier: ISC */
/*
 * Making compact messages. A signer holds a context that was set up once, and one that each
 * signature is computed in: setting up costs a fifth of an ES256 signature.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/json_print.h"
#include "core/jose/jws_evp.h"

struct jws_signer {
	enum jws_alg alg;
	const struct jwa *row;
	const char *kid;
	EVP_PKEY *key;
	EVP_MD_CTX *prepared; /* NULL for HMAC, and for EdDSA, which is set up each time */
	EVP_MD_CTX *work;
	EVP_MAC_CTX *mac; /* keyed; for HMAC */
	size_t size;      /* of a signature */
};

static void
free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

static void
free_mac_context(void *context)
{
	EVP_MAC_CTX_free(context);
}

static EVP_MD_CTX *
new_context(struct arena *arena)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (context == NULL)
		bug("signature context");
	arena_defer(arena, free_context, context);
	return context;
}

static EVP_MAC_CTX *
new_mac(struct arena *arena, const struct jwa *row, const struct jwk *key)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
	char digest[16];
	OSSL_PARAM params[2];

	EVP_MAC_free(hmac);
	arena_defer(arena, free_mac_context, context);
	/* the parameter type has no const, though nothing is written */
	memcpy(digest, row->digest, strlen(row->digest) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (context == NULL || EVP_MAC_init(context, key->bytes, key->size, params) != 1)
		bug("HMAC context");
	return context;
}

struct jws_signer *
jws_signer_new(struct arena *arena, const struct jwk *key, enum jws_alg alg, const char *kid)
{
	struct jws_signer *signer;

	if (!key->may_sign || !jwk_fits(key, alg))
		return NULL;
	signer = arena_alloc(arena, sizeof(*signer));
	signer->alg = alg;
	signer->row = jwa_row(alg);
	signer->kid = arena_strdup(arena, kid);
	signer->key = key->key;
	signer->size = signer->row->signature_size != 0 ? signer->row->signature_size : key->size;
	if (signer->row->kty == JWK_OCT) {
		signer->mac = new_mac(arena, signer->row, key);
		return signer;
	}
	/* the signer may outlive the arena that the key came from */
	if (EVP_PKEY_up_ref(signer->key) != 1)
		bug("key reference");
	arena_defer(arena, free_key, signer->key);
	signer->work = new_context(arena);
	if (signer->row->digest == NULL)
		return signer;
	signer->prepared = new_context(arena);
	if (jws_evp_start(signer->prepared, signer->row, signer->key, true) != 0)
		bug("signature context");
	return signer;
}

enum jws_alg
jws_signer_alg(const struct jws_signer *signer)
{
	return signer->alg;
}

const char *
jws_signer_kid(const struct jws_signer *signer)
{
	return signer->kid;
}

static void
compute_mac(const struct jws_signer *signer, const char *input, size_t size, uint8_t *signature)
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(signer->mac);
	size_t length = 0;

	if (context == NULL || EVP_MAC_update(context, (const unsigned char *)input, size) != 1 ||
	    EVP_MAC_final(context, signature, &length, JWS_SIGNATURE_MAX) != 1 ||
	    length != signer->size)
		bug("HMAC failed");
	EVP_MAC_CTX_free(context);
}

static void
compute_signature(const struct jws_signer *signer, const char *input, size_t size,
		  uint8_t *signature)
{
	uint8_t der[JWS_DER_MAX];
	bool ecdsa = signer->row->kty == JWK_EC;
	uint8_t *target = ecdsa ? der : signature;
	size_t length = ecdsa ? sizeof(der) : JWS_SIGNATURE_MAX;
	int ready;

	if (signer->prepared != NULL)
		ready = EVP_MD_CTX_copy_ex(signer->work, signer->prepared) == 1;
	else
		ready = jws_evp_start(signer->work, signer->row, signer->key, true) == 0;
	if (!ready ||
	    EVP_DigestSign(signer->work, target, &length, (const unsigned char *)input, size) != 1)
		bug("signing failed");
	if (ecdsa && jws_evp_raw(der, length, signature, signer->size) != 0)
		bug("a signature of our own is malformed");
	if (!ecdsa && length != signer->size)
		bug("a signature of our own has another size");
	ERR_clear_error();
}

/* The header's text: members in one order, so that the same input gives the same message. */
static const char *
header_text(struct arena *arena, const struct jws_signer *signer, const struct jws_header *header,
	    size_t *size)
{
	struct json_members members;
	struct buf text;

	buf_init(&text, arena, JWS_HEADER_MAX);
	json_open(&members, &text);
	json_put_text(&members, "alg", jws_alg_name(signer->alg));
	json_put_text(&members, "typ", header->typ);
	json_put_text(&members, "cty", header->cty);
	json_put_text(&members, "kid", signer->kid);
	json_put(&members, "jwk", header->jwk);
	json_close(&members);
	if (buf_failed(&text))
		bug("a header of our own is too long");
	*size = text.size;
	return text.data;
}

char *
jws_sign(struct arena *arena, const struct jws_signer *signer, const struct jws_header *header,
	 const void *payload, size_t size)
{
	uint8_t signature[JWS_SIGNATURE_MAX];
	size_t header_size;
	const char *head = header_text(arena, signer, header, &header_size);
	size_t input_size = B64URL_SIZE(header_size) + 1 + B64URL_SIZE(size);
	char *text = arena_alloc(arena, input_size + 1 + B64URL_SIZE(signer->size) + 1);

	b64url_write(text, head, header_size);
	text[B64URL_SIZE(header_size)] = '.';
	b64url_write(text + B64URL_SIZE(header_size) + 1, payload, size);
	if (signer->mac != NULL)
		compute_mac(signer, text, input_size, signature);
	else
		compute_signature(signer, text, input_size, signature);
	text[input_size] = '.';
	b64url_write(text + input_size + 1, signature, signer->size);
	return text;
}

char *
jws_sign_object(struct arena *arena, const struct jws_signer *signer,
		const struct jws_header *header, struct json_object *claims)
{
	size_t size;
	const char *text = json_write(arena, claims, &size);

	return jws_sign(arena, signer, header, text, size);
}
