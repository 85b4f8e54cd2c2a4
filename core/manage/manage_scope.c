/* SPDX-License-Identifier: ISC */
/*
 * The verbs for scopes.
 */
#include "core/manage/manage_scope.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"

struct scope_change {
	const char *name;
	const char *description; /* JSON text */
	const char *claims;      /* names with blanks between */
	const char *groups;      /* names with newlines between; NULL */
};

static const char *
description_of(struct tx *tx, const struct manage_scope *scope, struct buf *why)
{
	struct json_object *object = json_new_object(tx->arena);
	size_t before = why->size;

	for (size_t i = 0; i < scope->texts_count; i++) {
		const struct manage_scope_text *text = &scope->texts[i];

		if (!manage_language_fits(text->language))
			(void)manage_say(why, MANAGE_REFUSED,
					 "%s: no language tag; de, pt-br and the like",
					 text->language);
		if (!*text->text || !manage_text_fits(text->text, SCOPE_DESCRIPTION_MAX))
			(void)manage_say(why, MANAGE_REFUSED,
					 "a description is 1 to %d bytes of text without control "
					 "characters",
					 SCOPE_DESCRIPTION_MAX);
		if (why->size == before)
			json_add_text(object, text->language, text->text);
	}
	if (!json_text_or_null(object, "") && why->size == before)
		(void)manage_say(why, MANAGE_REFUSED,
				 "--description is needed: people read it when they are asked");
	return why->size == before ? json_write(tx->arena, object, NULL) : NULL;
}

static const char *
claims_of(struct tx *tx, const struct manage_scope *scope, struct buf *why)
{
	struct json_object *probe = json_new_object(tx->arena);
	const char *mistake;

	if (scope->claims.count > SCOPE_CLAIMS_MAX) {
		(void)manage_say(why, MANAGE_REFUSED, "more than %d claims", SCOPE_CLAIMS_MAX);
		return NULL;
	}
	for (size_t i = 0; i < scope->claims.count; i++) {
		const char *name = scope->claims.item[i];

		/* the names of known claims are right; others are judged as an account's would be
		 */
		if (!claim_find(name))
			json_add_text(probe, name, "");
		if (str_empty(name) || strchr(name, ' ')) {
			(void)manage_say(why, MANAGE_REFUSED, "a claim's name has no blanks");
			return NULL;
		}
	}
	if (account_claims_check(tx->arena, probe, &mistake) != 0) {
		(void)manage_say(why, MANAGE_REFUSED, "%s", mistake);
		return NULL;
	}
	return strlist_join(tx->arena, &scope->claims, ' ');
}

static int
groups_of(struct tx *tx, const struct manage_scope *scope, const char **groups, struct buf *why)
{
	for (size_t i = 0; i < scope->groups.count; i++) {
		const char *name = scope->groups.item[i];

		if (*name && manage_text_fits(name, GROUP_NAME_MAX))
			continue;
		(void)manage_say(why, MANAGE_REFUSED,
				 "a group's name is 1 to %d bytes without control characters",
				 GROUP_NAME_MAX);
		return -1;
	}
	if (scope->groups.count > GROUPS_MAX) {
		(void)manage_say(why, MANAGE_REFUSED, "at most %d groups", GROUPS_MAX);
		return -1;
	}
	if (scope->groups.count)
		*groups = strlist_join(tx->arena, &scope->groups, '\n');
	return 0;
}

static enum store_verdict
apply_put(struct tx *tx, void *context)
{
	const struct scope_change *change = context;

	return scope_put(tx->store, &(struct scope_row){
					    .realm_id = tx->realm->id,
					    .name = change->name,
					    .description = change->description,
					    .claims = change->claims,
					    .required_groups = change->groups,
				    });
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	const struct scope_change *change = context;

	return scope_remove(tx->store, tx->realm->id, change->name);
}

static enum manage_verdict
check_name(struct tx *tx, const char *name, struct buf *why)
{
	if (scope_name_check(name) != 0)
		return manage_say(why, MANAGE_REFUSED,
				  "scope %s: 1 to %d printable characters without blanks, quotes "
				  "and backslash (RFC 6749 3.3)",
				  name, SCOPE_NAME_MAX);
	if (realm_scope(tx->realm, name))
		return manage_say(why, MANAGE_EXISTS, "scope %s exists already", name);
	if (tx->realm->scopes_count >= SCOPES_MAX)
		return manage_say(why, MANAGE_REFUSED,
				  "realm %s has %d scopes, no more are possible", tx->realm->name,
				  SCOPES_MAX);
	return MANAGE_OK;
}

enum manage_verdict
manage_scope_add(struct tx *tx, const struct manage_scope *scope, struct buf *why)
{
	struct scope_change change = {.name = scope->name};
	enum store_verdict stored;
	enum manage_verdict verdict = check_name(tx, scope->name, why);

	if (verdict != MANAGE_OK)
		return verdict;
	change.description = description_of(tx, scope, why);
	change.claims = claims_of(tx, scope, why);
	if (!change.description || !change.claims || groups_of(tx, scope, &change.groups, why) != 0)
		return MANAGE_REFUSED;
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_put,
		.context = &change,
		.event = "scope_added",
		.about = {.detail = scope->name},
	});
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}

static bool
is_standard(const char *name)
{
	size_t count;
	const struct scope *standard = scopes_standard(&count);

	for (size_t i = 0; i < count; i++)
		if (str_equal(standard[i].name, name))
			return true;
	return false;
}

enum manage_verdict
manage_scope_remove(struct tx *tx, const char *name, struct buf *why)
{
	struct scope_change change = {.name = name};
	enum store_verdict stored;

	if (is_standard(name))
		return manage_say(why, MANAGE_REFUSED,
				  "%s is a scope of OpenID Connect: every realm has it", name);
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_remove,
		.context = &change,
		.event = "scope_removed",
		.about = {.detail = name},
	});
	if (stored == STORE_NONE)
		return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no scope %s",
				  tx->realm->name, name);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}
