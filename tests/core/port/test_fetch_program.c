/* SPDX-License-Identifier: ISC */
/*
 * ostiary-fetch from the worker's side: every way in which a service or a program of one's own can
 * fail. This program is the started one, too: the path of the configuration says how it behaves.
 */
#include "core/port/fetch_program.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/deadline.h"
#include "core/base/str.h"
#include "core/port/gate.h"
#include "tests/lib/request_tx.h"

#define URL       "https://client.example/document"
#define BODY_SIZE 40000

static char program[4096]; /* of this test */

/* ---- the other side ---- */

static void
say(int fd, const struct fetch_wire_answer *answer, size_t body)
{
	uint8_t packet[FETCH_PACKET_MAX];

	(void)!write(fd, packet, fetch_wire_write_answer(packet, answer));
	memset(packet, 'x', sizeof(packet));
	for (size_t part; body > 0; body -= part) {
		part = body < sizeof(packet) ? body : sizeof(packet);
		(void)!write(fd, packet, part);
	}
}

static void
answer_well(int fd)
{
	const struct fetch_wire_answer answer = {FETCH_WIRE_OK, 200, BODY_SIZE, 60,
						 "text/plain",  NULL};

	say(fd, &answer, BODY_SIZE);
}

static void
answer_nothing(int fd)
{
	(void)fd;
}

static void
answer_garbage(int fd)
{
	(void)!write(fd, "A\2", 2);
}

static void
answer_too_little(int fd)
{
	const struct fetch_wire_answer answer = {FETCH_WIRE_OK, 200, 100, -1, NULL, NULL};

	say(fd, &answer, 99);
}

static void
answer_too_much(int fd)
{
	const struct fetch_wire_answer answer = {FETCH_WIRE_OK, 200, 100, -1, NULL, NULL};

	say(fd, &answer, 101);
}

static void
answer_failure(int fd)
{
	const struct fetch_wire_answer answer = {FETCH_WIRE_FAILED, 0, 0, -1, NULL, "no route"};

	say(fd, &answer, 0);
}

static void
answer_refusal(int fd)
{
	const struct fetch_wire_answer answer = {FETCH_WIRE_REFUSED, 0, 0, -1, NULL, "private"};

	say(fd, &answer, 0);
}

static void
answer_never(int fd)
{
	(void)fd;
	pause();
}

static size_t
open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count - 3; /* ".", ".." and the folder itself */
}

/* What a started program must not have: an environment, signals held back, others' files. */
static void
answer_what_it_has(int fd)
{
	struct fetch_wire_answer answer = {FETCH_WIRE_FAILED, 0, 0, -1, NULL, "nothing"};
	struct sigaction action;
	sigset_t held;

	sigprocmask(SIG_BLOCK, NULL, &held);
	sigaction(SIGPIPE, NULL, &action);
	if (environ[0] != NULL)
		answer.why = "an environment";
	else if (sigismember(&held, SIGTERM) || action.sa_handler != SIG_DFL)
		answer.why = "signals";
	else if (open_files() > 3)
		answer.why = "files";
	say(fd, &answer, 0);
}

static const struct way {
	const char *name;
	void (*answer)(int fd);
	enum fetch_verdict verdict;
	bool late; /* the whole wait is spent */
	const char *why;
} ways[] = {
	{"well", answer_well, FETCH_OK, false, NULL},
	{"nothing", answer_nothing, FETCH_BUSY, false, "ostiary-fetch gave no answer; see its log"},
	{"garbage", answer_garbage, FETCH_BUSY, false, "ostiary-fetch is of another version"},
	{"too little", answer_too_little, FETCH_BUSY, false, "ostiary-fetch broke off"},
	{"too much", answer_too_much, FETCH_BUSY, false, "ostiary-fetch broke off"},
	{"failure", answer_failure, FETCH_FAILED, false, "no route"},
	{"refusal", answer_refusal, FETCH_REFUSED, false, "private"},
	{"never", answer_never, FETCH_FAILED, true, "it took too long"},
};

/* Reads the request, which must be the one of ask(). */
static void
play(const struct way *way, int fd)
{
	uint8_t packet[FETCH_PACKET_MAX];
	struct arena *arena = arena_new(65536);
	struct fetch_wire_request request;
	ssize_t got = recv(fd, packet, sizeof(packet), 0);

	if (got <= 0 || fetch_wire_read_request(arena, packet, (size_t)got, &request) != 0 ||
	    !str_equal(request.url, URL) || !str_equal(request.accept, "text/plain") ||
	    request.max != 50000)
		_exit(1);
	way->answer(fd);
	_exit(0);
}

static void
play_program(const char *name)
{
	static const struct way has = {.answer = answer_what_it_has};

	if (str_equal(name, "has"))
		play(&has, STDIN_FILENO);
	for (size_t i = 0; i < COUNT(ways); i++) {
		if (str_equal(ways[i].name, name))
			play(&ways[i], STDIN_FILENO);
	}
	_exit(1);
}

/* ---- our side ---- */

