/* SPDX-License-Identifier: ISC */
/*
 * One request in a realm "main" for tests of what needs no whole provider: a clock that the tests
 * move, a log whose lines are kept, default settings, one MAC key. Storage is added by those who
 * need it. Included by one file of a test program, behind everything else.
 */
#ifndef OSTIARY_TESTS_REQUEST_TX_H
#define OSTIARY_TESTS_REQUEST_TX_H

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/jose/keyring.h"
#include "core/model/profile.h"
#include "core/port/provider.h"
#include "core/seal/seal.h"
/* cmocka has a macro fail() of its own; tests call fail_record() */
#undef fail

#include "tests/core/base/check.h"

#define TEST_NOW       1800000000
#define TEST_ARENA_MAX ((size_t)256 << 20)

static struct {
	struct arena *arena;
	struct log *log;
	char line[2048]; /* the log's last one */
	size_t lines;
	int64_t now_ms;
	struct clock clock;
	struct conf conf;
	struct provider provider;
	struct realm_live live;
	struct tx tx;
} t;

static inline void
keep_line(void *context, const char *text)
{
	size_t size = strlen(text);

	(void)context;
	size = size < sizeof(t.line) ? size : sizeof(t.line) - 1;
	memcpy(t.line, text, size);
	t.line[size] = '\0';
	t.lines++;
}

static inline int64_t
test_now(void *context)
{
	(void)context;
	return t.now_ms;
}

static inline void
move_clock(int64_t seconds)
{
	t.now_ms += seconds * 1000;
	t.tx.now_ms += seconds * 1000;
	t.tx.now += seconds;
}

static inline int
begin_tx(void **state)
{
	static const uint8_t master[SEAL_KEY_SIZE] = {1};
	static const uint8_t mac[KEYRING_MAC_SIZE] = {2};

	(void)state;
	memset(&t, 0, sizeof(t));
	t.arena = arena_new(TEST_ARENA_MAX);
	t.log = log_to_function(keep_line, NULL);
	t.now_ms = (int64_t)TEST_NOW * 1000;
	t.clock = (struct clock){.now_ms = test_now};
	t.conf.throttle_account_limit = 5;
	t.conf.throttle_network_limit = 50;
	t.live.realm = (struct realm){
		.id = 7,
		.name = "main",
		.issuer = "https://id.example/main",
		.profile = profile_find(PROFILE_REALM_DEFAULT),
	};
	settings_default(&t.live.realm.settings);
	t.live.ring = keyring_new(t.arena);
	assert_int_equal(keyring_add_mac(t.live.ring, 1, KEY_ACTIVE, mac), 0);
	t.provider = (struct provider){
		.conf = &t.conf,
		.master = seal_master_new(t.arena, master),
		.clock = &t.clock,
		.random = &rand_system,
		.log = t.log,
		.host = "test",
	};
	tx_begin(&t.tx, &t.provider, t.arena);
	tx_enter(&t.tx, &t.live);
	return 0;
}

static inline int
end_tx(void **state)
{
	(void)state;
	log_close(t.log);
	arena_free(t.arena);
	return 0;
}

#define tx_test(function) cmocka_unit_test_setup_teardown(function, begin_tx, end_tx)

#endif
