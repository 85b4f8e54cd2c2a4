/* SPDX-License-Identifier: ISC */
/*
 * The end of a granted request: flow completed, grant made, consent remembered, all in one
 * transaction; the code leaves in clear, its digest stays.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/model/handle.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/claims.h"
#include "core/oauth/client_lookup.h"
#include "core/oauth/consent.h"

/* How long a completed flow is remembered beyond the life of its sealed page. */
#define FLOW_MEMORY 60

struct completion {
	struct tx *tx;
	const struct authz *authz;
	const struct authz_subject *subject;
	struct grant grant;
};

static const char *
amr_of(struct arena *arena, const struct session *session)
{
	struct strlist amr = {0};

	for (size_t i = 0; i < session->facts_count; i++) {
		struct strlist methods;

		if (strlist_split(arena, fact_amr(&session->facts[i]), ' ', AMR_MAX, &methods) != 0)
			continue;
		for (size_t j = 0; j < methods.count; j++)
			amr = strlist_with(arena, &amr, methods.item[j]);
	}
	return strlist_join(arena, &amr, ' ');
}

struct grant
authz_grant(struct tx *tx, const struct authz *authz, const struct authz_subject *subject)
{
	const struct session *session = subject->session;
	struct grant grant = {
		.realm_id = tx->realm->id,
		.client_id = authz->client->client_id,
		.offline = strlist_has(&authz->scopes, "offline_access"),
		.auth_epoch = subject->account->auth_epoch,
		.scope = strlist_join(tx->arena, &authz->scopes, ' '),
		.resources = authz->resources.count
				     ? strlist_join(tx->arena, &authz->resources, ' ')
				     : NULL,
		.claims = authz->claims,
		.nonce = authz->nonce,
		.acr = session_acr(session),
		.amr = amr_of(tx->arena, session),
		.auth_time = session_auth_time(session),
		.created_at = tx->now,
		.redirect_uri = authz->redirect_uri,
		.redirect_uri_sent = authz->redirect_uri_sent,
		.code_challenge = authz->code_challenge,
	};

	memcpy(grant.account_id, subject->account->id, ID_SIZE);
	memcpy(grant.session_id, session->id, ID_SIZE);
	return grant;
}

static void
add_code(struct completion *work, const struct handle *code)
{
	const struct settings *settings = &work->authz->client->settings;
	struct grant *grant = &work->grant;

	grant->code_expires_at = work->tx->now + settings->code_lifetime;
	grant->expires_at = grant->code_expires_at + settings->access_token_lifetime;
	memcpy(grant->id, code->id, ID_SIZE);
	memcpy(grant->code_hash, code->hash, sizeof(grant->code_hash));
}

static void
append(struct strlist *all, const struct strlist *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!strlist_has(all, more->item[i]))
			all->item[all->count++] = more->item[i];
}

/* What was allowed before stays, unless it has become too much to remember. */
static enum store_verdict
remember_consent(struct completion *work, struct store *store)
{
	struct tx *tx = work->tx;
	const struct strlist *now = &work->authz->consent, *before = work->subject->consented;
	struct strlist all = {0};
	const uint8_t *account_id = work->subject->account->id;
	const struct audit_about about = {
		.account_id = account_id,
		.session_id = work->subject->session->id,
		.client_id = work->authz->client->client_id,
		.detail = arena_printf(tx->arena, "%.2000s", strlist_join(tx->arena, now, ' ')),
	};
	enum store_verdict verdict;

	all.item =
		arena_array(tx->arena, now->count + (before ? before->count : 0), sizeof(char *));
	append(&all, now);
	if (before && all.count + before->count <= CONSENT_ITEMS_MAX)
		append(&all, before);
	verdict = consent_put(store, tx->realm->id, account_id, about.client_id,
			      strlist_join(tx->arena, &all, ' '), tx->now);
	return verdict == STORE_OK ? tx_audit(tx, "consent", &about) : verdict;
}

static enum store_verdict
complete(struct store *store, void *context)
{
	struct completion *work = context;
	struct tx *tx = work->tx;
	const struct pushed_request *pushed = work->authz->pushed;
	enum store_verdict verdict = STORE_OK;

	if (work->subject->flow_id)
		verdict = flow_complete(store, work->subject->flow_id,
					tx->now + tx->realm->settings.flow_lifetime + FLOW_MEMORY);
	if (verdict == STORE_OK && pushed)
		verdict = pushed_consume(store, pushed->id, pushed->hash, tx->now);
	if (verdict == STORE_NONE)
		return STORE_CONFLICT;
	if (verdict == STORE_OK)
		verdict = client_keep(tx, work->authz->client);
	if (verdict == STORE_OK)
		verdict = grant_insert(store, &work->grant);
	if (verdict == STORE_OK && work->subject->remember_consent)
		verdict = remember_consent(work, store);
	return verdict;
}

enum store_verdict
authz_complete(struct tx *tx, const struct authz *authz, const struct authz_subject *subject,
	       const char **code)
{
	struct completion work = {.tx = tx, .authz = authz, .subject = subject};
	struct handle handle;
	enum store_verdict verdict;

	handle_make(tx->provider->random, tx->now_ms, &handle);
	work.grant = authz_grant(tx, authz, subject);
	add_code(&work, &handle);
	/* a grant alone is one statement and needs no transaction around it */
	verdict = subject->flow_id || subject->remember_consent || authz->pushed ||
				  client_is_unkept(authz->client)
			  ? store_transaction(tx->store, complete, &work)
			  : complete(tx->store, &work);
	if (verdict == STORE_OK) {
		*code = handle_text(tx->arena, HANDLE_CODE, &handle);
		tx_log(tx, LOG_LEVEL_INFO, "code_issued", "grant", tx_hex(tx, handle.id), "scope",
		       work.grant.scope);
	}
	hash_wipe(&handle, sizeof(handle));
	return verdict;
}
