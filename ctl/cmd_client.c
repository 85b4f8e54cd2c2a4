/* SPDX-License-Identifier: ISC */
/*
 * ostiary client: applications that sign people in. The commands for their secrets have their rows
 * here and their handlers in cmd_client_secret.c; notes are in cmd_client_note.c.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_client.h"
#include "core/model/profile.h"
#include "ctl/commands.h"

#define LIST_PAGE 200

static const struct cli_option add_options[] = {
	{"--id", "ID", "The client id; without it one is made."},
	{"--name", "TEXT", "The name that people see. Required."},
	{"--redirect-uri", "URI", "Where codes may be sent; may be given several times."},
	{"--public", NULL, "The client has no secret (token_endpoint_auth_method=none)."},
	{"--native", NULL, "A program on a person's own device (application_type=native)."},
	{"--first-party", NULL, "People are not asked for consent (first_party=true)."},
	{"--set", "FIELD=VALUE",
	 "Sets any field; items of lists have blanks between them, and of an object "
	 "@FILE is read."},
};

static const struct cli_option edit_options[] = {
	{"--set", "FIELD=VALUE",
	 "Sets a field; items of lists have blanks between them, and of an object @FILE is read."},
	{"--unset", "FIELD", "The field has its default again."},
	{"--add", "FIELD=VALUE", "Adds an item to a list."},
	{"--drop", "FIELD=VALUE", "Takes an item out of a list."},
};

static const struct cli_option secret_add_options[] = {
	{"--expires", "TIME", "How long it is good, for example 30d; without it for ever."},
};

static const struct cli_option secret_expire_options[] = {
	{"--in", "TIME", "When, for example 1d; without it at once."},
};

/* ---- edits ---- */

/* "@FILE" as the value of an object is what the file holds: key sets are no words to type. */
static int
read_object_file(struct cli *cli, struct manage_edit *edit)
{
	const struct metadata_field *field = client_metadata_field(edit->field);
	struct buf text;

	if (!field || field->type != META_OBJECT || edit->value[0] != '@')
		return 0;
	if (cli_read_file(cli, edit->value + 1, CLIENT_METADATA_MAX, &text) != CLI_OK)
		return -1;
	edit->value = text.data;
	return 0;
}

/* "FIELD=VALUE" taken apart. */
static int
split(struct cli *cli, const char *option, const char *text, enum manage_op op,
      struct manage_edit *edit)
{
	const char *equals = strchr(text, '=');

	if (op == MANAGE_UNSET) {
		*edit = (struct manage_edit){.op = op, .field = text};
		return 0;
	}
	if (!equals || equals == text) {
		(void)cli_fail(cli, CLI_USAGE, "%s %s: FIELD=VALUE expected", option, text);
		return -1;
	}
	*edit = (struct manage_edit){
		.op = op,
		.field = arena_copy(cli->arena, text, (size_t)(equals - text)),
		.value = equals + 1,
	};
	return read_object_file(cli, edit);
}

/* What each option does to a field; those without op take the whole pair from their value. */
static const struct edit_option {
	const char *option;
	const char *field; /* NULL: the value is FIELD=VALUE */
	enum manage_op op;
	const char *value; /* of flags */
} edit_table[] = {
	{"--name", "client_name", MANAGE_SET, NULL},
	{"--redirect-uri", "redirect_uris", MANAGE_ADD, NULL},
	{"--public", "token_endpoint_auth_method", MANAGE_SET, "none"},
	{"--native", "application_type", MANAGE_SET, "native"},
	{"--first-party", "first_party", MANAGE_SET, "true"},
	{"--set", NULL, MANAGE_SET, NULL},
	{"--unset", NULL, MANAGE_UNSET, NULL},
	{"--add", NULL, MANAGE_ADD, NULL},
	{"--drop", NULL, MANAGE_DROP, NULL},
};

static int
read_edit(struct cli *cli, const struct cli_given *given, struct manage_edit *edit)
{
	for (size_t i = 0; i < sizeof(edit_table) / sizeof(edit_table[0]); i++) {
		const struct edit_option *row = &edit_table[i];

		if (!str_equal(row->option, given->name))
			continue;
		if (!row->field)
			return split(cli, row->option, given->value, row->op, edit) ? -1 : 1;
		*edit = (struct manage_edit){
			.op = row->op,
			.field = row->field,
			.value = row->value ? row->value : given->value,
		};
		return 1;
	}
	return 0;
}

static int
read_edits(struct cli *cli, struct manage_edit *edits, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < cli->given_count; i++) {
		int read = read_edit(cli, &cli->given[i], &edits[*count]);

		if (read < 0)
			return -1;
		*count += (size_t)read;
	}
	return 0;
}

/* ---- commands ---- */

