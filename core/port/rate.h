/* SPDX-License-Identifier: ISC */
/*
 * How many requests of one client, or from one network, the workers of a host take in a minute. A
 * minute's worth may come at once; then one is taken as often as the limit says. Kept in a shared
 * mapping of fixed size that may be lost at any time: whoever was slowed then begins anew.
 */
#ifndef OSTIARY_PORT_RATE_H
#define OSTIARY_PORT_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/rand.h"

struct rate;

#define RATE_MAX 6000000 /* requests a minute: the greatest limit that there is */

/* Bytes of the shared mapping; a mapping of zeros has counted nothing. */
size_t rate_size(void);

/* Gives the mapping its secret unless it has one: without it strangers cannot tell who shares a
 * bucket with whom. */
void rate_seed(struct rate *rate, const struct rand_source *random);

/* What requests are counted for: a client of a realm. */
uint64_t rate_key_client(const struct rate *rate, uint32_t realm_id, const char *client_id);

/* The network of an address (IPv4 /24, also when written as IPv6; IPv6 /64); an unreadable address
 * is one of its own. */
uint64_t rate_key_network(const struct rate *rate, const char *address);

/*
 * Charges one request and returns 0; or, when the minute's worth is used up, charges nothing and
 * returns the seconds until one more is taken, at least 1. a_minute 0: no limit; at most RATE_MAX.
 */
int64_t rate_charge(struct rate *rate, uint64_t key, int64_t a_minute, int64_t now_ms)
	__attribute__((warn_unused_result));

#endif
