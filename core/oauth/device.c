/* SPDX-License-Identifier: ISC */
/*
 * From a device's question to a person's decision. Approval and denial are one conditional update
 * of a row that is still waiting, together with what follows from it.
 */
#include "core/oauth/device.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/model/handle.h"
#include "core/model/session.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/client_lookup.h"

#define CODE_TRIES 5 /* a user code that is taken is made anew */

int
device_begin(struct tx *tx, const struct authz *authz, const char *user_agent,
	     struct device_answer *answer)
{
	int64_t lifetime = authz->client->settings.device_code_lifetime;
	struct device_request row = {
		.realm_id = tx->realm->id,
		.client_id = authz->client->client_id,
		.scope = strlist_join(tx->arena, &authz->scopes, ' '),
		.resources = authz->resources.count
				     ? strlist_join(tx->arena, &authz->resources, ' ')
				     : NULL,
		.address = str_visible(tx->arena, tx->address, ADDRESS_MAX),
		.user_agent = str_visible(tx->arena, user_agent, USER_AGENT_MAX),
		.created_at = tx->now,
		.expires_at = tx->now + lifetime,
		.poll_interval = DEVICE_POLL_INTERVAL,
	};
	enum store_verdict verdict = STORE_CONFLICT;
	struct handle handle;

	handle_make(tx->provider->random, tx->now_ms, &handle);
	memcpy(row.id, handle.id, sizeof(row.id));
	memcpy(row.hash, handle.hash, sizeof(row.hash));
	for (int i = 0; i < CODE_TRIES && verdict == STORE_CONFLICT; i++) {
		row.user_code = user_code_make(tx->arena, tx->provider->random);
		verdict = device_insert(tx->store, &row);
	}
	if (verdict != STORE_OK)
		return fail_down(tx);
	*answer = (struct device_answer){
		.device_code = handle_text(tx->arena, HANDLE_DEVICE, &handle),
		.user_code = user_code_show(tx->arena, row.user_code),
		.expires_in = lifetime,
	};
	hash_wipe(&handle, sizeof(handle));
	tx_log(tx, LOG_LEVEL_INFO, "device_asked", "device", tx_hex(tx, row.id), "scope",
	       row.scope);
	return 0;
}

enum store_verdict
device_waiting(struct tx *tx, const char *user_code, struct device_request *request)
{
	enum store_verdict verdict =
		device_find_code(tx->store, tx->arena, tx->realm->id, user_code, request);

	if (verdict == STORE_OK && device_state(request, tx->now) != DEVICE_PENDING)
		return STORE_NONE;
	return verdict;
}

/* What was asked for as parameters again. */
static struct form *
form_of(struct arena *arena, const struct device_request *request)
{
	struct form *form = arena_alloc(arena, sizeof(*form));
	struct strlist resources = {0};

	if (strlist_split(arena, request->resources, ' ', RESOURCES_MAX, &resources) != 0)
		resources.count = 0;
	form->field = arena_array(arena, resources.count + 1, sizeof(*form->field));
	form->field[form->count++] = (struct form_field){"scope", request->scope};
	for (size_t i = 0; i < resources.count; i++)
		form->field[form->count++] = (struct form_field){"resource", resources.item[i]};
	return form;
}

int
device_read(struct tx *tx, const struct device_request *request, struct authz *authz)
{
	enum store_verdict verdict = client_lookup(tx, request->client_id, &authz->client);

	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK || !authz->client->enabled) {
		authz->client = NULL;
		tx->failure.page = "unknown_client";
		return fail(tx, OAUTH_INVALID_REQUEST, "the client is gone",
			    "client %s was disabled or removed since", request->client_id);
	}
	return authz_read(tx, form_of(tx->arena, request), AUTHZ_AT_DEVICE, authz);
}

struct decision {
	struct tx *tx;
	const struct authz_subject *subject;
	const struct device_request *request;
	const char *event;
	struct grant *grant; /* NULL: denied */
	const struct client *client;
};

static enum store_verdict
decide(struct store *store, void *context)
{
	const struct decision *work = context;
	struct tx *tx = work->tx;
	const struct device_request *request = work->request;
	const struct audit_about about = {
		.account_id = work->subject->account->id,
		.session_id = work->subject->session->id,
		.client_id = request->client_id,
		.detail = arena_printf(tx->arena, "device %s at %s", tx_hex(tx, request->id),
				       request->address ? request->address : "an unknown address"),
	};
	enum store_verdict verdict =
		device_decide(store, request->id, work->grant ? work->grant->id : NULL, tx->now);

	if (verdict == STORE_OK && work->grant)
		verdict = client_keep(tx, work->client);
	if (verdict == STORE_OK && work->grant)
		verdict = grant_insert(store, work->grant);
	return verdict == STORE_OK ? tx_audit(tx, work->event, &about) : verdict;
}

enum store_verdict
device_approve(struct tx *tx, const struct authz *authz, const struct authz_subject *subject,
	       const struct device_request *request)
{
	struct grant grant = authz_grant(tx, authz, subject);
	struct decision work = {tx, subject, request, "device_approved", &grant, authz->client};

	tx_id(tx, grant.id);
	device_code_hash(request->hash, grant.code_hash);
	grant.code_expires_at = request->expires_at;
	grant.expires_at = request->expires_at + authz->client->settings.access_token_lifetime;
	return store_transaction(tx->store, decide, &work);
}

enum store_verdict
device_deny(struct tx *tx, const struct authz_subject *subject,
	    const struct device_request *request)
{
	struct decision work = {tx, subject, request, "device_denied", NULL, NULL};

	return store_transaction(tx->store, decide, &work);
}
