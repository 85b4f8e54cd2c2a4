/* SPDX-License-Identifier: ISC */
/*
 * Clients of ostiary-fetch: each connection is one request and its answer. One loop serves all of
 * them; nothing in it waits for one alone.
 */
#ifndef OSTIARY_FETCH_SERVER_H
#define OSTIARY_FETCH_SERVER_H

#include <stdbool.h>

struct log;
struct server;
struct transfer_rules;

#define SERVER_CLIENTS_MAX   128  /* connections; more wait in the socket's queue */
#define SERVER_TRANSFERS_MAX 64   /* at once; more are answered as busy */
#define SERVER_CLIENT_MS     5000 /* after which a connection is closed, whatever it waits for */

/* NULL when libcurl cannot be set up. rules must live as long. */
struct server *server_new(const struct transfer_rules *rules, struct log *log)
	__attribute__((warn_unused_result));
void server_free(struct server *server);

/* A connection that is there already; the server closes it. */
void server_add_client(struct server *server, int fd);

/*
 * Serves what connects to a listening socket (-1: nobody) until stop becomes readable (-1: never);
 * then, or without a listener, until the last client is answered. Peers must be root, this
 * process's user, or owner or group of the socket's file.
 */
void server_run(struct server *server, int listener, int stop);

#endif
