/* SPDX-License-Identifier: ISC */
/*
 * ostiary reference, hidden: the manual pages and lists of the documentation, made from the tables
 * that the program itself reads. `make docs` writes them, a test compares them.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_realm.h"
#include "core/model/client.h"
#include "core/model/profile.h"
#include "core/model/source.h"
#include "ctl/commands.h"
#include "ctl/reference_endpoints.h"
#include "ctl/reference_tables.h"
#include "ctl/vhost.h"

#define MAN_DATE     "November 21, 2026"
#define PAGES_FOLDER "share/ostiary/pages"
#define WRAP_AT      72 /* columns; an escaped word may reach a little further */

/* ---- mdoc ---- */

/* One word with what mdoc and roff would read differently escaped. Returns the columns it takes. */
static size_t
add_word(struct buf *out, const char *word, size_t size)
{
	size_t before = out->size;

	for (size_t i = 0; i < size; i++) {
		if (word[i] == '\\')
			buf_add_text(out, "\\e");
		else if (word[i] == '-')
			buf_add_text(out, "\\-");
		else
			buf_add_char(out, word[i]);
	}
	return out->size - before;
}

/* Text of a table: each sentence on a line of its own, as mdoc wants it, and none too long. */
static void
add_text(struct buf *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t size = strcspn(text, " ");
		bool ends = text[size - (size > 0)] == '.';

		if (column > 0 && column + size > WRAP_AT) {
			buf_add_char(out, '\n');
			column = 0;
		}
		if (column > 0) {
			buf_add_char(out, ' ');
			column++;
		} else if (*text == '.' || *text == '\'') {
			buf_add_text(out, "\\&");
		}
		column += add_word(out, text, size);
		text += size;
		text += strspn(text, " ");
		if (ends && *text) {
			buf_add_char(out, '\n');
			column = 0;
		}
	}
	buf_add_char(out, '\n');
}

static void
add_option(struct buf *out, const struct cli_option *option)
{
	buf_printf(out, ".It Fl Fl %s", option->name + 2);
	if (str_ends(option->name, "-"))
		buf_add_text(out, " Ns Ar LANG");
	if (option->value)
		buf_printf(out, " Ar %s", option->value);
	buf_add_char(out, '\n');
	add_text(out, option->help);
}

static void
add_options(struct buf *out, const struct cli_option *options, size_t count)
{
	if (count == 0)
		return;
	buf_add_text(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		add_option(out, &options[i]);
	buf_add_text(out, ".El\n");
}

static void
add_command(struct buf *out, const struct cli_command *command)
{
	buf_printf(out, ".It Cm %s", command->name);
	if (*command->arguments)
		buf_printf(out, " Ar %s", command->arguments);
	buf_add_char(out, '\n');
	add_text(out, command->help);
	add_options(out, command->options, command->options_count);
}

static void
add_item(struct buf *out, const char *macro, const char *name, const char *help)
{
	buf_printf(out, ".It %s %s\n", macro, name);
	add_text(out, help);
}

static void
add_commands(struct buf *out)
{
	size_t visible, all;
	const struct cli_group *const *groups = cli_groups(&visible, &all);

	buf_add_text(out, ".Sh COMMANDS\n");
	for (size_t g = 0; g < visible; g++) {
		buf_printf(out, ".Ss %s: %s\n.Bl -tag -width Ds\n", groups[g]->name,
			   groups[g]->help);
		for (size_t c = 0; c < groups[g]->count; c++)
			add_command(out, &groups[g]->commands[c]);
		buf_add_text(out, ".El\n");
	}
}

static void
add_settings(struct buf *out)
{
	size_t count;
	const struct manage_realm_field *fields = manage_realm_fields(&count);
	const struct setting *settings;

	buf_add_text(out, ".Sh SETTINGS\n"
			  "What\n.Cm realm set\nchanges.\n"
			  "Durations are numbers with s, m, h or d.\n"
			  "Those marked with a star may be different for a client:\n"
			  ".Cm client edit Ar ID Fl Fl set Ar NAME Ns = Ns Ar VALUE .\n"
			  ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		add_item(out, "Va", fields[i].name, fields[i].help);
	settings = settings_table(&count);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, ".It Va %s%s\n", settings[i].name,
			   settings[i].client_may ? " *" : "");
		add_text(out, settings[i].help);
		buf_printf(out, "Default: %s.\n", settings[i].fallback);
	}
	buf_add_text(out, ".El\n");
}

