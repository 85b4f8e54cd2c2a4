/* SPDX-License-Identifier: ISC */
/*
 * Choosing claims by scope and by the claims parameter.
 */
#include "core/oauth/claims.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"

static const char *const halves[] = {CLAIMS_USERINFO, CLAIMS_ID_TOKEN};

static struct json_object *
half_of(struct arena *arena, const char *claims, const char *half)
{
	struct json_object *document, *member;

	if (!claims)
		return NULL;
	document = json_parse_object(arena, claims, strlen(claims), NULL);
	if (!document || json_get_object(document, half, &member) != JSON_FOUND)
		return NULL;
	return member;
}

/* Each member is null or an object with essential, value, values. */
static int
check_half(struct arena *arena, struct json_object *half, const char **why)
{
	json_object_object_foreach(half, name, request)
	{
		bool essential;
		struct json_object *values;

		if (!request)
			continue;
		if (!json_object_is_type(request, json_type_object)) {
			*why = arena_printf(arena, "%.64s is neither null nor an object", name);
			return -1;
		}
		if (json_get_bool(request, "essential", &essential) == JSON_WRONG_TYPE ||
		    json_get_array(request, "values", &values) == JSON_WRONG_TYPE) {
			*why = arena_printf(arena, "%.64s: essential is a boolean, values an array",
					    name);
			return -1;
		}
	}
	return 0;
}

int
claims_parameter_check(struct arena *arena, const char *claims, const char **why)
{
	struct json_object *document = json_parse_object(arena, claims, strlen(claims), why);

	if (!document)
		return -1;
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct json_object *half;
		enum json_verdict verdict = json_get_object(document, halves[i], &half);

		if (verdict == JSON_WRONG_TYPE) {
			*why = arena_printf(arena, "%s is not an object", halves[i]);
			return -1;
		}
		if (verdict == JSON_FOUND && check_half(arena, half, why) != 0)
			return -1;
	}
	return 0;
}

static bool
scope_has_claim(const struct scope *scope, const char *claim)
{
	for (size_t i = 0; scope->claims && scope->claims[i]; i++)
		if (strcmp(scope->claims[i], claim) == 0)
			return true;
	return false;
}

static const char *
first_with_claim(const struct scope *scopes, size_t count, const struct strlist *allowed,
		 const char *claim)
{
	for (size_t i = 0; i < count; i++)
		if (scope_has_claim(&scopes[i], claim) &&
		    (!allowed->count || strlist_has(allowed, scopes[i].name)))
			return scopes[i].name;
	return NULL;
}

/* The scope that releases a claim, of those that the client may have. */
static const char *
scope_of_claim(const struct realm *realm, const struct strlist *allowed, const char *claim)
{
	size_t count;
	const struct scope *standard = scopes_standard(&count);
	const char *name = first_with_claim(realm->scopes, realm->scopes_count, allowed, claim);

	return name ? name : first_with_claim(standard, count, allowed, claim);
}

const char *
claims_parameter_filter(struct arena *arena, const char *claims, const struct realm *realm,
			const struct strlist *allowed, struct strlist *scopes)
{
	struct json_object *kept = json_new_object(arena);

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct json_object *half = half_of(arena, claims, halves[i]);
		struct json_object *out = json_new_object(arena);

		if (!half)
			continue;
		json_object_object_foreach(half, name, request)
		{
			const char *scope = scope_of_claim(realm, allowed, name);

			if (!scope)
				continue;
			*scopes = strlist_with(arena, scopes, scope);
			json_object_object_add(out, name, json_object_get(request));
		}
		if (json_object_object_length(out))
			json_add(kept, halves[i], out);
	}
	return json_object_object_length(kept) ? json_write(arena, kept, NULL) : NULL;
}

const char *
claims_requested_sub(struct arena *arena, const char *claims)
{
	struct json_object *half = half_of(arena, claims, CLAIMS_ID_TOKEN);
	struct json_object *request;

	if (!half || json_get_object(half, "sub", &request) != JSON_FOUND)
		return NULL;
	return json_text_or_null(request, "value");
}

static bool
value_allowed(struct json_object *request, struct json_object *value)
{
	struct json_object *wanted, *list;

	if (!json_object_is_type(request, json_type_object))
		return true;
	if (json_object_object_get_ex(request, "value", &wanted))
		return json_object_equal(wanted, value);
	if (json_get_array(request, "values", &list) != JSON_FOUND)
		return true;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (json_object_equal(json_object_array_get_idx(list, i), value))
			return true;
	return false;
}

bool
claims_acr_met(struct arena *arena, const char *claims, const char *acr)
{
	struct json_object *half = claims ? half_of(arena, claims, CLAIMS_ID_TOKEN) : NULL;
	struct json_object *request, *holder;
	bool essential = false;

	if (!half || json_get_object(half, "acr", &request) != JSON_FOUND)
		return true;
	if (json_get_bool(request, "essential", &essential) != JSON_FOUND || !essential)
		return true;
	holder = json_new_object(arena);
	json_add_text(holder, "acr", acr);
	return value_allowed(request, json_object_object_get(holder, "acr"));
}

static bool
is_empty(struct json_object *value)
{
	if (!value)
		return true;
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string_len(value) == 0;
	if (json_object_is_type(value, json_type_object))
		return json_object_object_length(value) == 0;
	return false;
}

static void
add_claim(struct json_object *out, const struct account *account, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(account->claims, name, &value) || is_empty(value))
		return;
	if (!json_object_object_get_ex(out, name, NULL))
		json_add(out, name, value);
}

static void
add_named(struct json_object *out, const struct account *account, const char *const *names)
{
	for (size_t i = 0; names && names[i]; i++)
		add_claim(out, account, names[i]);
}

void
claims_add_scopes(struct json_object *out, const struct realm *realm, const struct strlist *scopes,
		  const struct account *account)
{
	for (size_t i = 0; i < scopes->count; i++) {
		const struct scope *scope = realm_scope(realm, scopes->item[i]);

		if (scope)
			add_named(out, account, scope->claims);
	}
}

void
claims_add_requested(struct arena *arena, struct json_object *out, const char *claims,
		     const char *half, const struct account *account)
{
	struct json_object *requests = half_of(arena, claims, half);
	struct json_object *value;

	if (!requests)
		return;
	json_object_object_foreach(requests, name, request)
	{
		if (json_object_object_get_ex(account->claims, name, &value) &&
		    value_allowed(request, value))
			add_claim(out, account, name);
	}
}
