/* SPDX-License-Identifier: ISC */
/*
 * JWT claims (RFC 7519 4.1) read strictly and judged by rules, after the signature was found good
 * (RFC 8725 3.8 to 3.11).
 */
#include "core/jose/jwt.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/str.h"

static const char *const verdict_texts[] = {
	[JWT_OK] = "token is good",
	[JWT_MALFORMED] = "not a signed JWT",
	[JWT_TOO_LARGE] = "token too large",
	[JWT_CRIT] = "header has crit or b64",
	[JWT_ALG_REFUSED] = "algorithm unknown or not allowed here",
	[JWT_KEY_UNKNOWN] = "no key with this kid and algorithm",
	[JWT_KEY_UNFIT] = "key does not go with the algorithm or use",
	[JWT_BAD_SIGNATURE] = "signature is wrong",
	[JWT_WRONG_TYPE] = "typ is not the one expected",
	[JWT_BAD_CLAIM] = "registered claim of the wrong type or out of range",
	[JWT_CLAIM_MISSING] = "required claim missing",
	[JWT_EXPIRED] = "expired",
	[JWT_NOT_YET] = "nbf or iat lies in the future",
	[JWT_TOO_OLD] = "iat lies too far back",
	[JWT_TOO_LONG_LIVED] = "exp lies too far ahead",
	[JWT_WRONG_ISSUER] = "iss is not the one expected",
	[JWT_WRONG_SUBJECT] = "sub is not the one expected",
	[JWT_WRONG_AUDIENCE] = "aud is not the one expected",
};

const char *
jwt_verdict_text(enum jwt_verdict verdict)
{
	return verdict_texts[verdict];
}

static enum jwt_verdict
from_jws(enum jws_verdict verdict)
{
	switch (verdict) {
	case JWS_OK:
		return JWT_OK;
	case JWS_TOO_LARGE:
		return JWT_TOO_LARGE;
	case JWS_MALFORMED:
		return JWT_MALFORMED;
	case JWS_CRIT:
		return JWT_CRIT;
	case JWS_ALG_REFUSED:
		return JWT_ALG_REFUSED;
	case JWS_KEY_UNKNOWN:
		return JWT_KEY_UNKNOWN;
	case JWS_KEY_UNFIT:
		return JWT_KEY_UNFIT;
	case JWS_BAD_SIGNATURE:
		return JWT_BAD_SIGNATURE;
	}
	bug("verdict");
}

/* A NumericDate that is an integer within range; -1 in *time when absent. */
static int
read_time(const struct json_object *claims, const char *name, int64_t *time)
{
	enum json_verdict found = json_get_int(claims, name, time);

	if (found == JSON_ABSENT) {
		*time = -1;
		return 0;
	}
	return found == JSON_FOUND && *time >= 0 && *time <= JWT_TIME_MAX ? 0 : -1;
}

static int
read_text(const struct json_object *claims, const char *name, const char **text)
{
	*text = NULL;
	return json_get_text(claims, name, text) == JSON_WRONG_TYPE ? -1 : 0;
}

/* One string or a list of them (RFC 7519 4.1.3); a list that addresses nobody is a mistake. */
static int
read_audience(struct arena *arena, struct jwt *jwt)
{
	const char *text;

	switch (json_get_text(jwt->claims, "aud", &text)) {
	case JSON_ABSENT:
		return 0;
	case JSON_FOUND:
		jwt->aud.item = arena_array(arena, 1, sizeof(char *));
		jwt->aud.item[0] = text;
		jwt->aud.count = 1;
		return 0;
	case JSON_WRONG_TYPE:
		break;
	}
	jwt->aud_is_array = true;
	if (json_get_list(arena, jwt->claims, "aud", JWT_AUDIENCES_MAX, &jwt->aud) != JSON_FOUND)
		return -1;
	return jwt->aud.count > 0 ? 0 : -1;
}

/* Fills *jwt from jwt->jws. */
static enum jwt_verdict
read_claims(struct arena *arena, struct jwt *jwt)
{
	jwt->claims = json_parse_object(arena, (const char *)jwt->jws.payload,
					jwt->jws.payload_size, NULL);
	if (jwt->claims == NULL)
		return JWT_MALFORMED;
	if (read_time(jwt->claims, "exp", &jwt->exp) != 0 ||
	    read_time(jwt->claims, "iat", &jwt->iat) != 0 ||
	    read_time(jwt->claims, "nbf", &jwt->nbf) != 0 ||
	    read_text(jwt->claims, "iss", &jwt->iss) != 0 ||
	    read_text(jwt->claims, "sub", &jwt->sub) != 0 ||
	    read_text(jwt->claims, "jti", &jwt->jti) != 0 || read_audience(arena, jwt) != 0)
		return JWT_BAD_CLAIM;
	return JWT_OK;
}

enum jwt_verdict
jwt_read_unverified(struct arena *arena, const char *text, struct jwt *jwt)
{
	struct jwt result = {0};
	enum jwt_verdict verdict = from_jws(
		jws_read_unverified(arena, text, strnlen(text, JWS_TEXT_MAX + 1), &result.jws));

	if (verdict == JWT_OK)
		verdict = read_claims(arena, &result);
	if (verdict == JWT_OK)
		*jwt = result;
	return verdict;
}

/* Media types without their "application/", in any case (RFC 7515 4.1.9). */
static bool
type_is(const char *typ, const char *expected)
{
	static const char prefix[] = "application/";

	if (strncasecmp(typ, prefix, sizeof(prefix) - 1) == 0)
		typ += sizeof(prefix) - 1;
	return str_equal_nocase(typ, expected);
}

