/* SPDX-License-Identifier: ISC */
/*
 * Asks ostiary-pamd over its socket. The broker answers within BROKER_WAIT_MS; whoever hears
 * nothing a little later goes on without it.
 */
#include "core/port/broker.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/base/str.h"

#define PATIENCE_MS (BROKER_WAIT_MS + 200)
#define LOOKS_MAX   40

static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);
	int fd;

	if (size == 0 || size >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, size + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The answer's size, or 0 when none comes in time. */
static size_t
receive(int fd, uint8_t *packet)
{
	int64_t deadline = deadline_now_ms() + PATIENCE_MS;

	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int left = deadline_left_ms(deadline);
		ssize_t got;

		if (left == 0)
			return 0;
		if (poll(&poll_fd, 1, left) <= 0)
			continue;
		got = recv(fd, packet, BROKER_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);
		if (got >= 0)
			return got <= BROKER_PACKET_MAX ? (size_t)got : 0;
		if (errno != EINTR && errno != EAGAIN)
			return 0;
	}
}

/* Sends the request in the packet and puts the answer in its place: the request held secrets. The
 * sanitizers' checks make compilers think of a packet that is NULL, which an arena never gives. */
__attribute__((nonnull)) static size_t
exchange(const char *path, uint8_t *packet, const struct broker_request *request)
{
	size_t size = broker_write_request(packet, request);
	int fd = size > 0 ? connect_to(path) : -1;
	bool sent = fd >= 0 && send(fd, packet, size, MSG_NOSIGNAL) == (ssize_t)size;

	explicit_bzero(packet, size);
	size = sent ? receive(fd, packet) : 0;
	if (fd >= 0)
		close(fd);
	return size;
}

static int
converse(const void *context, struct arena *arena, const struct broker_request *request,
	 struct broker_state *state)
{
	uint8_t *packet = arena_alloc(arena, BROKER_PACKET_MAX);
	size_t size = exchange(context, packet, request);

	return size > 0 ? broker_read_state(arena, packet, size, state) : -1;
}

static int
lookup(const void *context, struct arena *arena, const struct broker_request *request,
       struct broker_answer *answer)
{
	uint8_t *packet = arena_alloc(arena, BROKER_PACKET_MAX);
	size_t size = exchange(context, packet, request);

	return size > 0 ? broker_read_answer(arena, packet, size, answer) : -1;
}

int
broker_look_patiently(const struct broker *broker, struct arena *arena,
		      const struct broker_request *request, struct broker_answer *answer)
{
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		int64_t begun = deadline_now_ms();

		if (broker->lookup(broker->context, arena, request, answer) != 0)
			return -1;
		/* a slow service has its answer ready at the next; one that is down says so at once
		 */
		if (answer->found != BROKER_DOWN || deadline_now_ms() - begun < BROKER_SPENT_MS)
			break;
	}
	return 0;
}

struct broker
broker_at(const char *path)
{
	return (struct broker){converse, lookup, path};
}
