/* SPDX-License-Identifier: ISC */
/*
 * What every administrative verb has in common. A verb takes a struct tx (whose realm is the one
 * it works in and whose actor is written to the record), checks, stores, and writes one audit row
 * in the same transaction. Mistakes become lines of text for people in a buffer; the verdict says
 * of which kind they are. Nothing here knows of HTTP or of a terminal.
 */
#ifndef OSTIARY_MANAGE_MANAGE_H
#define OSTIARY_MANAGE_MANAGE_H

#include "core/base/buf.h"
#include "core/port/provider.h"

#define MANAGE_WHY_MAX 262144 /* bytes of all complaints of one verb */

enum manage_verdict {
	MANAGE_OK,
	MANAGE_REFUSED,   /* what was asked for is wrong; the lines say why */
	MANAGE_NOT_FOUND, /* what it is about is not there */
	MANAGE_EXISTS,    /* it is there already */
	MANAGE_DOWN,      /* the database did not answer: the outcome is unknown */
};

/*
 * Appends one line to why; the value is verdict, so that a check is one statement. A macro, so that
 * analyzers see which verdict it is.
 */
#define manage_say(why, verdict, ...) (manage_say_line((why), __VA_ARGS__), (verdict))

void manage_say_line(struct buf *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with the line for a database that is down. */
#define manage_down(why)                                                                           \
	manage_say((why), MANAGE_DOWN,                                                             \
		   "the database does not answer; whether anything changed is unknown")

/* One change with its record: what commits together. */
struct manage_change {
	struct tx *tx;
	/* The storage calls; may run several times, so it has no effect but through the store. */
	enum store_verdict (*apply)(struct tx *tx, void *context);
	void *context;
	const char *event; /* of the audit row */
	struct audit_about about;
};

/* Runs the change in one transaction. */
enum store_verdict manage_commit(const struct manage_change *change)
	__attribute__((warn_unused_result));

/* A text of people's: UTF-8 without control characters, at most max bytes. */
bool manage_text_fits(const char *text, size_t max);

/* A language tag as descriptions have them: "", "de", "pt-br". */
bool manage_language_fits(const char *language);

#endif
