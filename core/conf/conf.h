/* SPDX-License-Identifier: ISC */
/*
 * The host's configuration file: what the host decides. Realms and all inside them are rows in the
 * database. One table describes every option; `ostiary config reference`, the manual page and the
 * checker are derived from it.
 */
#ifndef OSTIARY_CONF_CONF_H
#define OSTIARY_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

#define CONF_DEFAULT_PATH "/etc/ostiary/ostiary.conf"
#define CONF_ENVIRONMENT  "OSTIARY_CONFIG" /* names another path */

struct conf {
	const char *path; /* where it was read */

	/* [database] */
	const char *db_socket;        /* "/run/mysqld/mysqld.sock"; "" : TCP */
	const char *db_host;          /* TCP needs db_ca */
	int64_t db_port;              /* 3306 */
	const char *db_name;          /* "ostiary" */
	const char *db_user;          /* "ostiary" */
	const char *db_password_file; /* "" : the socket's peer is the password (unix_socket) */
	const char *db_ca; /* CA that signed the server's certificate; TCP is refused without */
	const char *db_admin_user; /* with DDL rights, for `ostiary migrate`; "root"; "": db_user */
	const char *db_admin_password_file;

	/* [keys] */
	const char *master_key_file;          /* "/etc/ostiary/master.key" */
	const char *previous_master_key_file; /* during `ostiary key rewrap`; "" */

	/* [server] */
	const char *pages_dir;          /* PREFIX/share/ostiary/pages */
	const char *state_dir;          /* "/run/ostiary": shared counters and the failure ring */
	bool allow_http_loopback;       /* issuers http://localhost…, for trying things out */
	bool confine;                   /* system calls that are not needed are given up */
	int64_t throttle_account_limit; /* failures of one account name in 15 minutes before waiting
					   begins; 5 */
	int64_t throttle_network_limit; /* the same from one network; 50 */
	int64_t rate_limit_network; /* requests of strangers a minute from one network; 600; 0: no
				       limit */

	/* [fetch] */
	const char *fetch_socket;         /* of the service; "": workers run fetch_program */
	const char *fetch_program;        /* PREFIX/lib/ostiary/ostiary-fetch */
	const char *fetch_allow_networks; /* "10.1.0.0/16, fd00::/8": beside public addresses */
	const char *fetch_allow_ports;    /* "443" */
	const char *fetch_ca_file;        /* an authority beside the system's; "" */
	int64_t fetch_timeout;            /* milliseconds, connecting included */

	/* [people] */
	const char *broker_socket; /* of ostiary-pamd; "": none */

	/* [log] */
	const char *log_target; /* "syslog", "stderr" or a file */
	int64_t log_level;      /* enum log_level; "info" */
};

enum conf_type { CONF_TEXT, CONF_PATH, CONF_INT, CONF_BOOL, CONF_LEVEL };

struct conf_option {
	const char *section, *name;
	enum conf_type type;
	size_t offset;
	int64_t min, max; /* CONF_INT: range; CONF_TEXT, CONF_PATH: bytes */
	const char *fallback;
	const char *help; /* one or two sentences for people */
};

const struct conf_option *conf_table(size_t *count);

/*
 * Reads the file. Every mistake (unknown section or option, bad value, given twice, unreadable file
 * it names, rules between options) is appended to why as "PATH:LINE: what; remedy\n" ("PATH: …"
 * where the file has no line for it, as with a default). 0, or -1 when there was any. Files named
 * by *_file options are checked for existence and rights here, not read.
 */
int conf_load(struct arena *arena, const char *path, struct conf *conf, struct buf *why)
	__attribute__((warn_unused_result));

/* The path in the environment variable, else the default. */
const char *conf_path(void);

/* The reference file: every option commented out with its default, type and help. What
 * conf-examples/ostiary.conf holds. */
void conf_reference(struct buf *out);

/* The settings in force, as a file. */
void conf_show(const struct conf *conf, struct buf *out);

/* The one line of a secret file without its newline, in the arena; NULL with *why. At most 4 KiB.
 */
const char *conf_read_secret(struct arena *arena, const char *path, const char **why);

#endif
