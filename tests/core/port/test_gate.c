/* SPDX-License-Identifier: ISC */
/*
 * The gate with real processes: how many may wait, and what becomes of one that is killed.
 */
#include "core/port/gate.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "core/base/deadline.h"
#include "tests/core/base/check.h"

#define WORKERS_MAX 16
#define ROUNDS      300

static struct {
	void *mapping;
	pid_t child[WORKERS_MAX];
	int order[WORKERS_MAX][2], reply[WORKERS_MAX][2];
	size_t children;
} own;

static int
begin(void **state)
{
	(void)state;
	memset(&own, 0, sizeof(own));
	own.mapping =
		mmap(NULL, gate_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(own.mapping != MAP_FAILED);
	return 0;
}

static void
kill_worker(size_t i)
{
	if (own.child[i] == 0)
		return;
	kill(own.child[i], SIGKILL);
	waitpid(own.child[i], NULL, 0);
	own.child[i] = 0;
}

static int
end(void **state)
{
	(void)state;
	for (size_t i = 0; i < own.children; i++) {
		kill_worker(i);
		close(own.order[i][1]);
		close(own.reply[i][0]);
	}
	munmap(own.mapping, gate_size());
	return 0;
}

/* A worker enters and leaves as it is told, and says 'y' or 'n'. */
static void
work(size_t i)
{
	struct gate *gate = gate_new(own.mapping);
	char order, reply = 'y';

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!write(own.reply[i][1], &reply, 1);
	while (read(own.order[i][0], &order, 1) == 1 && order != 'q') {
		reply = 'y';
		if (order == 'e')
			reply = gate_enter(gate) ? 'y' : 'n';
		else
			gate_leave(gate);
		(void)!write(own.reply[i][1], &reply, 1);
	}
	gate_free(gate);
	_exit(0);
}

static char
reply_of(size_t i)
{
	char reply = '?';

	assert_int_equal(read(own.reply[i][0], &reply, 1), 1);
	return reply;
}

static char
tell(size_t i, char order)
{
	assert_int_equal(write(own.order[i][1], &order, 1), 1);
	return reply_of(i);
}

static void
start_workers(size_t count)
{
	for (; count > 0; count--) {
		size_t i = own.children++;

		assert_int_equal(pipe(own.order[i]), 0);
		assert_int_equal(pipe(own.reply[i]), 0);
		own.child[i] = fork();
		assert_true(own.child[i] >= 0);
		if (own.child[i] == 0)
			work(i);
		close(own.order[i][0]);
		close(own.reply[i][1]);
		assert_int_equal(reply_of(i), 'y');
	}
}

static void
a_quarter_may_wait(void **state)
{
	static const struct {
		const char *name;
		size_t workers, may;
	} cases[] = {
		{"one alone", 1, 1}, {"three", 3, 1},    {"four", 4, 1},     {"seven", 7, 1},
		{"eight", 8, 2},     {"fifteen", 15, 3}, {"sixteen", 16, 4},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t entered = 0;

		assert_int_equal(begin(state), 0);
		start_workers(cases[i].workers);
		for (size_t w = 0; w < cases[i].workers; w++)
			entered += tell(w, 'e') == 'y';
		check(entered == cases[i].may, cases[i].name);
		assert_int_equal(end(state), 0);
	}
}

static void
who_leaves_makes_room(void **state)
{
	(void)state;
	start_workers(2);
	assert_int_equal(tell(0, 'e'), 'y');
	assert_int_equal(tell(1, 'e'), 'n');
	/* entered twice, left once: it waits still */
	assert_int_equal(tell(0, 'e'), 'y');
	tell(0, 'l');
	assert_int_equal(tell(1, 'e'), 'n');
	tell(0, 'l');
	assert_int_equal(tell(1, 'e'), 'y');
}

static void
who_is_killed_makes_room(void **state)
{
	(void)state;
	start_workers(4);
	assert_int_equal(tell(0, 'e'), 'y');
	assert_int_equal(tell(1, 'e'), 'n');
	kill_worker(0);
	assert_int_equal(tell(1, 'e'), 'y');
}

static void
slots_are_used_again(void **state)
{
	struct gate *gate = gate_new(own.mapping);
	struct gate_count count;

	(void)state;
	start_workers(3);
	count = gate_count(gate);
	assert_int_equal(count.workers, 4);
	assert_int_equal(count.waiting, 0);
	assert_int_equal(tell(1, 'e'), 'y');
	assert_int_equal(gate_count(gate).waiting, 1);
	kill_worker(1);
	count = gate_count(gate);
	assert_int_equal(count.workers, 3);
	assert_int_equal(count.waiting, 0);
	start_workers(1);
	count = gate_count(gate);
	assert_int_equal(count.workers, 4);
	/* the dead one's slot, and its waiting went with it */
	assert_int_equal(((int64_t *)own.mapping)[2 * 2], own.child[3]);
	assert_int_equal(count.waiting, 0);
	gate_free(gate);
	assert_int_equal(((int64_t *)own.mapping)[0], 0);
}

static void
waiting_ends_by_itself(void **state)
{
	static const struct {
		const char *name;
		int64_t until; /* from now, milliseconds */
		bool may;
	} cases[] = {
		{"it waits", GATE_WAIT_MS - 1000, false},
		{"its time is over", 0, true},
		{"from before the host was started", GATE_WAIT_MS + 60000, true},
	};
	int64_t *words = own.mapping;

	(void)state;
	/* process 1 is always there: a stranger with the number of a dead worker */
	words[0] = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate *gate = gate_new(own.mapping);

		words[1] = deadline_now_ms() + cases[i].until;
		check(gate_enter(gate) == cases[i].may, cases[i].name);
		gate_free(gate);
	}
}

