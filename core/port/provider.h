/* SPDX-License-Identifier: ISC */
/*
 * Everything that is injected, made once at boot (fcgi/boot.c) and const from then on; and struct
 * tx, one request's work. Whatever decides anything gets a tx: the time is read once, the arena is
 * the request's, the first failure wins.
 */
#ifndef OSTIARY_PORT_PROVIDER_H
#define OSTIARY_PORT_PROVIDER_H

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/rand.h"
#include "core/conf/conf.h"
#include "core/model/account.h"
#include "core/model/audit.h"
#include "core/port/error.h"
#include "core/port/realms.h"

struct broker;
struct fetcher;
struct gate;
struct key_sets;
struct master;
struct pages;
struct rate;
struct ring;
struct throttle;

struct provider {
	const struct conf *conf;
	struct store *store;
	const struct master *master;
	const struct clock *clock;
	const struct rand_source *random;
	struct log *log;
	struct realms *realms;
	struct throttle *throttle; /* shared by the workers of the host; NULL on the command line */
	struct rate *rate;         /* requests counted, shared likewise; NULL likewise */
	struct ring *ring;         /* newest failures; NULL where there is none */
	const struct pages
		*pages; /* templates, catalogues, static files; NULL on the command line */
	const struct fetcher *fetcher; /* outbound HTTPS */
	const struct broker *broker;   /* conversations with the host's logins */
	struct gate *gate;             /* who of the host's workers waits for others' servers; NULL
					  on the command line */
	struct key_sets *key_sets;     /* parsed key sets of others */
	const char *host;              /* the host's name as request ids show it */
};

#define REQUEST_ID_MAX 48 /* bytes of a request id with its NUL */

struct tx {
	const struct provider *provider;
	struct store *store;
	struct arena *arena;
	int64_t now; /* seconds since 1970, read once */
	int64_t now_ms;
	const struct realm_live *live; /* NULL until the realm is known */
	const struct realm *realm;
	const char *request_id; /* NULL until tx_request_id() was asked for it */
	const char *address;    /* of the browser or client; NULL on the command line */
	const char *actor;      /* for the record: "person", "client", "admin:NAME" */
	const char *about;      /* what the request was, for `ostiary explain`: "POST /token" */
	const char *client_id;  /* once it is known, for log and record */
	const char *client_why; /* why a client that was looked for cannot be used; NULL */
	struct failure failure;
	/* what waits until the answer is out, so that nobody can tell it by time; NULL: nothing */
	void (*later)(struct tx *tx);
	const void *later_about;
};

/* A fresh tx: reads the clock. */
void tx_begin(struct tx *tx, const struct provider *provider, struct arena *arena);

/* Reads the clock again: after somebody was waited for. */
void tx_read_clock(struct tx *tx);

/* What log, record and the answer call this request; made when it is first asked for. */
const char *tx_request_id(struct tx *tx) __attribute__((returns_nonnull));

/* Sets the realm. */
void tx_enter(struct tx *tx, const struct realm_live *live);

/*
 * Records a failure; the value is -1. The first one wins. text is public and fixed: printable ASCII
 * without '"' and '\\'. The rest is private, printf's: what was expected, what came, and which
 * setting decided it; never a secret; NULL for nothing. A macro, so that compilers and analyzers
 * see the -1.
 */
#define fail(tx, error, text, ...) (fail_record((tx), (error), (text), __VA_ARGS__), -1)

void fail_record(struct tx *tx, enum oauth_error error, const char *text,
		 const char *private_format, ...) __attribute__((format(printf, 4, 5)));

/* fail() for a database that is down: temporarily_unavailable with Retry-After. */
#define fail_down(tx) (fail_down_record(tx), -1)

void fail_down_record(struct tx *tx);

/* One log line with request id, realm and client. */
#define tx_log(tx, level, event, ...)                                                              \
	log_event((tx)->provider->log, (level), (event), "request", tx_request_id(tx), "realm",    \
		  (tx)->realm ? (tx)->realm->name : NULL, "client", (tx)->client_id, "address",    \
		  (tx)->address, __VA_ARGS__, NULL)

/* Who and what an audit row is about; absent members are NULL. */
struct audit_about {
	const uint8_t *account_id, *session_id;
	const char *client_id, *detail;
};

/* Writes the record (joins an open transaction) and the log line. */
enum store_verdict tx_audit(struct tx *tx, const char *event, const struct audit_about *about)
	__attribute__((warn_unused_result));

/* A fresh time-ordered identifier. */
void tx_id(struct tx *tx, uint8_t id[ID_SIZE]);

/* Lower-case hexadecimal of an identifier, in the arena. */
const char *tx_hex(struct tx *tx, const uint8_t id[ID_SIZE]);

#endif
