/* SPDX-License-Identifier: ISC */
/*
 * The plan: what to issue, as a plain struct. Grants only fill it; token_issue() alone turns it
 * into tokens, in the order consume the source, store what is stored, then sign.
 */
#ifndef OSTIARY_OAUTH_PLAN_H
#define OSTIARY_OAUTH_PLAN_H

#include "core/base/str.h"
#include "core/model/client.h"
#include "core/model/grant.h"
#include "core/port/provider.h"

struct plan {
	const struct client *client;
	const struct grant_state *state; /* the grant and the person */
	struct strlist scopes;           /* of the access token */
	bool id_token;
	const char *nonce;          /* for the ID token; NULL */
	int64_t refresh_generation; /* of the refresh token to hand out; 0: none */

	/*
	 * Uses up what the tokens are issued for: one conditional statement. NULL: nothing is used
	 * up (a repeat within the grace time).
	 */
	enum store_verdict (*consume)(struct store *store, const struct plan *plan);
	const uint8_t *code_hash;
	int64_t now, expires_at; /* expires_at: the grant's new end; 0: it keeps its own */
};

struct token_set {
	const char *access_token;
	int64_t expires_in;
	const char *scope;         /* NULL: none was granted */
	const char *id_token;      /* NULL: none */
	const char *refresh_token; /* NULL: none */
};

/*
 * STORE_NONE: the source was already used up by somebody else; nothing was issued. STORE_DOWN also
 * when a signing key is missing: the failure in tx then says so, and nothing was used up. On
 * STORE_OK everything is committed.
 */
enum store_verdict token_issue(struct tx *tx, const struct plan *plan, struct token_set *set)
	__attribute__((warn_unused_result));

#endif
