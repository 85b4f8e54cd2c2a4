/* SPDX-License-Identifier: ISC */
/*
 * The processes that do the work: forked with one socket and nothing else of the broker's, limited,
 * killed with all they started, and buried. None outlives the broker.
 */
#ifndef OSTIARY_PAMD_CHILD_H
#define OSTIARY_PAMD_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct children;
struct log;

struct child_work {
	void (*forget)(void *context); /* wipes what is not its business */
	void (*run)(void *context, int fd);
	void *context;
	int64_t cpu_seconds;
};

/* Keeps count of at most max processes. */
struct children *children_new(size_t max, struct log *log);

/* Kills them all, waits for their end, and frees the table. */
void children_free(struct children *children);

/* Starts one; its end of the socket is blocking. Returns the broker's end, which does not block,
 * or -1 when there are too many or the host has no room. */
int children_start(struct children *children, const struct child_work *work, pid_t *pid)
	__attribute__((warn_unused_result));

/* Kills the child and what it started, now or at a time of deadline_now_ms(). */
void children_kill(struct children *children, pid_t pid);
void children_kill_at(struct children *children, pid_t pid, int64_t time);

/* Kills those whose time is over; the next such time, or INT64_MAX. */
int64_t children_tick(struct children *children, int64_t now);

/* Buries those that ended: after SIGCHLD. */
void children_reap(struct children *children);

#endif
