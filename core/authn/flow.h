/* SPDX-License-Identifier: ISC */
/*
 * An authorization request waiting for a person. It is never stored: it travels as a sealed field
 * of the page's form, bound to the browser's cookie. A page that no longer fits (other cookie, too
 * old, completed) proves nothing and is started again.
 */
#ifndef OSTIARY_AUTHN_FLOW_H
#define OSTIARY_AUTHN_FLOW_H

#include "core/base/hash.h"
#include "core/port/provider.h"

#define FLOW_REQUEST_MAX 16384 /* bytes of the request it carries */
#define BROWSER_SIZE     32    /* random bytes of the browser cookie */

struct flow {
	uint8_t id[ID_SIZE];
	int64_t created_at;
	uint8_t browser_hash[SHA256_SIZE];
	uint8_t selected[ID_SIZE]; /* the session that the person chose on this flow's page; zeros:
				      none */
	const char *request;       /* the authorization request as a query string */
};

enum flow_verdict {
	FLOW_GOOD,
	FLOW_STALE,  /* ours, but too old or of another browser: start again with its request */
	FLOW_FORGED, /* not ours */
};

/* A fresh flow for a request. */
void flow_make(struct tx *tx, const uint8_t browser[BROWSER_SIZE], const char *request,
	       struct flow *flow);

/* The sealed text. NULL when the request is too long. */
char *flow_seal(struct tx *tx, const struct flow *flow) __attribute__((warn_unused_result));

/* Opens a sealed text and compares it with the browser's cookie (NULL: it has none). *flow is
 * filled unless FORGED. */
enum flow_verdict flow_open(struct tx *tx, const char *text, const uint8_t *browser,
			    struct flow *flow) __attribute__((warn_unused_result));

bool flow_has_selected(const struct flow *flow, const uint8_t session_id[ID_SIZE]);

#endif
