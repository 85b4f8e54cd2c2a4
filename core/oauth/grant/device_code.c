/* SPDX-License-Identifier: ISC */
/*
 * grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 3.4, 3.5): a poll is noted
 * until somebody has decided; then the first one consumes the grant's code and gets the tokens.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/model/device.h"
#include "core/model/handle.h"
#include "core/oauth/grant/grant.h"

#define POLL_TRIES 3 /* another poll may come between reading and noting */

static enum store_verdict
consume(struct store *store, const struct plan *plan)
{
	const struct code_use use = {
		.grant_id = plan->state->grant.id,
		.code_hash = plan->code_hash,
		.with_refresh = plan->refresh_generation != 0,
		.now = plan->now,
		.expires_at = plan->expires_at,
	};

	return code_consume(store, &use);
}

/* One text for every device code that is no good. */
static int
refuse(struct tx *tx, const char *why)
{
	return fail(tx, OAUTH_INVALID_GRANT,
		    "the device code is unknown, used, or was issued to another client", "%s", why);
}

/* RFC 8628 3.5: who polls too early has to wait longer from then on. */
static int
wait(struct tx *tx, bool early, const struct device_request *request)
{
	if (!early)
		return fail(tx, OAUTH_AUTHORIZATION_PENDING, "nobody has decided yet", NULL);
	return fail(tx, OAUTH_SLOW_DOWN, "polled too early; wait 5 seconds longer from now on",
		    "the interval was %lld s, the poll before was %lld s ago",
		    (long long)request->poll_interval, (long long)(tx->now - request->polled_at));
}

static int
find_request(struct token_call *call, const struct handle *handle, struct device_request *request)
{
	struct tx *tx = call->tx;
	enum store_verdict verdict =
		device_find(tx->store, tx->arena, tx->realm->id, handle->id, handle->hash, request);

	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse(tx, "no such device code: it may have been removed after it expired");
	if (strcmp(request->client_id, call->client->client_id) != 0)
		return refuse(tx,
			      arena_printf(tx->arena, "issued to client %s", request->client_id));
	return 0;
}

/* 0 when the request is approved. */
static int
poll(struct token_call *call, const struct handle *handle, struct device_request *request)
{
	struct tx *tx = call->tx;

	for (int i = 0; i < POLL_TRIES; i++) {
		bool early;

		if (find_request(call, handle, request) != 0)
			return -1;
		switch (device_state(request, tx->now)) {
		case DEVICE_APPROVED:
			return 0;
		case DEVICE_DENIED:
			return fail(tx, OAUTH_ACCESS_DENIED, "the person denied the access", NULL);
		case DEVICE_EXPIRED:
			return fail(tx, OAUTH_EXPIRED_TOKEN,
				    "the device code has expired; ask for a new one", NULL);
		case DEVICE_PENDING:
			break;
		}
		early = request->polled_at + request->poll_interval > tx->now;
		switch (device_poll(tx->store, request, tx->now)) {
		case STORE_OK:
			return wait(tx, early, request);
		case STORE_NONE:
			break;
		case STORE_CONFLICT:
		case STORE_DOWN:
			return fail_down(tx);
		}
	}
	return wait(tx, true, request);
}

static int
find_grant(struct token_call *call, const struct device_request *request)
{
	struct tx *tx = call->tx;
	enum grant_verdict good;
	enum store_verdict verdict = grant_find(tx->store, tx->arena, tx->realm->id,
						request->grant_id, NULL, &call->state);

	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse(tx, "its grant is gone");
	if (call->state.grant.code_consumed_at)
		return refuse(tx, "used already");
	good = grant_check(&call->state, tx->realm->epoch, tx->realm->settings.session_idle,
			   tx->now);
	return good == GRANT_LIVE ? 0 : refuse(tx, grant_verdict_text(good));
}

static int64_t
grant_end(const struct token_call *call, bool with_refresh)
{
	int64_t access = call->tx->now + call->plan.target.lifetime;
	int64_t refresh =
		call->state.grant.created_at + call->client->settings.refresh_token_lifetime;

	return with_refresh && refresh > access ? refresh : access;
}

int
grant_device_prepare(struct token_call *call)
{
	struct tx *tx = call->tx;
	const struct grant *grant = &call->state.grant;
	const char *code = form_get(call->form, "device_code");
	bool with_refresh = strlist_has(&call->client->grant_types, "refresh_token");
	struct device_request request;
	struct strlist scopes;
	struct handle handle;

	if (str_empty(code))
		return fail(tx, OAUTH_INVALID_REQUEST, "device_code is missing", NULL);
	if (handle_parse(HANDLE_DEVICE, code, &handle) != 0)
		return refuse(tx, "malformed");
	if (poll(call, &handle, &request) != 0 || find_grant(call, &request) != 0)
		return -1;
	if (strlist_split(tx->arena, grant->scope, ' ', SCOPES_MAX, &scopes) != 0)
		return refuse(tx, "its scope cannot be read");
	call->plan = (struct plan){
		.client = call->client,
		.state = &call->state,
		.id_token = strlist_has(&scopes, "openid"),
		.refresh_generation = with_refresh ? 1 : 0,
		.consume = consume,
		.code_hash = arena_copy(tx->arena, grant->code_hash, sizeof(grant->code_hash)),
		.now = tx->now,
	};
	if (grant_choose_target(call, &scopes) != 0)
		return -1;
	call->plan.expires_at = grant_end(call, with_refresh);
	return 0;
}

/* Another poll was a moment faster: it has the tokens. */
int
grant_device_lost(struct token_call *call)
{
	return refuse(call->tx, "used by another poll at the same time");
}