static enum cli_exit
add(struct cli *cli)
{
	struct manage_edit edits[CLI_GIVEN_MAX];
	struct manage_client_new new = {.client_id = cli_value(cli, "--id"), .edits = edits};
	struct manage_secret secret;
	const char *id;
	enum cli_exit code;

	if (!cli_value(cli, "--name"))
		return cli_fail(cli, CLI_USAGE, "client add: --name TEXT is needed");
	if (read_edits(cli, edits, &new.edits_count) != 0)
		return CLI_USAGE;
	code = cli_verdict(manage_client_add(&cli->tx, &new, &id, &secret, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_pair(cli, "client_id", id);
	json_add_text(cli->doc, "client_id", id);
	client_unknown_note(cli, id);
	if (!secret.text)
		return CLI_OK;
	cli_pair(cli, "client_secret", secret.text);
	client_secret_said(cli, &secret);
	json_add_text(cli->doc, "client_secret", secret.text);
	return CLI_OK;
}

static const char *
value_text(struct cli *cli, struct json_object *value)
{
	struct buf buf;

	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	if (!json_object_is_type(value, json_type_array))
		return json_write(cli->arena, value, NULL);
	buf_init(&buf, cli->arena, CLI_OUTPUT_MAX);
	for (size_t i = 0; i < json_object_array_length(value); i++)
		buf_printf(&buf, "%s%s", i ? " " : "",
			   json_object_get_string(json_object_array_get_idx(value, i)));
	return buf.data;
}

static enum cli_exit
show(struct cli *cli)
{
	const struct client *client;
	struct json_object *metadata;
	enum cli_exit code =
		cli_verdict(manage_client_find(&cli->tx, cli_arg(cli, 0), &client, &cli->why));

	if (code != CLI_OK)
		return code;
	metadata = client_to_json(cli->arena, client, true);
	cli_pair(cli, "client_id", client->client_id);
	cli_pair(cli, "enabled", client->enabled ? "yes" : "no");
	cli_pair(cli, "source", client->source);
	cli_pair(cli, "created", cli_time(cli->arena, client->created_at));
	json_add_text(cli->doc, "client_id", client->client_id);
	json_add_bool(cli->doc, "enabled", client->enabled);
	json_add_text(cli->doc, "source", client->source);
	json_add_int(cli->doc, "created_at", client->created_at);
	json_object_object_foreach(metadata, name, value)
	{
		cli_pair(cli, name, value_text(cli, value));
		json_add(cli->doc, name, value);
	}
	cli_pair(cli, "secrets", arena_printf(cli->arena, "%zu", client->secrets_count));
	json_add_int(cli->doc, "secrets", (int64_t)client->secrets_count);
	return CLI_OK;
}

/* What a list shows of a client: of metadata that cannot be read nothing but that. */
static void
list_row(struct cli *cli, const struct client_row *row, struct cli_table *table,
	 struct json_object *array)
{
	struct json_object *metadata =
		json_parse_object(cli->arena, row->metadata, strlen(row->metadata), NULL);
	struct json_object *object = json_new_object(cli->arena);
	const char *name = metadata ? json_text_or_null(metadata, "client_name") : "(unreadable)";
	const char *method =
		metadata ? json_text_or_null(metadata, "token_endpoint_auth_method") : NULL;
	struct client usual;

	client_default(&usual, &cli->tx.realm->settings);
	if (!method)
		method = client_auth_method_name(
			(enum client_auth_method)usual.token_endpoint_auth_method);
	cli_table_row(table, (const char *const[]){row->client_id, name, method, row->source,
						   row->enabled ? "yes" : "no",
						   cli_time(cli->arena, row->created_at)});
	json_add_text(object, "client_id", row->client_id);
	json_add_text(object, "client_name", name);
	json_add_text(object, "token_endpoint_auth_method", method);
	json_add_text(object, "source", row->source);
	json_add_bool(object, "enabled", row->enabled);
	json_add_int(object, "created_at", row->created_at);
	json_push(array, object);
}

static enum cli_exit
list(struct cli *cli)
{
	static const char *const heads[] = {"ID", "NAME", "METHOD", "SOURCE", "ENABLED", "CREATED"};
	struct json_object *array = json_new_array(cli->arena);
	const char *after = NULL;
	size_t count = LIST_PAGE;

	json_add(cli->doc, "clients", array);
	while (count == LIST_PAGE) {
		struct client_row *rows = NULL;
		struct cli_table table;

		count = 0;
		if (client_list(cli->tx.store, cli->arena, cli->tx.realm->id, after, LIST_PAGE,
				&rows, &count) == STORE_DOWN)
			return cli_verdict(manage_down(&cli->why));
		cli_table_start(&table, cli, heads, 6, count);
		for (size_t i = 0; i < count; i++)
			list_row(cli, &rows[i], &table, array);
		if (count || !after)
			cli_table_end(&table);
		after = count ? rows[count - 1].client_id : NULL;
	}
	return CLI_OK;
}

static enum cli_exit
edit(struct cli *cli)
{
	struct manage_edit edits[CLI_GIVEN_MAX];
	size_t count;
	enum cli_exit code;

	if (read_edits(cli, edits, &count) != 0)
		return CLI_USAGE;
	if (count == 0)
		return cli_fail(cli, CLI_USAGE, "edit what? --set, --unset, --add or --drop");
	code = cli_verdict(manage_client_edit(&cli->tx, cli_arg(cli, 0), edits, count, &cli->why));
	if (code != CLI_OK)
		return code;
	cli_say(cli, "client %s is changed\n", cli_arg(cli, 0));
	client_unknown_note(cli, cli_arg(cli, 0));
	client_lack_note(cli, cli_arg(cli, 0));
	return CLI_OK;
}

static enum cli_exit
set_enabled(struct cli *cli, bool enabled)
{
	enum cli_exit code =
		cli_verdict(manage_client_enable(&cli->tx, cli_arg(cli, 0), enabled, &cli->why));

	if (code == CLI_OK)
		cli_say(cli, "client %s is %s\n", cli_arg(cli, 0),
			enabled ? "enabled" : "disabled");
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
remove_client(struct cli *cli)
{
	const char *id = cli_arg(cli, 0);
	const struct client *client;
	enum cli_exit code = cli_verdict(manage_client_find(&cli->tx, id, &client, &cli->why));

	if (code == CLI_OK)
		code = cli_confirm(cli,
				   arena_printf(cli->arena,
						"client %s goes with its secrets, consents, grants "
						"and tokens",
						id),
				   id);
	if (code == CLI_OK)
		code = cli_verdict(manage_client_remove(&cli->tx, id, &cli->why));
	if (code == CLI_OK)
		cli_say(cli, "client %s is gone\n", id);
	return code;
}

static void
fields_more(struct cli *cli)
{
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);
	const struct setting *settings;

	cli_say(cli, "\nfields:\n");
	for (size_t i = 0; i < count; i++)
		if (fields[i].type != META_SETTINGS)
			cli_pair(cli, arena_printf(cli->arena, "  %s", fields[i].name),
				 fields[i].help);
	settings = settings_table(&count);
	cli_say(cli, "\nsettings of the realm that a client may have its own of:\n");
	for (size_t i = 0; i < count; i++)
		if (settings[i].client_may)
			cli_pair(cli, arena_printf(cli->arena, "  %s", settings[i].name),
				 settings[i].help);
}

#define IN_REALM (NEED_CONF | NEED_REALM)

static const struct cli_command commands[] = {
	{.name = "client add",
	 .arguments = "",
	 .help = "Registers a client and shows its id and, once, its secret.",
	 OPTIONS(add_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = add,
	 .more = fields_more},
	{.name = "client show",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Shows a client with all its metadata, and whether an administrator added it, it "
		 "registered itself, or it is known by its metadata document.",
	 .needs = IN_REALM,
	 .run = show},
	{.name = "client list",
	 .arguments = "",
	 .help = "Lists the clients, and where each came from: admin, registration or document.",
	 .needs = IN_REALM,
	 .run = list},
	{.name = "client edit",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Changes metadata in the order given; all of it or nothing.",
	 OPTIONS(edit_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = edit,
	 .more = fields_more},
	{.name = "client enable",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Lets a disabled client work again.",
	 .needs = IN_REALM,
	 .run = enable},
	{.name = "client disable",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "The client gets nothing any more and its tokens count as void.",
	 .needs = IN_REALM,
	 .run = disable},
	{.name = "client secret add",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Makes one more secret and shows it once; the others stay good.",
	 OPTIONS(secret_add_options),
	 .needs = IN_REALM | NEED_MASTER,
	 .run = client_secret_add_run},
	{.name = "client secret list",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Lists a client's secrets: since when and how long each is good, and when it was "
		 "used last, noted once a day. Warns while an old one is still in use.",
	 .needs = IN_REALM,
	 .run = client_secret_list_run},
	{.name = "client secret expire",
	 .arguments = "ID SECRET-ID",
	 .arguments_min = 2,
	 .arguments_max = 2,
	 .help = "The secret is good until then and no longer.",
	 OPTIONS(secret_expire_options),
	 .needs = IN_REALM,
	 .run = client_secret_expire_run},
	{.name = "client secret remove",
	 .arguments = "ID SECRET-ID",
	 .arguments_min = 2,
	 .arguments_max = 2,
	 .help = "Removes a secret at once. Asks for its id.",
	 .needs = IN_REALM,
	 .run = client_secret_remove_run},
	{.name = "client remove",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Removes a client with its secrets, consents, grants and tokens. Asks for its id.",
	 .needs = IN_REALM,
	 .run = remove_client},
};

const struct cli_group group_client = {"client", "applications that sign people in",
				       ROWS(commands)};
