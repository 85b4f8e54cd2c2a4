/* SPDX-License-Identifier: ISC */
/*
 * What a token that somebody shows is worth now: an access token (JWT or opaque) or a refresh token
 * of this realm, with its grant. One statement decides whether grant, session, account and client
 * still stand. A JWT that a client got for itself has no grant: its state is made of its claims.
 */
#ifndef OSTIARY_OAUTH_INSPECT_H
#define OSTIARY_OAUTH_INSPECT_H

#include "core/base/str.h"
#include "core/model/grant.h"
#include "core/port/provider.h"

#define TOKEN_TEXT_MAX 8192 /* bytes of a token from outside */

enum token_kind { TOKEN_KIND_JWT, TOKEN_KIND_OPAQUE, TOKEN_KIND_REFRESH };

struct json_object;

struct inspected {
	enum token_kind kind;
	bool live;
	const char *why_not; /* private text when it is not live */
	const char *scope;
	struct strlist scopes;
	int64_t issued_at, expires_at;
	const char *jti;          /* JWT only */
	uint8_t row_id[ID_SIZE];  /* opaque only */
	int64_t generation;       /* refresh only */
	struct grant_state state; /* filled when the token was found at all */
	/* whose token it is, which by token exchange may be another than the grant's client; also
	 * of one of ours that has expired; NULL */
	const char *client_id;
	struct strlist audience;           /* of access tokens: the issuer is one too */
	struct json_object *act, *may_act; /* RFC 8693 4.1, 4.4; NULL */
	bool found;                        /* it is one of ours; state is filled */
};

/* 0 with *inspected, or -1 with a failure in tx when the database is down. Anything that is no
 * token of ours is not found. */
int token_inspect(struct tx *tx, const char *token, struct inspected *inspected)
	__attribute__((warn_unused_result));

/* Who may act for the person of a grant, as the account says now; NULL: it does not. */
struct json_object *may_act_of_account(struct arena *arena, const struct grant_state *state);

/* Ends a token: a refresh token with its grant, an access token alone; nothing is lost by ending it
 * twice. The caller must be the client whose token it is. 0, or -1 with a failure in tx. */
int token_end(struct tx *tx, const struct inspected *inspected) __attribute__((warn_unused_result));

#endif
