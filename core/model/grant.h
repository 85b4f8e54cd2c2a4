/* SPDX-License-Identifier: ISC */
/*
 * A grant is one completed authorization and the parent of what it gave: its code (one), its
 * refresh token family (one) and its access tokens. Code and family are columns of the grant's row,
 * so authorization is one insert, the code's exchange one read and one conditional update, and a
 * refresh the same.
 */
#ifndef OSTIARY_MODEL_GRANT_H
#define OSTIARY_MODEL_GRANT_H

#include "core/model/session.h"

struct client;

#define SCOPE_MAX          1024 /* bytes of one scope parameter */
#define NONCE_MAX          512
#define RESOURCES_MAX      8    /* that one request may name */
#define RESOURCES_TEXT_MAX 4096 /* bytes of them, with blanks between */
#define JTI_SIZE           32   /* grant id and 16 random bytes: a token's jti names its grant */

struct grant {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	const char *client_id;
	uint8_t account_id[ID_SIZE]; /* zeros: the client itself is the subject */
	uint8_t session_id[ID_SIZE];
	bool offline;          /* outlives its session, or has none */
	int64_t auth_epoch;    /* the account's when it was made */
	const char *scope;     /* what was granted */
	const char *resources; /* resource servers that it was asked for, with blanks between; NULL:
				  none was named */
	const char *claims;    /* the claims parameter as JSON text; NULL */
	const char *nonce;     /* NULL */
	const char *acr;       /* NULL */
	const char *amr;       /* space-separated; NULL */
	int64_t auth_time;
	int64_t created_at, expires_at; /* expires_at: nothing of it is good after this */
	int64_t revoked_at;             /* 0: not */

	/* the code: its secret's digest, what it is bound to, when it was used */
	uint8_t code_hash[SHA256_SIZE];
	int64_t code_expires_at;
	int64_t code_consumed_at; /* 0: not yet */
	const char *redirect_uri;
	bool redirect_uri_sent;     /* it was a parameter of the authorization request */
	const char *code_challenge; /* S256; NULL: none */

	/* the refresh token family */
	int64_t refresh_generation; /* 0: no refresh token was given */
	int64_t refresh_rotated_at;
};

/* A grant with what it depends on, read in one statement. */
struct grant_state {
	struct grant grant;
	struct account account;     /* its claims are NULL until grant_read_claims() */
	const char *account_claims; /* JSON text: few of those who ask need it parsed */
	bool client_enabled;        /* false also when the client is gone */
	int64_t session_ended_at;   /* 0: not */
	int64_t session_expires_at; /* 0: the session's row is gone */
	int64_t session_last_seen_at;
	bool jti_revoked;
};

/* The subject is a person, not the client itself. */
bool grant_has_account(const struct grant *grant);

enum grant_verdict {
	GRANT_LIVE,
	GRANT_REVOKED,
	GRANT_EXPIRED,
	GRANT_SESSION_ENDED,
	GRANT_ACCOUNT_CHANGED, /* disabled, or its auth_epoch moved */
	GRANT_CLIENT_GONE,
	GRANT_BEFORE_EPOCH, /* made before the realm's epoch */
};

/*
 * Whether tokens of the grant are good at now; epoch is the realm's, idle its session_idle in
 * seconds. Does not look at jti_revoked.
 */
enum grant_verdict grant_check(const struct grant_state *state, int64_t epoch, int64_t idle,
			       int64_t now);
const char *grant_verdict_text(enum grant_verdict verdict);

/*
 * Parses the account's claims; what every account has stands in for a missing preferred_username
 * and updated_at. 0, or -1 when what is stored cannot be read.
 */
int grant_read_claims(struct arena *arena, struct grant_state *state)
	__attribute__((warn_unused_result));

/* ---- storage ---- */

enum store_verdict grant_insert(struct store *store, const struct grant *grant);

/*
 * The grant with its account, client and session. jti may be NULL; else state->jti_revoked tells
 * whether that token was revoked alone.
 */
enum store_verdict grant_find(struct store *store, struct arena *arena, uint32_t realm_id,
			      const uint8_t id[ID_SIZE], const uint8_t *jti,
			      struct grant_state *state);

