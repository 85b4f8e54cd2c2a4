/* SPDX-License-Identifier: ISC */
/*
 * Clients and resource servers among which tokens are exchanged: "web" signs people in and lets
 * "svc", "deep", "imp" and "both" exchange its tokens; these may reach BACK.
 */
#ifndef OSTIARY_TESTS_EXCHANGE_WORLD_H
#define OSTIARY_TESTS_EXCHANGE_WORLD_H

#include "tests/flow/others.h"

#define API  "https://api.example"  /* knows read and write; web's tokens are for it */
#define BACK "https://back.example" /* knows read and audit; svc calls it */
#define DARK "https://dark.example" /* its tokens are opaque */

/* What web got for alice: for API, with openid, read, write and offline_access. */
extern struct answer web_set;
extern const char *web_token; /* the access token of it */

int exchange_begin(void **state);
#define exchange_test(function)                                                                    \
	cmocka_unit_test_setup_teardown(function, exchange_begin, world_spent)

/* The metadata document of web, with more members, each behind a comma. */
#define WEB_CLIENT(more)                                                                           \
	"{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"                          \
	"\"introspection\":\"all\",\"grant_types\":[\"authorization_code\",\"refresh_token\","     \
	"\"" EXCHANGE_TYPE "\"]" more "}"

/* A client that may exchange tokens, with more members likewise. */
void add_service(const char *client_id, const char *more);

/* alice signs in again; the token answer of web. */
struct answer sign_in_for(const char *resource, const char *scope);

/* The exchange of web's token. */
const char *form_of_web(void);
/* The access token that an exchange must give. */
const char *exchanged(const char *client_id, const char *form);

#endif
