/* SPDX-License-Identifier: ISC */
/*
 * A client that is known by the URL of its metadata, in a realm that takes such. Included by one
 * file of a test program.
 */
#ifndef OSTIARY_TESTS_DOCUMENT_H
#define OSTIARY_TESTS_DOCUMENT_H

#include "core/oauth/client_lookup.h"
#undef fail
#include "tests/flow/others.h"
#include "tests/lib/fake_net.h"

#define ID             "https://mcp.example/client.json"
#define REDIRECT       "http://127.0.0.1:8976/callback"
#define AND_URIS       "\"redirect_uris\":[\"" REDIRECT "\"]"
#define DOCUMENT(more) "{\"client_id\":\"" ID "\"," AND_URIS more "}"
#define AGENT_DOCUMENT                                                                             \
	DOCUMENT(",\"client_name\":\"Assistant\",\"client_name#de\":\"Assistent\","                \
		 "\"token_endpoint_auth_method\":\"none\","                                        \
		 "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"                     \
		 "\"response_types\":[\"code\"],\"first_party\":true,"                             \
		 "\"logo_uri\":\"https://mcp.example/logo.png\",\"something\":{\"new\":1}")

static inline int
document_begin(void **state)
{
	world_fresh(state);
	world_realm_set("client_id_metadata_document", "true");
	fake_net_clear();
	fake_net_page(ID, "application/json", AGENT_DOCUMENT);
	return 0;
}

static inline int
document_end(void **state)
{
	world_realm_set("client_id_metadata_document", "false");
	world_realm_set("registration_limit", "1000");
	return world_spent(state);
}

/* The authorization request of the client. */
static inline const char *
target_of(const char *redirect_uri)
{
	return arena_printf(world.arena, "/authorize?%s",
			    params("client_id", ID, "redirect_uri", redirect_uri, "response_type",
				   "code", "scope", "openid", "state", "af0ifjsldkj",
				   "code_challenge", CHALLENGE, "code_challenge_method", "S256",
				   NULL));
}

/* How many clients people have let in. */
static inline int64_t
rows(void)
{
	return private_db_number("SELECT COUNT(*) FROM client WHERE source = 'document'");
}

/* Redeems a code by the client's id alone. */
static inline struct answer
redeem_here(const char *code)
{
	return token_post(NULL,
			  params("grant_type", "authorization_code", "code", code, "redirect_uri",
				 REDIRECT, "code_verifier", VERIFIER, "client_id", ID, NULL));
}

#define document_test(function)                                                                    \
	cmocka_unit_test_setup_teardown(function, document_begin, document_end)

#endif
