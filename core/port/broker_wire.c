/* SPDX-License-Identifier: ISC */
/*
 * Packets written and read by one table of fields for each kind, so that both sides cannot differ.
 * A row says in which situations (a request's kind, a state's status and verdict, what was found)
 * its field may be there, and in which it must.
 */
#include "core/port/broker_wire.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"

#define HEAD_SIZE   2 /* letter, version */
#define FIELD_HEAD  3 /* tag, size */
#define NUMBER_SIZE 4
#define STYLE_SIZE  1 /* a prompt's style stands before its text */

enum field_kind {
	FIELD_NUMBER,  /* uint32_t, or an enum */
	FIELD_BYTES,   /* uint8_t[max] */
	FIELD_TEXT,    /* const char *; NULL is not written */
	FIELD_TEXTS,   /* struct broker_texts */
	FIELD_PROMPTS, /* struct broker_prompt *, its count is at count_offset */
};

struct field {
	uint8_t tag;
	enum field_kind kind;
	uint32_t limit; /* NUMBER: the greatest; TEXTS, PROMPTS: how many */
	size_t max;     /* BYTES: how many; of a TEXT, or of each of TEXTS and PROMPTS: at most */
	unsigned may, must; /* situations, as bits */
	size_t offset, count_offset;
};

/* Situations of a request: its kinds in this order. */
static const char request_letters[] = {BROKER_START, BROKER_RESPOND, BROKER_POLL, BROKER_CANCEL,
				       BROKER_LOOKUP};
#define START   1U
#define RESPOND 2U
#define POLL    4U
#define CANCEL  8U
#define LOOKUP  16U
#define BOUND   (START | RESPOND | POLL | CANCEL)
#define KNOWN   (RESPOND | POLL | CANCEL)

/* Situations of a state. */
#define RUNNING 1U
#define PROMPT  2U
#define RIGHT   4U  /* done */
#define OTHER   8U  /* done, with another verdict */
#define NOTHING 16U /* gone, busy */
#define DONE    (RIGHT | OTHER)
#define THERE   (RUNNING | PROMPT | DONE)

/* Situations of a lookup's answer. */
#define SOMEBODY 1U
#define NOBODY   2U

#define IN_REQUEST(member) offsetof(struct broker_request, member)
#define IN_STATE(member)   offsetof(struct broker_state, member)
#define IN_ANSWER(member)  offsetof(struct broker_answer, member)

/* clang-format off */
static const struct field request_fields[] = {
	{'w', FIELD_NUMBER, BROKER_WAIT_MS, 0, START | RESPOND | POLL | LOOKUP, 0, IN_REQUEST(wait_ms), 0},
	{'i', FIELD_BYTES, 0, BROKER_ID_SIZE, KNOWN, KNOWN, IN_REQUEST(id), 0},
	{'b', FIELD_BYTES, 0, BROKER_BINDING_SIZE, BOUND, BOUND, IN_REQUEST(binding), 0},
	{'s', FIELD_TEXTS, BROKER_SERVICES_MAX, BROKER_SERVICE_MAX, START | LOOKUP, LOOKUP,
	 IN_REQUEST(services), 0},
	{'u', FIELD_TEXT, 0, BROKER_NAME_MAX, START | LOOKUP, START | LOOKUP, IN_REQUEST(username), 0},
	{'a', FIELD_TEXT, 0, BROKER_ADDRESS_MAX, START, START, IN_REQUEST(address), 0},
	{'p', FIELD_TEXT, 0, BROKER_ANSWER_MAX, START, 0, IN_REQUEST(password), 0},
	{'k', FIELD_TEXT, 0, BROKER_KEEP_MAX, START, 0, IN_REQUEST(keep), 0},
	{'q', FIELD_NUMBER, UINT32_MAX, 0, RESPOND, RESPOND, IN_REQUEST(sequence), 0},
	{'r', FIELD_TEXTS, BROKER_PROMPTS_MAX, BROKER_ANSWER_MAX, RESPOND, 0, IN_REQUEST(answers), 0},
	{'y', FIELD_TEXT, 0, BROKER_KEY_MAX, LOOKUP, 0, IN_REQUEST(key), 0},
};

