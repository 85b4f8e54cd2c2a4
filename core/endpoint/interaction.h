/* SPDX-License-Identifier: ISC */
/*
 * An authorization request and the person in front of it: asks authn_next() what comes and shows
 * that page, or completes the request. The endpoints /authorize, /signin, /consent and /select end
 * here.
 */
#ifndef OSTIARY_ENDPOINT_INTERACTION_H
#define OSTIARY_ENDPOINT_INTERACTION_H

#include "core/authn/flow.h"
#include "core/endpoint/browser.h"
#include "core/oauth/authz/authz.h"

/* Added to the URL of a request that is started again because its page came back without a cookie.
 */
#define INTERACTION_RESTARTED "ostiary_restarted"

struct interaction {
	struct call *call;
	struct authz authz;
	struct flow flow;
	struct browser browser;
	struct form request; /* what the flow carries */
	bool resumed;        /* a page of this flow was posted */
	bool consented;      /* with the answer "allow" */
	bool allowed_before; /* consent is remembered, though perhaps of no scope at all */
};

/* Why the sign-in page is shown again. */
struct signin_page {
	bool same_person;     /* the name is fixed */
	const char *username; /* what stands in the field; NULL */
	bool wrong;
	int64_t wait; /* seconds; 0: none */
};

/* Goes on: a page, or the answer to the client. Failures are left in the call's tx. */
void interaction_go(struct interaction *interaction);

/* Shows the sign-in page. */
void interaction_signin(struct interaction *interaction, const struct signin_page *page);

/*
 * Opens the flow of a posted page and reads its request again. NULL when everything is said: a
 * failure is in the tx, or the page was stale and the request is started again.
 */
struct interaction *interaction_resume(struct call *call) __attribute__((warn_unused_result));

/*
 * A form that came from another site without our SameSite=Lax cookies: asks for it again with GET,
 * or by a page with a button where that would be too long. Where the form leads on to another site,
 * call->form_action names it before.
 */
void interaction_ask_again(struct call *call, struct browser *browser);

/* The person does not want to: access_denied goes to the client. */
void interaction_cancel(struct interaction *interaction);

#endif
