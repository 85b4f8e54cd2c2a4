/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with the options of a service of kind ldap, before any directory is asked.
 */
#ifndef OSTIARY_PAMD_LDAP_CHECK_H
#define OSTIARY_PAMD_LDAP_CHECK_H

struct arena;
struct service;

/* What is wrong and what to do, or NULL. */
const char *ldap_check_mistake(struct arena *arena, const struct service *service);

#endif
