/* SPDX-License-Identifier: ISC */
/*
 * Protocol failures: one table gives each its wire name, HTTP status, whether it may be sent to the
 * client's redirect URI, and whether it carries a challenge. Rendering is one file's work
 * (core/endpoint/failure.c).
 */
#ifndef OSTIARY_PORT_ERROR_H
#define OSTIARY_PORT_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum oauth_error {
	OAUTH_NONE,
	/* RFC 6749 4.1.2.1, 5.2 */
	OAUTH_INVALID_REQUEST,
	OAUTH_INVALID_CLIENT,
	OAUTH_INVALID_GRANT,
	OAUTH_UNAUTHORIZED_CLIENT,
	OAUTH_UNSUPPORTED_GRANT_TYPE,
	OAUTH_UNSUPPORTED_RESPONSE_TYPE,
	OAUTH_INVALID_SCOPE,
	OAUTH_ACCESS_DENIED,
	OAUTH_SERVER_ERROR,
	OAUTH_TEMPORARILY_UNAVAILABLE,
	/* OpenID Connect Core 3.1.2.6 */
	OAUTH_INTERACTION_REQUIRED,
	OAUTH_LOGIN_REQUIRED,
	OAUTH_ACCOUNT_SELECTION_REQUIRED,
	OAUTH_CONSENT_REQUIRED,
	OAUTH_REQUEST_NOT_SUPPORTED,
	OAUTH_REQUEST_URI_NOT_SUPPORTED,
	OAUTH_REGISTRATION_NOT_SUPPORTED,
	OAUTH_UNMET_AUTHENTICATION_REQUIREMENTS, /* its own specification of that name */
	/* RFC 6750 3.1 */
	OAUTH_INVALID_TOKEN,
	OAUTH_INSUFFICIENT_SCOPE,
	/* RFC 7009 2.2.1 */
	OAUTH_UNSUPPORTED_TOKEN_TYPE,
	OAUTH_INVALID_TARGET, /* RFC 8707 2 */
	/* RFC 8628 3.5 */
	OAUTH_AUTHORIZATION_PENDING,
	OAUTH_SLOW_DOWN,
	OAUTH_EXPIRED_TOKEN,
	/* RFC 7591 3.2.2 */
	OAUTH_INVALID_REDIRECT_URI,
	OAUTH_INVALID_CLIENT_METADATA,
	OAUTH_INVALID_SOFTWARE_STATEMENT,
	OAUTH_UNAPPROVED_SOFTWARE_STATEMENT,
	OAUTH_INVALID_REQUEST_URI, /* RFC 9101 7, RFC 9126 */
	/* ours, for what HTTP itself refuses */
	OAUTH_NOT_FOUND,
	OAUTH_METHOD_NOT_ALLOWED,
	OAUTH_BODY_TOO_LARGE,
	/* RFC 6585 4 names the status alone, and no OAuth document a code for it: slow_down is for
	   polling devices, temporarily_unavailable a trouble of ours */
	OAUTH_TOO_MANY_REQUESTS,
	OAUTH_ERROR_COUNT,
};

struct oauth_error_row {
	const char *name; /* on the wire */
	int status;       /* HTTP, when answered directly */
	bool redirect;    /* may go to a proven redirect URI */
	bool bearer;      /* challenged with WWW-Authenticate: Bearer */
	const char *page; /* catalogue key of the text that people read */
};

const struct oauth_error_row *oauth_error_row(enum oauth_error error);

/* The first failure of a request. */
struct failure {
	enum oauth_error error;
	const char *text;    /* public: fixed printable ASCII without quotes and backslash;
				error_description */
	const char *detail;  /* private: for log and `ostiary explain`; may be NULL */
	const char *page;    /* catalogue key instead of the row's; NULL */
	int64_t retry_after; /* seconds; 0: not said */
	int status;          /* HTTP, instead of the row's, where programs are answered; 0 */
	bool nothing_sent;   /* no token came: the challenge names no error (RFC 6750 3.1) */
};

#endif
