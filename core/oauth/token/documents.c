/* SPDX-License-Identifier: ISC */
/*
 * Documents about tokens.
 */
#include "core/oauth/token/documents.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/json_print.h"
#include "core/jose/jws.h"
#include "core/model/resource.h"
#include "core/oauth/claims.h"
#include "core/oauth/token/issue.h"

void
token_document(const struct token_set *set, struct buf *out)
{
	struct json_members members;

	json_open(&members, out);
	json_put_text(&members, "access_token", set->access_token);
	json_put_text(&members, "issued_token_type", set->issued_token_type);
	json_put_text(&members, "token_type", "Bearer");
	json_put_int(&members, "expires_in", set->expires_in);
	json_put_text(&members, "scope", set->scope);
	json_put_text(&members, "id_token", set->id_token);
	json_put_text(&members, "refresh_token", set->refresh_token);
	json_close(&members);
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
put_access(struct json_members *members, const struct inspected *inspected)
{
	if (inspected->audience.count == 1)
		json_put_text(members, "aud", inspected->audience.item[0]);
	else
		json_put_list(members, "aud", &inspected->audience);
	json_put_text(members, "token_type", "Bearer");
	json_put_text(members, "jti", inspected->jti);
	json_put(members, "act", inspected->act);
	json_put(members, "may_act", inspected->may_act);
}

static void
put_live(struct json_members *members, const struct tx *tx, const struct inspected *inspected)
{
	const struct grant *grant = &inspected->state.grant;

	json_put_text(members, "iss", tx->realm->issuer);
	json_put_text(members, "sub", inspected->state.account.sub);
	if (inspected->kind != TOKEN_KIND_REFRESH)
		put_access(members, inspected);
	json_put_text(members, "client_id", inspected->client_id);
	json_put_text(members, "username", inspected->state.account.username);
	json_put_text(members, "scope", str_empty(inspected->scope) ? NULL : inspected->scope);
	json_put_int(members, "iat", inspected->issued_at);
	json_put_int(members, "exp", inspected->expires_at);
	if (grant_has_account(grant)) {
		json_put_int(members, "auth_time", grant->auth_time);
		json_put_text(members, "acr", grant->acr);
	}
}

void
introspection_document(struct tx *tx, const struct client *caller,
		       const struct inspected *inspected, struct buf *out)
{
	bool visible = inspected->live && may_see(tx, caller, inspected);
	struct json_members members;

	json_open(&members, out);
	json_put_bool(&members, "active", visible);
	if (visible)
		put_live(&members, tx, inspected);
	json_close(&members);
}

char *
introspection_jwt(struct tx *tx, const struct client *caller, const struct buf *document)
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
	json_add(claims, "token_introspection",
		 json_parse_object(tx->arena, document->data, document->size, NULL));
	return jws_sign_object(tx->arena, key, &header, claims);
}
