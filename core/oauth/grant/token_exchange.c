/* SPDX-License-Identifier: ISC */
/*
 * grant_type=…:token-exchange (RFC 8693): a new access token for the subject of another token,
 * within what that token allows and no longer than it lasts, for resources that the caller may ask
 * for. It hangs on the subject token's grant and ends with it. There is no ID token and no refresh
 * token: whoever holds the subject token may exchange it again.
 */
#include <string.h>

#include "core/model/audit.h"
#include "core/model/resource.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/grant/exchange.h"
#include "core/oauth/token/issue.h"

/* What may be asked for. */
static const struct {
	const char *name;
	bool must_be_jwt;
} requested_types[] = {
	{TOKEN_TYPE_ACCESS, false},
	{TOKEN_TYPE_JWT, true},
};

/* ---- parameters ---- */

static int
check_parameters(struct token_call *call)
{
	const struct form *form = call->form;
	const char *actor = form_get(form, "actor_token");
	const char *actor_type = form_get(form, "actor_token_type");

	if (str_empty(form_get(form, "subject_token")))
		return fail(call->tx, OAUTH_INVALID_REQUEST, "subject_token is missing", NULL);
	if (str_empty(actor) != str_empty(actor_type))
		return fail(call->tx, OAUTH_INVALID_REQUEST,
			    "actor_token and actor_token_type go together", NULL);
	return 0;
}

/* The type to answer with, and whether it must be a JWT. */
static int
choose_type(struct token_call *call, const char **type, bool *must_be_jwt)
{
	const char *asked = form_get(call->form, "requested_token_type");

	*type = str_empty(asked) ? TOKEN_TYPE_ACCESS : asked;
	for (size_t i = 0; i < sizeof(requested_types) / sizeof(requested_types[0]); i++) {
		if (strcmp(requested_types[i].name, *type) != 0)
			continue;
		*type = requested_types[i].name;
		*must_be_jwt = requested_types[i].must_be_jwt;
		return 0;
	}
	return fail(call->tx, OAUTH_INVALID_REQUEST,
		    "requested_token_type must be urn:ietf:params:oauth:token-type:access_token or "
		    "urn:ietf:params:oauth:token-type:jwt",
		    "sent %.100s", asked);
}

static int
read_parties(struct exchange *exchange)
{
	if (party_read(exchange, &role_subject, &exchange->subject) != 0)
		return -1;
	exchange->has_actor = !str_empty(form_get(exchange->call->form, "actor_token"));
	if (exchange->has_actor && party_read(exchange, &role_actor, &exchange->actor) != 0)
		return -1;
	return exchange_choose_actor(exchange);
}

/* ---- target ---- */

static bool
is_there(const struct realm *realm, const char *identifier)
{
	return strcmp(identifier, realm->issuer) == 0 || realm_resource(realm, identifier);
}

/* Whether a person has said what the caller may reach: then it asks that person for more, at the
 * authorization endpoint, and not here. */
static bool
was_consented(const struct exchange *exchange)
{
	const struct grant *grant = &exchange->subject.state.grant;
	const struct client *caller = exchange->call->client;

	return issue_has_sign_in(grant) && str_equal(grant->client_id, caller->client_id) &&
	       !caller->first_party;
}

/* A caller with resources in its registration may ask for those; else for what the subject token is
 * good for already. */
static bool
is_allowed(const struct exchange *exchange, const char *identifier)
{
	const struct client *caller = exchange->call->client;
	const struct strlist *reach = &exchange->subject.reach;
	const struct realm *realm = exchange->call->tx->realm;

	if (!is_there(realm, identifier))
		return false;
	if (strlist_has(&caller->resources, identifier) && !was_consented(exchange))
		return true;
	return strlist_has(reach, identifier) &&
	       target_allowed(realm, caller, TARGET_FOR_PERSON, identifier);
}

