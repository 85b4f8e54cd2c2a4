/* SPDX-License-Identifier: ISC */
/*
 * The verbs for resource servers. The row's documents are edited, judged as a whole by
 * resource_read(), and written only where the row is still the one that was read.
 */
#include "core/manage/manage_resource.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_client.h"
#include "core/manage/manage_key.h"
#include "core/manage/manage_realm.h"
#include "core/manage/manage_scope.h"

/* A row taken apart while it is edited. */
struct draft {
	struct tx *tx;
	struct resource_row row;
	struct json_object *scopes, *settings;
	struct strlist introspectors;
	struct buf *why;
	enum manage_verdict verdict; /* what is wrong with the edits */
};

struct resource_change {
	struct resource_row row;  /* as it shall be */
	struct resource_row seen; /* as it was read; no identifier: there was none */
	struct manage_keys keys;
};

static enum manage_verdict
not_found(struct tx *tx, const char *identifier, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no resource server %s",
			  tx->realm->name, identifier);
}

/* ---- edits: each 0, or -1 with a line in why ---- */

static int
refuse(struct draft *draft, const char *what, const char *text)
{
	draft->verdict = manage_say(draft->why, MANAGE_REFUSED, "%s: %s", what, text);
	return -1;
}

static int
edit_name(struct draft *draft, const struct manage_resource_edit *edit)
{
	if (!manage_text_fits(edit->value, RESOURCE_NAME_MAX))
		return refuse(draft, "name",
			      "at most 255 bytes of text without control characters");
	draft->row.display_name = *edit->value ? edit->value : NULL;
	return 0;
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

static int
edit_scope(struct draft *draft, const struct manage_resource_edit *edit)
{
	struct json_object *texts;

	if (scope_name_check(edit->name) != 0)
		return refuse(draft, edit->name,
			      "a scope is 1 to 64 printable characters without blanks, quotes and "
			      "backslash (RFC 6749 3.3)");
	if (is_standard(edit->name))
		return refuse(draft, edit->name, "it is a scope of OpenID Connect");
	if (!manage_language_fits(edit->language))
		return refuse(draft, edit->language, "no language tag; de, pt-br and the like");
	if (!*edit->value || !manage_text_fits(edit->value, SCOPE_DESCRIPTION_MAX))
		return refuse(draft, edit->name,
			      "a description is 1 to 500 bytes of text without control characters");
	if (json_get_object(draft->scopes, edit->name, &texts) != JSON_FOUND) {
		texts = json_new_object(draft->tx->arena);
		json_add(draft->scopes, edit->name, texts);
	}
	json_object_object_del(texts, edit->language);
	json_add_text(texts, edit->language, edit->value);
	return 0;
}

static int
edit_scope_drop(struct draft *draft, const struct manage_resource_edit *edit)
{
	if (!json_object_object_get_ex(draft->scopes, edit->name, NULL))
		return refuse(draft, edit->name, "it has no such scope");
	json_object_object_del(draft->scopes, edit->name);
	return 0;
}

static int
edit_setting(struct draft *draft, const struct manage_resource_edit *edit)
{
	struct settings settings;
	const char *why = NULL;
	const char *const *name = resource_settings;

	while (*name && !str_equal(*name, edit->name))
		name++;
	if (!*name)
		return refuse(draft, edit->name,
			      "settings of resource servers are access_token_lifetime, "
			      "access_token_format and access_token_alg");
	json_object_object_del(draft->settings, *name);
	if (!*edit->value)
		return 0;
	settings_default(&settings);
	if (setting_parse(draft->tx->arena, setting_find(*name), edit->value, &settings, &why) !=
	    0) {
		draft->verdict = manage_say(draft->why, MANAGE_REFUSED, "%s", why);
		return -1;
	}
	json_add_text(draft->settings, *name, edit->value);
	return 0;
}

static int
edit_introspector(struct draft *draft, const struct manage_resource_edit *edit)
{
	const struct client *client;
	enum manage_verdict found;

	if (str_empty(edit->name) || strchr(edit->name, ' '))
		return refuse(draft, "introspection client", "a client id has no blanks");
	found = manage_client_find(draft->tx, edit->name, &client, draft->why);
	if (found != MANAGE_OK) {
		/* a mistake in another edit counts more than what is not there */
		if (draft->verdict == MANAGE_OK)
			draft->verdict = found;
		return -1;
	}
	draft->introspectors = strlist_with(draft->tx->arena, &draft->introspectors, edit->name);
	return 0;
}

static int
edit_introspector_drop(struct draft *draft, const struct manage_resource_edit *edit)
{
	struct strlist rest = {0};

	if (!strlist_has(&draft->introspectors, edit->name))
		return refuse(draft, edit->name, "it is not among the introspection clients");
	for (size_t i = 0; i < draft->introspectors.count; i++)
		if (!str_equal(draft->introspectors.item[i], edit->name))
			rest = strlist_with(draft->tx->arena, &rest, draft->introspectors.item[i]);
	draft->introspectors = rest;
	return 0;
}

static int (*const edits_table[])(struct draft *draft, const struct manage_resource_edit *edit) = {
	[RESOURCE_NAME] = edit_name,
	[RESOURCE_SCOPE] = edit_scope,
	[RESOURCE_SCOPE_DROP] = edit_scope_drop,
	[RESOURCE_SETTING] = edit_setting,
	[RESOURCE_INTROSPECTOR] = edit_introspector,
	[RESOURCE_INTROSPECTOR_DROP] = edit_introspector_drop,
};

/* ---- the whole ---- */

static struct json_object *
document(struct draft *draft, const char *text)
{
	struct json_object *object = json_parse_object(draft->tx->arena, text, strlen(text), NULL);

	/* what cannot be read is said by resource_read() of what was stored, and can only be put
	 * right by saying all of it anew */
	return object ? object : json_new_object(draft->tx->arena);
}

/* Every scope has a text for readers of any other language. */
static void
check_scopes(struct draft *draft)
{
	json_object_object_foreach(draft->scopes, name, texts)
	{
		if (!json_text_or_null(texts, ""))
			(void)refuse(draft, name, "a description without language is needed too");
	}
}

static enum manage_verdict
apply_edits(struct tx *tx, const struct manage_resource_edit *edits, size_t count,
	    struct resource_change *change, struct buf *why)
{
	struct draft draft = {.tx = tx, .row = change->row, .why = why};
	struct resource resource;
	struct settings settings = tx->realm->settings;
	const char *mistake = NULL;

	draft.scopes = document(&draft, draft.row.scopes);
	draft.settings = document(&draft, draft.row.settings);
	if (strlist_split(tx->arena, draft.row.introspection_clients, ' ',
			  RESOURCE_INTROSPECTORS_MAX, &draft.introspectors) != 0)
		draft.introspectors = (struct strlist){0};
	for (size_t i = 0; i < count; i++)
		(void)edits_table[edits[i].part](&draft, &edits[i]);
	check_scopes(&draft);
	if (draft.verdict != MANAGE_OK)
		return draft.verdict;
	change->row = draft.row;
	change->row.scopes = json_write(tx->arena, draft.scopes, NULL);
	change->row.settings = json_write(tx->arena, draft.settings, NULL);
	change->row.introspection_clients =
		draft.introspectors.count ? strlist_join(tx->arena, &draft.introspectors, ' ')
					  : NULL;
	if (resource_read(tx->arena, &change->row, &resource, &mistake) != 0)
		return manage_say(why, MANAGE_REFUSED, "%s", mistake);
	if (!resource.access_token_alg)
		return MANAGE_OK;
	settings.access_token_alg = resource.access_token_alg;
	return manage_key_prepare_missing(tx, &settings, &change->keys, why);
}

static bool
same_row(const struct resource_row *a, const struct resource_row *b)
{
	return str_equal(a->identifier, b->identifier) &&
	       str_equal(a->display_name, b->display_name) && str_equal(a->scopes, b->scopes) &&
	       str_equal(a->settings, b->settings) &&
	       str_equal(a->introspection_clients, b->introspection_clients);
}

/* Nobody else changes a realm meanwhile, and the row is still the one that was edited. */
static enum store_verdict
apply_put(struct tx *tx, void *context)
{
	const struct resource_change *change = context;
	struct realm_row realm;
	struct resource_row now = {0};
	enum store_verdict verdict = manage_realm_lock(tx, tx->realm->name, &realm);

	if (verdict != STORE_OK)
		return verdict;
	verdict = resource_row_find(tx->store, tx->arena, tx->realm->id, change->row.identifier,
				    &now);
	if (verdict == STORE_DOWN)
		return verdict;
	if (!same_row(&now, &change->seen))
		return STORE_CONFLICT;
	verdict = resource_put(tx->store, &change->row);
	return verdict == STORE_OK ? manage_key_store(tx, &change->keys) : verdict;
}

static enum manage_verdict
commit(struct tx *tx, struct resource_change *change, const char *event, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_put,
		.context = change,
		.event = event,
		.about = {.detail = change->row.identifier},
	});

	if (stored == STORE_CONFLICT || stored == STORE_NONE)
		return manage_say(why, MANAGE_REFUSED,
				  "resource server %s was changed by somebody else meanwhile; look "
				  "again",
				  change->row.identifier);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}

