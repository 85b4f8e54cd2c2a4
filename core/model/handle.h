/* SPDX-License-Identifier: ISC */
/*
 * A handle is a random value that leaves in clear while only its digest is stored: the row's
 * time-ordered id, so that it is found by primary key, and 256 random bits. As text: a readable
 * prefix for secret scanners and base64url of both.
 */
#ifndef OSTIARY_MODEL_HANDLE_H
#define OSTIARY_MODEL_HANDLE_H

#include "core/base/hash.h"
#include "core/base/rand.h"

struct arena;

#define HANDLE_SECRET_SIZE 32
#define HANDLE_TEXT_MAX    112

#define HANDLE_CODE         "ost_ac_"  /* authorization code */
#define HANDLE_ACCESS       "ost_at_"  /* opaque access token */
#define HANDLE_SESSION      ""         /* the session cookie's value */
#define HANDLE_DEVICE       "ost_dc_"  /* device code */
#define HANDLE_INITIAL      "ost_it_"  /* initial access token (RFC 7591 1.2) */
#define HANDLE_REGISTRATION "ost_rat_" /* registration access token (RFC 7592 1.2) */
#define HANDLE_PUSHED       "urn:ietf:params:oauth:request_uri:" /* RFC 9126 2.2 */

struct handle {
	uint8_t id[ID_SIZE];
	uint8_t secret[HANDLE_SECRET_SIZE];
	uint8_t hash[SHA256_SIZE]; /* of the secret: what is stored */
};

/* A fresh handle with a fresh id. */
void handle_make(const struct rand_source *random, int64_t now_ms, struct handle *handle);

/* A fresh secret for a row that exists. */
void handle_renew(const struct rand_source *random, struct handle *handle);

char *handle_text(struct arena *arena, const char *prefix, const struct handle *handle);

/* 0, or -1 when text is not a handle with this prefix. */
int handle_parse(const char *prefix, const char *text, struct handle *handle)
	__attribute__((warn_unused_result));

#endif
