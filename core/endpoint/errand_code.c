/* SPDX-License-Identifier: ISC */
/*
 * The errand of an authorization request: what the person allows is remembered, and it ends with a
 * code that goes to the client.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"
#include "core/endpoint/consent_list.h"
#include "core/endpoint/interaction.h"
#include "core/endpoint/reply.h"
#include "core/oauth/consent.h"

/* What the step under prompt=none is called (OpenID Connect Core 3.1.2.6). */
static const struct {
	enum oauth_error error;
	const char *text;
} silent_errors[] = {
	[AUTHN_IDENTIFY] = {OAUTH_LOGIN_REQUIRED, "nobody is signed in"},
	[AUTHN_PASSWORD] = {OAUTH_LOGIN_REQUIRED, "the sign-in is too old"},
	[AUTHN_SELECT] = {OAUTH_ACCOUNT_SELECTION_REQUIRED, "an account must be chosen"},
	[AUTHN_CONSENT] = {OAUTH_CONSENT_REQUIRED, "the person must allow the access"},
	[AUTHN_REFUSE] = {OAUTH_LOGIN_REQUIRED, "another person is signed in"},
	[AUTHN_UNMET] = {OAUTH_LOGIN_REQUIRED, "the sign-in is not worth enough"},
};

static int
read_again(struct interaction *interaction)
{
	return authz_read(&interaction->call->tx, &interaction->request, AUTHZ_AT_RESUME,
			  &interaction->authz);
}

/* Of a pushed request nothing but its handle: the rest is for the client and this server alone. */
static const char *
query(const struct interaction *interaction)
{
	const struct form *request = &interaction->request;
	const char *uri = form_get(request, "request_uri");
	const char *client_id = form_get(request, "client_id");
	struct buf buf;

	if (!uri || !client_id)
		return interaction->flow.request;
	buf_init(&buf, interaction->call->tx.arena, HTTP_LOCATION_MAX);
	buf_add_text(&buf, "client_id=");
	buf_add_url(&buf, client_id, strlen(client_id));
	buf_add_text(&buf, "&request_uri=");
	buf_add_url(&buf, uri, strlen(uri));
	return buf.data;
}

/* What the person has allowed this client before; an empty list when there is nothing. */
static int
remember(struct interaction *interaction)
{
	struct tx *tx = &interaction->call->tx;
	struct strlist *items = &interaction->remembered;
	const char *text = NULL;
	enum store_verdict verdict;

	*items = (struct strlist){0};
	verdict = consent_find(tx->store, tx->arena, tx->realm->id, interaction->browser.account.id,
			       interaction->authz.client->client_id, &text);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	interaction->allowed_before =
		verdict == STORE_OK &&
		strlist_split(tx->arena, text, ' ', CONSENT_ITEMS_MAX, items) == 0;
	if (!interaction->allowed_before)
		*items = (struct strlist){0};
	return 0;
}

/* Whether the person must be asked; remembered consent never answers for a program that any other
 * could pose as (RFC 8252 8.6). */
static bool
must_ask(const struct interaction *interaction)
{
	const struct authz *authz = &interaction->authz;

	if (interaction->consented)
		return false;
	if (authz->prompt & PROMPT_CONSENT)
		return true;
	if (authz->client->first_party)
		return false;
	if (client_is_public(authz->client) && authz->redirect_is_local)
		return true;
	return !interaction->allowed_before ||
	       !strlist_within(&authz->consent, &interaction->remembered);
}

static int
needs_consent(struct interaction *interaction, bool *needed)
{
	if (!interaction->authz.client->first_party && remember(interaction) != 0)
		return -1;
	*needed = must_ask(interaction);
	return 0;
}

/* The client has had its answer. */
static int
refuse_second(struct call *call)
{
	call->authz = NULL;
	call->tx.failure.page = "flow_expired";
	return fail(&call->tx, OAUTH_INVALID_REQUEST, "this sign-in was completed before",
		    "a page was posted twice, or two of the same pushed request");
}

/* The client gets its answer, though not what it wanted: a pushed request is used up. */
static int
answered(struct interaction *interaction)
{
	const struct pushed_request *pushed = interaction->authz.pushed;
	struct tx *tx = &interaction->call->tx;

	if (!pushed)
		return 0;
	switch (pushed_consume(tx->store, pushed->id, pushed->hash, tx->now)) {
	case STORE_OK:
		return 0;
	case STORE_NONE:
		return refuse_second(interaction->call);
	case STORE_CONFLICT:
	case STORE_DOWN:
		break;
	}
	return fail_down(tx);
}

static void
ask(struct interaction *interaction)
{
	struct call *call = interaction->call;
	const struct authz *authz = &interaction->authz;
	struct json_object *values = interaction_values(interaction, "/consent");
	struct uri uri;

	if (!values)
		return;
	page_add_account(values, call->tx.arena, &interaction->browser.account);
	consent_list_add(call, values, &authz->consent, &interaction->remembered);
	json_add_bool(values, "offline", strlist_has(&authz->scopes, "offline_access"));
	if (uri_parse(call->tx.arena, authz->reply_to, &uri) == 0 && uri.host) {
		json_add_text(values, "return_host", uri.host);
		json_add(values, "t",
			 locale_json_format(call->tx.arena, call->locale, "host", uri.host, "realm",
					    call->tx.realm->display_name, "client",
					    authz->client->client_name ? authz->client->client_name
								       : authz->client->client_id,
					    NULL));
	}
	page_send(call, 200, "consent", values);
}

static void
complete(struct interaction *interaction)
{
	struct call *call = interaction->call;
	struct tx *tx = &call->tx;
	const struct authz_subject subject = {
		.session = &interaction->browser.session,
		.account = &interaction->browser.account,
		.flow_id = interaction->resumed ? interaction->flow.id : NULL,
		.remember_consent = interaction->consented,
		.consented = &interaction->remembered,
	};
	const char *code;
	struct reply reply;

	switch (authz_complete(tx, &interaction->authz, &subject, &code)) {
	case STORE_OK:
		reply = reply_code(tx, &interaction->authz, code);
		reply_send(call, &interaction->authz, &reply);
		return;
	case STORE_CONFLICT:
		(void)refuse_second(call);
		return;
	case STORE_NONE:
	case STORE_DOWN:
		(void)fail_down(tx);
		return;
	}
}

static void
refuse_silently(struct interaction *interaction, enum authn_step step)
{
	if (answered(interaction) == 0)
		(void)fail(&interaction->call->tx, silent_errors[step].error,
			   silent_errors[step].text,
			   "prompt=none and the next step would be a page");
}

static void
cancel(struct interaction *interaction)
{
	if (answered(interaction) == 0)
		(void)fail(&interaction->call->tx, OAUTH_ACCESS_DENIED, "the person cancelled",
			   NULL);
}

const struct errand errand_code = {
	.path = "/authorize",
	.query = query,
	.read = read_again,
	.needs_consent = needs_consent,
	.ask = ask,
	.complete = complete,
	.cancel = cancel,
	.refuse_silently = refuse_silently,
};
