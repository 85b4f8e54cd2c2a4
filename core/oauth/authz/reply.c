/* SPDX-License-Identifier: ISC */
/*
 * The parameters of an answer to the client, and the redirect that carries them.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/uri.h"
#include "core/oauth/authz/authz.h"

void
reply_add(struct reply *reply, const char *name, const char *value)
{
	if (!value)
		return;
	if (reply->count == sizeof(reply->name) / sizeof(reply->name[0]))
		bug("too many parameters in a reply");
	reply->name[reply->count] = name;
	reply->value[reply->count++] = value;
}

struct reply
reply_failure(const struct tx *tx, const struct authz *authz)
{
	const struct oauth_error_row *row = oauth_error_row(tx->failure.error);
	struct reply reply = {0};

	reply_add(&reply, "error", row->redirect ? row->name : "server_error");
	reply_add(&reply, "error_description", tx->failure.text);
	reply_add(&reply, "state", authz->state);
	reply_add(&reply, "iss", tx->realm->issuer);
	return reply;
}

struct reply
reply_code(const struct tx *tx, const struct authz *authz, const char *code)
{
	struct reply reply = {0};

	reply_add(&reply, "code", code);
	reply_add(&reply, "state", authz->state);
	reply_add(&reply, "iss", tx->realm->issuer);
	return reply;
}

char *
reply_url(struct arena *arena, const char *reply_to, const struct reply *reply)
{
	char separator = strchr(reply_to, '?') ? '&' : '?';
	size_t max = strlen(reply_to) + 1;
	struct buf buf;

	for (size_t i = 0; i < reply->count; i++)
		max += strlen(reply->name[i]) + 3 * strlen(reply->value[i]) + 2;
	buf_init(&buf, arena, max);
	buf_add_text(&buf, reply_to);
	for (size_t i = 0; i < reply->count; i++)
		uri_add_parameter(&buf, &separator, reply->name[i], reply->value[i]);
	if (buf_failed(&buf))
		bug("a redirect outgrew its own bound");
	return buf.data;
}
