/* SPDX-License-Identifier: ISC */
/*
 * /logout (OpenID Connect RP-Initiated Logout 1.0) and POST /signout, the answer to its question.
 * Only a valid id_token_hint signs out without asking and redirects, and only to a registered
 * address.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"
#include "core/endpoint/interaction.h"
#include "core/endpoint/reply.h"
#include "core/model/client.h"
#include "core/oauth/client_lookup.h"
#include "core/oauth/hint.h"
#include "core/oauth/parameters.h"

/* What a request may say: each once, and all of it goes with the question. */
static const char *const parameters[] = {
	"id_token_hint", "post_logout_redirect_uri", "client_id", "state", "ui_locales",
};

#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

struct logout {
	struct call *call;
	const struct form *form;
	struct browser browser;
	bool hinted; /* a valid id_token_hint came */
	struct id_token_hint hint;
	const struct client *client; /* that asks; NULL: unknown */
	const char *return_to;       /* proven and with state; NULL */
};

static int
read_hint(struct logout *logout)
{
	struct tx *tx = &logout->call->tx;
	const char *token = form_get(logout->form, "id_token_hint");

	if (str_empty(token))
		return 0;
	logout->hinted = id_token_hint_read(tx, token, &logout->hint) == 0;
	if (logout->hinted)
		return 0;
	tx->failure.page = "logout_hint_invalid";
	return fail(tx, OAUTH_INVALID_REQUEST, "id_token_hint is not an ID token of this issuer",
		    NULL);
}

static int
read_client(struct logout *logout)
{
	struct tx *tx = &logout->call->tx;
	const char *sent = form_get(logout->form, "client_id");
	const char *client_id = logout->hinted ? logout->hint.client_id : sent;
	enum store_verdict verdict;

	if (logout->hinted && sent && strcmp(sent, client_id) != 0) {
		tx->failure.page = "logout_hint_invalid";
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "client_id is not the audience of id_token_hint", NULL);
	}
	if (str_empty(client_id) || strlen(client_id) > CLIENT_ID_MAX)
		return 0;
	verdict = client_lookup(tx, client_id, &logout->client);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict == STORE_OK)
		tx->client_id = logout->client->client_id;
	else
		logout->client = NULL;
	return 0;
}

static int
read_return(struct logout *logout)
{
	struct tx *tx = &logout->call->tx;
	const char *uri = form_get(logout->form, "post_logout_redirect_uri");
	const char *state = form_get(logout->form, "state");
	struct reply reply = {0};

	if (str_empty(uri) || !logout->hinted)
		return 0;
	if (!logout->client || !strlist_has(&logout->client->post_logout_redirect_uris, uri)) {
		tx->failure.page = "redirect_uri_mismatch";
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "post_logout_redirect_uri is not registered for this client",
			    "sent %.500s", uri);
	}
	if (state && strlen(state) > STATE_MAX)
		return fail(tx, OAUTH_INVALID_REQUEST, "state is longer than 2048 bytes", NULL);
	reply_add(&reply, "state", state);
	logout->return_to = reply_url(tx->arena, uri, &reply);
	return 0;
}

static void
show_done(struct logout *logout)
{
	struct call *call = logout->call;

	if (logout->return_to) {
		response_redirect(call->response, 303, logout->return_to);
		return;
	}
	page_send(call, 200, "signed_out", page_values(call, NULL));
}

static void
sign_out(struct logout *logout)
{
	struct call *call = logout->call;

	if (logout->browser.signed_in &&
	    signin_end(&call->tx, &logout->browser.session) == STORE_DOWN) {
		(void)fail_down(&call->tx);
		return;
	}
	browser_sign_out(call, &logout->browser);
	show_done(logout);
}

/* The hint is of this very sign-in. */
static bool
hint_is_of_session(const struct logout *logout)
{
	uint8_t sid[ID_SIZE];

	return logout->hinted && logout->hint.sid &&
	       hex_decode_exact(logout->hint.sid, sid, sizeof(sid)) == 0 &&
	       memcmp(sid, logout->browser.session.id, sizeof(sid)) == 0;
}

