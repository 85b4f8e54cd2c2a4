/* SPDX-License-Identifier: ISC */
/*
 * Documents about tokens.
 */
#include "core/oauth/token/documents.h"

#include <string.h>

#include "core/base/json.h"
#include "core/jose/jws.h"
#include "core/model/resource.h"
#include "core/oauth/claims.h"
#include "core/oauth/token/issue.h"

struct json_object *
token_document(struct tx *tx, const struct token_set *set)
{
	struct json_object *document = json_new_object(tx->arena);

	json_add_text(document, "access_token", set->access_token);
	json_add_text(document, "issued_token_type", set->issued_token_type);
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
	/* what one client asked for is not for another that exchanged its token */
	if (strcmp(inspected->client_id, inspected->state.grant.client_id) == 0)
		claims_add_requested(tx->arena, document, inspected->state.grant.claims,
				     CLAIMS_USERINFO, account);
	return document;
}

static bool
may_see(const struct tx *tx, const struct client *caller, const struct inspected *inspected)
{
	if (caller->introspection == INTROSPECT_ALL ||
	    strcmp(inspected->client_id, caller->client_id) == 0)
		return true;
	for (size_t i = 0; i < inspected->audience.count; i++) {
		const struct resource *resource =
			realm_resource(tx->realm, inspected->audience.item[i]);

		if (resource && strlist_has(&resource->introspection_clients, caller->client_id))
			return true;
	}
	return false;
}

/* What access tokens alone have. */
static void
add_access(struct json_object *document, const struct inspected *inspected)
{
	if (inspected->audience.count == 1)
		json_add_text(document, "aud", inspected->audience.item[0]);
	else
		json_add_list(document, "aud", &inspected->audience);
	json_add_text(document, "token_type", "Bearer");
	json_add_text(document, "jti", inspected->jti);
	json_add(document, "act", inspected->act);
	json_add(document, "may_act", inspected->may_act);
}

struct json_object *
introspection_document(struct tx *tx, const struct client *caller,
		       const struct inspected *inspected)
{
	const struct grant *grant = &inspected->state.grant;
	struct json_object *document = json_new_object(tx->arena);
	bool visible = inspected->live && may_see(tx, caller, inspected);

	json_add_bool(document, "active", visible);
	if (!visible)
		return document;
	json_add_text(document, "iss", tx->realm->issuer);
	json_add_text(document, "sub", inspected->state.account.sub);
	if (inspected->kind != TOKEN_KIND_REFRESH)
		add_access(document, inspected);
	json_add_text(document, "client_id", inspected->client_id);
	json_add_text(document, "username", inspected->state.account.username);
	json_add_text(document, "scope", str_empty(inspected->scope) ? NULL : inspected->scope);
	json_add_int(document, "iat", inspected->issued_at);
	json_add_int(document, "exp", inspected->expires_at);
	issue_add_sign_in(document, grant);
	return document;
}

char *
introspection_jwt(struct tx *tx, const struct client *caller, struct json_object *document)
{
	static const struct jws_header header = {.typ = "token-introspection+jwt"};
	const struct jws_signer *key = issue_signer(tx, caller->introspection_signed_response_alg);
	struct json_object *claims = json_new_object(tx->arena);

	if (!key) {
		(void)fail(tx, OAUTH_TEMPORARILY_UNAVAILABLE,
			   "there is no key to sign the answer with; try again shortly or ask for "
			   "JSON",
			   "no active key of %s", caller->introspection_signed_response_alg);
		return NULL;
	}
	json_add_text(claims, "iss", tx->realm->issuer);
	json_add_text(claims, "aud", caller->client_id);
	json_add_int(claims, "iat", tx->now);
	json_add(claims, "token_introspection", document);
	return jws_sign_object(tx->arena, key, &header, claims);
}
