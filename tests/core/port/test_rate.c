/* SPDX-License-Identifier: ISC */
/*
 * Rates: a minute's worth at once and then one by one, keys that do not disturb each other, clocks
 * that jump, many processes on one mapping.
 */
#include "core/port/rate.h"

#include <stdio.h>
#include <sys/mman.h>

#include "tests/core/base/check.h"

#define NOW     INT64_C(1800000000000) /* milliseconds */
#define RUNNERS 6
#define ROUNDS  4000
#define FLOOD   100000

static struct rate *rate;

static int
begin(void **state)
{
	(void)state;
	rate = mmap(NULL, rate_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return rate == MAP_FAILED ? -1 : 0;
}

static int
finish(void **state)
{
	(void)state;
	return munmap(rate, rate_size());
}

/* How many of tries are taken at once. */
static int
taken(uint64_t key, int64_t a_minute, int64_t now_ms, int tries)
{
	int count = 0;

	while (tries-- > 0)
		count += rate_charge(rate, key, a_minute, now_ms) == 0;
	return count;
}

/* What is taken at the start, and then at a later time. */
static const struct {
	const char *name;
	int64_t a_minute;
	int first;        /* of 100 tries */
	int64_t wait;     /* seconds said then */
	int64_t later_ms; /* after the start */
	int second;       /* of 100 tries */
} cases[] = {
	{"no limit", 0, 100, 0, 0, 100},
	{"below", 101, 100, 0, 0, 1},
	{"a minute's worth", 60, 60, 1, 0, 0},
	{"the next one", 60, 60, 1, 1000, 1},
	{"a millisecond before it", 60, 60, 1, 999, 0},
	{"a few", 60, 60, 1, 30000, 30},
	{"all again", 60, 60, 1, 60000, 60},
	{"no more than a minute's", 60, 60, 1, 86400000, 60},
	{"one a minute", 1, 1, 60, 59999, 0},
	{"one more", 1, 1, 60, 60000, 1},
	{"seven a minute: rounded up", 7, 7, 9, 9000, 1},
	{"the greatest", RATE_MAX, 100, 0, 0, 100},
};

static void
limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const int64_t limit = cases[i].a_minute;

		memset(rate, 0, rate_size());
		check(taken(7, limit, NOW, 100) == cases[i].first, cases[i].name);
		if (cases[i].first < 100)
			check(rate_charge(rate, 7, limit, NOW) == cases[i].wait, cases[i].name);
		check(taken(7, limit, NOW + cases[i].later_ms, 100) == cases[i].second,
		      cases[i].name);
	}
}

/* Who comes too soon does not come later for it. */
static void
refused_costs_nothing(void **state)
{
	(void)state;
	assert_int_equal(taken(7, 10, NOW, 10000), 10);
	assert_int_equal(taken(7, 10, NOW + 6000, 10000), 1);
}

/* The greatest limit is kept, too. */
static void
greatest(void **state)
{
	(void)state;
	assert_int_equal(taken(7, RATE_MAX, NOW, RATE_MAX + 1000), RATE_MAX);
	assert_int_equal(rate_charge(rate, 7, RATE_MAX, NOW), 1);
}

/* Another worker's clock may be a little behind; one that was set back does not refuse for long. */
static void
clocks(void **state)
{
	(void)state;
	assert_int_equal(taken(7, 60, NOW, 100), 60);
	assert_int_equal(taken(7, 60, NOW - 500, 100), 0);
	assert_true(rate_charge(rate, 7, 60, NOW - 59000) <= 60);
	assert_int_equal(taken(7, 60, NOW - 3600000, 100), 60);
}

static const struct {
	const char *name, *one, *other;
	bool together;
} networks[] = {
	{"same address", "192.0.2.1", "192.0.2.1", true},
	{"same /24", "192.0.2.1", "192.0.2.254", true},
	{"other /24", "192.0.2.1", "192.0.3.1", false},
	{"same /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
	{"other /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
	{"IPv4 within IPv6", "192.0.2.1", "::ffff:192.0.2.9", true},
	{"others within IPv6", "::ffff:192.0.2.1", "::ffff:198.51.100.1", false},
	{"no address", "", "", true},
	{"unreadable", "unix:", "unix:", true},
	{"another unreadable", "unix:", "", false},
};

static void
network_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++)
		check((rate_key_network(rate, networks[i].one) ==
		       rate_key_network(rate, networks[i].other)) == networks[i].together,
		      networks[i].name);
}

static void
client_keys(void **state)
{
	uint64_t key = rate_key_client(rate, 1, "web");

	(void)state;
	assert_true(key == rate_key_client(rate, 1, "web"));
	assert_true(key != rate_key_client(rate, 2, "web"));
	assert_true(key != rate_key_client(rate, 1, "webs"));
	assert_true(rate_key_client(rate, 1, "") != rate_key_network(rate, ""));
}

static void
no_bytes(void *context, void *data, size_t size)
{
	(void)context;
	memset(data, 0x5a, size);
}

/* The first secret stays: all workers have to find the same buckets. */
static void
seeds(void **state)
{
	const struct rand_source other = {no_bytes, NULL};
	uint64_t bare = rate_key_client(rate, 1, "web"), seeded;

	(void)state;
	rate_seed(rate, &rand_system);
	seeded = rate_key_client(rate, 1, "web");
	assert_true(bare != seeded);
	rate_seed(rate, &other);
	assert_true(seeded == rate_key_client(rate, 1, "web"));
}

/* Many others may make a bucket forget; they never have somebody refused. */
static void
flood(void **state)
{
	char address[32];

	(void)state;
	for (int i = 0; i < FLOOD; i++) {
		snprintf(address, sizeof(address), "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		assert_int_equal(rate_charge(rate, rate_key_network(rate, address), 1, NOW), 0);
	}
	assert_int_equal(rate_charge(rate, rate_key_network(rate, "192.0.2.1"), 1, NOW), 0);
}

/* Keys with one place in common are told apart. */
static void
neighbours(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(taken(i << 52 | 7, 10, NOW, 5), 5);
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(taken(i << 52 | 7, 10, NOW, 10), 5);
}

/* No request is lost between processes, and none is counted twice. */
static void
many_processes(void **state)
{
	int pipes[2], total = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < RUNNERS; i++) {
		if (fork() != 0)
			continue;
		int count = taken(7, RUNNERS * ROUNDS / 2, NOW, ROUNDS);

		_exit(write(pipes[1], &count, sizeof(count)) == sizeof(count) ? 0 : 1);
	}
	for (int i = 0; i < RUNNERS; i++) {
		int status = 1, count = 0;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(pipes[0], &count, sizeof(count)), sizeof(count));
		total += count;
	}
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(total, RUNNERS * ROUNDS / 2);
}

#define rate_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rate_test(limits),       rate_test(refused_costs_nothing),
		rate_test(greatest),     rate_test(clocks),
		rate_test(network_keys), rate_test(client_keys),
		rate_test(seeds),        rate_test(flood),
		rate_test(neighbours),   rate_test(many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
