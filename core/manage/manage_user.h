/* SPDX-License-Identifier: ISC */
/*
 * People in the realm's own table: adding, passwords, claims, switching off, removal, and import of
 * many with the hashes that another system has.
 */
#ifndef OSTIARY_MANAGE_USER_H
#define OSTIARY_MANAGE_USER_H

#include "core/manage/manage.h"

#define PASSWORD_MIN          8 /* bytes (NIST SP 800-63B 5.1.1.2) */
#define USER_IMPORT_LINES_MAX 200000
#define USER_IMPORT_LINE_MAX  16384 /* bytes of one line */

/* One change of a claim: "K=V" where V has the claim's type, "K:=JSON" for any value. */
struct manage_claim {
	const char *name;
	const char *value; /* NULL: the claim goes */
	bool is_json;
};

struct manage_user_new {
	const char *username;
	const char *password; /* NULL: none, no sign-in by password */
	const struct manage_claim *claims;
	size_t claims_count;
};

/* "name=value" or "name:=json" taken apart. 0, or -1 with a line in why. */
int manage_claim_parse(struct arena *arena, const char *text, struct manage_claim *claim,
		       struct buf *why) __attribute__((warn_unused_result));

/* Adds a person; *account as stored. */
enum manage_verdict manage_user_add(struct tx *tx, const struct manage_user_new *user,
				    struct account *account, struct buf *why);

/* The person of a name, normalised here. */
enum manage_verdict manage_user_find(struct tx *tx, const char *username, struct account *account,
				     struct buf *why);

/* A new password; sessions and grants of the person end. */
enum manage_verdict manage_user_password(struct tx *tx, const char *username, const char *password,
					 struct buf *why);

enum manage_verdict manage_user_claims(struct tx *tx, const char *username,
				       const struct manage_claim *claims, size_t count,
				       struct buf *why);

/* Refused when it is so already. */
enum manage_verdict manage_user_enable(struct tx *tx, const char *username, bool enabled,
				       struct buf *why);

/* With sessions, grants, tokens and consents; the record keeps the id alone. */
enum manage_verdict manage_user_remove(struct tx *tx, const char *username, struct buf *why);

/* ---- import ---- */

struct manage_import {
	const char *text; /* lines "name:hash[:claims-json]"; empty ones and those with '#' in
			     front are skipped */
	size_t size;
	bool skip_bad; /* else one bad line refuses all */
	/* Called now and then with how much of all was stored; may be NULL. */
	void (*progress)(void *context, size_t done, size_t all);
	void *context;
};

struct manage_imported {
	size_t lines; /* with something in them */
	size_t bad;   /* each has a line "line N: …" in why */
	size_t added;
};

/* Imports people: in one transaction, or with skip_bad in several. */
enum manage_verdict manage_user_import(struct tx *tx, const struct manage_import *import,
				       struct manage_imported *done, struct buf *why);

#endif
