/* SPDX-License-Identifier: ISC */
/*
 * Packets of ostiary-fetch: what is read and written again is read the same, and within its limits.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/port/fetch_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_request(struct arena *arena, const struct fetch_wire_request *request)
{
	uint8_t packet[FETCH_PACKET_MAX];
	struct fetch_wire_request again;
	size_t size = fetch_wire_write_request(packet, request);

	require(size <= sizeof(packet) && request->max <= FETCH_BODY_MAX);
	require(strlen(request->url) <= URI_MAX);
	require(fetch_wire_read_request(arena, packet, size, &again) == 0);
	require(str_equal(again.url, request->url) && str_equal(again.accept, request->accept));
	require(again.max == request->max);
	if (!fetch_url_mistake(arena, request->url))
		require(strncasecmp(request->url, "https:", 6) == 0);
}

static void
check_answer(struct arena *arena, const struct fetch_wire_answer *answer)
{
	uint8_t packet[FETCH_PACKET_MAX];
	struct fetch_wire_answer again;
	size_t size = fetch_wire_write_answer(packet, answer);

	require(size <= sizeof(packet) && answer->size <= FETCH_BODY_MAX);
	require(answer->max_age >= -1 && answer->max_age < UINT32_MAX);
	require(fetch_wire_read_answer(arena, packet, size, &again) == 0);
	require(again.verdict == answer->verdict && again.status == answer->status);
	require(again.size == answer->size && again.max_age == answer->max_age);
	require(str_equal(again.type, answer->type) && str_equal(again.why, answer->why));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct fetch_wire_request request;
	struct fetch_wire_answer answer;

	if (fetch_wire_read_request(arena, data, size, &request) == 0)
		check_request(arena, &request);
	if (fetch_wire_read_answer(arena, data, size, &answer) == 0)
		check_answer(arena, &answer);
	arena_free(arena);
	return 0;
}
