/* SPDX-License-Identifier: ISC */
/*
 * The sweep. It runs each minute or two, so that nobody stays longer than SOURCE_CHECK_SECS after
 * the source has let go of them: people are asked for before that is over.
 */
#include "core/manage/manage_people.h"

#include <inttypes.h>

#include "core/base/arena.h"
#include "core/port/people.h"

#define SWEEP_AGE   120  /* seconds since the last check */
#define SWEEP_BATCH 1000 /* people of one source in one run */
#define SWEEP_TRIES 20   /* times a slow source is asked for one person, each BROKER_WAIT_MS long */
#define SILENT_MAX  3    /* people that a source cannot say anything of before it is left alone */

/* A source that is slow has its answer ready when it is asked again; one that is down says so at
 * once. */
static enum people_seen
look_patiently(struct tx *tx, const struct account *account)
{
	enum people_seen seen = PEOPLE_UNKNOWN;

	for (unsigned i = 0; i < SWEEP_TRIES && seen == PEOPLE_UNKNOWN; i++) {
		int64_t before = tx->now_ms;

		seen = people_look(tx, account, BROKER_WAIT_MS);
		tx_read_clock(tx);
		if (tx->now_ms - before < BROKER_SPENT_MS)
			break;
	}
	return seen;
}

static enum store_verdict
sweep(struct tx *tx, const struct source *source, struct buf *report)
{
	struct account_list list;
	int64_t away = 0;
	unsigned silent = 0;
	enum store_verdict verdict =
		account_unseen(tx->store, tx->arena, tx->realm->id, source->name,
			       tx->now - SWEEP_AGE, tx->now, SWEEP_BATCH, &list);

	for (size_t i = 0; verdict == STORE_OK && i < list.count && silent < SILENT_MAX; i++) {
		enum people_seen seen = look_patiently(tx, &list.account[i]);

		away += seen == PEOPLE_AWAY;
		silent += seen == PEOPLE_UNKNOWN;
	}
	if (silent)
		buf_printf(report, "source %s cannot say who is there\n", source->name);
	if (away)
		buf_printf(report, "%" PRId64 " people of source %s are away; signed out\n", away,
			   source->name);
	return verdict == STORE_NONE ? STORE_OK : verdict;
}

enum store_verdict
manage_people_sweep(struct tx *tx, struct buf *report)
{
	enum store_verdict verdict = STORE_OK;

	for (size_t i = 0; verdict == STORE_OK && i < tx->realm->sources_count; i++)
		if (tx->realm->sources[i].kind != SOURCE_OWN)
			verdict = sweep(tx, &tx->realm->sources[i], report);
	return verdict;
}
