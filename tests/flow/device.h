/* SPDX-License-Identifier: ISC */
/*
 * A device in process: it begins and polls as "tv", a public client of realm "main" from another
 * network than the agents, and the person's way to the question about it.
 */
#ifndef OSTIARY_TESTS_DEVICE_H
#define OSTIARY_TESTS_DEVICE_H

#include "tests/flow/agent.h"

#define DEVICE_ADDRESS "198.51.100.7"

int device_fresh(void **state);

#define device_test(function) cmocka_unit_test_setup_teardown(function, device_fresh, world_spent)

/* POST /device_authorization; scope NULL: "openid". */
struct answer device_begin_with(const char *form);
struct answer device_ask(const char *scope);

/* POST /token with the device code of the answer. */
struct answer device_poll_as(const char *client_id, const struct answer *device);
struct answer device_polls(const struct answer *device);

/* The page that follows the code. */
struct answer device_enter(struct agent *agent, const char *code);

/* As alice, up to the question; and through it. */
struct answer device_question(struct agent *agent, const struct answer *device);
void device_allow(struct agent *agent, const struct answer *device);

#endif
