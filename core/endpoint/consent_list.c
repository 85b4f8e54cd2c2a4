/* SPDX-License-Identifier: ISC */
/*
 * Items of consent as values of a page.
 */
#include "core/endpoint/consent_list.h"

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/model/resource.h"
#include "core/oauth/consent.h"

struct listing {
	struct call *call;
	const struct strlist *items, *remembered;
};

/* The catalogue's text for standard scopes, the administrator's in the reader's language for
 * others. */
static const char *
scope_text(struct call *call, const struct scope *scope, const char *name)
{
	const char *text;

	if (!scope || !scope->description)
		return locale_find(call->locale, arena_printf(call->tx.arena, "scope_%s", name));
	text = json_text_or_null(scope->description, call->locale->tag);
	return text ? text : json_text_or_null(scope->description, "");
}

static bool
is_new(const struct listing *listing, const char *item)
{
	return listing->remembered->count && !strlist_has(listing->remembered, item);
}

/* The scopes of a resource server, or with NULL the realm's. */
static struct json_object *
scopes_of(const struct listing *listing, const struct resource *resource)
{
	struct call *call = listing->call;
	struct json_object *list = json_new_array(call->tx.arena);

	for (size_t i = 0; i < listing->items->count; i++) {
		const char *text = listing->items->item[i];
		struct consent_item item = consent_item_read(call->tx.arena, text);
		const struct scope *scope;
		struct json_object *entry;

		if (!item.scope ||
		    !str_equal(item.resource, resource ? resource->identifier : NULL))
			continue;
		scope = resource ? resource_scope(resource, item.scope)
				 : realm_scope(call->tx.realm, item.scope);
		entry = json_new_object(call->tx.arena);
		json_add_text(entry, "name", item.scope);
		json_add_text(entry, "description", scope_text(call, scope, item.scope));
		json_add_bool(entry, "new", is_new(listing, text));
		json_push(list, entry);
	}
	return list;
}

static void
push_resource(const struct listing *listing, const char *text, struct json_object *list)
{
	struct call *call = listing->call;
	struct consent_item item = consent_item_read(call->tx.arena, text);
	const struct resource *resource =
		item.resource && !item.scope ? realm_resource(call->tx.realm, item.resource) : NULL;
	struct json_object *entry, *scopes;

	if (!resource)
		return;
	entry = json_new_object(call->tx.arena);
	scopes = scopes_of(listing, resource);
	json_add_text(entry, "name",
		      resource->display_name ? resource->display_name : resource->identifier);
	json_add_text(entry, "identifier", resource->display_name ? resource->identifier : NULL);
	json_add(entry, "scopes", scopes);
	json_add_bool(entry, "bare", json_object_array_length(scopes) == 0);
	json_add_bool(entry, "new", is_new(listing, text));
	json_push(list, entry);
}

void
consent_list_add(struct call *call, struct json_object *values, const struct strlist *items,
		 const struct strlist *remembered)
{
	const struct listing listing = {call, items, remembered};
	struct json_object *resources = json_new_array(call->tx.arena);
	struct json_object *scopes = scopes_of(&listing, NULL);

	for (size_t i = 0; i < items->count; i++)
		push_resource(&listing, items->item[i], resources);
	json_add(values, "scopes", scopes);
	json_add_bool(values, "has_scopes", json_object_array_length(scopes) > 0);
	json_add(values, "resources", resources);
}
