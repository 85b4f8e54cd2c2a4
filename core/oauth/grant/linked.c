/* SPDX-License-Identifier: ISC */
/*
 * Finding the person.
 */
#include "core/oauth/grant/linked.h"

#include <string.h>

#include "core/base/json.h"

static int
refuse(struct tx *tx, enum oauth_error error, const struct foreign *foreign, const char *why)
{
	return fail(tx, error, "the subject of the token is not known here", "%.255s of %s %s",
		    foreign->jwt.sub, foreign->issuer.issuer, why);
}

int
linked_state(struct tx *tx, const struct client *client, const struct foreign *foreign,
	     enum oauth_error error, struct grant_state *state)
{
	struct account account;
	enum store_verdict verdict = STORE_NONE;

	if (strlen(foreign->jwt.sub) <= LINK_SUB_MAX)
		verdict = account_find_linked(tx->store, tx->arena, tx->realm->id,
					      foreign->issuer.issuer, foreign->jwt.sub, &account);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse(tx, error, foreign, "is not linked: ostiary user link");
	if (account_is_off(&account))
		return refuse(tx, error, foreign, "is linked to a person who is disabled");
	*state = (struct grant_state){
		.grant =
			{
				.realm_id = tx->realm->id,
				.client_id = client->client_id,
				.offline = true, /* there is no session to end with */
				.auth_epoch = account.auth_epoch,
				.scope = "",
				.auth_time = tx->now,
				.created_at = tx->now,
			},
		.account = account,
		.account_claims = json_write(tx->arena, account.claims, NULL),
		.client_enabled = true,
	};
	tx_id(tx, state->grant.id);
	memcpy(state->grant.account_id, account.id, ID_SIZE);
	return 0;
}
