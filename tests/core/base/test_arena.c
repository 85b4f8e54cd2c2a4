/* SPDX-License-Identifier: ISC */
/*
 * Arenas: caps and overflows end the process, memory is zero and aligned, disposers run last first
 * and may still use the arena, a reset wipes.
 */
#include <stdio.h>

#include "check.h"

static void
over_the_cap(void)
{
	struct arena *arena = arena_new(100);

	assert_non_null(arena_alloc(arena, 60));
	assert_non_null(arena_alloc(arena, 41));
}

static void
array_overflow(void)
{
	volatile size_t half = SIZE_MAX / 2;

	assert_non_null(arena_array(arena_new(SIZE_MAX), half, 3));
}

static void
copy_overflow(void)
{
	volatile size_t all = SIZE_MAX;

	assert_non_null(arena_copy(arena_new(SIZE_MAX), "", all));
}

static void
the_whole_cap(void)
{
	struct arena *arena = arena_new(100);

	assert_non_null(arena_alloc(arena, 60));
	assert_non_null(arena_alloc(arena, 40));
	arena_free(arena);
}

static void
test_limits(void **state)
{
	(void)state;
	assert_true(aborts(over_the_cap));
	assert_true(aborts(array_overflow));
	assert_true(aborts(copy_overflow));
	assert_false(aborts(the_whole_cap));
}

static void
test_cap_counts_from_the_reset(void **state)
{
	struct arena *arena = arena_new(100);

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_non_null(arena_alloc(arena, 100));
		assert_int_equal(arena_used(arena), 100);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(arena);
}

static void
test_memory_is_zero_and_aligned(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4000, 16383, 16384, 16385, 70000};
	struct arena *arena = *state;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			unsigned char *memory = arena_alloc(arena, sizes[i]);
			unsigned char *next = arena_alloc(arena, 0);

			assert_true((uintptr_t)memory % 16 == 0);
			assert_ptr_not_equal(memory, next);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(memory[k], 0);
			memset(memory, 0xA5, sizes[i]);
		}
		arena_reset(arena);
	}
}

static void
test_neighbours_do_not_overlap(void **state)
{
	struct arena *arena = *state;
	unsigned char *memory[200];

	for (size_t i = 0; i < COUNT(memory); i++) {
		memory[i] = arena_alloc(arena, i * 7 + 1);
		memset(memory[i], (int)i, i * 7 + 1);
	}
	for (size_t i = 0; i < COUNT(memory); i++) {
		for (size_t k = 0; k < i * 7 + 1; k++)
			assert_int_equal(memory[i][k], i & 0xFF);
	}
}

#ifndef ARENA_MALLOC
static void
test_reset_wipes_the_kept_block(void **state)
{
	struct arena *arena = *state;
	volatile char *secret = arena_strdup(arena, "a secret that must not stay");

	arena_reset(arena);
	for (size_t i = 0; i < sizeof("a secret that must not stay"); i++)
		assert_int_equal(secret[i], 0);
}
#endif

static char order[32];

static void
note(void *name)
{
	strncat(order, name, sizeof(order) - strlen(order) - 1);
}

struct late {
	struct arena *arena;
	char *text;
};

/* Both an allocation and a further disposer, while the arena is being emptied. */
static void
note_late(void *object)
{
	struct late *late = object;

	note(late->text);
	arena_defer(late->arena, note, arena_strdup(late->arena, "(late)"));
}

static void
test_disposers_run_last_first(void **state)
{
	struct arena *arena = arena_new(10000);
	struct late *late = arena_alloc(arena, sizeof(*late));
	char one[] = "1";
	char three[] = "3";

	(void)state;
	*late = (struct late){arena, arena_strdup(arena, "2")};
	order[0] = '\0';
	arena_defer(arena, note, one);
	arena_defer(arena, note_late, late);
	arena_defer(arena, note, three);
	arena_defer(arena, note, NULL);
	arena_reset(arena);
	assert_string_equal(order, "32(late)1");
	arena_reset(arena);
	assert_string_equal(order, "32(late)1");
	arena_defer(arena, note, one);
	arena_free(arena);
	assert_string_equal(order, "32(late)11");
	arena_free(NULL);
}

static void
test_copies(void **state)
{
	struct arena *arena = *state;
	char *copy = arena_copy(arena, "a\0bc", 3);

	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	assert_null(arena_strdup(arena, NULL));
	assert_string_equal(arena_strdup(arena, ""), "");
	assert_string_equal(arena_printf(arena, "%s-%05d", "x", 42), "x-00042");

	char *wide = arena_printf(arena, "%20000d", 7);

	assert_int_equal(strlen(wide), 20000);
	assert_int_equal(((uint8_t *)arena_array(arena, 3, 5))[14], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cap_counts_from_the_reset),
		arena_test(test_memory_is_zero_and_aligned),
		arena_test(test_neighbours_do_not_overlap),
#ifndef ARENA_MALLOC
		arena_test(test_reset_wipes_the_kept_block),
#endif
		cmocka_unit_test(test_disposers_run_last_first),
		arena_test(test_copies),
	};

	return cmocka_run_group_tests_name("base arena", tests, NULL, NULL);
}