static const struct field state_fields[] = {
	{'t', FIELD_NUMBER, BROKER_STATUSES - 1, 0, THERE | NOTHING, THERE | NOTHING, IN_STATE(status), 0},
	{'i', FIELD_BYTES, 0, BROKER_ID_SIZE, THERE, THERE, IN_STATE(id), 0},
	{'q', FIELD_NUMBER, UINT32_MAX, 0, PROMPT, PROMPT, IN_STATE(sequence), 0},
	{'u', FIELD_TEXT, 0, BROKER_NAME_MAX, THERE, THERE, IN_STATE(username), 0},
	{'s', FIELD_TEXT, 0, BROKER_SERVICE_MAX, THERE, 0, IN_STATE(service), 0},
	{'k', FIELD_TEXT, 0, BROKER_KEEP_MAX, THERE, 0, IN_STATE(keep), 0},
	{'h', FIELD_NUMBER, BROKER_PHASES - 1, 0, PROMPT, PROMPT, IN_STATE(phase), 0},
	{'m', FIELD_PROMPTS, BROKER_PROMPTS_MAX, BROKER_TEXT_MAX, PROMPT | DONE, PROMPT,
	 IN_STATE(prompts), IN_STATE(prompts_count)},
	{'v', FIELD_NUMBER, BROKER_VERDICTS - 1, 0, DONE, DONE, IN_STATE(verdict), 0},
	{'n', FIELD_TEXT, 0, BROKER_NAME_MAX, RIGHT, RIGHT, IN_STATE(person.username), 0},
	{'y', FIELD_TEXT, 0, BROKER_KEY_MAX, RIGHT, RIGHT, IN_STATE(person.key), 0},
	{'c', FIELD_TEXTS, BROKER_CLAIMS_MAX, BROKER_CLAIM_MAX, RIGHT, 0, IN_STATE(person.claims), 0},
	{'g', FIELD_TEXTS, BROKER_GROUPS_MAX, BROKER_GROUP_MAX, RIGHT, 0, IN_STATE(person.groups), 0},
	{'x', FIELD_TEXT, 0, BROKER_WHY_MAX, DONE, 0, IN_STATE(why), 0},
};

static const struct field answer_fields[] = {
	{'f', FIELD_NUMBER, BROKER_FOUNDS - 1, 0, SOMEBODY | NOBODY, SOMEBODY | NOBODY, IN_ANSWER(found), 0},
	{'n', FIELD_TEXT, 0, BROKER_NAME_MAX, SOMEBODY, SOMEBODY, IN_ANSWER(person.username), 0},
	{'y', FIELD_TEXT, 0, BROKER_KEY_MAX, SOMEBODY, SOMEBODY, IN_ANSWER(person.key), 0},
	{'c', FIELD_TEXTS, BROKER_CLAIMS_MAX, BROKER_CLAIM_MAX, SOMEBODY, 0, IN_ANSWER(person.claims), 0},
	{'g', FIELD_TEXTS, BROKER_GROUPS_MAX, BROKER_GROUP_MAX, SOMEBODY, 0, IN_ANSWER(person.groups), 0},
	{'x', FIELD_TEXT, 0, BROKER_WHY_MAX, SOMEBODY | NOBODY, 0, IN_ANSWER(why), 0},
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS_MAX   16

struct layout {
	const struct field *field;
	size_t count;
	unsigned (*situation)(const void *from);
};

_Static_assert(COUNT(request_fields) <= FIELDS_MAX && COUNT(state_fields) <= FIELDS_MAX &&
		       COUNT(answer_fields) <= FIELDS_MAX,
	       "a counter for each field");

static unsigned
request_situation(const void *from)
{
	const struct broker_request *request = from;
	const char *at = memchr(request_letters, (char)request->kind, sizeof(request_letters));

	if (!at)
		bug("a request of no kind");
	return 1U << (at - request_letters);
}

static unsigned
state_situation(const void *from)
{
	const struct broker_state *state = from;

	switch (state->status) {
	case BROKER_RUNNING:
		return RUNNING;
	case BROKER_PROMPT:
		return PROMPT;
	case BROKER_DONE:
		return state->verdict == BROKER_RIGHT ? RIGHT : OTHER;
	case BROKER_GONE:
	case BROKER_BUSY:
		return NOTHING;
	case BROKER_STATUSES:
		break;
	}
	bug("a state of no status");
}

static unsigned
answer_situation(const void *from)
{
	const struct broker_answer *answer = from;

	return answer->found == BROKER_FOUND || answer->found == BROKER_LOCKED ? SOMEBODY : NOBODY;
}

static const struct layout request_layout = {request_fields, COUNT(request_fields),
					     request_situation};
static const struct layout state_layout = {state_fields, COUNT(state_fields), state_situation};
static const struct layout answer_layout = {answer_fields, COUNT(answer_fields), answer_situation};

/* ---- writing ---- */

struct writer {
	uint8_t *packet;
	size_t size;
	bool full;
};

static void
put(struct writer *writer, uint8_t tag, const void *head, size_t head_size, const void *data,
    size_t size)
{
	uint8_t *at = writer->packet + writer->size;
	size_t whole = head_size + size;

	if (writer->full || FIELD_HEAD + whole > BROKER_PACKET_MAX - writer->size) {
		writer->full = true;
		return;
	}
	at[0] = tag;
	at[1] = (uint8_t)(whole >> 8);
	at[2] = (uint8_t)whole;
	if (head_size > 0)
		memcpy(at + FIELD_HEAD, head, head_size);
	if (size > 0)
		memcpy(at + FIELD_HEAD + head_size, data, size);
	writer->size += FIELD_HEAD + whole;
}

static size_t
text_size(const struct field *field, const char *text)
{
	size_t size = strlen(text);

	if (size > field->max)
		bug("a text is too long for its field");
	return size;
}

static void
put_texts(struct writer *writer, const struct field *field, const struct broker_texts *texts)
{
	if (texts->count > field->limit)
		bug("a list is too long for its field");
	for (size_t i = 0; i < texts->count; i++)
		put(writer, field->tag, NULL, 0, texts->text[i], text_size(field, texts->text[i]));
}

static void
put_prompts(struct writer *writer, const struct field *field, const struct broker_prompt *prompt,
	    size_t count)
{
	if (count > field->limit)
		bug("a page has too many prompts");
	for (size_t i = 0; i < count; i++) {
		const uint8_t style[STYLE_SIZE] = {(uint8_t)prompt[i].style};

		put(writer, field->tag, style, sizeof(style), prompt[i].text,
		    text_size(field, prompt[i].text));
	}
}

static void
put_number(struct writer *writer, const struct field *field, uint32_t number)
{
	const uint8_t bytes[NUMBER_SIZE] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
					    (uint8_t)(number >> 8), (uint8_t)number};

	if (number > field->limit)
		bug("a number is too great for its field");
	put(writer, field->tag, NULL, 0, bytes, sizeof(bytes));
}

