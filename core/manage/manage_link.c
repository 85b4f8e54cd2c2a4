/* SPDX-License-Identifier: ISC */
/*
 * The verbs for links: which person a subject of a trusted issuer is.
 */
#include <string.h>

#include "core/manage/manage_issuer.h"
#include "core/manage/manage_user.h"

struct link_change {
	struct account_link row;
	const char *username;
};

/* The issuer must be trusted at the moment of the link: one that is removed takes its links along,
 * and they must not come back with a later one of the same name. */
static enum store_verdict
apply_link(struct tx *tx, void *context)
{
	const struct link_change *change = context;
	struct issuer issuer;
	enum store_verdict verdict = issuer_find(tx->store, tx->arena, change->row.realm_id,
						 change->row.issuer, &issuer);

	return verdict == STORE_OK ? account_link_insert(tx->store, &change->row) : verdict;
}

static enum store_verdict
apply_unlink(struct tx *tx, void *context)
{
	const struct link_change *change = context;

	return account_link_remove(tx->store, &change->row);
}

static enum store_verdict
commit(struct tx *tx, const char *event, enum store_verdict (*apply)(struct tx *tx, void *context),
       struct link_change *change)
{
	return manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply,
		.context = change,
		.event = event,
		.about = {.account_id = change->row.account_id, .detail = change->row.issuer},
	});
}

static enum manage_verdict
prepare(struct tx *tx, const struct manage_link *link, struct link_change *change, struct buf *why)
{
	const char *mistake = link_sub_mistake(link->sub);
	struct account account;
	enum manage_verdict verdict;

	if (mistake)
		return manage_say(why, MANAGE_REFUSED, "sub: %s", mistake);
	mistake = issuer_name_mistake(tx->arena, link->issuer);
	if (mistake)
		return manage_say(why, MANAGE_REFUSED, "issuer: %s", mistake);
	verdict = manage_user_find(tx, link->username, &account, why);
	if (verdict != MANAGE_OK)
		return verdict;
	*change = (struct link_change){
		.row = {.realm_id = tx->realm->id,
			.issuer = link->issuer,
			.sub = link->sub,
			.created_at = tx->now},
		.username = account.username,
	};
	memcpy(change->row.account_id, account.id, ID_SIZE);
	return MANAGE_OK;
}

static enum manage_verdict
check_count(struct tx *tx, const struct link_change *change, struct buf *why)
{
	struct account_link_list list = {0};

	if (account_link_list(tx->store, tx->arena, tx->realm->id, change->row.account_id, &list) !=
	    STORE_OK)
		return manage_down(why);
	if (list.count >= ACCOUNT_LINKS_MAX)
		return manage_say(why, MANAGE_REFUSED, "user %s has %d links, no more are possible",
				  change->username, ACCOUNT_LINKS_MAX);
	return MANAGE_OK;
}

enum manage_verdict
manage_user_link(struct tx *tx, const struct manage_link *link, struct buf *why)
{
	struct link_change change;
	enum manage_verdict verdict = prepare(tx, link, &change, why);

	if (verdict == MANAGE_OK)
		verdict = check_count(tx, &change, why);
	if (verdict != MANAGE_OK)
		return verdict;
	switch (commit(tx, "user_linked", apply_link, &change)) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no trusted issuer %s",
				  tx->realm->name, link->issuer);
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_EXISTS, "%s of %s is linked already", link->sub,
				  link->issuer);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

enum manage_verdict
manage_user_unlink(struct tx *tx, const struct manage_link *link, struct buf *why)
{
	struct link_change change;
	enum store_verdict stored;
	enum manage_verdict verdict = prepare(tx, link, &change, why);

	if (verdict != MANAGE_OK)
		return verdict;
	stored = commit(tx, "user_unlinked", apply_unlink, &change);
	if (stored == STORE_NONE)
		return manage_say(why, MANAGE_NOT_FOUND, "user %s is not linked to %s of %s",
				  change.username, link->sub, link->issuer);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}

enum manage_verdict
manage_user_links(struct tx *tx, const char *username, struct account_link_list *list,
		  struct buf *why)
{
	struct account account;
	enum manage_verdict verdict = manage_user_find(tx, username, &account, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return account_link_list(tx->store, tx->arena, tx->realm->id, account.id, list) == STORE_OK
		       ? MANAGE_OK
		       : manage_down(why);
}
