/* SPDX-License-Identifier: ISC */
/*
 * ostiary user: people in the realm's own table. Passwords come from the terminal or from standard
 * input, never from the command line. The commands for links have their handlers in
 * cmd_user_link.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/manage/manage_user.h"
#include "ctl/commands.h"

#define LIST_PAGE       500
#define IMPORT_FILE_MAX (64 * 1024 * 1024)

static const struct cli_option add_options[] = {
	{"--claim", "NAME=VALUE",
	 "A claim about the person, NAME:=JSON for any JSON value; may be given several times."},
	{"--password-stdin", NULL, "Read the password as one line from standard input."},
	{"--no-password", NULL, "No password, so no sign-in with one."},
};

static const struct cli_option passwd_options[] = {
	{"--password-stdin", NULL, "Read the password as one line from standard input."},
};

static const struct cli_option list_options[] = {
	{"--search", "PART", "Only names that contain this."},
};

static const struct cli_option set_options[] = {
	{"--claim", "NAME=VALUE",
	 "A claim about the person, NAME:=JSON for any JSON value; may be given several times."},
	{"--unset-claim", "NAME", "The claim goes; may be given several times."},
};

static const struct cli_option import_options[] = {
	{"--skip-bad", NULL, "Import the good lines even if others are bad."},
};

/* ---- claims ---- */

static int
read_claims(struct cli *cli, struct manage_claim *claims, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < cli->given_count; i++) {
		const struct cli_given *given = &cli->given[i];

		if (str_equal(given->name, "--unset-claim")) {
			claims[(*count)++] = (struct manage_claim){.name = given->value};
			continue;
		}
		if (!str_equal(given->name, "--claim"))
			continue;
		if (manage_claim_parse(cli->arena, given->value, &claims[*count], &cli->why) != 0)
			return -1;
		++*count;
	}
	return 0;
}

/* ---- commands ---- */

