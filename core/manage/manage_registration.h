/* SPDX-License-Identifier: ISC */
/*
 * Clients that register themselves (RFC 7591, RFC 7592), and the initial access tokens that let
 * them. What they may say of themselves is decided before, in core/oauth/registration.h.
 */
#ifndef OSTIARY_MANAGE_REGISTRATION_H
#define OSTIARY_MANAGE_REGISTRATION_H

#include "core/manage/manage.h"
#include "core/model/client.h"
#include "core/model/initial.h"

#define REGISTRATION_TIDY_MAX 100 /* unused clients that one run removes from a realm */

enum registration_verdict {
	REGISTRATION_DONE,
	REGISTRATION_FULL,    /* registration_limit is reached */
	REGISTRATION_USED_UP, /* the initial token has no use left */
	REGISTRATION_CHANGED, /* somebody else changed the client meanwhile */
	REGISTRATION_REFUSED, /* a line in why */
	REGISTRATION_LOST,    /* the database does not answer */
};

/* What the client is told once. */
struct registered {
	const char *client_id;
	int64_t issued_at;
	const char *secret; /* NULL: it has none, or keeps the one that it has */
	int64_t secret_expires_at;
	const char *token; /* its registration access token */
};

/* Registers a client with checked metadata. initial NULL: registration is open. */
enum registration_verdict manage_registration_add(struct tx *tx, const struct client *client,
						  const struct initial_token *initial,
						  struct registered *out, struct buf *why);

/*
 * Replaces the metadata of the client in row (as read before; before is the same, parsed). It gets
 * a new registration access token, and the old one is void; a secret too where its method needs one
 * that it does not have.
 */
enum registration_verdict manage_registration_replace(struct tx *tx, struct client_row *row,
						      const struct client *before,
						      const struct client *client,
						      struct registered *out, struct buf *why);

/* Removes clients that registered themselves and that nobody let in for registration_unused. */
enum store_verdict manage_registration_tidy(struct tx *tx, struct buf *report);

/* ---- initial access tokens ---- */

struct manage_initial {
	const char *note; /* NULL */
	int64_t uses;     /* 1 to INITIAL_USES_MAX */
	int64_t lifetime; /* seconds; 0: for ever */
	const char *text; /* set: what leaves, once */
	uint8_t id[ID_SIZE];
	int64_t expires_at;
};

enum manage_verdict manage_initial_add(struct tx *tx, struct manage_initial *token,
				       struct buf *why);
/* id in hexadecimal, as listed. */
enum manage_verdict manage_initial_remove(struct tx *tx, const char *id, struct buf *why);

#endif