static void
put_member(struct writer *writer, const struct field *field, const void *from)
{
	const void *member = (const char *)from + field->offset;
	const char *text;

	switch (field->kind) {
	case FIELD_NUMBER:
		put_number(writer, field, *(const uint32_t *)member);
		return;
	case FIELD_BYTES:
		put(writer, field->tag, NULL, 0, member, field->max);
		return;
	case FIELD_TEXT:
		text = *(const char *const *)member;
		if (text)
			put(writer, field->tag, NULL, 0, text, text_size(field, text));
		return;
	case FIELD_TEXTS:
		put_texts(writer, field, member);
		return;
	case FIELD_PROMPTS:
		put_prompts(
			writer, field, *(const struct broker_prompt *const *)member,
			*(const size_t *)(const void *)((const char *)from + field->count_offset));
		return;
	}
	bug("a field of no kind");
}

static size_t
write_packet(uint8_t *packet, char letter, const struct layout *layout, const void *from)
{
	struct writer writer = {.packet = packet, .size = HEAD_SIZE};
	unsigned situation = layout->situation(from);

	packet[0] = (uint8_t)letter;
	packet[1] = BROKER_WIRE_VERSION;
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->field[i].may & situation)
			put_member(&writer, &layout->field[i], from);
	}
	return writer.full ? 0 : writer.size;
}

/* ---- reading ---- */

struct piece {
	size_t row;
	const uint8_t *data;
	size_t size;
};

/* The field at *at, and *at behind it. 1; 0 at the end; -1 when it is cut short or unknown. */
static int
next_piece(const struct layout *layout, const uint8_t *packet, size_t size, size_t *at,
	   struct piece *piece)
{
	*piece = (struct piece){0};
	if (*at == size)
		return 0;
	if (size - *at < FIELD_HEAD)
		return -1;
	while (piece->row < layout->count && layout->field[piece->row].tag != packet[*at])
		piece->row++;
	piece->size = (size_t)packet[*at + 1] << 8 | packet[*at + 2];
	*at += FIELD_HEAD;
	if (piece->row == layout->count || piece->size > size - *at)
		return -1;
	piece->data = packet + *at;
	*at += piece->size;
	return 1;
}

