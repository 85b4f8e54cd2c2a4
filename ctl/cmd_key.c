/* SPDX-License-Identifier: ISC */
/*
 * ostiary key: signing keys and the keys of refresh tokens.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/manage/manage_key.h"
#include "core/seal/seal.h"
#include "ctl/commands.h"

static const struct cli_option rotate_options[] = {
	{"--alg", "ALG", "Only RS256, PS256, ES256, EdDSA, or HS256 for refresh tokens."},
	{"--now", NULL,
	 "Sign with the new key at once, although others may still have the old list of keys."},
};

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"KEY ID", "ALG", "STATE", "SINCE", "CREATED"};
	struct json_object *array = json_new_array(cli->arena);
	struct key_list keys = {0};
	struct cli_table table;

	if (key_list(cli->tx.store, cli->arena, cli->tx.realm->id, &keys) == STORE_DOWN)
		return cli_verdict(manage_down(&cli->why));
	cli_table_start(&table, cli, heads, 5, keys.count);
	for (size_t i = 0; i < keys.count; i++) {
		const struct key_row *key = &keys.row[i];
		struct json_object *row = json_new_object(cli->arena);

		cli_table_row(&table, (const char *const[]){key->kid, key->alg, key->state,
							    cli_time(cli->arena, key->changed_at),
							    cli_time(cli->arena, key->created_at)});
		json_add_text(row, "kid", key->kid);
		json_add_text(row, "kind", key->kind);
		json_add_text(row, "alg", key->alg);
		json_add_text(row, "state", key->state);
		json_add_int(row, "changed_at", key->changed_at);
		json_add_int(row, "created_at", key->created_at);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "keys", array);
	return CLI_OK;
}

static void
tell(struct cli *cli, const struct buf *report)
{
	cli_say(cli, "%s", report->data);
	json_add(cli->doc, "report", cli_lines(cli, report->data));
}

static enum cli_exit
rotate(struct cli *cli)
{
	struct buf report;
	enum cli_exit code;

	buf_init(&report, cli->arena, CLI_OUTPUT_MAX);
	code = cli_verdict(manage_key_rotate(&cli->tx, cli_value(cli, "--alg"),
					     cli_flag(cli, "--now"), &report, &cli->why));
	tell(cli, &report);
	return code;
}

static enum cli_exit
retire(struct cli *cli)
{
	enum cli_exit code = cli_verdict(manage_key_retire(&cli->tx, cli_arg(cli, 0), &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "key %s signs no more; it verifies until its last token has expired\n",
			cli_arg(cli, 0));
	return code;
}

static enum cli_exit
compromise(struct cli *cli)
{
	const char *kid = cli_arg(cli, 0);
	struct buf report;
	enum cli_exit code = cli_verdict(manage_key_compromise_try(&cli->tx, kid, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(
			cli,
			arena_printf(cli->arena,
				     "key %s is refused from now on, and every session, grant and "
				     "token of realm %s made until now ends: everybody signs in "
				     "again",
				     kid, cli->tx.realm->name),
			kid);
	if (code != CLI_OK)
		return code;
	buf_init(&report, cli->arena, CLI_OUTPUT_MAX);
	code = cli_verdict(manage_key_compromise(&cli->tx, kid, &report, &cli->why));
	if (code == CLI_OK)
		tell(cli, &report);
	return code;
}

/* ---- rewrap ---- */

/* Both master keys, whichever of them the rest of the program would load. */
static enum cli_exit
load_masters(struct cli *cli)
{
	const struct conf *conf = cli->provider.conf;
	const char *why = NULL;
	struct master *master;

	if (str_empty(conf->previous_master_key_file))
		return cli_fail(cli, CLI_FAILED,
				"set previous_master_key_file to the old key and master_key_file "
				"to the new one first");
	master = seal_master_load(cli->arena, conf->master_key_file, &why);
	if (!master || seal_master_load_previous(master, cli->arena, conf->previous_master_key_file,
						 &why) != 0)
		return cli_fail(cli, CLI_FAILED, "%s", why);
	cli->provider.master = master;
	return CLI_OK;
}

static void
show_progress(const struct cli *cli, size_t done, size_t all)
{
	if (cli->json || !isatty(STDERR_FILENO))
		return;
	(void)fprintf(stderr, "\rrealm %zu of %zu%s", done, all, done == all ? "\n" : " ");
}

static enum cli_exit
rewrap(struct cli *cli)
{
	struct manage_rewrap all = {0};
	enum cli_exit code = load_masters(cli);

	if (code != CLI_OK)
		return code;
	code = cli_load_realms(cli);
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < cli->realms.count; i++) {
		struct manage_rewrap done = {0};
		enum manage_verdict verdict;

		cli->tx.realm = &cli->realms.realm[i];
		verdict = manage_key_rewrap(&cli->tx, &done, &cli->why);
		if (verdict == MANAGE_DOWN)
			return cli_verdict(verdict);
		all.keys += done.keys;
		all.secrets += done.secrets;
		all.resealed += done.resealed;
		all.lost += done.lost;
		show_progress(cli, i + 1, cli->realms.count);
	}
	cli_say(cli, "%zu keys and %zu client secrets, %zu sealed again, %zu cannot be opened\n",
		all.keys, all.secrets, all.resealed, all.lost);
	if (!all.lost)
		cli_say(cli, "the previous master key is not needed any more: take "
			     "previous_master_key_file out\n");
	json_add_int(cli->doc, "keys", (int64_t)all.keys);
	json_add_int(cli->doc, "secrets", (int64_t)all.secrets);
	json_add_int(cli->doc, "resealed", (int64_t)all.resealed);
	json_add_int(cli->doc, "lost", (int64_t)all.lost);
	return all.lost ? CLI_FAILED : CLI_OK;
}

#define IN_REALM (NEED_CONF | NEED_REALM)

static const struct cli_command commands[] = {
	{.name = "key list",
	 .arguments = "",
	 .help = "Lists the keys of the realm with their states: next, active, retired, archived, "
		 "compromised.",
	 .needs = IN_REALM,
	 .run = list},
	{.name = "key rotate",
	 .arguments = "",
	 .help = "Publishes a new key; called again an hour later, or by the jobs, it signs and "
		 "the "
		 "old one only verifies.",
	 OPTIONS(rotate_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = rotate},
	{.name = "key retire",
	 .arguments = "KEY-ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Takes a key out of signing.",
	 .needs = IN_REALM,
	 .run = retire},
	{.name = "key compromise",
	 .arguments = "KEY-ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Somebody else has the key: it is refused at once, a new one signs, and every "
		 "session, grant and token of the realm made until now ends. Asks for its id.",
	 .needs = IN_REALM | NEED_MASTER,
	 .run = compromise},
	{.name = "key rewrap",
	 .arguments = "",
	 .help = "Seals the keys of every realm and the secrets of clients that use "
		 "client_secret_jwt under the master key of master_key_file; those under "
		 "previous_master_key_file are opened with that. May be repeated.",
	 .needs = NEED_CONF,
	 .run = rewrap},
};

const struct cli_group group_key = {"key", "signing keys and keys of refresh tokens",
				    ROWS(commands)};
