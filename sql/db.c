/* SPDX-License-Identifier: ISC */
/*
 * The connection: how it is made, what counts as its loss, and that the schema fits. Settings of
 * the session are sent in one command while connecting, so there is no connection without them.
 */
#include "sql/db.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/log.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "sql/connection.h"

#define STORE_ARENA_MAX   (256 * 1024)
#define CONNECT_TIMEOUT_S 3
#define READ_TIMEOUT_S    5
#define WRITE_TIMEOUT_S   5
#define RECONNECT_MS      1000
#define VALUE_MAX         64

static const char session_settings[] =
	"SET SESSION autocommit = 1, tx_isolation = 'READ-COMMITTED', time_zone = '+00:00',"
	" sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
	" innodb_lock_wait_timeout = 3";

#define ER_NO_SUCH_TABLE 1146

static const struct {
	unsigned code;
	enum db_error kind;
} error_kinds[] = {
	{1062, DB_DUPLICATE}, /* duplicate key */
	{1020, DB_RETRY},     /* record has changed since last read */
	{1205, DB_RETRY},     /* lock wait timeout */
	{1213, DB_RETRY},     /* deadlock, certification failure */
	{1040, DB_LOST},      /* too many connections */
	{1047, DB_LOST},      /* cluster node not ready */
	{1053, DB_LOST},      /* shutdown in progress */
	{1927, DB_LOST},      /* connection was killed */
	{2002, DB_LOST},      /* cannot connect to the socket */
	{2003, DB_LOST},      /* cannot connect to the host */
	{2006, DB_LOST},      /* server has gone away */
	{2013, DB_LOST},      /* lost connection during the query */
	{2014, DB_LOST},      /* out of sync: the handle is of no use */
	{2055, DB_LOST},      /* lost connection, with the system's error */
};

enum db_error
db_error_kind(unsigned code)
{
	if (code == 0)
		return DB_NO_ERROR;
	for (size_t i = 0; i < sizeof(error_kinds) / sizeof(error_kinds[0]); i++) {
		if (error_kinds[i].code == code)
			return error_kinds[i].kind;
	}
	return DB_OTHER;
}

void
db_note_error(struct store *store, unsigned code, const char *text)
{
	enum db_error kind = db_error_kind(code);

	store->error_code = code;
	snprintf(store->error, sizeof(store->error), "%u %s", code, text);
	/* conflicts are answers and deadlocks are run again: neither is the operator's business */
	if (kind == DB_DUPLICATE || kind == DB_RETRY || !store->log || store->down_logged)
		return;
	if (kind == DB_OTHER && store->quiet)
		return;
	if (kind == DB_LOST)
		store->down_logged = true; /* one line for an outage, not one a request */
	log_event(store->log, LOG_LEVEL_ERROR, kind == DB_LOST ? "database_lost" : "database_error",
		  "error", store->error, NULL);
}

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct store *
store_open(const struct store_options *options, struct log *log)
{
	struct arena *arena = arena_new(STORE_ARENA_MAX);
	struct store *store = arena_alloc(arena, sizeof(*store));

	if (mysql_library_init(0, NULL, NULL) != 0)
		bug("the database library cannot be initialised");
	store->arena = arena;
	store->log = log;
	store->options = *options;
	store->options.socket = arena_strdup(arena, options->socket);
	store->options.host = arena_strdup(arena, options->host);
	store->options.database = arena_strdup(arena, options->database);
	store->options.user = arena_strdup(arena, options->user);
	store->options.password = arena_strdup(arena, options->password);
	store->options.ca = arena_strdup(arena, options->ca);
	store->read_timeout = READ_TIMEOUT_S;
	store->snapshots = client_snapshots_new(arena);
	store->views = people_views_new(arena);
	return store;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	db_disconnect(store);
	client_snapshots_drop(store->snapshots);
	people_views_drop(store);
	arena_free(store->arena);
}

void
db_disconnect(struct store *store)
{
	for (size_t s = 0; s < STATEMENT_SETS; s++) {
		for (size_t i = 0; i < STATEMENTS_MAX; i++) {
			if (store->prepared[s][i])
				mysql_stmt_close(store->prepared[s][i]);
			store->prepared[s][i] = NULL;
		}
	}
	if (store->mysql)
		mysql_close(store->mysql);
	store->mysql = NULL;
	store->schema_checked = false;
}

static void
options_set(const struct store *store, MYSQL *mysql)
{
	unsigned connect_s = CONNECT_TIMEOUT_S, write_s = WRITE_TIMEOUT_S, off = 0;
	my_bool no = 0, yes = 1;
	const struct store_options *options = &store->options;

	mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &store->read_timeout);
	mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &write_s);
	mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &no);
	mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(mysql, MYSQL_INIT_COMMAND, session_settings);
	if (str_empty(options->socket)) {
		mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, options->ca);
		mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
		mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
		mysql_optionsv(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
	}
}

/* A text query's single value, "" for NULL and for no row. */
static enum db_error
query_value(struct store *store, const char *text, unsigned column, char value[VALUE_MAX])
{
	MYSQL_RES *result;
	enum db_error error = db_command(store, text);

	value[0] = '\0';
	if (error != DB_NO_ERROR)
		return error;
	result = mysql_store_result(store->mysql);
	if (!result) {
		db_note_error(store, mysql_errno(store->mysql), mysql_error(store->mysql));
		return db_error_kind(mysql_errno(store->mysql));
	}
	MYSQL_ROW row = mysql_fetch_row(result);
	if (row && row[column])
		snprintf(value, VALUE_MAX, "%s", row[column]);
	mysql_free_result(result);
	return DB_NO_ERROR;
}

