/* SPDX-License-Identifier: ISC */
/*
 * The loop. What is ready is served, then what is over, then it waits for the next of both. Who is
 * served must bear to be called for nothing: an earlier one may have closed its descriptor.
 */
#include "pamd/server.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/deadline.h"
#include "core/base/log.h"
#include "pamd/server_parts.h"

#define REQUEST_MEMORY ((size_t)1 << 20)
#define FIXED          2 /* listener, signals */

/* What a descriptor belongs to. */
struct watch {
	struct client *client;
	struct dialog *dialog;
	struct lookup *lookup;
};

struct watches {
	struct pollfd *poll;
	struct watch *watch;
	size_t count;
};

struct server *
server_new(const struct settings *settings, const struct allowed *allowed, struct log *log)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		bug("out of memory");
	server->settings = settings;
	server->allowed = allowed;
	server->log = log;
	server->dialogs = dialogs_new(settings);
	/* each has one that works, and may have one that ends */
	server->children =
		children_new(2 * (dialogs_max(server->dialogs) + SERVER_LOOKUPS_MAX), log);
	server->arena = arena_new(REQUEST_MEMORY);
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++)
		server->client[i].fd = -1;
	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++)
		server->lookup[i].fd = -1;
	return server;
}

static void
close_all(struct server *server)
{
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].fd >= 0)
			close(server->client[i].fd);
	}
	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++) {
		if (server->lookup[i].fd >= 0)
			close(server->lookup[i].fd);
		arena_free(server->lookup[i].arena);
	}
	for (size_t i = 0; i < dialogs_max(server->dialogs); i++) {
		if (dialogs_at(server->dialogs, i)->fd >= 0)
			close(dialogs_at(server->dialogs, i)->fd);
	}
}

void
server_free(struct server *server)
{
	close_all(server);
	children_free(server->children);
	dialogs_free(server->dialogs);
	arena_free(server->arena);
	explicit_bzero(server, sizeof(*server));
	free(server);
}

/* ---- children ---- */

/* In a child: what others said is not its business. Its own request comes by the socket. */
static void
forget(void *context)
{
	struct server *server = context;

	dialogs_forget(server->dialogs);
	arena_reset(server->arena);
	explicit_bzero(server->in, sizeof(server->in));
	explicit_bzero(server->out, sizeof(server->out));
	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++)
		arena_free(server->lookup[i].arena);
	memset(server->lookup, 0, sizeof(server->lookup));
}

struct errand {
	struct server *server;
	void (*run)(void *context, int fd);
};

static void
forget_server(void *context)
{
	forget(((struct errand *)context)->server);
}

static void
run_errand(void *context, int fd)
{
	const struct errand *errand = context;
	struct settings settings = *errand->server->settings;

	errand->run(&settings, fd);
}

int
server_start_child(struct server *server, void (*run)(void *context, int fd),
		   const struct received *received, pid_t *pid)
{
	struct errand errand = {server, run};
	const struct child_work work = {forget_server, run_errand, &errand, SERVER_CPU_SECONDS};
	int fd = children_start(server->children, &work, pid);

	if (fd < 0)
		return -1;
	if (send(fd, received->packet, received->size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return fd;
	children_kill(server->children, *pid);
	close(fd);
	return -1;
}

/* ---- the loop ---- */

static void
watch(struct watches *watches, int fd, struct watch of)
{
	if (fd < 0)
		return;
	watches->poll[watches->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	watches->watch[watches->count++] = of;
}

static void
watch_all(struct server *server, struct watches *watches, int listener, int signals)
{
	const struct watch nothing = {0};

	watches->count = 0;
	watch(watches, signals, nothing);
	/* the first two places are fixed: one that is -1 is passed over by poll() */
	watches->poll[watches->count] =
		(struct pollfd){.fd = clients_have_room(server) ? listener : -1, .events = POLLIN};
	watches->watch[watches->count++] = nothing;
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++)
		watch(watches, server->client[i].fd, (struct watch){.client = &server->client[i]});
	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++)
		watch(watches, server->lookup[i].fd, (struct watch){.lookup = &server->lookup[i]});
	for (size_t i = 0; i < dialogs_max(server->dialogs); i++)
		watch(watches, dialogs_at(server->dialogs, i)->fd,
		      (struct watch){.dialog = dialogs_at(server->dialogs, i)});
}

static void
serve(struct server *server, const struct watches *watches)
{
	for (size_t i = FIXED; i < watches->count; i++) {
		const struct watch *of = &watches->watch[i];

		if (watches->poll[i].revents == 0)
			continue;
		if (of->client)
			client_read(server, of->client);
		else if (of->lookup)
			lookup_ready(server, of->lookup);
		else
			talk_ready(server, of->dialog);
	}
}

/* Milliseconds until something is over. */
static int
tick(struct server *server)
{
	int64_t now = deadline_now_ms();
	int64_t next[] = {talk_tick(server, now), lookup_tick(server, now),
			  clients_tick(server, now), children_tick(server->children, now)};
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++)
		first = next[i] < first ? next[i] : first;
	return first == INT64_MAX ? -1 : deadline_left_ms(first);
}

/* Whether one of them says stop. */
static bool
take_signals(struct server *server, int signals)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		stop = stop || info.ssi_signo != SIGCHLD;
	children_reap(server->children);
	return stop;
}

void
server_run(struct server *server, int listener, int signals)
{
	size_t max = FIXED + SERVER_CLIENTS_MAX + SERVER_LOOKUPS_MAX + dialogs_max(server->dialogs);
	struct watches watches = {calloc(max, sizeof(struct pollfd)),
				  calloc(max, sizeof(struct watch)), 0};
	bool stop = false;

	if (!watches.poll || !watches.watch)
		bug("out of memory");
	while (!stop) {
		int wait = tick(server);

		watch_all(server, &watches, listener, signals);
		if (poll(watches.poll, watches.count, wait) <= 0)
			continue;
		serve(server, &watches);
		if (watches.poll[0].revents)
			stop = take_signals(server, signals);
		if (watches.poll[1].revents)
			clients_accept(server, listener);
	}
	free(watches.poll);
	free(watches.watch);
}
