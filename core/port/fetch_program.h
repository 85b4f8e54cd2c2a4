/* SPDX-License-Identifier: ISC */
/*
 * ostiary-fetch from the worker's side: the service behind fetch_socket or, where that is empty,
 * the program itself, started for one request and ended with it.
 */
#ifndef OSTIARY_PORT_FETCH_PROGRAM_H
#define OSTIARY_PORT_FETCH_PROGRAM_H

#include "core/port/fetch.h"

struct conf;

/* What struct provider's fetcher is, in the arena; conf must live as long. */
const struct fetcher *fetch_program(struct arena *arena, const struct conf *conf)
	__attribute__((returns_nonnull));

#endif
