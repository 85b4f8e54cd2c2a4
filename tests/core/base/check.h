/* SPDX-License-Identifier: ISC */
/*
 * What the tests of this layer share: a check that names its case, an arena for each test, and a
 * call that must end in bug().
 */
#ifndef OSTIARY_TEST_BASE_CHECK_H
#define OSTIARY_TEST_BASE_CHECK_H

#include <fcntl.h>
#include <setjmp.h> /* cmocka.h wants it; nothing here jumps */
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"

#define TEST_ARENA_CAP ((size_t)16 << 20)
#define COUNT(table)   (sizeof(table) / sizeof((table)[0]))

/* Fails with the name of the case. */
#define check(condition, name)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("case \"%s\": not so: %s", (name), #condition);                   \
	} while (0)

/* Equal, or both NULL. */
#define check_text(got, wanted, name)                                                              \
	do {                                                                                       \
		const char *got_ = (got);                                                          \
		const char *wanted_ = (wanted);                                                    \
		bool same_ = got_ == NULL || wanted_ == NULL ? got_ == wanted_                     \
							     : strcmp(got_, wanted_) == 0;         \
		if (!same_)                                                                        \
			fail_msg("case \"%s\": got \"%s\", wanted \"%s\"", (name),                 \
				 got_ ? got_ : "(null)", wanted_ ? wanted_ : "(null)");            \
	} while (0)

static inline int
setup_arena(void **state)
{
	*state = arena_new(TEST_ARENA_CAP);
	return 0;
}

static inline int
teardown_arena(void **state)
{
	arena_free(*state);
	return 0;
}

#define arena_test(function) cmocka_unit_test_setup_teardown(function, setup_arena, teardown_arena)

/* True when call() ends its process with SIGABRT. */
static inline bool
aborts(void (*call)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		call();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
