/* SPDX-License-Identifier: ISC */
/*
 * The table of backends: each has a kind, the place of its options, and rules between them.
 */
#ifndef OSTIARY_PAMD_BACKENDS_H
#define OSTIARY_PAMD_BACKENDS_H

#include "pamd/backend.h"

/* The backend of a kind and where its options stand (IN_PAM …), or NULL. */
const struct backend *backends_find(const char *kind, unsigned *place);

/* "pam or ldap" */
const char *backends_names(struct arena *arena);

/* What is wrong with the options of a service of its kind, and what to do; or NULL. */
const char *backends_mistake(struct arena *arena, const struct service *service);

#endif
