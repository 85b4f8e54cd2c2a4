/* SPDX-License-Identifier: ISC */
/*
 * ostiary issuer: whose signed messages count here, and for what.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_issuer.h"
#include "ctl/commands.h"

#define PURPOSE_HELP                                                                               \
	"What its messages may be used for: subject_token (token exchange), jwt_bearer "           \
	"(authorization grants) or software_statement (registration); may be given several times."

static const struct cli_option add_options[] = {
	{"--purpose", "PURPOSE", PURPOSE_HELP " Required."},
	{"--jwks", "FILE", "Its public keys as a JWK Set; - is standard input."},
	{"--jwks-uri", "URL", "Where it publishes its keys; instead of --jwks."},
	{"--alg", "ALG",
	 "An algorithm that it may sign with; may be given several times. Without "
	 "it " ISSUER_ALGS_DEFAULT "."},
};

static const struct cli_option set_options[] = {
	{"--purpose", "PURPOSE", PURPOSE_HELP " Those before are forgotten."},
	{"--jwks", "FILE", "Other public keys; - is standard input."},
	{"--jwks-uri", "URL", "Where it publishes its keys from here on."},
	{"--alg", "ALG",
	 "An algorithm that it may sign with; may be given several times. Those before are "
	 "forgotten."},
};

static enum cli_exit
read_given(struct cli *cli, struct manage_issuer *given)
{
	const char *path = cli_value(cli, "--jwks");
	struct buf text;
	enum cli_exit code = CLI_OK;

	*given = (struct manage_issuer){
		.issuer = cli_arg(cli, 0),
		.purposes = cli_values(cli, "--purpose"),
		.algs = cli_values(cli, "--alg"),
		.jwks_uri = cli_value(cli, "--jwks-uri"),
	};
	if (!path)
		return CLI_OK;
	code = cli_read_file(cli, path, ISSUER_JWKS_MAX, &text);
	given->jwks = text.data;
	return code;
}

static enum cli_exit
add(struct cli *cli)
{
	struct manage_issuer given;
	enum cli_exit code = read_given(cli, &given);

	if (code == CLI_OK)
		code = cli_verdict(manage_issuer_add(&cli->tx, &given, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "issuer %s is trusted; ostiary user link says who its subjects are\n",
			given.issuer);
	return code;
}

static enum cli_exit
set(struct cli *cli)
{
	struct manage_issuer given;
	enum cli_exit code = read_given(cli, &given);

	if (code == CLI_OK && !given.purposes.count && !given.algs.count && !given.jwks &&
	    !given.jwks_uri)
		return cli_fail(cli, CLI_USAGE, "set what? --purpose, --jwks, --jwks-uri or --alg");
	if (code == CLI_OK)
		code = cli_verdict(manage_issuer_set(&cli->tx, &given, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "issuer %s is changed\n", given.issuer);
	return code;
}

static void
add_words(struct cli *cli, struct json_object *object, const char *name, const char *words)
{
	struct strlist list;

	if (strlist_split(cli->arena, words, ' ', CLI_GIVEN_MAX, &list) == 0)
		json_add_list(object, name, &list);
}

static struct json_object *
document(struct cli *cli, const struct issuer *row)
{
	struct json_object *object = json_new_object(cli->arena);

	json_add_text(object, "issuer", row->issuer);
	add_words(cli, object, "purposes", row->purposes);
	add_words(cli, object, "algs", row->algs);
	json_add_text(object, "jwks_uri", row->jwks_uri);
	json_add_int(object, "created_at", row->created_at);
	return object;
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"ISSUER", "PURPOSES", "KEYS", "ALGORITHMS"};
	struct json_object *array = json_new_array(cli->arena);
	struct issuer_list issuers = {0};
	struct cli_table table;

	if (issuer_list(cli->tx.store, cli->arena, cli->tx.realm->id, &issuers) != STORE_OK)
		return cli_verdict(manage_down(&cli->why));
	cli_table_start(&table, cli, heads, 4, issuers.count);
	for (size_t i = 0; i < issuers.count; i++) {
		const struct issuer *row = &issuers.issuer[i];

		cli_table_row(&table, (const char *const[]){row->issuer, row->purposes,
							    row->jwks ? "by value" : row->jwks_uri,
							    row->algs});
		json_push(array, document(cli, row));
	}
	cli_table_end(&table);
	json_add(cli->doc, "issuers", array);
	return CLI_OK;
}

static enum cli_exit
show(struct cli *cli)
{
	struct issuer row;
	struct json_object *keys = NULL;
	enum cli_exit code =
		cli_verdict(manage_issuer_find(&cli->tx, cli_arg(cli, 0), &row, &cli->why));

	if (code != CLI_OK)
		return code;
	cli_pair(cli, "issuer", row.issuer);
	cli_pair(cli, "purposes", row.purposes);
	cli_pair(cli, "algs", row.algs);
	cli_pair(cli, row.jwks ? "jwks" : "jwks_uri", row.jwks ? row.jwks : row.jwks_uri);
	cli_pair(cli, "created", cli_time(cli->arena, row.created_at));
	cli->doc = document(cli, &row);
	if (row.jwks)
		keys = json_parse_object(cli->arena, row.jwks, strlen(row.jwks), NULL);
	json_add(cli->doc, "jwks", keys);
	return CLI_OK;
}

static enum cli_exit
remove_issuer(struct cli *cli)
{
	const char *name = cli_arg(cli, 0);
	struct issuer row;
	enum cli_exit code = cli_verdict(manage_issuer_find(&cli->tx, name, &row, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(cli,
				   arena_printf(cli->arena,
						"nothing that %s signs counts any more, and the "
						"links of its subjects to people go",
						name),
				   name);
	if (code == CLI_OK)
		code = cli_verdict(manage_issuer_remove(&cli->tx, name, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "issuer %s is trusted no longer\n", name);
	return code;
}

#define IN_REALM   (NEED_CONF | NEED_REALM)
#define ONE_ISSUER .arguments = "ISSUER", .arguments_min = 1, .arguments_max = 1

static const struct cli_command commands[] = {
	{.name = "issuer add",
	 ONE_ISSUER,
	 .help = "Trusts the messages of an issuer for what is named, once its subjects are linked "
		 "to people. Keys are needed by value or by reference.",
	 OPTIONS(add_options),
	 .needs = IN_REALM,
	 .run = add},
	{.name = "issuer list",
	 .arguments = "",
	 .help = "Lists the trusted issuers.",
	 .needs = IN_REALM,
	 .run = list},
	{.name = "issuer show",
	 ONE_ISSUER,
	 .help = "Shows a trusted issuer with its keys.",
	 .needs = IN_REALM,
	 .run = show},
	{.name = "issuer set",
	 ONE_ISSUER,
	 .help = "Changes what an issuer is trusted for, its keys or its algorithms; what is not "
		 "named stays.",
	 OPTIONS(set_options),
	 .needs = IN_REALM,
	 .run = set},
	{.name = "issuer remove",
	 ONE_ISSUER,
	 .help = "Trusts an issuer no longer; the links of its subjects go. Asks for its name.",
	 .needs = IN_REALM,
	 .run = remove_issuer},
};

const struct cli_group group_issuer = {"issuer", "whose signed messages count here",
				       ROWS(commands)};
