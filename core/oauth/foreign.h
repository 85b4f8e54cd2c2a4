/* SPDX-License-Identifier: ISC */
/*
 * JWTs of trusted issuers: tokens for token exchange (RFC 8693), assertions (RFC 7523 2.1, 3) and
 * software statements (RFC 7591 2.3). The message is believed only after the issuer that it names
 * was found among the trusted ones with the purpose asked for, and its keys have verified it.
 */
#ifndef OSTIARY_OAUTH_FOREIGN_H
#define OSTIARY_OAUTH_FOREIGN_H

#include "core/base/hash.h"
#include "core/jose/jwt.h"
#include "core/model/issuer.h"
#include "core/port/provider.h"

#define FOREIGN_ASSERTION_LIFE 3600  /* seconds from now until exp of an assertion, at most */
#define FOREIGN_TOKEN_LIFE     86400 /* the same of a subject or actor token */
#define FOREIGN_SKEW           10    /* seconds that iat and nbf may lie ahead */

struct foreign_rules {
	enum issuer_purpose purpose;
	enum oauth_error error;     /* what a message that is no good is answered with */
	enum oauth_error untrusted; /* and one whose issuer is not trusted for this */
	/* who may be named in aud instead of us (our issuer or the URL of the token endpoint);
	 * NULL: nobody. A software statement needs no aud. */
	const char *client_id;
};

struct foreign {
	struct jwt jwt;       /* verified; iss is there, sub and exp but in software statements */
	struct issuer issuer; /* the row */
	/* for replay_first_seen(): the digest of purpose, realm, issuer and jti; without a jti,
	 * that of the message (RFC 7523 3 lets it be absent), so each is good once whatever it says
	 */
	uint8_t once[SHA256_SIZE];
};

/* Whether text is a JWT that names an issuer other than ours. Nothing is verified. */
bool foreign_looks_so(struct tx *tx, const char *text);

/*
 * Verifies a message: signature by the issuer's keys with one of its algorithms; typ, aud, exp, nbf
 * and iat as the purpose demands. 0 with *foreign in the request's arena, or -1 with a failure in
 * tx: that of the rules, or temporarily_unavailable when keys or database cannot be had. Not inside
 * a transaction.
 */
int foreign_verify(struct tx *tx, const char *text, const struct foreign_rules *rules,
		   struct foreign *foreign) __attribute__((warn_unused_result));

#endif
