/* SPDX-License-Identifier: ISC */
/*
 * A browser's sign-in with its facts: what was proven, when, in which flow. The browser holds a
 * handle (id and 256-bit secret); only the secret's digest is stored. A session is pending until
 * the facts suffice, and only an active one signs in silently.
 */
#ifndef OSTIARY_MODEL_SESSION_H
#define OSTIARY_MODEL_SESSION_H

#include "core/base/hash.h"
#include "core/model/account.h"

#define FACTS_MAX      8
#define ADDRESS_MAX    45
#define USER_AGENT_MAX 255
#define AMR_MAX        64  /* bytes of a fact's methods with blanks between */
#define ACR_MAX        128 /* bytes of an authentication context class */

/* A password over TLS: what a sign-in is worth unless its source says another. */
#define ACR_PASSWORD "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

enum factor {
	FACTOR_PASSWORD, /* of an own account or a table */
	FACTOR_SERVICE,  /* a conversation with a service of the host */
};

struct fact {
	enum factor factor;
	int64_t proven_at;
	uint8_t flow_id[ID_SIZE]; /* the flow in which it was proven */
	const char *amr;          /* what its source says it is worth (RFC 8176 2), with blanks
				     between; NULL: what the factor says */
	const char *acr;          /* likewise; NULL: ACR_PASSWORD */
};

struct session {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	uint8_t account_id[ID_SIZE];
	uint8_t secret_hash[SHA256_SIZE];
	int64_t auth_epoch; /* the account's when the session was made */
	int64_t created_at;
	int64_t activated_at; /* 0: pending */
	int64_t last_seen_at;
	int64_t expires_at;
	int64_t ended_at;       /* 0: not ended */
	const char *address;    /* of the browser at sign-in; may be NULL */
	const char *user_agent; /* cut at USER_AGENT_MAX; may be NULL */
	struct fact facts[FACTS_MAX];
	size_t facts_count;
};

struct session_list {
	struct session *session;
	size_t count;
};

/* Why a session does not count; SESSION_LIVE when it does. idle in seconds, epoch the realm's. */
enum session_verdict {
	SESSION_LIVE,
	SESSION_PENDING,
	SESSION_ENDED,
	SESSION_EXPIRED,
	SESSION_VOID
};
enum session_verdict session_check(const struct session *session, const struct account *account,
				   int64_t epoch, int64_t idle, int64_t now);

/*
 * Whether it is time to note that a session is in use: some minutes, or a tenth of idle (seconds)
 * where that is less, after the note before.
 */
bool session_seen_due(int64_t last_seen_at, int64_t idle, int64_t now);

/* When the newest fact was proven. */
int64_t session_auth_time(const struct session *session);

const char *factor_name(enum factor factor); /* "password" */
const char *fact_amr(const struct fact *fact);

/* What the newest fact is worth (OpenID Connect Core 2). */
const char *session_acr(const struct session *session);

/* ---- storage ---- */

/* The session that handle names, with its facts, and its account. NONE also for a wrong secret. */
enum store_verdict session_find(struct store *store, struct arena *arena, uint32_t realm_id,
				const uint8_t id[ID_SIZE], const uint8_t secret_hash[SHA256_SIZE],
				struct session *session, struct account *account);
/* Inserts the session with all its facts. */
enum store_verdict session_insert(struct store *store, const struct session *session);
/*
 * Adds or renews a fact, gives the session a new secret and, where activate, makes it active. NONE
 * when it has ended.
 */
enum store_verdict session_prove(struct store *store, const struct session *session,
				 const struct fact *fact, bool activate, int64_t now);
/* Moves last_seen_at forward. */
enum store_verdict session_touch(struct store *store, const uint8_t id[ID_SIZE], int64_t now);
/* NONE when it had ended already. */
enum store_verdict session_end(struct store *store, const uint8_t id[ID_SIZE], int64_t now);
/* Ends all sessions of an account, or with account_id NULL all of the realm; *ended counts. */
enum store_verdict session_end_all(struct store *store, uint32_t realm_id,
				   const uint8_t *account_id, int64_t now, int64_t *ended);
struct session_query {
	uint32_t realm_id;
	int64_t epoch, idle;       /* the realm's; idle in seconds */
	const uint8_t *account_id; /* NULL: of all people */
	size_t max;
};

/* Sessions that session_check() finds live or pending, newest first. */
enum store_verdict session_list(struct store *store, struct arena *arena,
				const struct session_query *query, int64_t now,
				struct session_list *list);
/*
 * Marks a flow as completed, once: CONFLICT when it was completed before. Joins the transaction
 * that issues the code.
 */
enum store_verdict flow_complete(struct store *store, const uint8_t flow_id[ID_SIZE],
				 int64_t expires_at);

#endif
