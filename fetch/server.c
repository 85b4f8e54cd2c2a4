/* SPDX-License-Identifier: ISC */
/*
 * The loop. A client is read (its request), waited for (its transfer) and written to (head and
 * body), and always within SERVER_CLIENT_MS.
 */
#include "fetch/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/deadline.h"
#include "core/base/log.h"
#include "fetch/transfer.h"

#define CLIENT_MEMORY ((size_t)4 << 20) /* a body, grown in steps, and small things */

enum client_state {
	CLIENT_READING,  /* its request has not come */
	CLIENT_FETCHING, /* the transfer is under way */
	CLIENT_WRITING,  /* the answer is being sent */
	CLIENT_OVER,
};

struct client {
	enum client_state state;
	int fd;
	int64_t deadline;
	struct arena *arena;
	struct fetch_wire_request request;
	struct transfer *transfer; /* NULL unless FETCHING or WRITING what came */
	uint8_t head[FETCH_PACKET_MAX];
	size_t head_size; /* 0: sent */
	const char *body;
	size_t body_size, body_sent;
};

struct server {
	struct transfers *transfers;
	struct log *log;
	struct client *client[SERVER_CLIENTS_MAX];
	size_t clients, fetching;
};

struct server *
server_new(const struct transfer_rules *rules, struct log *log)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		bug("out of memory");
	server->log = log;
	server->transfers = transfers_new(rules);
	if (server->transfers)
		return server;
	free(server);
	return NULL;
}

static void
drop_transfer(struct server *server, struct client *client)
{
	if (!client->transfer)
		return;
	transfer_end(client->transfer);
	client->transfer = NULL;
	server->fetching--;
}

static void
free_client(struct server *server, struct client *client)
{
	drop_transfer(server, client);
	close(client->fd);
	arena_free(client->arena);
	free(client);
}

void
server_free(struct server *server)
{
	if (!server)
		return;
	while (server->clients > 0)
		free_client(server, server->client[--server->clients]);
	transfers_free(server->transfers);
	free(server);
}

void
server_add_client(struct server *server, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client || server->clients == SERVER_CLIENTS_MAX)
		bug("out of memory for clients");
	client->fd = fd;
	client->deadline = deadline_now_ms() + SERVER_CLIENT_MS;
	client->arena = arena_new(CLIENT_MEMORY);
	server->client[server->clients++] = client;
}

/* ---- answering ---- */

