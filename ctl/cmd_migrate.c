/* SPDX-License-Identifier: ISC */
/*
 * ostiary migrate: brings the database schema to this version, and makes the host's master key file
 * where there is none, because nothing works without one and a wrong one must never be written
 * over.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/seal/seal.h"
#include "ctl/commands.h"
#include "sql/db.h"

static enum cli_exit
read_version(struct cli *cli, int *version)
{
	*version = 0;
	if (schema_version(cli->tx.store, version) == STORE_OK)
		return CLI_OK;
	return cli_fail(cli, CLI_DOWN, "the database does not answer: %s",
			store_error(cli->tx.store));
}

static enum cli_exit
show(struct cli *cli, int version)
{
	size_t count;
	const struct migration *table = migrations_table(&count);
	struct json_object *pending = json_new_array(cli->arena);

	cli_say(cli, "the schema is at version %d, this program works with %d to %d\n", version,
		SCHEMA_MIN, SCHEMA_MAX);
	for (size_t i = 0; i < count; i++) {
		if (table[i].number <= version)
			continue;
		cli_say(cli, "to apply: %s\n", table[i].name);
		json_push_text(pending, table[i].name);
	}
	json_add_int(cli->doc, "version", version);
	json_add(cli->doc, "pending", pending);
	return CLI_OK;
}

static enum cli_exit
show_plan(struct cli *cli, int version)
{
	size_t count;
	const struct migration *table = migrations_table(&count);

	(void)show(cli, version);
	for (size_t i = 0; i < count; i++)
		if (table[i].number > version)
			cli_say(cli, "\n-- %s\n%s\n", table[i].name, table[i].text);
	return CLI_OK;
}

static enum cli_exit
apply(struct cli *cli, int version)
{
	size_t count;
	const struct migration *table = migrations_table(&count);
	struct json_object *applied = json_new_array(cli->arena);

	for (size_t i = 0; i < count; i++) {
		const char *why = NULL;

		if (table[i].number <= version)
			continue;
		if (migration_apply(cli->tx.store, &table[i], &why) != 0)
			return cli_fail(cli, CLI_FAILED, "%s: %s", table[i].name, why);
		version = table[i].number;
		cli_say(cli, "applied %s\n", table[i].name);
		json_push_text(applied, table[i].name);
	}
	json_add(cli->doc, "applied", applied);
	json_add_int(cli->doc, "version", version);
	cli_say(cli, "the schema is at version %d\n", version);
	return CLI_OK;
}

/* ---- the master key ---- */

/*
 * The rest of the program refuses a configuration that names a file which is not there, so the key
 * is made first; not where the file has other mistakes, as the path may be one of them.
 */
static enum cli_exit
make_master(struct cli *cli)
{
	struct conf conf = {0};
	struct buf mistakes;
	struct strlist lines;
	const char *why = NULL;

	buf_init(&mistakes, cli->arena, CLI_OUTPUT_MAX);
	if (conf_load(cli->arena, cli_conf_path(cli), &conf, &mistakes) == 0 ||
	    str_empty(conf.master_key_file) || access(conf.master_key_file, F_OK) == 0 ||
	    errno != ENOENT || strlist_split(cli->arena, mistakes.data, '\n', 1, &lines) != 0)
		return CLI_OK;
	if (seal_master_make(cli->arena, &rand_system, conf.master_key_file, &why) != 0)
		return cli_fail(cli, CLI_FAILED, "%s", why);
	cli_say(cli,
		"made the master key %s; keep a copy in a safe place: without it no key in the "
		"database can be read\n",
		conf.master_key_file);
	json_add_text(cli->doc, "master_key_made", conf.master_key_file);
	return CLI_OK;
}

static enum cli_exit
start(struct cli *cli, bool may_make)
{
	enum cli_exit code = may_make ? make_master(cli) : CLI_OK;

	return code == CLI_OK ? cli_open(cli, NEED_CONF | NEED_ADMIN) : code;
}

static enum cli_exit
run(struct cli *cli)
{
	static const struct {
		const char *name;
		bool makes; /* the master key */
		enum cli_exit (*run)(struct cli *cli, int version);
	} actions[] = {{"apply", true, apply}, {"plan", false, show_plan}, {"status", false, show}};
	const char *action = cli_arg(cli, 0) ? cli_arg(cli, 0) : "apply";
	int version;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		enum cli_exit code;

		if (!str_equal(actions[i].name, action))
			continue;
		code = start(cli, actions[i].makes);
		if (code == CLI_OK)
			code = read_version(cli, &version);
		return code == CLI_OK ? actions[i].run(cli, version) : code;
	}
	return cli_fail(cli, CLI_USAGE, "migrate %s: plan, apply or status", action);
}

static const struct cli_command commands[] = {
	{
		.name = "migrate",
		.arguments = "[plan|apply|status]",
		.arguments_max = 1,
		.help = "Brings the database schema to this version (apply, also without an "
			"argument), shows the statements that would run (plan), or the versions "
			"(status). Uses the database user of db_admin_user. Makes the master key "
			"file "
			"where there is none.",
		.run = run,
	},
};

const struct cli_group group_migrate = {"migrate", "bring the database schema to this version",
					ROWS(commands)};
