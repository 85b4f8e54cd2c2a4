/* SPDX-License-Identifier: ISC */
/*
 * Certificates made in tests: any subject, any alternative names, any key, signed by itself.
 */
#ifndef OSTIARY_TEST_JOSE_CERTS_H
#define OSTIARY_TEST_JOSE_CERTS_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/jose/jwk.h"

#define CERT_PARTS_MAX 8

struct cert_part {
	const char *type, *value; /* as OpenSSL calls it; NULL type: the end */
	int string;               /* V_ASN1_…; 0: UTF-8 */
	bool joins;               /* the set of the part before */
};

struct cert_wish {
	struct cert_part subject[CERT_PARTS_MAX]; /* in the order of the certificate */
	const char *names;                        /* "DNS:a.example,IP:192.0.2.1"; NULL: none */
	const struct jwk *key;
};

static inline void
cert_add_part(X509_NAME *name, const struct cert_part *part)
{
	int string = part->string ? part->string : V_ASN1_UTF8STRING;
	ASN1_OBJECT *type = OBJ_txt2obj(part->type, 0);

	if (!type ||
	    !X509_NAME_add_entry_by_OBJ(name, type, string, (const unsigned char *)part->value, -1,
					-1, part->joins ? -1 : 0))
		abort();
	ASN1_OBJECT_free(type);
}

static inline void
cert_add_names(X509 *x509, const char *names)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names);
	if (!extension || !X509_add_ext(x509, extension, -1))
		abort();
	X509_EXTENSION_free(extension);
}

/* PEM text in the arena. */
static inline char *
cert_make(struct arena *arena, const struct cert_wish *wish)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_NAME_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long size;

	for (size_t i = 0; i < CERT_PARTS_MAX && wish->subject[i].type; i++)
		cert_add_part(name, &wish->subject[i]);
	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_subject_name(x509, name);
	X509_set_issuer_name(x509, name);
	X509_set_pubkey(x509, wish->key->key);
	if (wish->names)
		cert_add_names(x509, wish->names);
	if (!X509_sign(x509, wish->key->key, EVP_sha256()) || !PEM_write_bio_X509(bio, x509))
		abort();
	size = BIO_get_mem_data(bio, &data);
	text = arena_copy(arena, data, (size_t)size);
	BIO_free(bio);
	X509_NAME_free(name);
	X509_free(x509);
	return text;
}

/* Text with every newline replaced: "\n\t" as nginx folds it, " ", "%0A" … */
static inline char *
cert_with_newlines(struct arena *arena, const char *text, const char *newline)
{
	char *out = arena_alloc(arena, strlen(text) * (strlen(newline) + 1) + 1);
	size_t size = 0;

	for (; *text; text++) {
		const char *piece = *text == '\n' ? newline : text;
		size_t length = *text == '\n' ? strlen(newline) : 1;

		memcpy(out + size, piece, length);
		size += length;
	}
	return out;
}

/* Everything but letters and digits percent-encoded: nginx's $ssl_client_escaped_cert. */
static inline char *
cert_escaped(struct arena *arena, const char *text)
{
	char *out = arena_alloc(arena, strlen(text) * 3 + 1);
	size_t size = 0;

	for (; *text; text++) {
		if (strchr("+/= \n", *text))
			size += (size_t)snprintf(out + size, 4, "%%%02X", (unsigned)*text);
		else
			out[size++] = *text;
	}
	return out;
}

#endif
