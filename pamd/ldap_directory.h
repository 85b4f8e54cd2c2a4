/* SPDX-License-Identifier: ISC */
/*
 * One connection to one directory server: with TLS or not at all, within a time, without
 * referrals. Whoever gets -1 or BROKER_UNAVAILABLE finds the reason in why; nothing here ever
 * takes a server that cannot answer for an answer.
 */
#ifndef OSTIARY_PAMD_LDAP_DIRECTORY_H
#define OSTIARY_PAMD_LDAP_DIRECTORY_H

#include <ldap.h>
#include <stdbool.h>

#include "core/port/broker_wire.h"

struct arena;
struct service;

#define DIRECTORY_SERVERS_MAX 8
#define DIRECTORY_PDU_MAX     (4U << 20) /* bytes of one message of the directory */

struct directory {
	struct arena *arena;
	const struct service *service;
	const char *uri;
	LDAP *ld; /* NULL: closed */
	const char *why;
};

/* What a directory says about a password beside yes and no. */
struct directory_policy {
	bool must_change;    /* reset by somebody else, or expired with logins left */
	const char *refusal; /* of a new password, for people; NULL when it gave no reason */
};

struct directory_query {
	const char *base, *filter; /* expanded */
	int scope;                 /* LDAP_SCOPE_… */
	const char *const *attributes;
	int limit; /* entries; one more than are wanted */
};

/* Connects and begins TLS as the service wants it. 0 or -1. Closes nothing that was open. */
int directory_open(struct directory *directory, struct arena *arena, const struct service *service,
		   const char *uri) __attribute__((warn_unused_result));
void directory_close(struct directory *directory);

/*
 * RIGHT, WRONG, or, proven: EXPIRED DENIED CHANGE; UNAVAILABLE. An empty DN or password is WRONG
 * without being sent: directories take them for nobody and say yes (RFC 4513 5.1.2).
 */
enum broker_verdict directory_bind(struct directory *directory, const char *dn,
				   const char *password, struct directory_policy *policy);

/*
 * The entries, at most the limit, in *result (ldap_msgfree(); NULL with -1): their count, or -1. A
 * base that is not there is a failure: it says nothing of the people below.
 */
int directory_search(struct directory *directory, const struct directory_query *query,
		     LDAPMessage **result) __attribute__((warn_unused_result));

/*
 * Sets the password of who is bound (RFC 3062). RIGHT; DENIED: refused, see policy->refusal, and
 * another one may be taken; CHANGE: the directory does not let people do that; UNAVAILABLE.
 */
enum broker_verdict directory_set_password(struct directory *directory, const char *dn,
					   const char *old, const char *new,
					   struct directory_policy *policy);

/* The verdict in the text that Active Directory sends with code 49. */
enum broker_verdict directory_text_verdict(const char *text);

#endif
