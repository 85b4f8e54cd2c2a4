/* SPDX-License-Identifier: ISC */
/*
 * Buckets: 64 bits each, changed by compare and swap. The upper half is the second of the newest
 * change, the lower half the debt then: a failure adds window / limit to it and passing time takes
 * itself away, exactly, so busy networks forget as fast as quiet ones.
 */
#include "core/authn/throttle.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/hash.h"

#define BUCKETS  65536
#define OVER_MAX 20 /* failures beyond the limit that are still counted */

struct throttle {
	_Atomic uint64_t bucket[BUCKETS];
};

struct tally {
	uint32_t last; /* seconds since 1970 */
	uint32_t debt; /* milliseconds of forgetting that are owed */
};

size_t
throttle_size(void)
{
	return sizeof(struct throttle);
}

static uint64_t
hash64(const char *kind, uint32_t realm_id, const void *data, size_t size)
{
	uint8_t text[512] = {0};
	uint8_t digest[SHA256_SIZE];
	size_t kind_size = strlen(kind) + 1;
	uint64_t hash;

	if (size > sizeof(text) - kind_size - sizeof(realm_id))
		size = sizeof(text) - kind_size - sizeof(realm_id);
	memcpy(text, kind, kind_size);
	memcpy(text + kind_size, &realm_id, sizeof(realm_id));
	memcpy(text + kind_size + sizeof(realm_id), data, size);
	hash_sha256(text, kind_size + sizeof(realm_id) + size, digest);
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

static void
add_key(struct throttle_keys *keys, uint64_t hash, uint32_t limit)
{
	if (keys->count < THROTTLE_KEYS_MAX)
		keys->key[keys->count++] = (struct throttle_key){hash, limit};
}

/* What the networks of an address are counted for. */
enum counted { COUNTED_SIGNINS, COUNTED_CODES };

static void
add_networks(struct throttle_keys *keys, enum counted counted, const char *address, uint32_t limit)
{
	uint8_t binary[16];

	if (inet_pton(AF_INET, address, binary) == 1) {
		add_key(keys, hash64("v4/24", counted, binary, 3), limit);
	} else if (inet_pton(AF_INET6, address, binary) == 1) {
		add_key(keys, hash64("v6/64", counted, binary, 8), limit);
		add_key(keys, hash64("v6/48", counted, binary, 6), limit * 4);
	} else {
		add_key(keys, hash64("address", counted, address, strlen(address)), limit);
	}
}

void
throttle_keys_for(struct throttle_keys *keys, uint32_t realm_id, const char *username,
		  const char *address, uint32_t account_limit, uint32_t network_limit)
{
	*keys = (struct throttle_keys){0};
	add_key(keys, hash64("account", realm_id, username, strlen(username)), account_limit);
	add_networks(keys, COUNTED_SIGNINS, address, network_limit);
}

void
throttle_keys_code(struct throttle_keys *keys, const uint8_t browser[32], const char *address,
		   uint32_t browser_limit, uint32_t network_limit)
{
	*keys = (struct throttle_keys){0};
	add_key(keys, hash64("code", 0, browser, 32), browser_limit);
	add_networks(keys, COUNTED_CODES, address, network_limit);
}

void
throttle_keys_known(struct throttle_keys *keys, const uint8_t *browser_id, size_t size)
{
	*keys = (struct throttle_keys){0};
	add_key(keys, hash64("browser", 0, browser_id, size), THROTTLE_KNOWN_LIMIT);
}

static struct tally
unpack(uint64_t value)
{
	return (struct tally){(uint32_t)(value >> 32), (uint32_t)value};
}

static uint64_t
pack(struct tally tally)
{
	return ((uint64_t)tally.last << 32) | tally.debt;
}

/* What one failure adds. */
static int64_t
step_of(uint32_t limit)
{
	return limit < THROTTLE_WINDOW * 1000U
		       ? THROTTLE_WINDOW * INT64_C(1000) / (limit ? limit : 1)
		       : 1;
}

/* What is left of a debt at now; a clock that went back forgets nothing. */
static int64_t
debt_at(struct tally tally, int64_t now)
{
	int64_t gone = now > tally.last ? (now - tally.last) * 1000 : 0;

	return gone >= tally.debt ? 0 : tally.debt - gone;
}

static int64_t
wait_of(int64_t debt, uint32_t limit)
{
	int64_t step = step_of(limit);
	int64_t failures = (debt + step - 1) / step;

	if (failures < limit)
		return 0;
	return failures - limit >= 10 ? THROTTLE_WAIT_MAX : INT64_C(1) << (failures - limit);
}

static int64_t
still_waiting(struct throttle *throttle, const struct throttle_key *key, int64_t now)
{
	struct tally raw = unpack(atomic_load(&throttle->bucket[key->hash % BUCKETS]));
	int64_t wait = wait_of(raw.debt, key->limit);
	int64_t gone =
		now > raw.last ? now - raw.last : 0; /* another worker's clock may be ahead */

	return wait > gone ? wait - gone : 0;
}

static void
change(struct throttle *throttle, const struct throttle_key *key, int64_t now, int failures)
{
	_Atomic uint64_t *bucket = &throttle->bucket[key->hash % BUCKETS];
	uint64_t old = atomic_load(bucket);
	int64_t step = step_of(key->limit);
	int64_t most = step * ((int64_t)key->limit + OVER_MAX);
	struct tally tally;

	do {
		int64_t debt = debt_at(unpack(old), now) + failures * step;

		debt = debt > most ? most : debt;
		tally.debt = debt > 0 ? (uint32_t)debt : 0;
		tally.last = unpack(old).last > now ? unpack(old).last : (uint32_t)now;
	} while (!atomic_compare_exchange_weak(bucket, &old, pack(tally)));
}

int64_t
throttle_charge(struct throttle *throttle, const struct throttle_keys *keys, int64_t now)
{
	int64_t longest = 0;

	for (size_t i = 0; i < keys->count; i++) {
		int64_t wait = still_waiting(throttle, &keys->key[i], now);

		longest = wait > longest ? wait : longest;
	}
	for (size_t i = 0; longest == 0 && i < keys->count; i++)
		change(throttle, &keys->key[i], now, 1);
	return longest;
}

void
throttle_refund(struct throttle *throttle, const struct throttle_keys *keys, int64_t now)
{
	for (size_t i = 0; i < keys->count; i++)
		change(throttle, &keys->key[i], now, -1);
}