enum db_error
db_command(struct store *store, const char *text)
{
	unsigned code;

	store->counters.statements++;
	if (mysql_real_query(store->mysql, text, strlen(text)) == 0)
		return DB_NO_ERROR;
	code = mysql_errno(store->mysql);
	db_note_error(store, code, mysql_error(store->mysql));
	return db_error_kind(code);
}

/* A cluster's node answers reads only after it has applied what others had committed. */
static enum db_error
cluster_settings(struct store *store)
{
	char value[VALUE_MAX];
	enum db_error error = query_value(store, "SHOW VARIABLES LIKE 'wsrep_on'", 1, value);

	if (error != DB_NO_ERROR || !str_equal_nocase(value, "ON"))
		return error;
	return db_command(store, "SET SESSION wsrep_sync_wait = 7");
}

static enum store_verdict
connect_now(struct store *store)
{
	const struct store_options *options = &store->options;
	bool tcp = str_empty(options->socket);
	MYSQL *mysql = mysql_init(NULL);

	if (!mysql)
		bug("no memory for a connection");
	store->mysql = mysql;
	options_set(store, mysql);
	if (!mysql_real_connect(mysql, tcp ? options->host : NULL, options->user, options->password,
				options->database, tcp ? options->port : 0,
				tcp ? NULL : options->socket, 0)) {
		db_note_error(store, mysql_errno(mysql), mysql_error(mysql));
		return STORE_DOWN;
	}
	if (tcp && !mysql_get_ssl_cipher(mysql)) {
		db_note_error(store, 2026, "the connection is not encrypted");
		return STORE_DOWN;
	}
	return cluster_settings(store) == DB_NO_ERROR ? STORE_OK : STORE_DOWN;
}

/* Between statements nothing may come from the server but the end of the connection. */
static bool
connection_quiet(MYSQL *mysql)
{
	struct pollfd descriptor = {.fd = mysql_get_socket(mysql), .events = POLLIN};

	return poll(&descriptor, 1, 0) == 0;
}

enum store_verdict
db_connect(struct store *store)
{
	if (store->mysql && !connection_quiet(store->mysql))
		db_disconnect(store);
	return db_connect_unchecked(store);
}

enum store_verdict
db_connect_unchecked(struct store *store)
{
	if (store->mysql)
		return STORE_OK;
	if (monotonic_ms() < store->next_try_ms)
		return STORE_DOWN;
	if (str_empty(store->options.socket) && str_empty(store->options.ca)) {
		db_note_error(store, 2026, "a connection by TCP needs the server's CA certificate");
		return STORE_DOWN;
	}
	if (connect_now(store) != STORE_OK) {
		db_disconnect(store);
		store->next_try_ms = monotonic_ms() + RECONNECT_MS;
		return STORE_DOWN;
	}
	if (store->down_logged && store->log)
		log_event(store->log, LOG_LEVEL_INFO, "database_back", NULL);
	store->down_logged = false;
	store->next_try_ms = 0;
	return STORE_OK;
}

enum store_verdict
schema_version(struct store *store, int *version)
{
	char value[VALUE_MAX];
	int64_t number = 0;

	if (db_connect(store) != STORE_OK)
		return STORE_DOWN;
	/* asked first, so that a fresh database is no error in the log */
	if (query_value(store, "SHOW TABLES LIKE 'schema\\_migration'", 0, value) != DB_NO_ERROR)
		return STORE_DOWN;
	if (value[0] == '\0') {
		*version = 0;
		return STORE_OK;
	}
	if (query_value(store, "SELECT IFNULL(MAX(number), 0) FROM schema_migration", 0, value) !=
		    DB_NO_ERROR ||
	    num_parse_int64(value, 0, 9999, &number) != 0)
		return STORE_DOWN;
	*version = (int)number;
	return STORE_OK;
}

bool
db_schema_fits(struct store *store)
{
	int version = 0;

	if (store->schema_checked)
		return true;
	if (schema_version(store, &version) != STORE_OK)
		return false;
	if (version < SCHEMA_MIN || version > SCHEMA_MAX) {
		snprintf(store->error, sizeof(store->error),
			 "the schema has version %d, this program works with %d to %d: ostiary "
			 "migrate",
			 version, SCHEMA_MIN, SCHEMA_MAX);
		return false;
	}
	store->schema_checked = true;
	return true;
}

enum store_verdict
store_ready(struct store *store)
{
	if (store->transaction != TRANSACTION_NONE)
		bug("asked inside a transaction");
	if (db_connect(store) != STORE_OK)
		return STORE_DOWN;
	if (db_schema_fits(store))
		return STORE_OK;
	/* a loss while reading the version is not a wrong version */
	return store->mysql && mysql_errno(store->mysql) == 0 ? STORE_NONE : STORE_DOWN;
}

const char *
store_error(const struct store *store)
{
	return store->error;
}

enum store_verdict
store_clock_skew(struct store *store, int64_t now_ms, int64_t *skew_ms)
{
	char value[VALUE_MAX];
	int64_t theirs = 0;
	enum db_error error;

	if (db_connect(store) != STORE_OK)
		return STORE_DOWN;
	error = query_value(store,
			    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3))"
			    " DIV 1000",
			    0, value);
	if (error == DB_LOST)
		db_disconnect(store);
	if (error != DB_NO_ERROR || num_parse_int64(value, 0, INT64_MAX, &theirs) != 0)
		return STORE_DOWN;
	*skew_ms = theirs - now_ms;
	return STORE_OK;
}

const char *
store_server_version(struct store *store)
{
	if (db_connect(store) != STORE_OK)
		return "";
	return mysql_get_server_info(store->mysql);
}

struct store_counters
store_counters(const struct store *store)
{
	return store->counters;
}
