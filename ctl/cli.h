/* SPDX-License-Identifier: ISC */
/*
 * The command line as data: groups of commands, each a row with its name, arguments, options, help
 * and handler. Help, completion, the manual page and the parser all read these rows. struct cli is
 * one call of the program.
 */
#ifndef OSTIARY_CTL_CLI_H
#define OSTIARY_CTL_CLI_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/manage/manage.h"
#include "core/port/provider.h"

#define CLI_GIVEN_MAX  512 /* options and arguments of one call, each */
#define CLI_OUTPUT_MAX (64 * 1024 * 1024)
#define CLI_ARENA_MAX  ((size_t)1024 * 1024 * 1024)

/* What the program ends with; scripts rely on it. */
enum cli_exit {
	CLI_OK,
	CLI_FAILED,    /* what was asked for failed or was refused */
	CLI_USAGE,     /* the command line itself is wrong */
	CLI_NOT_FOUND, /* what it is about is not there */
	CLI_EXISTS,    /* it is there already */
	CLI_DOWN,      /* the database does not answer */
};

/* The rows of the exit codes, for the manual. */
struct cli_exit_row {
	const char *name; /* in JSON */
	const char *help;
};
const struct cli_exit_row *cli_exit_row(enum cli_exit code);

struct cli_option {
	const char *name;  /* "--id"; with a dash at its end any suffix may follow */
	const char *value; /* what stands for the value in help; NULL: none is taken */
	const char *help;
};

enum {
	NEED_CONF = 1 << 0,           /* the configuration and a store */
	NEED_REALM = 1 << 1,          /* a realm: --realm, the only one, or "main" */
	NEED_MASTER = 1 << 2,         /* the master key */
	NEED_ADMIN = 1 << 3,          /* the database user that may change the schema */
	NEED_RING = 1 << 4,           /* the host's ring of failures */
	NEED_LATER = 1 << 5,          /* the database is looked at by the command itself */
	NEED_REALM_ARGUMENT = 1 << 6, /* a realm that the first argument names, if there is one */
};

struct cli;

struct cli_command {
	const char *name;      /* "client secret add" */
	const char *arguments; /* "ID"; "" for none */
	size_t arguments_min, arguments_max;
	const char *help; /* sentences for people */
	const struct cli_option *options;
	size_t options_count;
	unsigned needs;
	enum cli_exit (*run)(struct cli *cli);
	/* further help, made from other tables; NULL: none */
	void (*more)(struct cli *cli);
};

struct cli_group {
	const char *name; /* first word of all its commands */
	const char *help; /* a few words */
	const struct cli_command *commands;
	size_t count;
};

/* All groups; the hidden ones behind the visible ones. */
const struct cli_group *const *cli_groups(size_t *visible, size_t *all);
const struct cli_option *cli_global_options(size_t *count);

struct cli_given {
	const char *name;
	const char *value; /* NULL for flags */
};

struct cli {
	const struct cli_command *command;
	const char *topic; /* words of a group or command that help is wanted for; NULL */
	struct arena *arena;
	const char *args[CLI_GIVEN_MAX];
	size_t args_count;
	struct cli_given given[CLI_GIVEN_MAX];
	size_t given_count;

	/* global options */
	const char *config;
	const char *realm;
	bool json, yes, help, version;

	/* constructed as the command needs */
	struct boot *boot;
	struct provider provider; /* the boot's; rewrap puts its own master keys in */
	struct tx tx;
	struct realm_list realms;

	/* results */
	struct buf out; /* for people */
	struct buf why; /* complaints, a line each */
	struct json_object *doc;
};

/* ---- command line ---- */

/* Reads argv. CLI_OK, or CLI_USAGE with a line in why. */
enum cli_exit cli_parse(struct cli *cli, int argc, char **argv);

/* The argument at index, or NULL. */
const char *cli_arg(const struct cli *cli, size_t index);

/* The value of the last occurrence of an option, or NULL. */
const char *cli_value(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);

/* All values of an option in their order. */
struct strlist cli_values(struct cli *cli, const char *name);

/* "30d" of an option; absent: fallback. 0, or -1 with a line in why. */
int cli_duration(struct cli *cli, const char *name, int64_t fallback, int64_t *seconds)
	__attribute__((warn_unused_result));

/* The file's text, at most max bytes; "-" is standard input. CLI_OK, or CLI_FAILED with a
 * complaint. */
enum cli_exit cli_read_file(struct cli *cli, const char *path, size_t max, struct buf *text);

/* ---- construction ---- */

/* Constructs what needs names. CLI_OK, or why not. */
enum cli_exit cli_open(struct cli *cli, unsigned needs);
void cli_close(struct cli *cli);

/* Reads the realms again and enters one: name, or NULL for the usual choice. */
enum cli_exit cli_enter(struct cli *cli, const char *name);

/* Reads the realms again, in the order of their names. */
enum cli_exit cli_load_realms(struct cli *cli);

/* What the database said last, as a complaint more, where it was the reason. */
void cli_explain_down(struct cli *cli, enum cli_exit code);

/* The path of the configuration: --config, the environment, the default. */
const char *cli_conf_path(const struct cli *cli);

/* ---- results ---- */

/* A piece of text for people; left out with --json. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A complaint; the value is the code to end with. A macro, so that analyzers see it. */
#define cli_fail(cli, code, ...) (cli_complain((cli), __VA_ARGS__), (code))

void cli_complain(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit code of a verb's verdict. */
enum cli_exit cli_verdict(enum manage_verdict verdict);

/* Prints what was said so far: before waiting for something. */
void cli_flush(struct cli *cli);

/* At the end: the text, or with --json the document; complaints to standard error. */
void cli_finish(struct cli *cli, enum cli_exit code);

/* Text without control characters and bad UTF-8: both become \xNN. */
const char *cli_clean(struct arena *arena, const char *text);

/* "2026-05-01 12:00:00Z"; 0 is "-". */
const char *cli_time(struct arena *arena, int64_t seconds);

/* The lines of text as a JSON array. */
struct json_object *cli_lines(struct cli *cli, const char *text);

/* "name  value" */
void cli_pair(struct cli *cli, const char *name, const char *value);

struct cli_table {
	struct cli *cli;
	const char *const *heads;
	size_t columns;
	const char **cells;
	size_t rows, capacity;
};

/* A table of at most capacity rows. */
void cli_table_start(struct cli_table *table, struct cli *cli, const char *const *heads,
		     size_t columns, size_t capacity);
/* One row: columns texts, copied by reference. */
void cli_table_row(struct cli_table *table, const char *const *cells);
void cli_table_end(struct cli_table *table);

/* ---- questions ---- */

/* Says what will be lost and asks for name to be typed, unless --yes. CLI_OK: go on. */
enum cli_exit cli_confirm(struct cli *cli, const char *what, const char *name);

/*
 * A new password: a line of standard input with --password-stdin, else asked twice without echo.
 * *password stays NULL with --no-password.
 */
enum cli_exit cli_password(struct cli *cli, const char **password);

/* Help: of the program, a group or a command. */
void cli_help(struct cli *cli);

#endif
