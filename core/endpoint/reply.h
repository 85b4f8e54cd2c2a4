/* SPDX-License-Identifier: ISC */
/*
 * Sending an authorization answer in the response mode in force.
 */
#ifndef OSTIARY_ENDPOINT_REPLY_H
#define OSTIARY_ENDPOINT_REPLY_H

#include "core/oauth/authz/authz.h"

struct call;

/* A redirect, or for form_post a page that posts itself. authz->reply_to must be proven. */
void reply_send(struct call *call, const struct authz *authz, const struct reply *reply);

/*
 * Where the page's form may lead on to. Browsers hold every further redirect against this too, and
 * a client's redirect URI often redirects to another host of its own: so https as a whole, and
 * beside it the proven origin of a loopback redirect URI or its private scheme.
 */
const char *reply_form_action(struct arena *arena, const char *reply_to);

#endif
