/* SPDX-License-Identifier: ISC */
/*
 * From a client_id that came from outside to the client: a row, or where the realm allows it the
 * metadata document behind an https URL (draft-ietf-oauth-client-id-metadata-document). A stranger
 * who names a URL writes nothing but the cache of documents: the row is made when a person has let
 * the client in.
 */
#ifndef OSTIARY_OAUTH_CLIENT_LOOKUP_H
#define OSTIARY_OAUTH_CLIENT_LOOKUP_H

#include "core/model/client.h"
#include "core/port/provider.h"

#define CLIENT_DOCUMENT_MAX   5120  /* bytes of a metadata document (the draft's 5 KiB) */
#define CLIENT_DOCUMENT_LEAST 300   /* seconds that one is used at least, whatever it says; */
#define CLIENT_DOCUMENT_MOST  86400 /* and at most */

/* What is wrong with a URL as a client_id, or NULL: https, a host, a path, and no user, fragment or
 * dot segment. */
const char *client_document_mistake(struct arena *arena, const char *client_id);

/*
 * The client. NONE: there is none, or its document is no good, which is logged. DOWN: the database
 * is away, or too many wait for others' servers; the caller answers 503. A document that cannot be
 * fetched leaves a client that people have let in as it was. Not inside a transaction.
 */
enum store_verdict client_lookup(struct tx *tx, const char *client_id, const struct client **client)
	__attribute__((warn_unused_result));

/* True for a client that is known by its document alone: client_keep() goes before its grants. */
bool client_is_unkept(const struct client *client);

/* Makes the row of such a client; joins the transaction that lets it in. OK also for all others and
 * when the row is there. CONFLICT never; DOWN, with a log line, also beyond registration_limit. */
enum store_verdict client_keep(struct tx *tx, const struct client *client)
	__attribute__((warn_unused_result));

#endif
