/* SPDX-License-Identifier: ISC */
/*
 * When a document is fetched, by whom, and what is used meanwhile. The rows decide: whoever reads
 * one that is due tries to claim it by one conditional statement.
 */
#include "core/port/remote.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/model/fetched.h"
#include "core/port/fetch.h"
#include "core/port/gate.h"
#include "core/port/provider.h"

#define LOOK_AGAIN_MS 25 /* between two looks for what another one fetches */
#define STATUS_OK     200

struct lookup {
	struct tx *tx;
	const char *url;
	const struct remote_rules *rules;
	struct remote_document *document;
	struct fetched_row row;
	int64_t deadline; /* of waiting for another one */
	bool waits;       /* the gate was entered */
	bool waited;      /* for another one, so there is no time left to fetch it oneself */
};

static void
take_row(const struct lookup *lookup)
{
	*lookup->document = (struct remote_document){
		.body = (const char *)lookup->row.body,
		.size = lookup->row.size,
		.type = lookup->row.type,
		.fetched_at = lookup->row.fetched_at,
		.why = lookup->row.failure,
	};
}

/* What is kept, or a verdict for why there is none. */
static enum remote_verdict
stale_or(const struct lookup *lookup, enum remote_verdict verdict, const char *why)
{
	if (lookup->row.body)
		return REMOTE_OK;
	lookup->document->why = why;
	return verdict;
}

static int64_t
fresh_for(const struct remote_rules *rules, int64_t max_age)
{
	if (max_age < rules->fresh_least)
		return rules->fresh_least;
	return max_age < rules->fresh_most ? max_age : rules->fresh_most;
}

/* Why what came cannot be used, or NULL. */
static const char *
unfit(const struct lookup *lookup, enum fetch_verdict verdict, const struct fetched *fetched)
{
	const struct remote_rules *rules = lookup->rules;

	if (verdict != FETCH_OK)
		return fetched->why ? fetched->why : "no reason was given";
	if (fetched->status != STATUS_OK)
		return arena_printf(lookup->tx->arena, "the answer has status %d", fetched->status);
	return rules->check ? rules->check(rules->context, fetched->body, fetched->size) : NULL;
}

static enum remote_verdict
keep(struct lookup *lookup, const struct fetched_claim *claim, const struct fetched *fetched)
{
	struct tx *tx = lookup->tx;
	const struct fetched_row row = {
		.body = (const uint8_t *)fetched->body,
		.size = fetched->size,
		.type = fetched->type,
		.fetched_at = tx->now,
		.fresh_until = tx->now + fresh_for(lookup->rules, fetched->max_age),
	};

	lookup->row = row;
	take_row(lookup);
	/* a claim that was lost: another one has it newer, and this one is good enough */
	if (fetched_keep(tx->store, claim, &row) == STORE_DOWN)
		return REMOTE_DOWN;
	return REMOTE_OK;
}

static enum remote_verdict
not_kept(struct lookup *lookup, const struct fetched_claim *claim, enum fetch_verdict verdict,
	 const char *why)
{
	struct tx *tx = lookup->tx;
	const char *text = arena_printf(tx->arena, "%.*s", FETCH_WHY_MAX, why);
	enum store_verdict stored = verdict == FETCH_BUSY ? fetched_give_up(tx->store, claim)
							  : fetched_fail(tx->store, claim, text);

	tx_log(tx, verdict == FETCH_BUSY ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "fetch_failed", "url",
	       lookup->url, "why", text, "kept", lookup->row.body ? "yes" : "no");
	if (stored == STORE_DOWN)
		return REMOTE_DOWN;
	lookup->document->why = text;
	switch (verdict) {
	case FETCH_REFUSED:
		return stale_or(lookup, REMOTE_REFUSED, text);
	case FETCH_BUSY:
		return stale_or(lookup, REMOTE_BUSY, text);
	case FETCH_OK:
	case FETCH_FAILED:
		break;
	}
	return stale_or(lookup, REMOTE_FAILED, text);
}

static enum remote_verdict
fetch_claimed(struct lookup *lookup, const struct fetched_claim *claim)
{
	const struct fetch_request request = {
		.url = lookup->url,
		.accept = lookup->rules->accept,
		.max = lookup->rules->max,
	};
	struct fetched fetched;
	enum fetch_verdict verdict = fetch_get(lookup->tx, &request, &fetched);
	const char *why = unfit(lookup, verdict, &fetched);

	return why ? not_kept(lookup, claim, verdict, why) : keep(lookup, claim, &fetched);
}

/* Whether the claim would be given: the statement itself decides. */
static bool
is_due(const struct fetched_row *row, int64_t now)
{
	return row->claimed_until <= now &&
	       (row->claimed_until > 0 || row->tried_at <= now - REMOTE_RETRY);
}

