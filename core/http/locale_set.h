/* SPDX-License-Identifier: ISC */
/*
 * What locale.c loads and locale_pick.c searches. Nobody else includes this.
 */
#ifndef OSTIARY_HTTP_LOCALE_SET_H
#define OSTIARY_HTTP_LOCALE_SET_H

#include <stddef.h>

struct locale;

struct locale_set {
	struct locale *locale; /* English first */
	size_t count;
};

#endif
