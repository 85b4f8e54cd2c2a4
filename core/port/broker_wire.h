/* SPDX-License-Identifier: ISC */
/*
 * What workers and ostiary-pamd say to each other over a Unix SOCK_SEQPACKET socket: one request
 * and its answer, then the connection is closed. Both are one packet of at most BROKER_PACKET_MAX
 * bytes:
 *
 *   request   its letter, version, fields
 *   answer    'C' version, fields (a conversation's state); 'U' version, fields (a lookup)
 *   field     tag (1 byte), size (2 bytes, most significant first), that many bytes
 *
 * Unknown tags are refused; a tag occurs once but for those of lists. Numbers are 4 bytes, most
 * significant first. Texts have no NUL.
 *
 * A conversation belongs to whoever knows its id (128 random bits) and its binding. Each page of
 * prompts has a sequence number; an answer names the one it belongs to, which uses it up. A state
 * that is done is told once, then the conversation is gone.
 */
#ifndef OSTIARY_PORT_BROKER_WIRE_H
#define OSTIARY_PORT_BROKER_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define BROKER_WIRE_VERSION 1
#define BROKER_PACKET_MAX   49152
#define BROKER_ID_SIZE      16
#define BROKER_BINDING_SIZE 32
#define BROKER_SERVICE_MAX  32    /* bytes of a service's name: a-z 0-9 - _ */
#define BROKER_SERVICES_MAX 8     /* of one start */
#define BROKER_NAME_MAX     128   /* bytes of a user name */
#define BROKER_ADDRESS_MAX  45    /* bytes of the browser's address */
#define BROKER_ANSWER_MAX   511   /* bytes of one answer (PAM_MAX_RESP_SIZE with its NUL is 512) */
#define BROKER_TEXT_MAX     1024  /* bytes of one prompt's text */
#define BROKER_PROMPTS_MAX  32    /* of one page, and of its answers */
#define BROKER_KEEP_MAX     24576 /* bytes that a conversation keeps for its workers */
#define BROKER_KEY_MAX      255   /* bytes of a person's immutable id */
#define BROKER_CLAIMS_MAX   64    /* of one person */
#define BROKER_CLAIM_MAX    1024  /* bytes of "name=value" */
#define BROKER_GROUPS_MAX   512   /* of one person; whoever is in more cannot sign in */
#define BROKER_GROUP_MAX    128   /* bytes of a group's name */
#define BROKER_WHY_MAX      255   /* bytes of a private text */
#define BROKER_WAIT_MS      100   /* no worker waits longer for an answer */
#define BROKER_SPENT_MS     90    /* an answer that took so long was waited for in vain */

enum broker_request_kind {
	BROKER_START = 'S',   /* begins a conversation */
	BROKER_RESPOND = 'R', /* answers a page of prompts */
	BROKER_POLL = 'P',    /* what is it doing */
	BROKER_CANCEL = 'X',  /* the person does not want to */
	BROKER_LOOKUP = 'L',  /* what is known about a person, without any proof */
};

struct broker_texts {
	const char *const *text;
	size_t count;
};

/* Members that a kind does not have are empty. */
struct broker_request {
	enum broker_request_kind kind;
	uint32_t wait_ms; /* START RESPOND POLL LOOKUP: how long the answer may take; at most
			     BROKER_WAIT_MS; then it says RUNNING (LOOKUP: DOWN) */
	/* RESPOND POLL CANCEL */
	uint8_t id[BROKER_ID_SIZE];
	/* START RESPOND POLL CANCEL */
	uint8_t binding[BROKER_BINDING_SIZE]; /* what the conversation is bound to: another one is
						 answered GONE */
	/* START: the first service that knows the name keeps it; where none does, the last goes
	 * through the motions. None at all: the answer is WRONG, at the time of a failure, for
	 * those who judged themselves. LOOKUP: one. */
	struct broker_texts services;
	const char *username; /* START LOOKUP */
	const char *address;  /* START: PAM_RHOST */
	const char *password; /* START: answers the first prompt without echo; NULL */
	const char *keep;     /* START: comes back with each state; NULL */
	/* RESPOND */
	uint32_t sequence;
	struct broker_texts answers; /* one for each prompt of echo on or off, in their order */
	/* LOOKUP */
	const char *key; /* the immutable id that the person must still have; NULL: any */
};

