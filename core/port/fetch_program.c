/* SPDX-License-Identifier: ISC */
/*
 * Asks ostiary-fetch and waits for the answer, no longer than FETCH_WAIT_MS. A program of one's own
 * is started without a shell, with no environment, and with nothing open but its end of a socket;
 * it is killed when its time is over.
 */
#include "core/port/fetch_program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/base/str.h"
#include "core/conf/conf.h"

#define FIRST_OTHER_FD 3 /* standard input is the socket; output and errors stay */

struct program {
	struct fetcher fetcher;
	const struct conf *conf;
};

struct exchange {
	struct arena *arena;
	struct fetched *fetched;
	int fd;
	pid_t child; /* 0: the service answers */
	int64_t deadline;
};

static enum fetch_verdict
give_up(struct exchange *exchange, enum fetch_verdict verdict, const char *why)
{
	exchange->fetched->why = why;
	return verdict;
}

static int
connect_service(struct exchange *exchange, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);

	if (size >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, size + 1);
	exchange->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (exchange->fd < 0)
		return -1;
	return connect(exchange->fd, (const struct sockaddr *)&address, sizeof(address));
}

/* What the child gets: its end of the socket as standard input, no handler or mask of ours. */
static int
spawn(struct exchange *exchange, const struct conf *conf, int theirs)
{
	char *const environment[] = {NULL};
	/* posix_spawn() changes none of them, but its type does not say so */
	char *const argument[] = {
		arena_strdup(exchange->arena, conf->fetch_program),
		arena_strdup(exchange->arena, "--once"),
		arena_strdup(exchange->arena, "--config"),
		arena_strdup(exchange->arena, conf->path),
		NULL,
	};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, theirs, STDIN_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, FIRST_OTHER_FD);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

	error = posix_spawn(&exchange->child, argument[0], &files, &attributes, argument,
			    environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static int
start_program(struct exchange *exchange, const struct conf *conf)
{
	int pair[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	exchange->fd = pair[0];
	error = spawn(exchange, conf, pair[1]);
	close(pair[1]);
	if (error == 0)
		return 0;
	exchange->child = 0;
	errno = error;
	return -1;
}

static void
end(struct exchange *exchange)
{
	if (exchange->fd >= 0)
		close(exchange->fd);
	if (exchange->child == 0)
		return;
	(void)kill(exchange->child, SIGKILL);
	while (waitpid(exchange->child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The next packet's size; 0: the other side is gone; -1: the time is over. */
static ssize_t
receive(struct exchange *exchange, uint8_t *packet)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = exchange->fd, .events = POLLIN};
		int left = deadline_left_ms(exchange->deadline);
		ssize_t got;

		if (left == 0)
			return -1;
		if (poll(&poll_fd, 1, left) <= 0)
			continue;
		got = recv(exchange->fd, packet, FETCH_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);
		if (got >= 0)
			return got;
		if (errno != EINTR && errno != EAGAIN)
			return 0;
	}
}

static enum fetch_verdict
receive_body(struct exchange *exchange, size_t size)
{
	char *body = arena_alloc(exchange->arena, size + 1);
	uint8_t packet[FETCH_PACKET_MAX];
	size_t have = 0;

	while (have < size) {
		ssize_t got = receive(exchange, packet);

		if (got < 0)
			return give_up(exchange, FETCH_FAILED, "it took too long");
		if (got == 0 || got > FETCH_PACKET_MAX || (size_t)got > size - have)
			return give_up(exchange, FETCH_BUSY, "ostiary-fetch broke off");
		memcpy(body + have, packet, (size_t)got);
		have += (size_t)got;
	}
	exchange->fetched->body = body;
	exchange->fetched->size = size;
	return FETCH_OK;
}

static enum fetch_verdict
receive_answer(struct exchange *exchange)
{
	static const enum fetch_verdict verdicts[FETCH_WIRE_VERDICTS] = {
		[FETCH_WIRE_OK] = FETCH_OK,
		[FETCH_WIRE_REFUSED] = FETCH_REFUSED,
		[FETCH_WIRE_FAILED] = FETCH_FAILED,
		[FETCH_WIRE_BUSY] = FETCH_BUSY,
	};
	struct fetched *fetched = exchange->fetched;
	uint8_t packet[FETCH_PACKET_MAX];
	struct fetch_wire_answer answer;
	ssize_t got = receive(exchange, packet);

	if (got < 0)
		return give_up(exchange, FETCH_FAILED, "it took too long");
	if (got == 0)
		return give_up(exchange, FETCH_BUSY, "ostiary-fetch gave no answer; see its log");
	if (fetch_wire_read_answer(exchange->arena, packet, (size_t)got, &answer) != 0)
		return give_up(exchange, FETCH_BUSY, "ostiary-fetch is of another version");
	if (answer.verdict != FETCH_WIRE_OK)
		return give_up(exchange, verdicts[answer.verdict], answer.why);
	fetched->status = (int)answer.status;
	fetched->type = answer.type;
	fetched->max_age = answer.max_age;
	return receive_body(exchange, answer.size);
}

static enum fetch_verdict
ask(struct exchange *exchange, const struct fetch_request *request)
{
	const struct fetch_wire_request wire = {
		.url = request->url,
		.accept = request->accept,
		.max = (uint32_t)request->max,
	};
	uint8_t packet[FETCH_PACKET_MAX];
	size_t size = fetch_wire_write_request(packet, &wire);

	if (send(exchange->fd, packet, size, MSG_NOSIGNAL) != (ssize_t)size)
		return give_up(exchange, FETCH_BUSY, "ostiary-fetch takes no request");
	return receive_answer(exchange);
}

static enum fetch_verdict
get(void *context, struct arena *arena, const struct fetch_request *request,
    struct fetched *fetched)
{
	const struct conf *conf = ((const struct program *)context)->conf;
	bool alone = str_empty(conf->fetch_socket);
	struct exchange exchange = {
		.arena = arena,
		.fetched = fetched,
		.fd = -1,
		.deadline = deadline_now_ms() + FETCH_WAIT_MS,
	};
	enum fetch_verdict verdict;
	int ready = alone ? start_program(&exchange, conf)
			  : connect_service(&exchange, conf->fetch_socket);

	if (ready == 0)
		verdict = ask(&exchange, request);
	else
		verdict = give_up(&exchange, FETCH_BUSY,
				  arena_printf(arena, "%s: %s; is ostiary-fetch there?",
					       alone ? conf->fetch_program : conf->fetch_socket,
					       strerror(errno)));
	end(&exchange);
	return verdict;
}

const struct fetcher *
fetch_program(struct arena *arena, const struct conf *conf)
{
	struct program *program = arena_alloc(arena, sizeof(*program));

	*program = (struct program){.fetcher = {.get = get, .context = program}, .conf = conf};
	return &program->fetcher;
}
