/* SPDX-License-Identifier: ISC */
/*
 * One run of the jobs. A realm whose keys cannot be tended does not keep the others waiting.
 */
#include "core/manage/manage_job.h"

#include <string.h>

#include "core/manage/manage_key.h"
#include "core/manage/manage_people.h"
#include "core/manage/manage_registration.h"

static enum manage_verdict
purge_all(struct tx *tx, int64_t *purged, struct buf *why)
{
	*purged = 0;
	for (int round = 0; round < MANAGE_PURGE_ROUNDS; round++) {
		int64_t removed = 0;

		if (purge(tx->store, tx->now, MANAGE_PURGE_BATCH, &removed) == STORE_DOWN)
			return manage_down(why);
		*purged += removed;
		if (removed < MANAGE_PURGE_BATCH)
			break;
	}
	return MANAGE_OK;
}

/* The lines of one realm with its name in front. */
static void
add_lines(struct buf *to, const char *realm, const char *lines)
{
	while (*lines) {
		size_t size = strcspn(lines, "\n");

		buf_printf(to, "%s: %.*s\n", realm, (int)size, lines);
		lines += size + (lines[size] == '\n');
	}
}

static enum manage_verdict
tend_realm(struct tx *tx, const struct realm *realm, struct buf *report, struct buf *why)
{
	struct buf done, mistakes;
	enum manage_verdict verdict;

	buf_init(&done, tx->arena, MANAGE_WHY_MAX);
	buf_init(&mistakes, tx->arena, MANAGE_WHY_MAX);
	tx->realm = realm;
	verdict = manage_key_upkeep(tx, &done, &mistakes);
	if (manage_registration_tidy(tx, &done) == STORE_DOWN ||
	    manage_people_sweep(tx, &done) == STORE_DOWN)
		verdict = manage_down(&mistakes);
	tx->realm = NULL;
	add_lines(report, realm->name, done.data);
	add_lines(why, realm->name, mistakes.data);
	return verdict;
}

enum manage_verdict
manage_jobs_run(struct tx *tx, struct manage_jobs_done *done, struct buf *report, struct buf *why)
{
	struct realm_list realms;
	enum manage_verdict worst = purge_all(tx, &done->purged, why);

	if (worst != MANAGE_OK)
		return worst;
	if (realm_load(tx->store, tx->arena, &realms) != STORE_OK)
		return manage_down(why);
	for (size_t i = 0; i < realms.count; i++) {
		enum manage_verdict verdict = tend_realm(tx, &realms.realm[i], report, why);

		if (verdict != MANAGE_OK)
			worst = verdict;
	}
	return worst;
}
