/* SPDX-License-Identifier: ISC */
/*
 * /authorize (RFC 6749 3.1, OpenID Connect Core 3.1.2): GET and POST. A cross-site POST comes
 * without our SameSite=Lax cookies, so it is asked again in a way that brings them.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/endpoint/interaction.h"
#include "core/endpoint/reply.h"

#define REDIRECT_QUERY_MAX 3500 /* nginx answers longer header blocks with 502 by default */

/* A page whose button sends the same form from our own site. */
static void
send_continue(struct call *call, struct browser *browser, const struct form *form)
{
	struct json_object *values = page_values(call, NULL);
	struct json_object *fields = json_new_array(call->tx.arena);

	browser_ensure(call, browser);
	for (size_t i = 0; i < form->count; i++) {
		struct json_object *field = json_new_object(call->tx.arena);

		json_add_text(field, "name", form->field[i].name);
		json_add_text(field, "value", form->field[i].value);
		json_push(fields, field);
	}
	json_add(values, "fields", fields);
	json_add_text(values, "method", "post");
	json_add_text(values, "action",
		      arena_printf(call->tx.arena, "%s%s", page_base(call), call->rest));
	page_send(call, 200, "continue", values);
}

void
interaction_ask_again(struct call *call, struct browser *browser)
{
	const char *url = arena_printf(call->tx.arena, "%s?%.*s", page_url(call, call->rest),
				       (int)call->request->body_size, call->request->body);

	if (strlen(url) <= REDIRECT_QUERY_MAX && str_printable(url))
		response_redirect(call->response, 303, url);
	else
		send_continue(call, browser, &call->form);
}

/* The button's form ends at the client, which its policy has to name: so the redirect URI is proven
 * before, and a request that is no good is told so at once. */
static void
ask_again(struct interaction *interaction)
{
	struct call *call = interaction->call;

	call->authz = &interaction->authz;
	if (authz_read(&call->tx, &call->form, AUTHZ_AT_AUTHORIZE, &interaction->authz) != 0)
		return;
	call->form_action = reply_form_action(call->tx.arena, interaction->authz.reply_to);
	interaction_ask_again(call, &interaction->browser);
}

void
handle_authorize(struct call *call)
{
	/* in the arena: failures look at the request after this has returned */
	struct interaction *interaction = arena_alloc(call->tx.arena, sizeof(*interaction));
	struct tx *tx = &call->tx;
	bool post = call->request->method == HTTP_POST;

	interaction->call = call;
	interaction->errand = &errand_code;
	if (post && call_read_form(call) != 0)
		return;
	if (browser_read(call, &interaction->browser) != 0) {
		/* prompt=none is told so, where the client is known without the database */
		if (authz_read(tx, post ? &call->form : &call->query, AUTHZ_AT_AUTHORIZE,
			       &interaction->authz) == 0)
			call->authz = &interaction->authz;
		return;
	}
	if (post && !interaction->browser.has_value) {
		ask_again(interaction);
		return;
	}
	interaction->request = post ? call->form : call->query;
	if (!interaction->browser.has_value &&
	    form_get(&interaction->request, INTERACTION_RESTARTED)) {
		tx->failure.page = "cookies";
		(void)fail(tx, OAUTH_INVALID_REQUEST, "the browser does not keep cookies", NULL);
		return;
	}
	call->authz = &interaction->authz;
	if (authz_read(tx, &interaction->request, AUTHZ_AT_AUTHORIZE, &interaction->authz) != 0)
		return;
	call->locale = locale_pick(tx->provider->pages->locales, interaction->authz.ui_locales,
				   call->request->accept_language);
	flow_make(tx, interaction->browser.value,
		  authz_request_text(tx->arena, &interaction->authz), &interaction->flow);
	interaction_go(interaction);
}
