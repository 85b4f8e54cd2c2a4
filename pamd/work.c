/* SPDX-License-Identifier: ISC */
/*
 * The child's side of its socket: which service has the name, pages out and answers in, and how it
 * ended. Whatever a backend says is checked here before it is written.
 */
#include "pamd/work.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/backend.h"
#include "pamd/clean.h"
#include "pamd/settings.h"

#define WORK_MEMORY ((size_t)16 << 20)
#define NOT_A_NAME  "a name that is empty or no plain text is not searched"

struct talk {
	struct conversation conversation;
	const struct settings *settings;
	struct arena *arena;
	int fd;
	struct broker_request start;
	const struct service *service;
	const char *password; /* until it was used */
	/* messages that stood beside the prompt that the password answered */
	struct broker_prompt carried[BROKER_PROMPTS_MAX];
	size_t carried_count;
	const char *trouble; /* why it gave up asking; NULL */
};

/* ---- packets ---- */

static int
receive(int fd, struct arena *arena, struct broker_request *request)
{
	uint8_t packet[BROKER_PACKET_MAX];
	ssize_t got;
	int result;

	do
		got = recv(fd, packet, sizeof(packet), 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return -1;
	result = broker_read_request(arena, packet, (size_t)got, request);
	explicit_bzero(packet, (size_t)got);
	return result;
}

/* 0; -1 when the state is too long for a packet, or the broker is gone. */
static int
send_state(const struct talk *talk, const struct broker_state *state, uint32_t delay_us)
{
	uint8_t packet[WORK_HEAD + BROKER_PACKET_MAX] = {
		(uint8_t)(delay_us >> 24), (uint8_t)(delay_us >> 16), (uint8_t)(delay_us >> 8),
		(uint8_t)delay_us};
	size_t size = broker_write_state(packet + WORK_HEAD, state);
	ssize_t sent = -1;

	if (size > 0)
		sent = send(talk->fd, packet, WORK_HEAD + size, MSG_NOSIGNAL);
	explicit_bzero(packet, sizeof(packet));
	return sent < 0 ? -1 : 0;
}

static struct broker_state
state_of(const struct talk *talk, enum broker_status status)
{
	return (struct broker_state){
		.status = status,
		.username = talk->start.username,
		.service = talk->service ? talk->service->name : NULL,
	};
}

/* ---- asking ---- */

static bool
has_echo(const struct broker_prompt *prompt)
{
	return prompt->style == BROKER_ECHO_OFF || prompt->style == BROKER_ECHO_ON;
}

static int
give_up(struct talk *talk, const char *why)
{
	talk->trouble = why;
	return -1;
}

/* The page: what was carried, then what is left to ask. -1 when that is too much. */
static int
add_to_page(struct talk *talk, struct broker_prompt *page, size_t *filled,
	    const struct broker_prompt *prompt)
{
	if (*filled == BROKER_PROMPTS_MAX)
		return give_up(talk, "it says too much on one page");
	page[*filled].style = prompt->style;
	page[*filled].text = clean_text(talk->arena, prompt->text, BROKER_TEXT_MAX);
	if (!page[*filled].text)
		return give_up(talk, "it says something too long");
	(*filled)++;
	return 0;
}

/* Sends the page and takes one answer for each of its prompts. */
static int
turn_page(struct talk *talk, enum broker_phase phase, struct broker_prompt *page, size_t count,
	  struct broker_texts *answers)
{
	struct broker_state state = state_of(talk, BROKER_PROMPT);
	struct broker_request request;

	state.phase = phase;
	state.prompts = page;
	state.prompts_count = count;
	if (send_state(talk, &state, 0) != 0)
		return give_up(talk, "its page is too long");
	if (receive(talk->fd, talk->arena, &request) != 0 || request.kind != BROKER_RESPOND)
		return give_up(talk, "nobody answers");
	*answers = request.answers;
	return 0;
}

/* Which prompt the password that came with the name answers; count: none. */
static size_t
password_prompt(const struct talk *talk, enum broker_phase phase,
		const struct broker_prompt *prompts, size_t count)
{
	size_t i = 0;

	if (!talk->password || phase != BROKER_AUTHENTICATE)
		return count;
	while (i < count && prompts[i].style != BROKER_ECHO_OFF)
		i++;
	return i;
}

static int
ask(struct conversation *conversation, enum broker_phase phase, const struct broker_prompt *prompts,
    size_t count, const char **answers)
{
	struct talk *talk = conversation->context;
	size_t known = password_prompt(talk, phase, prompts, count);
	struct broker_prompt page[BROKER_PROMPTS_MAX];
	struct broker_texts given = {0};
	size_t filled = 0, to_ask = 0, next = 0;

	for (size_t i = 0; i < talk->carried_count; i++) {
		if (add_to_page(talk, page, &filled, &talk->carried[i]) != 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (i != known && add_to_page(talk, page, &filled, &prompts[i]) != 0)
			return -1;
		to_ask += i != known && has_echo(&prompts[i]);
	}
	talk->carried_count = 0;
	if (to_ask == 0) {
		memcpy(talk->carried, page, filled * sizeof(*page));
		talk->carried_count = filled;
	} else if (turn_page(talk, phase, page, filled, &given) != 0) {
		return -1;
	}
	if (given.count != to_ask)
		return give_up(talk, "it has too few answers");
	for (size_t i = 0, answer = 0; i < count; i++) {
		if (has_echo(&prompts[i]))
			answers[answer++] = i == known ? talk->password : given.text[next++];
	}
	if (known < count)
		talk->password = NULL;
	return 0;
}

/* ---- which service ---- */

/* The first that knows the name; where none does, the last. NULL with the outcome when that cannot
 * be said. */
static const struct service *
find_service(struct talk *talk, struct outcome *outcome)
{
	const struct broker_texts *names = &talk->start.services;
	const struct service *service = NULL;

	if (names->count == 0) {
		outcome->verdict = BROKER_WRONG;
		outcome->why = "judged elsewhere";
	}
	for (size_t i = 0; i < names->count; i++) {
		struct broker_answer answer = {.found = BROKER_DOWN};

		service = settings_service(talk->settings, names->text[i]);
		if (!service) {
			outcome->why = "no service of that name is configured";
			return NULL;
		}
		if (i + 1 == names->count || !clean_is_plain(talk->start.username, BROKER_NAME_MAX))
			break;
		service->backend->lookup(talk->arena, service, talk->start.username, &answer);
		if (answer.found == BROKER_DOWN) {
			/* the name may be its: nobody else gets it meanwhile */
			outcome->why = arena_printf(
				talk->arena, "%s cannot say who has the name%s%s", service->name,
				answer.why ? ": " : "", answer.why ? answer.why : "");
			return NULL;
		}
		if (answer.found != BROKER_NONE)
			break;
	}
	return service;
}

static void
run_service(struct talk *talk, struct outcome *outcome)
{
	const struct backend_start start = {
		.service = find_service(talk, outcome),
		.username = talk->start.username,
		.address = talk->start.address,
	};

	talk->service = start.service;
	if (!start.service)
		return;
	if (clean_is_plain(start.username, BROKER_NAME_MAX)) {
		start.service->backend->converse(talk->arena, &start, &talk->conversation, outcome);
		return;
	}
	/* an empty one would make modules ask for another */
	outcome->verdict = BROKER_WRONG;
	outcome->why = NOT_A_NAME;
}

/* ---- how it ended ---- */

/* Messages of pages that were never shown, and those of the end. */
static size_t
last_messages(struct talk *talk, const struct outcome *outcome, struct broker_prompt *page)
{
	size_t filled = 0;

	for (size_t i = 0; i < talk->carried_count; i++)
		page[filled++] = talk->carried[i];
	for (size_t i = 0; i < outcome->messages_count && filled < BROKER_PROMPTS_MAX; i++) {
		if (!has_echo(&outcome->messages[i]))
			(void)add_to_page(talk, page, &filled, &outcome->messages[i]);
	}
	return filled;
}

static void
check_outcome(struct talk *talk, struct outcome *outcome)
{
	const char *mistake = NULL;

	if (talk->trouble) {
		outcome->verdict = BROKER_FAILED;
		outcome->why = talk->trouble;
	}
	if (outcome->verdict == BROKER_RIGHT)
		mistake = clean_person_mistake(&outcome->person);
	if (mistake) {
		outcome->verdict = BROKER_FAILED;
		outcome->why = mistake;
	}
}

static void
tell_end(struct talk *talk, struct outcome *outcome)
{
	struct broker_prompt page[BROKER_PROMPTS_MAX];
	struct broker_state state = state_of(talk, BROKER_DONE);

	check_outcome(talk, outcome);
	state.verdict = outcome->verdict;
	state.person = outcome->person;
	state.why = clean_why(talk->arena, outcome->why);
	/* before anything is proven a message may tell more than the verdict does */
	if (outcome->verdict != BROKER_WRONG) {
		state.prompts = page;
		state.prompts_count = last_messages(talk, outcome, page);
	}
	if (send_state(talk, &state, outcome->delay_us) == 0)
		return;
	state.verdict = BROKER_FAILED;
	state.prompts_count = 0;
	state.why = "what is known about the person does not fit a packet";
	(void)send_state(talk, &state, outcome->delay_us);
}

void
work_converse(void *context, int fd)
{
	struct arena *arena = arena_new(WORK_MEMORY);
	struct outcome outcome = {.verdict = BROKER_UNAVAILABLE};
	struct talk talk = {.settings = context, .arena = arena, .fd = fd};

	if (receive(fd, arena, &talk.start) == 0) {
		talk.conversation = (struct conversation){ask, &talk};
		talk.password = talk.start.password;
		run_service(&talk, &outcome);
		tell_end(&talk, &outcome);
	}
	arena_free(arena);
}

/* ---- lookups ---- */

static void
look_up(struct arena *arena, const struct settings *settings, const struct broker_request *request,
	struct broker_answer *answer)
{
	const struct service *service = settings_service(settings, request->services.text[0]);
	const char *mistake = NULL;
	bool somebody;

	*answer = (struct broker_answer){.found = BROKER_DOWN};
	if (!service) {
		answer->why = "no service of that name is configured";
		return;
	}
	if (!clean_is_plain(request->username, BROKER_NAME_MAX)) {
		*answer = (struct broker_answer){.found = BROKER_NONE, .why = NOT_A_NAME};
		return;
	}
	service->backend->lookup(arena, service, request->username, answer);
	somebody = answer->found == BROKER_FOUND || answer->found == BROKER_LOCKED;
	if (somebody)
		mistake = clean_person_mistake(&answer->person);
	if (mistake)
		*answer = (struct broker_answer){.found = BROKER_DOWN, .why = mistake};
	else if (somebody && request->key && !str_equal(request->key, answer->person.key))
		*answer = (struct broker_answer){
			.found = BROKER_NONE,
			.why = "the name belongs to another person now",
		};
	answer->why = clean_why(arena, answer->why);
}

void
work_lookup(void *context, int fd)
{
	struct arena *arena = arena_new(WORK_MEMORY);
	uint8_t packet[BROKER_PACKET_MAX];
	struct broker_request request;
	struct broker_answer answer;
	size_t size;

	if (receive(fd, arena, &request) == 0) {
		look_up(arena, context, &request, &answer);
		size = broker_write_answer(packet, &answer);
		if (size == 0) {
			answer = (struct broker_answer){
				.found = BROKER_DOWN,
				.why = "what is known about the person does not fit a packet",
			};
			size = broker_write_answer(packet, &answer);
		}
		(void)send(fd, packet, size, MSG_NOSIGNAL);
	}
	arena_free(arena);
}
