/* SPDX-License-Identifier: ISC */
/*
 * What clients may say of themselves: registration requests (RFC 7591 2, OpenID Connect Dynamic
 * Client Registration 1.0 2) and client id metadata documents become the metadata that is stored.
 * The metadata table says which members are theirs to set; all others are passed over, as the
 * specifications demand, but those that ask for what cannot be had are refused.
 */
#ifndef OSTIARY_OAUTH_REGISTRATION_H
#define OSTIARY_OAUTH_REGISTRATION_H

#include "core/model/client.h"
#include "core/port/provider.h"

struct registration {
	struct json_object *metadata; /* as client_from_json() reads it, with the realm's limits */
	struct client client;         /* the same, read and checked */
	const char *statement;        /* the software statement, to be sent back; NULL */
};

/* Who speaks decides what is believed. */
struct registration_rules {
	bool trusted;  /* an initial access token came: client_credentials may be asked for */
	bool document; /* a metadata document: no shared secrets, no software statement */
	const struct client *before; /* what is replaced: of it stays what only an administrator
					sets; NULL: nothing is */
};

/*
 * Reads a request. 0, or -1 with invalid_redirect_uri, invalid_client_metadata,
 * invalid_software_statement, unapproved_software_statement or temporarily_unavailable. Fetches the
 * keys of a statement's issuer and a sector document where they are named.
 */
int registration_read(struct tx *tx, struct json_object *request,
		      const struct registration_rules *rules, struct registration *registration)
	__attribute__((warn_unused_result));

/* What a client is told of itself: everything that it may set, defaults filled in (RFC 7591 3.2.1).
 */
struct json_object *registration_document(struct tx *tx, const struct client *client);

#endif
