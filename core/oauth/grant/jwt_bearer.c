/* SPDX-License-Identifier: ISC */
/*
 * grant_type=…:jwt-bearer (RFC 7523 2.1): the assertion of a trusted issuer stands for a person
 * whom an administrator linked to its subject. It is good once. The client gets what its
 * registration names, as nobody is there who could be asked; no ID token, since nobody signed in
 * here, and no refresh token (RFC 7521 4.1): the issuer is asked again, so its word stays needed.
 */
#include <string.h>

#include "core/model/replay.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/grant/linked.h"

struct bearer {
	struct tx *tx;
	struct foreign foreign;
};

/* What only somebody who is there can grant (OpenID Connect Core 3.1.2.1, 11). */
static bool
needs_presence(const char *scope)
{
	return str_equal(scope, "openid") || str_equal(scope, "offline_access");
}

static struct strlist
allowed_scopes(struct tx *tx, const struct client *client)
{
	struct strlist allowed = {0};

	for (size_t i = 0; i < client->scopes.count; i++)
		if (!needs_presence(client->scopes.item[i]))
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
			    "scope goes beyond what this client may have by an assertion",
			    "asked %.500s; scope of the client, without openid and "
			    "offline_access: %.500s",
			    sent, strlist_join(tx->arena, scopes, ' '));
	*scopes = strlist_intersect(tx->arena, scopes, &asked);
	return 0;
}

static int
read_assertion(struct token_call *call, struct bearer *bearer)
{
	const struct foreign_rules rules = {
		.purpose = ISSUER_JWT_BEARER,
		.error = OAUTH_INVALID_GRANT,
		.untrusted = OAUTH_INVALID_GRANT,
	};
	const char *assertion = form_get(call->form, "assertion");

	if (str_empty(assertion))
		return fail(call->tx, OAUTH_INVALID_REQUEST, "assertion is missing", NULL);
	if (foreign_verify(call->tx, assertion, &rules, &bearer->foreign) != 0)
		return -1;
	return linked_state(call->tx, call->client, &bearer->foreign, OAUTH_INVALID_GRANT,
			    &call->state);
}

/* The resources that were named, by the registration's measure: nobody is there to allow more. */
static int
choose_target(struct token_call *call)
{
	struct tx *tx = call->tx;
	struct target *target = &call->plan.target;
	struct target_wish wish = {.client = call->client, .subject = TARGET_FOR_CLIENT};
	struct strlist asked;

	if (target_asked(tx, call->client, TARGET_FOR_CLIENT, call->form, &asked) != 0 ||
	    choose_scopes(call, &wish.scopes) != 0)
		return -1;
	if (asked.count)
		wish.granted = strlist_join(tx->arena, &asked, ' ');
	if (target_choose(tx, &wish, target) != 0)
		return -1;
	if (target->scopes.count == 0)
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "no scope is left; this client needs scopes in its registration that "
			    "the resource knows",
			    "audience %.300s, scopes %.500s",
			    strlist_join(tx->arena, &target->audience, ' '),
			    strlist_join(tx->arena, &wish.scopes, ' '));
	if (strlen(strlist_join(tx->arena, &target->scopes, ' ')) > SCOPE_MAX)
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "the client may have too many scopes for one token; send scope", NULL);
	return 0;
}

/* The key of the replay table decides who came first. */
static enum store_verdict
consume(struct store *store, const struct plan *plan)
{
	const struct bearer *bearer = plan->source;
	const struct foreign *foreign = &bearer->foreign;
	const struct audit_about about = {
		.account_id = plan->state->grant.account_id,
		.client_id = plan->client->client_id,
		.detail = foreign->issuer.issuer,
	};
	enum store_verdict verdict =
		replay_first_seen(store, foreign->once, foreign->jwt.exp + FOREIGN_SKEW);

	if (verdict == STORE_CONFLICT)
		return STORE_NONE;
	if (verdict == STORE_OK)
		verdict = grant_insert(store, &plan->state->grant);
	return verdict == STORE_OK ? tx_audit(bearer->tx, "assertion_used", &about) : verdict;
}

int
grant_jwt_bearer_prepare(struct token_call *call)
{
	struct tx *tx = call->tx;
	struct bearer *bearer = arena_alloc(tx->arena, sizeof(*bearer));
	struct grant *grant = &call->state.grant;
	struct plan *plan = &call->plan;

	bearer->tx = tx;
	if (read_assertion(call, bearer) != 0 || choose_target(call) != 0)
		return -1;
	grant->scope = strlist_join(tx->arena, &plan->target.scopes, ' ');
	grant->resources = strlist_join(tx->arena, &plan->target.audience, ' ');
	grant->expires_at = tx->now + plan->target.lifetime;
	plan->client = call->client;
	plan->state = &call->state;
	plan->consume = consume;
	plan->several = true;
	plan->source = bearer;
	plan->now = tx->now;
	return 0;
}
