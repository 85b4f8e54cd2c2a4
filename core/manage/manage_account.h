/* SPDX-License-Identifier: ISC */
/*
 * Shared by the files of user management alone: making the row of a person and judging claims.
 */
#ifndef OSTIARY_MANAGE_ACCOUNT_H
#define OSTIARY_MANAGE_ACCOUNT_H

#include "core/manage/manage_user.h"

/* A fresh account of tx->realm with a random sub and no password. */
void manage_account_make(struct tx *tx, const char *username, struct json_object *claims,
			 struct account *account);

/* Types and size of all claims together. */
enum manage_verdict manage_account_claims(struct arena *arena, struct json_object *claims,
					  struct buf *why);

#endif
