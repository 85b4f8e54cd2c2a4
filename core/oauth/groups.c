/* SPDX-License-Identifier: ISC */
/*
 * Comparing groups: exactly, one is enough.
 */
#include "core/oauth/groups.h"

#include "core/base/json.h"

static bool
is_in_one(const struct strlist *required, struct json_object *claims)
{
	struct json_object *groups;

	if (required->count == 0)
		return true;
	if (!claims || json_get_array(claims, "groups", &groups) != JSON_FOUND)
		return false;
	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);

		if (json_object_is_type(group, json_type_string) &&
		    strlist_has(required, json_object_get_string(group)))
			return true;
	}
	return false;
}

struct strlist
groups_keep(struct arena *arena, const struct realm *realm, const struct strlist *scopes,
	    struct json_object *claims)
{
	struct strlist kept = {0};

	for (size_t i = 0; i < scopes->count; i++) {
		const struct scope *scope = realm_scope(realm, scopes->item[i]);

		if (!scope || is_in_one(&scope->required_groups, claims))
			kept = strlist_with(arena, &kept, scopes->item[i]);
	}
	return kept;
}

bool
groups_matter(const struct realm *realm, const struct strlist *scopes)
{
	for (size_t i = 0; i < scopes->count; i++) {
		const struct scope *scope = realm_scope(realm, scopes->item[i]);

		if (scope && scope->required_groups.count)
			return true;
	}
	return false;
}

bool
groups_admit(const struct client *client, struct json_object *claims)
{
	return is_in_one(&client->required_groups, claims);
}
