/* SPDX-License-Identifier: ISC */
/*
 * ostiary-fetch: outbound HTTPS for the workers, so that they need no way out. A service on a Unix
 * socket, its own or one that systemd passes; or, with --once, the answer to one request on
 * standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
#include "core/conf/conf.h"
#include "core/port/confine.h"
#include "fetch/address.h"
#include "fetch/server.h"
#include "fetch/transfer.h"

#define MEMORY           ((size_t)4 << 20)
#define WHY_MAX          65536
#define QUEUE            128
#define SYSTEMD_FIRST_FD 3
#define EXIT_USAGE       2
#define RESOLVER_OPTIONS "timeout:1 attempts:2" /* seconds; a fetch has no more than two */

static struct log *refusal_log; /* set once, before there can be a refusal */

static const char usage[] =
	"usage: ostiary-fetch [--config PATH] [--socket PATH [--group NAME]]\n"
	"       ostiary-fetch [--config PATH] --once\n"
	"\n"
	"Fetches documents over HTTPS for the workers of Ostiary. Without --socket it takes the\n"
	"socket that systemd passes, else makes the one that the configuration names as\n"
	"fetch_socket. --group NAME lets that group connect. --once answers one request on\n"
	"standard input, a socket, and ends.\n";

struct given {
	const char *config, *socket, *group;
	bool once, help;
};

static int
read_arguments(int count, char **argument, struct given *given)
{
	*given = (struct given){.config = conf_path()};

	const struct {
		const char *name;
		const char **value; /* NULL: it takes none */
		bool *flag;
	} options[] = {
		{"--config", &given->config, NULL}, {"--socket", &given->socket, NULL},
		{"--group", &given->group, NULL},   {"--once", NULL, &given->once},
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
	return given->once && given->socket ? -1 : 0;
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

/* The name gives its members the right to connect, which writing the file is. */
static int
open_to_group(const char *path, const char *name)
{
	const struct group *group = getgrnam(name);

	if (!group) {
		errno = ENOENT;
		return -1;
	}
	if (chown(path, (uid_t)-1, group->gr_gid) != 0)
		return -1;
	return chmod(path, 0660);
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

static int
listen_at(const char *path, const char *group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0177);
	int bound;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (is_left_over(&address))
		(void)unlink(path);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(before);
	if (bound != 0 || (group && open_to_group(path, group) != 0) || listen(fd, QUEUE) != 0)
		return -1;
	return fd;
}

/* ---- what it runs on ---- */

static int
stop_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
read_rules(struct arena *arena, const struct conf *conf, struct transfer_rules *rules)
{
	const char *why;

	*rules = (struct transfer_rules){
		.addresses = address_rules_read(arena, conf->fetch_allow_networks,
						conf->fetch_allow_ports, &why),
		.ca_file = conf->fetch_ca_file,
		.timeout_ms = (long)conf->fetch_timeout,
	};
	if (rules->addresses)
		return 0;
	fprintf(stderr, "ostiary-fetch: %s: %s\n", conf->path, why);
	return -1;
}

static void
on_refused(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	confine_refused(refusal_log, info);
}

/* Names and certificates are texts of strangers. */
static int
give_up_calls(const struct conf *conf, struct log *log)
{
	const char *why = NULL;

	refusal_log = log;
	if (!conf->confine ||
	    confine_calls(CONFINE_NETWORK | CONFINE_SERVES, on_refused, &why) == 0)
		return 0;
	log_event(log, LOG_LEVEL_ERROR, "cannot_start", "why", why, "remedy",
		  "\"confine = no\" goes without giving up system calls", NULL);
	return -1;
}

static int
serve_once(const struct transfer_rules *rules, const struct conf *conf)
{
	struct log *log = log_open("stderr", "ostiary-fetch", LOG_LEVEL_WARN);
	struct server *server = server_new(rules, log);

	/* whoever waits for the answer is the one that started us */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!server || give_up_calls(conf, log) != 0)
		return EXIT_FAILURE;
	server_add_client(server, dup(STDIN_FILENO));
	server_run(server, -1, -1);
	server_free(server);
	log_close(log);
	return EXIT_SUCCESS;
}

/* Its log file is the workers' alone: this may be another user. */
static struct log *
open_log(const struct conf *conf)
{
	bool syslog = str_equal(conf->log_target, "syslog");

	return log_open(syslog ? "syslog" : "stderr", "ostiary-fetch",
			(enum log_level)conf->log_level);
}

static int
serve_socket(const struct transfer_rules *rules, const struct conf *conf, const struct given *given)
{
	const char *path = given->socket ? given->socket : conf->fetch_socket;
	int passed = given->socket ? -1 : passed_socket();
	int listener = passed >= 0 ? passed : listen_at(path, given->group);
	int stop = stop_signals();
	struct server *server;
	struct log *log;

	if (listener < 0 || stop < 0) {
		fprintf(stderr, "ostiary-fetch: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	log = open_log(conf);
	server = server_new(rules, log);
	if (!server || give_up_calls(conf, log) != 0)
		return EXIT_FAILURE;
	log_event(log, LOG_LEVEL_INFO, "started", "socket", passed >= 0 ? "systemd" : path, NULL);
	server_run(server, listener, stop);
	log_event(log, LOG_LEVEL_INFO, "stopped", NULL);
	server_free(server);
	close(listener);
	if (passed < 0)
		(void)unlink(path);
	log_close(log);
	return EXIT_SUCCESS;
}

static int
run(struct arena *arena, const struct given *given)
{
	struct transfer_rules rules;
	struct conf conf;
	struct buf why;

	buf_init(&why, arena, WHY_MAX);
	if (conf_load(arena, given->config, &conf, &why) != 0) {
		fputs(why.data, stderr);
		return EXIT_FAILURE;
	}
	if (read_rules(arena, &conf, &rules) != 0)
		return EXIT_FAILURE;
	return given->once ? serve_once(&rules, &conf) : serve_socket(&rules, &conf, given);
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
	confine_process();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("RES_OPTIONS", RESOLVER_OPTIONS, 0);
	arena = arena_new(MEMORY);
	status = run(arena, &given);
	arena_free(arena);
	return status;
}
