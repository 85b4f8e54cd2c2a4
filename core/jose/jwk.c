/* SPDX-License-Identifier: ISC */
/*
 * JWKs from outside (RFC 7517 4, RFC 7518 6, RFC 8037 2): members of the right type and length,
 * base64url without slack, and use, key_ops and alg that agree with one another and with the type.
 */
#include "core/jose/jwk.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/jose/jwk_key.h"

#define KEY_OPS_MAX 8 /* as many as RFC 7517 4.3 names */

static const char *const verdict_texts[] = {
	[JWK_OK] = "key is good",
	[JWK_MALFORMED] = "key member missing, of the wrong type or badly encoded",
	[JWK_UNSUPPORTED] = "key type, curve, algorithm or use is not supported",
	[JWK_WEAK] = "key size or exponent outside the range, or a known weak family",
	[JWK_INVALID] = "key numbers are not a key",
	[JWK_CONFLICT] = "key members contradict each other",
	[JWK_LEAKED] = "key has private members where only public ones may be",
	[JWK_TOO_MANY] = "too many keys in the set",
};

const char *
jwk_verdict_text(enum jwk_verdict verdict)
{
	return verdict_texts[verdict];
}

static const struct {
	const char *name;
	enum jwk_kty kty;
} types[] = {
	{"RSA", JWK_RSA},
	{"EC", JWK_EC},
	{"OKP", JWK_OKP},
	{"oct", JWK_OCT},
};

static enum jwk_verdict
read_type(const struct json_object *object, struct jwk *jwk)
{
	const char *name;

	if (json_get_text(object, "kty", &name) != JSON_FOUND)
		return JWK_MALFORMED;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_equal(types[i].name, name)) {
			jwk->kty = types[i].kty;
			return JWK_OK;
		}
	}
	return JWK_UNSUPPORTED;
}

/* Every member that only a private or symmetric key has, whatever kty says. */
static bool
has_private_members(const struct json_object *object)
{
	static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (json_object_object_get_ex(object, names[i], NULL))
			return true;
	}
	return false;
}

/* "key_ops": each once, no mixture of signing with anything else (RFC 7517 4.3). */
static enum jwk_verdict
read_operations(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	struct strlist operations = {0};
	enum json_verdict found = json_get_list(arena, object, "key_ops", KEY_OPS_MAX, &operations);
	size_t for_us = 0;

	if (found == JSON_ABSENT)
		return JWK_OK;
	if (found == JSON_WRONG_TYPE)
		return JWK_MALFORMED;
	jwk->may_verify = strlist_has(&operations, "verify");
	jwk->may_sign = strlist_has(&operations, "sign");
	for (size_t i = 0; i < operations.count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_equal(operations.item[i], operations.item[k]))
				return JWK_CONFLICT;
		}
		if (str_equal(operations.item[i], "verify") ||
		    str_equal(operations.item[i], "sign"))
			for_us++;
	}
	if (for_us == operations.count)
		return for_us > 0 ? JWK_OK : JWK_MALFORMED;
	return for_us > 0 || jwk->use != NULL ? JWK_CONFLICT : JWK_UNSUPPORTED;
}

static enum jwk_verdict
read_use(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	const char *use;
	enum json_verdict found = json_get_text(object, "use", &use);

	if (found == JSON_WRONG_TYPE)
		return JWK_MALFORMED;
	jwk->may_verify = true;
	jwk->may_sign = true;
	if (found == JSON_FOUND) {
		if (!str_equal(use, "sig"))
			return JWK_UNSUPPORTED;
		jwk->use = "sig";
	}
	return read_operations(arena, object, jwk);
}

static enum jwk_verdict
read_kid(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	const char *kid;
	enum json_verdict found = json_get_text(object, "kid", &kid);

	if (found == JSON_ABSENT)
		return JWK_OK;
	if (found == JSON_WRONG_TYPE || str_empty(kid) || strlen(kid) > JWK_KID_MAX)
		return JWK_MALFORMED;
	jwk->kid = arena_strdup(arena, kid);
	return JWK_OK;
}

static enum jwk_verdict
read_algorithm(const struct json_object *object, struct jwk *jwk)
{
	const char *name;
	enum json_verdict found = json_get_text(object, "alg", &name);

	if (found == JSON_ABSENT)
		return JWK_OK;
	if (found == JSON_WRONG_TYPE)
		return JWK_MALFORMED;
	jwk->alg = jws_alg_by_name(name);
	return jwk->alg != JWS_NONE ? JWK_OK : JWK_UNSUPPORTED;
}

static enum jwk_verdict
read_curve(const struct json_object *object, struct jwk *jwk)
{
	const char *name;
	const struct jwk_curve *curve;

	if (jwk->kty != JWK_EC && jwk->kty != JWK_OKP)
		return JWK_OK;
	if (json_get_text(object, "crv", &name) != JSON_FOUND)
		return JWK_MALFORMED;
	curve = jwk_curve_by_name(name);
	if (curve == NULL || curve->kty != jwk->kty)
		return JWK_UNSUPPORTED;
	jwk->curve = curve->name;
	return JWK_OK;
}

/* A number of exactly size bytes; size 0: of any size, in its shortest form (RFC 7518 2). */
static int
read_number(struct arena *arena, const struct json_object *object, const char *name, size_t size,
	    struct jwk_number *number)
{
	const char *text;

