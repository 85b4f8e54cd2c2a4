/* SPDX-License-Identifier: ISC */
/*
 * What a resource server's row may hold, and finding one. Descriptions are people's texts by
 * language, as those of the realm's scopes are.
 */
#include "core/model/resource.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/uri.h"

const char *const resource_settings[] = {"access_token_lifetime", "access_token_format",
					 "access_token_alg", NULL};

const char *
resource_identifier_mistake(struct arena *arena, const char *text)
{
	struct uri uri;

	if (strlen(text) > RESOURCE_IDENTIFIER_MAX)
		return "more than 255 bytes";
	if (strchr(text, ' ') || uri_parse(arena, text, &uri) != 0)
		return "not an absolute URI such as https://api.example (RFC 8707 2)";
	if (uri.fragment != NULL)
		return "a fragment is not allowed (RFC 8707 2)";
	return NULL;
}

/* {"": text, "de": text, …} */
static bool
texts_fit(struct json_object *texts)
{
	if (!json_object_is_type(texts, json_type_object) || !json_text_or_null(texts, ""))
		return false;
	json_object_object_foreach(texts, language, text)
	{
		(void)language;
		if (!json_object_is_type(text, json_type_string))
			return false;
	}
	return true;
}

static int
read_scopes(struct arena *arena, const char *text, struct resource *resource, const char **why)
{
	struct json_object *document = json_parse_object(arena, text, strlen(text), why);
	struct scope *scopes;
	size_t count;

	if (!document)
		return -1;
	count = (size_t)json_object_object_length(document);
	if (count > RESOURCE_SCOPES_MAX) {
		*why = arena_printf(arena, "more than %d scopes", RESOURCE_SCOPES_MAX);
		return -1;
	}
	scopes = arena_array(arena, count, sizeof(*scopes));
	json_object_object_foreach(document, name, texts)
	{
		if (scope_name_check(name) != 0 || !texts_fit(texts)) {
			*why = arena_printf(arena,
					    "scope %.64s: its name, or its descriptions by "
					    "language, one of them for \"\"",
					    str_printable(name) ? name : "(unprintable)");
			return -1;
		}
		scopes[resource->scopes_count++] = (struct scope){
			.name = arena_strdup(arena, name),
			.description = texts,
		};
	}
	resource->scopes = scopes;
	return 0;
}

static bool
is_resource_setting(const char *name)
{
	for (size_t i = 0; resource_settings[i]; i++)
		if (strcmp(resource_settings[i], name) == 0)
			return true;
	return false;
}

static int
read_settings(struct arena *arena, const char *text, struct resource *resource, const char **why)
{
	struct json_object *document = json_parse_object(arena, text, strlen(text), why);
	struct settings settings;

	if (!document)
		return -1;
	json_object_object_foreach(document, name, value)
	{
		(void)value;
		if (!is_resource_setting(name)) {
			*why = arena_printf(arena, "%.64s: a resource server has no such setting",
					    str_printable(name) ? name : "(unprintable)");
			return -1;
		}
	}
	settings_default(&settings);
	if (settings_apply(arena, document, true, &settings, why) != 0)
		return -1;
	if (json_object_object_get_ex(document, "access_token_lifetime", NULL))
		resource->access_token_lifetime = settings.access_token_lifetime;
	if (json_object_object_get_ex(document, "access_token_format", NULL))
		resource->access_token_format = settings.access_token_format;
	if (json_object_object_get_ex(document, "access_token_alg", NULL))
		resource->access_token_alg = settings.access_token_alg;
	return 0;
}

static int
read_introspectors(struct arena *arena, const char *text, struct resource *resource,
		   const char **why)
{
	struct strlist list;

	if (strlist_split(arena, text, ' ', RESOURCE_INTROSPECTORS_MAX, &list) != 0) {
		*why = arena_printf(arena, "more than %d introspection clients",
				    RESOURCE_INTROSPECTORS_MAX);
		return -1;
	}
	resource->introspection_clients = list;
	return 0;
}

int
resource_read(struct arena *arena, const struct resource_row *row, struct resource *resource,
	      const char **why)
{
	*resource = (struct resource){
		.identifier = arena_strdup(arena, row->identifier),
		.display_name = arena_strdup(arena, row->display_name),
		.access_token_lifetime = -1,
		.access_token_format = -1,
	};
	*why = resource_identifier_mistake(arena, row->identifier);
	if (*why)
		return -1;
	if (row->display_name && (strlen(row->display_name) > RESOURCE_NAME_MAX ||
				  !utf8_valid(row->display_name, strlen(row->display_name)))) {
		*why = "a name of more than 255 bytes";
		return -1;
	}
	if (read_scopes(arena, row->scopes, resource, why) != 0 ||
	    read_settings(arena, row->settings, resource, why) != 0)
		return -1;
	return read_introspectors(arena, row->introspection_clients, resource, why);
}

const struct scope *
resource_scope(const struct resource *resource, const char *name)
{
	for (size_t i = 0; i < resource->scopes_count; i++)
		if (strcmp(resource->scopes[i].name, name) == 0)
			return &resource->scopes[i];
	return NULL;
}

const struct resource *
realm_resource(const struct realm *realm, const char *identifier)
{
	for (size_t i = 0; i < realm->resources_count; i++)
		if (strcmp(realm->resources[i].identifier, identifier) == 0)
			return &realm->resources[i];
	return NULL;
}
