/* SPDX-License-Identifier: ISC */
/*
 * Between request and person.
 */
#include "core/endpoint/interaction.h"

#include <string.h>

#include "core/authn/next.h"
#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"
#include "core/endpoint/consent_list.h"
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
};

static struct authn_facts
facts_of(const struct interaction *interaction)
{
	const struct browser *browser = &interaction->browser;
	const struct session *session = &browser->session;
	struct authn_facts facts = {.signed_in = browser->signed_in};

	if (!browser->signed_in)
		return facts;
	for (size_t i = 0; i < session->facts_count; i++)
		facts.proven_in_flow |=
			memcmp(session->facts[i].flow_id, interaction->flow.id, ID_SIZE) == 0;
	facts.selected_in_flow = flow_has_selected(&interaction->flow, session->id);
	facts.age = interaction->call->tx.now - session_auth_time(session);
	return facts;
}

/* What the person has allowed this client before; an empty list when there is nothing. */
static int
remembered_scopes(struct interaction *interaction, struct strlist *scopes)
{
	struct tx *tx = &interaction->call->tx;
	const char *text = NULL;
	enum store_verdict verdict;

	*scopes = (struct strlist){0};
	verdict = consent_find(tx->store, tx->arena, tx->realm->id, interaction->browser.account.id,
			       interaction->authz.client->client_id, &text);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	interaction->allowed_before =
		verdict == STORE_OK &&
		strlist_split(tx->arena, text, ' ', CONSENT_ITEMS_MAX, scopes) == 0;
	if (!interaction->allowed_before)
		*scopes = (struct strlist){0};
	return 0;
}

/* Whether the person must be asked; remembered consent never answers for a program that any other
 * could pose as (RFC 8252 8.6). */
static bool
consent_needed(const struct interaction *interaction, const struct strlist *remembered)
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
	return !interaction->allowed_before || !strlist_within(&authz->consent, remembered);
}

static struct authn_need
need_of(const struct interaction *interaction, const struct strlist *remembered)
{
	const struct authz *authz = &interaction->authz;
	const struct browser *browser = &interaction->browser;

	return (struct authn_need){
		.login = authz->prompt & PROMPT_LOGIN,
		.select = authz->prompt & PROMPT_SELECT_ACCOUNT,
		.max_age = authz->max_age,
		.other_person = browser->signed_in && authz->hint_sub &&
				strcmp(authz->hint_sub, browser->account.sub) != 0,
		.consent = browser->signed_in && consent_needed(interaction, remembered),
	};
}

/* Values that the pages of a flow have in common. */
static struct json_object *
flow_values(struct interaction *interaction, const char *action)
{
	struct call *call = interaction->call;
	struct json_object *values;
	const char *flow;

	browser_ensure(call, &interaction->browser);
	hash_sha256(interaction->browser.value, BROWSER_SIZE, interaction->flow.browser_hash);
	flow = flow_seal(&call->tx, &interaction->flow);
	if (!flow) {
		(void)fail(&call->tx, OAUTH_INVALID_REQUEST, "the request is too long", NULL);
		return NULL;
	}
	call->form_action = reply_form_action(call->tx.arena, interaction->authz.reply_to);
	values = page_values(call, interaction->authz.client);
	json_add_text(values, "flow", flow);
	json_add_text(values, "action",
		      arena_printf(call->tx.arena, "%s%s", page_base(call), action));
	return values;
}

void
interaction_signin(struct interaction *interaction, const struct signin_page *page)
{
	struct call *call = interaction->call;
	struct json_object *values = flow_values(interaction, "/signin");
	struct json_object *error;
	int status = 200;

	if (!values)
		return;
	json_add_bool(values, "reauth", page->same_person);
	if (page->same_person)
		page_add_account(values, call->tx.arena, &interaction->browser.account);
	json_add_text(values, "username", page->username);
	if (page->wrong) {
		error = json_new_object(call->tx.arena);
		json_add_text(error, "text", locale_text(call->locale, "error_wrong_credentials"));
		json_add(values, "error", error);
		status = 403;
	}
	if (page->wait) {
		const char *seconds = arena_printf(call->tx.arena, "%lld", (long long)page->wait);

		json_add_bool(values, "throttled", true);
		json_add(values, "t",
			 locale_json_format(call->tx.arena, call->locale, "seconds", seconds,
					    "realm", call->tx.realm->display_name, "client",
					    interaction->authz.client->client_name, NULL));
		response_header_set(call->response, "Retry-After", seconds);
		status = 429;
	}
	page_send(call, status, "signin", values);
}

static void
show_select(struct interaction *interaction)
{
	struct json_object *values = flow_values(interaction, "/select");

	if (!values)
		return;
	page_add_account(values, interaction->call->tx.arena, &interaction->browser.account);
	page_send(interaction->call, 200, "select_account", values);
}