/* The resource servers that a client answers for: those that let it look at their tokens. */
static struct strlist
resources_of_client(const struct exchange *exchange, const char *client_id)
{
	struct tx *tx = exchange->call->tx;
	struct strlist found = {0};

	for (size_t i = 0; i < tx->realm->resources_count; i++) {
		const struct resource *resource = &tx->realm->resources[i];

		if (strlist_has(&resource->introspection_clients, client_id))
			found = strlist_with(tx->arena, &found, resource->identifier);
	}
	return found;
}

static int
add_named(const struct exchange *exchange, const char *name, bool logical, struct strlist *named)
{
	struct tx *tx = exchange->call->tx;
	struct strlist one = {0};

	if (logical && !is_there(tx->realm, name))
		one = resources_of_client(exchange, name);
	else
		one = strlist_with(tx->arena, &one, name);
	for (size_t i = 0; i < one.count; i++) {
		if (!is_allowed(exchange, one.item[i]))
			one.count = 0;
		else
			*named = strlist_with(tx->arena, named, one.item[i]);
	}
	if (one.count == 0)
		return fail(tx, OAUTH_INVALID_TARGET,
			    "resource or audience is unknown, or this client may not ask for it",
			    "sent %.300s; resources of %s lack it, and the %s is not for it", name,
			    exchange->call->client->client_id, exchange->subject.kind);
	if (named->count > RESOURCES_MAX)
		return fail(tx, OAUTH_INVALID_TARGET, "more than 8 resources were asked for", NULL);
	return 0;
}

/* Without a name: the client's default, else what the subject token was good for. */
static int
name_by_default(const struct exchange *exchange, struct strlist *named)
{
	struct tx *tx = exchange->call->tx;
	const char *fallback = exchange->call->client->default_resource;
	const struct strlist *usual = &exchange->subject.usual;

	if (fallback && is_allowed(exchange, fallback))
		*named = strlist_with(tx->arena, named, fallback);
	for (size_t i = 0; i < usual->count && !fallback; i++)
		if (is_allowed(exchange, usual->item[i]))
			*named = strlist_with(tx->arena, named, usual->item[i]);
	if (named->count > 0)
		return 0;
	return fail(tx, OAUTH_INVALID_TARGET,
		    "send resource or audience: this client may not ask for what the subject token "
		    "is for",
		    "the %s is for %.300s", exchange->subject.kind,
		    strlist_join(tx->arena, usual, ' '));
}

static int
choose_named(const struct exchange *exchange, struct strlist *named)
{
	const struct form *form = exchange->call->form;

	*named = (struct strlist){0};
	for (size_t i = 0; i < form->count; i++) {
		const struct form_field *field = &form->field[i];
		bool logical = strcmp(field->name, "audience") == 0;

		if ((logical || strcmp(field->name, "resource") == 0) &&
		    add_named(exchange, field->value, logical, named) != 0)
			return -1;
	}
	return named->count > 0 ? 0 : name_by_default(exchange, named);
}

/* ---- scopes ---- */

/* What the subject token allows and the caller may have; offline_access is for refresh tokens. */
static struct strlist
allowed_scopes(const struct exchange *exchange)
{
	struct tx *tx = exchange->call->tx;
	const struct strlist *caller = &exchange->call->client->scopes;
	const struct strlist *subject = &exchange->subject.scopes;
	struct strlist allowed = {0};

	for (size_t i = 0; i < subject->count; i++) {
		const char *scope = subject->item[i];

		if (!str_equal(scope, "offline_access") &&
		    (caller->count == 0 || strlist_has(caller, scope)))
			allowed = strlist_with(tx->arena, &allowed, scope);
	}
	return allowed;
}

static int
choose_scopes(const struct exchange *exchange, struct strlist *scopes)
{
	struct tx *tx = exchange->call->tx;
	const char *sent = form_get(exchange->call->form, "scope");
	struct strlist asked;

	*scopes = allowed_scopes(exchange);
	if (str_empty(sent))
		return 0;
	if (strlist_split(tx->arena, sent, ' ', SCOPES_ASKED_MAX, &asked) != 0 ||
	    !strlist_within(&asked, scopes))
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "scope goes beyond the subject token or beyond this client",
			    "asked %.500s, allowed %.500s", sent,
			    strlist_join(tx->arena, scopes, ' '));
	*scopes = strlist_intersect(tx->arena, scopes, &asked);
	return 0;
}

