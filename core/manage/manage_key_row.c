/* SPDX-License-Identifier: ISC */
/*
 * Finding keys and changing their states, each change with its record in one transaction.
 */
#include "core/manage/manage_key_row.h"

#include "core/base/str.h"

const char *const key_algs[] = {"RS256", "PS256", "ES256", "EdDSA", "HS256"};
const size_t key_algs_count = sizeof(key_algs) / sizeof(key_algs[0]);

enum store_verdict
key_read(struct tx *tx, struct key_list *list)
{
	enum store_verdict verdict;

	*list = (struct key_list){0};
	verdict = key_list(tx->store, tx->arena, tx->realm->id, list);
	return verdict == STORE_NONE ? STORE_OK : verdict;
}

bool
key_is(const struct key_row *row, enum key_state state)
{
	return str_equal(row->state, key_state_name(state));
}

const struct key_row *
key_newest(const struct key_list *list, const char *alg, enum key_state state)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->row[i].alg, alg) && key_is(&list->row[i], state))
			return &list->row[i];
	return NULL;
}

const struct key_row *
key_by_kid(const struct key_list *list, const char *kid)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->row[i].kid, kid))
			return &list->row[i];
	return NULL;
}

const char *
key_detail(struct tx *tx, const struct key_row *row)
{
	return arena_printf(tx->arena, "%s %s", row->alg, row->kid);
}

enum manage_verdict
key_outcome(enum store_verdict stored, const char *kid, struct buf *why)
{
	switch (stored) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_REFUSED,
				  "key %s was changed by somebody else meanwhile; look again", kid);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

struct turn {
	const struct key_list *list; /* NULL: nothing retires */
	const struct key_row *fresh; /* inserted; NULL: none */
	const struct key_row *next;  /* promoted; NULL: none */
	const char *alg;
};

/* Another host may have retired one of them a moment ago, which is as good. */
static enum store_verdict
retire_others(struct tx *tx, const struct turn *turn)
{
	for (size_t i = 0; turn->list && i < turn->list->count; i++) {
		const struct key_row *row = &turn->list->row[i];

		if (!str_equal(row->alg, turn->alg) || !key_is(row, KEY_ACTIVE))
			continue;
		if (key_set_state(tx->store, row->id, "active", "retired", tx->now) == STORE_DOWN)
			return STORE_DOWN;
	}
	return STORE_OK;
}

static enum store_verdict
apply_turn(struct tx *tx, void *context)
{
	const struct turn *turn = context;
	enum store_verdict verdict = STORE_OK;

	if (turn->next)
		verdict = key_set_state(tx->store, turn->next->id, "next", "active", tx->now);
	if (verdict == STORE_OK && turn->fresh)
		verdict = key_insert(tx->store, turn->fresh);
	if (verdict == STORE_OK)
		verdict = retire_others(tx, turn);
	return verdict == STORE_OK ? generation_bump(tx->store) : verdict;
}

static enum manage_verdict
run_turn(struct tx *tx, struct turn *turn, const char *event, struct buf *why)
{
	const struct key_row *row = turn->next ? turn->next : turn->fresh;
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_turn,
		.context = turn,
		.event = event,
		.about = {.detail = key_detail(tx, row)},
	});

	return key_outcome(stored, row->kid, why);
}

enum manage_verdict
key_add_next(struct tx *tx, const char *alg, struct buf *report, struct buf *why)
{
	struct key_row row = manage_key_make(tx, tx->realm, alg, "next");
	struct turn turn = {.fresh = &row, .alg = alg};
	enum manage_verdict verdict = run_turn(tx, &turn, "key_added", why);

	if (verdict == MANAGE_OK)
		buf_printf(report, "%s %s is published and signs in %d min\n", alg, row.kid,
			   MANAGE_KEY_PUBLISH / 60);
	return verdict;
}

enum manage_verdict
key_promote(struct tx *tx, const struct key_list *list, const struct key_row *next,
	    struct buf *report, struct buf *why)
{
	struct turn turn = {.list = list, .next = next, .alg = next->alg};
	enum manage_verdict verdict = run_turn(tx, &turn, "key_promoted", why);

	if (verdict == MANAGE_OK)
		buf_printf(report, "%s %s signs from now on\n", next->alg, next->kid);
	return verdict;
}

enum manage_verdict
key_replace(struct tx *tx, const struct key_list *list, const char *alg, struct buf *report,
	    struct buf *why)
{
	struct key_row row = manage_key_make(tx, tx->realm, alg, "active");
	struct turn turn = {.list = list, .fresh = &row, .alg = alg};
	enum manage_verdict verdict = run_turn(tx, &turn, "key_promoted", why);

	if (verdict == MANAGE_OK)
		buf_printf(report, "%s %s signs from now on\n", alg, row.kid);
	return verdict;
}
