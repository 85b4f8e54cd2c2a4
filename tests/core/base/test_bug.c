/* SPDX-License-Identifier: ISC */
/*
 * bug() says where and why, and ends the process.
 */
#include "core/base/bug.h"

#include "check.h"

static int report_pipe[2];

static void
report(void)
{
	dup2(report_pipe[1], STDERR_FILENO);
	bug("the sky fell");
}

static void
test_bug_reports_and_aborts(void **state)
{
	char text[200] = "";

	(void)state;
	assert_int_equal(pipe(report_pipe), 0);
	assert_true(aborts(report));
	assert_true(read(report_pipe[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "test_bug.c:15: the sky fell\n"));
	close(report_pipe[0]);
	close(report_pipe[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bug_reports_and_aborts)};

	return cmocka_run_group_tests_name("base bug", tests, NULL, NULL);
}
