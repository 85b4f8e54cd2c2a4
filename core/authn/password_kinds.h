/* SPDX-License-Identifier: ISC */
/*
 * The table of stored hashes that verify. A row's bounds are looked at before anything is computed:
 * a hash says itself how costly it is to check, and it may have been written by somebody else.
 */
#ifndef OSTIARY_AUTHN_PASSWORD_KINDS_H
#define OSTIARY_AUTHN_PASSWORD_KINDS_H

#include <stdbool.h>

#include "core/authn/password.h"

struct password_kind {
	const char *prefix;
	bool (*bounded)(const char *stored);
	enum password_verdict (*verify)(const char *stored, const char *password);
	const char *refusal; /* of what is not bounded */
};

/* A stored hash without what some applications write in front of it. */
const char *password_unwrapped(const char *stored);

/* The kind of an unwrapped hash, never NULL: the last row refuses what no other row knows. */
const struct password_kind *password_kind_of(const char *stored);

/* The value of a character in crypt's base 64 ("./0-9A-Za-z"), or 64. */
unsigned password_crypt_digit(char c);

/* Kinds that crypt(3) does not know: core/authn/password_digest.c. */
bool password_phpass_bounded(const char *stored);
enum password_verdict password_phpass(const char *stored, const char *password);
enum password_verdict password_apr1(const char *stored, const char *password);
enum password_verdict password_ldap(const char *stored, const char *password);

/* What WordPress gives to bcrypt instead of a password: 64 characters and a NUL. */
#define PASSWORD_WORDPRESS_SIZE 65
void password_wordpress_input(const char *password, char input[PASSWORD_WORDPRESS_SIZE]);

#endif
