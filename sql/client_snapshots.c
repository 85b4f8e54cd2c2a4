/* SPDX-License-Identifier: ISC */
/*
 * The table of client snapshots: 512 places looked through one after the other, which costs less
 * than the round trip that a hit saves.
 */
#include "sql/client_snapshots.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "sql/connection.h"

#define SNAPSHOT_ARENA_MAX (1024 * 1024) /* a document of CLIENT_METADATA_MAX stays far below */

struct client_snapshots {
	uint64_t uses;
	struct client_snapshot *place[CLIENT_SNAPSHOTS_MAX];
};

struct client_snapshots *
client_snapshots_new(struct arena *arena)
{
	return arena_alloc(arena, sizeof(struct client_snapshots));
}

void
client_snapshots_drop(struct client_snapshots *table)
{
	for (size_t i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		if (table->place[i])
			client_snapshot_release(table->place[i]);
		table->place[i] = NULL;
	}
}

struct client_snapshots *
client_snapshots_of(struct store *store)
{
	return store->snapshots;
}

struct client_snapshot *
client_snapshot_new(int64_t generation)
{
	struct arena *arena = arena_new(SNAPSHOT_ARENA_MAX);
	struct client_snapshot *snapshot = arena_alloc(arena, sizeof(*snapshot));

	snapshot->arena = arena;
	snapshot->shares = 1;
	snapshot->generation = generation;
	return snapshot;
}

void
client_snapshot_release(void *object)
{
	struct client_snapshot *snapshot = object;

	if (--snapshot->shares == 0)
		arena_free(snapshot->arena);
}

const struct client *
client_snapshot_share(struct client_snapshot *snapshot, struct arena *arena)
{
	snapshot->shares++;
	arena_defer(arena, client_snapshot_release, snapshot);
	return &snapshot->client;
}

static bool
snapshot_is(const struct client_snapshot *snapshot, uint32_t realm_id, const char *client_id)
{
	return snapshot && snapshot->client.realm_id == realm_id &&
	       str_equal(snapshot->client.client_id, client_id);
}

struct client_snapshot *
client_snapshots_find(struct client_snapshots *table, uint32_t realm_id, const char *client_id,
		      int64_t generation)
{
	for (size_t i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		struct client_snapshot *snapshot = table->place[i];

		if (!snapshot_is(snapshot, realm_id, client_id))
			continue;
		if (generation < 0 || snapshot->generation != generation)
			return NULL;
		snapshot->used = ++table->uses;
		return snapshot;
	}
	return NULL;
}

struct client_secret *
client_snapshots_secret(struct client_snapshots *table, const struct client *client,
			const uint8_t id[ID_SIZE])
{
	for (size_t i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		struct client_snapshot *snapshot = table->place[i];

		if (!snapshot_is(snapshot, client->realm_id, client->client_id))
			continue;
		for (size_t j = 0; j < snapshot->client.secrets_count; j++)
			if (memcmp(snapshot->secrets[j].id, id, ID_SIZE) == 0)
				return &snapshot->secrets[j];
	}
	return NULL;
}

static size_t
place_for(const struct client_snapshots *table, const struct client *client)
{
	size_t oldest = 0;

	for (size_t i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		if (snapshot_is(table->place[i], client->realm_id, client->client_id))
			return i;
	}
	for (size_t i = 0; i < CLIENT_SNAPSHOTS_MAX; i++) {
		if (!table->place[i])
			return i;
		if (table->place[i]->used < table->place[oldest]->used)
			oldest = i;
	}
	return oldest;
}

void
client_snapshots_keep(struct client_snapshots *table, struct client_snapshot *snapshot)
{
	size_t place = place_for(table, &snapshot->client);

	if (table->place[place])
		client_snapshot_release(table->place[place]);
	snapshot->used = ++table->uses;
	snapshot->shares++;
	table->place[place] = snapshot;
}
