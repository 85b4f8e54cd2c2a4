/* SPDX-License-Identifier: ISC */
/*
 * Issuers of others whose signed messages count here, each for named purposes alone, and links that
 * say which person of ours one of their subjects is. They are read where they are used, not with
 * the realm: that costs one read by key where few requests come, and trust that was withdrawn ends
 * at once.
 */
#ifndef OSTIARY_MODEL_ISSUER_H
#define OSTIARY_MODEL_ISSUER_H

#include "core/model/account.h"

struct strlist;

#define ISSUER_MAX        255   /* bytes of an issuer's identifier */
#define ISSUER_JWKS_MAX   65536 /* bytes of a key set by value */
#define ISSUERS_MAX       1000  /* in one realm */
#define LINK_SUB_MAX      SUB_MAX
#define ACCOUNT_LINKS_MAX 100 /* of one person */

/* What messages of an issuer may be used for. */
enum issuer_purpose {
	ISSUER_SUBJECT_TOKEN,      /* subject and actor tokens of token exchange (RFC 8693) */
	ISSUER_JWT_BEARER,         /* authorization grants (RFC 7523 2.1) */
	ISSUER_SOFTWARE_STATEMENT, /* of registration (RFC 7591 2.3) */
	ISSUER_PURPOSES,
};

struct issuer {
	uint32_t realm_id;
	const char *issuer;   /* compared byte for byte with the claim iss */
	const char *purposes; /* names with blanks between */
	const char *jwks;     /* the key set's text; NULL: it is fetched */
	const char *jwks_uri; /* NULL: by value */
	const char *algs;     /* names of RFC 7518 3.1 with blanks between */
	int64_t created_at;
};

struct issuer_list {
	struct issuer *issuer;
	size_t count;
};

struct account_link {
	uint32_t realm_id;
	const char *issuer, *sub;
	uint8_t account_id[ID_SIZE];
	int64_t created_at;
};

struct account_link_list {
	struct account_link *link;
	size_t count;
};

/* "subject_token" … */
const char *issuer_purpose_name(enum issuer_purpose purpose);
/* 0, or -1 for an unknown name. */
int issuer_purpose_by_name(const char *name, enum issuer_purpose *purpose)
	__attribute__((warn_unused_result));
bool issuer_is_for(const struct issuer *issuer, enum issuer_purpose purpose);

/* What is wrong with an issuer's identifier, or NULL: printable ASCII without blanks; RFC
 * 7519 4.1.1 asks for a URI where there is a colon. */
const char *issuer_name_mistake(struct arena *arena, const char *text);

/* What is wrong with the subject of a link, or NULL: 1 to LINK_SUB_MAX bytes of UTF-8 without
 * control characters. */
const char *link_sub_mistake(const char *text);

/* ---- storage ---- */

enum store_verdict issuer_find(struct store *store, struct arena *arena, uint32_t realm_id,
			       const char *issuer, struct issuer *row);
/* All of a realm, by identifier. */
enum store_verdict issuer_list(struct store *store, struct arena *arena, uint32_t realm_id,
			       struct issuer_list *list);
/* CONFLICT when it is there already. */
enum store_verdict issuer_insert(struct store *store, const struct issuer *row);
/* All but created_at; OK also when nothing differs, NONE when it is not there. */
enum store_verdict issuer_update(struct store *store, const struct issuer *row);
/* Removes the issuer with the links of its subjects. */
enum store_verdict issuer_remove(struct store *store, uint32_t realm_id, const char *issuer);

/* CONFLICT when the subject is linked already, to whomever. */
enum store_verdict account_link_insert(struct store *store, const struct account_link *link);
/* NONE when the subject is not linked to this account. */
enum store_verdict account_link_remove(struct store *store, const struct account_link *link);
/* Those of one account, at most ACCOUNT_LINKS_MAX, in the order of issuer and subject. */
enum store_verdict account_link_list(struct store *store, struct arena *arena, uint32_t realm_id,
				     const uint8_t account_id[ID_SIZE],
				     struct account_link_list *list);
/* The person whom a subject of an issuer is: also a disabled one. */
enum store_verdict account_find_linked(struct store *store, struct arena *arena, uint32_t realm_id,
				       const char *issuer, const char *sub,
				       struct account *account);

#endif
