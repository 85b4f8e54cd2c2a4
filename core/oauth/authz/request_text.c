/* SPDX-License-Identifier: ISC */
/*
 * An authorization request as text: what is sealed into pages and what is kept of a pushed one.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/oauth/authz/authz.h"

/* Only what this server reads is carried: a page must not grow with what a stranger appends. */
static const char *const carried[] = {
	"redirect_uri", "response_type", "response_mode",  "scope",
	"state",        "nonce",         "code_challenge", "code_challenge_method",
	"prompt",       "max_age",       "login_hint",     "id_token_hint",
	"ui_locales",   "claims",        "resource",
};

/* The first value; all of resource, which may be there several times (RFC 8707 2). */
static void
carry(struct buf *buf, const struct form *form, const char *name)
{
	bool all = strcmp(name, "resource") == 0;

	for (size_t i = 0; i < form->count; i++) {
		const char *value = form->field[i].value;

		if (strcmp(form->field[i].name, name) != 0)
			continue;
		buf_printf(buf, "&%s=", name);
		buf_add_url(buf, value, strlen(value));
		if (!all)
			return;
	}
}

char *
authz_request_text(struct arena *arena, const struct authz *authz)
{
	const struct form *form = authz->form;
	const char *client_id = authz->client->client_id, *uri = authz->request_uri;
	size_t max = sizeof("client_id=&request_uri=");
	struct buf buf;

	max += 3 * (strlen(client_id) + (uri ? strlen(uri) : 0));
	for (size_t i = 0; i < form->count; i++)
		max += 3 * (strlen(form->field[i].name) + strlen(form->field[i].value)) + 2;
	buf_init(&buf, arena, max);
	buf_add_text(&buf, "client_id=");
	buf_add_url(&buf, client_id, strlen(client_id));
	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
		carry(&buf, form, carried[i]);
	if (uri) {
		buf_add_text(&buf, "&request_uri=");
		buf_add_url(&buf, uri, strlen(uri));
	}
	if (buf_failed(&buf))
		bug("a request text outgrew its own bound");
	return buf.data;
}
