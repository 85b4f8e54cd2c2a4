/* SPDX-License-Identifier: ISC */
/*
 * What the files of a directory's connection share: waiting for an answer, and saying what failed.
 */
#ifndef OSTIARY_PAMD_LDAP_WAIT_H
#define OSTIARY_PAMD_LDAP_WAIT_H

#include "pamd/ldap_directory.h"

/* Sets why to what failed with the library's reason, and returns -1. */
int directory_fails(struct directory *directory, const char *what, int code);

/* The whole answer to a message within the service's time. 0 and *result, or -1. */
int directory_wait(struct directory *directory, const char *what, int message, LDAPMessage **result)
	__attribute__((warn_unused_result));

#endif
