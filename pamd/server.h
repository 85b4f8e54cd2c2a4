/* SPDX-License-Identifier: ISC */
/*
 * The broker: one loop that passes packets between workers and children and never waits for
 * anything else. It calls neither PAM nor NSS nor a directory.
 */
#ifndef OSTIARY_PAMD_SERVER_H
#define OSTIARY_PAMD_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#define SERVER_CLIENTS_MAX  512  /* connections at once */
#define SERVER_LOOKUPS_MAX  64   /* look-ups at once */
#define SERVER_READ_MS      1000 /* how long a request may take to come */
#define SERVER_ALLOWED_MAX  16
#define SERVER_LAST_MS      2000 /* what a child may still do after it said how it ended */
#define SERVER_CPU_SECONDS  60   /* of one child */
#define SERVER_LOOKUP_KEEPS 30   /* seconds that an answer waits for being asked again */

struct settings;
struct log;
struct server;

/* Who may connect, beside root. */
struct allowed {
	uid_t uid[SERVER_ALLOWED_MAX];
	size_t count;
};

struct server *server_new(const struct settings *settings, const struct allowed *allowed,
			  struct log *log);

/* Until a signal (SIGTERM, SIGINT) comes from the descriptor signals, which also tells SIGCHLD. */
void server_run(struct server *server, int listener, int signals);

/* Ends all conversations with their children. */
void server_free(struct server *server);

#endif
