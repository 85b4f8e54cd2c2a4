/* SPDX-License-Identifier: ISC */
/*
 * Between the frame of client authentication and its methods.
 */
#ifndef OSTIARY_OAUTH_CLIENT_AUTH_PRESENTED_H
#define OSTIARY_OAUTH_CLIENT_AUTH_PRESENTED_H

#include "core/jose/jwt.h"
#include "core/oauth/client_auth.h"
#include "core/port/remote_keys.h"

struct presented {
	enum presented_kind kind;
	const char *client_id;
	const char *secret;      /* PRESENTED_BASIC, PRESENTED_POST */
	const char *assertion;   /* PRESENTED_ASSERTION … */
	struct jwt unverified;   /* … taken apart, nothing believed */
	struct jws_alg_set algs; /* … of the client's method */
	const struct client_credentials *credentials;
};

/* invalid_client with one public text for all: a caller must not learn which clients exist or how
 * they authenticate. The value is -1. */
int client_refuse(struct tx *tx, const char *why);

/* Where the client's keys are. */
struct key_source client_keys(const struct client *client);

/* The rows' functions. */
int verify_nothing(struct tx *tx, const struct client *client, const struct presented *presented);
int verify_secret(struct tx *tx, const struct client *client, const struct presented *presented);
int verify_secret_jwt(struct tx *tx, const struct client *client,
		      const struct presented *presented);
int verify_private_key_jwt(struct tx *tx, const struct client *client,
			   const struct presented *presented);
int verify_tls(struct tx *tx, const struct client *client, const struct presented *presented);
int verify_self_signed_tls(struct tx *tx, const struct client *client,
			   const struct presented *presented);

/* Notes after the answer that a secret was used, where the last note is old. */
void client_secret_note(struct tx *tx, const struct client *client,
			const struct client_secret *secret);

#endif
