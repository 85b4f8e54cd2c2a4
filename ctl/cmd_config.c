/* SPDX-License-Identifier: ISC */
/*
 * ostiary config: the host's configuration file.
 */
#include "core/base/str.h"
#include "core/conf/conf.h"
#include "ctl/commands.h"

static enum cli_exit
load(struct cli *cli, struct conf *conf)
{
	return conf_load(cli->arena, cli_conf_path(cli), conf, &cli->why) == 0 ? CLI_OK
									       : CLI_FAILED;
}

static enum cli_exit
check(struct cli *cli)
{
	struct conf conf;
	enum cli_exit code = load(cli, &conf);

	if (code == CLI_OK)
		cli_say(cli, "%s is in order\n", cli_conf_path(cli));
	return code;
}

static enum cli_exit
show(struct cli *cli)
{
	struct conf conf;
	struct buf text;
	enum cli_exit code = load(cli, &conf);

	if (code != CLI_OK)
		return code;
	buf_init(&text, cli->arena, CLI_OUTPUT_MAX);
	conf_show(&conf, &text);
	cli_say(cli, "%s", text.data);
	json_add_text(cli->doc, "path", conf.path);
	json_add_text(cli->doc, "configuration", text.data);
	return CLI_OK;
}

static enum cli_exit
reference(struct cli *cli)
{
	struct buf text;

	buf_init(&text, cli->arena, CLI_OUTPUT_MAX);
	conf_reference(&text);
	cli_say(cli, "%s", text.data);
	json_add_text(cli->doc, "configuration", text.data);
	return CLI_OK;
}

static const struct cli_command commands[] = {
	{.name = "config check",
	 .arguments = "",
	 .help = "Checks the file; every mistake is told with its line.",
	 .run = check},
	{.name = "config show",
	 .arguments = "",
	 .help = "Shows every option as it is in force.",
	 .run = show},
	{.name = "config reference",
	 .arguments = "",
	 .help = "Prints a file with every option, its meaning and its default.",
	 .run = reference},
};

const struct cli_group group_config = {"config", "the host's configuration file", ROWS(commands)};
