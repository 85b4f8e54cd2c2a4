/* SPDX-License-Identifier: ISC */
/*
 * The options of the host's configuration, one row each, and what is written from the rows: the
 * reference file and the settings in force. Reading is in conf_read.c, rules between options are in
 * conf_rules.c.
 */
#include "core/conf/conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/conf/conf_read.h"

#ifndef OSTIARY_PAGES_DIR
#define OSTIARY_PAGES_DIR "/usr/local/share/ostiary/pages"
#endif

#ifndef OSTIARY_LIB_DIR
#define OSTIARY_LIB_DIR "/usr/local/lib/ostiary"
#endif

#define TEXT_MAX   128
#define PATH_BYTES 160 /* with the longest name it fits one line of inih */
#define WRAP_AT    78

#define FETCH_PATH_BYTES 107 /* what the address of a Unix socket holds */

#define AT(member) offsetof(struct conf, member)

/* clang-format off */
static const struct conf_option options[] = {
	{"database", "db_socket", CONF_PATH, AT(db_socket), 0, PATH_BYTES,
	 "/run/mysqld/mysqld.sock",
	 "The socket of the MariaDB server. Leave it empty to connect to db_host over TCP "
	 "with TLS."},
	{"database", "db_host", CONF_TEXT, AT(db_host), 0, TEXT_MAX, "",
	 "The host of the MariaDB server, when db_socket is empty."},
	{"database", "db_port", CONF_INT, AT(db_port), 1, 65535, "3306",
	 "The TCP port of the MariaDB server."},
	{"database", "db_name", CONF_TEXT, AT(db_name), 1, 64, "ostiary",
	 "The name of the database."},
	{"database", "db_user", CONF_TEXT, AT(db_user), 1, 80, "ostiary",
	 "The database user of the service; it needs to read and write rows, no more."},
	{"database", "db_password_file", CONF_PATH, AT(db_password_file), 0, PATH_BYTES, "",
	 "A file that holds the password of db_user in one line, not readable by others. "
	 "Empty: the server "
	 "knows us by the socket's peer (unix_socket)."},
	{"database", "db_ca", CONF_PATH, AT(db_ca), 0, PATH_BYTES, "",
	 "The certificate of the authority that signed the server's certificate (PEM). TCP "
	 "is refused "
	 "without it."},
	{"database", "db_admin_user", CONF_TEXT, AT(db_admin_user), 0, 80, "root",
	 "The database user for `ostiary migrate`, who may change the schema; root signs in as root "
	 "over the socket. Empty: db_user."},
	{"database", "db_admin_password_file", CONF_PATH, AT(db_admin_password_file), 0,
	 PATH_BYTES, "",
	 "A file that holds the password of db_admin_user in one line, not readable by others."},

	{"keys", "master_key_file", CONF_PATH, AT(master_key_file), 1, PATH_BYTES,
	 "/etc/ostiary/master.key",
	 "The key that seals all other keys, in a file not readable by others. Every host of "
	 "a pool has the "
	 "same; keep a copy apart from the copies of the database."},
	{"keys", "previous_master_key_file", CONF_PATH, AT(previous_master_key_file), 0,
	 PATH_BYTES, "",
	 "The master key before this one, until `ostiary key rewrap` has run."},

	{"server", "pages_dir", CONF_PATH, AT(pages_dir), 1, PATH_BYTES, OSTIARY_PAGES_DIR,
	 "The folder of the page templates, their styles and languages."},
	{"server", "state_dir", CONF_PATH, AT(state_dir), 1, PATH_BYTES, "/run/ostiary",
	 "A folder of the service's own for what the workers of this host share and may "
	 "lose: counters and "
	 "the newest failures."},
	{"server", "allow_http_loopback", CONF_BOOL, AT(allow_http_loopback), 0, 0, "no",
	 "Whether issuers such as http://localhost are allowed; only for trying things out."},
	{"server", "confine", CONF_BOOL, AT(confine), 0, 0, "yes",
	 "Whether the workers and ostiary-fetch give up at their start the system calls that they "
	 "do not need. With no, a library of this site may make others; the log names a call that "
	 "was refused (event=call_refused)."},
	{"server", "throttle_account_limit", CONF_INT, AT(throttle_account_limit), 1, 1000, "5",
	 "How many failed sign-ins of one account name in 15 minutes are free before waiting "
	 "begins."},
	{"server", "throttle_network_limit", CONF_INT, AT(throttle_network_limit), 1, 100000, "50",
	 "The same for one network (IPv4 /24; IPv6 /64 and /48)."},
	{"server", "rate_limit_network", CONF_INT, AT(rate_limit_network), 0, 6000000, "600",
	 "How many requests a minute are taken from one network (IPv4 /24; IPv6 /64) that prove no "
	 "client: of public clients, of nobody, and those whose client authentication fails. A "
	 "minute's worth may come at once. 0: no limit."},

	{"fetch", "fetch_socket", CONF_PATH, AT(fetch_socket), 0, FETCH_PATH_BYTES,
	 "/run/ostiary-fetch/socket",
	 "The socket of the service ostiary-fetch, which fetches documents of clients and trusted "
	 "issuers over HTTPS for the workers. Empty: workers start fetch_program themselves, for "
	 "hosts where no service can run; they need a way out to the network then."},
	{"fetch", "fetch_program", CONF_PATH, AT(fetch_program), 1, PATH_BYTES,
	 OSTIARY_LIB_DIR "/ostiary-fetch",
	 "The program that workers start when fetch_socket is empty."},
	{"fetch", "fetch_allow_networks", CONF_TEXT, AT(fetch_allow_networks), 0, TEXT_MAX, "",
	 "Networks that are fetched from although they are private, as in \"10.1.0.0/16, "
	 "fd00:1::/32\". Public addresses are always allowed, all others refused."},
	{"fetch", "fetch_allow_ports", CONF_TEXT, AT(fetch_allow_ports), 1, TEXT_MAX, "443",
	 "The ports that are fetched from, as in \"443, 8443\"."},
	{"fetch", "fetch_ca_file", CONF_PATH, AT(fetch_ca_file), 0, PATH_BYTES, "",
	 "The certificate of an authority that is believed beside those of the system (PEM)."},
	{"fetch", "fetch_timeout", CONF_INT, AT(fetch_timeout), 100, 1900, "1800",
	 "How many milliseconds one fetch may take, looking up the name and connecting included. "
	 "Nobody waits for more than two seconds."},

	{"people", "broker_socket", CONF_PATH, AT(broker_socket), 0, FETCH_PATH_BYTES,
	 "/run/ostiary-pamd/socket",
	 "The socket of the service ostiary-pamd, which keeps conversations with the logins of this "
	 "host (PAM, LDAP). Asked only where a realm has such a source; see `ostiary source`."},

	{"log", "log_target", CONF_TEXT, AT(log_target), 1, TEXT_MAX, "syslog",
	 "Where log lines go: syslog, stderr or the absolute path of a file."},
	{"log", "log_level", CONF_LEVEL, AT(log_level), LOG_LEVEL_ERROR, LOG_LEVEL_DEBUG, "info",
	 "The least important lines that are written: error, warn, info or debug."},
};
/* clang-format on */

