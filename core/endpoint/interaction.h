/* SPDX-License-Identifier: ISC */
/*
 * A request and the person in front of it: asks authn_next() what comes and shows that page, or
 * completes the errand. The endpoints /authorize, /device, /signin, /consent and /select end here.
 */
#ifndef OSTIARY_ENDPOINT_INTERACTION_H
#define OSTIARY_ENDPOINT_INTERACTION_H

#include "core/authn/flow.h"
#include "core/authn/next.h"
#include "core/endpoint/browser.h"
#include "core/oauth/authz/authz.h"

/* Added to the URL of a request that is started again because its page came back without a cookie.
 */
#define INTERACTION_RESTARTED "ostiary_restarted"

struct interaction;
struct json_object;

/* What the person came for, and how it ends. What is shown before is the same for all. */
struct errand {
	const char *path; /* begins it anew */
	/* The query for that; request and flow are filled. */
	const char *(*query)(const struct interaction *interaction);
	/* Reads and checks the request of a page that came back. 0, or -1 with the failure. */
	int (*read)(struct interaction *interaction);
	/* Whether the person who is signed in must be asked. 0, or -1 with the failure. */
	int (*needs_consent)(struct interaction *interaction, bool *needed);
	void (*ask)(struct interaction *interaction);
	void (*complete)(struct interaction *interaction);
	void (*cancel)(struct interaction *interaction);
	/* prompt=none, and a page would come; NULL where that cannot be asked for. */
	void (*refuse_silently)(struct interaction *interaction, enum authn_step step);
};

extern const struct errand errand_code;   /* an authorization request: a code for the client */
extern const struct errand errand_device; /* a device that waits: a decision about it */

struct interaction {
	struct call *call;
	const struct errand *errand;
	struct authz authz;
	struct flow flow;
	struct browser browser;
	struct form request;       /* what the flow carries */
	bool resumed;              /* a page of this flow was posted */
	bool consented;            /* with the answer "allow" */
	bool allowed_before;       /* consent is remembered, though perhaps of no scope at all */
	struct strlist remembered; /* what was allowed before, items of core/oauth/consent.h */
	const struct device_request *device; /* of errand_device; NULL */
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

/*
 * Opens a sealed flow (NULL: none was sent) in front of the browser, which is read: request and
 * errand are filled. 0, or -1 when everything is said.
 */
int interaction_open(struct interaction *interaction, const char *sealed)
	__attribute__((warn_unused_result));

/* The same, and reads the request again. */
int interaction_resume_with(struct interaction *interaction, const char *sealed)
	__attribute__((warn_unused_result));

/* Goes on with a person who was proven in this flow. */
void interaction_signed_in(struct interaction *interaction, const struct signin_proof *proof);

/* Values that the pages of a flow have in common, with the form's action. NULL with a failure when
 * the request is too long. */
struct json_object *interaction_values(struct interaction *interaction, const char *action);

/* The person does not want to. */
void interaction_cancel(struct interaction *interaction);

#endif
