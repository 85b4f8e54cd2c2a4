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

/* Where the page's form may lead on to: the origin of a proven redirect URI, or its scheme. */
const char *reply_form_action(struct arena *arena, const char *reply_to);

#endif
