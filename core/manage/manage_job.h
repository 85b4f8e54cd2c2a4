/* SPDX-License-Identifier: ISC */
/*
 * The deferred work: purging what is over and the upkeep of every realm's keys.
 */
#ifndef OSTIARY_MANAGE_JOB_H
#define OSTIARY_MANAGE_JOB_H

#include "core/manage/manage.h"

#define MANAGE_PURGE_BATCH  1000 /* rows of a kind in one round */
#define MANAGE_PURGE_ROUNDS 1000 /* of one run */

struct manage_jobs_done {
	int64_t purged; /* rows */
};

/*
 * One run over all realms. What was done to keys goes to report, "REALM: line" each. Another
 * process may do the same at the same time. Sets tx->realm to NULL at the end.
 */
enum manage_verdict manage_jobs_run(struct tx *tx, struct manage_jobs_done *done,
				    struct buf *report, struct buf *why);

#endif
