/* SPDX-License-Identifier: ISC */
/*
 * Randomness and time as things that are injected, so that tests can choose them; and identifiers
 * made of both.
 */
#ifndef OSTIARY_BASE_RAND_H
#define OSTIARY_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

#define ID_SIZE 16

struct rand_source {
	void (*fill)(void *context, void *data, size_t size);
	void *context;
};

struct clock {
	int64_t (*now_ms)(void *context); /* milliseconds since 1970, UTC */
	void *context;
};

/* The system's own. Failure of the random source aborts. */
extern const struct rand_source rand_system;
extern const struct clock clock_system;

void rand_fill(const struct rand_source *source, void *data, size_t size);

/* An identifier that sorts by time: 48 bits of milliseconds, then 80 random bits. */
void id_make(const struct rand_source *source, int64_t now_ms, uint8_t id[ID_SIZE]);

#endif
