/* SPDX-License-Identifier: ISC */
/*
 * A broker that says what the test wants, in front of a realm "main" with its own accounts and a
 * source "unix" of the service "pam". The real one is met in tests/pamd and tests/system.
 */
#ifndef OSTIARY_TESTS_FAKE_BROKER_H
#define OSTIARY_TESTS_FAKE_BROKER_H

#include "core/port/broker.h"
#include "tests/flow/agent.h"

struct fake_broker {
	struct broker_state says;
	struct broker_answer knows;
	int result;
	struct broker_request last; /* texts live in the arena of the test */
	unsigned asked, looked;
	unsigned slow; /* so many look-ups take their time in vain */
};

extern struct fake_broker fake;

/* The fixture: unless said otherwise "ada" is right, with the key "ada:1000". */
int fake_broker_begin(void **state);

#define talk_test(function)                                                                        \
	cmocka_unit_test_setup_teardown(function, fake_broker_begin, world_spent)

/* Somebody in the groups "staff" and "Domain Users". */
struct broker_person fake_person(const char *username, const char *key);

void fake_says(enum broker_status status, enum broker_verdict verdict);

/* Another source of realm "main"; "local": its own accounts. */
void fake_source(const char *name, int64_t position, const char *options);

/* Signs in at client "web" with the password "secret"; the second as a browser of its own. */
struct answer fake_try_from(struct agent *agent, const char *username);
struct answer fake_try(const char *username);

#endif
