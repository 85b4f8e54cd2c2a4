/* SPDX-License-Identifier: ISC */
/*
 * Blocks in a chain, the newest first. The oldest one is kept over resets, so that an ordinary
 * request costs no malloc(). Memory is zero when it is handed out because new blocks come from
 * calloc() and the kept one was wiped. With ARENA_MALLOC a block holds one allocation and none is
 * kept.
 */
#include "core/base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"

#define ARENA_ALIGN 16

#ifdef ARENA_MALLOC
#define ARENA_BLOCK_SIZE 0
#define ARENA_KEEP_FIRST false
#else
#define ARENA_BLOCK_SIZE 16384
#define ARENA_KEEP_FIRST true
#endif

struct block {
	struct block *older;
	size_t size;
	size_t used; /* a multiple of ARENA_ALIGN, or everything */
	_Alignas(ARENA_ALIGN) unsigned char data[];
};

struct deferred {
	struct deferred *older;
	void (*dispose)(void *);
	void *object;
};

struct arena {
	struct block *newest;
	struct deferred *deferred;
	size_t cap;
	size_t used;
};

struct arena *
arena_new(size_t cap)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		bug("out of memory");
	arena->cap = cap;
	return arena;
}

/* A disposer may still use memory of the arena, and may even defer something itself. */
static void
dispose_all(struct arena *arena)
{
	while (arena->deferred != NULL) {
		struct deferred *last = arena->deferred;

		arena->deferred = last->older;
		last->dispose(last->object);
	}
}

static void
release_block(struct block *block)
{
	explicit_bzero(block->data, block->used);
	free(block);
}

static void
release_blocks(struct arena *arena, bool keep_first)
{
	struct block *block = arena->newest;

	while (block != NULL && !(keep_first && block->older == NULL)) {
		struct block *older = block->older;

		release_block(block);
		block = older;
	}
	if (block != NULL) {
		explicit_bzero(block->data, block->used);
		block->used = 0;
	}
	arena->newest = block;
	arena->used = 0;
}

void
arena_reset(struct arena *arena)
{
	dispose_all(arena);
	release_blocks(arena, ARENA_KEEP_FIRST);
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	dispose_all(arena);
	release_blocks(arena, false);
	free(arena);
}

static struct block *
add_block(struct arena *arena, size_t least)
{
	size_t size = least > ARENA_BLOCK_SIZE ? least : ARENA_BLOCK_SIZE;
	struct block *block = calloc(1, sizeof(*block) + size);

	if (block == NULL)
		bug("out of memory");
	block->size = size;
	block->older = arena->newest;
	arena->newest = block;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t wanted = size == 0 ? 1 : size;
	struct block *block = arena->newest;

	if (wanted > arena->cap - arena->used)
		bug("an arena is over its cap");
	if (block == NULL || wanted > block->size - block->used)
		block = add_block(arena, wanted);

	void *memory = block->data + block->used;
	size_t left = block->size - block->used - wanted;
	size_t padding = (ARENA_ALIGN - wanted % ARENA_ALIGN) % ARENA_ALIGN;

	block->used += wanted + (padding < left ? padding : left);
	arena->used += wanted;
	return memory;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t product;

	if (__builtin_mul_overflow(count, size, &product))
		bug("the size of an array overflows");
	return arena_alloc(arena, product);
}

void *
arena_copy(struct arena *arena, const void *data, size_t size)
{
	if (size == SIZE_MAX)
		bug("the size of a copy overflows");

	char *copy = arena_alloc(arena, size + 1);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	if (text == NULL)
		return NULL;
	return arena_copy(arena, text, strlen(text));
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		bug("a format that vsnprintf() refuses");

	char *text = arena_alloc(arena, (size_t)size + 1);

	vsnprintf(text, (size_t)size + 1, format, args);
	return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void
arena_defer(struct arena *arena, void (*dispose)(void *), void *object)
{
	if (object == NULL)
		return;

	struct deferred *entry = arena_alloc(arena, sizeof(*entry));

	entry->dispose = dispose;
	entry->object = object;
	entry->older = arena->deferred;
	arena->deferred = entry;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
