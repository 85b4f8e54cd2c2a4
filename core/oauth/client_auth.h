/* SPDX-License-Identifier: ISC */
/*
 * Client authentication (RFC 6749 2.3, OpenID Connect Core 9): one table, one row a method. Two
 * methods in one request are refused, and so is another than the registered one; which one that is
 * stays in the private text.
 */
#ifndef OSTIARY_OAUTH_CLIENT_AUTH_H
#define OSTIARY_OAUTH_CLIENT_AUTH_H

#include "core/base/form.h"
#include "core/model/client.h"
#include "core/port/provider.h"

#define BASIC_MAX         2048 /* bytes of Basic credentials */
#define CLIENT_SECRET_MAX 512

/* What a request presents. */
struct client_credentials {
	const char *basic; /* what followed "Basic" in the header; NULL: not sent */
	bool malformed;    /* the header was repeated, joined or empty */
	const struct form *form;
};

/* Methods in the order of discovery. */
struct client_auth_row {
	const char *name;
	enum client_auth_method method;
	bool is_public; /* proves nothing */
};
const struct client_auth_row *client_auth_table(size_t *count);

/*
 * A client_id that nobody has, for the log: who swaps the two halves sends a secret in its place,
 * and that is not shown.
 */
const char *client_id_shown(const char *client_id);

/*
 * The authenticated client. public_may: clients without a secret may come with their client_id
 * alone. 0, or -1 with invalid_client or invalid_request.
 */
int client_authenticate(struct tx *tx, const struct client_credentials *credentials,
			bool public_may, const struct client **client)
	__attribute__((warn_unused_result));

#endif
