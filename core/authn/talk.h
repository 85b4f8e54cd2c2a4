/* SPDX-License-Identifier: ISC */
/*
 * A conversation with a service of the host from the worker's side: began, answered or looked at,
 * it always ends in one of a few states. Whatever decides about a person is in here; pages only
 * show it.
 */
#ifndef OSTIARY_AUTHN_TALK_H
#define OSTIARY_AUTHN_TALK_H

#include "core/model/source.h"
#include "core/port/broker_wire.h"
#include "core/port/provider.h"

#define TALK_ID_MAX 64 /* bytes of its id as text */

enum talk_status {
	TALK_PROMPT,      /* state.prompts are to be answered */
	TALK_WAIT,        /* ask again in a second */
	TALK_RIGHT,       /* account is filled */
	TALK_WRONG,       /* name or password */
	TALK_UNAVAILABLE, /* the service behind cannot say, or crashed */
	TALK_EXPIRED,     /* proven; the account is over */
	TALK_DENIED,      /* proven; but not now, not here, or disabled */
	TALK_CHANGE,      /* proven; the password is to be changed elsewhere first */
	TALK_BUSY,        /* too many sign in at once */
	TALK_GONE,        /* begin again */
	TALK_DOWN,        /* our database */
};

struct talk {
	const char *id; /* in URLs and forms; NULL with BUSY and GONE */
	struct broker_state state;
	const struct source *source; /* whose service it is; NULL until that is known */
	struct account account;      /* RIGHT */
};

struct talk_start {
	const char *username;               /* normalised */
	const char *password;               /* for the first prompt; NULL */
	const struct source *const *source; /* whose services are asked, in their order */
	size_t count;                       /* 0: goes through the motions of being wrong */
	const char *keep;                   /* what the conversation keeps: the sealed flow */
	const uint8_t *browser;             /* what it is bound to: BROWSER_SIZE bytes */
};

/* The three ways on. known: text of the browser's mark, the same all along; NULL. */
enum talk_status talk_begin(struct tx *tx, const struct talk_start *start, const char *known,
			    struct talk *talk) __attribute__((warn_unused_result));
enum talk_status talk_look(struct tx *tx, const char *id, const uint8_t *browser, const char *known,
			   struct talk *talk) __attribute__((warn_unused_result));
enum talk_status talk_answer(struct tx *tx, const char *id, const uint8_t *browser,
			     uint32_t sequence, const struct broker_texts *answers,
			     const char *known, struct talk *talk)
	__attribute__((warn_unused_result));

/* The person does not want to. */
void talk_cancel(struct tx *tx, const char *id, const uint8_t *browser, const char *known);

#endif
