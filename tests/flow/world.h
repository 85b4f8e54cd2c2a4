/* SPDX-License-Identifier: ISC */
/*
 * A whole provider in process on a private MariaDB: a clock that the test moves, the pages of the
 * project, a throttle of its own, a ring of failures in a temporary file, a log whose lines are
 * kept, and realms with keys. Other servers are those of tests/lib/fake_net.h. What a test adds
 * (clients, people) is gone before the next one.
 */
#ifndef OSTIARY_TESTS_WORLD_H
#define OSTIARY_TESTS_WORLD_H

/* before cmocka, which has a macro fail() of its own */
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"
#include "core/model/grant.h"
#undef fail

#include "tests/core/base/check.h"
#include "tests/lib/private_db.h"

#define WORLD_NOW INT64_C(1800000000) /* seconds; where the clock of every test begins */

/* Realms of every test. All have ES256, RS256, PS256 and EdDSA keys. */
#define MAIN_ISSUER "https://id.example"            /* realm "main" */
#define SUB_ISSUER  "https://host.example/sub/path" /* realm "sub" */
#define DEV_ISSUER  "http://localhost:8080/dev"     /* realm "dev" */
#define VIRT_ISSUER "https://virt.example"          /* realm "virt", virtual host "v" */

/* Clients of realm "main" that most tests need; all may refresh. */
#define WEB_SECRET   "web-secret-web-secret-web-secret-web-secret"
#define WEB_REDIRECT "https://app.example/cb"     /* "web": confidential, first party */
#define SPA_REDIRECT "https://spa.example/cb"     /* "spa": public, origin https://spa.example */
#define APP_REDIRECT "http://127.0.0.1/cb"        /* "app": public, native */
#define ASK_REDIRECT "https://ask.example/cb?x=1" /* "ask": confidential, asks for consent */

#define USER_PASSWORD "correct horse" /* of "alice" and "bob" */

struct world {
	struct arena *arena; /* of the test */
	struct provider provider;
	int64_t now_ms;
	uint64_t random_calls;
	struct rand_source random;
	struct clock clock;
	struct conf conf;
	const char *folder;
	void (*answered)(void); /* called between an answer and what waits for it; NULL */
};

extern struct world world;

/* Fixtures of a whole program and of each test. */
int world_open(void **state);
int world_close(void **state);
int world_fresh(void **state);
int world_spent(void **state);

#define flow_test(function)   cmocka_unit_test_setup_teardown(function, world_fresh, world_spent)
#define flow_tests_run(tests) cmocka_run_group_tests(tests, world_open, world_close)

void world_move(int64_t seconds);
int64_t world_now(void);

/* A tx in a realm, for calling storage and administration. */
void world_tx(struct tx *tx, const char *realm);

/* A client with a metadata document; secret NULL: none. Replaces one of the same name. */
void world_client(const char *realm, const char *client_id, const char *metadata,
		  const char *secret);
void world_client_secret(const char *realm, const char *client_id, const char *secret,
			 int64_t expires_at);
void world_client_off(const char *client_id);

/* A resource server of realm "main"; documents as in its row, introspection_clients may be NULL. */
void world_resource(const char *identifier, const char *scopes, const char *settings,
		    const char *introspection_clients);

/* A person; hash NULL: one of USER_PASSWORD, "": none at all. claims: JSON text or NULL. */
void world_user(const char *realm, const char *username, const char *hash, const char *claims);
void world_account(const char *username, struct account *account);

/* A setting or field of realm "main". Put back by the test itself. */
void world_realm_set(const char *name, const char *value);

/* Lines of the log with this piece of text since the test began. */
size_t world_log_count(const char *piece);
const char *world_log_find(const char *piece);

/* A copy of the provider with a connection of its own, for a forked child. */
void world_own_connection(void);
/* The end of such a child, with an exit status from 0 to 9. It becomes another program first: what
 * valgrind would tell of its memory is not of interest. */
_Noreturn void world_child_exit(int status);

#endif