static enum fetch_verdict
ask(struct fetched *fetched)
{
	const struct fetch_request request = {URL, "text/plain", 50000};

	t.provider.fetcher = fetch_program(t.arena, &t.conf);
	return fetch_get(&t.tx, &request, fetched);
}

static void
check_way(const struct way *way)
{
	int64_t begun = deadline_now_ms();
	struct fetched fetched;
	enum fetch_verdict verdict = ask(&fetched);
	int64_t took = deadline_now_ms() - begun;

	if (verdict != way->verdict)
		fail_msg("%s: verdict %d (%s)", way->name, verdict, fetched.why);
	check_text(fetched.why, way->why, way->name);
	check(took < FETCH_WAIT_MS + 500, way->name);
	check((took >= FETCH_WAIT_MS - 1) == way->late, way->name);
	if (verdict != FETCH_OK)
		return;
	check(fetched.status == 200 && fetched.max_age == 60, way->name);
	check_text(fetched.type, "text/plain", way->name);
	check(fetched.size == BODY_SIZE && strlen(fetched.body) == BODY_SIZE, way->name);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void
the_service(void **state)
{
	char folder[] = "/tmp/ostiary-fetch.XXXXXX";
	const char *path;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	t.conf.fetch_socket = path = arena_printf(t.arena, "%s/s", folder);
	fd = listen_at(path);
	for (size_t i = 0; i < COUNT(ways); i++) {
		pid_t child = fork();

		if (child == 0)
			play(&ways[i], accept(fd, NULL, NULL));
		check_way(&ways[i]);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(fd);
	unlink(path);
	rmdir(folder);
}

static void
no_service(void **state)
{
	static const char *const paths[] = {
		"/nonexistent/socket",
		"/dev/null",
		"/a/path/that/is/longer/than/the/address/of/a/socket/can/be/which/is/one/hundred/"
		"and/eight/bytes/with/its/end",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct fetched fetched;

		t.conf.fetch_socket = paths[i];
		check(ask(&fetched) == FETCH_BUSY, paths[i]);
		check(strstr(fetched.why, "is ostiary-fetch there?") != NULL, paths[i]);
	}
}

static void
a_program_of_ones_own(void **state)
{
	(void)state;
	t.conf.fetch_socket = "";
	t.conf.fetch_program = program;
	for (size_t i = 0; i < COUNT(ways); i++) {
		t.conf.path = ways[i].name;
		check_way(&ways[i]);
		/* and nothing is left of it */
		check(waitpid(-1, NULL, WNOHANG) == -1, ways[i].name);
	}
}

static void
a_started_program_has_nothing_of_ours(void **state)
{
	int theirs = open("/dev/null", O_RDONLY); /* not closed by itself */
	struct fetched fetched;
	sigset_t held, before;

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	sigfillset(&held);
	sigprocmask(SIG_BLOCK, &held, &before);
	signal(SIGPIPE, SIG_IGN);
	t.conf.fetch_socket = "";
	t.conf.fetch_program = program;
	t.conf.path = "has";
	assert_int_equal(ask(&fetched), FETCH_FAILED);
	assert_string_equal(fetched.why, "nothing");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(theirs);
}

static void
no_program(void **state)
{
	struct fetched fetched;

	(void)state;
	t.conf.fetch_socket = "";
	t.conf.fetch_program = "/nonexistent/ostiary-fetch";
	t.conf.path = "well";
	assert_int_equal(ask(&fetched), FETCH_BUSY);
	/* under valgrind a copy of the process starts it, and cannot tell */
	if (str_empty(getenv("TEST_WRAPPER")))
		assert_non_null(strstr(fetched.why, "No such file"));
}

static void
what_is_not_even_asked(void **state)
{
	const struct fetch_request plain = {"http://client.example/", NULL, 1};
	const struct fetch_request fine = {URL, NULL, 1};
	int64_t words[2 * GATE_SLOTS] = {1, deadline_now_ms() + GATE_WAIT_MS - 1000};
	struct fetched fetched;

	(void)state;
	t.provider.fetcher = NULL;
	assert_int_equal(fetch_get(&t.tx, &plain, &fetched), FETCH_REFUSED);
	assert_int_equal(fetch_get(&t.tx, &fine, &fetched), FETCH_BUSY);
	/* the gate is full */
	t.conf.fetch_socket = "";
	t.conf.fetch_program = program;
	t.conf.path = "well";
	t.provider.gate = gate_new(words);
	assert_int_equal(ask(&fetched), FETCH_BUSY);
	assert_string_equal(fetched.why,
			    "a quarter of the workers waits for other servers already");
	words[1] = 0;
	assert_int_equal(ask(&fetched), FETCH_OK);
	assert_int_equal(gate_count(t.provider.gate).waiting, 0);
	gate_free(t.provider.gate);
}

int
main(int count, char **argument)
{
	const struct CMUnitTest tests[] = {
		tx_test(the_service),
		tx_test(no_service),
		tx_test(a_program_of_ones_own),
		tx_test(a_started_program_has_nothing_of_ours),
		tx_test(no_program),
		tx_test(what_is_not_even_asked),
	};

	if (count == 4 && str_equal(argument[1], "--once") && str_equal(argument[2], "--config"))
		play_program(argument[3]);
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
