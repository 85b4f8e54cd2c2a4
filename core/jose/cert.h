/* SPDX-License-Identifier: ISC */
/*
 * TLS client certificates (RFC 8705): from the text that a web server hands over to DER and its
 * SHA-256, and what a certificate says of its holder. Nothing here judges a chain or a time: that
 * is the web server's work. Reading the text costs microseconds, taking a certificate apart a
 * hundred times as much, so that is a step of its own.
 */
#ifndef OSTIARY_JOSE_CERT_H
#define OSTIARY_JOSE_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"

struct arena;
struct jwk_set;
struct x509_st;
struct X509_name_st;

#define CERT_TEXT_MAX 16384 /* bytes of a certificate as the web server's variable has it */
#define CERT_DN_MAX   2048  /* bytes of a subject as text */
#define CERT_RDNS_MAX 64    /* attributes of a subject as text */

struct cert {
	const uint8_t *der;
	size_t size;
	uint8_t sha256[SHA256_SIZE]; /* of der: x5t#S256 (RFC 8705 3.1) */
};

/*
 * One certificate as PEM (RFC 7468) in the forms of web servers: as it is, with blanks or tabs
 * where newlines were, or percent-encoded. 0, or -1 with *why (a constant). The bytes are not
 * looked into.
 */
int cert_read(struct arena *arena, const char *text, struct cert *cert, const char **why)
	__attribute__((warn_unused_result));

/* base64url of sha256. */
char *cert_thumbprint(struct arena *arena, const struct cert *cert);

/* The certificate taken apart, the arena's; NULL when the bytes are not exactly one. */
struct x509_st *cert_parse(struct arena *arena, const struct cert *cert)
	__attribute__((warn_unused_result));

/*
 * A subject written as text (RFC 4514), the arena's; NULL when it is none: an unknown attribute
 * type, an attribute without a value, a value in hexadecimal. Blanks around "," "+" and "=" are
 * passed over.
 */
struct X509_name_st *cert_name_parse(struct arena *arena, const char *text)
	__attribute__((warn_unused_result));

/* The certificate's subject is this name, attribute by attribute (RFC 5280 7.1), in whatever string
 * type each is written. */
bool cert_subject_is(const struct x509_st *x509, const struct X509_name_st *name);

enum cert_san { CERT_SAN_DNS, CERT_SAN_URI, CERT_SAN_IP, CERT_SAN_EMAIL };

/* What is wrong with an alternative name to compare with, or NULL. */
const char *cert_san_mistake(enum cert_san type, const char *value);

/* One of the certificate's alternative names of this type is exactly value: byte for byte, but IP
 * addresses by their bits. */
bool cert_san_is(const struct x509_st *x509, enum cert_san type, const char *value);

/* The certificate's public key is one of the set's. */
bool cert_key_in(const struct x509_st *x509, const struct jwk_set *set);

#endif
