/* SPDX-License-Identifier: ISC */
/*
 * A growing buffer in an arena with a hard maximum. Writers know their context: text as it is,
 * HTML, JSON string, URL component, so a call site cannot forget to escape. Going over the maximum
 * sets a mark that stays and drops what came after; buf_failed() is asked once, at the end.
 */
#ifndef OSTIARY_BASE_BUF_H
#define OSTIARY_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct buf {
	struct arena *arena;
	char *data; /* always NUL-terminated behind size */
	size_t size;
	size_t capacity; /* private */
	size_t max;      /* private */
	bool failed;     /* private: see buf_failed() */
};

/* An empty buffer that holds at most max bytes. */
void buf_init(struct buf *buf, struct arena *arena, size_t max);

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* & < > " ' as character references: safe in element content and quoted attributes. */
void buf_add_html(struct buf *buf, const char *text, size_t size);

/* A JSON string with its quotes; '<' is written as \u003c so that it may stand in a page. */
void buf_add_json(struct buf *buf, const char *text, size_t size);

/* Percent-encodes everything but the unreserved characters of RFC 3986 2.3. */
void buf_add_url(struct buf *buf, const char *text, size_t size);

/* True when anything was dropped. */
bool buf_failed(const struct buf *buf) __attribute__((warn_unused_result));

#endif
