/* SPDX-License-Identifier: ISC */
/*
 * From argv to a command with its options and arguments. Global options may stand before or behind
 * the command; "--" ends options; "--name=value" and "--name value" are the same.
 */
#include <string.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "ctl/cli.h"

static const struct cli_option global_options[] = {
	{"--config", "FILE", "The configuration file instead of the usual one."},
	{"--realm", "NAME",
	 "The realm to work in. Without it: the only one there is, else the one called main."},
	{"--json", NULL, "Print one JSON document instead of text."},
	{"--yes", NULL, "Do not ask before something is destroyed."},
	{"--help", NULL, "Show help for the command."},
	{"--version", NULL, "Show the version."},
};

const struct cli_option *
cli_global_options(size_t *count)
{
	*count = sizeof(global_options) / sizeof(global_options[0]);
	return global_options;
}

/* ---- which command ---- */

/* How many words of argv the name matches; 0 when not all of the name is there. */
static size_t
match_words(const char *name, int argc, char **argv)
{
	size_t words = 0;

	while (*name) {
		size_t size = strcspn(name, " ");

		if ((int)words >= argc || strlen(argv[words]) != size ||
		    strncmp(argv[words], name, size) != 0)
			return 0;
		words++;
		name += size + (name[size] == ' ');
	}
	return words;
}

static size_t
find_command(struct cli *cli, int argc, char **argv)
{
	size_t visible, all, longest = 0;
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	for (size_t g = 0; g < all; g++)
		for (size_t c = 0; c < groups[g]->count; c++) {
			size_t words = match_words(groups[g]->commands[c].name, argc, argv);

			if (words <= longest)
				continue;
			longest = words;
			cli->command = &groups[g]->commands[c];
		}
	return longest;
}

/* Words that begin commands but are none: a group, or "client secret". */
static bool
is_prefix_of_commands(const char *words)
{
	size_t visible, all, size = strlen(words);
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	for (size_t g = 0; g < visible; g++)
		for (size_t c = 0; c < groups[g]->count; c++)
			if (strncmp(groups[g]->commands[c].name, words, size) == 0 &&
			    groups[g]->commands[c].name[size] == ' ')
				return true;
	return false;
}

/* ---- options ---- */

static bool
name_matches(const struct cli_option *option, const char *name)
{
	if (str_ends(option->name, "-"))
		return str_starts(name, option->name) && strlen(name) > strlen(option->name);
	return str_equal(option->name, name);
}

static const struct cli_option *
find_option(const struct cli_option *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name_matches(&table[i], name))
			return &table[i];
	return NULL;
}

static const struct cli_option *
option_of(const struct cli *cli, const char *name, bool *global)
{
	size_t count;
	const struct cli_option *table = cli_global_options(&count);
	const struct cli_option *option = find_option(table, count, name);

	*global = option != NULL;
	if (option || !cli->command)
		return option;
	return find_option(cli->command->options, cli->command->options_count, name);
}

static void
set_global(struct cli *cli, const char *name, const char *value)
{
	struct {
		const char *name;
		const char **text;
		bool *flag;
	} const places[] = {
		{"--config", &cli->config, NULL}, {"--realm", &cli->realm, NULL},
		{"--json", NULL, &cli->json},     {"--yes", NULL, &cli->yes},
		{"--help", NULL, &cli->help},     {"--version", NULL, &cli->version},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!str_equal(places[i].name, name))
			continue;
		if (places[i].text)
			*places[i].text = value;
		if (places[i].flag)
			*places[i].flag = true;
	}
}

