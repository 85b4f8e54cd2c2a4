/* SPDX-License-Identifier: ISC */
/*
 * The monotonic clock.
 */
#include "core/base/deadline.h"

#include <limits.h>
#include <time.h>

#include "core/base/bug.h"

int64_t
deadline_now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		bug("no monotonic clock");
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
deadline_left_ms(int64_t deadline)
{
	int64_t left = deadline - deadline_now_ms();

	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void
deadline_sleep_ms(int64_t deadline, int ms)
{
	int left = deadline_left_ms(deadline);
	int nap = ms < left ? ms : left;
	const struct timespec time = {.tv_sec = nap / 1000, .tv_nsec = nap % 1000 * 1000000L};

	/* a signal ends it early: whoever waits looks again */
	(void)nanosleep(&time, NULL);
}
