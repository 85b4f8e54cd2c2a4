/* SPDX-License-Identifier: ISC */
/*
 * Choosing what an access token is for.
 */
#include "core/oauth/target.h"

#include <string.h>

#include "core/model/grant.h"
#include "core/model/resource.h"

static bool
is_issuer(const struct realm *realm, const char *identifier)
{
	return strcmp(identifier, realm->issuer) == 0;
}

bool
target_allowed(const struct realm *realm, const struct client *client, enum target_subject subject,
	       const char *identifier)
{
	if (is_issuer(realm, identifier))
		return true;
	if (!realm_resource(realm, identifier))
		return false;
	if (client->resources.count == 0)
		return subject == TARGET_FOR_PERSON;
	return strlist_has(&client->resources, identifier);
}

int
target_asked(struct tx *tx, const struct client *client, enum target_subject subject,
	     const struct form *form, struct strlist *resources)
{
	*resources = (struct strlist){0};
	for (size_t i = 0; i < form->count; i++) {
		const char *value = form->field[i].value;

		if (strcmp(form->field[i].name, "resource") != 0)
			continue;
		if (!target_allowed(tx->realm, client, subject, value))
			return fail(tx, OAUTH_INVALID_TARGET,
				    "resource is unknown, or this client may not ask for it",
				    "sent %.300s; %s", value,
				    realm_resource(tx->realm, value)
					    ? "it is not among resources of the client"
					    : "the realm has no such resource server");
		*resources = strlist_with(tx->arena, resources, value);
		if (resources->count > RESOURCES_MAX)
			return fail(tx, OAUTH_INVALID_TARGET,
				    "resource was sent more often than 8 times", NULL);
	}
	return 0;
}

struct strlist
target_reach(struct tx *tx, const struct client *client, enum target_subject subject,
	     const struct strlist *named, const struct strlist *scopes)
{
	const struct realm *realm = tx->realm;
	const char *fallback = client->default_resource;
	struct strlist reach = {0};

	for (size_t i = 0; i < named->count; i++)
		if (target_allowed(realm, client, subject, named->item[i]))
			reach = strlist_with(tx->arena, &reach, named->item[i]);
	if (named->count == 0 && fallback && target_allowed(realm, client, subject, fallback))
		reach = strlist_with(tx->arena, &reach, fallback);
	if (named->count == 0 || strlist_has(scopes, "openid"))
		reach = strlist_with(tx->arena, &reach, realm->issuer);
	return reach;
}

static bool
one_knows_scope(const struct realm *realm, const char *identifier, const char *scope)
{
	const struct resource *resource = realm_resource(realm, identifier);

	if (is_issuer(realm, identifier))
		return realm_scope(realm, scope) != NULL;
	return resource && resource_scope(resource, scope);
}

bool
target_knows_scope(const struct realm *realm, const struct strlist *resources, const char *scope)
{
	if (realm_scope(realm, scope))
		return true;
	for (size_t i = 0; i < resources->count; i++)
		if (one_knows_scope(realm, resources->item[i], scope))
			return true;
	return false;
}

static int
choose_audience(struct tx *tx, const struct target_wish *wish, struct target *target)
{
	struct strlist named, reach;

	if (strlist_split(tx->arena, wish->granted, ' ', RESOURCES_MAX, &named) != 0)
		return fail(tx, OAUTH_SERVER_ERROR, "the resources of the grant cannot be read",
			    NULL);
	reach = target_reach(tx, wish->client, wish->subject, &named, &wish->scopes);
	target->audience = wish->asked.count ? wish->asked : named;
	if (wish->asked.count) {
		if (strlist_within(&wish->asked, &reach))
			return 0;
		return fail(tx, OAUTH_INVALID_TARGET, "resource goes beyond what was granted",
			    "asked %.500s, granted %.500s",
			    strlist_join(tx->arena, &wish->asked, ' '),
			    wish->granted ? wish->granted : "without resource");
	}
	if (named.count) {
		target->audience = strlist_intersect(tx->arena, &named, &reach);
		if (target->audience.count)
			return 0;
		return fail(tx, OAUTH_INVALID_TARGET,
			    "the resource that was granted is there no longer", "granted %.500s",
			    wish->granted);
	}
	/* what is reached without naming anything: default_resource, if there is one, and behind it
	 * the issuer, which tokens of OpenID Connect are for */
	if (strlist_has(&wish->scopes, "openid"))
		reach.item += reach.count - 1;
	target->audience = (struct strlist){.item = reach.item, .count = 1};
	return 0;
}

static int
choose_scopes(struct tx *tx, const struct target_wish *wish, struct target *target)
{
	size_t known_to_some = 0;

	target->scopes = (struct strlist){0};
	for (size_t i = 0; i < wish->scopes.count; i++) {
		const char *scope = wish->scopes.item[i];
		size_t known = 0;

		for (size_t j = 0; j < target->audience.count; j++)
			known += one_knows_scope(tx->realm, target->audience.item[j], scope);
		known_to_some += known > 0;
		if (known == target->audience.count)
			target->scopes = strlist_with(tx->arena, &target->scopes, scope);
	}
	if (target->scopes.count || !known_to_some)
		return 0;
	return fail(tx, OAUTH_INVALID_TARGET,
		    "no scope is known to all of these resources; ask for a token for each",
		    "audience %.500s, scopes %.500s",
		    strlist_join(tx->arena, &target->audience, ' '),
		    strlist_join(tx->arena, &wish->scopes, ' '));
}

/* The make of a token for one of the audience. */
static struct target
make_for(const struct realm *realm, const struct client *client, const char *identifier)
{
	const struct resource *resource = realm_resource(realm, identifier);
	struct target make = {
		.format = client->settings.access_token_format,
		.lifetime = client->settings.access_token_lifetime,
		.alg = client->settings.access_token_alg,
	};

	if (!resource)
		return make;
	if (resource->access_token_format >= 0)
		make.format = resource->access_token_format;
	if (resource->access_token_lifetime >= 0)
		make.lifetime = resource->access_token_lifetime;
	if (resource->access_token_alg)
		make.alg = resource->access_token_alg;
	return make;
}

static int
choose_make(struct tx *tx, const struct target_wish *wish, struct target *target)
{
	for (size_t i = 0; i < target->audience.count; i++) {
		struct target one = make_for(tx->realm, wish->client, target->audience.item[i]);

		if (i == 0) {
			target->format = one.format;
			target->lifetime = one.lifetime;
			target->alg = one.alg;
		}
		if (one.format != target->format ||
		    (one.format == TOKEN_JWT && strcmp(one.alg, target->alg) != 0))
			return fail(tx, OAUTH_INVALID_TARGET,
				    "tokens for these resources are made differently; ask for a "
				    "token for each",
				    "format or algorithm of %.300s", target->audience.item[i]);
		if (one.lifetime < target->lifetime)
			target->lifetime = one.lifetime;
	}
	return 0;
}

int
target_choose(struct tx *tx, const struct target_wish *wish, struct target *target)
{
	*target = (struct target){0};
	if (choose_audience(tx, wish, target) != 0 || choose_scopes(tx, wish, target) != 0)
		return -1;
	return choose_make(tx, wish, target);
}
