/* SPDX-License-Identifier: ISC */
/*
 * Look-ups. Workers wait a moment only and ask again: the same question joins the one that runs,
 * and an answer that came too late waits a while for being asked once more.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "pamd/server_parts.h"

#define LOOKUP_MEMORY ((size_t)1 << 20)

static const struct broker_answer no_room = {
	.found = BROKER_DOWN,
	.why = "too many look-ups at once",
};
static const struct broker_answer broke_off = {
	.found = BROKER_DOWN,
	.why = "the service broke off or took too long",
};

static void
forget(struct server *server, struct lookup *lookup)
{
	if (lookup->fd >= 0)
		close(lookup->fd);
	children_kill(server->children, lookup->child);
	arena_free(lookup->arena);
	*lookup = (struct lookup){.fd = -1};
}

/* Tells all who wait. Whether anybody heard it. */
static bool
tell_all(struct server *server, struct lookup *lookup, const struct broker_answer *answer)
{
	bool heard = false;

	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].lookup == lookup &&
		    client_tell_answer(server, &server->client[i], answer))
			heard = true;
	}
	return heard;
}

static bool
is_same(const struct lookup *lookup, const struct broker_request *request)
{
	return lookup->arena && str_equal(lookup->request.username, request->username) &&
	       str_equal(lookup->request.key, request->key) &&
	       str_equal(lookup->request.services.text[0], request->services.text[0]);
}

/* A free place, else that of the oldest answer that nobody came for. */
static struct lookup *
find_room(struct server *server)
{
	struct lookup *oldest = NULL;

	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++) {
		struct lookup *lookup = &server->lookup[i];

		if (!lookup->arena)
			return lookup;
		if (lookup->fd < 0 && (!oldest || lookup->until_ms < oldest->until_ms))
			oldest = lookup;
	}
	if (oldest)
		forget(server, oldest);
	return oldest;
}

static void
begin(struct server *server, const struct received *received)
{
	struct lookup *lookup = find_room(server);
	const struct broker_request *request = &received->request;
	pid_t child = 0;
	int fd = lookup ? server_start_child(server, work_lookup, received, &child) : -1;
	const char **service;

	if (fd < 0) {
		log_event(server->log, LOG_LEVEL_WARN, "too_many_lookups", NULL);
		(void)client_tell_answer(server, received->client, &no_room);
		return;
	}
	*lookup = (struct lookup){.arena = arena_new(LOOKUP_MEMORY), .fd = fd, .child = child};
	service = arena_alloc(lookup->arena, sizeof(*service));
	*service = arena_strdup(lookup->arena, request->services.text[0]);
	lookup->request.services = (struct broker_texts){service, 1};
	lookup->request.username = arena_strdup(lookup->arena, request->username);
	lookup->request.key = arena_strdup(lookup->arena, request->key);
	lookup->until_ms = deadline_now_ms() + server->settings->prove_seconds * 1000;
	received->client->lookup = lookup;
}

void
lookup_request(struct server *server, const struct received *received)
{
	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++) {
		struct lookup *lookup = &server->lookup[i];

		if (!is_same(lookup, &received->request))
			continue;
		received->client->lookup = lookup;
		if (lookup->fd < 0 && tell_all(server, lookup, &lookup->answer))
			forget(server, lookup);
		return;
	}
	begin(server, received);
}

void
lookup_ready(struct server *server, struct lookup *lookup)
{
	ssize_t got;

	if (lookup->fd < 0)
		return;
	got = recv(lookup->fd, server->in, sizeof(server->in), MSG_TRUNC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || (size_t)got > BROKER_PACKET_MAX ||
	    broker_read_answer(lookup->arena, server->in, (size_t)got, &lookup->answer) != 0) {
		(void)tell_all(server, lookup, &broke_off);
		forget(server, lookup);
	} else if (tell_all(server, lookup, &lookup->answer)) {
		forget(server, lookup);
	} else {
		close(lookup->fd);
		lookup->fd = -1;
		children_kill_at(server->children, lookup->child,
				 deadline_now_ms() + SERVER_LAST_MS);
		lookup->child = 0;
		lookup->until_ms = deadline_now_ms() + SERVER_LOOKUP_KEEPS * INT64_C(1000);
	}
	explicit_bzero(server->in, sizeof(server->in));
}

int64_t
lookup_tick(struct server *server, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < SERVER_LOOKUPS_MAX; i++) {
		struct lookup *lookup = &server->lookup[i];

		if (!lookup->arena)
			continue;
		if (lookup->until_ms <= now) {
			(void)tell_all(server, lookup, &broke_off);
			forget(server, lookup);
		} else if (lookup->until_ms < next) {
			next = lookup->until_ms;
		}
	}
	return next;
}