static void
show_consent(struct interaction *interaction, const struct strlist *remembered)
{
	struct call *call = interaction->call;
	const struct authz *authz = &interaction->authz;
	struct json_object *values = flow_values(interaction, "/consent");
	struct uri uri;

	if (!values)
		return;
	page_add_account(values, call->tx.arena, &interaction->browser.account);
	consent_list_add(call, values, &authz->consent, remembered);
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
complete(struct interaction *interaction, const struct strlist *remembered)
{
	struct call *call = interaction->call;
	struct tx *tx = &call->tx;
	const struct authz_subject subject = {
		.session = &interaction->browser.session,
		.account = &interaction->browser.account,
		.flow_id = interaction->resumed ? interaction->flow.id : NULL,
		.remember_consent = interaction->consented,
		.consented = remembered,
	};
	const char *code;
	struct reply reply;

	switch (authz_complete(tx, &interaction->authz, &subject, &code)) {
	case STORE_OK:
		reply = reply_code(tx, &interaction->authz, code);
		reply_send(call, &interaction->authz, &reply);
		return;
	case STORE_CONFLICT:
		call->authz = NULL; /* the client has had its answer */
		tx->failure.page = "flow_expired";
		(void)fail(tx, OAUTH_INVALID_REQUEST, "this sign-in was completed before",
			   "the flow's id is in flow_done: a page was posted twice");
		return;
	case STORE_NONE:
	case STORE_DOWN:
		(void)fail_down(tx);
		return;
	}
}

static void
show(struct interaction *interaction, enum authn_step step, const struct strlist *remembered)
{
	const struct signin_page again = {.same_person = true};
	const struct signin_page fresh = {.username = interaction->authz.login_hint};

	switch (step) {
	case AUTHN_IDENTIFY:
		interaction_signin(interaction, &fresh);
		return;
	case AUTHN_PASSWORD:
		interaction_signin(interaction, &again);
		return;
	case AUTHN_SELECT:
		show_select(interaction);
		return;
	case AUTHN_CONSENT:
		show_consent(interaction, remembered);
		return;
	case AUTHN_DONE:
		complete(interaction, remembered);
		return;
	case AUTHN_REFUSE:
		(void)fail(&interaction->call->tx, OAUTH_LOGIN_REQUIRED,
			   "the person who signed in is not the one of id_token_hint", NULL);
		return;
	}
}

void
interaction_go(struct interaction *interaction)
{
	struct tx *tx = &interaction->call->tx;
	struct authn_facts facts = facts_of(interaction);
	struct strlist remembered = {0};
	struct authn_need need;
	enum authn_step step;

	if (facts.signed_in && !interaction->authz.client->first_party &&
	    remembered_scopes(interaction, &remembered) != 0)
		return;
	need = need_of(interaction, &remembered);
	step = authn_next(&facts, &need);
	if ((interaction->authz.prompt & PROMPT_NONE) && step != AUTHN_DONE) {
		(void)fail(tx, silent_errors[step].error, silent_errors[step].text,
			   "prompt=none and the next step would be a page");
		return;
	}
	show(interaction, step, &remembered);
}

void
interaction_cancel(struct interaction *interaction)
{
	(void)fail(&interaction->call->tx, OAUTH_ACCESS_DENIED, "the person cancelled", NULL);
}

/*
 * The request of a page that is no longer good, from its beginning: that proves nothing and loses
 * nothing. A browser that came without its cookie gets a new one, and a mark in the URL tells
 * whether it keeps cookies at all.
 */
static void
start_again(struct call *call, struct interaction *interaction)
{
	bool cookieless = !interaction->browser.has_value;
	const char *url = arena_printf(call->tx.arena, "%s?%s%s", page_url(call, "/authorize"),
				       interaction->flow.request,
				       cookieless ? "&" INTERACTION_RESTARTED "=1" : "");

	if (strlen(url) > HTTP_LOCATION_MAX) {
		call->tx.failure.page = "flow_expired";
		(void)fail(&call->tx, OAUTH_INVALID_REQUEST, "this page is no longer valid", NULL);
		return;
	}
	browser_ensure(call, &interaction->browser);
	response_redirect(call->response, 303, url);
}

/* A page is good for the browser that it was given to, while it is fresh; an old one is started
 * again. */
static int
open_flow(struct call *call, struct interaction *interaction)
{
	struct tx *tx = &call->tx;
	const struct browser *browser = &interaction->browser;

	switch (flow_open(tx, form_get(&call->form, "flow"),
			  browser->has_value ? browser->value : NULL, &interaction->flow)) {
	case FLOW_GOOD:
		return 0;
	case FLOW_STALE:
		start_again(call, interaction);
		return -1;
	case FLOW_FORGED:
		break;
	}
	tx->failure.page = "flow_expired";
	return fail(tx, OAUTH_INVALID_REQUEST, "this page is no longer valid",
		    "the sealed flow is missing or does not open");
}

struct interaction *
interaction_resume(struct call *call)
{
	struct tx *tx = &call->tx;
	struct interaction *interaction = arena_alloc(tx->arena, sizeof(*interaction));
	const char *request;

	interaction->call = call;
	interaction->resumed = true;
	if (call_read_form(call) != 0 || browser_read(call, &interaction->browser) != 0 ||
	    open_flow(call, interaction) != 0)
		return NULL;
	request = interaction->flow.request;
	if (form_parse(tx->arena, request, strlen(request), &interaction->request) != FORM_OK)
		bug("a sealed request cannot be parsed");
	call->authz = &interaction->authz;
	if (authz_read(tx, &interaction->request, AUTHZ_AT_RESUME, &interaction->authz) != 0)
		return NULL;
	call->locale = locale_pick(tx->provider->pages->locales, interaction->authz.ui_locales,
				   call->request->accept_language);
	return interaction;
}
