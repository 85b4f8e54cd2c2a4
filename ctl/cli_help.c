/* SPDX-License-Identifier: ISC */
/*
 * Help from the tables: of the program, of a group of commands, of one command.
 */
#include <string.h>

#include "core/base/str.h"
#include "ctl/cli.h"

static void
option_lines(struct cli *cli, const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct cli_option *option = &options[i];
		const char *name =
			arena_printf(cli->arena, "  %s%s%s%s", option->name,
				     str_ends(option->name, "-") ? "LANG" : "",
				     option->value ? " " : "", option->value ? option->value : "");

		cli_pair(cli, name, option->help);
	}
}

static void
command_line(struct cli *cli, const struct cli_command *command)
{
	cli_say(cli, "  ostiary %s%s%s%s\n", command->name, *command->arguments ? " " : "",
		command->arguments, command->options_count ? " [OPTION]..." : "");
}

static void
help_program(struct cli *cli)
{
	size_t visible, all, count;
	const struct cli_group *const *groups = cli_groups(&visible, &all);
	const struct cli_option *globals = cli_global_options(&count);

	cli_say(cli, "usage: ostiary [OPTION]... COMMAND [ARGUMENT]... [OPTION]...\n\n");
	for (size_t i = 0; i < visible; i++)
		cli_pair(cli, arena_printf(cli->arena, "  %s", groups[i]->name), groups[i]->help);
	cli_say(cli, "\noptions of all commands:\n");
	option_lines(cli, globals, count);
	cli_say(cli, "\n`ostiary COMMAND --help` tells more.\n");
}

static void
help_group(struct cli *cli)
{
	size_t visible, all, size = strlen(cli->topic);
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	cli_say(cli, "usage:\n");
	for (size_t g = 0; g < visible; g++)
		for (size_t c = 0; c < groups[g]->count; c++) {
			const struct cli_command *command = &groups[g]->commands[c];

			if (strncmp(command->name, cli->topic, size) != 0 ||
			    command->name[size] != ' ')
				continue;
			command_line(cli, command);
			cli_say(cli, "      %s\n", command->help);
		}
}

static void
help_command(struct cli *cli)
{
	const struct cli_command *command = cli->command;

	cli_say(cli, "usage:\n");
	command_line(cli, command);
	cli_say(cli, "\n%s\n", command->help);
	if (command->options_count) {
		cli_say(cli, "\noptions:\n");
		option_lines(cli, command->options, command->options_count);
	}
	if (command->more)
		command->more(cli);
}

void
cli_help(struct cli *cli)
{
	bool json = cli->json;

	/* the text is the result, in a document where one is wanted */
	cli->json = false;
	if (cli->command)
		help_command(cli);
	else if (cli->topic)
		help_group(cli);
	else
		help_program(cli);
	cli->json = json;
	json_add_text(cli->doc, "help", cli->out.data);
}
