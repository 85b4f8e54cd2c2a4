/* SPDX-License-Identifier: ISC */
/*
 * Statuses and their legal order are one table. Caps are counted over the table each time: it is
 * short.
 */
#include "pamd/conversation.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"

#define DIALOG_MEMORY ((size_t)1 << 20)
#define DELAY_MAX_MS  10000 /* what a module may ask for */
#define MAPPED_SIZE   12    /* bytes of ::ffff:0:0/96 */

struct dialogs {
	const struct settings *settings;
	size_t max;
	int64_t begun; /* so many until today */
	struct dialog dialog[];
};

/* clang-format off */
#define NO   CONVERSATION_STATUSES
#define FREE CONVERSATION_FREE
#define WORK CONVERSATION_WORKING
#define ASK  CONVERSATION_ASKING
#define HELD CONVERSATION_HELD
#define OVER CONVERSATION_ENDED

static const enum conversation_status moves[CONVERSATION_STATUSES][EVENTS] = {
	/*        START PAGE ANSWER OUTCOME RELEASE END */
	[FREE] = {WORK, NO,  NO,    NO,     NO,     NO},
	[WORK] = {NO,   ASK, NO,    HELD,   NO,     FREE},
	[ASK]  = {NO,   NO,  WORK,  HELD,   NO,     FREE},
	[HELD] = {NO,   NO,  NO,    NO,     OVER,   FREE},
	[OVER] = {NO,   NO,  NO,    NO,     NO,     FREE},
};
/* clang-format on */

bool
dialog_move(struct dialog *dialog, enum conversation_event event)
{
	enum conversation_status next = moves[dialog->status][event];

	if (next == NO)
		return false;
	dialog->status = next;
	return true;
}

struct dialogs *
dialogs_new(const struct settings *settings)
{
	size_t max = (size_t)settings->max_conversations;
	struct dialogs *dialogs = calloc(1, sizeof(*dialogs) + max * sizeof(struct dialog));

	if (!dialogs)
		bug("out of memory");
	dialogs->settings = settings;
	dialogs->max = max;
	for (size_t i = 0; i < max; i++)
		dialogs->dialog[i].fd = -1;
	return dialogs;
}

void
dialogs_forget(struct dialogs *dialogs)
{
	for (size_t i = 0; i < dialogs->max; i++)
		dialog_clear(&dialogs->dialog[i]);
}

void
dialogs_free(struct dialogs *dialogs)
{
	dialogs_forget(dialogs);
	free(dialogs);
}

size_t
dialogs_max(const struct dialogs *dialogs)
{
	return dialogs->max;
}

struct dialog *
dialogs_at(struct dialogs *dialogs, size_t index)
{
	return &dialogs->dialog[index];
}

void
dialog_clear(struct dialog *dialog)
{
	arena_free(dialog->arena);
	arena_free(dialog->page);
	explicit_bzero(dialog, sizeof(*dialog));
	dialog->fd = -1;
}

/* ---- caps ---- */

/* Family and /24 or /64 of an address; what is none is a network of its own. */
static void
network_of(const char *address, uint8_t network[NETWORK_SIZE])
{
	static const uint8_t mapped[MAPPED_SIZE] = {[10] = 0xff, [11] = 0xff};
	struct in6_addr ipv6;
	struct in_addr ipv4;

	memset(network, 0, NETWORK_SIZE);
	if (inet_pton(AF_INET, address, &ipv4) == 1) {
		network[0] = 4;
		memcpy(network + 1, &ipv4, 3);
		return;
	}
	if (inet_pton(AF_INET6, address, &ipv6) != 1)
		return;
	if (memcmp(&ipv6, mapped, MAPPED_SIZE) == 0) {
		network[0] = 4;
		memcpy(network + 1, ipv6.s6_addr + MAPPED_SIZE, 3);
		return;
	}
	network[0] = 6;
	memcpy(network + 1, &ipv6, 8);
}

struct counts {
	int64_t all, network, name;
	struct dialog *unproven; /* of the name: who gives way first */
	struct dialog *free;
};

