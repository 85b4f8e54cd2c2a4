/* SPDX-License-Identifier: ISC */
/*
 * ostiary, the administrator's command line: reads the command, constructs what it needs, runs it,
 * prints the result and ends with its code.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/cli.h"
#include "ctl/version.h"

static enum cli_exit
run(struct cli *cli, int argc, char **argv)
{
	enum cli_exit code = cli_parse(cli, argc, argv);

	if (code != CLI_OK)
		return code;
	if (cli->version) {
		cli_say(cli, "ostiary %s\n", OSTIARY_VERSION);
		json_add_text(cli->doc, "version", OSTIARY_VERSION);
		return CLI_OK;
	}
	if (cli->help || !cli->command) {
		cli_help(cli);
		return cli->help ? CLI_OK : CLI_USAGE;
	}
	code = cli_open(cli, cli->command->needs);
	return code == CLI_OK ? cli->command->run(cli) : code;
}

int
main(int argc, char **argv)
{
	struct cli cli;
	enum cli_exit code;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)signal(SIGPIPE, SIG_IGN);
	memset(&cli, 0, sizeof(cli));
	cli.arena = arena_new(CLI_ARENA_MAX);
	buf_init(&cli.out, cli.arena, CLI_OUTPUT_MAX);
	buf_init(&cli.why, cli.arena, CLI_OUTPUT_MAX);
	cli.doc = json_new_object(cli.arena);
	code = run(&cli, argc, argv);
	cli_explain_down(&cli, code);
	cli_finish(&cli, code);
	cli_close(&cli);
	arena_free(cli.arena);
	return fflush(stdout) == 0 || code != CLI_OK ? (int)code : CLI_FAILED;
}
