/* SPDX-License-Identifier: ISC */
/*
 * People out of entries: one entry for one name, its immutable id, the claims of the
 * configuration from the first value of each attribute, and whether it is disabled. What is too
 * long or no text for a claim is left out; for an id or a name it is a refusal.
 */
#include "pamd/ldap_person.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/clean.h"
#include "pamd/ldap_filter.h"
#include "pamd/ldap_group.h"
#include "pamd/settings.h"

static const char *const binary_attributes[] = {"objectGUID", "objectSid", "GUID"};
#define NAME_ATTRIBUTES_MAX 8

static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};

bool
person_is_binary(const char *attribute)
{
	for (size_t i = 0; i < sizeof(binary_attributes) / sizeof(*binary_attributes); i++) {
		if (str_equal_nocase(attribute, binary_attributes[i]))
			return true;
	}
	return str_ends(attribute, ";binary");
}

static int
scope_of(const struct service *service)
{
	return str_equal(service->scope, "one") ? LDAP_SCOPE_ONELEVEL : LDAP_SCOPE_SUBTREE;
}

/* ---- names ---- */

/* Directories compare more than bytes: wide letters, marks of their own, blanks. */
static bool
is_ambiguous(const char *username)
{
	for (const char *p = username; *p; p++) {
		if ((unsigned char)*p >= 0x80 || (p[0] == ' ' && (p == username || p[1] == ' ')))
			return true;
	}
	return false;
}

/* The name attribute, and those that the filter compares with the name. */
static const char *const *
name_attributes(struct directory *directory)
{
	static const char compared[] = "=%u)";
	const struct service *service = directory->service;
	const char **list = arena_array(directory->arena, NAME_ATTRIBUTES_MAX + 1, sizeof(*list));
	const char *p = service->filter;
	size_t count = 0;

	list[count++] = service->name_attribute;
	while ((p = strstr(p, compared)) && count < NAME_ATTRIBUTES_MAX) {
		const char *name = p;

		while (name > service->filter && !strchr("(:~<>", name[-1]))
			name--;
		if (name < p)
			list[count++] = arena_copy(directory->arena, name, (size_t)(p - name));
		p += sizeof(compared) - 1;
	}
	return list;
}

static bool
has_value(struct directory *directory, LDAPMessage *entry, const char *attribute, const char *text)
{
	struct berval **values = ldap_get_values_len(directory->ld, entry, attribute);
	size_t size = strlen(text);
	bool found = false;

	for (int i = 0; i < ldap_count_values_len(values) && !found; i++)
		found = values[i]->bv_len == size &&
			strncasecmp(values[i]->bv_val, text, size) == 0;
	ldap_value_free_len(values);
	return found;
}

/* Failures are counted by name: one person must not have any number of them. */
static bool
is_written_so(struct directory *directory, LDAPMessage *entry, const char *const *attributes,
	      const char *username)
{
	if (!is_ambiguous(username))
		return true;
	for (size_t i = 0; attributes[i]; i++) {
		if (has_value(directory, entry, attributes[i], username))
			return true;
	}
	return false;
}

/* ---- finding ---- */

enum person_found
person_find(struct directory *directory, const char *username, struct person_entry *entry)
{
	const struct service *service = directory->service;
	const struct directory_query query = {
		.base = service->base,
		.filter = filter_expand(directory->arena, service->filter, username, NULL),
		.scope = scope_of(service),
		.attributes = name_attributes(directory),
		.limit = 2,
	};
	LDAPMessage *result, *first;
	char *dn;
	int count;

	*entry = (struct person_entry){0};
	if (!query.filter) {
		directory->why = "ldap: filter cannot be used";
		return PERSON_DOWN;
	}
	count = directory_search(directory, &query, &result);
	if (count < 0)
		return PERSON_DOWN;
	first = ldap_first_entry(directory->ld, result);
	if (count == 1 && !is_written_so(directory, first, query.attributes, username)) {
		ldap_msgfree(result);
		directory->why = "ldap: the entry's name is written otherwise";
		return PERSON_NONE;
	}
	if (count == 1) {
		dn = ldap_get_dn(directory->ld, first);
		entry->dn = arena_strdup(directory->arena, dn);
		ldap_memfree(dn);
	}
	ldap_msgfree(result);
	if (count == 0) {
		directory->why = "ldap: no entry has this name";
		return PERSON_NONE;
	}
	directory->why = "ldap: more than one entry has this name";
	return entry->dn ? PERSON_FOUND : PERSON_MANY;
}

/* ---- values ---- */

/* The first value of an attribute as text of 1 to max bytes, or NULL. */
static const char *
first_text(struct directory *directory, LDAPMessage *entry, const char *attribute, size_t max)
{
	struct berval **values = ldap_get_values_len(directory->ld, entry, attribute);
	const char *text = NULL;

	if (values && values[0] && values[0]->bv_len <= max) {
		text = arena_copy(directory->arena, values[0]->bv_val, values[0]->bv_len);
		if (strlen(text) != values[0]->bv_len || !clean_is_plain(text, max))
			text = NULL;
	}
	ldap_value_free_len(values);
	return text;
}

static const char *
hexadecimal(struct arena *arena, const struct berval *value)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_alloc(arena, 2 * value->bv_len + 1);

	for (size_t i = 0; i < value->bv_len; i++) {
		unsigned char byte = (unsigned char)value->bv_val[i];

		text[2 * i] = digits[byte >> 4];
		text[2 * i + 1] = digits[byte & 15];
	}
	return text;
}

