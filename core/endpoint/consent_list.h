/* SPDX-License-Identifier: ISC */
/*
 * The list of a page that asks a person to allow something: what the realm tells, and what each
 * resource server lets the application do, in the reader's language.
 */
#ifndef OSTIARY_ENDPOINT_CONSENT_LIST_H
#define OSTIARY_ENDPOINT_CONSENT_LIST_H

struct call;
struct json_object;
struct strlist;

/* Adds scopes, has_scopes and resources (pages/templates/consent.html) for items of
 * core/oauth/consent.h; those that are not among the remembered ones (empty: none) are new. */
void consent_list_add(struct call *call, struct json_object *values, const struct strlist *items,
		      const struct strlist *remembered);

#endif
