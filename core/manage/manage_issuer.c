/* SPDX-License-Identifier: ISC */
/*
 * The verbs for trusted issuers: what is given is checked as a whole before anything is stored.
 */
#include "core/manage/manage_issuer.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/jose/jwk.h"

static enum manage_verdict
not_found(struct tx *tx, const char *issuer, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no trusted issuer %s",
			  tx->realm->name, issuer);
}

static enum manage_verdict
outcome(struct tx *tx, enum store_verdict stored, const char *issuer, struct buf *why)
{
	switch (stored) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return not_found(tx, issuer, why);
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_EXISTS, "issuer %s is trusted already", issuer);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

/* ---- checks: each says what is wrong and gives 1, else 0 ---- */

static int
check_name(struct tx *tx, const char *issuer, struct buf *why)
{
	const char *mistake = issuer_name_mistake(tx->arena, issuer);

	if (!mistake && strcmp(issuer, tx->realm->issuer) == 0)
		mistake = "the realm itself: its own tokens need no trust";
	if (mistake)
		return manage_say(why, 1, "issuer: %s", mistake);
	return 0;
}

static int
check_purposes(const struct strlist *purposes, struct buf *why)
{
	enum issuer_purpose purpose;
	int mistakes = 0;

	for (size_t i = 0; i < purposes->count; i++)
		if (issuer_purpose_by_name(purposes->item[i], &purpose) != 0)
			mistakes += manage_say(why, 1,
					       "--purpose %s: subject_token, jwt_bearer or "
					       "software_statement",
					       purposes->item[i]);
	return mistakes;
}

static int
check_algs(const struct strlist *algs, struct buf *why)
{
	static const struct jws_alg_set asymmetric = {JWS_ALGS_ASYMMETRIC};
	int mistakes = 0;

	for (size_t i = 0; i < algs->count; i++)
		if (!jws_alg_set_has(asymmetric, jws_alg_by_name(algs->item[i])))
			mistakes += manage_say(why, 1,
					       "--alg %s: an asymmetric one, such as ES256 or "
					       "RS256 (RFC 7518 3.1)",
					       algs->item[i]);
	return mistakes;
}

static const char *
jwks_mistake(struct tx *tx, const char *text)
{
	struct json_object *document;
	struct jwk_set set;
	const char *mistake = NULL;
	enum jwk_verdict verdict;

	if (strlen(text) > ISSUER_JWKS_MAX)
		return "more than 65536 bytes";
	document = json_parse_object(tx->arena, text, strlen(text), &mistake);
	if (!document)
		return mistake;
	verdict = jwk_set_parse(tx->arena, document, JWK_ACCEPT_PUBLIC, &set);
	if (verdict != JWK_OK)
		return jwk_verdict_text(verdict);
	return set.count ? NULL : "no key in it that could verify anything";
}

static const char *
jwks_uri_mistake(struct tx *tx, const char *text)
{
	struct uri uri;

	if (uri_parse(tx->arena, text, &uri) != 0 || !str_equal(uri.scheme, "https"))
		return "not an https URL such as https://idp.example/jwks";
	if (uri.fragment || uri.userinfo)
		return "neither a fragment nor a user is allowed";
	return NULL;
}

static int
check_keys(struct tx *tx, const struct manage_issuer *given, struct buf *why)
{
	const char *mistake;

	if (given->jwks && given->jwks_uri)
		return manage_say(why, 1, "--jwks or --jwks-uri, not both");
	if (given->jwks) {
		mistake = jwks_mistake(tx, given->jwks);
		return mistake ? manage_say(why, 1, "--jwks: %s", mistake) : 0;
	}
	if (given->jwks_uri) {
		mistake = jwks_uri_mistake(tx, given->jwks_uri);
		return mistake ? manage_say(why, 1, "--jwks-uri: %s", mistake) : 0;
	}
	return 0;
}

static enum manage_verdict
check(struct tx *tx, const struct manage_issuer *given, struct buf *why)
{
	int mistakes = check_name(tx, given->issuer, why);

	mistakes += check_purposes(&given->purposes, why);
	mistakes += check_algs(&given->algs, why);
	mistakes += check_keys(tx, given, why);
	return mistakes ? MANAGE_REFUSED : MANAGE_OK;
}