static enum manage_verdict
check_new(struct tx *tx, const char *identifier, struct buf *why)
{
	const char *mistake = resource_identifier_mistake(tx->arena, identifier);

	if (mistake)
		return manage_say(why, MANAGE_REFUSED, "resource server %s: %s", identifier,
				  mistake);
	if (str_equal(identifier, tx->realm->issuer))
		return manage_say(why, MANAGE_REFUSED,
				  "%s is the issuer: its scopes are those of `ostiary scope`",
				  identifier);
	if (realm_resource(tx->realm, identifier))
		return manage_say(why, MANAGE_EXISTS, "resource server %s exists already",
				  identifier);
	if (tx->realm->resources_count >= RESOURCE_SERVERS_MAX)
		return manage_say(why, MANAGE_REFUSED,
				  "realm %s has %d resource servers, no more are possible",
				  tx->realm->name, RESOURCE_SERVERS_MAX);
	return MANAGE_OK;
}

enum manage_verdict
manage_resource_add(struct tx *tx, const char *identifier, const struct manage_resource_edit *edits,
		    size_t count, struct buf *why)
{
	struct resource_change change = {
		.row = {.realm_id = tx->realm->id,
			.identifier = identifier,
			.scopes = "{}",
			.settings = "{}"},
	};
	enum manage_verdict verdict = check_new(tx, identifier, why);

	if (verdict == MANAGE_OK)
		verdict = apply_edits(tx, edits, count, &change, why);
	return verdict == MANAGE_OK ? commit(tx, &change, "resource_added", why) : verdict;
}

