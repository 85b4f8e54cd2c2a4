/* SPDX-License-Identifier: ISC */
/*
 * Trusted issuers of a realm, and which person one of their subjects is. Nobody is trusted and
 * nobody is linked unless an administrator says so.
 */
#ifndef OSTIARY_MANAGE_ISSUER_H
#define OSTIARY_MANAGE_ISSUER_H

#include "core/manage/manage.h"
#include "core/model/issuer.h"

#define ISSUER_ALGS_DEFAULT "RS256 PS256 ES256 EdDSA"

/* What is given of an issuer: empty lists and NULL mean the default, or with a change, as it is. */
struct manage_issuer {
	const char *issuer;
	struct strlist purposes;
	struct strlist algs;  /* asymmetric ones: a shared secret proves nothing about who signed */
	const char *jwks;     /* text of a JWK Set with public keys */
	const char *jwks_uri; /* https; takes the place of jwks, and the other way round */
};

/* Adds an issuer: a purpose and keys in one of the two ways are needed. */
enum manage_verdict manage_issuer_add(struct tx *tx, const struct manage_issuer *given,
				      struct buf *why);
enum manage_verdict manage_issuer_find(struct tx *tx, const char *issuer, struct issuer *row,
				       struct buf *why);
enum manage_verdict manage_issuer_set(struct tx *tx, const struct manage_issuer *given,
				      struct buf *why);
/* With all links of its subjects. */
enum manage_verdict manage_issuer_remove(struct tx *tx, const char *issuer, struct buf *why);

/* Who is meant by a link. */
struct manage_link {
	const char *username;
	const char *issuer; /* one that is trusted */
	const char *sub;
};

/* A subject is one person at most. */
enum manage_verdict manage_user_link(struct tx *tx, const struct manage_link *link,
				     struct buf *why);
/* Tokens that were given by it live on until they end. */
enum manage_verdict manage_user_unlink(struct tx *tx, const struct manage_link *link,
				       struct buf *why);
enum manage_verdict manage_user_links(struct tx *tx, const char *username,
				      struct account_link_list *list, struct buf *why);

#endif
