/* SPDX-License-Identifier: ISC */
/*
 * One administrator on a private MariaDB with a clock that the tests move: begin() gives a fresh
 * database with the realm "main", entered; enter() reads it again.
 */
#ifndef OSTIARY_TESTS_MANAGE_FIXTURE_H
#define OSTIARY_TESTS_MANAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/str.h"
#include "core/manage/manage_client.h"
#include "core/manage/manage_job.h"
#include "core/manage/manage_key.h"
#include "core/manage/manage_realm.h"
#include "core/manage/manage_scope.h"
#include "core/manage/manage_session.h"
#include "core/manage/manage_user.h"
#include "core/seal/seal.h"
#include "tests/lib/private_db.h"
#include "tests/lib/sample_rows.h"

/* last: its fail() is a macro, ours a function */
#include <cmocka.h>

#define HOUR 3600
#define DAY  86400

static struct {
	struct arena *arena;
	struct log *log;
	struct conf conf;
	struct provider provider;
	struct tx tx;
	struct realm_list realms;
	struct buf why, report;
} t;

static void
drop_line(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* Enters a realm as it is stored now; forgets what was said. */
static inline void
enter(const char *name)
{
	t.tx.realm = NULL;
	assert_int_equal(realm_load(t.tx.store, t.arena, &t.realms), STORE_OK);
	for (size_t i = 0; i < t.realms.count; i++)
		if (str_equal(t.realms.realm[i].name, name))
			t.tx.realm = &t.realms.realm[i];
	assert_non_null(t.tx.realm);
	buf_init(&t.why, t.arena, MANAGE_WHY_MAX);
	buf_init(&t.report, t.arena, MANAGE_WHY_MAX);
}

static inline void
move_clock(int64_t seconds)
{
	t.tx.now += seconds;
	t.tx.now_ms += seconds * 1000;
	enter("main");
}

static inline int
begin(void **state)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {1};

	(void)state;
	memset(&t, 0, sizeof(t));
	t.arena = arena_new((size_t)256 * 1024 * 1024);
	t.log = log_to_function(drop_line, NULL);
	private_db_clear();
	t.conf.allow_http_loopback = true;
	t.provider = (struct provider){
		.conf = &t.conf,
		.store = private_db_store(t.log),
		.master = seal_master_new(t.arena, key),
		.clock = &clock_system,
		.random = &rand_system,
		.log = t.log,
		.host = "test",
	};
	tx_begin(&t.tx, &t.provider, t.arena);
	t.tx.now = SAMPLE_NOW;
	t.tx.now_ms = (int64_t)SAMPLE_NOW * 1000;
	t.tx.actor = "admin:test";
	buf_init(&t.why, t.arena, MANAGE_WHY_MAX);
	assert_int_equal(manage_realm_add(&t.tx,
					  &(struct manage_realm_new){
						  .name = "main",
						  .issuer = "https://id.example",
					  },
					  &t.why),
			 MANAGE_OK);
	enter("main");
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	store_close(t.provider.store);
	log_close(t.log);
	arena_free(t.arena);
	return 0;
}

/* Keys of an algorithm in a state. */
static inline int64_t
keys_in(const char *alg, const char *state)
{
	return private_db_number("SELECT COUNT(*) FROM realm_key WHERE alg = '%s' AND state = '%s'",
				 alg, state);
}

static inline int64_t
records(const char *event)
{
	return private_db_number("SELECT COUNT(*) FROM audit WHERE event = '%s'"
				 " AND actor = 'admin:test'",
				 event);
}

#define ON_DATABASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