	if (json_get_text(object, name, &text) != JSON_FOUND)
		return -1;
	number->data = b64url_decode(arena, text, strlen(text), &number->size);
	if (number->data == NULL || number->size == 0)
		return -1;
	if (size != 0)
		return number->size == size ? 0 : -1;
	return number->data[0] != 0 ? 0 : -1;
}

struct member {
	const char *name;
	struct jwk_number *number;
};

static int
read_members(struct arena *arena, const struct json_object *object, size_t size,
	     const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (read_number(arena, object, members[i].name, size, members[i].number) != 0)
			return -1;
	}
	return 0;
}

static enum jwk_verdict
read_rsa(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	struct jwk_numbers numbers = {0};
	const struct member members[] = {
		{"n", &numbers.n}, {"e", &numbers.e},   {"d", &numbers.d},   {"p", &numbers.p},
		{"q", &numbers.q}, {"dp", &numbers.dp}, {"dq", &numbers.dq}, {"qi", &numbers.qi},
	};

	if (json_object_object_get_ex(object, "oth", NULL))
		return JWK_UNSUPPORTED;
	if (read_members(arena, object, 0, members, jwk->is_private ? 8 : 2) != 0)
		return JWK_MALFORMED;
	return jwk_build(arena, &numbers, jwk);
}

static enum jwk_verdict
read_curve_key(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	const struct jwk_curve *curve = jwk_curve_by_name(jwk->curve);
	struct jwk_numbers numbers = {0};
	const struct member members[] = {{"x", &numbers.x}, {"y", &numbers.y}};

	if (read_members(arena, object, curve->size, members, jwk->kty == JWK_EC ? 2 : 1) != 0)
		return JWK_MALFORMED;
	if (jwk->is_private && read_number(arena, object, "d", curve->size, &numbers.d) != 0)
		return JWK_MALFORMED;
	return jwk_build(arena, &numbers, jwk);
}

static enum jwk_verdict
read_oct(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	const char *text;

	jwk->is_private = true;
	if (json_get_text(object, "k", &text) != JSON_FOUND)
		return JWK_MALFORMED;
	jwk->bytes = b64url_decode(arena, text, strlen(text), &jwk->size);
	if (jwk->bytes == NULL)
		return JWK_MALFORMED;
	return jwk->size >= JWK_OCT_MIN && jwk->size <= JWK_OCT_MAX ? JWK_OK : JWK_WEAK;
}

static enum jwk_verdict
read_key(struct arena *arena, const struct json_object *object, struct jwk *jwk)
{
	jwk->is_private = has_private_members(object);
	switch (jwk->kty) {
	case JWK_RSA:
		return read_rsa(arena, object, jwk);
	case JWK_EC:
	case JWK_OKP:
		return read_curve_key(arena, object, jwk);
	case JWK_OCT:
		return read_oct(arena, object, jwk);
	}
	bug("key type");
}

/* The algorithm that the key names is one for its type and curve. */
static bool
alg_agrees(const struct jwk *jwk)
{
	const struct jwa *row = jwa_row(jwk->alg);

	return row == NULL || (row->kty == jwk->kty && str_equal(row->curve, jwk->curve));
}

enum jwk_verdict
jwk_parse(struct arena *arena, const struct json_object *object, enum jwk_accept accept,
	  struct jwk *jwk)
{
	struct jwk result = {0};
	enum jwk_verdict verdict;

	if (accept == JWK_ACCEPT_PUBLIC && has_private_members(object))
		return JWK_LEAKED;
	if ((verdict = read_type(object, &result)) != JWK_OK ||
	    (verdict = read_use(arena, object, &result)) != JWK_OK ||
	    (verdict = read_kid(arena, object, &result)) != JWK_OK ||
	    (verdict = read_algorithm(object, &result)) != JWK_OK ||
	    (verdict = read_curve(object, &result)) != JWK_OK)
		return verdict;
	if (!alg_agrees(&result))
		return JWK_CONFLICT;
	verdict = read_key(arena, object, &result);
	if (verdict != JWK_OK)
		return verdict;
	result.may_sign = result.may_sign && result.is_private;
	*jwk = result;
	return JWK_OK;
}

struct jwk
jwk_from_bytes(struct arena *arena, const void *bytes, size_t size)
{
	return (struct jwk){
		.kty = JWK_OCT,
		.may_verify = true,
		.may_sign = true,
		.is_private = true,
		.bytes = arena_copy(arena, bytes, size),
		.size = size,
	};
}

bool
jwk_fits(const struct jwk *jwk, enum jws_alg alg)
{
	const struct jwa *row = jwa_row(alg);

	if (row == NULL || row->kty != jwk->kty || !str_equal(row->curve, jwk->curve))
		return false;
	if (jwk->alg != JWS_NONE && jwk->alg != alg)
		return false;
	return jwk->size * 8 >= row->min_bits;
}

enum jws_alg
jwk_only_alg(const struct jwk *jwk)
{
	if (jwk->alg != JWS_NONE || jwk->curve == NULL)
		return jwk->alg;
	for (int alg = JWS_NONE + 1; alg < JWS_ALG_COUNT; alg++) {
		if (str_equal(jwa_row((enum jws_alg)alg)->curve, jwk->curve))
			return (enum jws_alg)alg;
	}
	return JWS_NONE;
}

struct jwk
jwk_public_half(const struct jwk *jwk)
{
	struct jwk half = *jwk;

	if (jwk->kty == JWK_OCT)
		bug("a symmetric key has no public half");
	half.is_private = false;
	half.may_sign = false;
	half.may_verify = true;
	return half;
}
