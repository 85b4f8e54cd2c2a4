/* SPDX-License-Identifier: ISC */
/*
 * Texts of modules and directories made fit for pages and packets.
 */
#ifndef OSTIARY_PAMD_CLEAN_H
#define OSTIARY_PAMD_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct broker_person;

/*
 * A copy that is UTF-8 without control characters but for newlines: bytes that are none become '?',
 * control characters blanks, and blanks at the end are dropped. NULL when it is longer than max.
 */
const char *clean_text(struct arena *arena, const char *text, size_t max);

/* A private text of at most BROKER_WHY_MAX bytes, the rest cut off. NULL gives NULL. */
const char *clean_why(struct arena *arena, const char *text);

/* UTF-8 of 1 to max bytes without control characters: for names, keys and claims. */
bool clean_is_plain(const char *text, size_t max);

/* Why what is known about a person is more than can be told, or NULL. */
const char *clean_person_mistake(const struct broker_person *person);

#endif
