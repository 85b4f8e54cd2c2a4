/* SPDX-License-Identifier: ISC */
/*
 * Documents of others, fetched by reference and kept in the database for all hosts: key sets,
 * sector documents, client metadata, logos. A fresh one costs one read. Of those who want one that
 * is not, one fetches (a conditional statement decides who); the others use the old one, or wait
 * for it where there is none. A server that is away costs one try in REMOTE_RETRY seconds, and its
 * old document is used on, as long as the rules of its purpose let it.
 */
#ifndef OSTIARY_PORT_REMOTE_H
#define OSTIARY_PORT_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/port/error.h"

struct tx;

#define REMOTE_RETRY 60 /* seconds between two tries of one URL for one purpose, by whomever */
#define REMOTE_CLAIM 5  /* seconds after which one who fetches and does not end is given up */

/* Seconds after the last try that a document is kept: one that registered clients, trusted issuers
 * or people who let a client in stand behind; and one that a stranger named. */
#define REMOTE_KEPT          ((int64_t)30 * 86400)
#define REMOTE_KEPT_STRANGER 3600

enum remote_verdict {
	REMOTE_OK,
	REMOTE_REFUSED, /* the URL, or the address behind it, is not one that we ask */
	REMOTE_FAILED,  /* it could not be fetched lately, and none is kept */
	REMOTE_BUSY,    /* enough of the pool waits already, or the wait was too long: 503 */
	REMOTE_DOWN,    /* the database is away */
};

struct remote_rules {
	const char *purpose; /* one word: documents of one are not those of another, since each is
				checked, kept and tried by its own rules */
	const char *accept;  /* the Accept header */
	size_t max;          /* bytes, at most FETCH_BODY_MAX */
	int64_t fresh_least; /* seconds: what Cache-Control says is brought between these two; */
	int64_t fresh_most;  /* where it says nothing the least holds */
	int64_t usable_most; /* 0; or seconds after which one that was fetched is used no more */
	int64_t kept;        /* seconds after the last try until the purge takes it */
	int64_t newer_than;  /* 0; or the fetched_at of a document that turned out too old: it is
				fetched again even while it is fresh, within REMOTE_RETRY */
	/* Why a body is not the document meant, or NULL; such a one never takes the place of an
	 * older one. May be NULL itself. */
	const char *(*check)(void *context, const char *body, size_t size);
	/* Called before a server is asked, but not where a document is fresh or somebody else asks:
	 * false, and what is kept is used, or it is REMOTE_BUSY. NULL: it always may. */
	bool (*may_ask)(void *context);
	void *context;
};

/* Everything belongs to the request's arena. */
struct remote_document {
	const char *body; /* a NUL follows it */
	size_t size;
	const char *type;   /* Content-Type as it was sent; NULL: none */
	int64_t fetched_at; /* seconds since 1970 */
	const char *why;    /* private text: of anything but REMOTE_OK, and of a document that is
			       not fresh */
};

/*
 * The document behind an https URL: the body of an answer with status 200. Waits at most
 * FETCH_WAIT_MS. With newer_than, REMOTE_OK with the old fetched_at means that it was tried too
 * lately or in vain. Not inside a transaction.
 */
enum remote_verdict remote_document(struct tx *tx, const char *url,
				    const struct remote_rules *rules,
				    struct remote_document *document)
	__attribute__((warn_unused_result));

/*
 * fail() for a verdict: temporarily_unavailable with Retry-After for REMOTE_BUSY and REMOTE_DOWN,
 * else error with the public text; why is private. The value is -1.
 */
int remote_fail(struct tx *tx, enum remote_verdict verdict, enum oauth_error error,
		const char *text, const char *why);

#endif
