/* SPDX-License-Identifier: ISC */
/*
 * A tx without a database for what only seals and reads the clock.
 */
#ifndef OSTIARY_TEST_AUTHN_CHECK_H
#define OSTIARY_TEST_AUTHN_CHECK_H

/* before cmocka, which has a macro fail() of its own */
#include "core/port/provider.h"
#undef fail

#include "core/seal/seal.h"
#include "tests/core/base/check.h"

#define TEST_NOW INT64_C(1800000000)

struct sealed_world {
	struct provider provider;
	struct realm_live live;
	struct tx tx;
};

static int64_t
fixed_now_ms(void *context)
{
	(void)context;
	return TEST_NOW * 1000;
}

static const struct clock fixed_clock = {fixed_now_ms, NULL};

static inline void
sealed_world_make(struct sealed_world *world, struct arena *arena, const char *realm)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {1, 2, 3};

	*world = (struct sealed_world){
		.provider = {.clock = &fixed_clock, .random = &rand_system, .host = "test"},
	};
	world->provider.master = seal_master_new(arena, key);
	world->live.realm.name = realm;
	settings_default(&world->live.realm.settings);
	tx_begin(&world->tx, &world->provider, arena);
	tx_enter(&world->tx, &world->live);
}

#endif
