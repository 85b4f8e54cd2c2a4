/* SPDX-License-Identifier: ISC */
/*
 * ostiary client secret: several secrets may be good at once, so that they can be exchanged without
 * an interruption.
 */
#include "core/base/b64.h"
#include "core/manage/manage_client.h"
#include "core/port/secrets.h"
#include "ctl/commands.h"

void
client_secret_said(struct cli *cli, const struct manage_secret *secret)
{
	cli_say(cli, "The secret is shown this once: it is kept %s.\n",
		secret->sealed ? "sealed, to check assertions with" : "as a digest alone");
}

enum cli_exit
client_secret_add_run(struct cli *cli)
{
	struct manage_secret secret;
	int64_t lifetime;
	const char *id;
	enum cli_exit code;

	if (cli_duration(cli, "--expires", 0, &lifetime) != 0)
		return CLI_USAGE;
	code = cli_verdict(
		manage_client_secret_add(&cli->tx, cli_arg(cli, 0), lifetime, &secret, &cli->why));
	if (code != CLI_OK)
		return code;
	id = hex_encode(cli->arena, secret.id, sizeof(secret.id));
	cli_pair(cli, "secret_id", id);
	cli_pair(cli, "client_secret", secret.text);
	cli_pair(cli, "expires",
		 secret.expires_at ? cli_time(cli->arena, secret.expires_at) : "never");
	client_secret_said(cli, &secret);
	json_add_text(cli->doc, "secret_id", id);
	json_add_text(cli->doc, "client_secret", secret.text);
	json_add_int(cli->doc, "expires_at", secret.expires_at);
	return CLI_OK;
}

/* The newest secret that is good; NULL when fewer than two are. */
static const struct client_secret *
newest_of_several(const struct cli *cli, const struct client *client)
{
	const struct client_secret *newest = NULL;
	size_t good = 0;

	for (size_t i = 0; i < client->secrets_count; i++) {
		const struct client_secret *one = &client->secrets[i];

		if (!client_secret_is_good(one, cli->tx.now))
			continue;
		good++;
		if (!newest || one->created_at > newest->created_at)
			newest = one;
	}
	return good > 1 ? newest : NULL;
}

/* Which old secrets cannot be taken away yet. */
static void
warn_of_old(struct cli *cli, const struct client *client)
{
	const struct client_secret *newest = newest_of_several(cli, client);

	for (size_t i = 0; newest && i < client->secrets_count; i++) {
		const struct client_secret *one = &client->secrets[i];

		if (one == newest || !client_secret_is_good(one, cli->tx.now) ||
		    one->last_used_at < newest->created_at)
			continue;
		client_note(cli,
			    "warning: secret %s is older than the newest and still in use: "
			    "last at %s",
			    hex_encode(cli->arena, one->id, sizeof(one->id)),
			    cli_time(cli->arena, one->last_used_at));
	}
	if (newest && cli->tx.now < newest->created_at + CLIENT_SECRET_USE_STEP)
		client_note(cli,
			    "note: uses are noted once a day, so whether an old secret "
			    "is still in use shows from %s on",
			    cli_time(cli->arena, newest->created_at + CLIENT_SECRET_USE_STEP));
}

static void
list_row(struct cli *cli, const struct client_secret *secret, struct cli_table *table,
	 struct json_object *array)
{
	struct json_object *row = json_new_object(cli->arena);
	const char *id = hex_encode(cli->arena, secret->id, sizeof(secret->id));
	bool good = client_secret_is_good(secret, cli->tx.now);

	cli_table_row(
		table,
		(const char *const[]){
			id, cli_time(cli->arena, secret->created_at),
			secret->expires_at ? cli_time(cli->arena, secret->expires_at) : "never",
			secret->last_used_at ? cli_time(cli->arena, secret->last_used_at) : "never",
			good ? "good" : "expired"});
	json_add_text(row, "secret_id", id);
	json_add_int(row, "created_at", secret->created_at);
	json_add_int(row, "expires_at", secret->expires_at);
	json_add_int(row, "last_used_at", secret->last_used_at);
	json_add_bool(row, "sealed", secret->sealed != NULL);
	json_push(array, row);
}

enum cli_exit
client_secret_list_run(struct cli *cli)
{
	static const char *const heads[] = {"SECRET ID", "CREATED", "EXPIRES", "LAST USED",
					    "STATE"};
	const struct client *client;
	struct json_object *array = json_new_array(cli->arena);
	struct cli_table table;
	enum cli_exit code =
		cli_verdict(manage_client_find(&cli->tx, cli_arg(cli, 0), &client, &cli->why));

	if (code != CLI_OK)
		return code;
	cli_table_start(&table, cli, heads, 5, client->secrets_count);
	for (size_t i = 0; i < client->secrets_count; i++)
		list_row(cli, &client->secrets[i], &table, array);
	cli_table_end(&table);
	json_add(cli->doc, "secrets", array);
	warn_of_old(cli, client);
	client_lack_note(cli, client->client_id);
	return CLI_OK;
}

enum cli_exit
client_secret_expire_run(struct cli *cli)
{
	int64_t in;
	enum cli_exit code;

	if (cli_duration(cli, "--in", 0, &in) != 0)
		return CLI_USAGE;
	code = cli_verdict(manage_client_secret_expire(&cli->tx, cli_arg(cli, 0), cli_arg(cli, 1),
						       in, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "secret %s is good until %s\n", cli_arg(cli, 1),
			cli_time(cli->arena, cli->tx.now + in));
	return code;
}

enum cli_exit
client_secret_remove_run(struct cli *cli)
{
	const char *id = cli_arg(cli, 1);
	enum cli_exit code =
		cli_verdict(manage_client_secret_try(&cli->tx, cli_arg(cli, 0), id, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(cli,
				   arena_printf(cli->arena,
						"secret %s of client %s is refused from now on", id,
						cli_arg(cli, 0)),
				   id);
	if (code == CLI_OK)
		code = cli_verdict(
			manage_client_secret_remove(&cli->tx, cli_arg(cli, 0), id, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "secret %s is gone\n", id);
	return code;
}
