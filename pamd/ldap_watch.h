/* SPDX-License-Identifier: ISC */
/*
 * A time limit for what libldap does without one: TLS handshakes. When it is over the connection
 * is shut down, so that whoever waits for the server reads its end.
 */
#ifndef OSTIARY_PAMD_LDAP_WATCH_H
#define OSTIARY_PAMD_LDAP_WATCH_H

#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct watch {
	struct ldap_conncb callback;
	timer_t timer;
	bool is_armed;
	int64_t seconds;
};

/* Every connection that ld makes from now on is watched, one at a time, until watch_end(); watch
 * must live as long. 0 or -1. */
int watch_begin(struct watch *watch, LDAP *ld, int64_t seconds) __attribute__((warn_unused_result));
void watch_end(struct watch *watch, LDAP *ld);

#endif