/* The immutable id: the one value of its attribute. */
static const char *
read_key(struct directory *directory, LDAPMessage *entry)
{
	const char *attribute = directory->service->id_attribute;
	struct berval **values = ldap_get_values_len(directory->ld, entry, attribute);
	const char *key = NULL;

	if (values && ldap_count_values_len(values) == 1 && values[0]->bv_len > 0) {
		if (!person_is_binary(attribute))
			key = first_text(directory, entry, attribute, BROKER_KEY_MAX);
		else if (2 * values[0]->bv_len <= BROKER_KEY_MAX)
			key = hexadecimal(directory->arena, values[0]);
	}
	ldap_value_free_len(values);
	return key;
}

/* ---- claims ---- */

static void
add_claim(struct directory *directory, const char **list, size_t *count, const char *name,
	  const char *value)
{
	const char *claim = arena_printf(directory->arena, "%s=%s", name, value);

	if (*count < BROKER_CLAIMS_MAX && strlen(claim) <= BROKER_CLAIM_MAX)
		list[(*count)++] = claim;
}

static struct broker_texts
read_claims(struct directory *directory, LDAPMessage *entry, const struct strlist *words,
	    const char *username)
{
	const struct service *service = directory->service;
	const char **list = arena_array(directory->arena, BROKER_CLAIMS_MAX, sizeof(*list));
	size_t count = 0;

	if (!strstr(service->claims, "preferred_username="))
		add_claim(directory, list, &count, "preferred_username", username);
	for (size_t i = 0; i < words->count; i++) {
		const char *equals = strchr(words->item[i], '=');
		const char *name, *value;

		if (!equals)
			continue;
		name = arena_copy(directory->arena, words->item[i],
				  (size_t)(equals - words->item[i]));
		value = first_text(directory, entry, equals + 1, BROKER_CLAIM_MAX);
		if (!value)
			continue;
		add_claim(directory, list, &count, name, value);
		if (str_equal(name, "email"))
			add_claim(directory, list, &count, "email_verified",
				  service->email_verified ? "true" : "false");
	}
	return (struct broker_texts){list, count};
}

/* ---- the entry ---- */

/* What is asked for: id, name, claims, and groups where the entry names them. */
static const char *const *
wanted(struct directory *directory, const struct strlist *words)
{
	const struct service *service = directory->service;
	const char **list = arena_array(directory->arena, words->count + 4, sizeof(*list));
	size_t count = 0;

	list[count++] = service->id_attribute;
	list[count++] = service->name_attribute;
	if (group_by_entry(service))
		list[count++] = GROUP_ATTRIBUTE;
	for (size_t i = 0; i < words->count; i++) {
		const char *equals = strchr(words->item[i], '=');

		if (equals)
			list[count++] = equals + 1;
	}
	return list;
}

static enum person_found
take_entry(struct directory *directory, LDAPMessage *found, const struct strlist *words,
	   struct person_entry *entry)
{
	const struct service *service = directory->service;
	struct broker_person *person = &entry->person;

	person->key = read_key(directory, found);
	if (!person->key) {
		/* most often this is a right that bind_dn does not have */
		directory->why = arena_printf(directory->arena, "ldap: no single %s to be read",
					      service->id_attribute);
		return PERSON_DOWN;
	}
	person->username = first_text(directory, found, service->name_attribute, BROKER_NAME_MAX);
	if (!person->username) {
		directory->why = arena_printf(directory->arena, "ldap: no usable %s to be read",
					      service->name_attribute);
		return PERSON_UNUSABLE;
	}
	person->claims = read_claims(directory, found, words, person->username);
	return group_read(directory, found, entry);
}

/* Whether the entry matches the filter of those who may not sign in; -1: nobody can say. */
static int
is_disabled(struct directory *directory, const struct person_entry *entry)
{
	const struct directory_query query = {
		.base = entry->dn,
		.filter = filter_expand(directory->arena, directory->service->disabled_filter,
					entry->person.username, entry->dn),
		.scope = LDAP_SCOPE_BASE,
		.attributes = nothing,
		.limit = 1,
	};
	LDAPMessage *result;
	int count;

	if (!*directory->service->disabled_filter)
		return 0;
	if (!query.filter) {
		directory->why = "ldap: disabled_filter cannot be used";
		return -1;
	}
	count = directory_search(directory, &query, &result);
	ldap_msgfree(result);
	return count;
}

enum person_found
person_read(struct directory *directory, struct person_entry *entry)
{
	struct directory_query query = {
		.base = entry->dn,
		.filter = "(objectClass=*)",
		.scope = LDAP_SCOPE_BASE,
		.limit = 1,
	};
	struct strlist words;
	enum person_found found = PERSON_DOWN;
	LDAPMessage *result;
	int disabled;

	directory->why = "ldap: claims cannot be used";
	if (strlist_split(directory->arena, directory->service->claims, ' ', SETTINGS_WORDS_MAX,
			  &words) != 0)
		return PERSON_DOWN;
	query.attributes = wanted(directory, &words);
	if (directory_search(directory, &query, &result) == 1)
		found = take_entry(directory, ldap_first_entry(directory->ld, result), &words,
				   entry);
	ldap_msgfree(result);
	if (found != PERSON_FOUND)
		return found;
	disabled = is_disabled(directory, entry);
	entry->is_disabled = disabled > 0;
	return disabled < 0 ? PERSON_DOWN : PERSON_FOUND;
}
