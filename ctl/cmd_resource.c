/* SPDX-License-Identifier: ISC */
/*
 * ostiary resource: the APIs that access tokens are for.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_resource.h"
#include "ctl/commands.h"

#define SCOPE_LANGUAGE "--scope-"

static const struct cli_option add_options[] = {
	{"--name", "TEXT", "The name that people read when they are asked."},
	{"--scope", "NAME=TEXT",
	 "A scope that it knows, and what people read when they are asked; may be given several "
	 "times."},
	{SCOPE_LANGUAGE, "NAME=TEXT", "The text in another language: --scope-de read=Lesen."},
	{"--set", "SETTING=VALUE",
	 "Makes its tokens differently: access_token_lifetime, access_token_format, "
	 "access_token_alg."},
	{"--introspection-client", "ID",
	 "A client that may look at tokens which are for it; may be given several times."},
};

static const struct cli_option set_options[] = {
	{"--name", "TEXT", "The name that people read; empty: none."},
	{"--scope", "NAME=TEXT", "Adds a scope or gives it another text."},
	{SCOPE_LANGUAGE, "NAME=TEXT", "The text in another language: --scope-de read=Lesen."},
	{"--drop-scope", "NAME", "Takes a scope away."},
	{"--set", "SETTING=VALUE",
	 "Sets a setting; with an empty value the client's counts again."},
	{"--introspection-client", "ID", "Adds a client that may look at tokens for it."},
	{"--drop-introspection-client", "ID", "Takes one away."},
};

static const struct edit_option {
	const char *option;
	enum manage_resource_part part;
	bool pair; /* NAME=VALUE; else a value of RESOURCE_NAME, or a name */
} edit_table[] = {
	{"--name", RESOURCE_NAME, false},
	{"--scope", RESOURCE_SCOPE, true},
	{SCOPE_LANGUAGE, RESOURCE_SCOPE, true},
	{"--drop-scope", RESOURCE_SCOPE_DROP, false},
	{"--set", RESOURCE_SETTING, true},
	{"--introspection-client", RESOURCE_INTROSPECTOR, false},
	{"--drop-introspection-client", RESOURCE_INTROSPECTOR_DROP, false},
};

static const struct edit_option *
edit_option_find(const char *name)
{
	const size_t count = sizeof(edit_table) / sizeof(edit_table[0]);

	for (size_t i = 0; i < count; i++)
		if (str_equal(edit_table[i].option, name))
			return &edit_table[i];
	for (size_t i = 0; i < count; i++)
		if (str_ends(edit_table[i].option, "-") && str_starts(name, edit_table[i].option))
			return &edit_table[i];
	return NULL;
}

static int
read_edit(struct cli *cli, const struct edit_option *row, const struct cli_given *given,
	  struct manage_resource_edit *edit)
{
	const char *equals = strchr(given->value, '=');

	*edit = (struct manage_resource_edit){
		.part = row->part,
		.name = given->value,
		.language = str_ends(row->option, "-") ? given->name + strlen(row->option) : "",
		.value = given->value,
	};
	if (!row->pair)
		return 0;
	if (!equals || equals == given->value) {
		(void)cli_fail(cli, CLI_USAGE, "%s %s: NAME=VALUE expected", given->name,
			       given->value);
		return -1;
	}
	edit->name = arena_copy(cli->arena, given->value, (size_t)(equals - given->value));
	edit->value = equals + 1;
	return 0;
}

static int
read_edits(struct cli *cli, struct manage_resource_edit *edits, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < cli->given_count; i++) {
		const struct edit_option *row = edit_option_find(cli->given[i].name);

		if (row && read_edit(cli, row, &cli->given[i], &edits[(*count)++]) != 0)
			return -1;
	}
	return 0;
}

