/* SPDX-License-Identifier: ISC */
/*
 * Packets written and read by one table of fields, so that both sides cannot differ.
 */
#include "core/port/fetch_wire.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"
#include "core/base/uri.h"

#define HEAD_SIZE   2 /* kind, version */
#define FIELD_HEAD  3 /* tag, size */
#define NUMBER_SIZE 4
#define NO_AGE      UINT32_MAX

enum field_kind { FIELD_TEXT, FIELD_NUMBER };

struct field {
	uint8_t tag;
	bool required; /* a number that is not there is 0 */
	uint16_t max;  /* bytes of a text */
	enum field_kind kind;
	size_t offset; /* of a const char * or uint32_t */
};

/* An answer as it travels. */
struct raw_answer {
	uint32_t verdict, status, size, max_age;
	const char *type, *why;
};

static const struct field request_fields[] = {
	{'u', true, URI_MAX, FIELD_TEXT, offsetof(struct fetch_wire_request, url)},
	{'a', false, FETCH_ACCEPT_MAX, FIELD_TEXT, offsetof(struct fetch_wire_request, accept)},
	{'m', true, 0, FIELD_NUMBER, offsetof(struct fetch_wire_request, max)},
};

static const struct field answer_fields[] = {
	{'v', true, 0, FIELD_NUMBER, offsetof(struct raw_answer, verdict)},
	{'s', false, 0, FIELD_NUMBER, offsetof(struct raw_answer, status)},
	{'n', true, 0, FIELD_NUMBER, offsetof(struct raw_answer, size)},
	{'g', true, 0, FIELD_NUMBER, offsetof(struct raw_answer, max_age)},
	{'t', false, FETCH_TYPE_MAX, FIELD_TEXT, offsetof(struct raw_answer, type)},
	{'w', false, FETCH_WHY_MAX, FIELD_TEXT, offsetof(struct raw_answer, why)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS_MAX   32 /* bits of what was seen */

_Static_assert(HEAD_SIZE + 3 * FIELD_HEAD + URI_MAX + FETCH_ACCEPT_MAX + NUMBER_SIZE <=
		       FETCH_PACKET_MAX,
	       "every request fits a packet");

struct layout {
	uint8_t kind;
	const struct field *field;
	size_t count;
};

static const struct layout request_layout = {'Q', request_fields, COUNT(request_fields)};
static const struct layout answer_layout = {'A', answer_fields, COUNT(answer_fields)};

static size_t
write_field(uint8_t *at, const struct field *field, const void *data, size_t size)
{
	at[0] = field->tag;
	at[1] = (uint8_t)(size >> 8);
	at[2] = (uint8_t)size;
	memcpy(at + FIELD_HEAD, data, size);
	return FIELD_HEAD + size;
}

static size_t
write_member(uint8_t *at, const struct field *field, const void *member)
{
	if (field->kind == FIELD_TEXT) {
		const char *text = *(const char *const *)member;

		if (!text)
			return 0;
		if (strlen(text) > field->max)
			bug("a text is too long for its field");
		return write_field(at, field, text, strlen(text));
	}

	uint32_t number = *(const uint32_t *)member;
	const uint8_t bytes[NUMBER_SIZE] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
					    (uint8_t)(number >> 8), (uint8_t)number};

	return write_field(at, field, bytes, sizeof(bytes));
}

static size_t
write_packet(uint8_t *packet, const struct layout *layout, const void *from)
{
	size_t size = HEAD_SIZE;

	packet[0] = layout->kind;
	packet[1] = FETCH_WIRE_VERSION;
	for (size_t i = 0; i < layout->count; i++)
		size += write_member(packet + size, &layout->field[i],
				     (const char *)from + layout->field[i].offset);
	return size;
}

/* One field into its member. -1 when it breaks a rule. */
static int
read_member(struct arena *arena, const struct field *field, const uint8_t *data, size_t size,
	    void *member)
{
	if (field->kind == FIELD_TEXT) {
		if (size > field->max || memchr(data, '\0', size))
			return -1;
		*(const char **)member = arena_copy(arena, data, size);
		return 0;
	}
	if (size != NUMBER_SIZE)
		return -1;
	*(uint32_t *)member = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 |
			      (uint32_t)data[2] << 8 | data[3];
	return 0;
}

static size_t
find_field(const struct layout *layout, uint8_t tag)
{
	size_t i = 0;

	while (i < layout->count && layout->field[i].tag != tag)
		i++;
	return i;
}

static bool
has_required(const struct layout *layout, uint32_t seen)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->field[i].required && !(seen & UINT32_C(1) << i))
			return false;
	}
	return true;
}

