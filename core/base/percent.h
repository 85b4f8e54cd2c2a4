/* SPDX-License-Identifier: ISC */
/*
 * The percent escape (RFC 3986 2.1) that URIs and forms share.
 */
#ifndef OSTIARY_BASE_PERCENT_H
#define OSTIARY_BASE_PERCENT_H

#include <stddef.h>

/* The byte (0-255) of the escape whose '%' stands at text, or -1 when no two hexadecimal digits
 * follow. At most left bytes are read, and none behind a NUL. */
int percent_byte(const char *text, size_t left) __attribute__((warn_unused_result));

#endif
