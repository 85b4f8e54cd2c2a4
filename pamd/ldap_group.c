/* SPDX-License-Identifier: ISC */
/*
 * Groups by a search below group_base (the person's DN or name in a filter), or, where the filter
 * is empty, by the entry's memberOf, of which only groups below group_base count.
 */
#include "pamd/ldap_group.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/clean.h"
#include "pamd/ldap_filter.h"
#include "pamd/settings.h"

struct groups {
	struct directory *directory;
	const char **name;
	size_t count;
	bool refused;
};

bool
group_by_entry(const struct service *service)
{
	return *service->group_base && !*service->group_filter;
}

static void
add_group(struct groups *groups, const char *name, size_t size)
{
	struct arena *arena = groups->directory->arena;
	const char *text = size <= BROKER_GROUP_MAX ? arena_copy(arena, name, size) : "";

	if (groups->refused)
		return;
	if (strlen(text) != size || !clean_is_plain(text, BROKER_GROUP_MAX) ||
	    groups->count == BROKER_GROUPS_MAX) {
		groups->refused = true;
		groups->directory->why = "ldap: too many groups, or one whose name cannot be told";
		return;
	}
	groups->name[groups->count++] = text;
}

static bool
same_value(const struct berval *a, const struct berval *b)
{
	return a->bv_len == b->bv_len && strncasecmp(a->bv_val, b->bv_val, a->bv_len) == 0;
}

static bool
same_parts(LDAPRDN a, LDAPRDN b)
{
	size_t i = 0;

	for (; a[i] && b[i]; i++) {
		if (!same_value(&a[i]->la_attr, &b[i]->la_attr) ||
		    !same_value(&a[i]->la_value, &b[i]->la_value))
			return false;
	}
	return !a[i] && !b[i];
}

static size_t
count_parts(LDAPDN dn)
{
	size_t count = 0;

	while (dn && dn[count])
		count++;
	return count;
}

/* Whether the last parts of dn are those of base, and there are more. */
static bool
lies_below(LDAPDN dn, LDAPDN base)
{
	size_t more = count_parts(dn), size = count_parts(base);

	if (size == 0 || more <= size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!same_parts(dn[more - size + i], base[i]))
			return false;
	}
	return true;
}

const char *
person_group_of(struct arena *arena, const char *dn, const char *base, const char *attribute)
{
	LDAPDN parts = NULL, above = NULL;
	const char *name = NULL;

	if (ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
	    ldap_str2dn(base, &above, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
	    lies_below(parts, above)) {
		const LDAPAVA *first = parts[0][0];
		const char *type = arena_copy(arena, first->la_attr.bv_val, first->la_attr.bv_len);

		if (str_equal_nocase(type, attribute) && !parts[0][1] &&
		    !memchr(first->la_value.bv_val, '\0', first->la_value.bv_len))
			name = arena_copy(arena, first->la_value.bv_val, first->la_value.bv_len);
	}
	ldap_dnfree(parts);
	ldap_dnfree(above);
	return name;
}

static void
read_member_of(struct groups *groups, LDAPMessage *found)
{
	struct directory *directory = groups->directory;
	const struct service *service = directory->service;
	struct berval **values = ldap_get_values_len(directory->ld, found, GROUP_ATTRIBUTE);

	for (int i = 0; i < ldap_count_values_len(values); i++) {
		const char *dn = arena_copy(directory->arena, values[i]->bv_val, values[i]->bv_len);
		const char *name = person_group_of(directory->arena, dn, service->group_base,
						   service->group_name);

		if (name)
			add_group(groups, name, strlen(name));
	}
	ldap_value_free_len(values);
}

static int
search_groups(struct groups *groups, const struct person_entry *entry)
{
	struct directory *directory = groups->directory;
	const struct service *service = directory->service;
	const char *const attributes[] = {service->group_name, NULL};
	const struct directory_query query = {
		.base = service->group_base,
		.filter = filter_expand(directory->arena, service->group_filter,
					entry->person.username, entry->dn),
		.scope = LDAP_SCOPE_SUBTREE,
		.attributes = attributes,
		.limit = BROKER_GROUPS_MAX + 1,
	};
	LDAPMessage *result;

	directory->why = "ldap: group_filter cannot be used";
	if (!query.filter || directory_search(directory, &query, &result) < 0)
		return -1;
	for (LDAPMessage *group = ldap_first_entry(directory->ld, result); group;
	     group = ldap_next_entry(directory->ld, group)) {
		struct berval **values =
			ldap_get_values_len(directory->ld, group, service->group_name);

		if (values && values[0])
			add_group(groups, values[0]->bv_val, values[0]->bv_len);
		ldap_value_free_len(values);
	}
	ldap_msgfree(result);
	return 0;
}

enum person_found
group_read(struct directory *directory, LDAPMessage *found, struct person_entry *entry)
{
	struct groups groups = {
		.directory = directory,
		.name = arena_array(directory->arena, BROKER_GROUPS_MAX, sizeof(*groups.name)),
	};

	if (group_by_entry(directory->service))
		read_member_of(&groups, found);
	else if (*directory->service->group_base && search_groups(&groups, entry) != 0)
		return PERSON_DOWN;
	if (groups.refused)
		return PERSON_UNUSABLE;
	entry->person.groups = (struct broker_texts){groups.name, groups.count};
	return PERSON_FOUND;
}
