/* SPDX-License-Identifier: ISC */
/*
 * Between the files that make tokens of a plan: issue.c the order, access.c and id.c each a kind.
 */
#ifndef OSTIARY_OAUTH_ISSUE_H
#define OSTIARY_OAUTH_ISSUE_H

#include "core/model/handle.h"
#include "core/oauth/token/plan.h"

struct jws_signer;

struct issue {
	struct tx *tx;
	const struct plan *plan;
	const struct settings *settings; /* the client's */
	struct handle access;            /* opaque format */
	bool opaque;
	const char *scope;  /* NULL: none was granted */
	int64_t expires_at; /* of the access token */
};

/* The active key of an algorithm; NULL, with a line in the log, when there is none. */
const struct jws_signer *issue_signer(struct tx *tx, const char *alg);

/* Whether a person has signed in: then there is auth_time and acr. */
bool issue_has_sign_in(const struct grant *grant);

/* NULL when there is no key. */
const char *issue_access_jwt(struct issue *issue);
const char *issue_id_token(struct issue *issue, const char *access_token);

/* The row of an opaque access token. */
enum store_verdict issue_store_access(struct store *store, const struct issue *issue);

#endif
