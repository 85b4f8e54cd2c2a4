/* SPDX-License-Identifier: ISC */
/*
 * Packets of ostiary-pamd: what is read is within its limits, and written and read again it is the
 * same. The broker reads what workers send and what its children send, workers read its answers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/port/broker_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_texts(const struct broker_texts *a, const struct broker_texts *b, size_t count, size_t max)
{
	require(a->count == b->count && a->count <= count);
	for (size_t i = 0; i < a->count; i++)
		require(str_equal(a->text[i], b->text[i]) && strlen(a->text[i]) <= max);
}

static void
check_text(const char *a, const char *b, size_t max)
{
	require(str_equal(a, b));
	require(!a || strlen(a) <= max);
}

static void
check_person(const struct broker_person *a, const struct broker_person *b)
{
	check_text(a->username, b->username, BROKER_NAME_MAX);
	check_text(a->key, b->key, BROKER_KEY_MAX);
	check_texts(&a->claims, &b->claims, BROKER_CLAIMS_MAX, BROKER_CLAIM_MAX);
	check_texts(&a->groups, &b->groups, BROKER_GROUPS_MAX, BROKER_GROUP_MAX);
}

static void
check_request(struct arena *arena, const struct broker_request *a)
{
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_request b;
	size_t size = broker_write_request(packet, a);

	require(size > 0 && broker_read_request(arena, packet, size, &b) == 0);
	require(a->kind == b.kind && a->wait_ms == b.wait_ms && a->wait_ms <= BROKER_WAIT_MS);
	require(a->sequence == b.sequence);
	require(memcmp(a->id, b.id, BROKER_ID_SIZE) == 0);
	require(memcmp(a->binding, b.binding, BROKER_BINDING_SIZE) == 0);
	check_texts(&a->services, &b.services, BROKER_SERVICES_MAX, BROKER_SERVICE_MAX);
	check_texts(&a->answers, &b.answers, BROKER_PROMPTS_MAX, BROKER_ANSWER_MAX);
	check_text(a->username, b.username, BROKER_NAME_MAX);
	check_text(a->address, b.address, BROKER_ADDRESS_MAX);
	check_text(a->password, b.password, BROKER_ANSWER_MAX);
	check_text(a->keep, b.keep, BROKER_KEEP_MAX);
	check_text(a->key, b.key, BROKER_KEY_MAX);
	/* what the broker relies on */
	if (a->kind == BROKER_LOOKUP)
		require(a->services.count > 0 && a->username);
	if (a->kind == BROKER_START)
		require(a->address && a->username);
}

static void
check_state(struct arena *arena, const struct broker_state *a)
{
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_state b;
	size_t size = broker_write_state(packet, a);

	require(size > 0 && broker_read_state(arena, packet, size, &b) == 0);
	require(a->status == b.status && a->status < BROKER_STATUSES);
	require(a->sequence == b.sequence && a->phase == b.phase && a->phase < BROKER_PHASES);
	require(a->verdict == b.verdict && a->verdict < BROKER_VERDICTS);
	require(a->prompts_count == b.prompts_count && a->prompts_count <= BROKER_PROMPTS_MAX);
	for (size_t i = 0; i < a->prompts_count; i++) {
		require(a->prompts[i].style == b.prompts[i].style);
		require(a->prompts[i].style < BROKER_STYLES);
		check_text(a->prompts[i].text, b.prompts[i].text, BROKER_TEXT_MAX);
	}
	check_text(a->username, b.username, BROKER_NAME_MAX);
	check_text(a->service, b.service, BROKER_SERVICE_MAX);
	check_text(a->keep, b.keep, BROKER_KEEP_MAX);
	check_text(a->why, b.why, BROKER_WHY_MAX);
	check_person(&a->person, &b.person);
	/* what workers rely on */
	if (a->status == BROKER_DONE && a->verdict == BROKER_RIGHT)
		require(a->person.username && a->person.key);
	else
		require(!a->person.username && !a->person.key && a->person.groups.count == 0);
}

static void
check_answer(struct arena *arena, const struct broker_answer *a)
{
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_answer b;
	size_t size = broker_write_answer(packet, a);
	bool somebody = a->found == BROKER_FOUND || a->found == BROKER_LOCKED;

	require(size > 0 && broker_read_answer(arena, packet, size, &b) == 0);
	require(a->found == b.found && a->found < BROKER_FOUNDS);
	check_text(a->why, b.why, BROKER_WHY_MAX);
	check_person(&a->person, &b.person);
	require((a->person.key != NULL) == somebody && (a->person.username != NULL) == somebody);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct broker_request request;
	struct broker_state state;
	struct broker_answer answer;

	if (broker_read_request(arena, data, size, &request) == 0)
		check_request(arena, &request);
	if (broker_read_state(arena, data, size, &state) == 0)
		check_state(arena, &state);
	if (broker_read_answer(arena, data, size, &answer) == 0)
		check_answer(arena, &answer);
	arena_free(arena);
	return 0;
}
