/* SPDX-License-Identifier: ISC */
/*
 * The table of conversations: who has which, in which status each is, how long it may stay so, and
 * how many there may be. No sockets and no processes here: the broker acts on what this says.
 */
#ifndef OSTIARY_PAMD_CONVERSATION_H
#define OSTIARY_PAMD_CONVERSATION_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/port/broker_wire.h"
#include "pamd/settings.h"

enum conversation_status {
	CONVERSATION_FREE,
	CONVERSATION_WORKING, /* its child does something */
	CONVERSATION_ASKING,  /* a page waits for its answer */
	CONVERSATION_HELD,    /* how it ended is known, but not told yet */
	CONVERSATION_ENDED,   /* may be told */
	CONVERSATION_STATUSES,
};

enum conversation_event {
	EVENT_START,
	EVENT_PAGE,    /* the child asks */
	EVENT_ANSWER,  /* the person answers */
	EVENT_OUTCOME, /* the child says how it ended, or is gone or killed */
	EVENT_RELEASE, /* the floor of failures is reached */
	EVENT_END,     /* told, cancelled, given way, or nobody came */
	EVENTS,
};

#define NETWORK_SIZE 9 /* family, then its first bytes */

struct dialog {
	enum conversation_status status;
	uint8_t id[BROKER_ID_SIZE], binding[BROKER_BINDING_SIZE];
	uint8_t network[NETWORK_SIZE];
	const char *username, *address, *keep; /* of arena */
	struct arena *arena;
	struct arena *page;        /* of what the child said last; state is in it */
	struct broker_state state; /* as it is told */
	int64_t began;             /* order of their starts */
	int64_t step_ms;           /* when this step's work began */
	int64_t until_ms;          /* what happens then depends on the status */
	uint32_t sequence;         /* of the newest page */
	unsigned answered;         /* pages */
	size_t prompts;            /* of the page, to be answered */
	bool proven;
	pid_t child;
	int fd; /* to the child; -1: none */
};

struct dialogs;

struct dialogs *dialogs_new(const struct settings *settings);
void dialogs_free(struct dialogs *dialogs);

size_t dialogs_max(const struct dialogs *dialogs);
struct dialog *dialogs_at(struct dialogs *dialogs, size_t index); /* free ones too */

/*
 * A free place for a START, or NULL when there are too many. *gives_way is the one that must be
 * ended first, which may be the place returned; NULL: none.
 */
struct dialog *dialogs_place(struct dialogs *dialogs, const struct broker_request *start,
			     struct dialog **gives_way);

/* The conversation of that id and binding, or NULL. Takes the same time for all of them. */
struct dialog *dialogs_find(struct dialogs *dialogs, const struct broker_request *request);

/* Whether the event may happen now; if so the status is another one. */
bool dialog_move(struct dialog *dialog, enum conversation_event event)
	__attribute__((warn_unused_result));

/* Fills a free place; moves to WORKING. */
void dialogs_begin(struct dialogs *dialogs, struct dialog *dialog,
		   const struct broker_request *start, int64_t now);

/* A step's work begins; ends at until_ms. */
void dialogs_step(const struct dialogs *dialogs, struct dialog *dialog, int64_t now);

/* What the child said, read into dialog->page. False when it may not be said now. */
bool dialogs_take_page(const struct dialogs *dialogs, struct dialog *dialog,
		       const struct broker_state *said, int64_t now);
bool dialogs_take_outcome(const struct dialogs *dialogs, struct dialog *dialog,
			  const struct broker_state *said, uint32_t delay_us, int64_t now);

/*
 * Whether a page is one too many. Each page may be a guess at a code, and a sign-in is charged
 * once: so many pages are answered before anything is proven, and so many in all.
 */
#define DIALOG_GUESSES_MAX 8
#define DIALOG_PAGES_MAX   32
bool dialog_asks_too_often(const struct dialog *dialog, const struct broker_state *page);

/* How it ended when the child cannot say. */
void dialogs_fail(const struct dialogs *dialogs, struct dialog *dialog, enum broker_verdict verdict,
		  const char *why, int64_t now);

/* HELD becomes ENDED. */
void dialogs_release(const struct dialogs *dialogs, struct dialog *dialog, int64_t now);

/* Wipes it. The broker has closed fd and ended the child. */
void dialog_clear(struct dialog *dialog);

/* Wipes all of them as they are, in a child. */
void dialogs_forget(struct dialogs *dialogs);

#endif
