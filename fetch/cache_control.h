/* SPDX-License-Identifier: ISC */
/*
 * How long an answer may be kept, from its Cache-Control header (RFC 9111 5.2.2).
 */
#ifndef OSTIARY_FETCH_CACHE_CONTROL_H
#define OSTIARY_FETCH_CACHE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_AGE_MAX INT64_C(2147483648) /* RFC 9111 1.2.2 */

/*
 * Seconds of max-age, the smallest where it is named again; 0 with no-store, no-cache, or a max-age
 * that is no number; -1 when nothing is said.
 */
int64_t cache_control_max_age(const char *text, size_t size);

/* The stricter of two: of several header lines. */
int64_t cache_control_stricter(int64_t a, int64_t b);

#endif
