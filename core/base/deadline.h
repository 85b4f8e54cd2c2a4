/* SPDX-License-Identifier: ISC */
/*
 * Time that only goes forward, for waiting: never stored and never shown. What is decided by the
 * time of day gets it from an injected clock instead (core/base/rand.h).
 */
#ifndef OSTIARY_BASE_DEADLINE_H
#define OSTIARY_BASE_DEADLINE_H

#include <stdint.h>

/* Milliseconds since this host started; the same for all its processes. */
int64_t deadline_now_ms(void);

/* Milliseconds until a value of deadline_now_ms(), at least 0: what poll() is given. */
int deadline_left_ms(int64_t deadline);

/* Sleeps, but not beyond a deadline. */
void deadline_sleep_ms(int64_t deadline, int ms);

#endif