/* One packet. 1: sent, 0: not now, -1: nobody is there. */
static int
send_packet(int fd, const void *data, size_t size)
{
	if (send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size)
		return 1;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void
write_some(struct client *client)
{
	int sent = 1;

	if (client->head_size > 0) {
		sent = send_packet(client->fd, client->head, client->head_size);
		if (sent > 0)
			client->head_size = 0;
	}
	while (sent > 0 && client->body_sent < client->body_size) {
		size_t size = client->body_size - client->body_sent;

		size = size < FETCH_PACKET_MAX ? size : FETCH_PACKET_MAX;
		sent = send_packet(client->fd, client->body + client->body_sent, size);
		if (sent > 0)
			client->body_sent += size;
	}
	if (sent != 0)
		client->state = CLIENT_OVER;
}

static void
answer(struct client *client, const struct fetch_wire_answer *what, const char *body)
{
	client->head_size = fetch_wire_write_answer(client->head, what);
	client->body = body;
	client->body_size = what->size;
	client->state = CLIENT_WRITING;
	write_some(client);
}

static void
answer_why(struct client *client, enum fetch_wire_verdict verdict, const char *why)
{
	const struct fetch_wire_answer what = {.verdict = verdict, .max_age = -1, .why = why};

	answer(client, &what, NULL);
}

static void
finish_transfers(struct server *server)
{
	struct client *client;

	while ((client = transfers_next(server->transfers))) {
		struct fetch_wire_answer what;
		const char *body;

		transfer_answer(client->transfer, &what, &body);
		log_event(server->log, LOG_LEVEL_DEBUG, "fetched", "url", client->request.url,
			  "why", what.why, NULL);
		answer(client, &what, body);
		drop_transfer(server, client);
	}
}

/* ---- reading ---- */

/* Who asked and did not wait takes nobody's place. */
static bool
has_left(int fd)
{
	char byte;

	return recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
read_request(struct server *server, struct client *client)
{
	uint8_t packet[FETCH_PACKET_MAX];
	ssize_t got = recv(client->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	const char *mistake;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->state = CLIENT_OVER;
	if (got <= 0 || has_left(client->fd) ||
	    fetch_wire_read_request(client->arena, packet, (size_t)got, &client->request) != 0)
		return;
	mistake = fetch_url_mistake(client->arena, client->request.url);
	if (mistake) {
		answer_why(client, FETCH_WIRE_REFUSED, mistake);
		return;
	}
	if (server->fetching == SERVER_TRANSFERS_MAX) {
		answer_why(client, FETCH_WIRE_BUSY, "ostiary-fetch has too much to do");
		return;
	}
	client->transfer =
		transfer_begin(server->transfers, client->arena, &client->request, client);
	server->fetching++;
	client->state = CLIENT_FETCHING;
}

static void
serve(struct server *server, struct client *client)
{
	switch (client->state) {
	case CLIENT_READING:
		read_request(server, client);
		return;
	case CLIENT_FETCHING: /* it went away, or says what it should not */
		drop_transfer(server, client);
		client->state = CLIENT_OVER;
		return;
	case CLIENT_WRITING:
		write_some(client);
		return;
	case CLIENT_OVER:
		return;
	}
}

static void
drop_over(struct server *server)
{
	size_t kept = 0;

	for (size_t i = 0; i < server->clients; i++) {
		struct client *client = server->client[i];

		if (client->state == CLIENT_OVER || deadline_left_ms(client->deadline) == 0)
			free_client(server, client);
		else
			server->client[kept++] = client;
	}
	server->clients = kept;
}

/* ---- accepting ---- */

static bool
owns_socket(int listener, const struct ucred *peer)
{
	struct sockaddr_un address = {0};
	socklen_t size = sizeof(address);
	struct stat status;

	if (getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
	    address.sun_path[0] != '/' || stat(address.sun_path, &status) != 0)
		return false;
	return peer->uid == status.st_uid || peer->gid == status.st_gid;
}

static bool
may_ask(int listener, int fd, struct log *log)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid() || owns_socket(listener, &peer))
		return true;
	log_event(log, LOG_LEVEL_WARN, "peer_refused", "why",
		  "neither root nor owner or group of the socket", NULL);
	return false;
}

static void
accept_some(struct server *server, int listener)
{
	while (server->clients < SERVER_CLIENTS_MAX) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (may_ask(listener, fd, server->log))
			server_add_client(server, fd);
		else
			close(fd);
	}
}

/* ---- the loop ---- */

static int
wait_ms(const struct server *server)
{
	int least = SERVER_CLIENT_MS;

	for (size_t i = 0; i < server->clients; i++) {
		int left = deadline_left_ms(server->client[i]->deadline);

		least = left < least ? left : least;
	}
	return least;
}

static void
wait_for_all(struct server *server, struct pollfd *first_two)
{
	struct pollfd fds[SERVER_CLIENTS_MAX + 2];
	size_t count = server->clients; /* accepting comes behind and adds to them */

	memcpy(fds, first_two, 2 * sizeof(fds[0]));
	for (size_t i = 0; i < count; i++)
		fds[i + 2] = (struct pollfd){
			.fd = server->client[i]->fd,
			.events = server->client[i]->state == CLIENT_WRITING ? POLLOUT : POLLIN,
		};
	transfers_wait(server->transfers, fds, count + 2, wait_ms(server));
	memcpy(first_two, fds, 2 * sizeof(fds[0]));
	for (size_t i = 0; i < count; i++) {
		if (fds[i + 2].revents != 0)
			serve(server, server->client[i]);
	}
}

void
server_run(struct server *server, int listener, int stop)
{
	while (listener >= 0 || server->clients > 0) {
		bool full = server->clients == SERVER_CLIENTS_MAX;
		struct pollfd fds[2] = {
			{.fd = full ? -1 : listener, .events = POLLIN},
			{.fd = stop, .events = POLLIN},
		};

		wait_for_all(server, fds);
		if (fds[0].revents != 0)
			accept_some(server, listener);
		if (fds[1].revents != 0)
			listener = stop = -1;
		finish_transfers(server);
		drop_over(server);
	}
}
