/* SPDX-License-Identifier: ISC */
/*
 * Proving who somebody is with a password, and what follows from the proof: a session with a fact.
 * Unknown names, disabled accounts and accounts without password take the same way and the same
 * time as a wrong password. (A hash that was brought along takes its own time until its first right
 * sign-in replaces it.)
 */
#ifndef OSTIARY_AUTHN_SIGNIN_H
#define OSTIARY_AUTHN_SIGNIN_H

#include "core/model/handle.h"
#include "core/model/session.h"
#include "core/port/provider.h"

struct signin_attempt {
	const char *username, *password; /* as typed; NULL: not sent */
	const char *known;               /* text of the browser's mark; NULL */
};

enum signin_verdict {
	SIGNIN_RIGHT,
	SIGNIN_WRONG,
	SIGNIN_WAIT, /* too many failures: nothing was looked at */
	SIGNIN_DOWN,
};

/* *account on SIGNIN_RIGHT, *wait (seconds) on SIGNIN_WAIT. */
enum signin_verdict signin_password(struct tx *tx, const struct signin_attempt *attempt,
				    struct account *account, int64_t *wait)
	__attribute__((warn_unused_result));

/* What a proven person gets. */
struct signin_result {
	struct session session;
	struct handle handle; /* of the session cookie */
};

/*
 * Makes the session, or where the browser had one of the same account (old), renews it under a new
 * secret; another account's old one ends. The fact belongs to the flow. One transaction with its
 * record.
 */
enum store_verdict signin_establish(struct tx *tx, const struct account *account,
				    const struct session *old, const uint8_t flow_id[ID_SIZE],
				    const char *user_agent, struct signin_result *result)
	__attribute__((warn_unused_result));

/* Ends a session, with its record. */
enum store_verdict signin_end(struct tx *tx, const struct session *session)
	__attribute__((warn_unused_result));

#endif
