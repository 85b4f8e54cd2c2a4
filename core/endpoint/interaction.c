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
#include "core/endpoint/call.h"
#include "core/endpoint/reply.h"
#include "core/oauth/claims.h"
#include "core/oauth/groups.h"

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
	facts.acr_met =
		claims_acr_met(interaction->call->tx.arena,
			       form_get(interaction->authz.form, "claims"), session_acr(session));
	facts.age = interaction->call->tx.now - session_auth_time(session);
	return facts;
}

static struct authn_need
need_of(const struct interaction *interaction, bool consent)
{
	const struct authz *authz = &interaction->authz;
	const struct browser *browser = &interaction->browser;

	return (struct authn_need){
		.login = authz->prompt & PROMPT_LOGIN,
		.select = authz->prompt & PROMPT_SELECT_ACCOUNT,
		.max_age = authz->max_age,
		.other_person = browser->signed_in && authz->hint_sub &&
				strcmp(authz->hint_sub, browser->account.sub) != 0,
		.consent = consent,
	};
}

struct json_object *
interaction_values(struct interaction *interaction, const char *action)
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
	if (interaction->authz.reply_to)
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
	struct json_object *values = interaction_values(interaction, "/signin");
	enum signin_password password;
	struct json_object *error;
	int status = 200;

	if (!values)
		return;
	json_add_bool(values, "reauth", page->same_person);
	password = signin_password_field(call->tx.realm);
	json_add_bool(values, "name_only", password == SIGNIN_PASSWORD_LATER);
	json_add_bool(values, "password_optional", password == SIGNIN_PASSWORD_OPTIONAL);
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
	struct json_object *values = interaction_values(interaction, "/select");

	if (!values)
		return;
	page_add_account(values, interaction->call->tx.arena, &interaction->browser.account);
	page_send(interaction->call, 200, "select_account", values);
}

static void
show(struct interaction *interaction, enum authn_step step)
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
		interaction->errand->ask(interaction);
		return;
	case AUTHN_DONE:
		interaction->errand->complete(interaction);
		return;
	case AUTHN_UNMET:
		(void)fail(&interaction->call->tx, OAUTH_UNMET_AUTHENTICATION_REQUIREMENTS,
			   "the essential acr that was asked for was not met", "got %s",
			   session_acr(&interaction->browser.session));
		return;
	case AUTHN_REFUSE:
		(void)fail(&interaction->call->tx, OAUTH_LOGIN_REQUIRED,
			   "the person who signed in is not the one of id_token_hint", NULL);
		return;
	}
}

/* What the person's groups do not reach is not asked for. */
static int
apply_groups(struct interaction *interaction)
{
	struct tx *tx = &interaction->call->tx;
	struct authz *authz = &interaction->authz;
	struct json_object *claims = interaction->browser.account.claims;

	if (!groups_admit(authz->client, claims))
		return fail(tx, OAUTH_ACCESS_DENIED,
			    "the person is in none of the groups that may use this client",
			    "account %s, required_groups of the client",
			    tx_hex(tx, interaction->browser.account.id));
	authz->scopes = groups_keep(tx->arena, tx->realm, &authz->scopes, claims);
	authz->consent = groups_keep(tx->arena, tx->realm, &authz->consent, claims);
	return 0;
}

void
interaction_go(struct interaction *interaction)
{
	struct authn_facts facts = facts_of(interaction);
	bool consent = false;
	struct authn_need need;
	enum authn_step step;

	if (facts.signed_in && apply_groups(interaction) != 0)
		return;
	if (facts.signed_in && interaction->errand->needs_consent(interaction, &consent) != 0)
		return;
	need = need_of(interaction, consent);
	step = authn_next(&facts, &need);
	if ((interaction->authz.prompt & PROMPT_NONE) && step != AUTHN_DONE)
		interaction->errand->refuse_silently(interaction, step);
	else
		show(interaction, step);
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
	const char *url =
		arena_printf(call->tx.arena, "%s?%s%s", page_url(call, interaction->errand->path),
			     interaction->errand->query(interaction),
			     cookieless ? "&" INTERACTION_RESTARTED "=1" : "");

	if (strlen(url) > HTTP_LOCATION_MAX) {
		call->tx.failure.page = "flow_expired";
		(void)fail(&call->tx, OAUTH_INVALID_REQUEST, "this page is no longer valid", NULL);
		return;
	}
	browser_ensure(call, &interaction->browser);
	response_redirect(call->response, 303, url);
}

/* What the sealed request says: that of a device has its user code. */
static void
read_errand(struct tx *tx, struct interaction *interaction)
{
	const char *request = interaction->flow.request;

	if (form_parse(tx->arena, request, strlen(request), &interaction->request) != FORM_OK)
		bug("a sealed request cannot be parsed");
	interaction->errand =
		form_get(&interaction->request, "user_code") ? &errand_device : &errand_code;
}

/* A page is good for the browser that it was given to, while it is fresh; an old one is started
 * again. */
int
interaction_open(struct interaction *interaction, const char *sealed)
{
	struct call *call = interaction->call;
	struct tx *tx = &call->tx;
	const struct browser *browser = &interaction->browser;

	switch (flow_open(tx, sealed, browser->has_value ? browser->value : NULL,
			  &interaction->flow)) {
	case FLOW_GOOD:
		read_errand(tx, interaction);
		return 0;
	case FLOW_STALE:
		read_errand(tx, interaction);
		start_again(call, interaction);
		return -1;
	case FLOW_FORGED:
		break;
	}
	tx->failure.page = "flow_expired";
	return fail(tx, OAUTH_INVALID_REQUEST, "this page is no longer valid",
		    "the sealed flow is missing or does not open");
}

int
interaction_resume_with(struct interaction *interaction, const char *sealed)
{
	struct call *call = interaction->call;

	interaction->resumed = true;
	if (interaction_open(interaction, sealed) != 0)
		return -1;
	call->authz = &interaction->authz;
	if (interaction->errand->read(interaction) != 0)
		return -1;
	call->locale = locale_pick(call->tx.provider->pages->locales, interaction->authz.ui_locales,
				   call->request->accept_language);
	return 0;
}

struct interaction *
interaction_resume(struct call *call)
{
	struct interaction *interaction = arena_alloc(call->tx.arena, sizeof(*interaction));

	interaction->call = call;
	if (call_read_form(call) != 0 || browser_read(call, &interaction->browser) != 0 ||
	    interaction_resume_with(interaction, form_get(&call->form, "flow")) != 0)
		return NULL;
	return interaction;
}

void
interaction_cancel(struct interaction *interaction)
{
	interaction->errand->cancel(interaction);
}