static bool
is_too_old(const struct lookup *lookup, const struct fetched_row *row)
{
	int64_t most = lookup->rules->usable_most;

	return most > 0 && row->fetched_at <= lookup->tx->now - most;
}

static enum store_verdict
look(struct lookup *lookup)
{
	struct tx *tx = lookup->tx;
	struct fetched_row row;
	enum store_verdict verdict = fetched_find(tx->store, tx->arena, lookup->row.url_hash, &row);

	if (verdict == STORE_OK) {
		if (is_too_old(lookup, &row))
			row.body = NULL;
		lookup->row = row;
		take_row(lookup);
	}
	return verdict;
}

static bool
is_fresh(const struct lookup *lookup)
{
	const struct fetched_row *row = &lookup->row;

	return row->body && lookup->tx->now < row->fresh_until &&
	       row->fetched_at > lookup->rules->newer_than;
}

static bool
enter(struct lookup *lookup)
{
	if (!lookup->waits)
		lookup->waits = gate_enter(lookup->tx->provider->gate);
	return lookup->waits;
}

/* What one look gives; false: it has to be looked again. */
static bool
step(struct lookup *lookup, enum remote_verdict *result)
{
	struct tx *tx = lookup->tx;
	enum store_verdict found = look(lookup);
	struct fetched_claim claim = {
		.url = lookup->url,
		.now = tx->now,
		.tried_before = tx->now - REMOTE_RETRY,
		.until = tx->now + REMOTE_CLAIM,
		.forget_at = tx->now + lookup->rules->kept,
	};

	*result = REMOTE_DOWN;
	if (found == STORE_DOWN)
		return true;
	*result = REMOTE_OK;
	if (is_fresh(lookup))
		return true;

	bool due = found == STORE_NONE || is_due(&lookup->row, tx->now);

	if (!due && lookup->row.body)
		return true;
	*result = REMOTE_FAILED;
	if (!due && lookup->row.claimed_until == 0)
		return true;
	*result = stale_or(lookup, REMOTE_BUSY, "too many workers wait for other servers");
	if ((due && lookup->waited) || !enter(lookup))
		return true;
	if (!due)
		return false;
	if (lookup->rules->may_ask && !lookup->rules->may_ask(lookup->rules->context)) {
		*result = stale_or(lookup, REMOTE_BUSY, "whoever wants it has asked too often");
		return true;
	}
	memcpy(claim.url_hash, lookup->row.url_hash, sizeof(claim.url_hash));
	found = fetched_claim(tx->store, &claim);
	if (found == STORE_OK)
		*result = fetch_claimed(lookup, &claim);
	else if (found == STORE_DOWN)
		*result = REMOTE_DOWN;
	return found != STORE_NONE;
}

/* The same URL for another purpose is another document: what one kept or failed to get by its rules
 * must neither pass for, nor stand in the way of, the other's. */
static void
hash_name(const struct tx *tx, const char *purpose, const char *url, uint8_t hash[SHA256_SIZE])
{
	const char *name = arena_printf(tx->arena, "%s %s", purpose, url);

	hash_sha256(name, strlen(name), hash);
}

enum remote_verdict
remote_document(struct tx *tx, const char *url, const struct remote_rules *rules,
		struct remote_document *document)
{
	struct lookup lookup = {
		.tx = tx,
		.url = url,
		.rules = rules,
		.document = document,
		.deadline = deadline_now_ms() + FETCH_WAIT_MS,
	};
	enum remote_verdict verdict;
	bool done;

	*document = (struct remote_document){.why = fetch_url_mistake(tx->arena, url)};
	if (document->why)
		return REMOTE_REFUSED;
	hash_name(tx, rules->purpose, url, lookup.row.url_hash);
	while (!(done = step(&lookup, &verdict)) && deadline_left_ms(lookup.deadline) > 0) {
		lookup.waited = true;
		deadline_sleep_ms(lookup.deadline, LOOK_AGAIN_MS);
		tx_read_clock(tx);
	}
	if (lookup.waits)
		gate_leave(tx->provider->gate);
	if (!done)
		verdict = stale_or(&lookup, REMOTE_BUSY, "another worker is fetching it");
	return verdict;
}

int
remote_fail(struct tx *tx, enum remote_verdict verdict, enum oauth_error error, const char *text,
	    const char *why)
{
	switch (verdict) {
	case REMOTE_DOWN:
		return fail_down(tx);
	case REMOTE_BUSY:
		return fail(tx, OAUTH_TEMPORARILY_UNAVAILABLE,
			    "another server is being waited for; try again shortly", "%s",
			    why ? why : "");
	case REMOTE_OK:
	case REMOTE_REFUSED:
	case REMOTE_FAILED:
		break;
	}
	return fail(tx, error, text, "%s", why ? why : "");
}
