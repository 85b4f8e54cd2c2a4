/* SPDX-License-Identifier: ISC */
/*
 * ostiary vhost: the web server's configuration for the realms that are there.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/conf/conf.h"
#include "ctl/commands.h"
#include "ctl/vhost.h"

#define NAMES_MAX 256

static const struct cli_option options[] = {
	{"--socket", "PATH", "The socket of the pool of workers: /run/ostiary/fcgi.sock."},
	{"--program", "PATH",
	 "The worker, for web servers that start it: ostiary.fcgi beside the programs of this "
	 "installation."},
	{"--tls", "PATH",
	 "The folder that holds HOST.pem and HOST.key of each name, and clients.pem, the "
	 "authorities "
	 "of client certificates: /etc/ostiary/tls."},
	{"--inside", NULL,
	 "Only what goes into a server that is there already, without the name that asks for "
	 "client certificates."},
};

static const char *
value_or(const struct cli *cli, const char *option, const char *fallback)
{
	const char *value = cli_value(cli, option);

	return value ? value : fallback;
}

/* The worker lies beside the helper, whose place is an option's default. */
static const char *
installed_worker(struct arena *arena)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++)
		if (str_equal(table[i].name, "fetch_program"))
			return arena_printf(
				arena, "%.*s/ostiary.fcgi",
				(int)(strrchr(table[i].fallback, '/') - table[i].fallback),
				table[i].fallback);
	return "/usr/local/lib/ostiary/ostiary.fcgi";
}

/* These words stand between quotes in four languages. */
static bool
is_plain_path(const char *path)
{
	return path[0] == '/' && !path[strcspn(path, "\"'\\$@#%;{}<> \t\r\n")];
}

/* Only what stands in the configuration that is wanted has to fit there. */
static enum cli_exit
check_places(struct cli *cli, const struct vhost_places *places)
{
	const struct {
		const char *option, *word, *path;
	} rows[] = {
		{"--socket", "socket", places->socket},
		{"--program", "program", places->program},
		{"--config", "conf", places->conf},
		{"--tls", "tls", places->tls},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (vhost_has_word(cli_arg(cli, 0), rows[i].word) && !is_plain_path(rows[i].path))
			return cli_fail(cli, CLI_USAGE,
					"%s %s: an absolute path without blanks, quotes and signs "
					"that a web server reads",
					rows[i].option, rows[i].path);
	return CLI_OK;
}

static enum cli_exit
check_server(struct cli *cli)
{
	const char *given = cli_arg(cli, 0);
	struct buf names;

	buf_init(&names, cli->arena, NAMES_MAX);
	for (size_t i = 0; vhost_server(i); i++) {
		if (str_equal(vhost_server(i), given))
			return CLI_OK;
		buf_printf(&names, "%s%s",
			   !i                    ? ""
			   : vhost_server(i + 1) ? ", "
						 : " or ",
			   vhost_server(i));
	}
	return cli_fail(cli, CLI_USAGE, "vhost %s: %s", given, names.data);
}

/* The web server starts the worker in another folder than this one. */
static const char *
absolute_conf(const struct cli *cli)
{
	const char *path = cli_conf_path(cli);
	char whole[PATH_MAX];

	return path[0] != '/' && realpath(path, whole) ? arena_strdup(cli->arena, whole) : path;
}

static enum cli_exit
run(struct cli *cli)
{
	const struct vhost_places places = {
		.socket = value_or(cli, "--socket", "/run/ostiary/fcgi.sock"),
		.program = value_or(cli, "--program", installed_worker(cli->arena)),
		.conf = absolute_conf(cli),
		.tls = value_or(cli, "--tls", "/etc/ostiary/tls"),
		.inside = cli_flag(cli, "--inside"),
	};
	struct realm_list one = {.count = 1};
	enum cli_exit code = check_server(cli);
	const struct realm_list *realms = &cli->realms;
	const char *why;
	struct buf out;

	if (code == CLI_OK)
		code = cli_open(cli, NEED_CONF);
	if (code == CLI_OK)
		code = check_places(cli, &places);
	if (code == CLI_OK)
		code = cli->realm ? cli_enter(cli, cli->realm) : cli_load_realms(cli);
	if (code != CLI_OK)
		return code;
	if (cli->realm) {
		struct realm copy = *cli->tx.realm;

		one.realm = arena_array(cli->arena, 1, sizeof(copy));
		one.realm[0] = copy;
		realms = &one;
	}
	buf_init(&out, cli->arena, CLI_OUTPUT_MAX);
	if (vhost_write(&out, cli_arg(cli, 0), &places, realms, &why) != 0)
		return cli_fail(cli, CLI_FAILED, "vhost %s: %s", cli_arg(cli, 0), why);
	if (!cli->json) /* it has tabs, which are not for cli_say() */
		buf_add(&cli->out, out.data, out.size);
	json_add_text(cli->doc, "configuration", out.data);
	return CLI_OK;
}

static const struct cli_command commands[] = {
	{.name = "vhost",
	 .arguments = "nginx|apache|apache-fcgid|lighttpd|lighttpd-spawn|htaccess",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Prints the web server's configuration for the issuers of all realms, or of "
		 "--realm: their names and paths, both well-known addresses, TLS, and the name of "
		 "mtls_endpoint_base that asks for client certificates. apache is Apache with "
		 "mod_proxy_fcgi, apache-fcgid with mod_fcgid; lighttpd-spawn starts the workers "
		 "itself; htaccess is for shared hosting.",
	 OPTIONS(options),
	 .run = run},
};

const struct cli_group group_vhost = {"vhost", "the configuration of the web server",
				      ROWS(commands)};
