/* SPDX-License-Identifier: ISC */
/*
 * How guessing is slowed: limits, the doubling wait and its bound, forgetting, refunds, which
 * addresses count together, and many processes at once.
 */
#include "core/authn/throttle.h"

#include <stdio.h>
#include <sys/mman.h>

#include "tests/core/base/check.h"

#define NOW     INT64_C(1800000000)
#define LIMIT   5
#define NETWORK 50
#define RUNNERS 8
#define ROUNDS  2000

static struct throttle *throttle;

static int
begin(void **state)
{
	(void)state;
	throttle = mmap(NULL, throttle_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	return throttle == MAP_FAILED ? -1 : 0;
}

static int
finish(void **state)
{
	(void)state;
	return munmap(throttle, throttle_size());
}

static struct throttle_keys
keys_of(const char *username, const char *address)
{
	struct throttle_keys keys;

	throttle_keys_for(&keys, 1, username, address, LIMIT, NETWORK);
	return keys;
}

static struct throttle_keys
only(struct throttle_keys keys)
{
	keys.count = 1;
	return keys;
}

static void
waits_double(void **state)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 64, 128};
	struct throttle_keys keys = only(keys_of("alice", "192.0.2.1"));
	int64_t now = NOW;

	(void)state;
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(throttle_charge(throttle, &keys, now), 0);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(throttle_charge(throttle, &keys, now), waits[i]);
		assert_int_equal(throttle_charge(throttle, &keys, now), waits[i]);
		now += waits[i] - 1;
		assert_int_equal(throttle_charge(throttle, &keys, now), 1);
		now += 1;
		assert_int_equal(throttle_charge(throttle, &keys, now), 0);
	}
}

/* The wait and the counter have bounds: nothing overflows however long somebody goes on. */
static void
waits_are_bounded(void **state)
{
	struct throttle_keys keys = only(keys_of("alice", "192.0.2.1"));
	int64_t now = NOW, longest = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		int64_t wait = throttle_charge(throttle, &keys, now);

		longest = wait > longest ? wait : longest;
		now += wait;
	}
	assert_true(longest <= THROTTLE_WAIT_MAX && longest > 100);
	assert_int_equal(throttle_charge(throttle, &keys, now + 2 * 86400), 0);
}

static void
time_forgets(void **state)
{
	struct throttle_keys keys = only(keys_of("alice", "192.0.2.1"));

	(void)state;
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
	/* one failure is forgotten each THROTTLE_WINDOW / LIMIT seconds */
	for (int i = 0; i < 2; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW + 360), 0);
	assert_int_equal(throttle_charge(throttle, &keys, NOW + 360), 1);
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW + 360 + THROTTLE_WINDOW), 0);
	assert_int_equal(throttle_charge(throttle, &keys, NOW + 360 + THROTTLE_WINDOW), 1);
}

/*
 * A request reads the time when it begins, so a later one may come with an earlier time; and clocks
 * are set back. Nobody under the limit waits for that, nobody longer than the bound, and nothing is
 * forgotten.
 */
static void
a_clock_that_goes_back(void **state)
{
	static const int64_t steps[] = {1, 100, 3600, 86400, 30 * 86400};
	struct throttle_keys keys = only(keys_of("alice", "192.0.2.1"));

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		int64_t wait;

		memset(throttle, 0, throttle_size());
		for (int j = 0; j < LIMIT; j++)
			assert_int_equal(throttle_charge(throttle, &keys, j ? NOW - steps[i] : NOW),
					 0);
		/* over the limit, and as long as the clock that is ahead says */
		wait = throttle_charge(throttle, &keys, NOW - steps[i]);
		if (wait != 1)
			fail_msg("%lld s back: %lld", (long long)steps[i], (long long)wait);
		memset(throttle, 0, throttle_size());
		for (int j = 0; j < LIMIT; j++)
			assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
		wait = throttle_charge(throttle, &keys, NOW - steps[i]);
		if (wait != 1)
			fail_msg("newest %lld s ahead: %lld", (long long)steps[i], (long long)wait);
	}
}

