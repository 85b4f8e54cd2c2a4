/* SPDX-License-Identifier: ISC */
/*
 * Whose message it is, whether that issuer is trusted for this, and whether the message is good.
 * What each purpose demands is one table.
 */
#include "core/oauth/foreign.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/port/remote_keys.h"

/* What a message is called that is used for a purpose, and what must be true of it. */
static const struct demand {
	int64_t max_life; /* seconds until exp; 0: exp is judged where it is there */
	unsigned need;
	bool for_us;              /* aud must name us */
	const char *const typ[4]; /* NULL-terminated; beside these none at all; empty: any */
	const char *bad;          /* public texts */
	const char *untrusted;
} demands[ISSUER_PURPOSES] = {
	[ISSUER_SUBJECT_TOKEN] =
		{
			.max_life = FOREIGN_TOKEN_LIFE,
			.need = JWT_NEED_SUB,
			.for_us = true,
			.typ = {"JWT", "at+jwt", NULL},
			.bad = "the token of another issuer is invalid, expired, or not meant for "
			       "this server or client",
			.untrusted = "the token's issuer is not trusted for token exchange",
		},
	[ISSUER_JWT_BEARER] =
		{
			.max_life = FOREIGN_ASSERTION_LIFE,
			.need = JWT_NEED_SUB,
			.for_us = true,
			.typ = {"JWT", "authorization-grant+jwt", NULL},
			.bad = "the assertion is invalid, expired, too long-lived, or not meant "
			       "for this server",
			.untrusted = "the assertion's issuer is not trusted for this grant",
		},
	[ISSUER_SOFTWARE_STATEMENT] =
		{
			.typ = {NULL},
			.bad = "the software statement is invalid or has expired",
			.untrusted = "the software statement's issuer is not trusted",
		},
};

static int
refuse(struct tx *tx, const struct foreign_rules *rules, const struct jwt *jwt, const char *why)
{
	return fail(tx, rules->error, demands[rules->purpose].bad, "iss %.255s, sub %.255s: %s",
		    jwt->iss ? jwt->iss : "(none)", jwt->sub ? jwt->sub : "(none)", why);
}

bool
foreign_looks_so(struct tx *tx, const char *text)
{
	struct jwt jwt;

	return jwt_read_unverified(tx->arena, text, &jwt) == JWT_OK && jwt.iss &&
	       strcmp(jwt.iss, tx->realm->issuer) != 0;
}

static int
find_issuer(struct tx *tx, const struct foreign_rules *rules, const struct jwt *claimed,
	    struct issuer *issuer)
{
	const char *untrusted = demands[rules->purpose].untrusted;
	enum store_verdict verdict;

	if (!claimed->iss)
		return refuse(tx, rules, claimed, "it names no issuer");
	if (strlen(claimed->iss) > ISSUER_MAX)
		return fail(tx, rules->untrusted, untrusted, "iss has more than %d bytes",
			    ISSUER_MAX);
	verdict = issuer_find(tx->store, tx->arena, tx->realm->id, claimed->iss, issuer);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return fail(tx, rules->untrusted, untrusted,
			    "%s is no trusted issuer of the realm: ostiary issuer add",
			    claimed->iss);
	if (issuer_is_for(issuer, rules->purpose))
		return 0;
	return fail(tx, rules->untrusted, untrusted,
		    "purposes of issuer %s are %s; %s is not among them", issuer->issuer,
		    issuer->purposes, issuer_purpose_name(rules->purpose));
}

static bool
type_fits(const struct demand *demand, const char *typ)
{
	static const char prefix[] = "application/"; /* may be left out (RFC 7515 4.1.9) */

	if (!typ || !demand->typ[0])
		return true;
	if (strncasecmp(typ, prefix, sizeof(prefix) - 1) == 0)
		typ += sizeof(prefix) - 1;
	for (size_t i = 0; demand->typ[i]; i++)
		if (str_equal_nocase(demand->typ[i], typ))
			return true;
	return false;
}

/* What names us: the issuer or the token endpoint (RFC 7523 3), also by its name for certificates.
 */