static enum cli_exit
add(struct cli *cli)
{
	struct manage_claim claims[CLI_GIVEN_MAX];
	struct manage_user_new new = {.username = cli_arg(cli, 0), .claims = claims};
	struct account account;
	enum cli_exit code;

	if (read_claims(cli, claims, &new.claims_count) != 0)
		return CLI_USAGE;
	code = cli_password(cli, &new.password);
	if (code == CLI_OK)
		code = cli_verdict(manage_user_add(&cli->tx, &new, &account, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_say(cli, "user %s is there; sub %s\n", account.username, account.sub);
	json_add_text(cli->doc, "username", account.username);
	json_add_text(cli->doc, "sub", account.sub);
	return CLI_OK;
}

static enum cli_exit
passwd(struct cli *cli)
{
	struct account account;
	const char *password;
	enum cli_exit code =
		cli_verdict(manage_user_find(&cli->tx, cli_arg(cli, 0), &account, &cli->why));

	if (code == CLI_OK)
		code = cli_password(cli, &password);
	if (code == CLI_OK)
		code = cli_verdict(
			manage_user_password(&cli->tx, account.username, password, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "user %s has a new password; sessions and grants have ended\n",
			account.username);
	return code;
}

static enum cli_exit
show(struct cli *cli)
{
	struct account account;
	const char *id;
	enum cli_exit code =
		cli_verdict(manage_user_find(&cli->tx, cli_arg(cli, 0), &account, &cli->why));

	if (code != CLI_OK)
		return code;
	id = hex_encode(cli->arena, account.id, sizeof(account.id));
	cli_pair(cli, "username", account.username);
	cli_pair(cli, "sub", account.sub);
	cli_pair(cli, "id", id);
	cli_pair(cli, "source", account.source);
	cli_pair(cli, "source key", account.source_key);
	cli_pair(cli, "away", account.away);
	cli_pair(cli, "password", account.password ? "yes" : "none");
	cli_pair(cli, "disabled", cli_time(cli->arena, account.disabled_at));
	cli_pair(cli, "created", cli_time(cli->arena, account.created_at));
	cli_pair(cli, "changed", cli_time(cli->arena, account.updated_at));
	json_add_text(cli->doc, "username", account.username);
	json_add_text(cli->doc, "sub", account.sub);
	json_add_text(cli->doc, "id", id);
	json_add_text(cli->doc, "source", account.source);
	json_add_text(cli->doc, "source_key", account.source_key);
	json_add_text(cli->doc, "away", account.away);
	json_add_bool(cli->doc, "has_password", account.password != NULL);
	json_add_bool(cli->doc, "enabled", account.disabled_at == 0);
	json_add_int(cli->doc, "created_at", account.created_at);
	json_add_int(cli->doc, "updated_at", account.updated_at);
	json_add(cli->doc, "claims", account.claims);
	json_object_object_foreach(account.claims, name, value)
	{
		cli_pair(cli, cli_clean(cli->arena, name),
			 json_object_is_type(value, json_type_string)
				 ? json_object_get_string(value)
				 : json_write(cli->arena, value, NULL));
	}
	return CLI_OK;
}

static void
list_row(struct cli *cli, const struct account *account, struct cli_table *table,
	 struct json_object *array)
{
	struct json_object *row = json_new_object(cli->arena);
	const char *name = json_text_or_null(account->claims, "name");

	cli_table_row(table, (const char *const[]){account->username, name, account->sub,
						   account_is_off(account) ? "no" : "yes"});
	json_add_text(row, "username", account->username);
	json_add_text(row, "name", name);
	json_add_text(row, "sub", account->sub);
	json_add_text(row, "source", account->source);
	json_add_bool(row, "enabled", !account_is_off(account));
	json_push(array, row);
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"USER NAME", "NAME", "SUB", "ENABLED"};
	struct json_object *array = json_new_array(cli->arena);
	const char *after = NULL;
	size_t count = LIST_PAGE;

	json_add(cli->doc, "users", array);
	while (count == LIST_PAGE) {
		struct account_list page = {0};
		struct cli_table table;

		if (account_list(cli->tx.store, cli->arena, cli->tx.realm->id,
				 cli_value(cli, "--search"), after, LIST_PAGE, &page) == STORE_DOWN)
			return cli_verdict(manage_down(&cli->why));
		count = page.count;
		cli_table_start(&table, cli, heads, 4, count);
		for (size_t i = 0; i < count; i++)
			list_row(cli, &page.account[i], &table, array);
		if (count || !after)
			cli_table_end(&table);
		after = count ? page.account[count - 1].username : NULL;
	}
	return CLI_OK;
}

static enum cli_exit
set(struct cli *cli)
{
	struct manage_claim claims[CLI_GIVEN_MAX];
	size_t count;
	enum cli_exit code;

	if (read_claims(cli, claims, &count) != 0)
		return CLI_USAGE;
	if (count == 0)
		return cli_fail(cli, CLI_USAGE, "set what? --claim NAME=VALUE, --unset-claim NAME");
	code = cli_verdict(manage_user_claims(&cli->tx, cli_arg(cli, 0), claims, count, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "user %s is changed\n", cli_arg(cli, 0));
	return code;
}

static enum cli_exit
set_enabled(struct cli *cli, bool enabled)
{
	enum cli_exit code =
		cli_verdict(manage_user_enable(&cli->tx, cli_arg(cli, 0), enabled, &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "user %s is %s\n", cli_arg(cli, 0),
			enabled ? "enabled" : "disabled; sessions and grants have ended");
	return code;
}

static enum cli_exit
enable(struct cli *cli)
{
	return set_enabled(cli, true);
}

static enum cli_exit
disable(struct cli *cli)
{
	return set_enabled(cli, false);
}

static enum cli_exit
remove_user(struct cli *cli)
{
	struct account account;
	enum cli_exit code =
		cli_verdict(manage_user_find(&cli->tx, cli_arg(cli, 0), &account, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(cli,
				   arena_printf(cli->arena,
						"user %s goes with sessions, grants, tokens and "
						"consents",
						account.username),
				   account.username);
	if (code == CLI_OK)
		code = cli_verdict(manage_user_remove(&cli->tx, account.username, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "user %s is gone\n", account.username);
	return code;
}

/* ---- import ---- */

static void
show_progress(void *context, size_t done, size_t all)
{
	(void)context;
	(void)fprintf(stderr, "\r%zu of %zu ", done, all);
	(void)fflush(stderr);
}

static enum cli_exit
import(struct cli *cli)
{
	bool terminal = isatty(STDERR_FILENO) && !cli->json;
	struct manage_imported done = {0};
	struct buf text;
	enum cli_exit code = cli_read_file(cli, cli_arg(cli, 0), IMPORT_FILE_MAX, &text);

	if (code != CLI_OK)
		return code;
	code = cli_verdict(manage_user_import(&cli->tx,
					      &(struct manage_import){
						      .text = text.data,
						      .size = text.size,
						      .skip_bad = cli_flag(cli, "--skip-bad"),
						      .progress = terminal ? show_progress : NULL,
					      },
					      &done, &cli->why));
	if (terminal && done.added)
		(void)fputs("\r", stderr);
	cli_say(cli, "%zu lines, %zu bad, %zu users added\n", done.lines, done.bad, done.added);
	json_add_int(cli->doc, "lines", (int64_t)done.lines);
	json_add_int(cli->doc, "bad", (int64_t)done.bad);
	json_add_int(cli->doc, "added", (int64_t)done.added);
	if (cli->json)
		json_add(cli->doc, "complaints", cli_lines(cli, cli->why.data));
	return code;
}

#define IN_REALM (NEED_CONF | NEED_REALM)
#define ONE_NAME .arguments = "NAME", .arguments_min = 1, .arguments_max = 1
#define ONE_LINK .arguments = "NAME ISSUER SUB", .arguments_min = 3, .arguments_max = 3

static const struct cli_command commands[] = {
	{.name = "user add",
	 ONE_NAME,
	 .help = "Adds a person. The password is asked for twice on a terminal.",
	 OPTIONS(add_options),
	 .needs = IN_REALM,
	 .run = add},
	{.name = "user passwd",
	 ONE_NAME,
	 .help = "Sets a new password; the person's sessions and grants end.",
	 OPTIONS(passwd_options),
	 .needs = IN_REALM,
	 .run = passwd},
	{.name = "user show",
	 ONE_NAME,
	 .help = "Shows a person with all claims.",
	 .needs = IN_REALM,
	 .run = show},
	{.name = "user list",
	 .arguments = "",
	 .help = "Lists the people.",
	 OPTIONS(list_options),
	 .needs = IN_REALM,
	 .run = list},
	{.name = "user set",
	 ONE_NAME,
	 .help = "Changes claims about a person; all of them or none.",
	 OPTIONS(set_options),
	 .needs = IN_REALM,
	 .run = set},
	{.name = "user disable",
	 ONE_NAME,
	 .help = "The person cannot sign in; sessions and grants end.",
	 .needs = IN_REALM,
	 .run = disable},
	{.name = "user enable",
	 ONE_NAME,
	 .help = "Lets a disabled person sign in again.",
	 .needs = IN_REALM,
	 .run = enable},
	{.name = "user remove",
	 ONE_NAME,
	 .help = "Removes a person with sessions, grants, tokens and consents; the record keeps "
		 "the "
		 "id alone. Asks for the name.",
	 .needs = IN_REALM,
	 .run = remove_user},
	{.name = "user import",
	 .arguments = "FILE",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Imports people from lines NAME:HASH[:CLAIMS] where HASH is of crypt(3), "
		 "Argon2, phpass, WordPress, htpasswd or a directory (docs/user-tables.md) and "
		 "CLAIMS a JSON object; - is standard input. One bad line refuses all; every bad "
		 "line is told with its number.",
	 OPTIONS(import_options),
	 .needs = IN_REALM,
	 .run = import},
	{.name = "user link",
	 ONE_LINK,
	 .help = "Says that a subject of a trusted issuer is this person: tokens and assertions "
		 "that "
		 "name it count for the person.",
	 .needs = IN_REALM,
	 .run = user_link_run},
	{.name = "user unlink",
	 ONE_LINK,
	 .help = "The subject is this person no longer; tokens that were given by the link last "
		 "until they end.",
	 .needs = IN_REALM,
	 .run = user_unlink_run},
	{.name = "user links",
	 ONE_NAME,
	 .help = "Lists the subjects of trusted issuers that are this person.",
	 .needs = IN_REALM,
	 .run = user_links_run},
};

const struct cli_group group_user = {"user", "people who sign in with a password here",
				     ROWS(commands)};
