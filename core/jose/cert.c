/* SPDX-License-Identifier: ISC */
/*
 * Certificates out of the web server's variable, and comparisons on the parsed certificate: texts
 * of subjects differ between web servers, certificates do not.
 */
#include "core/jose/cert.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/jose/jwk.h"

#define BEGIN_LINE "-----BEGIN CERTIFICATE-----"
#define END_LINE   "-----END CERTIFICATE-----"
#define SPACE      " \t\r\n"

/* ---- from the variable to DER ---- */

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) % 16 : -1;
}

/* Percent escapes alone: "+" is a letter of base64 here. NULL when one is bad. */
static char *
unescape(struct arena *arena, const char *text)
{
	char *plain = arena_alloc(arena, strlen(text) + 1);
	char *out = plain;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		high = hex_value(text[1]);
		low = high < 0 ? -1 : hex_value(text[2]);
		if (low < 0 || high + low == 0)
			return NULL;
		*out++ = (char)(high * 16 + low);
		text += 2;
	}
	return plain;
}

/* What stands between the two lines, without its blanks; NULL when they are not there. */
static char *
pem_body(struct arena *arena, const char *text)
{
	const char *end;
	char *body, *out;

	text += strspn(text, SPACE);
	if (!str_starts(text, BEGIN_LINE))
		return NULL;
	text += strlen(BEGIN_LINE);
	end = strstr(text, END_LINE);
	if (!end || end[strlen(END_LINE) + strspn(end + strlen(END_LINE), SPACE)] != '\0')
		return NULL;
	out = body = arena_alloc(arena, (size_t)(end - text) + 1);
	for (; text < end; text++)
		if (!strchr(SPACE, *text))
			*out++ = *text;
	return body;
}

int
cert_read(struct arena *arena, const char *text, struct cert *cert, const char **why)
{
	const char *plain = text, *body;

	*why = "longer than a certificate may be";
	if (strnlen(text, CERT_TEXT_MAX + 1) > CERT_TEXT_MAX)
		return -1;
	*why = "not one certificate in PEM";
	if (strchr(text, '%'))
		plain = unescape(arena, text);
	body = plain ? pem_body(arena, plain) : NULL;
	cert->der = body ? b64_decode(arena, body, strlen(body), &cert->size) : NULL;
	if (!cert->der || cert->size == 0)
		return -1;
	hash_sha256(cert->der, cert->size, cert->sha256);
	return 0;
}

char *
cert_thumbprint(struct arena *arena, const struct cert *cert)
{
	return b64url_encode(arena, cert->sha256, sizeof(cert->sha256));
}

/* ---- taken apart ---- */

static void
free_x509(void *x509)
{
	X509_free(x509);
}

X509 *
cert_parse(struct arena *arena, const struct cert *cert)
{
	const unsigned char *end = cert->der;
	X509 *x509 = d2i_X509(NULL, &end, (long)cert->size);

	ERR_clear_error();
	arena_defer(arena, free_x509, x509);
	return x509 && end == cert->der + cert->size ? x509 : NULL;
}

bool
cert_subject_is(const X509 *x509, const X509_NAME *name)
{
	return X509_NAME_cmp(X509_get_subject_name(x509), name) == 0;
}

static const struct {
	int type; /* of OpenSSL */
	const char *mistake;
} sans[] = {
	[CERT_SAN_DNS] = {GEN_DNS, "not a DNS name"},
	[CERT_SAN_URI] = {GEN_URI, "not a URI"},
	[CERT_SAN_IP] = {GEN_IPADD, "not an IP address"},
	[CERT_SAN_EMAIL] = {GEN_EMAIL, "not an e-mail address"},
};

struct bytes {
	uint8_t address[16];
	const void *data;
	size_t size;
};

/* Value as a certificate holds it; size 0 when it is not of this type. */
static void
san_bytes(enum cert_san type, const char *value, struct bytes *bytes)
{
	*bytes = (struct bytes){.data = value, .size = strlen(value)};
	if (type != CERT_SAN_IP)
		return;
	bytes->data = bytes->address;
	bytes->size = inet_pton(AF_INET, value, bytes->address) == 1    ? 4
		      : inet_pton(AF_INET6, value, bytes->address) == 1 ? 16
									: 0;
}

const char *
cert_san_mistake(enum cert_san type, const char *value)
{
	struct bytes bytes;

	san_bytes(type, value, &bytes);
	return bytes.size == 0 || !str_printable(value) || strchr(value, ' ') ? sans[type].mistake
									      : NULL;
}

bool
cert_san_is(const X509 *x509, enum cert_san type, const char *value)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	struct bytes wanted;
	bool found = false;

	san_bytes(type, value, &wanted);
	for (int i = 0; wanted.size && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		/* these four are strings of octets, whatever member of the union is named */
		found |= name->type == sans[type].type &&
			 (size_t)ASN1_STRING_length(name->d.ia5) == wanted.size &&
			 memcmp(ASN1_STRING_get0_data(name->d.ia5), wanted.data, wanted.size) == 0;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

bool
cert_key_in(const X509 *x509, const struct jwk_set *set)
{
	const EVP_PKEY *key = X509_get0_pubkey(x509);
	bool found = false;

	for (size_t i = 0; key && i < set->count; i++)
		found |= set->key[i].key && EVP_PKEY_eq(key, set->key[i].key) == 1;
	ERR_clear_error();
	return found;
}
