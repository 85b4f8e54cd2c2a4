/* SPDX-License-Identifier: ISC */
/*
 * The verbs for sessions. Ending one by its id looks for it among the realm's live ones first: the
 * storage verb takes any id, and another realm's session is not this administrator's.
 */
#include "core/manage/manage_session.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/manage/manage_user.h"

struct session_change {
	const uint8_t *account_id, *id;
	int64_t ended;
};

enum manage_verdict
manage_session_list(struct tx *tx, const char *username, struct session_list *list, struct buf *why)
{
	struct account account;
	struct session_query query = {
		.realm_id = tx->realm->id,
		.epoch = tx->realm->epoch,
		.idle = tx->realm->settings.session_idle,
		.max = MANAGE_SESSIONS_MAX,
	};

	*list = (struct session_list){0};
	if (username) {
		enum manage_verdict verdict = manage_user_find(tx, username, &account, why);

		if (verdict != MANAGE_OK)
			return verdict;
		query.account_id = account.id;
	}
	return session_list(tx->store, tx->arena, &query, tx->now, list) == STORE_DOWN
		       ? manage_down(why)
		       : MANAGE_OK;
}

static enum store_verdict
apply_end(struct tx *tx, void *context)
{
	const struct session_change *change = context;

	return session_end(tx->store, change->id, tx->now);
}

enum manage_verdict
manage_session_end(struct tx *tx, const char *text, struct buf *why)
{
	uint8_t id[ID_SIZE];
	struct session_list list;
	const struct session *session = NULL;
	enum store_verdict stored;
	enum manage_verdict verdict;

	if (strlen(text) != 2 * ID_SIZE || hex_decode_exact(text, id, ID_SIZE) != 0)
		return manage_say(why, MANAGE_REFUSED, "session id: %d hexadecimal digits",
				  2 * ID_SIZE);
	verdict = manage_session_list(tx, NULL, &list, why);
	if (verdict != MANAGE_OK)
		return verdict;
	for (size_t i = 0; i < list.count; i++)
		if (memcmp(list.session[i].id, id, ID_SIZE) == 0)
			session = &list.session[i];
	if (!session)
		return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no live session %s",
				  tx->realm->name, text);
	struct session_change change = {.id = session->id};

	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_end,
		.context = &change,
		.event = "session_ended",
		.about = {.account_id = session->account_id, .session_id = session->id},
	});
	if (stored == STORE_NONE)
		return manage_say(why, MANAGE_NOT_FOUND, "session %s has ended already", text);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}

static enum store_verdict
apply_end_all(struct tx *tx, void *context)
{
	struct session_change *change = context;
	enum store_verdict verdict = session_end_all(tx->store, tx->realm->id, change->account_id,
						     tx->now, &change->ended);

	/* that there was none is an answer, not a failure */
	return verdict == STORE_NONE ? STORE_OK : verdict;
}

enum manage_verdict
manage_session_end_all(struct tx *tx, const char *username, int64_t *ended, struct buf *why)
{
	struct session_change change = {0};
	struct account account;

	if (username) {
		enum manage_verdict verdict = manage_user_find(tx, username, &account, why);

		if (verdict != MANAGE_OK)
			return verdict;
		change.account_id = account.id;
	}
	if (manage_commit(&(struct manage_change){
		    .tx = tx,
		    .apply = apply_end_all,
		    .context = &change,
		    .event = "sessions_ended",
		    .about = {.account_id = change.account_id,
			      .detail = username ? NULL : "all of the realm"},
	    }) != STORE_OK)
		return manage_down(why);
	*ended = change.ended;
	return MANAGE_OK;
}
