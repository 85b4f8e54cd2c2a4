/* SPDX-License-Identifier: ISC */
/*
 * Refresh tokens: "ost_rt_" and base64url of MAC key number, grant id, generation and an
 * HMAC-SHA256 under that key of the realm. Nothing secret is stored and the same token can be made
 * again, so a lost answer costs nobody anything.
 */
#ifndef OSTIARY_OAUTH_REFRESH_H
#define OSTIARY_OAUTH_REFRESH_H

#include "core/port/provider.h"

#define REFRESH_PREFIX "ost_rt_"

struct refresh_token {
	uint8_t grant_id[ID_SIZE];
	uint32_t generation;
};

/* NULL when the realm has no active MAC key. */
char *refresh_make(struct tx *tx, const uint8_t grant_id[ID_SIZE], int64_t generation);

/* 0, or -1 when text is not a refresh token that this realm made. */
int refresh_read(struct tx *tx, const char *text, struct refresh_token *token)
	__attribute__((warn_unused_result));

#endif