static struct strlist
our_names(struct tx *tx)
{
	const char *alias = tx->realm->settings.mtls_endpoint_base;
	struct strlist names = {0};

	names = strlist_with(tx->arena, &names, tx->realm->issuer);
	names = strlist_with(tx->arena, &names,
			     arena_printf(tx->arena, "%s/token", tx->realm->issuer));
	return str_empty(alias) ? names
				: strlist_with(tx->arena, &names,
					       arena_printf(tx->arena, "%s/token", alias));
}

static int
verify(struct tx *tx, const char *text, const struct foreign_rules *rules,
       const struct jwt *claimed, struct foreign *foreign)
{
	const struct demand *demand = &demands[rules->purpose];
	const struct issuer *issuer = &foreign->issuer;
	const struct key_source source = {.jwks = issuer->jwks, .jwks_uri = issuer->jwks_uri};
	struct strlist auds = our_names(tx), algs;
	struct jwt_rules wanted = {
		.now = tx->now,
		.leeway = FOREIGN_SKEW,
		.max_life = demand->max_life,
		.need = demand->need,
		.iss = issuer->issuer,
		.auds = demand->for_us ? &auds : NULL,
	};
	struct key_answer keys;
	enum remote_verdict fetched;
	enum jwt_verdict verdict;

	if (rules->client_id)
		auds = strlist_with(tx->arena, &auds, rules->client_id);
	if (strlist_split(tx->arena, issuer->algs, ' ', JWS_ALG_COUNT, &algs) != 0 ||
	    jws_alg_set_from_names(&algs, &wanted.algs) != 0)
		return refuse(tx, rules, claimed, "the algorithms of the issuer's row are unknown");
	fetched = remote_keys(tx, &source, claimed->jws.kid, &keys);
	if (fetched != REMOTE_OK)
		return remote_fail(tx, fetched, rules->error, demand->bad, keys.why);
	wanted.now = tx->now; /* somebody may have been waited for */
	verdict = jwt_verify_set(tx->arena, text, keys.set, &wanted, &foreign->jwt);
	if (verdict != JWT_OK)
		return refuse(tx, rules, claimed, jwt_verdict_text(verdict));
	if (!type_fits(demand, foreign->jwt.jws.typ))
		return refuse(tx, rules, claimed, jwt_verdict_text(JWT_WRONG_TYPE));
	/* many of them, logout tokens foremost, have no typ of their own (RFC 8417 2.3) */
	if (json_object_object_get_ex(foreign->jwt.claims, "events", NULL))
		return refuse(tx, rules, claimed, "it tells of an event (RFC 8417)");
	return 0;
}

/* A signature may have more than one form, so it is no part of what makes a message the same. */
static void
digest(struct tx *tx, const struct foreign_rules *rules, struct foreign *foreign)
{
	const struct jwt *jwt = &foreign->jwt;
	const char *text = arena_printf(
		tx->arena, "%s\n%u\n%s\n%s\n%.*s", issuer_purpose_name(rules->purpose),
		(unsigned)tx->realm->id, foreign->issuer.issuer, jwt->jti ? "jti" : "message",
		(int)(jwt->jti ? strlen(jwt->jti) : jwt->jws.input_size),
		jwt->jti ? jwt->jti : jwt->jws.input);

	hash_sha256(text, strlen(text), foreign->once);
}

int
foreign_verify(struct tx *tx, const char *text, const struct foreign_rules *rules,
	       struct foreign *foreign)
{
	struct jwt claimed = {0};
	enum jwt_verdict verdict;

	*foreign = (struct foreign){0};
	verdict = jwt_read_unverified(tx->arena, text, &claimed);
	if (verdict != JWT_OK)
		return fail(tx, rules->error, demands[rules->purpose].bad, "%s",
			    jwt_verdict_text(verdict));
	if (find_issuer(tx, rules, &claimed, &foreign->issuer) != 0 ||
	    verify(tx, text, rules, &claimed, foreign) != 0)
		return -1;
	digest(tx, rules, foreign);
	return 0;
}
