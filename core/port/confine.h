/* SPDX-License-Identifier: ISC */
/*
 * What a program gives up at its start: gains of rights, core files, and every system call that it
 * has no use for (seccomp). A call that is not on the list is not carried out and the program ends,
 * as only a mistake or an attack makes it: one line in the log names the call (none where SIGSYS
 * was blocked: the kernel is faster then), and the supervisor starts the next. Builds for
 * sanitizers, coverage and valgrind keep their calls (CONFINE_OFF), as these tools make calls that
 * no program of ours makes.
 */
#ifndef OSTIARY_PORT_CONFINE_H
#define OSTIARY_PORT_CONFINE_H

#include <signal.h>
#include <stdbool.h>

struct log;

/* What a program does beside answering on sockets that it has. */
enum {
	CONFINE_NETWORK = 1 << 0,  /* looks up names and connects over TCP */
	CONFINE_SPAWNS = 1 << 1,   /* starts ostiary-fetch for one request */
	CONFINE_LOG_FILE = 1 << 2, /* opens its log file again after a rotation */
	CONFINE_SERVES = 1 << 3,   /* an event loop over many connections */
};

/* Of a program that was confined and ended itself; what a shell tells of SIGSYS. */
#define CONFINE_EXIT (128 + SIGSYS)

/* No new privileges, no core file, no debugger of the same user. For the first lines of main(). */
void confine_process(void);

/*
 * From here on only the calls of the list, and those that needs (a set of the above) name. SIGSYS
 * goes to on_refused, which shall call confine_refused(). Before the first thread, and before
 * anything of a stranger's is read. 0, or -1 with *why (static) and nothing changed.
 */
int confine_calls(unsigned needs, void (*on_refused)(int, siginfo_t *, void *), const char **why)
	__attribute__((warn_unused_result));

/* Writes event=call_refused with the name of the call to the log and ends the program. */
void confine_refused(struct log *log, const siginfo_t *info) __attribute__((noreturn));

/* Whether this build confines at all. */
bool confine_is_built(void);

#endif
