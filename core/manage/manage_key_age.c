/* SPDX-License-Identifier: ISC */
/*
 * What happens to keys by age: rules in a fixed order, each looking at the keys as they are after
 * the one before. How long a retired key stays is the longest life of what it made: for signing
 * keys the greatest that the settings allow (a client's may have been lowered since), for MAC keys
 * the longest refresh token lifetime in force, because the greatest allowed is ten years.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_key_row.h"
#include "core/model/client.h"

#define CLIENT_PAGE 200

static int64_t
longest_token_life(void)
{
	static const char *const names[] = {"access_token_lifetime", "id_token_lifetime"};
	int64_t longest = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct setting *setting = setting_find(names[i]);

		if (setting && setting->max > longest)
			longest = setting->max;
	}
	return longest;
}

static int64_t
client_refresh_life(struct arena *arena, const struct settings *realm, const struct client_row *row)
{
	struct client client;
	struct buf unread;
	struct json_object *metadata =
		json_parse_object(arena, row->metadata, strlen(row->metadata), NULL);

	client_default(&client, realm);
	buf_init(&unread, arena, MANAGE_WHY_MAX);
	if (!metadata || client_from_json(arena, metadata, &client, &unread) != 0)
		return realm->refresh_token_lifetime;
	return client.settings.refresh_token_lifetime;
}

static enum store_verdict
longest_refresh_life(struct tx *tx, int64_t *longest)
{
	const char *after = NULL;

	*longest = tx->realm->settings.refresh_token_lifetime;
	for (;;) {
		struct client_row *rows;
		size_t count = 0;
		enum store_verdict verdict = client_list(tx->store, tx->arena, tx->realm->id, after,
							 CLIENT_PAGE, &rows, &count);

		if (verdict == STORE_DOWN)
			return verdict;
		for (size_t i = 0; i < count; i++) {
			int64_t life =
				client_refresh_life(tx->arena, &tx->realm->settings, &rows[i]);

			if (life > *longest)
				*longest = life;
		}
		if (count < CLIENT_PAGE)
			return STORE_OK;
		after = rows[count - 1].client_id;
	}
}

/* ---- the rules ---- */

/* What was published long enough signs. */
static enum manage_verdict
promote_due(struct tx *tx, const struct key_list *list, struct buf *report, struct buf *why)
{
	for (size_t i = 0; i < key_algs_count; i++) {
		const struct key_row *next = key_newest(list, key_algs[i], KEY_NEXT);
		enum manage_verdict verdict;

		if (!next || tx->now - next->changed_at < MANAGE_KEY_PUBLISH)
			continue;
		verdict = key_promote(tx, list, next, report, why);
		if (verdict == MANAGE_DOWN)
			return verdict;
	}
	return MANAGE_OK;
}

/* What is too old gets a successor. */
static enum manage_verdict
rotate_due(struct tx *tx, const struct key_list *list, struct buf *report, struct buf *why)
{
	int64_t age = tx->realm->settings.key_rotation;

	for (size_t i = 0; age > 0 && i < key_algs_count; i++) {
		const struct key_row *active = key_newest(list, key_algs[i], KEY_ACTIVE);
		enum manage_verdict verdict;

		if (!active || tx->now - active->changed_at < age ||
		    key_newest(list, key_algs[i], KEY_NEXT))
			continue;
		if (!manage_key_can_make(tx, why))
			return MANAGE_REFUSED;
		verdict = str_equal(active->kind, "mac")
				  ? key_replace(tx, list, key_algs[i], report, why)
				  : key_add_next(tx, key_algs[i], report, why);
		if (verdict == MANAGE_DOWN)
			return verdict;
	}
	return MANAGE_OK;
}

struct step {
	const struct key_row *row;
	const char *to; /* NULL: the row goes */
};

static enum store_verdict
apply_step(struct tx *tx, void *context)
{
	const struct step *step = context;

	if (!step->to)
		return key_remove(tx->store, step->row->id);
	return key_set_state(tx->store, step->row->id, step->row->state, step->to, tx->now);
}

static enum manage_verdict
take_step(struct tx *tx, struct step step, const char *event, struct buf *report, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_step,
		.context = &step,
		.event = event,
		.about = {.detail = key_detail(tx, step.row)},
	});

	if (stored == STORE_DOWN)
		return manage_down(why);
	if (stored == STORE_OK)
		buf_printf(report, "%s %s is %s\n", step.row->alg, step.row->kid,
			   step.to ? step.to : "forgotten");
	return MANAGE_OK;
}

/* Two hosts that rotate in the same moment leave two active keys: the newest stays. */
static enum manage_verdict
retire_doubles(struct tx *tx, const struct key_list *list, struct buf *report, struct buf *why)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct key_row *row = &list->row[i];
		enum manage_verdict verdict;

		if (!key_is(row, KEY_ACTIVE) || key_newest(list, row->alg, KEY_ACTIVE) == row)
			continue;
		verdict = take_step(tx, (struct step){row, "retired"}, "key_retired", report, why);
		if (verdict != MANAGE_OK)
			return verdict;
	}
	return MANAGE_OK;
}

/* Nothing that the key made can be good any more. */
static enum manage_verdict
archive_due(struct tx *tx, const struct key_list *list, struct buf *report, struct buf *why)
{
	int64_t refresh_life;

	if (longest_refresh_life(tx, &refresh_life) != STORE_OK)
		return manage_down(why);
	for (size_t i = 0; i < list->count; i++) {
		const struct key_row *row = &list->row[i];
		int64_t life = str_equal(row->kind, "mac") ? refresh_life : longest_token_life();
		enum manage_verdict verdict;

		if (!key_is(row, KEY_RETIRED) || tx->now - row->changed_at <= life)
			continue;
		verdict =
			take_step(tx, (struct step){row, "archived"}, "key_archived", report, why);
		if (verdict != MANAGE_OK)
			return verdict;
	}
	return MANAGE_OK;
}

/* A ring holds a bounded number of keys, so the oldest of those that are over go. */
static enum manage_verdict
forget_oldest(struct tx *tx, const struct key_list *list, struct buf *report, struct buf *why)
{
	static const char *const kinds[] = {"sig", "mac"};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t kept = 0;

		for (size_t i = 0; i < list->count; i++) {
			const struct key_row *row = &list->row[i];

			if (!str_equal(row->kind, kinds[k]) ||
			    (!key_is(row, KEY_ARCHIVED) && !key_is(row, KEY_COMPROMISED)))
				continue;
			if (kept++ < MANAGE_KEY_KEEP_OLD)
				continue;
			if (take_step(tx, (struct step){row, NULL}, "key_forgotten", report, why) !=
			    MANAGE_OK)
				return MANAGE_DOWN;
		}
	}
	return MANAGE_OK;
}

typedef enum manage_verdict rule(struct tx *tx, const struct key_list *list, struct buf *report,
				 struct buf *why);

enum manage_verdict
manage_key_upkeep(struct tx *tx, struct buf *report, struct buf *why)
{
	static rule *const rules[] = {promote_due, rotate_due, retire_doubles, archive_due,
				      forget_oldest};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct key_list list;
		enum manage_verdict verdict;

		if (key_read(tx, &list) != STORE_OK)
			return manage_down(why);
		verdict = rules[i](tx, &list, report, why);
		if (verdict != MANAGE_OK)
			return verdict;
	}
	return MANAGE_OK;
}