/* Whoever begins again and again ends conversations of its own network before those of others. */
static bool
gives_way_before(const struct dialog *a, const struct dialog *b, const uint8_t *network)
{
	bool a_near = memcmp(a->network, network, NETWORK_SIZE) == 0;
	bool b_near = memcmp(b->network, network, NETWORK_SIZE) == 0;

	return a_near == b_near ? a->began < b->began : a_near;
}

static struct counts
count(struct dialogs *dialogs, const char *username, const uint8_t network[NETWORK_SIZE])
{
	struct counts counts = {0};

	for (size_t i = 0; i < dialogs->max; i++) {
		struct dialog *dialog = &dialogs->dialog[i];

		if (dialog->status == CONVERSATION_FREE) {
			counts.free = dialog;
			continue;
		}
		counts.all++;
		if (memcmp(dialog->network, network, NETWORK_SIZE) == 0)
			counts.network++;
		if (!str_equal(dialog->username, username))
			continue;
		counts.name++;
		if (!dialog->proven &&
		    (!counts.unproven || gives_way_before(dialog, counts.unproven, network)))
			counts.unproven = dialog;
	}
	return counts;
}

struct dialog *
dialogs_place(struct dialogs *dialogs, const struct broker_request *start,
	      struct dialog **gives_way)
{
	const struct settings *settings = dialogs->settings;
	uint8_t network[NETWORK_SIZE];
	struct counts counts;

	network_of(start->address, network);
	counts = count(dialogs, start->username, network);
	*gives_way = NULL;
	if (counts.name >= settings->max_per_name) {
		if (!counts.unproven)
			return NULL;
		*gives_way = counts.unproven;
		counts.free = counts.unproven;
		counts.all--;
		if (memcmp(counts.unproven->network, network, NETWORK_SIZE) == 0)
			counts.network--;
	}
	if (counts.all < settings->max_conversations && counts.network < settings->max_per_network)
		return counts.free;
	*gives_way = NULL;
	return NULL;
}

/* ---- one of them ---- */

static bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
	volatile uint8_t different = 0;

	for (size_t i = 0; i < size; i++)
		different |= a[i] ^ b[i];
	return different == 0;
}

struct dialog *
dialogs_find(struct dialogs *dialogs, const struct broker_request *request)
{
	struct dialog *found = NULL;

	for (size_t i = 0; i < dialogs->max; i++) {
		struct dialog *dialog = &dialogs->dialog[i];
		bool id = same_bytes(dialog->id, request->id, BROKER_ID_SIZE);
		bool binding = same_bytes(dialog->binding, request->binding, BROKER_BINDING_SIZE);

		if (id && binding && dialog->status != CONVERSATION_FREE)
			found = dialog;
	}
	return found;
}

void
dialogs_step(const struct dialogs *dialogs, struct dialog *dialog, int64_t now)
{
	dialog->step_ms = now;
	dialog->until_ms = now + dialogs->settings->prove_seconds * 1000;
	/* what the page said is not told again */
	arena_reset(dialog->page);
	dialog->state = (struct broker_state){
		.status = BROKER_RUNNING,
		.username = dialog->username,
		.service = dialog->state.service,
		.keep = dialog->keep,
	};
	memcpy(dialog->state.id, dialog->id, BROKER_ID_SIZE);
}

void
dialogs_begin(struct dialogs *dialogs, struct dialog *dialog, const struct broker_request *start,
	      int64_t now)
{
	const struct service *service = NULL;

	if (!dialog_move(dialog, EVENT_START))
		bug("the place is not free");
	if (getrandom(dialog->id, BROKER_ID_SIZE, 0) != BROKER_ID_SIZE)
		bug("no random bytes");
	memcpy(dialog->binding, start->binding, BROKER_BINDING_SIZE);
	network_of(start->address, dialog->network);
	dialog->arena = arena_new(DIALOG_MEMORY);
	dialog->page = arena_new(DIALOG_MEMORY);
	dialog->username = arena_strdup(dialog->arena, start->username);
	dialog->address = arena_strdup(dialog->arena, start->address);
	dialog->keep = arena_strdup(dialog->arena, start->keep);
	dialog->began = dialogs->begun++;
	if (start->services.count == 1)
		service = settings_service(dialogs->settings, start->services.text[0]);
	dialog->state.service = service ? service->name : NULL;
	dialogs_step(dialogs, dialog, now);
}

