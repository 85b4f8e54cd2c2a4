/* SPDX-License-Identifier: ISC */
/*
 * Client certificates: input without a newline in front is the web server's variable, else the
 * first line is a subject (RFC 4514) and the rest the DER of a certificate. What is read is the
 * same in every form that web servers send, and comparing never fails.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/jose/cert.h"
#include "core/jose/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
compare(struct arena *arena, const struct cert *cert, const char *subject)
{
	static const struct jwk_set none = {0};
	struct x509_st *x509 = cert_parse(arena, cert);
	struct X509_name_st *name = cert_name_parse(arena, subject);

	if (!x509)
		return;
	if (name)
		(void)cert_subject_is(x509, name);
	for (int type = CERT_SAN_DNS; type <= CERT_SAN_EMAIL; type++)
		(void)cert_san_is(x509, (enum cert_san)type, "192.0.2.1");
	require(!cert_key_in(x509, &none));
}

static void
read_text(struct arena *arena, const char *text)
{
	struct cert cert, again;
	const char *why = NULL;

	if (cert_read(arena, text, &cert, &why) != 0) {
		require(why != NULL);
		return;
	}
	text = arena_printf(arena, "-----BEGIN CERTIFICATE-----%s-----END CERTIFICATE-----",
			    b64_encode(arena, cert.der, cert.size));
	require(cert_read(arena, text, &again, &why) == 0);
	require(memcmp(cert.sha256, again.sha256, sizeof(cert.sha256)) == 0);
	compare(arena, &cert, "CN=x");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;

	if (newline) {
		const char *subject = arena_copy(arena, data, (size_t)(newline - data));
		struct cert cert = {.der = newline + 1,
				    .size = size - (size_t)(newline - data) - 1};

		compare(arena, &cert, subject);
	}
	read_text(arena, arena_copy(arena, data, size));
	arena_free(arena);
	return 0;
}
