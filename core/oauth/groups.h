/* SPDX-License-Identifier: ISC */
/*
 * What only people of some groups get. The groups of a person are the claim "groups" of the
 * account, as the source of the person told it last.
 */
#ifndef OSTIARY_OAUTH_GROUPS_H
#define OSTIARY_OAUTH_GROUPS_H

#include "core/base/str.h"
#include "core/model/client.h"
#include "core/model/realm.h"

struct json_object;

/* The scopes without those of the realm that need a group which the person is not in. */
struct strlist groups_keep(struct arena *arena, const struct realm *realm,
			   const struct strlist *scopes, struct json_object *claims);

/* Whether any of the scopes needs a group at all. */
bool groups_matter(const struct realm *realm, const struct strlist *scopes);

/* Whether the person may use the client. */
bool groups_admit(const struct client *client, struct json_object *claims);

#endif