static void
without_a_slot_nobody_waits(void **state)
{
	int64_t *words = own.mapping;
	struct gate *gate;

	(void)state;
	for (size_t i = 0; i < GATE_SLOTS; i++)
		words[2 * i] = 1;
	gate = gate_new(own.mapping);
	assert_false(gate_enter(gate));
	gate_free(gate);
}

static void
the_command_line_may_always(void **state)
{
	(void)state;
	assert_true(gate_enter(NULL));
	gate_leave(NULL);
	gate_free(NULL);
}

static void
leave_without_entering(void)
{
	gate_leave(gate_new(own.mapping));
}

static void
leaving_too_often_is_a_bug(void **state)
{
	(void)state;
	assert_true(aborts(leave_without_entering));
}

struct crowd {
	_Atomic int inside, most, entered;
};

static void
push_in(struct crowd *crowd)
{
	struct gate *gate = gate_new(own.mapping);

	for (int i = 0; i < ROUNDS; i++) {
		if (!gate_enter(gate))
			continue;
		int now = atomic_fetch_add(&crowd->inside, 1) + 1;
		int most = atomic_load(&crowd->most);

		while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
			;
		atomic_fetch_add(&crowd->entered, 1);
		sched_yield();
		atomic_fetch_sub(&crowd->inside, 1);
		gate_leave(gate);
	}
	/* its slot stays, so that the pool has one size */
	pause();
}

static void
a_crowd_never_exceeds_it(void **state)
{
	struct crowd *crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t deadline = deadline_now_ms() + 20000;

	(void)state;
	assert_true(crowd != MAP_FAILED);
	start_workers(8); /* they only count */
	for (size_t i = 0; i < 8; i++) {
		own.child[own.children] = fork();
		if (own.child[own.children] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			push_in(crowd);
		}
		own.order[own.children][1] = own.reply[own.children][0] = -1;
		own.children++;
	}
	while (atomic_load(&crowd->entered) < ROUNDS && deadline_left_ms(deadline) > 0)
		sched_yield();
	assert_true(atomic_load(&crowd->entered) >= ROUNDS);
	assert_in_range(atomic_load(&crowd->most), 1, 4);
	munmap(crowd, sizeof(*crowd));
}

#define gate_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarter_may_wait),   gate_test(who_leaves_makes_room),
		gate_test(who_is_killed_makes_room),    gate_test(slots_are_used_again),
		gate_test(waiting_ends_by_itself),      gate_test(without_a_slot_nobody_waits),
		gate_test(the_command_line_may_always), gate_test(leaving_too_often_is_a_bug),
		gate_test(a_crowd_never_exceeds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