static void
add_metadata(struct buf *out)
{
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	buf_add_text(out, ".Sh CLIENT METADATA\n"
			  "Fields of\n.Cm client add\nand\n.Cm client edit ;\n"
			  "the names are those of RFC 7591 and OpenID Connect registration.\n"
			  ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		add_item(out, "Va", fields[i].name, fields[i].help);
	buf_add_text(out, ".El\n");
}

static void
add_source_options(struct buf *out)
{
	size_t count;
	const struct source_option *options = source_options(&count);

	buf_add_text(out, ".Sh OPTIONS OF SOURCES\n"
			  "What\n.Cm source add\nand\n.Cm source set\ntake as\n"
			  ".Fl Fl set Ar OPTION Ns = Ns Ar VALUE .\n"
			  ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		add_item(out, "Va", options[i].name, source_option_text(out->arena, &options[i]));
	buf_add_text(out, ".El\n");
}

static void
add_profiles(struct buf *out)
{
	size_t count;
	const struct profile *profiles = profiles_table(&count);

	buf_add_text(out, ".Sh PROFILES\n"
			  "Rules that a realm and each of its clients have; the stricter of both "
			  "counts.\n"
			  ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		add_item(out, "Cm", profiles[i].name, profiles[i].help);
	buf_add_text(out, ".El\n");
}

static void
add_exits(struct buf *out)
{
	buf_add_text(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (int i = CLI_OK; i <= CLI_DOWN; i++)
		add_item(out, "", arena_printf(out->arena, "%d", i),
			 cli_exit_row((enum cli_exit)i)->help);
	buf_add_text(out, ".El\n");
}

static void
write_man(struct buf *out)
{
	size_t count;
	const struct cli_option *globals = cli_global_options(&count);

	buf_add_text(out,
		     ".\\\" SPDX-License-Identifier: ISC\n"
		     ".\\\" Made by `make docs` from the tables of the program.\n"
		     ".Dd " MAN_DATE "\n"
		     ".Dt OSTIARY 8\n.Os\n.Sh NAME\n.Nm ostiary\n"
		     ".Nd administer an OAuth 2.0 and OpenID Connect provider\n"
		     ".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Ar command\n.Op Ar arguments\n"
		     ".Op Ar options\n"
		     ".Sh DESCRIPTION\n"
		     ".Nm\nworks on the database that the FastCGI workers use;\n"
		     "changes are in force within a second.\n"
		     "A fresh installation needs\n.Cm migrate ,\n.Cm realm add\nand\n"
		     ".Cm client add .\n"
		     ".Pp\n"
		     "Secrets are never taken from the command line:\n"
		     "passwords come from the terminal or from standard input.\n"
		     "What destroys asks for the name of what goes; without a terminal it needs\n"
		     ".Fl Fl yes .\n"
		     "Every change is written to the record with the name of the person at work.\n"
		     ".Pp\nOptions of all commands, before or after the command:\n");
	add_options(out, globals, count);
	add_commands(out);
	add_settings(out);
	add_metadata(out);
	add_source_options(out);
	add_profiles(out);
	buf_add_text(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
			  ".It Ev " CONF_ENVIRONMENT "\nThe path of the configuration file.\n.El\n"
			  ".Sh FILES\n.Bl -tag -width Ds\n"
			  ".It Pa " CONF_DEFAULT_PATH "\nThe configuration file, see\n"
			  ".Xr ostiary.conf 5 .\n.El\n");
	add_exits(out);
	buf_add_text(out, "With\n.Fl Fl json\nfailures are a document on standard error:\n"
			  ".Dl {\\(dqerror\\(dq: {\\(dqcode\\(dq: \\(dqnot_found\\(dq, "
			  "\\(dqexit\\(dq: 3, \\(dqmessages\\(dq: [\\(dq...\\(dq]}}\n"
			  ".Sh EXAMPLES\nA first realm with a client and a person:\n"
			  ".Bd -literal -offset indent\n"
			  "ostiary migrate\n"
			  "ostiary realm add main \\-\\-issuer https://login.example\n"
			  "ostiary client add \\-\\-name \\(dqStaff wiki\\(dq \\e\n"
			  "        \\-\\-redirect\\-uri https://wiki.example/callback\n"
			  "ostiary user add alice \\-\\-claim email=alice@example.com\n"
			  ".Ed\n"
			  ".Sh SEE ALSO\n.Xr ostiary.conf 5\n");
}

/* ---- the configuration file ---- */

static void
add_conf_option(struct buf *out, const struct conf_option *option)
{
	static const char *const types[] = {
		[CONF_TEXT] = "text",   [CONF_PATH] = "path",   [CONF_INT] = "number",
		[CONF_BOOL] = "yes|no", [CONF_LEVEL] = "level",
	};

	buf_printf(out, ".It Va %s No = Ar %s\n", option->name, types[option->type]);
	add_text(out, option->help);
	if (option->type == CONF_INT)
		buf_printf(out, "From %lld to %lld.\n", (long long)option->min,
			   (long long)option->max);
	if (str_ends(option->fallback, PAGES_FOLDER)) {
		/* the page is the same wherever the program will be installed */
		buf_add_text(out, "Default: the folder\n.Pa " PAGES_FOLDER
				  "\nunder the prefix of the installation.\n");
	} else if (!str_empty(option->fallback)) {
		buf_add_text(out, "Default: ");
		add_text(out, arena_printf(out->arena, "%s", option->fallback));
	}
}

static void
write_conf(struct buf *out)
{
	size_t count;
	const struct conf_option *options = conf_table(&count);
	const char *section = NULL;

	buf_add_text(out,
		     ".\\\" SPDX-License-Identifier: ISC\n"
		     ".\\\" Made by `make docs` from the tables of the program.\n"
		     ".Dd " MAN_DATE "\n"
		     ".Dt OSTIARY.CONF 5\n.Os\n.Sh NAME\n.Nm ostiary.conf\n"
		     ".Nd what the host decides for Ostiary\n"
		     ".Sh DESCRIPTION\n"
		     "The file holds sections in brackets and options\n"
		     ".Ql name = value ,\none on a line; what follows a\n.Ql #\n"
		     "or\n.Ql \\&;\nat the beginning of a line is a comment.\n"
		     "Unknown options are refused.\n"
		     "Realms, clients and people are not in it: they are in the database, see\n"
		     ".Xr ostiary 8 .\n"
		     ".Cm ostiary config check\ntells every mistake with its line.\n");
	for (size_t i = 0; i < count; i++) {
		if (!str_equal(section, options[i].section)) {
			buf_printf(out, "%s.Sh SECTION %s\n.Bl -tag -width Ds\n",
				   section ? ".El\n" : "", options[i].section);
			section = options[i].section;
		}
		add_conf_option(out, &options[i]);
	}
	buf_add_text(out,
		     ".El\n.Sh FILES\n.Bl -tag -width Ds\n"
		     ".It Pa " CONF_DEFAULT_PATH "\nThe usual place; the environment variable\n"
		     ".Ev " CONF_ENVIRONMENT "\nnames another one.\n.El\n"
		     ".Sh SEE ALSO\n.Xr ostiary 8\n");
}

static enum cli_exit
run(struct cli *cli)
{
	static const struct {
		const char *name;
		void (*write)(struct buf *out);
	} parts[] = {
		{"man", write_man},
		{"conf", write_conf},
		{"settings", reference_settings},
		{"metadata", reference_metadata},
		{"endpoints", reference_endpoints},
	};
	struct buf out;

	buf_init(&out, cli->arena, CLI_OUTPUT_MAX);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!str_equal(parts[i].name, cli_arg(cli, 0)))
			continue;
		parts[i].write(&out);
		cli_say(cli, "%s", out.data);
		json_add_text(cli->doc, "text", out.data);
		return CLI_OK;
	}
	if (vhost_example(&out, cli_arg(cli, 0)) == 0) {
		buf_add(&cli->out, out.data, out.size); /* its tabs are not for cli_say() */
		return CLI_OK;
	}
	return cli_fail(cli, CLI_USAGE,
			"reference %s: man, conf, settings, metadata, endpoints or a web server",
			cli_arg(cli, 0));
}

static const struct cli_command commands[] = {
	{.name = "reference",
	 .arguments = "man|conf|settings|metadata|endpoints",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Prints parts of the documentation.",
	 .run = run},
};

const struct cli_group group_reference = {"reference", "parts of the documentation",
					  ROWS(commands)};
