/* SPDX-License-Identifier: ISC */
/*
 * A region of memory with one owner and one end: everything a request needs is taken from its
 * arena and disappears, wiped, when the arena is reset.  Foreign objects (json-c, EVP, statements)
 * are handed over with arena_defer() on the line after they are made and are disposed of last
 * first.  Running out is a bug in a missing input limit, so it aborts: callers never check for
 * NULL. Compiled with -DARENA_MALLOC every allocation is its own malloc(), so that sanitizers see
 * overruns.
 */
#ifndef OSTIARY_BASE_ARENA_H
#define OSTIARY_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new arena that hands out at most cap bytes between two resets. */
struct arena *arena_new(size_t cap) __attribute__((returns_nonnull, warn_unused_result));

/* Disposes of what was deferred, last first, then wipes and keeps the first block for reuse. */
void arena_reset(struct arena *arena);

/* arena_reset(), then gives everything back. NULL is allowed. */
void arena_free(struct arena *arena);

/* size zeroed bytes, aligned for any type. Never NULL; size 0 gives a unique pointer. */
void *arena_alloc(struct arena *arena, size_t size)
	__attribute__((returns_nonnull, malloc, warn_unused_result, alloc_size(2)));

/* count * size zeroed bytes; an overflow of the product aborts. */
void *arena_array(struct arena *arena, size_t count, size_t size)
	__attribute__((returns_nonnull, malloc, warn_unused_result, alloc_size(2, 3)));

/* A copy of size bytes with a NUL behind them (the NUL is not counted). */
void *arena_copy(struct arena *arena, const void *data, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/* A copy of text; NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text) __attribute__((warn_unused_result));

/* printf into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((returns_nonnull, warn_unused_result, format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((returns_nonnull, warn_unused_result, format(printf, 2, 0)));

/* Calls dispose(object) when the arena is reset or freed. object NULL is ignored. */
void arena_defer(struct arena *arena, void (*dispose)(void *), void *object);

/* Bytes handed out since the last reset; for tests and figures. */
size_t arena_used(const struct arena *arena);

#endif