/* What the child said and what the conversation is. The service's name must outlive the page. */
static void
take_state(const struct dialogs *dialogs, struct dialog *dialog, const struct broker_state *said)
{
	const char *name = said->service ? said->service : "";
	const struct service *service = settings_service(dialogs->settings, name);

	dialog->state = *said;
	memcpy(dialog->state.id, dialog->id, BROKER_ID_SIZE);
	dialog->state.username = dialog->username;
	dialog->state.keep = dialog->keep;
	dialog->state.service = service ? service->name : NULL;
}

static size_t
count_prompts(const struct broker_state *state)
{
	size_t prompts = 0;

	for (size_t i = 0; i < state->prompts_count; i++)
		prompts += state->prompts[i].style == BROKER_ECHO_OFF ||
			   state->prompts[i].style == BROKER_ECHO_ON;
	return prompts;
}

bool
dialogs_take_page(const struct dialogs *dialogs, struct dialog *dialog,
		  const struct broker_state *said, int64_t now)
{
	const struct settings *settings = dialogs->settings;

	if (count_prompts(said) == 0 || !dialog_move(dialog, EVENT_PAGE))
		return false;
	take_state(dialogs, dialog, said);
	dialog->state.sequence = ++dialog->sequence;
	dialog->prompts = count_prompts(said);
	if (said->phase == BROKER_NEW_PASSWORD)
		dialog->proven = true;
	dialog->until_ms = now + 1000 * (dialog->answered == 0 ? settings->prove_seconds
							       : settings->answer_seconds);
	return true;
}

/* When a failure may be told: never before the floor, counted from the step's beginning. */
static int64_t
release_at(const struct settings *settings, const struct dialog *dialog, uint32_t delay_us,
	   int64_t now)
{
	int64_t delay = (int64_t)delay_us / 1000;

	if (dialog->state.verdict == BROKER_RIGHT)
		return now;
	if (delay > DELAY_MAX_MS)
		delay = DELAY_MAX_MS;
	if (delay < settings->failure_ms)
		delay = settings->failure_ms;
	return dialog->step_ms + delay;
}

bool
dialogs_take_outcome(const struct dialogs *dialogs, struct dialog *dialog,
		     const struct broker_state *said, uint32_t delay_us, int64_t now)
{
	if (dialog->status != CONVERSATION_WORKING || !dialog_move(dialog, EVENT_OUTCOME))
		return false;
	take_state(dialogs, dialog, said);
	dialog->proven = dialog->proven || said->verdict == BROKER_RIGHT ||
			 said->verdict == BROKER_EXPIRED || said->verdict == BROKER_DENIED ||
			 said->verdict == BROKER_CHANGE;
	dialog->until_ms = release_at(dialogs->settings, dialog, delay_us, now);
	return true;
}

bool
dialog_asks_too_often(const struct dialog *dialog, const struct broker_state *page)
{
	bool proven = dialog->proven || page->phase == BROKER_NEW_PASSWORD;

	return dialog->answered >= (proven ? DIALOG_PAGES_MAX : DIALOG_GUESSES_MAX);
}

void
dialogs_fail(const struct dialogs *dialogs, struct dialog *dialog, enum broker_verdict verdict,
	     const char *why, int64_t now)
{
	const struct broker_state failed = {
		.status = BROKER_DONE,
		.service = dialog->state.service,
		.verdict = verdict,
		.why = why,
	};

	if (!dialog_move(dialog, EVENT_OUTCOME))
		bug("it ended already");
	take_state(dialogs, dialog, &failed);
	dialog->until_ms = release_at(dialogs->settings, dialog, 0, now);
}

void
dialogs_release(const struct dialogs *dialogs, struct dialog *dialog, int64_t now)
{
	if (!dialog_move(dialog, EVENT_RELEASE))
		bug("there is nothing to tell yet");
	dialog->until_ms = now + dialogs->settings->prove_seconds * 1000;
}
