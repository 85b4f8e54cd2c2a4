/* SPDX-License-Identifier: ISC */
/*
 * ostiary user link, unlink and links: which person a subject of a trusted issuer is.
 */
#include "core/base/str.h"
#include "core/manage/manage_issuer.h"
#include "ctl/commands.h"

static struct manage_link
given(const struct cli *cli)
{
	return (struct manage_link){
		.username = cli_arg(cli, 0),
		.issuer = cli_arg(cli, 1),
		.sub = cli_arg(cli, 2),
	};
}

enum cli_exit
user_link_run(struct cli *cli)
{
	struct manage_link link = given(cli);
	enum cli_exit code = cli_verdict(manage_user_link(&cli->tx, &link, &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "%s of %s is user %s\n", link.sub, link.issuer, link.username);
	return code;
}

enum cli_exit
user_unlink_run(struct cli *cli)
{
	struct manage_link link = given(cli);
	enum cli_exit code = cli_verdict(manage_user_unlink(&cli->tx, &link, &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "%s of %s is nobody here\n", link.sub, link.issuer);
	return code;
}

enum cli_exit
user_links_run(struct cli *cli)
{
	static const char *const heads[] = {"ISSUER", "SUB", "LINKED"};
	struct json_object *array = json_new_array(cli->arena);
	struct account_link_list links = {0};
	struct cli_table table;
	enum cli_exit code =
		cli_verdict(manage_user_links(&cli->tx, cli_arg(cli, 0), &links, &cli->why));

	if (code != CLI_OK)
		return code;
	cli_table_start(&table, cli, heads, 3, links.count);
	for (size_t i = 0; i < links.count; i++) {
		const struct account_link *link = &links.link[i];
		struct json_object *row = json_new_object(cli->arena);

		cli_table_row(&table,
			      (const char *const[]){link->issuer, link->sub,
						    cli_time(cli->arena, link->created_at)});
		json_add_text(row, "issuer", link->issuer);
		json_add_text(row, "sub", link->sub);
		json_add_int(row, "created_at", link->created_at);
		json_push(array, row);
	}
	cli_table_end(&table);
	json_add(cli->doc, "links", array);
	return CLI_OK;
}
