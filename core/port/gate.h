/* SPDX-License-Identifier: ISC */
/*
 * At most a quarter of a host's workers, and at least one, waits for others' servers at a time. The
 * workers of a host share a mapping in which each has a slot with its process id; the live slots
 * are the pool. A slot that waits says until when, so a killed worker holds nobody up: its slot is
 * given to the next, and its waiting ends by itself.
 */
#ifndef OSTIARY_PORT_GATE_H
#define OSTIARY_PORT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate;

#define GATE_SLOTS   1024 /* workers of one host */
#define GATE_SHARE   4    /* one of so many may wait */
#define GATE_WAIT_MS 5000 /* waiting counts at most so long: more than anybody waits */

/* Bytes of the shared mapping; a mapping of zeros has no workers. */
size_t gate_size(void);

/* Takes a slot of the mapping for this process. Without a free one gate_enter() always refuses. */
struct gate *gate_new(void *mapping) __attribute__((returns_nonnull, warn_unused_result));

/* Gives the slot back. NULL is allowed. */
void gate_free(struct gate *gate);

/*
 * Begins to wait: true, or false when a quarter of the pool does already. One that waits may enter
 * again, and leaves as often. NULL (the command line) may always wait.
 */
bool gate_enter(struct gate *gate) __attribute__((warn_unused_result));
void gate_leave(struct gate *gate);

/* Live workers, and how many of them wait: for figures and tests. */
struct gate_count {
	size_t workers, waiting;
};
struct gate_count gate_count(const struct gate *gate);

#endif