enum manage_verdict
manage_resource_set(struct tx *tx, const char *identifier, const struct manage_resource_edit *edits,
		    size_t count, struct buf *why)
{
	struct resource_change change = {0};
	enum manage_verdict verdict;
	enum store_verdict stored =
		resource_row_find(tx->store, tx->arena, tx->realm->id, identifier, &change.seen);

	if (stored == STORE_NONE)
		return not_found(tx, identifier, why);
	if (stored != STORE_OK)
		return manage_down(why);
	change.row = change.seen;
	verdict = apply_edits(tx, edits, count, &change, why);
	return verdict == MANAGE_OK ? commit(tx, &change, "resource_changed", why) : verdict;
}

enum manage_verdict
manage_resource_find(struct tx *tx, const char *identifier, const struct resource **resource,
		     struct buf *why)
{
	*resource = realm_resource(tx->realm, identifier);
	if (!*resource)
		return not_found(tx, identifier, why);
	return MANAGE_OK;
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	return resource_remove(tx->store, tx->realm->id, context);
}

enum manage_verdict
manage_resource_remove(struct tx *tx, const char *identifier, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_remove,
		.context = arena_strdup(tx->arena, identifier),
		.event = "resource_removed",
		.about = {.detail = identifier},
	});

	if (stored == STORE_NONE)
		return not_found(tx, identifier, why);
	return stored == STORE_OK ? MANAGE_OK : manage_down(why);
}
