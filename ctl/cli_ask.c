/* SPDX-License-Identifier: ISC */
/*
 * Questions to the person at the terminal: the name of what is to be destroyed, and new passwords
 * without echo. Without a terminal nothing is guessed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/model/account.h"
#include "ctl/cli.h"

#define LINE_MAX_BYTES 1024

/* One line of standard input without its newline, byte by byte so that nothing behind it is lost.
 * NULL at the end of input, or when the line is too long. */
static char *
read_line(struct arena *arena)
{
	char line[LINE_MAX_BYTES];
	size_t size = 0;
	char *copy;

	for (;;) {
		char c;
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 && size == 0)
			return NULL;
		if (got <= 0 || c == '\n')
			break;
		if (size == sizeof(line))
			return NULL;
		line[size++] = c;
	}
	copy = memchr(line, '\0', size) ? NULL : arena_copy(arena, line, size);
	hash_wipe(line, sizeof(line));
	return copy;
}

static void
prompt(const char *text)
{
	(void)fputs(text, stderr);
	(void)fflush(stderr);
}

enum cli_exit
cli_confirm(struct cli *cli, const char *what, const char *name)
{
	const char *answer;

	if (cli->yes)
		return CLI_OK;
	if (!isatty(STDIN_FILENO))
		return cli_fail(cli, CLI_FAILED, "%s; without a terminal this needs --yes", what);
	prompt(cli_clean(cli->arena, what));
	prompt(".\n");
	prompt(arena_printf(cli->arena, "Type %s to confirm: ", cli_clean(cli->arena, name)));
	answer = read_line(cli->arena);
	if (answer && str_equal(answer, name)) {
		tx_read_clock(&cli->tx); /* what "until now" means is after the answer */
		return CLI_OK;
	}
	return cli_fail(cli, CLI_FAILED, "not confirmed; nothing was changed");
}

static char *
read_hidden(struct arena *arena, const char *text)
{
	struct termios seen, hidden;
	char *line;

	if (tcgetattr(STDIN_FILENO, &seen) != 0)
		return NULL;
	hidden = seen;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* the echo goes first: what is typed at the prompt must not be seen */
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
		return NULL;
	prompt(text);
	line = read_line(arena);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &seen);
	prompt("\n");
	return line;
}

enum cli_exit
cli_password(struct cli *cli, const char **password)
{
	char *first, *second;

	*password = NULL;
	if (cli_flag(cli, "--no-password"))
		return CLI_OK;
	if (cli_flag(cli, "--password-stdin")) {
		*password = read_line(cli->arena);
		if (*password)
			return CLI_OK;
		return cli_fail(cli, CLI_FAILED, "standard input has no line with a password");
	}
	if (!isatty(STDIN_FILENO))
		return cli_fail(cli, CLI_FAILED, "no terminal to ask on; use --password-stdin");
	first = read_hidden(cli->arena, "New password: ");
	second = first ? read_hidden(cli->arena, "Once more: ") : NULL;
	if (!first || !second)
		return cli_fail(cli, CLI_FAILED, "no password was typed");
	if (!str_equal(first, second))
		return cli_fail(cli, CLI_FAILED, "the two passwords differ; nothing was changed");
	*password = first;
	return CLI_OK;
}
