/* SPDX-License-Identifier: ISC */
/*
 * What a person allows a client, as items that are shown and remembered: a scope of the realm by
 * its name, a resource server by its identifier with a quote behind it, a scope of it by both with
 * the quote between. Neither URIs nor scopes have quotes, so no two things make the same item.
 */
#ifndef OSTIARY_OAUTH_CONSENT_H
#define OSTIARY_OAUTH_CONSENT_H

#include "core/base/str.h"

#define CONSENT_ITEMS_MAX 1024 /* that are remembered of one client */

struct realm;

/* The items of these scopes at these resources (as of target_reach()). */
struct strlist consent_items(struct arena *arena, const struct realm *realm,
			     const struct strlist *resources, const struct strlist *scopes);

struct consent_item {
	const char *resource; /* NULL: the realm's */
	const char *scope;    /* NULL: the resource server as such */
};

struct consent_item consent_item_read(struct arena *arena, const char *item);

#endif
