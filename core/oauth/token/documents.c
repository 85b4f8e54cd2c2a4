/* SPDX-License-Identifier: ISC */
/*
 * Documents about tokens.
 */
#include "core/oauth/token/documents.h"

#include <string.h>

#include "core/base/json.h"
#include "core/oauth/claims.h"

struct json_object *
token_document(struct tx *tx, const struct token_set *set)
{
	struct json_object *document = json_new_object(tx->arena);

	json_add_text(document, "access_token", set->access_token);
	json_add_text(document, "token_type", "Bearer");
	json_add_int(document, "expires_in", set->expires_in);
	json_add_text(document, "scope", set->scope);
	json_add_text(document, "id_token", set->id_token);
	json_add_text(document, "refresh_token", set->refresh_token);
	return document;
}

struct json_object *
userinfo_document(struct tx *tx, const struct inspected *inspected)
{
	const struct account *account = &inspected->state.account;
	struct json_object *document = json_new_object(tx->arena);

	json_add_text(document, "sub", account->sub);
	claims_add_scopes(document, tx->realm, &inspected->scopes, account);
	claims_add_requested(tx->arena, document, inspected->state.grant.claims, CLAIMS_USERINFO,
			     account);
	return document;
}

struct json_object *
introspection_document(struct tx *tx, const struct client *caller,
		       const struct inspected *inspected)
{
	const struct grant *grant = &inspected->state.grant;
	struct json_object *document = json_new_object(tx->arena);
	bool visible = inspected->live && (caller->introspection == INTROSPECT_ALL ||
					   strcmp(grant->client_id, caller->client_id) == 0);

	json_add_bool(document, "active", visible);
	if (!visible)
		return document;
	json_add_text(document, "iss", tx->realm->issuer);
	json_add_text(document, "sub", inspected->state.account.sub);
	if (inspected->kind != TOKEN_KIND_REFRESH) {
		json_add_text(document, "aud", tx->realm->issuer);
		json_add_text(document, "token_type", "Bearer");
	}
	json_add_text(document, "client_id", grant->client_id);
	json_add_text(document, "username", inspected->state.account.username);
	json_add_text(document, "scope", str_empty(inspected->scope) ? NULL : inspected->scope);
	json_add_int(document, "iat", inspected->issued_at);
	json_add_int(document, "exp", inspected->expires_at);
	json_add_text(document, "jti", inspected->jti);
	json_add_int(document, "auth_time", grant->auth_time);
	json_add_text(document, "acr", grant->acr);
	return document;
}
