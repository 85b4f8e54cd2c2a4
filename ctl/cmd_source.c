/* SPDX-License-Identifier: ISC */
/*
 * ostiary source: where a realm's people come from.
 */
#include <string.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "core/manage/manage_source.h"
#include "ctl/commands.h"

static const struct cli_option add_options[] = {
	{"--kind", "KIND",
	 "local: the realm's own accounts; table: a view in MariaDB; service: a service of "
	 "ostiary-pamd (PAM, LDAP)."},
	{"--set", "OPTION=VALUE", "An option of the source; may be given several times."},
	{"--position", "N",
	 "Its place in the order: small ones first. Without it the source comes last."},
};

static const struct cli_option set_options[] = {
	{"--set", "OPTION=VALUE", "Sets an option; with an empty value its default counts again."},
	{"--position", "N", "Another place in the order."},
};

/* 0, or -1 with the mistake said. */
static int
read_edit(struct cli *cli, struct manage_source_edit *edit)
{
	struct manage_source_option *options =
		arena_array(cli->arena, CLI_GIVEN_MAX, sizeof(*options));
	const char *position = cli_value(cli, "--position");

	*edit = (struct manage_source_edit){
		.kind = cli_value(cli, "--kind"), .position = -1, .options = options};
	if (position && num_parse_int64(position, 0, INT32_MAX, &edit->position) != 0) {
		(void)cli_fail(cli, CLI_USAGE, "--position %s: a number expected", position);
		return -1;
	}
	for (size_t i = 0; i < cli->given_count; i++) {
		const char *value = cli->given[i].value;
		const char *equals;

		if (!str_equal(cli->given[i].name, "--set"))
			continue;
		equals = strchr(value, '=');
		if (!equals || equals == value) {
			(void)cli_fail(cli, CLI_USAGE, "--set %s: OPTION=VALUE expected", value);
			return -1;
		}
		options[edit->count++] = (struct manage_source_option){
			arena_copy(cli->arena, value, (size_t)(equals - value)), equals + 1};
	}
	return 0;
}

static bool
points_elsewhere(const struct manage_source_edit *edit)
{
	for (size_t i = 0; i < edit->count; i++)
		if (str_equal(edit->options[i].name, "service") ||
		    str_equal(edit->options[i].name, "view"))
			return true;
	return false;
}

/* Accounts belong to the name of their source and a key there: behind another service or view the
 * same key may be somebody else. */
static enum cli_exit
confirm_people(struct cli *cli, const char *name, const struct manage_source_edit *edit)
{
	int64_t people = 0;
	enum cli_exit code = cli_verdict(manage_source_people(&cli->tx, name, &people, &cli->why));

	if (code != CLI_OK || people == 0 || !points_elsewhere(edit))
		return code;
	code = cli_verdict(manage_source_try(&cli->tx, name, edit, &cli->why));
	if (code != CLI_OK)
		return code;
	return cli_confirm(cli,
			   arena_printf(cli->arena,
					"%lld accounts come from source %s; whoever has their keys "
					"(ids there) gets them",
					(long long)people, name),
			   name);
}