static const char *
each_once(struct tx *tx, const struct strlist *names)
{
	struct strlist once = strlist_intersect(tx->arena, names, names);

	return strlist_join(tx->arena, &once, ' ');
}

/* What is given, over what is there. */
static void
fill(struct tx *tx, const struct manage_issuer *given, struct issuer *row)
{
	row->realm_id = tx->realm->id;
	row->issuer = given->issuer;
	if (given->purposes.count)
		row->purposes = each_once(tx, &given->purposes);
	if (given->algs.count)
		row->algs = each_once(tx, &given->algs);
	if (given->jwks || given->jwks_uri) {
		row->jwks = given->jwks;
		row->jwks_uri = given->jwks_uri;
	}
}

/* ---- verbs ---- */

static enum store_verdict
apply_insert(struct tx *tx, void *context)
{
	return issuer_insert(tx->store, context);
}

static enum store_verdict
apply_update(struct tx *tx, void *context)
{
	return issuer_update(tx->store, context);
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	const struct issuer *row = context;

	return issuer_remove(tx->store, row->realm_id, row->issuer);
}

static enum manage_verdict
commit(struct tx *tx, const char *event, enum store_verdict (*apply)(struct tx *tx, void *context),
       struct issuer *row, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply,
		.context = row,
		.event = event,
		.about = {.detail = row->issuer},
	});

	return outcome(tx, stored, row->issuer, why);
}

static enum manage_verdict
check_count(struct tx *tx, struct buf *why)
{
	struct issuer_list list = {0};

	if (issuer_list(tx->store, tx->arena, tx->realm->id, &list) != STORE_OK)
		return manage_down(why);
	if (list.count >= ISSUERS_MAX)
		return manage_say(why, MANAGE_REFUSED,
				  "realm %s trusts %d issuers, no more are possible",
				  tx->realm->name, ISSUERS_MAX);
	return MANAGE_OK;
}

enum manage_verdict
manage_issuer_add(struct tx *tx, const struct manage_issuer *given, struct buf *why)
{
	struct issuer row = {.algs = ISSUER_ALGS_DEFAULT, .created_at = tx->now};
	enum manage_verdict verdict = check(tx, given, why);

	if (verdict == MANAGE_OK && !given->purposes.count)
		verdict = manage_say(why, MANAGE_REFUSED,
				     "--purpose is needed: nobody is trusted for everything");
	if (verdict == MANAGE_OK && !given->jwks && !given->jwks_uri)
		verdict = manage_say(why, MANAGE_REFUSED,
				     "--jwks FILE or --jwks-uri URL is needed: the keys that its "
				     "messages are verified with");
	if (verdict == MANAGE_OK)
		verdict = check_count(tx, why);
	if (verdict != MANAGE_OK)
		return verdict;
	fill(tx, given, &row);
	return commit(tx, "issuer_added", apply_insert, &row, why);
}

enum manage_verdict
manage_issuer_find(struct tx *tx, const char *issuer, struct issuer *row, struct buf *why)
{
	if (strlen(issuer) > ISSUER_MAX)
		return not_found(tx, issuer, why);
	return outcome(tx, issuer_find(tx->store, tx->arena, tx->realm->id, issuer, row), issuer,
		       why);
}

enum manage_verdict
manage_issuer_set(struct tx *tx, const struct manage_issuer *given, struct buf *why)
{
	struct issuer row;
	enum manage_verdict verdict = manage_issuer_find(tx, given->issuer, &row, why);

	if (verdict == MANAGE_OK)
		verdict = check(tx, given, why);
	if (verdict != MANAGE_OK)
		return verdict;
	fill(tx, given, &row);
	return commit(tx, "issuer_changed", apply_update, &row, why);
}

enum manage_verdict
manage_issuer_remove(struct tx *tx, const char *issuer, struct buf *why)
{
	struct issuer row;
	enum manage_verdict verdict = manage_issuer_find(tx, issuer, &row, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return commit(tx, "issuer_removed", apply_remove, &row, why);
}
