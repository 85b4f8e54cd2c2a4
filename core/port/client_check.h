/* SPDX-License-Identifier: ISC */
/*
 * What is looked at once when client metadata is set, and what client_from_json() cannot see as it
 * knows neither keys nor certificates.
 */
#ifndef OSTIARY_PORT_CLIENT_CHECK_H
#define OSTIARY_PORT_CLIENT_CHECK_H

#include "core/model/client.h"

/*
 * Appends a line to why for each mistake; how many there were. jwks by value must be a JWK Set of
 * public keys alone, with one that goes with the client's method and algorithm; names of
 * certificates must be written as they are compared (RFC 4514, RFC 8705 2.1.2). Whoever takes
 * metadata from people or programs calls it behind client_from_json().
 */
size_t client_check(struct arena *arena, const struct client *client, struct buf *why);

#endif
