/* SPDX-License-Identifier: ISC */
/*
 * Secrets of clients: always made here, shown once and kept as digests. client_secret_jwt makes
 * MACs with them, so those are sealed as well, bound to realm and row.
 */
#ifndef OSTIARY_PORT_SECRETS_H
#define OSTIARY_PORT_SECRETS_H

#include "core/model/client.h"
#include "core/port/provider.h"

#define CLIENT_SECRET_BYTES     32 /* random bytes of a secret */
#define CLIENT_SECRET_MAC_BYTES 48 /* the text is the key, and HS512 takes none under 64 bytes */

/* A client that authenticates so has secrets. */
bool client_has_secrets(const struct client *client);

/* The secret has not expired. */
bool client_secret_is_good(const struct client_secret *secret, int64_t now);

/*
 * A fresh secret for the client, good for so many seconds (0: for ever). *text is what leaves, the
 * request's. That of a client of client_secret_jwt is sealed: without master key that is a bug.
 */
struct client_secret client_secret_make(struct tx *tx, const struct client *client,
					int64_t lifetime, const char **text);

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
