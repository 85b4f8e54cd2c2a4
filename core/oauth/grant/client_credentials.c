/* SPDX-License-Identifier: ISC */
/*
 * grant_type=client_credentials (RFC 6749 4.4): the client acts for itself, within the scopes and
 * resources that it is registered for. No ID token, as nobody signed in, and no refresh token
 * (4.4.3). A JWT is stored nowhere; an opaque token gets a grant of its own to belong to.
 */
#include <string.h>

#include "core/oauth/authz/authz.h"
#include "core/oauth/grant/grant.h"

/* What only a person can grant (OpenID Connect Core 3.1.2.1, 11). */
static const char *const of_people[] = {"openid", "offline_access"};

static bool
needs_person(const char *scope)
{
	for (size_t i = 0; i < sizeof(of_people) / sizeof(of_people[0]); i++)
		if (str_equal(of_people[i], scope))
			return true;
	return false;
}

/* Every scope that the client may have but for those. */
static struct strlist
allowed_scopes(struct tx *tx, const struct client *client)
{
	struct strlist allowed = {0};

	for (size_t i = 0; i < client->scopes.count; i++)
		if (!needs_person(client->scopes.item[i]))
			allowed = strlist_with(tx->arena, &allowed, client->scopes.item[i]);
	return allowed;
}

static int
choose_scopes(struct token_call *call, struct strlist *scopes)
{
	struct tx *tx = call->tx;
	const char *sent = form_get(call->form, "scope");
	struct strlist asked;

	*scopes = allowed_scopes(tx, call->client);
	if (str_empty(sent))
		return 0;
	if (strlist_split(tx->arena, sent, ' ', SCOPES_ASKED_MAX, &asked) != 0 ||
	    !strlist_within(&asked, scopes))
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "scope goes beyond what this client may have for itself",
			    "asked %.500s, allowed %.500s", sent,
			    strlist_join(tx->arena, scopes, ' '));
	*scopes = strlist_intersect(tx->arena, scopes, &asked);
	return 0;
}

/* A token that allows nothing helps nobody: say what is missing. Who named a resource and no scope
 * may mean one that has none. */
static int
check_result(struct token_call *call, const struct strlist *scopes)
{
	struct tx *tx = call->tx;
	const struct target *target = &call->plan.target;
	const char *all = strlist_join(tx->arena, &target->scopes, ' ');

	if (target->scopes.count == 0 &&
	    (form_get(call->form, "scope") || !form_get(call->form, "resource")))
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "none of these scopes is known there; send resource with the "
			    "identifier of the resource server that they belong to",
			    "audience %.500s, scopes %.500s",
			    strlist_join(tx->arena, &target->audience, ' '),
			    strlist_join(tx->arena, scopes, ' '));
	if (strlen(all) > SCOPE_MAX)
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "the client may have too many scopes for one token; send scope", NULL);
	return 0;
}

int
grant_client_credentials_prepare(struct token_call *call)
{
	struct tx *tx = call->tx;
	struct grant_state *state = &call->state;
	struct strlist asked, scopes;
	bool stored;

	client_grant_state(tx, call->client->client_id, state);
	if (target_asked(tx, call->client, TARGET_FOR_CLIENT, call->form, &asked) != 0 ||
	    choose_scopes(call, &scopes) != 0)
		return -1;
	if (asked.count)
		state->grant.resources = strlist_join(tx->arena, &asked, ' ');
	if (grant_choose_target(call, &scopes) != 0 || check_result(call, &scopes) != 0)
		return -1;
	stored = call->plan.target.format == TOKEN_OPAQUE;
	state->grant.scope = strlist_join(tx->arena, &call->plan.target.scopes, ' ');
	state->grant.expires_at = tx->now + call->plan.target.lifetime;
	if (stored)
		tx_id(tx, state->grant.id);
	call->plan.client = call->client;
	call->plan.state = state;
	call->plan.consume = stored ? plan_insert_grant : NULL;
	call->plan.now = tx->now;
	return 0;
}