static int
choose_target(struct exchange *exchange)
{
	struct token_call *call = exchange->call;
	struct tx *tx = call->tx;
	struct target *target = &call->plan.target;
	struct target_wish wish = {.client = call->client, .subject = TARGET_FOR_PERSON};
	struct strlist named;

	if (choose_named(exchange, &named) != 0 || choose_scopes(exchange, &wish.scopes) != 0)
		return -1;
	wish.granted = strlist_join(tx->arena, &named, ' ');
	if (target_choose(tx, &wish, target) != 0)
		return -1;
	if (target->scopes.count == 0 && form_get(call->form, "scope"))
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "none of these scopes is known to the resource that was asked for",
			    "audience %.500s", wish.granted);
	if (strlen(strlist_join(tx->arena, &target->scopes, ' ')) > SCOPE_MAX)
		return fail(tx, OAUTH_INVALID_SCOPE,
			    "these are too many scopes for one token; send scope", NULL);
	return 0;
}

/* ---- the plan ---- */

static enum store_verdict
consume(struct store *store, const struct plan *plan)
{
	const struct exchange *exchange = plan->source;
	struct tx *tx = exchange->call->tx;
	const struct grant *grant = &plan->state->grant;
	const struct audit_about about = {
		.account_id = grant_has_account(grant) ? grant->account_id : NULL,
		.client_id = plan->client->client_id,
		.detail = arena_printf(
			tx->arena, "%s of %s; %s; actor: %s; audience: %.500s; scope: %.1000s",
			exchange->subject.kind,
			exchange->subject.iss ? exchange->subject.iss : exchange->subject.client_id,
			exchange->delegation ? "delegation" : "impersonation", exchange->actor_text,
			strlist_join(tx->arena, &plan->target.audience, ' '),
			strlist_join(tx->arena, &plan->target.scopes, ' ')),
	};
	enum store_verdict verdict =
		exchange->subject.new_grant ? grant_insert(store, grant) : STORE_OK;

	return verdict == STORE_OK ? tx_audit(tx, "token_exchanged", &about) : verdict;
}

static void
fill_new_grant(struct exchange *exchange)
{
	struct tx *tx = exchange->call->tx;
	const struct target *target = &exchange->call->plan.target;
	struct grant *grant = &exchange->call->state.grant;

	grant->scope = strlist_join(tx->arena, &target->scopes, ' ');
	grant->resources = strlist_join(tx->arena, &target->audience, ' ');
}

int
grant_token_exchange_prepare(struct token_call *call)
{
	struct exchange *exchange = arena_alloc(call->tx->arena, sizeof(*exchange));
	struct plan *plan = &call->plan;
	const char *type;
	bool must_be_jwt;

	exchange->call = call;
	if (check_parameters(call) != 0 || choose_type(call, &type, &must_be_jwt) != 0 ||
	    read_parties(exchange) != 0 || choose_target(exchange) != 0)
		return -1;
	if (must_be_jwt && plan->target.format != TOKEN_JWT)
		return fail(call->tx, OAUTH_INVALID_REQUEST,
			    "access tokens are opaque there; ask for an access_token",
			    "access_token_format of the resource or client");
	call->state = exchange->subject.state;
	if (exchange->subject.new_grant)
		fill_new_grant(exchange);
	plan->client = call->client;
	plan->state = &call->state;
	plan->act = exchange->act;
	plan->may_act = exchange->subject.may_act;
	plan->not_after = exchange->subject.expires_at;
	plan->issued_token_type = type;
	plan->consume = consume;
	plan->several = exchange->subject.new_grant;
	plan->source = exchange;
	plan->now = call->tx->now;
	return 0;
}
