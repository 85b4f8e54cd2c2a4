/* SPDX-License-Identifier: ISC */
/*
 * People of the host as NSS knows them: whether they are there, what they may, their names and
 * groups. In children only: behind NSS there may be a directory that takes its time.
 */
#ifndef OSTIARY_PAMD_NSS_H
#define OSTIARY_PAMD_NSS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/port/broker_wire.h"

struct arena;
struct service;

enum nss_found { NSS_FOUND, NSS_NONE, NSS_DOWN };

struct nss_user {
	uid_t uid;
	bool too_low; /* root, or below min_uid of the service */
	bool locked;  /* where the shadow entry can be read and says so */
	struct broker_person person;
};

/* FOUND fills user (arena). With others *why is a private text. */
enum nss_found nss_find(struct arena *arena, const struct service *service, const char *username,
			struct nss_user *user, const char **why);

#endif
