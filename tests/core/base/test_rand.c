/* SPDX-License-Identifier: ISC */
/*
 * Randomness and time: what was injected is used, identifiers sort by time, the system's own work.
 */
#include "core/base/rand.h"

#include <time.h>

#include "check.h"

struct counting {
	int calls;
	size_t bytes;
};

static void
fill_with_count(void *context, void *data, size_t size)
{
	struct counting *counting = context;

	counting->calls++;
	counting->bytes += size;
	memset(data, counting->calls, size);
}

static void
test_injected_source(void **state)
{
	struct counting counting = {0};
	const struct rand_source source = {fill_with_count, &counting};
	uint8_t data[5] = {0};

	(void)state;
	rand_fill(&source, data, 4);
	assert_memory_equal(data, "\1\1\1\1\0", 5);
	assert_int_equal(counting.bytes, 4);
}

static void
test_identifiers(void **state)
{
	struct counting counting = {0};
	const struct rand_source source = {fill_with_count, &counting};
	uint8_t id[ID_SIZE];
	uint8_t later[ID_SIZE];

	(void)state;
	id_make(&source, 0x0123456789AB, id);
	assert_memory_equal(id, "\x01\x23\x45\x67\x89\xAB\1\1\1\1\1\1\1\1\1\1", ID_SIZE);
	assert_int_equal(counting.bytes, 10);
	for (int64_t ms = 1; ms < (int64_t)1 << 47; ms *= 3) {
		id_make(&rand_system, ms - 1, id);
		id_make(&rand_system, ms, later);
		assert_true(memcmp(id, later, ID_SIZE) < 0);
	}
}

static void
test_system(void **state)
{
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};
	int64_t before = (int64_t)time(NULL);
	int64_t now = clock_system.now_ms(clock_system.context);

	(void)state;
	rand_fill(&rand_system, a, sizeof(a));
	rand_fill(&rand_system, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(now >= before * 1000 && now < (before + 60) * 1000);
}

static void
ask_too_much(void)
{
	volatile size_t size = SIZE_MAX;
	uint8_t data[1];

	rand_fill(&rand_system, data, size);
}

static void
test_failure_aborts(void **state)
{
	(void)state;
	assert_true(aborts(ask_too_much));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_injected_source),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_failure_aborts),
	};

	return cmocka_run_group_tests_name("base rand", tests, NULL, NULL);
}
