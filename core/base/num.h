/* SPDX-License-Identifier: ISC */
/*
 * Integers from text: the whole string must be the number (ASCII digits, an optional '-' for
 * signed), within the range given. No leading '+', blanks or empty text.
 */
#ifndef OSTIARY_BASE_NUM_H
#define OSTIARY_BASE_NUM_H

#include <stdint.h>

/* 0 and *value, or -1 and *value untouched. NULL text is refused. */
int num_parse_int64(const char *text, int64_t min, int64_t max, int64_t *value)
	__attribute__((warn_unused_result));

/*
 * A duration with an optional unit s, m, h or d ("90", "10m", "30d") in seconds, within min and max
 * (seconds). 0 or -1 as above.
 */
int num_parse_duration(const char *text, int64_t min, int64_t max, int64_t *seconds)
	__attribute__((warn_unused_result));

#endif
