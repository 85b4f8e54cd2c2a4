/* SPDX-License-Identifier: ISC */
/*
 * ostiary completion: scripts for shells, made from the table of commands. Each knows the words of
 * the commands, then the options of the one that was typed.
 */
#include <string.h>

#include "core/base/str.h"
#include "ctl/commands.h"

/* Calls each() for every visible command. */
static void
each_command(struct buf *out, void (*each)(struct buf *out, const struct cli_command *command))
{
	size_t visible, all;
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	for (size_t g = 0; g < visible; g++)
		for (size_t c = 0; c < groups[g]->count; c++)
			each(out, &groups[g]->commands[c]);
}

static void
add_options(struct buf *out, const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!str_ends(options[i].name, "-"))
			buf_printf(out, " %s", options[i].name);
}

static void
add_global_options(struct buf *out)
{
	size_t count;
	const struct cli_option *options = cli_global_options(&count);

	add_options(out, options, count);
}

/* The word at index of a command's name, or NULL. */
static const char *
word_at(const char *name, size_t index, size_t *size)
{
	while (index-- > 0) {
		name = strchr(name, ' ');
		if (!name)
			return NULL;
		name++;
	}
	*size = strcspn(name, " ");
	return name;
}

/* True for the first command that has these first words: each set of words is listed once. */
static bool
is_first_with(const struct cli_command *command, size_t size)
{
	size_t visible, all;
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	for (size_t g = 0; g < visible; g++)
		for (size_t c = 0; c < groups[g]->count; c++) {
			const char *name = groups[g]->commands[c].name;

			if (strncmp(name, command->name, size) == 0 &&
			    (name[size] == ' ' || name[size] == '\0'))
				return &groups[g]->commands[c] == command;
		}
	return false;
}

/* The words that may follow a prefix of command names ("" or "client" or "client secret"). */
static void
add_next_words(struct buf *out, const char *prefix, size_t size)
{
	size_t visible, all;
	const struct cli_group *const *groups = cli_groups(&visible, &all);
	size_t skip = size ? size + 1 : 0;

	for (size_t g = 0; g < visible; g++)
		for (size_t c = 0; c < groups[g]->count; c++) {
			const struct cli_command *command = &groups[g]->commands[c];
			size_t next;

			if (size && (strncmp(command->name, prefix, size) != 0 ||
				     command->name[size] != ' '))
				continue;
			next = strcspn(command->name + skip, " ");
			if (is_first_with(command, skip + next))
				buf_printf(out, " %.*s", (int)next, command->name + skip);
		}
}

/* Every proper prefix of the command's words that is listed here for the first time. */
static void
each_prefix(struct buf *out, const struct cli_command *command,
	    void (*each)(struct buf *out, const char *prefix, size_t size))
{
	size_t size;

	for (size_t i = 1; word_at(command->name, i, &size); i++) {
		const char *word = word_at(command->name, i, &size);
		size_t length = (size_t)(word - command->name) - 1;

		if (is_first_with(command, length))
			each(out, command->name, length);
	}
}

/* ---- bash, and zsh through the same cases ---- */

static void
case_prefix(struct buf *out, const char *prefix, size_t size)
{
	buf_printf(out, "\t\"%.*s\") words=\"", (int)size, prefix);
	add_next_words(out, prefix, size);
	buf_add_text(out, "\" ;;\n");
}

static void
case_prefixes(struct buf *out, const struct cli_command *command)
{
	each_prefix(out, command, case_prefix);
}

static void
case_command(struct buf *out, const struct cli_command *command)
{
	buf_printf(out, "\t\"%s\"|\"%s \"*) words=\"", command->name, command->name);
	add_options(out, command->options, command->options_count);
	add_global_options(out);
	buf_add_text(out, "\" ;;\n");
}

static void
add_cases(struct buf *out)
{
	buf_add_text(out, "\tcase \"$path\" in\n\t\"\") words=\"");
	add_next_words(out, "", 0);
	add_global_options(out);
	buf_add_text(out, "\" ;;\n");
	each_command(out, case_command);
	each_command(out, case_prefixes);
	buf_add_text(out, "\tesac\n");
}

static void
write_bash(struct buf *out)
{
	buf_add_text(out, "# bash completion for ostiary\n"
			  "_ostiary()\n{\n"
			  "\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" words=\"\" i\n"
			  "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			  "\t\tcase \"${COMP_WORDS[i]}\" in\n"
			  "\t\t--config|--realm) ((i++)) ;;\n"
			  "\t\t-*) ;;\n"
			  "\t\t*) path=\"$path${path:+ }${COMP_WORDS[i]}\" ;;\n"
			  "\t\tesac\n\tdone\n");
	add_cases(out);
	buf_add_text(out, "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			  "}\n"
			  "complete -o default -F _ostiary ostiary\n");
}

