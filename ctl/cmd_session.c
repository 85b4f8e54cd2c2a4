/* SPDX-License-Identifier: ISC */
/*
 * ostiary session: who is signed in, from where, and the end of it.
 */
#include <inttypes.h>

#include "core/base/b64.h"
#include "core/manage/manage_session.h"
#include "ctl/commands.h"

static const struct cli_option list_options[] = {
	{"--user", "NAME", "Only sessions of this person."},
};

static const struct cli_option end_options[] = {
	{"--user", "NAME", "All sessions of this person."},
	{"--all", NULL, "All sessions of the realm. Asks for its name."},
};

/* The name of a session's person; the id where the account is gone. */
static const char *
name_of(struct cli *cli, const uint8_t *account_id)
{
	struct account account;

	if (account_find(cli->tx.store, cli->arena, cli->tx.realm->id, account_id, &account) ==
	    STORE_OK)
		return account.username;
	return hex_encode(cli->arena, account_id, ID_SIZE);
}

static void
list_row(struct cli *cli, const struct session *session, struct cli_table *table,
	 struct json_object *array)
{
	struct json_object *row = json_new_object(cli->arena);
	const char *id = hex_encode(cli->arena, session->id, ID_SIZE);
	const char *name = name_of(cli, session->account_id);

	cli_table_row(table,
		      (const char *const[]){id, name, session->activated_at ? "active" : "pending",
					    cli_time(cli->arena, session->created_at),
					    cli_time(cli->arena, session->last_seen_at),
					    session->address, session->user_agent});
	json_add_text(row, "id", id);
	json_add_text(row, "username", name);
	json_add_bool(row, "active", session->activated_at != 0);
	json_add_int(row, "created_at", session->created_at);
	json_add_int(row, "last_seen_at", session->last_seen_at);
	json_add_int(row, "expires_at", session->expires_at);
	json_add_text(row, "address", session->address);
	json_add_text(row, "user_agent", session->user_agent);
	json_push(array, row);
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"ID",        "USER",    "STATE",  "SINCE",
					    "LAST SEEN", "ADDRESS", "BROWSER"};
	struct json_object *array = json_new_array(cli->arena);
	struct session_list sessions;
	struct cli_table table;
	enum cli_exit code = cli_verdict(
		manage_session_list(&cli->tx, cli_value(cli, "--user"), &sessions, &cli->why));

	if (code != CLI_OK)
		return code;
	cli_table_start(&table, cli, heads, 7, sessions.count);
	for (size_t i = 0; i < sessions.count; i++)
		list_row(cli, &sessions.session[i], &table, array);
	cli_table_end(&table);
	json_add(cli->doc, "sessions", array);
	return CLI_OK;
}

static enum cli_exit
end_many(struct cli *cli, const char *username)
{
	const char *realm = cli->tx.realm->name;
	int64_t ended = 0;
	enum cli_exit code = CLI_OK;

	if (!username)
		code = cli_confirm(
			cli, arena_printf(cli->arena, "everybody in realm %s is signed out", realm),
			realm);
	if (code == CLI_OK)
		code = cli_verdict(manage_session_end_all(&cli->tx, username, &ended, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_say(cli, "%" PRId64 " sessions have ended\n", ended);
	json_add_int(cli->doc, "ended", ended);
	return CLI_OK;
}

static enum cli_exit
end(struct cli *cli)
{
	const char *id = cli_arg(cli, 0);
	const char *username = cli_value(cli, "--user");
	bool all = cli_flag(cli, "--all");
	enum cli_exit code;

	if ((id != NULL) + (username != NULL) + all != 1)
		return cli_fail(cli, CLI_USAGE, "session end: ID, --user NAME or --all");
	if (!id)
		return end_many(cli, username);
	code = cli_verdict(manage_session_end(&cli->tx, id, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_say(cli, "session %s has ended\n", id);
	json_add_int(cli->doc, "ended", 1);
	return CLI_OK;
}

static const struct cli_command commands[] = {
	{.name = "session list",
	 .arguments = "",
	 .help = "Lists the live sessions, newest first.",
	 OPTIONS(list_options),
	 .needs = NEED_CONF | NEED_REALM,
	 .run = list},
	{.name = "session end",
	 .arguments = "[ID]",
	 .arguments_max = 1,
	 .help = "Ends one session, a person's, or all. Grants end with their session unless they "
		 "are for offline access.",
	 OPTIONS(end_options),
	 .needs = NEED_CONF | NEED_REALM,
	 .run = end},
};

const struct cli_group group_session = {"session", "who is signed in", ROWS(commands)};
