/* SPDX-License-Identifier: ISC */
/*
 * The broker from the worker's side: what it hears, and every way in which it hears nothing.
 */
#include "core/port/broker.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/deadline.h"
#include "tests/core/base/check.h"

#define SLOW_MS  700
#define LIMIT_MS (BROKER_WAIT_MS + 200)

static const char *const service[] = {"s"};
static const struct broker_request poll_request = {.kind = BROKER_POLL, .wait_ms = 100};
static const struct broker_request lookup_request = {
	.kind = BROKER_LOOKUP, .services = {service, 1}, .username = "alice"};

/* ---- the other side ---- */

static void
answer_well(int fd)
{
	const struct broker_state state = {.status = BROKER_GONE};
	const struct broker_answer answer = {.found = BROKER_NONE, .why = "nobody"};
	uint8_t packet[BROKER_PACKET_MAX];
	ssize_t got = read(fd, packet, sizeof(packet));
	size_t size;

	if (got < 1)
		_exit(1);
	size = packet[0] == BROKER_LOOKUP ? broker_write_answer(packet, &answer)
					  : broker_write_state(packet, &state);
	(void)!write(fd, packet, size);
}

static void
answer_nothing(int fd)
{
	(void)fd;
}

static void
answer_garbage(int fd)
{
	(void)!write(fd, "C\2", 2);
}

static void
answer_empty(int fd)
{
	(void)!write(fd, "", 0);
}

static void
answer_late(int fd)
{
	deadline_sleep_ms(INT64_MAX, SLOW_MS);
	answer_well(fd);
}

static void
answer_too_much(int fd)
{
	static uint8_t packet[BROKER_PACKET_MAX + 1] = "C\1t\0\4\0\0\0\3";

	(void)!write(fd, packet, sizeof(packet));
}

/* One that takes one connection. */
static pid_t
serve(const char *path, void (*answer)(int fd))
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pid_t pid;

	memcpy(address.sun_path, path, strlen(path));
	(void)unlink(path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 5), 0);
	pid = fork();
	if (pid == 0) {
		int fd = accept(listener, NULL, NULL);

		answer(fd);
		_exit(0);
	}
	close(listener);
	return pid;
}

static char *
socket_path(struct arena *arena)
{
	return arena_printf(arena, "/tmp/test_broker.%ld", (long)getpid());
}

static void
what_is_heard(void **state)
{
	static const struct {
		const char *name;
		void (*answer)(int fd);
		bool fine;
	} cases[] = {
		{"an answer", answer_well, true},
		{"nothing", answer_nothing, false},
		{"an empty packet", answer_empty, false},
		{"another version", answer_garbage, false},
		{"too late", answer_late, false},
		{"more than a packet", answer_too_much, false},
	};
	char *path = socket_path(*state);
	const struct broker broker = broker_at(path);

	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		const char *name = cases[i / 2].name;
		pid_t pid = serve(path, cases[i / 2].answer);
		int64_t begin = deadline_now_ms();
		struct broker_answer answer;
		struct broker_state said;
		int result;

		if (i % 2 == 0)
			result = broker.converse(broker.context, *state, &poll_request, &said);
		else
			result = broker.lookup(broker.context, *state, &lookup_request, &answer);
		check((result == 0) == cases[i / 2].fine, name);
		check(deadline_now_ms() - begin < LIMIT_MS + 250, name);
		if (result == 0 && i % 2 == 0)
			check(said.status == BROKER_GONE, name);
		if (result == 0 && i % 2 == 1)
			check_text(answer.why, "nobody", name);
		waitpid(pid, NULL, 0);
	}
	(void)unlink(path);
}

static void
nobody_is_there(void **state)
{
	char *long_path = memset(arena_alloc(*state, 200), 'x', 199);
	const char *const paths[] = {"", "/nonexistent/socket", "/", long_path};

	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct broker broker = broker_at(paths[i]);
		struct broker_answer answer;
		struct broker_state said;

		check(broker.converse(broker.context, *state, &poll_request, &said) == -1,
		      paths[i]);
		check(broker.lookup(broker.context, *state, &lookup_request, &answer) == -1,
		      paths[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(what_is_heard),
		arena_test(nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