static void
write_zsh(struct buf *out)
{
	buf_add_text(out, "#compdef ostiary\n"
			  "_ostiary()\n{\n"
			  "\tlocal path=\"\" list=\"\" i\n"
			  "\tfor ((i = 2; i < CURRENT; i++)); do\n"
			  "\t\tcase \"${words[i]}\" in\n"
			  "\t\t--config|--realm) ((i++)) ;;\n"
			  "\t\t-*) ;;\n"
			  "\t\t*) path=\"$path${path:+ }${words[i]}\" ;;\n"
			  "\t\tesac\n\tdone\n"
			  "\tlist=\"$(_ostiary_words \"$path\")\"\n"
			  "\tcompadd -- ${=list}\n"
			  "\t_files\n"
			  "}\n"
			  "_ostiary_words()\n{\n"
			  "\tlocal words=\"\" path=\"$1\"\n");
	add_cases(out);
	buf_add_text(out, "\tprintf '%s' \"$words\"\n}\n"
			  "_ostiary \"$@\"\n");
}

/* ---- fish ---- */

static void
add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static void
fish_option(struct buf *out, const char *condition, const struct cli_option *option)
{
	if (str_ends(option->name, "-"))
		return;
	buf_add_text(out, "complete -c ostiary ");
	if (condition)
		buf_printf(out, "-n '%s' ", condition);
	buf_printf(out, "-l %s %s-d ", option->name + 2, option->value ? "-r " : "");
	add_quoted(out, option->help);
	buf_add_char(out, '\n');
}

static void
fish_prefix(struct buf *out, const char *prefix, size_t size)
{
	buf_printf(out, "complete -c ostiary -f -n '__ostiary_at \"%.*s\"' -a '", (int)size,
		   prefix);
	add_next_words(out, prefix, size);
	buf_add_text(out, "'\n");
}

static void
fish_command(struct buf *out, const struct cli_command *command)
{
	const char *condition = arena_printf(out->arena, "__ostiary_in \"%s\"", command->name);

	for (size_t i = 0; i < command->options_count; i++)
		fish_option(out, condition, &command->options[i]);
	each_prefix(out, command, fish_prefix);
}

static void
write_fish(struct buf *out)
{
	size_t count;
	const struct cli_option *options = cli_global_options(&count);

	buf_add_text(out,
		     "# fish completion for ostiary\n"
		     "function __ostiary_path\n"
		     "\tset -l skip 0\n"
		     "\tfor word in (commandline -opc)[2..-1]\n"
		     "\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
		     "\t\tswitch $word\n"
		     "\t\t\tcase --config --realm\n\t\t\t\tset skip 1\n"
		     "\t\t\tcase '-*'\n"
		     "\t\t\tcase '*'\n\t\t\t\techo $word\n"
		     "\t\tend\n\tend\nend\n"
		     "function __ostiary_at\n"
		     "\ttest \"$argv[1]\" = (string join ' ' (__ostiary_path) | string collect "
		     "--allow-empty)\n"
		     "end\n"
		     "function __ostiary_in\n"
		     "\tstring match -q \"$argv[1]*\" (string join ' ' (__ostiary_path))\n"
		     "end\n");
	for (size_t i = 0; i < count; i++)
		fish_option(out, NULL, &options[i]);
	fish_prefix(out, "", 0);
	each_command(out, fish_command);
}

static enum cli_exit
run(struct cli *cli)
{
	static const struct {
		const char *name;
		void (*write)(struct buf *out);
	} shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
	struct buf out;

	buf_init(&out, cli->arena, CLI_OUTPUT_MAX);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (!str_equal(shells[i].name, cli_arg(cli, 0)))
			continue;
		shells[i].write(&out);
		if (!cli->json) /* a script has tabs, which are not for cli_say() */
			buf_add(&cli->out, out.data, out.size);
		json_add_text(cli->doc, "script", out.data);
		return CLI_OK;
	}
	return cli_fail(cli, CLI_USAGE, "completion %s: bash, zsh or fish", cli_arg(cli, 0));
}

static const struct cli_command commands[] = {
	{.name = "completion",
	 .arguments = "bash|zsh|fish",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Prints a completion script for a shell.",
	 .run = run},
};

const struct cli_group group_completion = {"completion", "completion scripts for shells",
					   ROWS(commands)};
