/* SPDX-License-Identifier: ISC */
/*
 * tls_client_auth and self_signed_tls_client_auth (RFC 8705 2): the connection's certificate, by a
 * name in it that the web server's authorities vouch for, or by a registered key.
 */
#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/jose/cert.h"
#include "core/oauth/client_auth/presented.h"

static int
read_certificate(struct tx *tx, const struct presented *presented, struct x509_st **x509)
{
	const char *text = presented->credentials->certificate;
	const char *why = NULL;
	struct cert cert;

	if (str_empty(text))
		return client_refuse(tx, "the web server passed no client certificate: was the "
					 "endpoint called under the name that asks for one?");
	if (cert_read(tx->arena, text, &cert, &why) != 0)
		return client_refuse(tx, arena_printf(tx->arena, "SSL_CLIENT_CERT: %s", why));
	*x509 = cert_parse(tx->arena, &cert);
	return *x509 ? 0 : client_refuse(tx, "SSL_CLIENT_CERT is not one certificate");
}

/* With optional_no_ca a home-made certificate with the right name arrives too: NONE, FAILED:… and
 * Apache's GENEROUS are no success. */
static int
check_verified(struct tx *tx, const struct presented *presented)
{
	const char *verify = presented->credentials->certificate_verify;

	if (str_equal(verify, "SUCCESS"))
		return 0;
	return client_refuse(tx, arena_printf(tx->arena,
					      "SSL_CLIENT_VERIFY is %.100s: the web server does "
					      "not trust the certificate's issuer",
					      verify ? verify : "not set"));
}

/* The registered name; exactly one is. */
static bool
has_name(struct tx *tx, const struct client *client, const struct x509_st *x509)
{
	const struct {
		enum cert_san kind;
		const char *name;
	} names[] = {
		{CERT_SAN_DNS, client->tls_client_auth_san_dns},
		{CERT_SAN_URI, client->tls_client_auth_san_uri},
		{CERT_SAN_IP, client->tls_client_auth_san_ip},
		{CERT_SAN_EMAIL, client->tls_client_auth_san_email},
	};
	const char *subject = client->tls_client_auth_subject_dn;
	const struct X509_name_st *name = subject ? cert_name_parse(tx->arena, subject) : NULL;

	if (subject)
		return name && cert_subject_is(x509, name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].name)
			return cert_san_is(x509, names[i].kind, names[i].name);
	return false;
}

int
verify_tls(struct tx *tx, const struct client *client, const struct presented *presented)
{
	struct x509_st *x509 = NULL;

	if (read_certificate(tx, presented, &x509) != 0 || check_verified(tx, presented) != 0)
		return -1;
	return has_name(tx, client, x509)
		       ? 0
		       : client_refuse(tx, "the certificate does not have the registered name");
}

int
verify_self_signed_tls(struct tx *tx, const struct client *client,
		       const struct presented *presented)
{
	const struct key_source source = client_keys(client);
	struct x509_st *x509 = NULL;
	struct key_answer keys;
	enum remote_verdict found;

	if (read_certificate(tx, presented, &x509) != 0)
		return -1;
	found = remote_keys(tx, &source, NULL, &keys);
	if (found == REMOTE_OK && cert_key_in(x509, keys.set))
		return 0;
	if (found == REMOTE_OK) /* no set has this kid, so one that was replaced is fetched again */
		found = remote_keys(tx, &source, "of no key", &keys);
	if (found != REMOTE_OK)
		return remote_fail(tx, found, OAUTH_INVALID_CLIENT, "client authentication failed",
				   keys.why);
	return cert_key_in(x509, keys.set)
		       ? 0
		       : client_refuse(tx, "the certificate's key is not among the client's keys");
}
