/* SPDX-License-Identifier: ISC */
/*
 * Workers' connections. Who is on the other side is asked of the kernel before anything is read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/base/log.h"
#include "pamd/server_parts.h"

#define NUMBER_SIZE 24
#define REFUSED_MS  1000 /* between two log lines of strangers */

static void
drop(struct client *client)
{
	close(client->fd);
	*client = (struct client){.fd = -1};
}

static struct client *
find_room(struct server *server)
{
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].fd < 0)
			return &server->client[i];
	}
	return NULL;
}

bool
clients_have_room(const struct server *server)
{
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].fd < 0)
			return true;
	}
	return false;
}

static bool
is_allowed(struct server *server, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof(peer);
	int64_t now = deadline_now_ms();
	char number[NUMBER_SIZE];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	if (peer.uid == 0)
		return true;
	for (size_t i = 0; i < server->allowed->count; i++) {
		if (server->allowed->uid[i] == peer.uid)
			return true;
	}
	if (now - server->refused_ms >= REFUSED_MS) {
		server->refused_ms = now;
		snprintf(number, sizeof(number), "%lu", (unsigned long)peer.uid);
		log_event(server->log, LOG_LEVEL_WARN, "stranger_refused", "uid", number, NULL);
	}
	return false;
}

void
clients_accept(struct server *server, int listener)
{
	struct client *room;
	int fd;

	while ((room = find_room(server))) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		if (!is_allowed(server, fd)) {
			close(fd);
			continue;
		}
		*room = (struct client){
			.fd = fd,
			.until_ms = deadline_now_ms() + SERVER_READ_MS,
		};
	}
}

static void
dispatch(struct server *server, struct received *received)
{
	const struct broker_request *request = &received->request;

	received->client->until_ms = deadline_now_ms() + request->wait_ms;
	if (request->kind == BROKER_LOOKUP)
		lookup_request(server, received);
	else
		talk_request(server, received);
}

void
client_read(struct server *server, struct client *client)
{
	bool waits = client->dialog || client->lookup;
	struct received received = {.client = client, .packet = server->in};
	ssize_t got;

	if (client->fd < 0)
		return;
	got = recv(client->fd, server->in, BROKER_PACKET_MAX, MSG_TRUNC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || waits) {
		/* it is gone, or says more than its request */
		drop(client);
		return;
	}
	received.size = (size_t)got;
	if (received.size > BROKER_PACKET_MAX ||
	    broker_read_request(server->arena, server->in, received.size, &received.request) != 0) {
		log_event(server->log, LOG_LEVEL_WARN, "request_malformed", NULL);
		drop(client);
	} else {
		dispatch(server, &received);
	}
	explicit_bzero(server->in, sizeof(server->in));
	arena_reset(server->arena);
}

static bool
tell(struct server *server, struct client *client, size_t size)
{
	bool sent = size > 0 && send(client->fd, server->out, size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
					(ssize_t)size;

	explicit_bzero(server->out, size);
	drop(client);
	return sent;
}

bool
client_tell_state(struct server *server, struct client *client, const struct broker_state *state)
{
	return tell(server, client, broker_write_state(server->out, state));
}

bool
client_tell_answer(struct server *server, struct client *client, const struct broker_answer *answer)
{
	return tell(server, client, broker_write_answer(server->out, answer));
}

static void
tell_in_time(struct server *server, struct client *client)
{
	static const struct broker_answer slow = {
		.found = BROKER_DOWN,
		.why = "the service takes its time; ask again",
	};

	if (client->lookup)
		(void)client_tell_answer(server, client, &slow);
	else if (client->dialog)
		talk_tell_running(server, client);
	else
		drop(client);
}

int64_t
clients_tick(struct server *server, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		struct client *client = &server->client[i];

		if (client->fd >= 0 && client->until_ms <= now)
			tell_in_time(server, client);
		if (client->fd >= 0 && client->until_ms < next)
			next = client->until_ms;
	}
	return next;
}