#define OPTIONS_COUNT (sizeof(options) / sizeof(options[0]))

_Static_assert(OPTIONS_COUNT <= CONF_OPTIONS_MAX, "conf_reader has a line for each option");

static const char *const levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

const struct conf_option *
conf_table(size_t *count)
{
	*count = OPTIONS_COUNT;
	return options;
}

const char *
conf_path(void)
{
	const char *path = secure_getenv(CONF_ENVIRONMENT);

	return str_empty(path) ? CONF_DEFAULT_PATH : path;
}

/* Text as comment lines, broken at blanks. */
static void
add_comment(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t size = strlen(text);

		if (size > WRAP_AT)
			size = WRAP_AT;
		/* no word is as long as a line */
		while (text[size] != ' ' && text[size] != '\0')
			size--;
		buf_printf(out, "# %.*s\n", (int)size, text);
		text += size;
		text += strspn(text, " ");
	}
}

static void
add_type(struct buf *out, const struct conf_option *option)
{
	switch (option->type) {
	case CONF_TEXT:
		buf_printf(out, "# Text of at most %" PRId64 " bytes%s.\n", option->max,
			   option->min == 0 ? ", may be empty" : "");
		return;
	case CONF_PATH:
		buf_printf(out, "# An absolute path%s.\n",
			   option->min == 0 ? ", may be empty" : "");
		return;
	case CONF_INT:
		buf_printf(out, "# A number from %" PRId64 " to %" PRId64 ".\n", option->min,
			   option->max);
		return;
	case CONF_BOOL:
		buf_add_text(out, "# yes or no.\n");
		return;
	case CONF_LEVEL:
		buf_add_text(out, "# One of error, warn, info, debug.\n");
		return;
	}
	bug("option of an unknown type");
}

/* "name = value", and no blank at the end for an empty value. */
static void
add_setting(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s =%s%s\n", name, value[0] == '\0' ? "" : " ", value);
}

void
conf_reference(struct buf *out)
{
	const char *section = "";

	add_comment(
		out,
		"Configuration of Ostiary on this host. Every option is here with its default; "
		"take the # away from those you change. Realms, clients, people and keys are not "
		"here but in the database: see `ostiary --help`. A value reaches to the end of "
		"its line or to a blank and a semicolon.");
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		if (!str_equal(section, options[i].section)) {
			section = options[i].section;
			buf_printf(out, "\n[%s]\n", section);
		}
		buf_add_char(out, '\n');
		add_comment(out, options[i].help);
		add_type(out, &options[i]);
		buf_add_char(out, '#');
		add_setting(out, options[i].name, options[i].fallback);
	}
}

static void
add_value(struct buf *out, const struct conf_option *option, const struct conf *conf)
{
	const void *member = (const char *)conf + option->offset;

	switch (option->type) {
	case CONF_TEXT:
	case CONF_PATH:
		add_setting(out, option->name, *(const char *const *)member);
		return;
	case CONF_INT:
		buf_printf(out, "%s = %" PRId64 "\n", option->name, *(const int64_t *)member);
		return;
	case CONF_BOOL:
		add_setting(out, option->name, *(const bool *)member ? "yes" : "no");
		return;
	case CONF_LEVEL:
		add_setting(out, option->name, levels[*(const int64_t *)member]);
		return;
	}
	bug("option of an unknown type");
}

void
conf_show(const struct conf *conf, struct buf *out)
{
	const char *section = "";

	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		if (!str_equal(section, options[i].section)) {
			buf_printf(out, "%s[%s]\n", i == 0 ? "" : "\n", options[i].section);
			section = options[i].section;
		}
		add_value(out, &options[i], conf);
	}
}