/* However many failures there were, the bound holds, and it ends. */
static void
bound_of_many(void **state)
{
	struct throttle_keys heavy = {.key = {{.hash = 7, .limit = 1}}, .count = 1};
	struct throttle_keys few = {.key = {{.hash = 7, .limit = LIMIT}}, .count = 1};
	int64_t now = NOW;

	(void)state;
	for (int i = 0; i < 9; i++) {
		now += throttle_charge(throttle, &heavy, now);
		if (i > 0)
			assert_int_equal(throttle_charge(throttle, &heavy, now), 0);
	}
	assert_int_equal(throttle_charge(throttle, &few, now), THROTTLE_WAIT_MAX);
	assert_int_equal(throttle_charge(throttle, &few, now + THROTTLE_WAIT_MAX - 1), 1);
	assert_int_equal(throttle_charge(throttle, &few, now + THROTTLE_WAIT_MAX), 0);
}

/*
 * A busy network whose people mistype now and then never waits: right attempts are refunded, and
 * what time takes away is not rounded off by the attempts in between.
 */
static void
busy_network(void **state)
{
	static const struct {
		const char *name;
		int64_t every;   /* seconds between two attempts */
		int mistyped_of; /* one of so many attempts */
	} cases[] = {
		{"one in 50 every 2 s", 2, 50},
		{"one in 30 every second", 1, 30},
		{"one in 20 every 10 s", 10, 20},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct throttle_keys keys = keys_of("", "192.0.2.1");
		int64_t now = NOW;

		keys.key[0] = keys.key[1]; /* the network alone */
		keys.count = 1;
		memset(throttle, 0, throttle_size());
		for (int j = 0; j < 20000; j++, now += cases[i].every) {
			if (throttle_charge(throttle, &keys, now) != 0)
				fail_msg("%s: attempt %d waits", cases[i].name, j);
			if (j % cases[i].mistyped_of != 0)
				throttle_refund(throttle, &keys, now);
		}
	}
}

static void
refunds(void **state)
{
	struct throttle_keys keys = keys_of("alice", "192.0.2.1");

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
		throttle_refund(throttle, &keys, NOW);
	}
	throttle_refund(throttle, &keys, NOW); /* below nothing is nothing */
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
	assert_int_equal(throttle_charge(throttle, &keys, NOW), 1);
}

/* What must wait for one key is not charged to the others. */
static void
refused_attempts_cost_nothing(void **state)
{
	struct throttle_keys alice = keys_of("alice", "192.0.2.1");

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true((throttle_charge(throttle, &alice, NOW) > 0) == (i >= LIMIT));
	struct throttle_keys bob = keys_of("bob", "192.0.2.1");

	assert_int_equal(throttle_charge(throttle, &bob, NOW), 0);
}

static const struct {
	const char *name, *one, *other;
	bool together;
} networks[] = {
	{"same address", "192.0.2.1", "192.0.2.1", true},
	{"same /24", "192.0.2.1", "192.0.2.254", true},
	{"other /24", "192.0.2.1", "192.0.3.1", false},
	{"same /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
	{"other /64 of a /48", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
	{"other /48", "2001:db8:1::1", "2001:db8:2::1", false},
	{"IPv4 and IPv6", "192.0.2.1", "::ffff:192.0.2.1", false},
	{"no address", "", "", true},
	{"unreadable", "unix:", "unix:", true},
};

static void
networks_count_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		struct throttle_keys keys = {0};

		memset(throttle, 0, throttle_size());
		for (int j = 0; j < NETWORK; j++) {
			char user[16];

			(void)snprintf(user, sizeof(user), "user%d", j);
			keys = keys_of(user, networks[i].one);
			check(throttle_charge(throttle, &keys, NOW) == 0, networks[i].name);
		}
		keys = keys_of("another", networks[i].other);
		check((throttle_charge(throttle, &keys, NOW) > 0) == networks[i].together,
		      networks[i].name);
	}
}

