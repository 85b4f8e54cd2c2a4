/* SPDX-License-Identifier: ISC */
/*
 * What is told about tokens: userinfo (OpenID Connect Core 5.3), introspection (RFC 7662 2.2, RFC
 * 9701), the token answer (RFC 6749 5.1).
 */
#ifndef OSTIARY_OAUTH_DOCUMENTS_H
#define OSTIARY_OAUTH_DOCUMENTS_H

#include "core/oauth/token/inspect.h"
#include "core/oauth/token/plan.h"

void token_document(const struct token_set *set, struct buf *out);

/* The claims that the token's scopes and the claims parameter release; sub always. The account's
 * claims must have been read. */
struct json_object *userinfo_document(struct tx *tx, const struct inspected *inspected);

/*
 * Adds {"active":false} to out unless the token is live and the caller may see it: its own
 * client's; any, for a client registered with introspection "all"; those for a resource server that
 * names the caller among its introspection_clients.
 */
void introspection_document(struct tx *tx, const struct client *caller,
			    const struct inspected *inspected, struct buf *out);

/*
 * The document as a signed JWT for the caller (RFC 9701 5); its media type is this. NULL with
 * temporarily_unavailable in tx when no key of the caller's introspection_signed_response_alg is
 * active.
 */
#define INTROSPECTION_JWT_TYPE "application/token-introspection+jwt"
char *introspection_jwt(struct tx *tx, const struct client *caller, const struct buf *document);

#endif
