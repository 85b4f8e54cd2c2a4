/* SPDX-License-Identifier: ISC */
/*
 * ostiary registration: the initial access tokens with which clients register themselves. Who may
 * register at all is a setting of the realm.
 */
#include <string.h>

#include "core/base/b64.h"
#include "core/base/num.h"
#include "core/manage/manage_registration.h"
#include "ctl/commands.h"

#define LIST_MAX 10000

static const struct cli_option add_options[] = {
	{"--uses", "N", "How many clients may be registered with it; 1 where it is not said."},
	{"--expires-in", "DURATION", "How long it is good, such as 7d; 30d where it is not said."},
	{"--note", "TEXT", "Whom it is for."},
};

#define LIFETIME (30 * 86400)

static enum cli_exit
add(struct cli *cli)
{
	const char *uses = cli_value(cli, "--uses");
	struct manage_initial token = {.note = cli_value(cli, "--note"), .uses = 1};
	enum cli_exit code;

	if (uses && num_parse_int64(uses, 1, INITIAL_USES_MAX, &token.uses) != 0)
		return cli_fail(cli, CLI_USAGE, "--uses: write a number from 1 to %d",
				INITIAL_USES_MAX);
	if (cli_duration(cli, "--expires-in", LIFETIME, &token.lifetime) != 0)
		return CLI_USAGE;
	code = cli_verdict(manage_initial_add(&cli->tx, &token, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_pair(cli, "token_id", tx_hex(&cli->tx, token.id));
	cli_pair(cli, "initial_access_token", token.text);
	cli_pair(cli, "uses", arena_printf(cli->arena, "%lld", (long long)token.uses));
	cli_pair(cli, "expires",
		 token.expires_at ? cli_time(cli->arena, token.expires_at) : "never");
	cli_say(cli, "The token is shown this once: only its digest is kept.\n");
	if (cli->tx.realm->settings.registration == REGISTRATION_CLOSED)
		cli_say(cli, "Registration is closed: `ostiary realm set registration=token` lets "
			     "it be used.\n");
	json_add_text(cli->doc, "token_id", tx_hex(&cli->tx, token.id));
	json_add_text(cli->doc, "initial_access_token", token.text);
	json_add_int(cli->doc, "uses", token.uses);
	json_add_int(cli->doc, "expires_at", token.expires_at);
	return CLI_OK;
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"TOKEN ID", "USES LEFT", "EXPIRES", "NOTE"};
	struct json_object *array = json_new_array(cli->arena);
	struct initial_token *tokens = NULL;
	struct cli_table table;
	size_t count = 0;

	if (initial_list(cli->tx.store, cli->arena, cli->tx.realm->id, LIST_MAX, &tokens, &count) !=
	    STORE_OK)
		return cli_verdict(manage_down(&cli->why));
	cli_table_start(&table, cli, heads, 4, count);
	for (size_t i = 0; i < count; i++) {
		const struct initial_token *one = &tokens[i];
		struct json_object *row = json_new_object(cli->arena);
		const char *id = tx_hex(&cli->tx, one->id);

		cli_table_row(
			&table,
			(const char *const[]){
				id,
				arena_printf(cli->arena, "%lld", (long long)one->uses_left),
				one->expires_at ? cli_time(cli->arena, one->expires_at) : "never",
				one->note ? one->note : "",
			});
		json_add_text(row, "token_id", id);
		json_add_int(row, "uses_left", one->uses_left);
		json_add_int(row, "created_at", one->created_at);
		json_add_int(row, "expires_at", one->expires_at);
		json_add_text(row, "note", one->note);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "tokens", array);
	return CLI_OK;
}

static enum cli_exit
remove_token(struct cli *cli)
{
	const char *id = cli_arg(cli, 0);
	enum cli_exit code = cli_verdict(manage_initial_remove(&cli->tx, id, &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "token %s is gone; clients that were registered with it stay\n", id);
	return code;
}

static const struct cli_command commands[] = {
	{.name = "registration token add",
	 .arguments = "",
	 .help = "Makes an initial access token and shows it, once.",
	 OPTIONS(add_options),
	 .needs = NEED_CONF | NEED_REALM,
	 .run = add},
	{.name = "registration token list",
	 .arguments = "",
	 .help = "Lists the initial access tokens.",
	 .needs = NEED_CONF | NEED_REALM,
	 .run = list},
	{.name = "registration token remove",
	 .arguments = "TOKEN-ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes an initial access token; clients that were registered with it stay.",
	 .needs = NEED_CONF | NEED_REALM,
	 .run = remove_token},
};

const struct cli_group group_registration = {"registration", "clients that register themselves",
					     ROWS(commands)};