/* A /48 has four times the limit of one of its /64. */
static void
a_whole_48(void **state)
{
	struct throttle_keys keys = {0};

	(void)state;
	for (int i = 0; i < 4 * NETWORK; i++) {
		char user[16], address[40];

		(void)snprintf(user, sizeof(user), "user%d", i);
		(void)snprintf(address, sizeof(address), "2001:db8:1:%x::1", i);
		keys = keys_of(user, address);
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
	}
	keys = keys_of("another", "2001:db8:1:ffff::1");
	assert_int_equal(throttle_charge(throttle, &keys, NOW), 1);
}

static void
accounts_are_of_realms(void **state)
{
	struct throttle_keys one, other;

	(void)state;
	throttle_keys_for(&one, 1, "alice", "", LIMIT, NETWORK);
	throttle_keys_for(&other, 2, "alice", "", LIMIT, NETWORK);
	assert_true(one.key[0].hash != other.key[0].hash);
	throttle_keys_known(&other, (const uint8_t *)"alice", 5);
	assert_int_equal(other.count, 1);
	assert_int_equal(other.key[0].limit, THROTTLE_KNOWN_LIMIT);
	assert_true(one.key[0].hash != other.key[0].hash);
}

/* No charge is lost between processes, and none is counted twice. */
static void
many_processes(void **state)
{
	const struct throttle_keys keys = {.key = {{.hash = 7, .limit = 100}}, .count = 1};

	(void)state;
	for (int i = 0; i < RUNNERS; i++) {
		if (fork() != 0)
			continue;
		for (int j = 0; j < ROUNDS; j++) {
			if (throttle_charge(throttle, &keys, NOW) != 0)
				_exit(1);
			throttle_refund(throttle, &keys, NOW);
		}
		_exit(throttle_charge(throttle, &keys, NOW) == 0 ? 0 : 1);
	}
	for (int i = 0; i < RUNNERS; i++) {
		int status = 1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	/* RUNNERS charges are left */
	for (int i = 0; i < 100 - RUNNERS; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
	assert_int_equal(throttle_charge(throttle, &keys, NOW), 1);
}

#define throttle_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

/* User codes have keys of their own: the browser's and the networks'. */
static void
codes_apart_from_signins(void **state)
{
	static const uint8_t browser[32] = {1}, another[32] = {2};
	struct throttle_keys keys, other, far, signin = keys_of("alice", "192.0.2.1");

	(void)state;
	throttle_keys_code(&keys, browser, "192.0.2.1", LIMIT, NETWORK);
	throttle_keys_code(&other, another, "192.0.2.99", LIMIT, NETWORK);
	throttle_keys_code(&far, browser, "2001:db8::1", LIMIT, NETWORK);
	assert_int_equal(keys.count, 2);
	assert_int_equal(far.count, 3);
	check(keys.key[0].limit == LIMIT && keys.key[1].limit == NETWORK, "limits");
	check(keys.key[0].hash != other.key[0].hash, "browsers differ");
	check(keys.key[0].hash == far.key[0].hash, "wherever it is");
	check(keys.key[1].hash == other.key[1].hash, "the same network");
	for (size_t i = 0; i < signin.count; i++)
		check(signin.key[i].hash != keys.key[1].hash, "not that of sign-ins");
	for (int i = 0; i < LIMIT; i++)
		assert_int_equal(throttle_charge(throttle, &keys, NOW), 0);
	assert_int_equal(throttle_charge(throttle, &keys, NOW), 1);
	assert_int_equal(throttle_charge(throttle, &other, NOW), 0);
	assert_int_equal(throttle_charge(throttle, &signin, NOW), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		throttle_test(codes_apart_from_signins),
		throttle_test(waits_double),
		throttle_test(waits_are_bounded),
		throttle_test(time_forgets),
		throttle_test(a_clock_that_goes_back),
		throttle_test(bound_of_many),
		throttle_test(busy_network),
		throttle_test(refunds),
		throttle_test(refused_attempts_cost_nothing),
		throttle_test(networks_count_together),
		throttle_test(a_whole_48),
		throttle_test(accounts_are_of_realms),
		throttle_test(many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