static int
read_packet(struct arena *arena, const struct layout *layout, const uint8_t *packet, size_t size,
	    void *to)
{
	uint32_t seen = 0;
	size_t at = HEAD_SIZE;

	if (size < HEAD_SIZE || size > FETCH_PACKET_MAX || packet[0] != layout->kind ||
	    packet[1] != FETCH_WIRE_VERSION)
		return -1;
	while (at < size) {
		size_t i, length;

		if (size - at < FIELD_HEAD)
			return -1;
		i = find_field(layout, packet[at]);
		length = (size_t)packet[at + 1] << 8 | packet[at + 2];
		at += FIELD_HEAD;
		if (i == layout->count || seen & UINT32_C(1) << i || length > size - at)
			return -1;
		if (read_member(arena, &layout->field[i], packet + at, length,
				(char *)to + layout->field[i].offset) != 0)
			return -1;
		seen |= UINT32_C(1) << i;
		at += length;
	}
	return has_required(layout, seen) ? 0 : -1;
}

_Static_assert(COUNT(request_fields) <= FIELDS_MAX && COUNT(answer_fields) <= FIELDS_MAX,
	       "a bit for each field");

size_t
fetch_wire_write_request(uint8_t *packet, const struct fetch_wire_request *request)
{
	return write_packet(packet, &request_layout, request);
}

int
fetch_wire_read_request(struct arena *arena, const uint8_t *packet, size_t size,
			struct fetch_wire_request *request)
{
	*request = (struct fetch_wire_request){0};
	if (read_packet(arena, &request_layout, packet, size, request) != 0)
		return -1;
	return request->max <= FETCH_BODY_MAX ? 0 : -1;
}

size_t
fetch_wire_write_answer(uint8_t *packet, const struct fetch_wire_answer *answer)
{
	const struct raw_answer raw = {
		.verdict = (uint32_t)answer->verdict,
		.status = answer->status,
		.size = answer->size,
		.max_age = answer->max_age < 0 ? NO_AGE : (uint32_t)answer->max_age,
		.type = answer->type,
		.why = answer->why,
	};

	return write_packet(packet, &answer_layout, &raw);
}

int
fetch_wire_read_answer(struct arena *arena, const uint8_t *packet, size_t size,
		       struct fetch_wire_answer *answer)
{
	struct raw_answer raw = {0};

	if (read_packet(arena, &answer_layout, packet, size, &raw) != 0)
		return -1;
	if (raw.verdict >= FETCH_WIRE_VERDICTS || raw.size > FETCH_BODY_MAX || raw.status > 999)
		return -1;
	*answer = (struct fetch_wire_answer){
		.verdict = (enum fetch_wire_verdict)raw.verdict,
		.status = raw.status,
		.size = raw.size,
		.max_age = raw.max_age == NO_AGE ? -1 : (int64_t)raw.max_age,
		.type = raw.type,
		.why = raw.why,
	};
	return 0;
}

const char *
fetch_url_mistake(struct arena *arena, const char *url)
{
	struct uri uri;

	if (uri_parse(arena, url, &uri) != 0)
		return "it is no absolute URI";
	if (!str_equal(uri.scheme, "https"))
		return "only https is fetched";
	if (uri.userinfo)
		return "a user name is not sent";
	return uri.fragment ? "a fragment names a part of a document" : NULL;
}
