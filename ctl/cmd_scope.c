/* SPDX-License-Identifier: ISC */
/*
 * ostiary scope: what clients may ask for beside the standard scopes.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_scope.h"
#include "ctl/commands.h"

#define LANGUAGE_OPTION "--description-"

static const struct cli_option add_options[] = {
	{"--description", "TEXT", "What people read when they are asked. Required."},
	{LANGUAGE_OPTION, "TEXT", "The same in another language: --description-de TEXT."},
	{"--claim", "NAME", "A claim that the scope releases; may be given several times."},
	{"--group", "NAME",
	 "Only people of this group (their claim groups) get the scope; may be given several "
	 "times."},
};

static enum cli_exit
add(struct cli *cli)
{
	struct manage_scope_text texts[SCOPE_LANGUAGES_MAX];
	struct manage_scope scope = {
		.name = cli_arg(cli, 0),
		.texts = texts,
		.claims = cli_values(cli, "--claim"),
		.groups = cli_values(cli, "--group"),
	};
	enum cli_exit code;

	for (size_t i = 0; i < cli->given_count; i++) {
		const struct cli_given *given = &cli->given[i];

		if (!str_starts(given->name, "--description"))
			continue;
		if (scope.texts_count == SCOPE_LANGUAGES_MAX)
			return cli_fail(cli, CLI_USAGE, "more than %d descriptions",
					SCOPE_LANGUAGES_MAX);
		texts[scope.texts_count++] = (struct manage_scope_text){
			.language = str_equal(given->name, "--description")
					    ? ""
					    : given->name + strlen(LANGUAGE_OPTION),
			.text = given->value,
		};
	}
	code = cli_verdict(manage_scope_add(&cli->tx, &scope, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "scope %s is there\n", scope.name);
	return code;
}

static void
list_row(struct cli *cli, const struct scope *scope, bool standard, struct cli_table *table,
	 struct json_object *array)
{
	struct json_object *row = json_new_object(cli->arena);
	struct strlist claims = {0};
	const char *text = scope->description ? json_text_or_null(scope->description, "") : NULL;

	while (scope->claims && scope->claims[claims.count])
		claims.count++;
	claims.item = arena_array(cli->arena, claims.count, sizeof(char *));
	for (size_t i = 0; i < claims.count; i++)
		claims.item[i] = scope->claims[i];
	cli_table_row(table,
		      (const char *const[]){scope->name, standard ? "(OpenID Connect)" : text,
					    strlist_join(cli->arena, &claims, ' ')});
	json_add_text(row, "name", scope->name);
	json_add_bool(row, "standard", standard);
	json_add(row, "description", scope->description);
	json_add_list(row, "required_groups", &scope->required_groups);
	json_add_list(row, "claims", &claims);
	json_push(array, row);
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

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"SCOPE", "DESCRIPTION", "CLAIMS"};
	const struct realm *realm = cli->tx.realm;
	struct json_object *array = json_new_array(cli->arena);
	struct cli_table table;
	size_t count;
	const struct scope *standard = scopes_standard(&count);

	cli_table_start(&table, cli, heads, 3, count + realm->scopes_count);
	for (size_t i = 0; i < count; i++)
		list_row(cli, &standard[i], true, &table, array);
	for (size_t i = 0; i < realm->scopes_count; i++)
		if (!is_standard(realm->scopes[i].name))
			list_row(cli, &realm->scopes[i], false, &table, array);
	cli_table_end(&table);
	json_add(cli->doc, "scopes", array);
	return CLI_OK;
}

static enum cli_exit
remove_scope(struct cli *cli)
{
	const char *name = cli_arg(cli, 0);
	enum cli_exit code = CLI_OK;

	if (realm_scope(cli->tx.realm, name) && !is_standard(name))
		code = cli_confirm(
			cli, arena_printf(cli->arena, "no client gets scope %s any more", name),
			name);
	if (code == CLI_OK)
		code = cli_verdict(manage_scope_remove(&cli->tx, name, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "scope %s is gone\n", name);
	return code;
}

static const struct cli_command commands[] = {
	{.name = "scope add",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Adds a scope that clients may ask for.",
	 OPTIONS(add_options),
	 .needs = NEED_CONF | NEED_REALM,
	 .run = add},
	{.name = "scope list",
	 .arguments = "",
	 .help = "Lists the scopes with the claims that they release.",
	 .needs = NEED_CONF | NEED_REALM,
	 .run = list},
	{.name = "scope remove",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes a scope. Asks for its name.",
	 .needs = NEED_CONF | NEED_REALM,
	 .run = remove_scope},
};

const struct cli_group group_scope = {"scope", "what clients may ask for", ROWS(commands)};
