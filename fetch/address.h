/* SPDX-License-Identifier: ISC */
/*
 * Which addresses and ports may be connected to: public ones, and what the configuration allows
 * beside them. Asked with the address of each connection just before it is made, so a name that
 * resolves to something else a moment later gains nothing.
 */
#ifndef OSTIARY_FETCH_ADDRESS_H
#define OSTIARY_FETCH_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

struct arena;
struct address_rules;

#define ADDRESS_NETWORKS_MAX 32
#define ADDRESS_PORTS_MAX    16

/* From the texts of fetch_allow_networks ("10.1.0.0/16, fd00::/8") and fetch_allow_ports ("443").
 * NULL with *why when one is wrong. */
const struct address_rules *address_rules_read(struct arena *arena, const char *networks,
					       const char *ports, const char **why)
	__attribute__((warn_unused_result));

/* Why an address is not connected to, or NULL. An IPv4 address within an IPv6 one is judged as
 * itself. */
const char *address_refused(const struct address_rules *rules, const struct sockaddr *address,
			    socklen_t size);

#endif
