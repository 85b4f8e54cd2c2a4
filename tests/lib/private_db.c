/* SPDX-License-Identifier: ISC */
/*
 * The server is a child with a parent-death signal, so it ends with the test program even after an
 * abort. Folders of programs that ended so are removed by the next one: their name has the process
 * id. Every failure here ends the program: without database there is nothing to test.
 */
#include "tests/lib/private_db.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <mysql.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/num.h"

#define PATH_SIZE         100 /* the socket's path must stay below 108 bytes */
#define READY_TRIES       600
#define READY_STEP_MS     50
#define CONNECT_TIMEOUT_S 5
#define PATIENCE_TRIES    40
#define FOLDER_PREFIX     "/tmp/ostiary-db."

static struct {
	bool started;
	int flush;
	pid_t owner; /* the process that started it: forked children do not stop it */
	pid_t server;
	char folder[PATH_SIZE], socket[PATH_SIZE + 8];
	struct private_db db;
} own;

static void fail(const char *what) __attribute__((noreturn));

static void
fail(const char *what)
{
	fprintf(stderr, "private database: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
remove_folder(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Folders whose program is no more. */
static void
remove_leftovers(void)
{
	glob_t found;

	if (glob(FOLDER_PREFIX "*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char digits[16];
		int64_t pid;

		snprintf(digits, sizeof(digits), "%.*s",
			 (int)strcspn(found.gl_pathv[i] + strlen(FOLDER_PREFIX), "."),
			 found.gl_pathv[i] + strlen(FOLDER_PREFIX));
		if (num_parse_int64(digits, 1, INT32_MAX, &pid) == 0 && kill((pid_t)pid, 0) != 0 &&
		    errno == ESRCH)
			remove_folder(found.gl_pathv[i]);
	}
	globfree(&found);
}

/* The server refuses to run as root. Its packages without a service bring no user mysql along. */
static const struct passwd *
unprivileged(void)
{
	const struct passwd *user = NULL;

	if (getuid() != 0)
		return NULL;
	user = getpwnam("mysql");
	if (!user)
		user = getpwnam("nobody");
	if (!user)
		fail("no user mysql or nobody");
	return user;
}

static pid_t
spawn(char *const argv[])
{
	const struct passwd *user = unprivileged();
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return pid;
	char log[PATH_SIZE + 8];

	snprintf(log, sizeof(log), "%s/log", own.folder);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(126);
	if (user && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
		_exit(126);
	/* after the change of user, which would take it away again */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(own.folder) != 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

#define ARGUMENT(text) (char *)(uintptr_t)(text)

static void
install(void)
{
	char data[PATH_SIZE + 32];
	int status = 0;

	snprintf(data, sizeof(data), "--datadir=%s/data", own.folder);
	char *const argv[] = {ARGUMENT("mariadb-install-db"),
			      ARGUMENT("--no-defaults"),
			      data,
			      ARGUMENT("--auth-root-authentication-method=normal"),
			      ARGUMENT("--skip-test-db"),
			      ARGUMENT("--skip-name-resolve"),
			      ARGUMENT("--innodb-log-file-size=16M"),
			      ARGUMENT("--innodb-use-native-aio=0"), /* many at once exhaust it */
			      NULL};
	pid_t pid = spawn(argv);

	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("mariadb-install-db failed");
}

static MYSQL *
connect_admin(void)
{
	MYSQL *mysql = mysql_init(NULL);

	if (!mysql)
		fail("no memory");
	mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &(unsigned){CONNECT_TIMEOUT_S});
	if (mysql_real_connect(mysql, NULL, "root", NULL, NULL, 0, own.socket, 0))
		return mysql;
	mysql_close(mysql);
	return NULL;
}

static void
pause_shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = READY_STEP_MS * 1000000L}, NULL);
}

static void
await_server(void)
{
	for (int i = 0; i < READY_TRIES; i++) {
		MYSQL *mysql = connect_admin();

		if (mysql) {
			mysql_close(mysql);
			return;
		}
		if (waitpid(own.server, NULL, WNOHANG) != 0)
			fail("the server ended while starting");
		pause_shortly();
	}
	fail("the server is not ready in time");
}

void
private_db_resume(void)
{
	char data[PATH_SIZE + 32], socket[PATH_SIZE + 32], flush[64];

	snprintf(data, sizeof(data), "--datadir=%s/data", own.folder);
	snprintf(socket, sizeof(socket), "--socket=%s", own.socket);
	snprintf(flush, sizeof(flush), "--innodb-flush-log-at-trx-commit=%d", own.flush);
	char *const argv[] = {ARGUMENT("mariadbd"),
			      ARGUMENT("--no-defaults"),
			      data,
			      socket,
			      flush,
			      ARGUMENT("--skip-networking"),
			      ARGUMENT("--innodb-buffer-pool-size=32M"),
			      ARGUMENT("--innodb-log-file-size=16M"),
			      ARGUMENT("--innodb-use-native-aio=0"), /* many at once exhaust it */
			      ARGUMENT("--performance-schema=OFF"),
			      ARGUMENT("--skip-name-resolve"),
			      NULL};
	own.server = spawn(argv);
	await_server();
}

void
private_db_halt(void)
{
	if (own.server <= 0)
		return;
	kill(own.server, SIGTERM);
	waitpid(own.server, NULL, 0);
	own.server = 0;
}

static void
stop_at_exit(void)
{
	if (getpid() != own.owner)
		return;
	if (own.server > 0) {
		kill(own.server, SIGKILL);
		waitpid(own.server, NULL, 0);
	}
	remove_folder(own.folder);
}

/* Many short connections one after the other may for a moment be too many for the server. */
static MYSQL *
connect_patiently(void)
{
	MYSQL *mysql = connect_admin();

	for (int i = 0; i < PATIENCE_TRIES && !mysql; i++) {
		pause_shortly();
		mysql = connect_admin();
	}
	return mysql;
}

static char *
admin_value(const char *sql)
{
	MYSQL *mysql = connect_patiently();
	char *value = NULL;

	if (!mysql)
		fail("cannot connect");
	if (own.db.database && mysql_select_db(mysql, own.db.database) != 0)
		fail(mysql_error(mysql));
	if (mysql_query(mysql, sql) != 0) {
		fprintf(stderr, "%s: %s\n", sql, mysql_error(mysql));
		fail("statement failed");
	}
	MYSQL_RES *result = mysql_store_result(mysql);
	MYSQL_ROW row = result ? mysql_fetch_row(result) : NULL;

	value = strdup(row && row[0] ? row[0] : "");
	mysql_free_result(result);
	mysql_close(mysql);
	return value;
}

char *
private_db_text(const char *sql)
{
	return admin_value(sql);
}

int64_t
private_db_number(const char *format, ...)
{
	char sql[2048];
	va_list args;
	int64_t number = 0;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	char *value = admin_value(sql);

	if (value[0] != '\0' && num_parse_int64(value, INT64_MIN, INT64_MAX, &number) != 0)
		number = 0;
	free(value);
	return number;
}

static void
create_database(void)
{
	private_db_number("CREATE DATABASE ostiary");
	private_db_number("CREATE USER 'ostiary'@'localhost'");
	private_db_number(
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ostiary.* TO 'ostiary'@'localhost'");
	own.db = (struct private_db){own.folder, own.socket, "ostiary", "ostiary"};
}

static void
migrate(void)
{
	struct store *store = private_db_admin_store(NULL);
	size_t count = 0;
	const struct migration *migration = migrations_table(&count);
	const char *why = "";

	for (size_t i = 0; i < count; i++) {
		if (migration_apply(store, &migration[i], &why) != 0) {
			fprintf(stderr, "%s\n", why);
			fail("migration failed");
		}
	}
	store_close(store);
}

void
private_db_flush(int mode)
{
	own.flush = mode;
}

const struct private_db *
private_db(void)
{
	const struct passwd *user = unprivileged();

	if (own.started)
		return &own.db;
	remove_leftovers();
	snprintf(own.folder, sizeof(own.folder), FOLDER_PREFIX "%d.XXXXXX", (int)getpid());
	if (!mkdtemp(own.folder))
		fail("no folder");
	if (user && chown(own.folder, user->pw_uid, user->pw_gid) != 0)
		fail("chown");
	snprintf(own.socket, sizeof(own.socket), "%s/s", own.folder);
	own.started = true;
	own.owner = getpid();
	atexit(stop_at_exit);
	install();
	private_db_resume();
	create_database();
	migrate();
	return &own.db;
}

static struct store *
open_as(const char *user, struct log *log)
{
	const struct store_options options = {
		.socket = own.socket, .database = "ostiary", .user = user};

	return store_open(&options, log);
}

struct store *
private_db_store(struct log *log)
{
	return open_as(private_db()->user, log);
}

struct store *
private_db_admin_store(struct log *log)
{
	return open_as("root", log);
}

void
private_db_clear(void)
{
	static const char *const tables[] = {
		"realm",        "realm_scope",    "realm_key",       "client",
		"account",      "session",        "session_fact",    "completed_flow",
		"access_token", "revoked_jti",    "consent",         "audit",
		"replay",       "fetched",        "resource_server", "trusted_issuer",
		"account_link", "pushed_request", "device_request",  "initial_token",
		"auth_grant",   "client_secret",
	};

	private_db();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		private_db_number("DELETE FROM %s", tables[i]);
}

int64_t
private_db_kill_service(void)
{
	int64_t killed = 0, id;

	while ((id = private_db_number("SELECT id FROM information_schema.processlist"
				       " WHERE user = '%s' LIMIT 1",
				       own.db.user)) > 0) {
		private_db_number("KILL HARD CONNECTION %lld", (long long)id);
		/* gone from the list when the server has closed it */
		while (private_db_number("SELECT COUNT(*) FROM information_schema.processlist"
					 " WHERE id = %lld",
					 (long long)id) > 0)
			;
		killed++;
	}
	return killed;
}
