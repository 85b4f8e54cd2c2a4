/* SPDX-License-Identifier: ISC */
/*
 * The broker from inside: its loop (server.c), the workers' connections (client.c), conversations
 * (talk.c) and look-ups (lookup.c).
 */
#ifndef OSTIARY_PAMD_SERVER_PARTS_H
#define OSTIARY_PAMD_SERVER_PARTS_H

#include <stdbool.h>

#include "core/port/broker_wire.h"
#include "pamd/child.h"
#include "pamd/conversation.h"
#include "pamd/server.h"
#include "pamd/settings.h"
#include "pamd/work.h"

struct arena;
struct log;
struct lookup;

/* A worker's connection: one request, one answer. */
struct client {
	int fd; /* -1: free */
	int64_t until_ms;
	struct dialog *dialog; /* that it waits for; NULL */
	struct lookup *lookup; /* that it waits for; NULL */
};

/* One that runs, or whose answer came when nobody waited any more. */
struct lookup {
	struct arena *arena; /* NULL: free */
	struct broker_request request;
	struct broker_answer answer; /* once fd is -1 */
	int64_t until_ms;            /* then it is killed, or forgotten */
	pid_t child;
	int fd; /* -1: answered */
};

/* A request as it came: children read it once more. */
struct received {
	struct client *client;
	struct broker_request request;
	const uint8_t *packet;
	size_t size;
};

struct server {
	const struct settings *settings;
	const struct allowed *allowed;
	struct log *log;
	struct children *children;
	struct dialogs *dialogs;
	struct client client[SERVER_CLIENTS_MAX];
	struct lookup lookup[SERVER_LOOKUPS_MAX];
	struct arena *arena; /* of the request at hand */
	uint8_t in[WORK_HEAD + BROKER_PACKET_MAX], out[BROKER_PACKET_MAX];
	int64_t refused_ms; /* when a stranger was logged last */
};

/* ---- client.c ---- */

void clients_accept(struct server *server, int listener);
bool clients_have_room(const struct server *server);
void client_read(struct server *server, struct client *client);

/* Answers and closes. Whether it was sent. */
bool client_tell_state(struct server *server, struct client *client,
		       const struct broker_state *state);
bool client_tell_answer(struct server *server, struct client *client,
			const struct broker_answer *answer);

/* Answers those whose time is over; the next such time, or INT64_MAX. */
int64_t clients_tick(struct server *server, int64_t now);

/* ---- talk.c ---- */

void talk_request(struct server *server, const struct received *received);
void talk_ready(struct server *server, struct dialog *dialog);
/* The client has waited long enough. */
void talk_tell_running(struct server *server, struct client *client);
int64_t talk_tick(struct server *server, int64_t now);

/* ---- lookup.c ---- */

void lookup_request(struct server *server, const struct received *received);
void lookup_ready(struct server *server, struct lookup *lookup);
int64_t lookup_tick(struct server *server, int64_t now);

/* ---- server.c ---- */

/* A child for the work, with the request sent to it. Its socket, or -1. */
int server_start_child(struct server *server, void (*run)(void *context, int fd),
		       const struct received *received, pid_t *pid);

#endif
