/* SPDX-License-Identifier: ISC */
/*
 * What the workers of one host share and may lose: a mapping of fixed size (buckets and counters,
 * changed with atomics only) and the ring file of the newest failures that `ostiary explain` reads.
 * Nothing single-use lives here.
 */
#ifndef OSTIARY_BASE_SHARED_H
#define OSTIARY_BASE_SHARED_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define RING_SLOTS     10000
#define RING_SLOT_SIZE 1024 /* bytes of one record with its NUL */

/*
 * Maps size zero-initialised bytes of a file, made 0600 where it does not exist, so that all
 * processes that open the same path see the same bytes. NULL with errno set on failure, also when
 * the file has another owner or is wider than 0600.
 */
void *shared_map(const char *path, size_t size);
void shared_unmap(void *mapping, size_t size);

struct ring;

/* Opens or makes the ring file. NULL with errno set on failure. */
struct ring *ring_open(const char *path);
void ring_close(struct ring *ring);

/* Writes text (cut at RING_SLOT_SIZE - 1: a record is for reading, not for parsing) over the oldest
 * record. */
void ring_write(struct ring *ring, const char *text);

/* The newest record that begins with prefix, or NULL. */
char *ring_find(struct ring *ring, struct arena *arena, const char *prefix);

#endif
