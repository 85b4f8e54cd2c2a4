/* SPDX-License-Identifier: ISC */
/*
 * Clients that were read and parsed, kept until the generation moves or their place is needed. Each
 * lives in an arena of its own and is counted: the table holds one share, each request that got it
 * another, so giving up a place never takes a client from under a request.
 */
#ifndef OSTIARY_SQL_CLIENT_SNAPSHOTS_H
#define OSTIARY_SQL_CLIENT_SNAPSHOTS_H

#include "core/model/client.h"

#define CLIENT_SNAPSHOTS_MAX 512

struct client_snapshots;

struct client_snapshot {
	struct arena *arena; /* holds this struct and all of the client */
	unsigned shares;
	int64_t generation;
	uint64_t used; /* the table's counter at the last use */
	struct client client;
	struct client_secret *secrets; /* the client's */
};

/* The table of a store. */
struct client_snapshots *client_snapshots_of(struct store *store);

/* A fresh snapshot with one share, the caller's. */
struct client_snapshot *client_snapshot_new(int64_t generation) __attribute__((returns_nonnull));

/* Gives up one share: the type of arena_defer(). */
void client_snapshot_release(void *snapshot);

/* The snapshot read at this generation, or NULL. No share is taken. */
struct client_snapshot *client_snapshots_find(struct client_snapshots *table, uint32_t realm_id,
					      const char *client_id, int64_t generation);

/* Keeps a snapshot, with a share of the table's own, in the place of an older one of the same
 * client or else of the one used longest ago. */
void client_snapshots_keep(struct client_snapshots *table, struct client_snapshot *snapshot);

/* The secret of a client that is kept, to note its use; NULL when it is not. */
struct client_secret *client_snapshots_secret(struct client_snapshots *table,
					      const struct client *client,
					      const uint8_t id[ID_SIZE]);

/* Lets the arena share the client until it is reset. */
const struct client *client_snapshot_share(struct client_snapshot *snapshot, struct arena *arena);

#endif
