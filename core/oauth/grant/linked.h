/* SPDX-License-Identifier: ISC */
/*
 * A person of ours whom another issuer speaks of: only an explicit link of (issuer, sub) says who
 * that is.
 */
#ifndef OSTIARY_OAUTH_LINKED_H
#define OSTIARY_OAUTH_LINKED_H

#include "core/oauth/foreign.h"
#include "core/oauth/grant/grant.h"

/*
 * The state of a new grant of client to the linked person, from now on: no session, no scope, no
 * end; nothing is stored yet. 0, or -1 with error in tx: there is no link, or the person is
 * disabled. The public text is the same for both.
 */
int linked_state(struct tx *tx, const struct client *client, const struct foreign *foreign,
		 enum oauth_error error, struct grant_state *state)
	__attribute__((warn_unused_result));

#endif