static enum cli_exit
add(struct cli *cli)
{
	struct manage_source_edit edit;
	const char *name = cli_arg(cli, 0);
	enum cli_exit code;

	if (read_edit(cli, &edit) != 0)
		return CLI_USAGE;
	if (!edit.kind)
		return cli_fail(cli, CLI_USAGE, "--kind is missing: local, table or service");
	code = confirm_people(cli, name, &edit);
	if (code == CLI_OK)
		code = cli_verdict(manage_source_add(&cli->tx, name, &edit, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "source %s is there\n", name);
	return code;
}

static enum cli_exit
set(struct cli *cli)
{
	struct manage_source_edit edit;
	const char *name = cli_arg(cli, 0);
	enum cli_exit code;

	if (read_edit(cli, &edit) != 0)
		return CLI_USAGE;
	if (edit.count == 0 && edit.position < 0)
		return cli_fail(cli, CLI_USAGE, "set what? `ostiary source set --help` lists it");
	code = confirm_people(cli, name, &edit);
	if (code == CLI_OK)
		code = cli_verdict(manage_source_set(&cli->tx, name, &edit, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "source %s is changed\n", name);
	return code;
}

static const char *
value_of(const struct source *source, const struct source_option *option)
{
	const void *member = (const char *)source + option->offset;

	if (option->is_bool)
		return *(const bool *)member ? "true" : "false";
	return *(const char *const *)member;
}

static void
fill(struct cli *cli, const struct source *source, struct json_object *object)
{
	size_t count;
	const struct source_option *options = source_options(&count);
	struct json_object *values = json_new_object(cli->arena);

	for (size_t i = 0; i < count; i++)
		if (options[i].kinds & (1U << source->kind))
			json_add_text(values, options[i].name, value_of(source, &options[i]));
	json_add_text(object, "source", source->name);
	json_add_text(object, "kind", source_kind_name(source->kind));
	json_add_int(object, "position", source->position);
	json_add(object, "options", values);
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"SOURCE", "KIND", "POSITION", "FROM"};
	static const char *const from[] = {[SOURCE_OWN] = "the realm's own accounts"};
	const struct realm *realm = cli->tx.realm;
	struct json_object *array = json_new_array(cli->arena);
	struct cli_table table;

	cli_table_start(&table, cli, heads, 4, realm->sources_count);
	for (size_t i = 0; i < realm->sources_count; i++) {
		const struct source *source = &realm->sources[i];
		struct json_object *row = json_new_object(cli->arena);

		cli_table_row(&table,
			      (const char *const[]){
				      source->name, source_kind_name(source->kind),
				      arena_printf(cli->arena, "%lld", (long long)source->position),
				      source->kind == SOURCE_OWN     ? from[SOURCE_OWN]
				      : source->kind == SOURCE_TABLE ? source->view
								     : source->service});
		fill(cli, source, row);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "sources", array);
	return CLI_OK;
}

static enum cli_exit
show(struct cli *cli)
{
	size_t count;
	const struct source_option *options = source_options(&count);
	const struct source *source;
	int64_t people = 0;
	enum cli_exit code =
		cli_verdict(manage_source_find(&cli->tx, cli_arg(cli, 0), &source, &cli->why));

	if (code == CLI_OK)
		code = cli_verdict(
			manage_source_people(&cli->tx, source->name, &people, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_pair(cli, "source", source->name);
	cli_pair(cli, "kind", source_kind_name(source->kind));
	cli_pair(cli, "position", arena_printf(cli->arena, "%lld", (long long)source->position));
	for (size_t i = 0; i < count; i++)
		if (options[i].kinds & (1U << source->kind))
			cli_pair(cli, options[i].name, value_of(source, &options[i]));
	cli_pair(cli, "accounts", arena_printf(cli->arena, "%lld", (long long)people));
	fill(cli, source, cli->doc);
	json_add_int(cli->doc, "accounts", people);
	return CLI_OK;
}

static enum cli_exit
remove_source(struct cli *cli)
{
	const char *name = cli_arg(cli, 0);
	const struct source *source;
	int64_t people = 0;
	enum cli_exit code = cli_verdict(manage_source_find(&cli->tx, name, &source, &cli->why));

	if (code == CLI_OK)
		code = cli_verdict(manage_source_people(&cli->tx, name, &people, &cli->why));
	if (code == CLI_OK)
		code = cli_confirm(cli,
				   arena_printf(cli->arena,
						"people of source %s, %lld accounts, cannot sign "
						"in any more",
						name, (long long)people),
				   name);
	if (code == CLI_OK)
		code = cli_verdict(manage_source_remove(&cli->tx, name, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "source %s is gone\n", name);
	return code;
}

static void
options_more(struct cli *cli)
{
	size_t count;
	const struct source_option *options = source_options(&count);

	cli_say(cli, "\noptions of sources, for --set:\n");
	for (size_t i = 0; i < count; i++)
		cli_pair(cli, arena_printf(cli->arena, "  %s", options[i].name),
			 source_option_text(cli->arena, &options[i]));
}

#define IN_REALM (NEED_CONF | NEED_REALM)

static const struct cli_command commands[] = {
	{.name = "source add",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Adds a source of people. The realm's own accounts stay the first source until "
		 "`ostiary source remove local`. Asks for its name where accounts came from a "
		 "source "
		 "of that name before.",
	 OPTIONS(add_options),
	 .needs = IN_REALM,
	 .run = add,
	 .more = options_more},
	{.name = "source list",
	 .arguments = "",
	 .help = "Lists the sources in their order.",
	 .needs = IN_REALM,
	 .run = list},
	{.name = "source show",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Shows a source with all its options.",
	 .needs = IN_REALM,
	 .run = show},
	{.name = "source set",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Changes a source. Asks for its name where people come from it and it shall point "
		 "to another service or view.",
	 OPTIONS(set_options),
	 .needs = IN_REALM,
	 .run = set,
	 .more = options_more},
	{.name = "source remove",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes a source; its people cannot sign in any more, and their sessions end. "
		 "Their accounts stay. Asks for its name.",
	 .needs = IN_REALM,
	 .run = remove_source},
};

const struct cli_group group_source = {"source", "where people come from", ROWS(commands)};
