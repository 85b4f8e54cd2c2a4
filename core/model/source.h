/* SPDX-License-Identifier: ISC */
/*
 * Where a realm's people come from, as rows in an order: its own accounts, a table of the site, or
 * a service of the host (PAM, LDAP) behind ostiary-pamd. A name belongs to the first source that
 * knows it, and a wrong password never falls through to the next. A realm without rows has its own
 * accounts alone.
 */
#ifndef OSTIARY_MODEL_SOURCE_H
#define OSTIARY_MODEL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model/store.h"

struct arena;
struct json_object;
struct realm;
struct realm_list;

#define SOURCE_NAME_MAX   32 /* a-z 0-9 -, begins with a letter */
#define SOURCE_KEY_MAX    255
#define SOURCES_MAX       8 /* of one realm */
#define SOURCE_TEXT_MAX   255
#define SOURCE_LOCAL      "local" /* the name of the realm's own accounts where no row says so */
#define SOURCE_CHECK_SECS 300     /* how long a person is believed to be there still */

enum source_kind {
	SOURCE_OWN,     /* accounts of the realm with their own passwords */
	SOURCE_TABLE,   /* a view in MariaDB that the site owns */
	SOURCE_SERVICE, /* a service of ostiary-pamd */
};

/* All texts are "" where they do not apply. */
struct source {
	const char *name;
	enum source_kind kind;
	int64_t position;         /* small ones first */
	const char *service;      /* SERVICE: its name in the broker's configuration */
	const char *view;         /* TABLE: DATABASE.VIEW */
	const char *amr;          /* what a proof is worth (RFC 8176 2), with blanks between */
	const char *acr;          /* "1" is a password */
	const char *email;        /* SERVICE: rule for addresses, "%u@example.org"; unverified */
	const char *password_url; /* where people change an expired password */
	bool password_first;      /* the sign-in page asks for a password beside the name */
};

/* Options of a source, for the command line, the stored document and the manual: one table. */
struct source_option {
	const char *name;
	unsigned kinds; /* 1U << enum source_kind */
	bool is_bool;
	size_t offset; /* in struct source */
	const char *fallback;
	const char *help;
};
const struct source_option *source_options(size_t *count);

/* For people: what it says, for which kinds, and its default. */
const char *source_option_text(struct arena *arena, const struct source_option *option);

const char *source_kind_name(enum source_kind kind); /* "local", "table", "service" */
int source_kind_find(const char *name, enum source_kind *kind) __attribute__((warn_unused_result));

/* As it is written: options as a JSON document of what differs from the defaults. */
struct source_row {
	uint32_t realm_id;
	const char *name, *kind;
	int64_t position;
	const char *options;
};

/* 0, or -1 with *why. Everything is copied to the arena. */
int source_read(struct arena *arena, const struct source_row *row, struct source *source,
		const char **why) __attribute__((warn_unused_result));

/* Sets one option from text. 0, or -1 with *why. */
int source_set(struct arena *arena, struct source *source, const char *name, const char *value,
	       const char **why) __attribute__((warn_unused_result));

/* That of a realm without rows: its own accounts. */
const struct source *source_own(void);

/* The realm's source of a name, or NULL. */
const struct source *realm_source(const struct realm *realm, const char *name);

/* ---- storage: each change moves the generation ---- */

enum store_verdict source_rows(struct store *store, struct arena *arena, uint32_t realm_id,
			       struct source_row **rows, size_t *count);
enum store_verdict source_row_find(struct store *store, struct arena *arena, uint32_t realm_id,
				   const char *name, struct source_row *row);
/* Inserts or replaces. */
enum store_verdict source_put(struct store *store, const struct source_row *row);
enum store_verdict source_remove(struct store *store, uint32_t realm_id, const char *name);
/* A part of realm_load(): each realm of the list gets its sources by position; a realm without rows
 * the one of its own accounts. */
enum store_verdict source_load(struct store *store, struct arena *arena, struct realm_list *list);

#endif
