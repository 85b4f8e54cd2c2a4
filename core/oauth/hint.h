/* SPDX-License-Identifier: ISC */
/*
 * id_token_hint: an ID token of ours that says whom a request is about (OpenID Connect
 * Core 3.1.2.1, RP-Initiated Logout 2).
 */
#ifndef OSTIARY_OAUTH_HINT_H
#define OSTIARY_OAUTH_HINT_H

#include "core/port/provider.h"

struct id_token_hint {
	const char *sub;
	const char *sid;       /* NULL when the token has none */
	const char *client_id; /* its audience */
};

/*
 * Reads a hint: signed by this realm (archived keys too), issued by it; an expired one is good. 0,
 * or -1 without a failure in tx: what that means is the caller's to say.
 */
int id_token_hint_read(struct tx *tx, const char *token, struct id_token_hint *hint)
	__attribute__((warn_unused_result));

#endif
