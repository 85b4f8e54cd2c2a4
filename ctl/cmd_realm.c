/* SPDX-License-Identifier: ISC */
/*
 * ostiary realm: issuers with their settings.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_realm.h"
#include "core/model/profile.h"
#include "ctl/commands.h"

static const struct cli_option add_options[] = {
	{"--issuer", "URL", "The issuer URL, for example https://login.example. Required."},
	{"--vhost", "VALUE",
	 "The realm is reached only where the web server sets OSTIARY_VHOST to this."},
	{"--display-name", "TEXT", "The name that people read on the pages."},
	{"--profile", "NAME", "The policy profile that every client has to meet at least."},
};

static enum cli_exit
add(struct cli *cli)
{
	const struct manage_realm_new new = {
		.name = cli_arg(cli, 0),
		.issuer = cli_value(cli, "--issuer"),
		.vhost = cli_value(cli, "--vhost"),
		.display_name = cli_value(cli, "--display-name"),
		.profile = cli_value(cli, "--profile"),
	};
	enum cli_exit code;

	if (!new.issuer)
		return cli_fail(cli, CLI_USAGE, "realm add %s: --issuer URL is needed", new.name);
	code = cli_verdict(manage_realm_add(&cli->tx, &new, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_say(cli, "realm %s is there, with keys; its issuer is %s\n", new.name, new.issuer);
	json_add_text(cli->doc, "name", new.name);
	json_add_text(cli->doc, "issuer", new.issuer);
	return CLI_OK;
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"NAME", "ISSUER", "PROFILE", "VHOST", "DISPLAY NAME"};
	struct json_object *array = json_new_array(cli->arena);
	struct cli_table table;
	enum cli_exit code = cli_load_realms(cli);

	if (code != CLI_OK)
		return code;
	cli_table_start(&table, cli, heads, 5, cli->realms.count);
	for (size_t i = 0; i < cli->realms.count; i++) {
		const struct realm *realm = &cli->realms.realm[i];
		struct json_object *row = json_new_object(cli->arena);

		cli_table_row(&table, (const char *const[]){realm->name, realm->issuer,
							    realm->profile->name, realm->vhost,
							    realm->display_name});
		json_add_text(row, "name", realm->name);
		json_add_text(row, "issuer", realm->issuer);
		json_add_text(row, "profile", realm->profile->name);
		json_add_text(row, "vhost", realm->vhost);
		json_add_text(row, "display_name", realm->display_name);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "realms", array);
	return CLI_OK;
}

static void
show_field(struct cli *cli, const char *name, const char *value)
{
	cli_pair(cli, name, value);
	json_add_text(cli->doc, name, value);
}

static enum cli_exit
show(struct cli *cli)
{
	const struct realm *realm = cli->tx.realm;
	struct json_object *settings = json_new_object(cli->arena);
	size_t count;
	const struct setting *table = settings_table(&count);

	show_field(cli, "name", realm->name);
	show_field(cli, "issuer", realm->issuer);
	show_field(cli, "vhost", realm->vhost);
	show_field(cli, "display_name", realm->display_name);
	show_field(cli, "profile", realm->profile->name);
	cli_pair(cli, "epoch", cli_time(cli->arena, realm->epoch));
	json_add_int(cli->doc, "epoch", realm->epoch);
	for (size_t i = 0; i < count; i++) {
		const char *value = setting_format(cli->arena, &table[i], &realm->settings);
		bool usual = str_equal(value, table[i].fallback);

		cli_pair(cli, table[i].name,
			 usual ? arena_printf(cli->arena, "%s (default)", value) : value);
		json_add_text(settings, table[i].name, value);
	}
	json_add(cli->doc, "settings", settings);
	return CLI_OK;
}

/* "NAME=VALUE" words; -1 with a complaint. */
static int
read_pairs(struct cli *cli, size_t from, struct manage_pair *pairs)
{
	for (size_t i = from; i < cli->args_count; i++) {
		const char *equals = strchr(cli->args[i], '=');

		if (!equals) {
			(void)cli_fail(cli, CLI_USAGE, "%s: KEY=VALUE expected", cli->args[i]);
			return -1;
		}
		pairs[i - from] = (struct manage_pair){
			.name = arena_copy(cli->arena, cli->args[i],
					   (size_t)(equals - cli->args[i])),
			.value = equals + 1,
		};
	}
	return 0;
}

