/* SPDX-License-Identifier: ISC */
/*
 * Proving who somebody is, and what follows from the proof: a session with a fact. The name decides
 * who judges: an account's own source, else the first that knows the name. A wrong password never
 * falls through to the next. Unknown names, disabled accounts and accounts without password take
 * the same way and the same time as a wrong password. (A hash that was brought along takes its own
 * time until its first right sign-in replaces it, one in a table of the site always does.)
 */
#ifndef OSTIARY_AUTHN_SIGNIN_H
#define OSTIARY_AUTHN_SIGNIN_H

#include "core/authn/talk.h"
#include "core/model/handle.h"
#include "core/model/session.h"
#include "core/port/provider.h"

struct signin_attempt {
	const char *username, *password; /* as typed; NULL: not sent */
	const char *known;               /* text of the browser's mark; NULL */
	const uint8_t *browser;          /* its random value: BROWSER_SIZE bytes */
	const char *keep;                /* the sealed flow, for a conversation */
};

enum signin_verdict {
	SIGNIN_RIGHT,
	SIGNIN_WRONG,
	SIGNIN_WAIT, /* too many failures: nothing was looked at */
	SIGNIN_TALK, /* a service judges */
	SIGNIN_DOWN, /* with a failure in tx */
};

struct signin_outcome {
	struct account account;       /* RIGHT */
	const struct source *source;  /* RIGHT: that proved it */
	int64_t wait;                 /* WAIT: seconds */
	enum talk_status talk_status; /* TALK */
	struct talk talk;
};

enum signin_verdict signin_begin(struct tx *tx, const struct signin_attempt *attempt,
				 struct signin_outcome *outcome)
	__attribute__((warn_unused_result));

/* Whether the sign-in page asks for a password beside the name. */
enum signin_password {
	SIGNIN_PASSWORD_NEEDED,
	SIGNIN_PASSWORD_OPTIONAL, /* some sources ask for it later, or for something else */
	SIGNIN_PASSWORD_LATER,    /* all of them do */
};
enum signin_password signin_password_field(const struct realm *realm);

/* Who was proven, by whom. */
struct signin_proof {
	const struct account *account;
	const struct source *source;
};

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
enum store_verdict signin_establish(struct tx *tx, const struct signin_proof *proof,
				    const struct session *old, const uint8_t flow_id[ID_SIZE],
				    const char *user_agent, struct signin_result *result)
	__attribute__((warn_unused_result));

/* Ends a session, with its record. */
enum store_verdict signin_end(struct tx *tx, const struct session *session)
	__attribute__((warn_unused_result));

#endif
