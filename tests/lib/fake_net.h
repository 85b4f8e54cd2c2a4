/* SPDX-License-Identifier: ISC */
/*
 * The network of tests: documents at URLs, and how often each was asked for. Whatever is not set
 * cannot be reached.
 */
#ifndef OSTIARY_TESTS_FAKE_NET_H
#define OSTIARY_TESTS_FAKE_NET_H

#include "core/port/fetch.h"

extern const struct fetcher fake_net;

/* Forgets all documents and counts. */
void fake_net_clear(void);

/* A document with status 200; replaces the one before. Texts are not copied. */
void fake_net_page(const char *url, const char *type, const char *body);

/* Any answer at all: verdict, status, type, body, size and max_age of fetched, why for others. */
void fake_net_answer(const char *url, enum fetch_verdict verdict, const struct fetched *fetched);

/* How often it was asked for since it was set first. */
size_t fake_net_asked(const char *url);

#endif