/* By what an ID token says of the grant that it came of. */
struct grant_of_session {
	uint32_t realm_id;
	const char *sub, *client_id;
	uint8_t session_id[ID_SIZE];
	int64_t auth_time;
	const char *nonce; /* NULL: it does not say, as after a refresh */
};

/* Such a grant whose code was used and that was not revoked: of several one that ends with its
 * session, then the newest. grant_check() tells whether it is good. */
enum store_verdict grant_find_of_session(struct store *store, struct arena *arena,
					 const struct grant_of_session *wanted,
					 struct grant_state *state);

/*
 * Consumes the code: sets code_consumed_at, refresh_generation (0 or 1), refresh_rotated_at and
 * expires_at where the code is unused, unexpired and the grant not revoked. Exactly one caller gets
 * STORE_OK; the others get STORE_NONE.
 */
struct code_use {
	const uint8_t *grant_id;  /* ID_SIZE */
	const uint8_t *code_hash; /* SHA256_SIZE */
	bool with_refresh;
	int64_t now, expires_at;
};
enum store_verdict code_consume(struct store *store, const struct code_use *use);

/* From generation to generation + 1; STORE_NONE when that is no longer the current one or the grant
 * was revoked. */
enum store_verdict refresh_rotate(struct store *store, const uint8_t id[ID_SIZE],
				  int64_t generation, int64_t now);

/* Ends a grant; NONE when it had ended or is unknown. reason is a word for the record:
 * "code_replay", "refresh_reuse", "revoked". */
enum store_verdict grant_revoke(struct store *store, const uint8_t id[ID_SIZE], const char *reason,
				int64_t now);

/* Ends all grants of a person for a client (client_id NULL: for all clients). */
enum store_verdict grant_revoke_all(struct store *store, uint32_t realm_id,
				    const uint8_t account_id[ID_SIZE], const char *client_id,
				    const char *reason, int64_t now, int64_t *ended);

/* An opaque access token: the row beside its grant. */
struct access_row {
	uint8_t id[ID_SIZE];
	uint8_t hash[SHA256_SIZE];
	uint8_t grant_id[ID_SIZE];
	uint32_t realm_id;
	const char *client_id; /* whom it was issued to; NULL: the grant's */
	const char *scope;
	const char *audience; /* with blanks between; NULL: the issuer */
	const char *extra;    /* further claims as JSON text; NULL */
	int64_t issued_at, expires_at, revoked_at;
};

enum store_verdict access_insert(struct store *store, const struct access_row *row);
/* The token and its grant's state, in one statement. NONE also for a wrong secret. */
enum store_verdict access_find(struct store *store, struct arena *arena, uint32_t realm_id,
			       const uint8_t id[ID_SIZE], const uint8_t hash[SHA256_SIZE],
			       struct access_row *row, struct grant_state *state);
/*
 * What a JWT without a grant depends on, in one statement: whether its client is enabled and its
 * jti revoked. Fills these members of state alone. NONE: the client is gone.
 */
enum store_verdict access_client_find(struct store *store, struct arena *arena, uint32_t realm_id,
				      const char *client_id, const uint8_t jti[JTI_SIZE],
				      struct grant_state *state);
enum store_verdict access_revoke(struct store *store, const uint8_t id[ID_SIZE], int64_t now);
/* Remembers that one JWT is void until it would have expired. OK also when it was known. */
enum store_verdict jti_revoke(struct store *store, const uint8_t jti[JTI_SIZE], int64_t expires_at);

/* The scopes a person allowed a client, remembered: space-separated. */
enum store_verdict consent_find(struct store *store, struct arena *arena, uint32_t realm_id,
				const uint8_t account_id[ID_SIZE], const char *client_id,
				const char **scope);
/* Replaces what was remembered. */
enum store_verdict consent_put(struct store *store, uint32_t realm_id,
			       const uint8_t account_id[ID_SIZE], const char *client_id,
			       const char *scope, int64_t now);
enum store_verdict consent_remove(struct store *store, uint32_t realm_id,
				  const uint8_t account_id[ID_SIZE], const char *client_id);

#endif
