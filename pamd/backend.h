/* SPDX-License-Identifier: ISC */
/*
 * What a conversation's child runs: one backend a kind of service, one row each in backend.c. A
 * backend blocks as long as it likes; the broker ends the child when its time is over. It never
 * sees the network's bytes, only texts of bounded length.
 */
#ifndef OSTIARY_PAMD_BACKEND_H
#define OSTIARY_PAMD_BACKEND_H

#include "core/port/broker_wire.h"

struct arena;
struct service;

/*
 * Asks the person one page: fills answers (count of those prompts that have an echo style, in the
 * order of the prompts; arena). 0, or -1 when nobody will answer: give up.
 */
struct conversation {
	int (*ask)(struct conversation *conversation, enum broker_phase phase,
		   const struct broker_prompt *prompts, size_t count, const char **answers);
	void *context;
};

struct backend_start {
	const struct service *service; /* pamd/settings.h */
	const char *username, *address;
};

/* How it ended. */
struct outcome {
	enum broker_verdict verdict;
	uint32_t delay_us;              /* that the service asked for after a failure */
	struct broker_person person;    /* with RIGHT */
	struct broker_prompt *messages; /* to show with a verdict that follows proof */
	size_t messages_count;
	const char *why; /* private text */
};

struct backend {
	const char *name; /* kind = NAME in the configuration */
	void (*converse)(struct arena *arena, const struct backend_start *start,
			 struct conversation *conversation, struct outcome *outcome);
	/* Whether the service knows the name and what about it; never asks anybody. */
	void (*lookup)(struct arena *arena, const struct service *service, const char *username,
		       struct broker_answer *answer);
};

extern const struct backend backend_pam;  /* libpam and NSS */
extern const struct backend backend_ldap; /* libldap: search and bind */

#endif