enum broker_status {
	BROKER_RUNNING, /* the service works; ask again */
	BROKER_PROMPT,
	BROKER_DONE, /* told once */
	BROKER_GONE, /* no such conversation, or it is not yours, or its page is old, or its time
			is over */
	BROKER_BUSY, /* too many conversations: come back later */
	BROKER_STATUSES,
};

enum broker_verdict {
	BROKER_RIGHT,
	BROKER_WRONG,       /* also for names that nobody has */
	BROKER_UNAVAILABLE, /* the service behind cannot say: counts as no failure */
	BROKER_EXPIRED,     /* proven, but the account is over (PAM_ACCT_EXPIRED) */
	BROKER_DENIED,      /* proven, but not now, not from here, or not this person */
	BROKER_CHANGE,      /* proven, but the password is to be changed elsewhere */
	BROKER_FAILED,      /* the module crashed or took too long */
	BROKER_VERDICTS,
};

enum broker_style { BROKER_ECHO_OFF, BROKER_ECHO_ON, BROKER_INFO, BROKER_ERROR, BROKER_STYLES };

/* What the prompts are for. */
enum broker_phase { BROKER_AUTHENTICATE, BROKER_NEW_PASSWORD, BROKER_PHASES };

struct broker_prompt {
	enum broker_style style;
	const char *text;
};

/* A person as a service knows them. */
struct broker_person {
	const char *username;       /* as the service read it back */
	const char *key;            /* immutable: "NAME:UID", or an entryUUID */
	struct broker_texts claims; /* "name=Given Family" …; names of OpenID Connect Core 5.1 */
	struct broker_texts groups;
};

struct broker_state {
	enum broker_status status;
	uint8_t id[BROKER_ID_SIZE];
	uint32_t sequence;    /* PROMPT: of this page */
	const char *username; /* as it was started; NULL with GONE and BUSY */
	const char *service;  /* that has it; NULL until that is known */
	const char *keep;
	enum broker_phase phase;       /* PROMPT */
	struct broker_prompt *prompts; /* PROMPT: those to answer among messages; DONE: messages */
	size_t prompts_count;
	enum broker_verdict verdict; /* DONE */
	struct broker_person person; /* DONE with RIGHT */
	const char *why;             /* DONE: private text; NULL */
};

enum broker_found {
	BROKER_FOUND,
	BROKER_NONE,   /* no such name, or it has another key */
	BROKER_LOCKED, /* there, but may not sign in */
	BROKER_DOWN,   /* nobody knows */
	BROKER_FOUNDS,
};

struct broker_answer {
	enum broker_found found;
	struct broker_person person; /* FOUND and LOCKED */
	const char *why;             /* private; NULL */
};

/*
 * Writes a packet of at most BROKER_PACKET_MAX bytes and returns its size, or 0 when it would be
 * longer. Texts beyond their maximum are a bug: callers check before.
 */
size_t broker_write_request(uint8_t *packet, const struct broker_request *request);
size_t broker_write_state(uint8_t *packet, const struct broker_state *state);
size_t broker_write_answer(uint8_t *packet, const struct broker_answer *answer);

/* Reads a packet; texts are copies in the arena. 0, or -1 when it is not well-formed. */
int broker_read_request(struct arena *arena, const uint8_t *packet, size_t size,
			struct broker_request *request) __attribute__((warn_unused_result));
int broker_read_state(struct arena *arena, const uint8_t *packet, size_t size,
		      struct broker_state *state) __attribute__((warn_unused_result));
int broker_read_answer(struct arena *arena, const uint8_t *packet, size_t size,
		       struct broker_answer *answer) __attribute__((warn_unused_result));

#endif
