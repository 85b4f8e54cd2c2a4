/* SPDX-License-Identifier: ISC */
/*
 * The generic cell rate algorithm: a bucket is the time until which requests have been paid for. It
 * moves on by a minute / limit with each request and may be a minute ahead of the clock. A bucket
 * is one word of 64 bits, changed by compare and swap: microseconds and above them some bits of the
 * key. Few buckets are in question for a key. When all belong to others, the one that
 * is paid for the shortest time gives way: who has many networks can make buckets forget but cannot
 * have others refused.
 */
#include "core/port/rate.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/hash.h"

#define BUCKETS   65536
#define WAYS      4 /* buckets that a key may have */
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define MINUTE    UINT64_C(60000000) /* microseconds */

struct rate {
	_Atomic uint64_t seed;
	_Atomic uint64_t bucket[BUCKETS];
};

size_t
rate_size(void)
{
	return sizeof(struct rate);
}

void
rate_seed(struct rate *rate, const struct rand_source *random)
{
	uint64_t none = 0, seed;

	rand_fill(random, &seed, sizeof(seed));
	atomic_compare_exchange_strong(&rate->seed, &none, seed);
}

static uint64_t
key_of(const struct rate *rate, uint64_t kind, const void *data, size_t size)
{
	const uint64_t secret[2] = {atomic_load_explicit(&rate->seed, memory_order_relaxed), kind};

	return hash_short(secret, data, size);
}

/* Kinds of keys: a client's is its realm's number. */
#define KIND_V4   (UINT64_C(1) << 32)
#define KIND_V6   (UINT64_C(2) << 32)
#define KIND_TEXT (UINT64_C(3) << 32)

uint64_t
rate_key_client(const struct rate *rate, uint32_t realm_id, const char *client_id)
{
	return key_of(rate, realm_id, client_id, strlen(client_id));
}

uint64_t
rate_key_network(const struct rate *rate, const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return key_of(rate, KIND_V4, &v4, 3);
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return key_of(rate, KIND_TEXT, address, strlen(address));
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return key_of(rate, KIND_V4, v6.s6_addr + 12, 3);
	return key_of(rate, KIND_V6, &v6, 8);
}

/* A bucket as it was found. */
struct found {
	_Atomic uint64_t *bucket;
	uint64_t value;
	uint64_t ahead; /* of the clock, in microseconds; 0: free */
};

/* Times wrap around after half a year. Those that no minute's worth reaches are past, or of a clock
 * that was set back. */
static uint64_t
ahead_of(uint64_t value, uint64_t now)
{
	uint64_t ahead = (value - now) & TIME_MASK;

	return ahead > 2 * MINUTE ? 0 : ahead;
}

/* The key's bucket; else the one that is free or will be first. */
static struct found
find(struct rate *rate, uint64_t key, uint64_t now)
{
	_Atomic uint64_t *first = &rate->bucket[key % (BUCKETS / WAYS) * WAYS];
	struct found found = {.ahead = UINT64_MAX};

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t value = atomic_load(&first[i]);
		uint64_t ahead = ahead_of(value, now);

		if (ahead > 0 && value >> TIME_BITS == key >> TIME_BITS)
			return (struct found){&first[i], value, ahead};
		if (ahead < found.ahead)
			found = (struct found){&first[i], value, ahead};
	}
	found.ahead = 0;
	return found;
}

int64_t
rate_charge(struct rate *rate, uint64_t key, int64_t a_minute, int64_t now_ms)
{
	uint64_t now = (uint64_t)now_ms * 1000;

	if (a_minute <= 0)
		return 0;
	for (;;) {
		struct found found = find(rate, key, now);
		uint64_t ahead = found.ahead + MINUTE / (uint64_t)a_minute;
		uint64_t value = (key & ~TIME_MASK) | ((now + ahead) & TIME_MASK);

		if (ahead > MINUTE)
			return (int64_t)((ahead - MINUTE + 999999) / 1000000);
		if (atomic_compare_exchange_strong(found.bucket, &found.value, value))
			return 0;
	}
}
