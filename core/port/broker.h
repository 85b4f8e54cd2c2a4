/* SPDX-License-Identifier: ISC */
/*
 * The broker as workers see it: conversations with the host's logins (PAM, LDAP) that run in
 * ostiary-pamd. Nothing here blocks longer than BROKER_WAIT_MS and a little.
 */
#ifndef OSTIARY_PORT_BROKER_H
#define OSTIARY_PORT_BROKER_H

#include <stdbool.h>

#include "core/port/broker_wire.h"

struct tx;

/* What does the work: the service behind a socket, or a test's own. -1: it does not answer. */
struct broker {
	int (*converse)(const void *context, struct arena *arena,
			const struct broker_request *request, struct broker_state *state);
	int (*lookup)(const void *context, struct arena *arena,
		      const struct broker_request *request, struct broker_answer *answer);
	const void *context;
};

/* lookup() of a service that may take its time: asked again while it does, for some seconds. Not
 * for workers, who do not wait. */
int broker_look_patiently(const struct broker *broker, struct arena *arena,
			  const struct broker_request *request, struct broker_answer *answer)
	__attribute__((warn_unused_result));

/* The broker behind a socket; context is its path, "" where there is none. */
struct broker broker_at(const char *path);

#endif
