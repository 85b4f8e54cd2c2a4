/* SPDX-License-Identifier: ISC */
/*
 * Client secrets that have to be known again: client_secret_jwt makes MACs with them, so they are
 * sealed, bound to realm and row, while all others are kept as digests alone.
 */
#ifndef OSTIARY_PORT_SECRETS_H
#define OSTIARY_PORT_SECRETS_H

#include "core/model/client.h"
#include "core/port/provider.h"

/* Seals the text of a secret into *secret (in the request's arena). */
void client_secret_seal(struct tx *tx, struct client_secret *secret, const char *text);

/* The text of a sealed secret; NULL with *why when it is not sealed or does not open. */
const char *client_secret_open(struct tx *tx, const struct client_secret *secret, const char **why)
	__attribute__((warn_unused_result));

/*
 * Seals it under the current master key. 1: it was under a previous one and *sealed is new; 0: it
 * is as it should be; -1 with *why: it does not open.
 */
int client_secret_reseal(struct tx *tx, const struct client_secret *secret, const uint8_t **sealed,
			 size_t *size, const char **why) __attribute__((warn_unused_result));

#endif
