/* SPDX-License-Identifier: ISC */
/*
 * ostiary-pamd: asks the logins of this host (PAM, directories) for the workers, which have no
 * rights here. A service on a Unix socket, its own or one that systemd passes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "pamd/server.h"
#include "pamd/settings.h"

#define MEMORY           ((size_t)4 << 20)
#define TEXT_MAX         65536
#define QUEUE            128
#define FILES_OWN        32 /* beside those that are counted */
#define SYSTEMD_FIRST_FD 3
#define EXIT_USAGE       2
#define USERS_FILE       "/etc/passwd"

static const char usage[] =
	"usage: ostiary-pamd [-c FILE] [--check]\n"
	"       ostiary-pamd --reference | --manual | --help\n"
	"\n"
	"Asks the logins of this host (PAM, directory servers) for the workers of Ostiary. The\n"
	"configuration is FILE, else what OSTIARY_PAMD_CONFIG names, else\n" SETTINGS_DEFAULT_PATH
	". --check reads it and prints every mistake.\n"
	"--reference prints a configuration with every option.\n";

struct given {
	const char *config;
	bool check, reference, manual, help;
};

static int
read_arguments(int count, char **argument, struct given *given)
{
	*given = (struct given){.config = settings_path()};

	const struct {
		const char *name;
		const char **value; /* NULL: it takes none */
		bool *flag;
	} options[] = {
		{"-c", &given->config, NULL},
		{"--check", NULL, &given->check},
		{"--reference", NULL, &given->reference},
		{"--manual", NULL, &given->manual},
		{"--help", NULL, &given->help},
	};

	for (int i = 1; i < count; i++) {
		size_t row = 0;

		while (row < sizeof(options) / sizeof(options[0]) &&
		       !str_equal(options[row].name, argument[i]))
			row++;
		if (row == sizeof(options) / sizeof(options[0]))
			return -1;
		if (options[row].flag)
			*options[row].flag = true;
		else if (++i < count)
			*options[row].value = argument[i];
		else
			return -1;
	}
	return 0;
}

/* ---- who may connect ---- */

/* From the file alone: the broker asks no name service. */
static int
find_user(const char *name, uid_t *uid)
{
	FILE *file = fopen(USERS_FILE, "re");
	const struct passwd *entry;
	int result = -1;

	while (file && result != 0 && (entry = fgetpwent(file))) {
		if (!str_equal(entry->pw_name, name))
			continue;
		*uid = entry->pw_uid;
		result = 0;
	}
	if (file)
		fclose(file);
	return result;
}

static int
read_user(const char *text, uid_t *uid)
{
	int64_t number;

	if (num_parse_int64(text, 0, UINT32_MAX - 1, &number) != 0)
		return find_user(text, uid);
	*uid = (uid_t)number;
	return 0;
}

/* 0, or -1 with a line in why for each mistake; none where settings_load() has told it. */
static int
read_allowed(struct arena *arena, const struct settings *settings, struct allowed *allowed,
	     struct buf *why)
{
	struct strlist list;

	*allowed = (struct allowed){0};
	if (str_empty(settings->allow_users))
		return -1;
	if (strlist_split(arena, settings->allow_users, ' ', SERVER_ALLOWED_MAX, &list) != 0 ||
	    list.count == 0) {
		buf_printf(why, "%s: allow_users: write 1 to %d users\n", settings->path,
			   SERVER_ALLOWED_MAX);
		return -1;
	}
	for (size_t i = 0; i < list.count; i++) {
		if (read_user(list.item[i], &allowed->uid[allowed->count]) == 0)
			allowed->count++;
		else
			buf_printf(why,
				   "%s: allow_users: %s is not in " USERS_FILE
				   "; write a name that is, or a number\n",
				   settings->path, list.item[i]);
	}
	return allowed->count == list.count ? 0 : -1;
}

/* ---- the socket ---- */

