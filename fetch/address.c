/* SPDX-License-Identifier: ISC */
/*
 * The filter: tables of what is not public (the special-purpose registries of RFC 6890 and its
 * successors), and the configured exceptions before them. Every address is 16 bytes, IPv4 ones in
 * their mapped form, so there is one comparison.
 */
#include "fetch/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/num.h"
#include "core/base/str.h"

#define BITS        128
#define MAPPED_BITS 96 /* of ::ffff:0:0/96, where IPv4 addresses lie */

struct network {
	uint8_t prefix[16];
	int64_t bits;
};

struct address_rules {
	struct network network[ADDRESS_NETWORKS_MAX];
	size_t networks;
	int64_t port[ADDRESS_PORTS_MAX];
	size_t ports;
};

#define V4(a, b, c, bits)                                                                          \
	{                                                                                          \
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, MAPPED_BITS + (bits)       \
	}

static const struct network refused[] = {
	V4(0, 0, 0, 8),                 /* this network */
	V4(10, 0, 0, 8),                /* private */
	V4(100, 64, 0, 10),             /* carriers' NAT */
	V4(127, 0, 0, 8),               /* loopback */
	V4(169, 254, 0, 16),            /* link-local, and the metadata services of clouds */
	V4(172, 16, 0, 12),             /* private */
	V4(192, 0, 0, 24),              /* protocol assignments */
	V4(192, 0, 2, 24),              /* documentation */
	V4(192, 88, 99, 24),            /* 6to4 relays */
	V4(192, 168, 0, 16),            /* private */
	V4(198, 18, 0, 15),             /* benchmarks */
	V4(198, 51, 100, 24),           /* documentation */
	V4(203, 0, 113, 24),            /* documentation */
	V4(224, 0, 0, 3),               /* multicast, reserved, broadcast */
	{{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo among them */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02}, 16},             /* 6to4: any IPv4 address lies within */
	{{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

/* Nothing else is public: unique local, link-local, NAT64 and what is not assigned lie outside. */
static const struct network public_networks[] = {
	V4(0, 0, 0, 0),
	{{0x20}, 3},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_in(const struct network *network, const uint8_t address[16])
{
	size_t bytes = (size_t)network->bits / 8;
	unsigned rest = (unsigned)network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(network->prefix, address, bytes) == 0 &&
	       (rest == 0 || ((network->prefix[bytes] ^ address[bytes]) & mask) == 0);
}

static bool
is_in_any(const struct network *networks, size_t count, const uint8_t address[16])
{
	for (size_t i = 0; i < count; i++) {
		if (is_in(&networks[i], address))
			return true;
	}
	return false;
}

static void
map_ipv4(uint8_t address[16], const void *ipv4)
{
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	memcpy(address + 12, ipv4, 4);
}

/* Bits beyond the prefix must be zero: "10.1.2.3/8" is a mistake of somebody. */
static bool
is_network(struct network *network)
{
	uint8_t rest[16] = {0};

	for (int64_t i = network->bits; i < BITS; i++)
		rest[i / 8] |= (uint8_t)(network->prefix[i / 8] & 0x80u >> i % 8);
	return memcmp(rest, (const uint8_t[16]){0}, sizeof(rest)) == 0;
}

static int
read_network(struct arena *arena, const char *text, struct network *network)
{
	char *address = arena_strdup(arena, text);
	char *slash = strchr(address, '/');
	uint8_t ipv4[4];

	if (!slash)
		return -1;
	*slash++ = '\0';
	if (inet_pton(AF_INET, address, ipv4) == 1) {
		map_ipv4(network->prefix, ipv4);
		if (num_parse_int64(slash, 0, BITS - MAPPED_BITS, &network->bits) != 0)
			return -1;
		network->bits += MAPPED_BITS;
	} else if (inet_pton(AF_INET6, address, network->prefix) != 1 ||
		   num_parse_int64(slash, 0, BITS, &network->bits) != 0) {
		return -1;
	}
	return is_network(network) ? 0 : -1;
}

/* The items of a list that commas and blanks part. */
static int
split(struct arena *arena, const char *text, size_t max, struct strlist *list)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; *c; c++) {
		if (*c == ',')
			*c = ' ';
	}
	return strlist_split(arena, copy, ' ', max, list);
}

const struct address_rules *
address_rules_read(struct arena *arena, const char *networks, const char *ports, const char **why)
{
	struct address_rules *rules = arena_alloc(arena, sizeof(*rules));
	struct strlist list;

	*why = "fetch_allow_networks: too many";
	if (split(arena, networks, ADDRESS_NETWORKS_MAX, &list) != 0)
		return NULL;
	for (size_t i = 0; i < list.count; i++) {
		*why = arena_printf(arena,
				    "fetch_allow_networks: %s is no network; write one as "
				    "10.1.0.0/16 or fd00:1::/32",
				    list.item[i]);
		if (read_network(arena, list.item[i], &rules->network[i]) != 0)
			return NULL;
	}
	rules->networks = list.count;
	*why = "fetch_allow_ports: too many, or none";
	if (split(arena, ports, ADDRESS_PORTS_MAX, &list) != 0 || list.count == 0)
		return NULL;
	for (size_t i = 0; i < list.count; i++) {
		*why = arena_printf(arena, "fetch_allow_ports: %s is no port", list.item[i]);
		if (num_parse_int64(list.item[i], 1, UINT16_MAX, &rules->port[i]) != 0)
			return NULL;
	}
	rules->ports = list.count;
	*why = NULL;
	return rules;
}

/* The address as 16 bytes, and its port. -1 for another family. */
static int
take_apart(const struct sockaddr *address, socklen_t size, uint8_t bytes[16], int64_t *port)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (address->sa_family == AF_INET && size >= sizeof(ipv4)) {
		memcpy(&ipv4, address, sizeof(ipv4));
		map_ipv4(bytes, &ipv4.sin_addr);
		*port = ntohs(ipv4.sin_port);
		return 0;
	}
	if (address->sa_family == AF_INET6 && size >= sizeof(ipv6)) {
		memcpy(&ipv6, address, sizeof(ipv6));
		memcpy(bytes, &ipv6.sin6_addr, 16);
		*port = ntohs(ipv6.sin6_port);
		return 0;
	}
	return -1;
}

static bool
port_is_allowed(const struct address_rules *rules, int64_t port)
{
	for (size_t i = 0; i < rules->ports; i++) {
		if (rules->port[i] == port)
			return true;
	}
	return false;
}

const char *
address_refused(const struct address_rules *rules, const struct sockaddr *address, socklen_t size)
{
	uint8_t bytes[16];
	int64_t port;

	if (take_apart(address, size, bytes, &port) != 0)
		return "its address is of no family that is connected to";
	if (!port_is_allowed(rules, port))
		return "its port is not one of fetch_allow_ports";
	if (is_in_any(rules->network, rules->networks, bytes))
		return NULL;
	if (!is_in_any(public_networks, COUNT(public_networks), bytes) ||
	    is_in_any(refused, COUNT(refused), bytes))
		return "its address is not public; fetch_allow_networks may allow it";
	return NULL;
}
