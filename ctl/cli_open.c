/* SPDX-License-Identifier: ISC */
/*
 * What a command needs is constructed here: configuration, store, keys, the realm to work in, and
 * who is at work, for the record.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "ctl/cli.h"
#include "fcgi/boot.h"
#include "sql/db.h"

#define ACTOR_NAME_MAX 32

const char *
cli_conf_path(const struct cli *cli)
{
	return cli->config ? cli->config : conf_path();
}

/* Behind sudo the person who called it: "root did it" helps nobody. */
static uid_t
person_at_work(void)
{
	const char *text = secure_getenv("SUDO_UID");
	int64_t number;

	if (getuid() == 0 && text && num_parse_int64(text, 0, INT32_MAX, &number) == 0)
		return (uid_t)number;
	return getuid();
}

static const char *
actor(struct arena *arena)
{
	uid_t uid = person_at_work();
	const struct passwd *entry = getpwuid(uid);

	if (entry && str_printable(entry->pw_name) && strlen(entry->pw_name) <= ACTOR_NAME_MAX)
		return arena_printf(arena, "admin:%s", entry->pw_name);
	return arena_printf(arena, "admin:%u", (unsigned)uid);
}

static unsigned
boot_parts(unsigned needs)
{
	unsigned parts = BOOT_TERMINAL;

	parts |= needs & NEED_MASTER ? BOOT_MASTER : 0;
	parts |= needs & NEED_ADMIN ? BOOT_ADMIN : BOOT_SERVICE;
	return parts;
}

static enum cli_exit
down(struct cli *cli)
{
	return cli_fail(cli, CLI_DOWN, "the database does not answer: %s",
			store_error(cli->tx.store));
}

static enum cli_exit
check_ready(struct cli *cli)
{
	switch (store_ready(cli->tx.store)) {
	case STORE_OK:
		return CLI_OK;
	case STORE_NONE:
	case STORE_CONFLICT:
		return cli_fail(cli, CLI_FAILED,
				"the database has another schema than this version works with; "
				"`ostiary migrate status` tells more");
	case STORE_DOWN:
		break;
	}
	return down(cli);
}

static const struct realm *
find_realm(const struct realm_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->realm[i].name, name))
			return &list->realm[i];
	return NULL;
}

static enum cli_exit
no_realm(struct cli *cli, const char *name)
{
	struct buf names;

	if (cli->realms.count == 0 || !cli->realms.realm)
		return cli_fail(cli, CLI_NOT_FOUND,
				"there is no realm yet; `ostiary realm add main --issuer URL` "
				"makes one");
	buf_init(&names, cli->arena, CLI_OUTPUT_MAX);
	for (size_t i = 0; i < cli->realms.count; i++)
		buf_printf(&names, " %s", cli->realms.realm[i].name);
	if (!name)
		return cli_fail(cli, CLI_USAGE, "which realm? --realm NAME; there are:%s",
				names.data);
	return cli_fail(cli, CLI_NOT_FOUND, "no realm %s; there are:%s", name, names.data);
}

static int
by_name(const void *a, const void *b)
{
	const struct realm *left = a;
	const struct realm *right = b;

	return strcmp(left->name, right->name);
}

enum cli_exit
cli_load_realms(struct cli *cli)
{
	if (realm_load(cli->tx.store, cli->arena, &cli->realms) != STORE_OK)
		return down(cli);
	if (cli->realms.count > 1)
		qsort(cli->realms.realm, cli->realms.count, sizeof(struct realm), by_name);
	return CLI_OK;
}

enum cli_exit
cli_enter(struct cli *cli, const char *name)
{
	const struct realm *realm;
	enum cli_exit code = cli_load_realms(cli);

	if (code != CLI_OK)
		return code;
	if (name)
		realm = find_realm(&cli->realms, name);
	else
		realm = cli->realms.count == 1 ? &cli->realms.realm[0]
					       : find_realm(&cli->realms, "main");
	if (!realm)
		return no_realm(cli, name);
	cli->tx.realm = realm;
	return CLI_OK;
}

enum cli_exit
cli_open(struct cli *cli, unsigned needs)
{
	enum cli_exit code;
	const char *name = cli->realm;
	const char *who;

	if (!needs)
		return CLI_OK;
	who = actor(cli->arena); /* before root becomes somebody else */
	cli->boot = boot_open(cli_conf_path(cli), boot_parts(needs), "ostiary", &cli->why);
	if (!cli->boot)
		return CLI_FAILED;
	cli->provider = *boot_provider(cli->boot);
	tx_begin(&cli->tx, &cli->provider, cli->arena);
	cli->tx.actor = who;
	cli->tx.about = cli->command ? cli->command->name : NULL;
	if (needs & (NEED_ADMIN | NEED_LATER))
		return CLI_OK;
	code = check_ready(cli);
	if (code != CLI_OK)
		return code;
	if (needs & NEED_REALM_ARGUMENT && cli->args_count > 0)
		name = cli->args[0];
	return needs & (NEED_REALM | NEED_REALM_ARGUMENT) ? cli_enter(cli, name) : CLI_OK;
}

void
cli_explain_down(struct cli *cli, enum cli_exit code)
{
	if (code == CLI_DOWN && cli->tx.store && !strstr(cli->why.data, store_error(cli->tx.store)))
		(void)cli_fail(cli, code, "the database: %s", store_error(cli->tx.store));
}

void
cli_close(struct cli *cli)
{
	if (!cli->boot)
		return;
	boot_close(cli->boot);
	cli->boot = NULL;
}