static enum cli_exit
set(struct cli *cli)
{
	bool named = !strchr(cli->args[0], '=');
	size_t from = named ? 1 : 0;
	size_t count = cli->args_count - from;
	struct manage_pair *pairs = arena_array(cli->arena, count, sizeof(*pairs));
	enum cli_exit code;

	if (count == 0 || read_pairs(cli, from, pairs) != 0)
		return count ? CLI_USAGE : cli_fail(cli, CLI_USAGE, "set what? KEY=VALUE...");
	code = cli_enter(cli, named ? cli->args[0] : cli->realm);
	if (code != CLI_OK)
		return code;
	code = cli_verdict(manage_realm_set(&cli->tx, pairs, count, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "realm %s is changed\n", cli->tx.realm->name);
	return code;
}

static enum cli_exit
remove_realm(struct cli *cli)
{
	const char *name = cli->tx.realm->name;
	enum cli_exit code = cli_confirm(
		cli,
		arena_printf(cli->arena,
			     "realm %s goes with its clients, people, keys, sessions and tokens",
			     name),
		name);

	if (code == CLI_OK)
		code = cli_verdict(manage_realm_remove(&cli->tx, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "realm %s is gone\n", name);
	return code;
}

static enum cli_exit
epoch(struct cli *cli)
{
	const char *name = cli->tx.realm->name;
	enum cli_exit code = cli_confirm(
		cli,
		arena_printf(cli->arena,
			     "every session, grant and token of realm %s made until now ends",
			     name),
		name);

	if (code == CLI_OK)
		code = cli_verdict(manage_realm_epoch(&cli->tx, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "every session and grant of realm %s made until now has ended\n",
			name);
	return code;
}

static void
set_more(struct cli *cli)
{
	size_t count;
	const struct manage_realm_field *fields = manage_realm_fields(&count);
	const struct setting *table;

	cli_say(cli, "\nkeys:\n");
	for (size_t i = 0; i < count; i++)
		cli_pair(cli, arena_printf(cli->arena, "  %s", fields[i].name), fields[i].help);
	table = settings_table(&count);
	for (size_t i = 0; i < count; i++)
		cli_pair(cli, arena_printf(cli->arena, "  %s", table[i].name),
			 arena_printf(cli->arena, "%s Default: %s.", table[i].help,
				      table[i].fallback));
}

static const struct cli_command commands[] = {
	{.name = "realm add",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Makes a realm with signing keys and a key for refresh tokens.",
	 OPTIONS(add_options),
	 .needs = NEED_CONF | NEED_MASTER,
	 .run = add},
	{.name = "realm list",
	 .arguments = "",
	 .help = "Lists the realms.",
	 .needs = NEED_CONF,
	 .run = list},
	{.name = "realm show",
	 .arguments = "[NAME]",
	 .arguments_max = 1,
	 .help = "Shows a realm with all its settings.",
	 .needs = NEED_CONF | NEED_REALM_ARGUMENT,
	 .run = show},
	{.name = "realm set",
	 .arguments = "[NAME] KEY=VALUE...",
	 .arguments_min = 1,
	 .arguments_max = CLI_GIVEN_MAX,
	 .help = "Changes what a realm is and its settings; all of them or none. An empty value "
		 "takes the default again. An algorithm that is named gets a key.",
	 .needs = NEED_CONF | NEED_MASTER,
	 .run = set,
	 .more = set_more},
	{.name = "realm remove",
	 .arguments = "NAME",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes a realm and everything in it. Asks for its name.",
	 .needs = NEED_CONF | NEED_REALM_ARGUMENT,
	 .run = remove_realm},
	{.name = "realm epoch",
	 .arguments = "[NAME]",
	 .arguments_max = 1,
	 .help = "Ends every session, grant and token of the realm made until now. Asks for its "
		 "name.",
	 .needs = NEED_CONF | NEED_REALM_ARGUMENT,
	 .run = epoch},
};

const struct cli_group group_realm = {"realm", "issuers with their settings", ROWS(commands)};
