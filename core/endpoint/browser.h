/* SPDX-License-Identifier: ISC */
/*
 * What a browser holds of ours: a random value that pages are bound to (it changes at sign-in and
 * sign-out), the handle of its session, and marks of accounts that it signed in before. Each realm
 * has cookies of its own.
 */
#ifndef OSTIARY_ENDPOINT_BROWSER_H
#define OSTIARY_ENDPOINT_BROWSER_H

#include "core/authn/flow.h"
#include "core/authn/signin.h"

struct call;

struct browser {
	bool has_value;
	uint8_t value[BROWSER_SIZE];
	bool signed_in; /* session and account are filled and live */
	struct session session;
	struct account account;
};

/* Reads the cookies and the session. 0, or -1 with a failure when the database is down. */
int browser_read(struct call *call, struct browser *browser) __attribute__((warn_unused_result));

/* Gives the browser a value where it has none. */
void browser_ensure(struct call *call, struct browser *browser);

/* Gives it a new value: what old pages are bound to is gone. */
void browser_renew(struct call *call, struct browser *browser);

/* After sign-in: the session's cookie, a mark, a new value. */
void browser_sign_in(struct call *call, struct browser *browser, const struct account *account,
		     const struct signin_result *result);

/* After sign-out: no session, a new value. */
void browser_sign_out(struct call *call, struct browser *browser);

/* Text of the mark it carries; NULL. */
const char *browser_known(struct call *call);

#endif