static enum cli_exit
add(struct cli *cli)
{
	struct manage_resource_edit edits[CLI_GIVEN_MAX];
	const char *identifier = cli_arg(cli, 0);
	size_t count;
	enum cli_exit code;

	if (read_edits(cli, edits, &count) != 0)
		return CLI_USAGE;
	code = cli_verdict(manage_resource_add(&cli->tx, identifier, edits, count, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "resource server %s is there\n", identifier);
	return code;
}

static enum cli_exit
set(struct cli *cli)
{
	struct manage_resource_edit edits[CLI_GIVEN_MAX];
	const char *identifier = cli_arg(cli, 0);
	size_t count;
	enum cli_exit code;

	if (read_edits(cli, edits, &count) != 0)
		return CLI_USAGE;
	if (count == 0)
		return cli_fail(cli, CLI_USAGE, "set what? `ostiary resource set --help` lists it");
	code = cli_verdict(manage_resource_set(&cli->tx, identifier, edits, count, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "resource server %s is changed\n", identifier);
	return code;
}

/* What differs from the client's settings, as it would be written. */
static struct json_object *
settings_of(struct cli *cli, const struct resource *resource)
{
	struct json_object *object = json_new_object(cli->arena);
	struct settings settings = cli->tx.realm->settings;
	const bool has[] = {resource->access_token_lifetime >= 0,
			    resource->access_token_format >= 0, resource->access_token_alg != NULL};

	if (has[0])
		settings.access_token_lifetime = resource->access_token_lifetime;
	if (has[1])
		settings.access_token_format = resource->access_token_format;
	if (has[2])
		settings.access_token_alg = resource->access_token_alg;
	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		if (has[i])
			json_add_text(object, resource_settings[i],
				      setting_format(cli->arena, setting_find(resource_settings[i]),
						     &settings));
	return object;
}

static struct strlist
scope_names(struct cli *cli, const struct resource *resource)
{
	struct strlist names = {
		.item = arena_array(cli->arena, resource->scopes_count, sizeof(char *)),
		.count = resource->scopes_count,
	};

	for (size_t i = 0; i < names.count; i++)
		names.item[i] = resource->scopes[i].name;
	return names;
}

static void
fill(struct cli *cli, const struct resource *resource, struct json_object *object)
{
	struct json_object *scopes = json_new_object(cli->arena);

	for (size_t i = 0; i < resource->scopes_count; i++)
		json_add(scopes, resource->scopes[i].name, resource->scopes[i].description);
	json_add_text(object, "identifier", resource->identifier);
	json_add_text(object, "name", resource->display_name);
	json_add(object, "scopes", scopes);
	json_add(object, "settings", settings_of(cli, resource));
	json_add_list(object, "introspection_clients", &resource->introspection_clients);
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"RESOURCE SERVER", "NAME", "SCOPES"};
	const struct realm *realm = cli->tx.realm;
	struct json_object *array = json_new_array(cli->arena);
	struct cli_table table;

	cli_table_start(&table, cli, heads, 3, realm->resources_count);
	for (size_t i = 0; i < realm->resources_count; i++) {
		const struct resource *resource = &realm->resources[i];
		struct json_object *row = json_new_object(cli->arena);
		struct strlist names = scope_names(cli, resource);

		cli_table_row(&table,
			      (const char *const[]){resource->identifier, resource->display_name,
						    strlist_join(cli->arena, &names, ' ')});
		fill(cli, resource, row);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "resources", array);
	return CLI_OK;
}

static enum cli_exit
show(struct cli *cli)
{
	const struct resource *resource;
	struct json_object *settings;
	enum cli_exit code =
		cli_verdict(manage_resource_find(&cli->tx, cli_arg(cli, 0), &resource, &cli->why));

	if (code != CLI_OK)
		return code;
	cli_pair(cli, "identifier", resource->identifier);
	cli_pair(cli, "name", resource->display_name);
	for (size_t i = 0; i < resource->scopes_count; i++)
		cli_pair(cli, arena_printf(cli->arena, "scope %s", resource->scopes[i].name),
			 json_text_or_null(resource->scopes[i].description, ""));
	settings = settings_of(cli, resource);
	json_object_object_foreach(settings, name, value)
	{
		cli_pair(cli, name, json_object_get_string(value));
	}
	cli_pair(cli, "introspection clients",
		 resource->introspection_clients.count
			 ? strlist_join(cli->arena, &resource->introspection_clients, ' ')
			 : NULL);
	fill(cli, resource, cli->doc);
	return CLI_OK;
}

static enum cli_exit
remove_resource(struct cli *cli)
{
	const char *identifier = cli_arg(cli, 0);
	const struct resource *resource;
	enum cli_exit code =
		cli_verdict(manage_resource_find(&cli->tx, identifier, &resource, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(
			cli,
			arena_printf(cli->arena,
				     "no client gets a token for resource server %s any more",
				     identifier),
			identifier);
	if (code == CLI_OK)
		code = cli_verdict(manage_resource_remove(&cli->tx, identifier, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "resource server %s is gone\n", identifier);
	return code;
}

#define IN_REALM (NEED_CONF | NEED_REALM)

static const struct cli_command commands[] = {
	{.name = "resource add",
	 .arguments = "IDENTIFIER",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Adds a resource server: an API that access tokens are for, by the URI that "
		 "clients send as resource (RFC 8707).",
	 OPTIONS(add_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = add},
	{.name = "resource list",
	 .arguments = "",
	 .help = "Lists the resource servers with their scopes.",
	 .needs = IN_REALM,
	 .run = list},
	{.name = "resource show",
	 .arguments = "IDENTIFIER",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Shows all of a resource server.",
	 .needs = IN_REALM,
	 .run = show},
	{.name = "resource set",
	 .arguments = "IDENTIFIER",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Changes a resource server.",
	 OPTIONS(set_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = set},
	{.name = "resource remove",
	 .arguments = "IDENTIFIER",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes a resource server; tokens for it last until they expire. Asks for its "
		 "identifier.",
	 .needs = IN_REALM,
	 .run = remove_resource},
};

const struct cli_group group_resource = {"resource", "APIs that access tokens are for",
					 ROWS(commands)};
