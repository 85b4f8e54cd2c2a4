/* SPDX-License-Identifier: ISC */
/*
 * Whether an answer may be sent to a redirect URI (RFC 6749 3.1.2, RFC 8252, RFC 9700 2.1).
 */
#ifndef OSTIARY_OAUTH_REDIRECT_H
#define OSTIARY_OAUTH_REDIRECT_H

#include <stdbool.h>

struct arena;
struct client;

/*
 * Exactly one of the registered ones, byte for byte; only for native applications the port of a
 * loopback IP or localhost redirect is not compared (RFC 8252 7.3).
 */
bool redirect_uri_registered(struct arena *arena, const struct client *client, const char *uri);

/* A loopback host or a private-use scheme: the answer reaches some program of the person's own
 * device, whichever it is (RFC 8252 8.6). */
bool redirect_uri_is_local(struct arena *arena, const char *uri);

#endif
