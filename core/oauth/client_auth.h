/* SPDX-License-Identifier: ISC */
/*
 * Client authentication (RFC 6749 2.3, OpenID Connect Core 9, RFC 8705 2): one table, one row a
 * method. Two methods in one request are refused, and so is another than the registered one; which
 * one that is stays in the private text.
 */
#ifndef OSTIARY_OAUTH_CLIENT_AUTH_H
#define OSTIARY_OAUTH_CLIENT_AUTH_H

#include "core/base/form.h"
#include "core/jose/jwa.h"
#include "core/model/client.h"
#include "core/port/provider.h"

#define BASIC_MAX         2048 /* bytes of Basic credentials */
#define CLIENT_SECRET_MAX 512

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" /* RFC 7523 2.2 */
#define ASSERTION_LIFE 3600 /* seconds from now until exp, at most */
#define ASSERTION_SKEW 10   /* seconds that iat and nbf may lie ahead, and exp behind */

/* What a request presents. */
struct client_credentials {
	const char *basic; /* what followed "Basic" in the header; NULL: not sent */
	bool malformed;    /* the header was repeated, joined or empty */
	const struct form *form;
	const char *endpoint; /* the path that was called, behind the issuer: "/token" */
	/* the web server's word about the TLS connection; NULL: it said nothing */
	const char *certificate;        /* its text: core/jose/cert.h */
	const char *certificate_verify; /* "SUCCESS" alone means that its issuer is trusted */
};

/* What such credentials look like in a request. */
enum presented_kind {
	PRESENTED_BASIC,
	PRESENTED_POST,
	PRESENTED_ASSERTION,
	PRESENTED_ID, /* client_id alone: nothing, or what the TLS connection says */
};

struct presented;

/* Methods in the order of discovery. */
struct client_auth_row {
	const char *name;
	enum client_auth_method method;
	bool is_public; /* proves nothing */
	bool needs_tls; /* a certificate: works where the web server asks for one */
	enum presented_kind kind;
	struct jws_alg_set algs; /* of assertions; empty where there are none */
	/* 0, or -1 with the failure. */
	int (*verify)(struct tx *tx, const struct client *client,
		      const struct presented *presented);
};
const struct client_auth_row *client_auth_table(size_t *count);

/*
 * Certificates arrive only where the web server asks for them, and a realm says so by naming the
 * place (mtls_endpoint_base); nobody shall be sent to where they cannot work.
 */
bool client_auth_works(const struct client_auth_row *row, const struct realm *realm);

/*
 * A client_id that nobody has, for the log: who swaps the two halves sends a secret in its place,
 * and that is not shown.
 */
const char *client_id_shown(const char *client_id);

/*
 * The authenticated client. public_may: clients without a secret may come with their client_id
 * alone. 0, or -1 with invalid_client or invalid_request; temporarily_unavailable when the database
 * or the client's keys cannot be had.
 */
int client_authenticate(struct tx *tx, const struct client_credentials *credentials,
			bool public_may, const struct client **client)
	__attribute__((warn_unused_result));

#endif
