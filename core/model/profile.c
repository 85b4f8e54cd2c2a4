/* SPDX-License-Identifier: ISC */
/*
 * The policy profiles. A new demand of a specification is one column here and one place that reads
 * it; nothing else asks for a profile by its name.
 */
#include "core/model/profile.h"

#include "core/base/str.h"

static const struct profile profiles[] = {
	{
		.name = "oidc",
		.help = "OpenID Connect Core 1.0: PKCE is demanded of public clients only.",
		.pkce = PKCE_PUBLIC_ONLY,
		.par = false,
	},
	{
		.name = "oauth21",
		.help = "OAuth 2.1 and RFC 9700: PKCE is demanded of every client.",
		.pkce = PKCE_ALWAYS,
		.par = false,
	},
};

#define PROFILES_COUNT (sizeof(profiles) / sizeof(profiles[0]))

const struct profile *
profiles_table(size_t *count)
{
	*count = PROFILES_COUNT;
	return profiles;
}

const struct profile *
profile_find(const char *name)
{
	for (size_t i = 0; i < PROFILES_COUNT; i++) {
		if (str_equal(profiles[i].name, name))
			return &profiles[i];
	}
	return NULL;
}

struct profile
profile_strictest(const struct profile *a, const struct profile *b)
{
	/* The name is for people who ask which rule decided: the row that demanded more. */
	struct profile both = b->pkce > a->pkce || b->par > a->par ? *b : *a;

	both.pkce = a->pkce > b->pkce ? a->pkce : b->pkce;
	both.par = a->par || b->par;
	return both;
}
