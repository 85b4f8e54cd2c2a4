/* SPDX-License-Identifier: ISC */
/*
 * A request with a private MariaDB and a network of documents, for tests of what is fetched.
 * Included by one file of a test program, behind everything else.
 */
#ifndef OSTIARY_TESTS_REMOTE_WORLD_H
#define OSTIARY_TESTS_REMOTE_WORLD_H

#include "core/port/key_sets.h"
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

#define remote_test(function) cmocka_unit_test_setup_teardown(function, begin_remote, end_remote)

#endif
