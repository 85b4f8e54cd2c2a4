/* SPDX-License-Identifier: ISC */
/*
 * Making and reading items of consent.
 */
#include "core/oauth/consent.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/model/resource.h"

static void
append(struct strlist *items, const char *item)
{
	if (!strlist_has(items, item))
		items->item[items->count++] = item;
}

static void
append_resource(struct arena *arena, struct strlist *items, const struct resource *resource,
		const struct strlist *scopes)
{
	append(items, arena_printf(arena, "%s\"", resource->identifier));
	for (size_t i = 0; i < scopes->count; i++)
		if (resource_scope(resource, scopes->item[i]))
			append(items, arena_printf(arena, "%s\"%s", resource->identifier,
						   scopes->item[i]));
}

struct strlist
consent_items(struct arena *arena, const struct realm *realm, const struct strlist *resources,
	      const struct strlist *scopes)
{
	size_t most = (resources->count + 1) * (scopes->count + 1);
	struct strlist items = {.item = arena_array(arena, most, sizeof(char *))};

	for (size_t i = 0; i < scopes->count; i++)
		if (realm_scope(realm, scopes->item[i]))
			append(&items, scopes->item[i]);
	for (size_t i = 0; i < resources->count; i++) {
		const struct resource *resource = realm_resource(realm, resources->item[i]);

		if (resource)
			append_resource(arena, &items, resource, scopes);
	}
	return items;
}

struct consent_item
consent_item_read(struct arena *arena, const char *item)
{
	const char *quote = strchr(item, '"');

	if (!quote)
		return (struct consent_item){.scope = item};
	return (struct consent_item){
		.resource = arena_copy(arena, item, (size_t)(quote - item)),
		.scope = quote[1] ? quote + 1 : NULL,
	};
}
