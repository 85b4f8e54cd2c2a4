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
#include "core/oauth/target.h"
#include "core/port/provider.h"

struct json_object;

struct plan {
	const struct client *client; /* who gets the tokens; the grant may be another client's */
	/*
	 * The grant and the person. A grant whose id is zeros is stored nowhere: then the token is
	 * a JWT that stands for itself, and its subject must be the client (client_grant_state()).
	 */
	const struct grant_state *state;
	struct target target; /* of the access token */
	bool id_token;
	const char *nonce;             /* for the ID token; NULL */
	int64_t refresh_generation;    /* of the refresh token to hand out; 0: none */
	struct json_object *act;       /* who acts for the subject (RFC 8693 4.1); NULL */
	struct json_object *may_act;   /* who may (RFC 8693 4.4); NULL: what the account says */
	int64_t not_after;             /* no token lasts longer; 0: not limited so */
	const char *issued_token_type; /* for the answer (RFC 8693 2.2.1); NULL: not said */

	/*
	 * Uses up what the tokens are issued for: one conditional statement, or the insert of a
	 * grant that is made now (plan_insert_grant); with several, more than one statement, which
	 * commit together. NULL: nothing is used up or made.
	 */
	enum store_verdict (*consume)(struct store *store, const struct plan *plan);
	bool several;
	const void *source; /* what it needs beside the plan; its own */
	const uint8_t *code_hash;
	int64_t now, expires_at; /* expires_at: the grant's new end; 0: it keeps its own */
};

/* A consume step: inserts state->grant. */
enum store_verdict plan_insert_grant(struct store *store, const struct plan *plan);

/*
 * A state whose subject is the client itself, from now on. Its grant has no id and no end: who
 * wants it stored gives it an id, and it ends when the caller says.
 */
void client_grant_state(struct tx *tx, const char *client_id, struct grant_state *state);

struct token_set {
	const char *access_token;
	int64_t expires_in;
	const char *scope;             /* "": none was granted */
	const char *id_token;          /* NULL: none */
	const char *refresh_token;     /* NULL: none */
	const char *issued_token_type; /* NULL: not said */
};

/*
 * STORE_NONE: the source was already used up by somebody else; nothing was issued. STORE_DOWN also
 * when a signing key is missing: the failure in tx then says so, and nothing was used up. On
 * STORE_OK everything is committed.
 */
enum store_verdict token_issue(struct tx *tx, const struct plan *plan, struct token_set *set)
	__attribute__((warn_unused_result));

#endif
