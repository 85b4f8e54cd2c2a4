/* SPDX-License-Identifier: ISC */
/*
 * The configuration of ostiary-pamd: one section [broker] and one [service NAME] for each login
 * that realms may name. One table describes every option of both; the reference file, the manual
 * page and the checker are derived from it.
 */
#ifndef OSTIARY_PAMD_SETTINGS_H
#define OSTIARY_PAMD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct backend;
struct buf;

#define SETTINGS_DEFAULT_PATH "/etc/ostiary/pamd.conf"
#define SETTINGS_ENVIRONMENT  "OSTIARY_PAMD_CONFIG" /* names another path */
#define SETTINGS_SERVICES_MAX 16
#define SETTINGS_TEXT_MAX     1024 /* bytes of one value */
#define SETTINGS_WORDS_MAX    32   /* of a value that is a list with blanks between */

/* A login of the host. Options of the other kind hold their defaults. Texts are never NULL. */
struct service {
	const char *name;
	const struct backend *backend; /* kind */
	bool change_password; /* whether an expired password may be changed while signing in */

	/* kind = pam */
	const char *pam_service; /* the file in /etc/pam.d or pam_dir; "ostiary" */
	const char *pam_dir;     /* "": the system's */
	int64_t min_uid;         /* 1000 */

	/* kind = ldap */
	const char *uri; /* ldap:// or ldaps://, several with blanks; tried in their order */
	bool start_tls;
	const char *ca_file; /* "": the system's authorities */
	const char *bind_dn; /* that searches; "": anonymous */
	const char *bind_password_file;
	const char *base;
	const char *scope;          /* "sub" or "one" */
	const char *filter;         /* "(uid=%u)" */
	const char *id_attribute;   /* "entryUUID": the person's key */
	const char *name_attribute; /* "uid": the name as it is read back */
	const char *claims;         /* CLAIM=ATTRIBUTE, several with blanks */
	bool email_verified;
	const char *group_base;      /* "": no groups */
	const char *group_filter;    /* "(member=%d)" */
	const char *group_name;      /* attribute; "cn" */
	const char *disabled_filter; /* entries that it matches may not sign in; "": none */
	int64_t timeout;             /* seconds of one step; 3 */
};

struct settings {
	const char *path; /* where it was read */

	/* [broker] */
	const char *socket;        /* "/run/ostiary-pamd/socket" */
	const char *allow_users;   /* names or numbers, with blanks: who may connect; "ostiary" */
	int64_t max_conversations; /* 256 */
	int64_t max_per_network;   /* 32 */
	int64_t max_per_name;      /* 4 */
	int64_t prove_seconds;     /* 30: what the first page may take, and the work after any */
	int64_t answer_seconds;    /* 120: how long a page waits for its answer */
	int64_t failure_ms;        /* 600: no failure is told sooner */
	const char *log_target;    /* "syslog" or "stderr" */

	const struct service *service;
	size_t services;
};

enum option_type { OPTION_TEXT, OPTION_PATH, OPTION_INT, OPTION_BOOL };

/* Where an option may stand, as bits. */
#define IN_BROKER 1U
#define IN_PAM    2U
#define IN_LDAP   4U

struct option {
	const char *name;
	unsigned places;
	enum option_type type;
	size_t offset;    /* in struct settings or struct service */
	int64_t min, max; /* INT: range; TEXT, PATH: bytes */
	const char *fallback;
	const char *help; /* one or two sentences for people */
};

const struct option *settings_table(size_t *count);

/*
 * Reads the file. Every mistake is appended to why as "PATH:LINE: what; remedy\n". 0, or -1 when
 * there was any; allow_users is "" then where it is what was wrong or could not be read. Files that
 * options name are looked at here, but read when they are used.
 */
int settings_load(struct arena *arena, const char *path, struct settings *settings, struct buf *why)
	__attribute__((warn_unused_result));

/* The path in the environment variable, else the default. */
const char *settings_path(void);

/* The service of a name, or NULL. */
const struct service *settings_service(const struct settings *settings, const char *name);

/* The reference file, which conf-examples/pamd.conf holds, and the manual page. */
void settings_reference(struct buf *out);
void settings_manual(struct buf *out);

/* The one line of a secret file without its newline, in the arena; NULL with *why. At most 4 KiB;
 * others may have no rights to it. */
const char *settings_read_secret(struct arena *arena, const char *path, const char **why);

#endif
