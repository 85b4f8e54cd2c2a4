/* SPDX-License-Identifier: ISC */
/*
 * Clients: registration, changes of their metadata field by field, secrets, switching off, removal.
 * Which fields there are, of which type, and what goes together is core/model/client.h.
 */
#ifndef OSTIARY_MANAGE_CLIENT_H
#define OSTIARY_MANAGE_CLIENT_H

#include "core/manage/manage.h"
#include "core/model/client.h"

enum manage_op {
	MANAGE_SET,   /* the whole value; of lists, items separated by blanks */
	MANAGE_UNSET, /* the default again; value NULL */
	MANAGE_ADD,   /* one item of a list */
	MANAGE_DROP,  /* one item of a list */
};

/* One change of a metadata field, or of a setting that a client may override. */
struct manage_edit {
	enum manage_op op;
	const char *field, *value;
};

/* A secret as it leaves: once. */
struct manage_secret {
	uint8_t id[ID_SIZE];
	const char *text;   /* NULL: the client has none */
	int64_t expires_at; /* 0: never */
	bool sealed;        /* kept for client_secret_jwt; else its digest alone is kept */
};

struct manage_client_new {
	const char *client_id; /* NULL: one is made */
	const struct manage_edit *edits;
	size_t edits_count;
};

/* Registers a client; *client_id and, where its method needs one, *secret are what to hand over. */
enum manage_verdict manage_client_add(struct tx *tx, const struct manage_client_new *client,
				      const char **client_id, struct manage_secret *secret,
				      struct buf *why);

/* Applies the edits in their order; all or none. */
enum manage_verdict manage_client_edit(struct tx *tx, const char *client_id,
				       const struct manage_edit *edits, size_t count,
				       struct buf *why);

/* Refused when it is so already. A client that is off gets nothing and its tokens are void. */
enum manage_verdict manage_client_enable(struct tx *tx, const char *client_id, bool enabled,
					 struct buf *why);

/* With secrets, consents, grants and tokens. */
enum manage_verdict manage_client_remove(struct tx *tx, const char *client_id, struct buf *why);

/* An id that nobody has, for a client that brings none. */
const char *manage_client_fresh_id(struct tx *tx);

/* Writes checked metadata to row in canonical form, and makes the keys that it needs. */
struct manage_keys;
enum manage_verdict manage_client_write(struct tx *tx, const struct client *client,
					struct client_row *row, struct manage_keys *keys,
					struct buf *why);

/* The client as stored now. */
enum manage_verdict manage_client_find(struct tx *tx, const char *client_id,
				       const struct client **client, struct buf *why);

/* What the client lacks to authenticate itself as it is registered, with the remedy; NULL. */
const char *manage_client_lack(struct tx *tx, const struct client *client);

/* One more secret that is good for so many seconds; 0: for ever. */
enum manage_verdict manage_client_secret_add(struct tx *tx, const char *client_id, int64_t lifetime,
					     struct manage_secret *secret, struct buf *why);
/* The secret is good for so many more seconds; 0: no longer. id in hexadecimal. */
enum manage_verdict manage_client_secret_expire(struct tx *tx, const char *client_id,
						const char *id, int64_t in, struct buf *why);
/* Whether the client has a secret of that id. */
enum manage_verdict manage_client_secret_try(struct tx *tx, const char *client_id, const char *id,
					     struct buf *why);
enum manage_verdict manage_client_secret_remove(struct tx *tx, const char *client_id,
						const char *id, struct buf *why);

#endif
