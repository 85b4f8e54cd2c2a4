/* SPDX-License-Identifier: ISC */
/*
 * The doctor's findings and the parts of the examination. Every finding is one line with its
 * remedy; a part that cannot look says so and lets the others go on.
 */
#ifndef OSTIARY_CTL_DOCTOR_H
#define OSTIARY_CTL_DOCTOR_H

#include "ctl/cli.h"

enum finding { FINDING_OK, FINDING_WARNING, FINDING_ERROR };

struct doctor {
	struct cli *cli;
	struct conf conf;
	struct master *master; /* NULL: it could not be read */
	struct json_object *findings;
	size_t counts[FINDING_ERROR + 1];
};

void doctor_find(struct doctor *doctor, enum finding finding, const char *about, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

/* Files of the configuration and their rights; reads the master key. */
void doctor_files(struct doctor *doctor);
/* Whether ostiary-fetch answers. */
void doctor_outside(struct doctor *doctor);
/* Connection, versions, schema, statements, clock, rights. True when rows can be read. */
bool doctor_database(struct doctor *doctor);
/* Keys of a realm: they open, and each algorithm in use has an active one. */
void doctor_keys(struct doctor *doctor, const struct realm *realm);
/* What the web server answers for a realm's issuer. */
void doctor_web(struct doctor *doctor, const struct realm *realm);

/* How requests and answers come through the web server: addresses, headers, sizes, cookies. */
void doctor_mount(struct doctor *doctor, const struct realm *realm);
/* Who the workers run as. */
void doctor_worker(struct doctor *doctor);
/* The user who owns what they write; false when none has run yet. */
bool doctor_worker_uid(struct doctor *doctor, uid_t *uid);
/* A user's name, or the number as text. */
const char *doctor_user(struct doctor *doctor, uid_t uid);

/* Whether the realm's sources of people can be asked. */
void doctor_sources(struct doctor *doctor, const struct realm *realm);

/* Whether we slow people down before pam_faillock locks them out. */
void doctor_faillock(struct doctor *doctor, const struct realm *realm);

struct doctor_ask {
	const char *url;
	const char *header; /* NULL: none of our own */
	const char *body;   /* NULL: GET */
};

struct doctor_answer {
	int64_t status;   /* 0: none came */
	const char *head; /* lines with CR LF between */
	char *body;
	const char *why;
};

/* Asks with the program curl; everything in the arena. 0, or -1 with answer->why. */
int doctor_ask(struct doctor *doctor, const struct doctor_ask *ask, struct doctor_answer *answer)
	__attribute__((warn_unused_result));
/* The body of a 200, or NULL with *why. */
char *doctor_fetch(struct doctor *doctor, const char *url, const char **why);
/* The value of the header at index among those of its name, or NULL. */
const char *doctor_header(struct arena *arena, const struct doctor_answer *answer, const char *name,
			  size_t index);
/* False where the program curl is not installed. */
bool doctor_can_fetch(void);

#endif