static uint32_t
read_number(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* Whether one occurrence keeps the rules of its row. */
static bool
piece_is_fine(const struct field *field, const struct piece *piece)
{
	switch (field->kind) {
	case FIELD_NUMBER:
		return piece->size == NUMBER_SIZE && read_number(piece->data) <= field->limit;
	case FIELD_BYTES:
		return piece->size == field->max;
	case FIELD_TEXT:
	case FIELD_TEXTS:
		return piece->size <= field->max && !memchr(piece->data, '\0', piece->size);
	case FIELD_PROMPTS:
		return piece->size >= STYLE_SIZE && piece->size - STYLE_SIZE <= field->max &&
		       piece->data[0] < BROKER_STYLES &&
		       !memchr(piece->data + STYLE_SIZE, '\0', piece->size - STYLE_SIZE);
	}
	bug("a field of no kind");
}

static bool
is_list(const struct field *field)
{
	return field->kind == FIELD_TEXTS || field->kind == FIELD_PROMPTS;
}

/* How often each field is there. -1 when the packet is not well-formed in itself. */
static int
count_pieces(const struct layout *layout, const uint8_t *packet, size_t size, size_t *counts)
{
	size_t at = HEAD_SIZE;
	struct piece piece;
	int more;

	while ((more = next_piece(layout, packet, size, &at, &piece)) > 0) {
		const struct field *field = &layout->field[piece.row];

		counts[piece.row]++;
		if (!piece_is_fine(field, &piece) ||
		    counts[piece.row] > (is_list(field) ? field->limit : 1))
			return -1;
	}
	return more;
}

/* Puts one occurrence where it belongs: the index counts those of its list. */
static void
take_piece(struct arena *arena, const struct field *field, const struct piece *piece, size_t count,
	   size_t index, void *to)
{
	void *member = (char *)to + field->offset;
	const char **texts;
	struct broker_prompt *prompts;

	switch (field->kind) {
	case FIELD_NUMBER:
		*(uint32_t *)member = read_number(piece->data);
		return;
	case FIELD_BYTES:
		memcpy(member, piece->data, piece->size);
		return;
	case FIELD_TEXT:
		*(const char **)member = arena_copy(arena, piece->data, piece->size);
		return;
	case FIELD_TEXTS:
		texts = *(void **)member;
		if (index == 0)
			texts = arena_array(arena, count, sizeof(*texts));
		texts[index] = arena_copy(arena, piece->data, piece->size);
		*(struct broker_texts *)member = (struct broker_texts){texts, count};
		return;
	case FIELD_PROMPTS:
		prompts = *(struct broker_prompt **)member;
		if (index == 0)
			prompts = arena_array(arena, count, sizeof(*prompts));
		prompts[index] = (struct broker_prompt){
			.style = (enum broker_style)piece->data[0],
			.text = arena_copy(arena, piece->data + STYLE_SIZE,
					   piece->size - STYLE_SIZE),
		};
		*(struct broker_prompt **)member = prompts;
		*(size_t *)(void *)((char *)to + field->count_offset) = count;
		return;
	}
}

static int
read_packet(struct arena *arena, const struct layout *layout, const uint8_t *packet, size_t size,
	    void *to)
{
	size_t counts[FIELDS_MAX] = {0}, taken[FIELDS_MAX] = {0};
	size_t at = HEAD_SIZE;
	struct piece piece;
	unsigned situation;

	if (count_pieces(layout, packet, size, counts) != 0)
		return -1;
	while (next_piece(layout, packet, size, &at, &piece) > 0)
		take_piece(arena, &layout->field[piece.row], &piece, counts[piece.row],
			   taken[piece.row]++, to);
	situation = layout->situation(to);
	for (size_t i = 0; i < layout->count; i++) {
		if (counts[i] > 0 && !(layout->field[i].may & situation))
			return -1;
		if (counts[i] == 0 && layout->field[i].must & situation)
			return -1;
	}
	return 0;
}

static bool
has_head(const uint8_t *packet, size_t size)
{
	return size >= HEAD_SIZE && size <= BROKER_PACKET_MAX && packet[1] == BROKER_WIRE_VERSION;
}

/* ---- the three kinds ---- */

size_t
broker_write_request(uint8_t *packet, const struct broker_request *request)
{
	return write_packet(packet, (char)request->kind, &request_layout, request);
}

int
broker_read_request(struct arena *arena, const uint8_t *packet, size_t size,
		    struct broker_request *request)
{
	*request = (struct broker_request){0};
	if (!has_head(packet, size) || !memchr(request_letters, packet[0], sizeof(request_letters)))
		return -1;
	request->kind = (enum broker_request_kind)packet[0];
	return read_packet(arena, &request_layout, packet, size, request);
}

size_t
broker_write_state(uint8_t *packet, const struct broker_state *state)
{
	return write_packet(packet, 'C', &state_layout, state);
}

int
broker_read_state(struct arena *arena, const uint8_t *packet, size_t size,
		  struct broker_state *state)
{
	*state = (struct broker_state){0};
	if (!has_head(packet, size) || packet[0] != 'C')
		return -1;
	return read_packet(arena, &state_layout, packet, size, state);
}

size_t
broker_write_answer(uint8_t *packet, const struct broker_answer *answer)
{
	return write_packet(packet, 'U', &answer_layout, answer);
}

int
broker_read_answer(struct arena *arena, const uint8_t *packet, size_t size,
		   struct broker_answer *answer)
{
	*answer = (struct broker_answer){0};
	if (!has_head(packet, size) || packet[0] != 'U')
		return -1;
	return read_packet(arena, &answer_layout, packet, size, answer);
}
