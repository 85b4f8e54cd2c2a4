/* SPDX-License-Identifier: ISC */
/*
 * The gate in its mapping. A slot is two words: the process id, and until when it waits on the
 * host's monotonic clock. Who wants to wait says so first and counts then, so that a quarter is
 * never exceeded; two who hinder each other at the last place try again a little later.
 */
#include "core/port/gate.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/deadline.h"
#include "core/base/rand.h"

#define TRIES      4
#define PAUSE_MASK 7 /* milliseconds between two tries: 0 to this */

struct slot {
	_Atomic int64_t pid;   /* 0: free */
	_Atomic int64_t until; /* milliseconds; 0: does not wait */
};

struct gate {
	struct slot *slot; /* GATE_SLOTS of them */
	struct slot *mine; /* NULL: there was none left */
	unsigned depth;
};

size_t
gate_size(void)
{
	return GATE_SLOTS * sizeof(struct slot);
}

static bool
is_alive(int64_t pid)
{
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

static struct slot *
take_slot(struct slot *slots)
{
	for (size_t i = 0; i < GATE_SLOTS; i++) {
		int64_t pid = atomic_load(&slots[i].pid);

		/* what has our own number was left by a process before us */
		if (pid != 0 && pid != getpid() && is_alive(pid))
			continue;
		if (!atomic_compare_exchange_strong(&slots[i].pid, &pid, getpid()))
			continue;
		atomic_store(&slots[i].until, 0);
		return &slots[i];
	}
	return NULL;
}

struct gate *
gate_new(void *mapping)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		bug("out of memory");
	gate->slot = mapping;
	gate->mine = take_slot(gate->slot);
	return gate;
}

void
gate_free(struct gate *gate)
{
	if (!gate)
		return;
	if (gate->mine) {
		atomic_store(&gate->mine->until, 0);
		atomic_store(&gate->mine->pid, 0);
	}
	free(gate);
}

/* A time too far ahead was written before this host was started again. */
static bool
is_waiting(const struct slot *slot, int64_t now)
{
	int64_t until = atomic_load(&slot->until);

	return until > now && until <= now + GATE_WAIT_MS;
}

struct gate_count
gate_count(const struct gate *gate)
{
	struct gate_count count = {0};
	int64_t now = deadline_now_ms();

	for (size_t i = 0; i < GATE_SLOTS; i++) {
		const struct slot *slot = &gate->slot[i];
		int64_t pid = atomic_load(&slot->pid);

		if (pid == 0 || !is_alive(pid))
			continue;
		count.workers++;
		count.waiting += is_waiting(slot, now);
	}
	return count;
}

/* Our own waiting is part of the count. */
static bool
has_room(const struct gate *gate)
{
	struct gate_count count = gate_count(gate);
	size_t limit = count.workers / GATE_SHARE;

	return count.waiting <= (limit > 0 ? limit : 1);
}

static bool
try_enter(struct gate *gate)
{
	atomic_store(&gate->mine->until, deadline_now_ms() + GATE_WAIT_MS);
	if (has_room(gate))
		return true;
	atomic_store(&gate->mine->until, 0);
	return false;
}

bool
gate_enter(struct gate *gate)
{
	if (!gate)
		return true;
	if (!gate->mine)
		return false;
	if (gate->depth > 0) {
		gate->depth++;
		return true;
	}
	for (int i = 0; i < TRIES; i++) {
		uint8_t pause;

		if (try_enter(gate)) {
			gate->depth = 1;
			return true;
		}
		rand_fill(&rand_system, &pause, sizeof(pause));
		deadline_sleep_ms(INT64_MAX, pause & PAUSE_MASK);
	}
	return false;
}

void
gate_leave(struct gate *gate)
{
	if (!gate)
		return;
	if (gate->depth == 0)
		bug("left more often than entered");
	if (--gate->depth == 0)
		atomic_store(&gate->mine->until, 0);
}
