/* SPDX-License-Identifier: ISC */
/*
 * Between the files that read client metadata: the checks of single values that the table names,
 * and the rules between members.
 */
#ifndef OSTIARY_MODEL_CLIENT_METADATA_H
#define OSTIARY_MODEL_CLIENT_METADATA_H

#include "core/model/client.h"

/* Each says what is wrong with value, or NULL. */
const char *client_redirect_mistake(struct arena *arena, const struct client *client,
				    const char *value);
const char *client_page_mistake(struct arena *arena, const struct client *client,
				const char *value);
const char *client_origin_mistake(struct arena *arena, const struct client *client,
				  const char *value);
const char *client_scope_mistake(struct arena *arena, const struct client *client,
				 const char *value);
const char *client_https_mistake(struct arena *arena, const struct client *client,
				 const char *value);
const char *client_resource_mistake(struct arena *arena, const struct client *client,
				    const char *value);
/* Names are shown beside our own words: nothing in them may turn those round. */
const char *client_name_mistake(struct arena *arena, const struct client *client,
				const char *value);
/* Only the shape of a set: whoever takes a set from outside parses its keys (core/jose/jwk.h). */
const char *client_jwks_mistake(struct arena *arena, const struct client *client,
				const char *value);
const char *client_profile_mistake(struct arena *arena, const struct client *client,
				   const char *value);

/* Appends a line for each rule between members that is broken; how many were. */
size_t client_rules_check(struct arena *arena, const struct client *client, struct buf *why);

#endif