/* One option at argv[*at]; *at moves to its last word. */
static enum cli_exit
take_option(struct cli *cli, int argc, char **argv, int *at)
{
	const char *equals = strchr(argv[*at], '=');
	const char *name = equals ? arena_copy(cli->arena, argv[*at], (size_t)(equals - argv[*at]))
				  : argv[*at];
	const char *value = equals ? equals + 1 : NULL;
	bool global;
	const struct cli_option *option = option_of(cli, name, &global);

	if (!option && cli->command)
		return cli_fail(cli, CLI_USAGE, "%s has no option %s; try: ostiary %s --help",
				cli->command->name, name, cli->command->name);
	if (!option)
		return cli_fail(cli, CLI_USAGE, "no option %s; try: ostiary --help", name);
	if (!option->value && value)
		return cli_fail(cli, CLI_USAGE, "%s takes no value", name);
	if (option->value && !value) {
		/* an option behind an option is a value forgotten; --name=--value is for the rest
		 */
		if (*at + 1 >= argc || str_starts(argv[*at + 1], "--"))
			return cli_fail(cli, CLI_USAGE, "%s needs a value: %s %s", name, name,
					option->value);
		value = argv[++*at];
	}
	if (global) {
		set_global(cli, name, value);
		return CLI_OK;
	}
	if (cli->given_count == CLI_GIVEN_MAX)
		return cli_fail(cli, CLI_USAGE, "more than %d options", CLI_GIVEN_MAX);
	cli->given[cli->given_count++] = (struct cli_given){name, value};
	return CLI_OK;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Global options in front of the command; *at is left at its first word. */
static enum cli_exit
take_front(struct cli *cli, int argc, char **argv, int *at)
{
	for (; *at < argc && is_option(argv[*at]); ++*at) {
		enum cli_exit code = take_option(cli, argc, argv, at);

		if (code != CLI_OK)
			return code;
	}
	return CLI_OK;
}

/* Words that name no command: a group, for help, or a mistake. The first word with which no command
 * begins is told before what stands behind it is judged: options are those of a command. */
static enum cli_exit
take_topic(struct cli *cli, int argc, char **argv, int at)
{
	struct strlist words = {.item = arena_array(cli->arena, (size_t)argc, sizeof(char *))};
	const char *topic = "";

	for (; at < argc; at++) {
		if (is_option(argv[at])) {
			enum cli_exit code = take_option(cli, argc, argv, &at);

			if (code != CLI_OK)
				return code;
			continue;
		}
		words.item[words.count++] = argv[at];
		topic = strlist_join(cli->arena, &words, ' ');
		if (!is_prefix_of_commands(topic))
			return cli_fail(cli, CLI_USAGE, "no command \"%s\"; try: ostiary --help",
					topic);
	}
	cli->topic = topic;
	if (cli->help)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s what? try: ostiary %s --help", topic, topic);
}

static enum cli_exit
take_rest(struct cli *cli, int argc, char **argv, int at)
{
	bool options = true;

	for (; at < argc; at++) {
		if (options && str_equal(argv[at], "--")) {
			options = false;
			continue;
		}
		if (options && is_option(argv[at])) {
			enum cli_exit code = take_option(cli, argc, argv, &at);

			if (code != CLI_OK)
				return code;
			continue;
		}
		if (cli->args_count == CLI_GIVEN_MAX)
			return cli_fail(cli, CLI_USAGE, "more than %d arguments", CLI_GIVEN_MAX);
		cli->args[cli->args_count++] = argv[at];
	}
	return CLI_OK;
}

static enum cli_exit
check_count(struct cli *cli)
{
	const struct cli_command *command = cli->command;

	if (cli->args_count >= command->arguments_min && cli->args_count <= command->arguments_max)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s: usage: ostiary %s%s%s",
			cli->args_count < command->arguments_min ? "something is missing"
								 : "that is too much",
			command->name, *command->arguments ? " " : "", command->arguments);
}

enum cli_exit
cli_parse(struct cli *cli, int argc, char **argv)
{
	int at = 1;
	size_t words;
	enum cli_exit code;

	/* complaints about the rest of the line come out in the form that is wanted */
	for (int i = 1; i < argc && !str_equal(argv[i], "--"); i++)
		cli->json = cli->json || str_equal(argv[i], "--json");
	code = take_front(cli, argc, argv, &at);
	if (code != CLI_OK || at == argc)
		return code;
	words = find_command(cli, argc - at, argv + at);
	if (words == 0)
		return take_topic(cli, argc, argv, at);
	code = take_rest(cli, argc, argv, at + (int)words);
	if (code != CLI_OK || cli->help || cli->version)
		return code;
	return check_count(cli);
}

/* ---- what was given ---- */

const char *
cli_arg(const struct cli *cli, size_t index)
{
	return index < cli->args_count ? cli->args[index] : NULL;
}

const char *
cli_value(const struct cli *cli, const char *name)
{
	for (size_t i = cli->given_count; i-- > 0;)
		if (str_equal(cli->given[i].name, name))
			return cli->given[i].value;
	return NULL;
}

bool
cli_flag(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < cli->given_count; i++)
		if (str_equal(cli->given[i].name, name))
			return true;
	return false;
}

struct strlist
cli_values(struct cli *cli, const char *name)
{
	struct strlist list = {.item = arena_array(cli->arena, cli->given_count, sizeof(char *))};

	for (size_t i = 0; i < cli->given_count; i++)
		if (str_equal(cli->given[i].name, name))
			list.item[list.count++] = cli->given[i].value;
	return list;
}

int
cli_duration(struct cli *cli, const char *name, int64_t fallback, int64_t *seconds)
{
	const char *text = cli_value(cli, name);

	*seconds = fallback;
	if (!text || num_parse_duration(text, 1, INT64_C(3650) * 86400, seconds) == 0)
		return 0;
	(void)cli_fail(cli, CLI_USAGE, "%s %s: a duration such as 90s, 10m, 12h or 30d", name,
		       text);
	return -1;
}
