/* SPDX-License-Identifier: ISC */
/*
 * Sessions as an administrator sees them: whose, since when, from where; and their end.
 */
#ifndef OSTIARY_MANAGE_SESSION_H
#define OSTIARY_MANAGE_SESSION_H

#include "core/manage/manage.h"
#include "core/model/session.h"

#define MANAGE_SESSIONS_MAX 20000 /* looked through for one id, and listed at most */

/* Live sessions of a person, or with username NULL of the whole realm, newest first. */
enum manage_verdict manage_session_list(struct tx *tx, const char *username,
					struct session_list *list, struct buf *why);

/* Ends one session; id in hexadecimal. */
enum manage_verdict manage_session_end(struct tx *tx, const char *id, struct buf *why);

/* Ends all sessions of a person, or with username NULL of the whole realm; *ended counts. */
enum manage_verdict manage_session_end_all(struct tx *tx, const char *username, int64_t *ended,
					   struct buf *why);

#endif
