/* SPDX-License-Identifier: ISC */
/*
 * The table of grants and the frame around them.
 */
#include "core/oauth/grant/grant.h"

#include <string.h>

#include "core/oauth/groups.h"

static const struct grant_row rows[] = {
	{"authorization_code", grant_code_prepare, grant_code_lost},
	{"refresh_token", grant_refresh_prepare, grant_refresh_lost},
	{"client_credentials", grant_client_credentials_prepare, NULL},
	{GRANT_TYPE_DEVICE_CODE, grant_device_prepare, grant_device_lost},
	{GRANT_TYPE_TOKEN_EXCHANGE, grant_token_exchange_prepare, NULL},
	{GRANT_TYPE_JWT_BEARER, grant_jwt_bearer_prepare, NULL},
};

const struct grant_row *
grants_table(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

static int
find_row(struct token_call *call, const struct grant_row **row)
{
	const char *name = form_get(call->form, "grant_type");

	if (str_empty(name))
		return fail(call->tx, OAUTH_INVALID_REQUEST,
			    "grant_type is missing; grant_types_supported of the metadata lists "
			    "them",
			    NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		*row = &rows[i];
		if (strlist_has(&call->client->grant_types, name))
			return 0;
		return fail(call->tx, OAUTH_UNAUTHORIZED_CLIENT,
			    "this client may not use this grant_type",
			    "grant_types of the client lack %s", name);
	}
	return fail(call->tx, OAUTH_UNSUPPORTED_GRANT_TYPE,
		    "this grant_type is not supported; grant_types_supported of the metadata lists "
		    "those that are",
		    "sent %.64s", name);
}

int
grant_replayed(struct token_call *call, const char *event, const char *text)
{
	struct tx *tx = call->tx;
	const struct grant *grant = &call->state.grant;
	const struct audit_about about = {
		.account_id = grant->account_id,
		.session_id = grant->session_id,
		.client_id = grant->client_id,
		.detail = "everything that the grant gave has ended",
	};
	enum store_verdict verdict = grant_revoke(tx->store, grant->id, event, tx->now);

	if (verdict == STORE_OK)
		verdict = tx_audit(tx, event, &about);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	return fail(tx, OAUTH_INVALID_GRANT, text, "%s of grant %s: it was revoked", event,
		    tx_hex(tx, grant->id));
}

/* Who has left a group loses what it brought, at the next token. */
static int
apply_groups(struct token_call *call, struct strlist *scopes)
{
	struct tx *tx = call->tx;
	struct grant_state *state = &call->state;

	if (!grant_has_account(&state->grant) ||
	    (!groups_matter(tx->realm, scopes) && call->client->required_groups.count == 0))
		return 0;
	if (grant_read_claims(tx->arena, state) != 0)
		return fail(tx, OAUTH_SERVER_ERROR, "the claims of the account cannot be read",
			    NULL);
	if (!groups_admit(call->client, state->account.claims))
		return fail(tx, OAUTH_INVALID_GRANT, "the person may not use this client any more",
			    "required_groups has none of the person's groups");
	*scopes = groups_keep(tx->arena, tx->realm, scopes, state->account.claims);
	return 0;
}

int
grant_choose_target(struct token_call *call, const struct strlist *asked)
{
	const struct grant *grant = &call->state.grant;
	struct strlist scopes = *asked;
	struct target_wish wish = {
		.client = call->client,
		.subject = grant_has_account(grant) ? TARGET_FOR_PERSON : TARGET_FOR_CLIENT,
		.granted = grant->resources,
	};

	if (apply_groups(call, &scopes) != 0)
		return -1;
	wish.scopes = scopes;
	if (target_asked(call->tx, call->client, wish.subject, call->form, &wish.asked) != 0)
		return -1;
	return target_choose(call->tx, &wish, &call->plan.target);
}

int
token_request(struct token_call *call, struct token_set *set)
{
	const struct grant_row *row;
	enum store_verdict verdict;

	if (find_row(call, &row) != 0 || row->prepare(call) != 0)
		return -1;
	/* the claims parameter may want some in the ID token */
	if (call->state.grant.claims && grant_read_claims(call->tx->arena, &call->state) != 0)
		return fail(call->tx, OAUTH_SERVER_ERROR,
			    "the claims of the account cannot be read", NULL);
	verdict = token_issue(call->tx, &call->plan, set);
	if (verdict == STORE_NONE && row->lost) {
		if (row->lost(call) != 0)
			return -1;
		verdict = token_issue(call->tx, &call->plan, set);
	}
	if (verdict == STORE_OK)
		return 0;
	return verdict == STORE_NONE
		       ? fail(call->tx, OAUTH_INVALID_GRANT, "it has been used already", NULL)
		       : fail_down(call->tx);
}
