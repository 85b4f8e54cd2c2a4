/* SPDX-License-Identifier: ISC */
/*
 * Key sets by value and by reference.
 */
#include "core/port/remote_keys.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/port/key_sets.h"
#include "core/port/provider.h"

#define ACCEPT      "application/jwk-set+json, application/json"
#define FRESH_LEAST 300
#define FRESH_MOST  86400

static enum remote_verdict
take(struct tx *tx, const char *text, size_t size, struct key_answer *answer)
{
	answer->set = key_sets_get(tx->provider->key_sets, text, size, &answer->why);
	return answer->set ? REMOTE_OK : REMOTE_FAILED;
}

static const char *
no_key_set(void *context, const char *body, size_t size)
{
	const char *why = NULL;

	return key_sets_get(context, body, size, &why) ? NULL : why;
}

static bool
has_kid(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++) {
		if (str_equal(set->key[i].kid, kid))
			return true;
	}
	return false;
}

static enum remote_verdict
by_reference(struct tx *tx, const struct key_source *source, int64_t newer_than,
	     struct key_answer *answer, int64_t *fetched_at)
{
	const struct remote_rules rules = {
		.purpose = "keys",
		.accept = ACCEPT,
		.max = JSON_TEXT_MAX,
		.fresh_least = FRESH_LEAST,
		.fresh_most = FRESH_MOST,
		.usable_most = REMOTE_KEYS_MOST,
		.kept = source->of_stranger ? REMOTE_KEPT_STRANGER : REMOTE_KEPT,
		.newer_than = newer_than,
		.check = no_key_set,
		.context = tx->provider->key_sets,
	};
	struct remote_document document;
	enum remote_verdict verdict = remote_document(tx, source->jwks_uri, &rules, &document);

	answer->why = document.why;
	if (verdict != REMOTE_OK)
		return verdict;
	*fetched_at = document.fetched_at;
	return take(tx, document.body, document.size, answer);
}

enum remote_verdict
remote_keys(struct tx *tx, const struct key_source *source, const char *kid,
	    struct key_answer *answer)
{
	enum remote_verdict verdict;
	int64_t fetched_at;

	*answer = (struct key_answer){.why = "it has neither jwks nor jwks_uri"};
	if (source->jwks)
		return take(tx, source->jwks, strlen(source->jwks), answer);
	if (!source->jwks_uri)
		return REMOTE_FAILED;
	verdict = by_reference(tx, source, 0, answer, &fetched_at);
	if (verdict != REMOTE_OK || !kid || has_kid(answer->set, kid))
		return verdict;
	return by_reference(tx, source, fetched_at, answer, &fetched_at);
}