static void
ask(struct logout *logout)
{
	struct call *call = logout->call;
	struct tx *tx = &call->tx;
	struct json_object *values;
	struct flow flow;
	struct buf request;
	const char *sealed;

	buf_init(&request, tx->arena, FLOW_REQUEST_MAX);
	for (size_t i = 0; i < PARAMETERS; i++) {
		const char *value = form_get(logout->form, parameters[i]);

		if (!value)
			continue;
		buf_printf(&request, "%s%s=", request.size ? "&" : "", parameters[i]);
		buf_add_url(&request, value, strlen(value));
	}
	browser_ensure(call, &logout->browser);
	flow_make(tx, logout->browser.value, request.data, &flow);
	sealed = buf_failed(&request) ? NULL : flow_seal(tx, &flow);
	if (!sealed) {
		(void)fail(tx, OAUTH_INVALID_REQUEST, "the request is too long", NULL);
		return;
	}
	values = page_values(call, logout->client);
	page_add_account(values, tx->arena, &logout->browser.account);
	json_add_text(values, "flow", sealed);
	json_add_text(values, "action", arena_printf(tx->arena, "%s/signout", page_base(call)));
	if (logout->return_to)
		call->form_action = reply_form_action(tx->arena, logout->return_to);
	page_send(call, 200, "signout", values);
}

static int
read_request(struct logout *logout)
{
	struct call *call = logout->call;

	call->locale =
		locale_pick(call->tx.provider->pages->locales, form_get(logout->form, "ui_locales"),
			    call->request->accept_language);
	if (parameters_check(&call->tx, logout->form) != 0 || read_hint(logout) != 0 ||
	    read_client(logout) != 0)
		return -1;
	return read_return(logout);
}

void
handle_logout(struct call *call)
{
	struct logout *logout = arena_alloc(call->tx.arena, sizeof(*logout));
	bool post = call->request->method == HTTP_POST;

	logout->call = call;
	logout->form = post ? &call->form : &call->query;
	if (post && call_read_form(call) != 0)
		return;
	if (browser_read(call, &logout->browser) != 0)
		return;
	if (read_request(logout) != 0)
		return;
	if (post && !logout->browser.has_value) {
		if (logout->return_to)
			call->form_action = reply_form_action(call->tx.arena, logout->return_to);
		interaction_ask_again(call, &logout->browser);
		return;
	}
	if (!logout->browser.signed_in)
		show_done(logout);
	else if (hint_is_of_session(logout))
		sign_out(logout);
	else
		ask(logout);
}

static void
stay(struct logout *logout)
{
	struct call *call = logout->call;
	struct json_object *values = page_values(call, logout->client);

	if (logout->browser.signed_in)
		page_add_account(values, call->tx.arena, &logout->browser.account);
	page_send(call, 200, "signed_in", values);
}

void
handle_signout(struct call *call)
{
	struct logout *logout = arena_alloc(call->tx.arena, sizeof(*logout));
	struct tx *tx = &call->tx;
	struct form *request = arena_alloc(tx->arena, sizeof(*request));
	struct flow flow;

	logout->call = call;
	logout->form = request;
	if (call_read_form(call) != 0 || browser_read(call, &logout->browser) != 0)
		return;
	if (flow_open(tx, form_get(&call->form, "flow"),
		      logout->browser.has_value ? logout->browser.value : NULL,
		      &flow) != FLOW_GOOD) {
		tx->failure.page = "flow_expired";
		(void)fail(tx, OAUTH_INVALID_REQUEST, "this page is no longer valid", NULL);
		return;
	}
	if (form_parse(tx->arena, flow.request, strlen(flow.request), request) != FORM_OK)
		bug("a sealed request cannot be parsed");
	if (read_request(logout) != 0)
		return;
	if (str_equal(form_get(&call->form, "action"), "signout"))
		sign_out(logout);
	else
		stay(logout);
}