/* What systemd passes (sd_listen_fds(3)), or -1. */
static int
passed_socket(void)
{
	int64_t pid, count;

	if (num_parse_int64(getenv("LISTEN_PID"), 1, INT32_MAX, &pid) != 0 || pid != getpid() ||
	    num_parse_int64(getenv("LISTEN_FDS"), 1, 1, &count) != 0)
		return -1;
	if (fcntl(SYSTEMD_FIRST_FD, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(SYSTEMD_FIRST_FD, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	return SYSTEMD_FIRST_FD;
}

/* A socket of that name left by one that was killed is taken away; one that answers is not. */
static bool
is_left_over(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool dead = fd >= 0 &&
		    connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		    errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return dead;
}

/* Everybody may try: who is let in is decided by the peer's user. */
static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0111);
	int bound;

	memcpy(address.sun_path, path, strlen(path));
	if (is_left_over(&address))
		(void)unlink(path);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(before);
	if (bound == 0 && listen(fd, QUEUE) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- running ---- */

static int
block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
hide_memory(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* Conversations, look-ups and connections are a descriptor each: one that runs out of them would
 * turn in circles at its door. */
static int
raise_files(const struct settings *settings)
{
	rlim_t needed = FILES_OWN + SERVER_CLIENTS_MAX + SERVER_LOOKUPS_MAX +
			(rlim_t)settings->max_conversations;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return -1;
	if (files.rlim_cur >= needed)
		return 0;
	files.rlim_cur = needed;
	return setrlimit(RLIMIT_NOFILE, &files);
}

static int
serve(const struct settings *settings, const struct allowed *allowed)
{
	int passed = passed_socket();
	int listener = passed >= 0 ? passed : listen_at(settings->socket);
	int signals = block_signals();
	struct server *server;
	struct log *log;

	if (listener < 0 || signals < 0) {
		fprintf(stderr, "ostiary-pamd: %s: %s\n", settings->socket, strerror(errno));
		return EXIT_FAILURE;
	}
	log = log_open(settings->log_target, "ostiary-pamd", LOG_LEVEL_INFO);
	server = server_new(settings, allowed, log);
	log_event(log, LOG_LEVEL_INFO, "started", "socket",
		  passed >= 0 ? "systemd" : settings->socket, NULL);
	server_run(server, listener, signals);
	log_event(log, LOG_LEVEL_INFO, "stopped", NULL);
	server_free(server);
	close(listener);
	close(signals);
	if (passed < 0)
		(void)unlink(settings->socket);
	log_close(log);
	return EXIT_SUCCESS;
}

static int
run(struct arena *arena, const struct given *given)
{
	struct settings settings;
	struct allowed allowed;
	struct buf why;
	int loaded;

	buf_init(&why, arena, TEXT_MAX);
	loaded = settings_load(arena, given->config, &settings, &why);
	/* also where there are mistakes already: all of them are told at once */
	if (read_allowed(arena, &settings, &allowed, &why) != 0 || loaded != 0) {
		fputs(why.data, stderr);
		return EXIT_FAILURE;
	}
	if (given->check)
		return EXIT_SUCCESS;
	if (raise_files(&settings) != 0) {
		fprintf(stderr,
			"ostiary-pamd: max_conversations needs more open files than this process "
			"may have; raise its limit (LimitNOFILE=) or lower max_conversations\n");
		return EXIT_FAILURE;
	}
	return serve(&settings, &allowed);
}

/* The texts that are written from the table of options. */
static int
print(struct arena *arena, void (*write_text)(struct buf *out))
{
	struct buf out;

	buf_init(&out, arena, TEXT_MAX);
	write_text(&out);
	return buf_failed(&out) || fputs(out.data, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int count, char **argument)
{
	struct arena *arena;
	struct given given;
	int status;

	if (read_arguments(count, argument, &given) != 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (given.help) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	hide_memory();
	(void)signal(SIGPIPE, SIG_IGN);
	arena = arena_new(MEMORY);
	if (given.reference)
		status = print(arena, settings_reference);
	else if (given.manual)
		status = print(arena, settings_manual);
	else
		status = run(arena, &given);
	arena_free(arena);
	return status;
}
