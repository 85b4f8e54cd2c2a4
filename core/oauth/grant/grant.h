/* SPDX-License-Identifier: ISC */
/*
 * The grants of the token endpoint (RFC 6749 4): one table, one row and one file each. A grant
 * checks what was presented and fills the plan.
 */
#ifndef OSTIARY_OAUTH_GRANT_H
#define OSTIARY_OAUTH_GRANT_H

#include "core/base/form.h"
#include "core/oauth/token/plan.h"

/* One request to the token endpoint. */
struct token_call {
	struct tx *tx;
	const struct form *form;
	const struct client *client; /* authenticated */
	struct grant_state state;
	struct plan plan;
};

struct grant_row {
	const char *name; /* grant_type */
	/* Checks and fills call->plan. 0, or -1 with the failure in tx. */
	int (*prepare)(struct token_call *call);
	/* What to do when the source turned out to be used up: prepares again and returns 0, or
	 * fails. NULL: nothing is used up. */
	int (*lost)(struct token_call *call);
};

const struct grant_row *grants_table(size_t *count);

/*
 * The whole: grant_type, whether the client may use it, prepare, issue. 0 with *set, or -1 with the
 * failure in tx.
 */
int token_request(struct token_call *call, struct token_set *set)
	__attribute__((warn_unused_result));

/*
 * Fills plan.target from the resources of call->state's grant, these scopes (granted, and narrowed
 * to those asked for) and the request's `resource` (RFC 8707 2.2). 0, or -1 with invalid_target.
 */
int grant_choose_target(struct token_call *call, const struct strlist *scopes)
	__attribute__((warn_unused_result));

/* The rows' functions. */
int grant_code_prepare(struct token_call *call);
int grant_code_lost(struct token_call *call);
int grant_refresh_prepare(struct token_call *call);
int grant_refresh_lost(struct token_call *call);
int grant_client_credentials_prepare(struct token_call *call);
int grant_token_exchange_prepare(struct token_call *call);
int grant_jwt_bearer_prepare(struct token_call *call);
int grant_device_prepare(struct token_call *call);
int grant_device_lost(struct token_call *call);

/* Ends a grant because what was presented had been used before, and says invalid_grant. The record
 * is kept though the answer is an error. */
int grant_replayed(struct token_call *call, const char *event, const char *text);

#endif
