/* SPDX-License-Identifier: ISC */
/*
 * A browser that signed an account in before carries a sealed mark of it. Its failures are counted
 * apart, so a stranger who guesses at the account cannot keep its owner out. The mark belongs to
 * one account and dies when that account's auth_epoch moves.
 */
#ifndef OSTIARY_AUTHN_KNOWN_H
#define OSTIARY_AUTHN_KNOWN_H

#include "core/port/provider.h"

#define KNOWN_LIFETIME (180 * 86400) /* seconds */
#define KNOWN_ID_SIZE  16

struct known_browser {
	uint8_t account_id[ID_SIZE];
	int64_t auth_epoch;
	uint8_t browser_id[KNOWN_ID_SIZE];
	int64_t made_at;
};

/* A fresh mark's text for an account that has just signed in. */
char *known_make(struct tx *tx, const struct account *account);

/* 0, or -1 when text (NULL allowed) is no mark of this realm or too old. */
int known_read(struct tx *tx, const char *text, struct known_browser *known)
	__attribute__((warn_unused_result));

bool known_is_of(const struct known_browser *known, const struct account *account);

#endif
