/* SPDX-License-Identifier: ISC */
/*
 * Policy profiles as data. A realm has one (its minimum) and each client has one; the stricter of
 * both wins in every column, so a column's greater value is always the stricter.
 */
#ifndef OSTIARY_MODEL_PROFILE_H
#define OSTIARY_MODEL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

enum pkce_rule {
	PKCE_PUBLIC_ONLY, /* demanded of public clients, checked where sent (OpenID Connect
			     Core 1.0) */
	PKCE_ALWAYS,      /* OAuth 2.1 7.5.2, RFC 9700 2.1.1 */
};

struct profile {
	const char *name; /* "oidc", "oauth21" */
	const char *help;
	enum pkce_rule pkce;
	bool par; /* requests must be pushed (RFC 9126) */
};

const struct profile *profiles_table(size_t *count);
const struct profile *profile_find(const char *name);

/* The stricter of both in every column. */
struct profile profile_strictest(const struct profile *a, const struct profile *b);

#define PROFILE_REALM_DEFAULT  "oidc"
#define PROFILE_CLIENT_DEFAULT "oauth21"

#endif
