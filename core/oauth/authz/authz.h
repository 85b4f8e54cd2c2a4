/* SPDX-License-Identifier: ISC */
/*
 * One authorization request (RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1): its parameters, checked
 * by an array of steps in order. reply_to stays NULL until the redirect_uri step has proven it, so
 * an earlier failure cannot redirect.
 */
#ifndef OSTIARY_OAUTH_AUTHZ_H
#define OSTIARY_OAUTH_AUTHZ_H

#include "core/base/form.h"
#include "core/base/str.h"
#include "core/model/client.h"
#include "core/model/grant.h"
#include "core/model/profile.h"
#include "core/model/pushed.h"
#include "core/port/provider.h"

#define STATE_MAX            2048 /* bytes */
#define SCOPES_ASKED_MAX     100
#define LOGIN_HINT_MAX       255
#define UI_LOCALES_MAX       255
#define CLAIMS_PARAMETER_MAX 4096

enum response_mode { RESPONSE_QUERY, RESPONSE_FORM_POST };

enum {
	PROMPT_NONE = 1 << 0,
	PROMPT_LOGIN = 1 << 1,
	PROMPT_CONSENT = 1 << 2,
	PROMPT_SELECT_ACCOUNT = 1 << 3,
};

struct authz {
	const struct form *form;
	const struct client *client;
	struct profile profile; /* the stricter of realm and client */

	const char *request_uri;             /* of the pushed request that form is of; NULL: none */
	const struct pushed_request *pushed; /* at AUTHZ_AT_RESUME its id and hash alone; NULL */

	const char *redirect_uri; /* the one in force */
	bool redirect_uri_sent;
	bool redirect_is_local; /* loopback or private-use scheme: any local program could be there
				 */
	const char *reply_to;   /* redirect_uri once it is proven; NULL before */
	enum response_mode mode;

	const char *state; /* NULL when not sent */
	const char *nonce;
	const char *code_challenge; /* S256; NULL when not sent */
	struct strlist resources;   /* resource servers that it names (RFC 8707) */
	struct strlist scopes;      /* asked for, known, and allowed to the client */
	bool openid;
	unsigned prompt;
	int64_t max_age;        /* seconds; -1: not limited */
	const char *login_hint; /* NULL */
	const char *ui_locales; /* NULL */
	const char *hint_sub;   /* of a verified id_token_hint; NULL */
	const char *claims;     /* what of the claims parameter may be answered; NULL */
	struct strlist consent; /* what the person must have allowed, as items of
				   core/oauth/consent.h: scopes, those of claims, resources */
};

/* Where a request is looked at; each step says at which places it is taken. */
enum authz_place {
	AUTHZ_AT_AUTHORIZE = 1 << 0, /* a browser brings it */
	AUTHZ_AT_PAR = 1 << 1,       /* the authenticated client pushes it (RFC 9126) */
	AUTHZ_AT_DEVICE = 1 << 2,    /* of a device (RFC 8628), at its beginning and its approval */
	AUTHZ_AT_RESUME = 1 << 3,    /* a page of ours brings it back, sealed */
};

struct authz_step {
	const char *name;
	int (*check)(struct tx *tx, struct authz *authz);
	unsigned places; /* enum authz_place */
};

/* The steps in order. */
const struct authz_step *authz_steps(size_t *count);

/*
 * Reads and checks a request. 0, or -1 with the failure in tx; then authz->reply_to tells whether
 * the failure may be sent to the client. form must live as long as authz. authz->client is the
 * caller's where clients authenticate (AUTHZ_AT_PAR, AUTHZ_AT_DEVICE).
 */
int authz_read(struct tx *tx, const struct form *form, enum authz_place place, struct authz *authz)
	__attribute__((warn_unused_result));

/* Parameters that a request is made of, with the request_uri of a pushed one, as a query string:
 * what a page carries through sign-in. */
char *authz_request_text(struct arena *arena, const struct authz *authz);

/* Keeps a request that was read AUTHZ_AT_PAR. 0 with its handle and how many seconds that is good,
 * or -1 with the failure in tx. */
int authz_push(struct tx *tx, const struct authz *authz, const char **request_uri,
	       int64_t *expires_in) __attribute__((warn_unused_result));

/* The form's parameters that name a response to the client. */
struct reply {
	const char *name[8], *value[8];
	size_t count;
};

/* Appends a parameter; a NULL value adds nothing. */
void reply_add(struct reply *reply, const char *name, const char *value);

/* The answer of a failed request: error, error_description, state, iss (RFC 9207). */
struct reply reply_failure(const struct tx *tx, const struct authz *authz);

/* The answer of a granted one: code, state, iss. */
struct reply reply_code(const struct tx *tx, const struct authz *authz, const char *code);

/* The redirect URI with the reply in its query (RESPONSE_QUERY). */
char *reply_url(struct arena *arena, const char *reply_to, const struct reply *reply);

/* What a granted request is issued for. */
struct authz_subject {
	const struct session *session;
	const struct account *account;
	const uint8_t *flow_id;          /* completed with it, once; NULL: it was on no page */
	bool remember_consent;           /* write down that these scopes were allowed */
	const struct strlist *consented; /* what was remembered before; NULL */
};

/* The grant of a request, but for its id, its code and its end. */
struct grant authz_grant(struct tx *tx, const struct authz *authz,
			 const struct authz_subject *subject);

/*
 * Makes the grant and its code in one transaction with the flow's completion and the pushed
 * request's consumption. STORE_OK and *code; STORE_CONFLICT when either was there before.
 */
enum store_verdict authz_complete(struct tx *tx, const struct authz *authz,
				  const struct authz_subject *subject, const char **code)
	__attribute__((warn_unused_result));

#endif
