/* SPDX-License-Identifier: ISC */
/*
 * Claims about the person: what scopes release (OpenID Connect Core 5.4) and what the claims
 * parameter asks for (5.5).
 */
#ifndef OSTIARY_OAUTH_CLAIMS_H
#define OSTIARY_OAUTH_CLAIMS_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/model/account.h"
#include "core/model/realm.h"
#include "core/model/session.h"

/* 0, or -1 with *why: the parameter is strict JSON and its members have the types of OpenID Connect
 * Core 5.5. */
int claims_parameter_check(struct arena *arena, const char *claims, const char **why)
	__attribute__((warn_unused_result));

/*
 * What of the parameter may be answered: the text with those claims alone that belong to a scope of
 * the realm which allowed (empty: all) holds; NULL when nothing is left. Those scopes are added to
 * *scopes: whoever asks for a claim asks for its scope.
 */
const char *claims_parameter_filter(struct arena *arena, const char *claims,
				    const struct realm *realm, const struct strlist *allowed,
				    struct strlist *scopes);

/* The sub that the answer must be about (OpenID Connect Core 5.5.1); NULL when none is named. */
const char *claims_requested_sub(struct arena *arena, const char *claims);

/* False when the parameter (NULL: none was sent) makes another acr essential than this. */
bool claims_acr_met(struct arena *arena, const char *claims, const char *acr);

/* Which half of the claims parameter: its member's name. */
#define CLAIMS_USERINFO "userinfo"
#define CLAIMS_ID_TOKEN "id_token"

/* Adds to out the account's claims that the granted scopes release. Empty ones are left out. */
void claims_add_scopes(struct json_object *out, const struct realm *realm,
		       const struct strlist *scopes, const struct account *account);

/* Adds those that a half of the claims parameter (NULL: none) names; a "value" or "values" that
 * does not match leaves the claim out. */
void claims_add_requested(struct arena *arena, struct json_object *out, const char *claims,
			  const char *half, const struct account *account);

#endif
