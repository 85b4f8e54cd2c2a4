/* SPDX-License-Identifier: ISC */
/*
 * A request with a private MariaDB and a network of documents, for tests of what is fetched.
 * Included by one file of a test program, behind everything else.
 */
#ifndef OSTIARY_TESTS_REMOTE_WORLD_H
#define OSTIARY_TESTS_REMOTE_WORLD_H

#include "core/port/key_sets.h"
#include "core/port/remote.h"
#include "tests/lib/fake_net.h"
#include "tests/lib/private_db.h"
#include "tests/lib/request_tx.h"

#define URL "https://client.example/document"

static inline int
begin_remote(void **state)
{
	begin_tx(state);
	private_db_clear();
	fake_net_clear();
	t.provider.fetcher = &fake_net;
	t.provider.key_sets = key_sets_new();
	t.provider.store = t.tx.store = private_db_store(t.log);
	return 0;
}

static inline int
end_remote(void **state)
{
	store_close(t.provider.store);
	key_sets_free(t.provider.key_sets);
	return end_tx(state);
}

#define LEAST 300
#define MOST  86400
#define KEPT  100000

static const struct remote_rules usual = {.purpose = "test",
					  .accept = "application/json",
					  .max = 1000,
					  .fresh_least = LEAST,
					  .fresh_most = MOST,
					  .kept = KEPT};

/* The document's body, or NULL; fails the test at another verdict. */
static inline const char *
get_by(const char *name, const struct remote_rules *rules, enum remote_verdict wanted)
{
	struct remote_document document;
	enum remote_verdict verdict = remote_document(&t.tx, URL, rules, &document);

	if (verdict != wanted)
		fail_msg("case \"%s\": verdict %d instead of %d (%s)", name, verdict, wanted,
			 document.why ? document.why : "");
	return document.body;
}

#define get(name) get_by((name), &usual, REMOTE_OK)

static inline void
serve(const char *body)
{
	fake_net_page(URL, "application/json", body);
}

/* Nobody answers any more. */
static inline void
outage(void)
{
	const struct fetched away = {.why = "nobody is there"};

	fake_net_answer(URL, FETCH_FAILED, &away);
}

#define remote_test(function) cmocka_unit_test_setup_teardown(function, begin_remote, end_remote)

#endif
