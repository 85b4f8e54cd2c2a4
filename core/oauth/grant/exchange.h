/* SPDX-License-Identifier: ISC */
/*
 * Between the files of token exchange (RFC 8693): the two tokens that a request presents, as what
 * they are worth here; who acts; and the request as a whole.
 */
#ifndef OSTIARY_OAUTH_EXCHANGE_H
#define OSTIARY_OAUTH_EXCHANGE_H

#include "core/oauth/grant/grant.h"

#define EXCHANGE_ACTORS_MAX 8 /* nested act claims of one token */

#define TOKEN_TYPE_ACCESS  "urn:ietf:params:oauth:token-type:access_token"
#define TOKEN_TYPE_REFRESH "urn:ietf:params:oauth:token-type:refresh_token"
#define TOKEN_TYPE_ID      "urn:ietf:params:oauth:token-type:id_token"
#define TOKEN_TYPE_JWT     "urn:ietf:params:oauth:token-type:jwt"

/* The subject or the actor, as its token tells. */
struct party {
	const char *kind;         /* what it is, for log and record */
	struct grant_state state; /* of the subject: what the new token hangs on */
	bool new_grant;           /* that grant is not stored yet */
	const char *iss;          /* NULL: we issued the token */
	const char *sub;          /* as the token says it */
	const char *client_id;    /* whose token it is; NULL for one of another issuer */
	bool client_is_subject;
	struct strlist audience; /* whom it names; those of a token of ours */
	struct strlist scopes;   /* what it allows at most */
	struct strlist reach;    /* resources that it is good for */
	struct strlist usual;    /* those of them that are meant where none is named */
	int64_t expires_at;
	struct json_object *act, *may_act; /* NULL */
};

/* Which of the two: the names of its parameters and public texts about it. */
struct party_role {
	const char *token, *type;    /* parameters */
	const char *bad, *not_yours; /* what is wrong with the token */
	const char *bad_type;
	bool is_actor;
};

struct exchange {
	struct token_call *call;
	struct party subject, actor;
	bool has_actor; /* a token of it was sent */
	bool delegation;
	struct json_object *act; /* of the new token */
	const char *actor_text;  /* for the record */
};

/* Reads the role's token. 0, or -1 with invalid_request (RFC 8693 2.2.2), or
 * temporarily_unavailable. */
int party_read(struct exchange *exchange, const struct party_role *role, struct party *party)
	__attribute__((warn_unused_result));

extern const struct party_role role_subject, role_actor;

/*
 * Decides between delegation and impersonation, checks who may act (may_act) and makes the act
 * claim. 0, or -1 with invalid_request.
 */
int exchange_choose_actor(struct exchange *exchange) __attribute__((warn_unused_result));

#endif