static enum jwt_verdict
check_presence(const struct jwt *jwt, unsigned need)
{
	const struct {
		unsigned bit;
		bool there;
	} claims[] = {
		{JWT_NEED_EXP, jwt->exp >= 0},      {JWT_NEED_IAT, jwt->iat >= 0},
		{JWT_NEED_NBF, jwt->nbf >= 0},      {JWT_NEED_ISS, jwt->iss != NULL},
		{JWT_NEED_SUB, jwt->sub != NULL},   {JWT_NEED_JTI, jwt->jti != NULL},
		{JWT_NEED_AUD, jwt->aud.count > 0},
	};

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if ((need & claims[i].bit) != 0 && !claims[i].there)
			return JWT_CLAIM_MISSING;
	}
	return JWT_OK;
}

static enum jwt_verdict
check_times(const struct jwt *jwt, const struct jwt_rules *rules)
{
	if (jwt->exp >= 0 && !rules->ignore_exp && rules->now >= jwt->exp + rules->leeway)
		return JWT_EXPIRED;
	if (jwt->nbf >= 0 && jwt->nbf > rules->now + rules->leeway)
		return JWT_NOT_YET;
	if (jwt->iat >= 0 && jwt->iat > rules->now + rules->leeway)
		return JWT_NOT_YET;
	if (rules->max_age > 0 && rules->now - jwt->iat > rules->max_age + rules->leeway)
		return JWT_TOO_OLD;
	if (rules->max_life > 0 && jwt->exp - rules->now > rules->max_life + rules->leeway)
		return JWT_TOO_LONG_LIVED;
	return JWT_OK;
}

static enum jwt_verdict
check_audience(const struct jwt *jwt, const struct jwt_rules *rules)
{
	if (rules->aud_text && jwt->aud_is_array)
		return JWT_WRONG_AUDIENCE;
	if (rules->auds == NULL)
		return JWT_OK;
	if (rules->aud_alone && jwt->aud.count != 1)
		return JWT_WRONG_AUDIENCE;
	for (size_t i = 0; i < jwt->aud.count; i++) {
		if (strlist_has(rules->auds, jwt->aud.item[i]))
			return JWT_OK;
	}
	return JWT_WRONG_AUDIENCE;
}

/* What a rule looks at must be there. */
static unsigned
needed(const struct jwt_rules *rules)
{
	unsigned need = rules->need;

	if (rules->max_age > 0)
		need |= JWT_NEED_IAT;
	if (rules->max_life > 0)
		need |= JWT_NEED_EXP;
	if (rules->iss != NULL)
		need |= JWT_NEED_ISS;
	if (rules->sub != NULL)
		need |= JWT_NEED_SUB;
	if (rules->auds != NULL)
		need |= JWT_NEED_AUD;
	return need;
}

enum jwt_verdict
jwt_check_claims(const struct jwt *jwt, const struct jwt_rules *rules)
{
	enum jwt_verdict verdict;

	if (rules->typ != NULL && jwt->jws.typ == NULL && !rules->typ_optional)
		return JWT_WRONG_TYPE;
	if (rules->typ != NULL && jwt->jws.typ != NULL && !type_is(jwt->jws.typ, rules->typ))
		return JWT_WRONG_TYPE;
	verdict = check_presence(jwt, needed(rules));
	if (verdict != JWT_OK)
		return verdict;
	verdict = check_times(jwt, rules);
	if (verdict != JWT_OK)
		return verdict;
	if (rules->iss != NULL && !str_equal(jwt->iss, rules->iss))
		return JWT_WRONG_ISSUER;
	if (rules->sub != NULL && !str_equal(jwt->sub, rules->sub))
		return JWT_WRONG_SUBJECT;
	return check_audience(jwt, rules);
}

/* Claims of a message whose signature is good. */
static enum jwt_verdict
judge(struct arena *arena, struct jwt *result, const struct jwt_rules *rules, struct jwt *jwt)
{
	enum jwt_verdict verdict = read_claims(arena, result);

	if (verdict != JWT_OK)
		return verdict;
	*jwt = *result;
	return jwt_check_claims(jwt, rules);
}

enum jwt_verdict
jwt_verify(struct arena *arena, const char *text, const struct jwk *key,
	   const struct jwt_rules *rules, struct jwt *jwt)
{
	struct jwt result = {0};
	enum jws_verdict verdict = jws_verify(arena, text, strnlen(text, JWS_TEXT_MAX + 1), key,
					      rules->algs, &result.jws);

	return verdict == JWS_OK ? judge(arena, &result, rules, jwt) : from_jws(verdict);
}

enum jwt_verdict
jwt_verify_set(struct arena *arena, const char *text, const struct jwk_set *set,
	       const struct jwt_rules *rules, struct jwt *jwt)
{
	struct jwt result = {0};
	enum jws_verdict verdict = jws_verify_set(arena, text, strnlen(text, JWS_TEXT_MAX + 1), set,
						  rules->algs, &result.jws);

	return verdict == JWS_OK ? judge(arena, &result, rules, jwt) : from_jws(verdict);
}

enum jwt_verdict
jwt_verify_own(struct arena *arena, const char *text, const struct keyring *ring,
	       enum key_purpose purpose, const struct jwt_rules *rules, struct jwt *jwt)
{
	struct jwt result = {0};
	const struct jwk *key;
	enum jws_verdict verdict =
		jws_read_unverified(arena, text, strnlen(text, JWS_TEXT_MAX + 1), &result.jws);

	if (verdict != JWS_OK)
		return from_jws(verdict);
	key = result.jws.kid ? keyring_verifier(ring, result.jws.kid, result.jws.alg, purpose)
			     : NULL;
	if (!key)
		return JWT_KEY_UNKNOWN;
	verdict = jws_check(&result.jws, key, rules->algs);
	return verdict == JWS_OK ? judge(arena, &result, rules, jwt) : from_jws(verdict);
}
