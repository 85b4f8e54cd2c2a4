/* SPDX-License-Identifier: ISC */
/*
 * cmocka with the headers that it needs before it, the store that most tests work with, and the
 * comparison of a verdict that names the case.
 */
#ifndef OSTIARY_TESTS_SQL_CHECK_H
#define OSTIARY_TESTS_SQL_CHECK_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "tests/lib/private_db.h"
#include "tests/lib/sample_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define check_verdict(name, got, wanted)                                                           \
	do {                                                                                       \
		int got_ = (int)(got), wanted_ = (int)(wanted);                                    \
		if (got_ != wanted_)                                                               \
			fail_msg("%s: verdict %d instead of %d", (name), got_, wanted_);           \
	} while (0)

/* Each test program has one store and one arena, fresh for every test. */
static struct store *store;
static struct arena *arena;
static struct log *test_log;

/* The last line of the log. */
static char log_line[1024];

static inline void
log_keep(void *context, const char *text)
{
	(void)context;
	snprintf(log_line, sizeof(log_line), "%s", text);
}

static inline int
check_setup(void **state)
{
	(void)state;
	private_db();
	private_db_clear();
	log_line[0] = '\0';
	test_log = log_to_function(log_keep, NULL);
	store = private_db_store(test_log);
	arena = arena_new(16 * 1024 * 1024);
	return 0;
}

static inline int
check_teardown(void **state)
{
	(void)state;
	store_close(store);
	log_close(test_log);
	arena_free(arena);
	return 0;
}

#define store_test(function) cmocka_unit_test_setup_teardown(function, check_setup, check_teardown)

#endif
