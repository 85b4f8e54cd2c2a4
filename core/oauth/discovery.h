/* SPDX-License-Identifier: ISC */
/*
 * The metadata document (OpenID Connect Discovery 1.0 3, RFC 8414 2), derived from the tables, so
 * that it lists exactly what works.
 */
#ifndef OSTIARY_OAUTH_DISCOVERY_H
#define OSTIARY_OAUTH_DISCOVERY_H

#include <stdbool.h>

struct arena;
struct realm_live;
struct strlist;

/* One endpoint's member in the document; ended by a NULL name. The routes know their paths. */
struct discovery_endpoint {
	const char *member; /* "token_endpoint" */
	const char *path;   /* "/token" */
	bool for_clients;   /* clients authenticate there: it has an alias for certificates */
};

/* The document's text in the arena. locales are the languages of the pages. */
char *discovery_document(struct arena *arena, const struct realm_live *live,
			 const struct discovery_endpoint *endpoints, const struct strlist *locales);

#endif
