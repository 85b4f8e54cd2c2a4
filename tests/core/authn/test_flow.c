/* SPDX-License-Identifier: ISC */
/*
 * Sealed flows and marks of known browsers: they come back as they were, only to the browser, realm
 * and time they are for, and no changed byte is believed.
 */
#include "core/authn/flow.h"

#include "core/authn/known.h"
#include "core/base/str.h"
#include "tests/core/authn/check.h"

static const uint8_t browser[BROWSER_SIZE] = {9, 8, 7};
static const uint8_t another[BROWSER_SIZE] = {9, 8, 6};

static const char *
sealed_flow(struct sealed_world *world, struct arena *arena, const char *realm, struct flow *flow)
{
	sealed_world_make(world, arena, realm);
	flow_make(&world->tx, browser, "client_id=web&state=x", flow);
	return flow_seal(&world->tx, flow);
}

static void
round_trip(void **state)
{
	struct sealed_world world;
	struct flow flow, opened;
	const char *text = sealed_flow(&world, *state, "main", &flow);

	assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_GOOD);
	check_text(opened.request, flow.request, "request");
	assert_memory_equal(opened.id, flow.id, ID_SIZE);
	assert_int_equal(opened.created_at, TEST_NOW);
	assert_false(flow_has_selected(&opened, flow.id));
	memcpy(flow.selected, flow.id, ID_SIZE);
	text = flow_seal(&world.tx, &flow);
	assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_GOOD);
	assert_true(flow_has_selected(&opened, flow.id));
}

static void
whose_and_when(void **state)
{
	struct sealed_world world, other;
	struct flow flow, opened;
	const char *text = sealed_flow(&world, *state, "main", &flow);

	assert_int_equal(flow_open(&world.tx, text, another, &opened), FLOW_STALE);
	check_text(opened.request, flow.request, "a stale one can be started again");
	assert_int_equal(flow_open(&world.tx, text, NULL, &opened), FLOW_STALE);
	world.tx.now = TEST_NOW + 3600;
	assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_GOOD);
	world.tx.now = TEST_NOW + 3601;
	assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_STALE);
	sealed_world_make(&other, *state, "other");
	assert_int_equal(flow_open(&other.tx, text, browser, &opened), FLOW_FORGED);
	assert_int_equal(flow_open(&world.tx, NULL, browser, &opened), FLOW_FORGED);
	assert_int_equal(flow_open(&world.tx, "", browser, &opened), FLOW_FORGED);
}

static void
changed_bytes(void **state)
{
	struct sealed_world world;
	struct flow flow, opened;
	char *text = arena_strdup(*state, sealed_flow(&world, *state, "main", &flow));
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++) {
		char before = text[i];

		text[i] = before == 'A' ? 'B' : 'A';
		assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_FORGED);
		text[i] = before;
	}
	text[size - 1] = '\0';
	assert_int_equal(flow_open(&world.tx, text, browser, &opened), FLOW_FORGED);
}

static void
long_requests(void **state)
{
	struct sealed_world world;
	struct flow flow;
	char *request = arena_alloc(*state, FLOW_REQUEST_MAX + 2);

	sealed_world_make(&world, *state, "main");
	memset(request, 'a', FLOW_REQUEST_MAX + 1);
	flow_make(&world.tx, browser, request, &flow);
	assert_null(flow_seal(&world.tx, &flow));
	request[FLOW_REQUEST_MAX] = '\0';
	assert_non_null(flow_seal(&world.tx, &flow));
}

/* ---- known browsers ---- */

static void
known_browsers(void **state)
{
	struct sealed_world world, other;
	struct account account = {.id = {1}, .auth_epoch = 3}, changed = account,
		       stranger = account;
	struct known_browser known;
	const char *text;

	sealed_world_make(&world, *state, "main");
	text = known_make(&world.tx, &account);
	assert_int_equal(known_read(&world.tx, text, &known), 0);
	assert_true(known_is_of(&known, &account));
	changed.auth_epoch++;
	assert_false(known_is_of(&known, &changed));
	stranger.id[0]++;
	assert_false(known_is_of(&known, &stranger));
	world.tx.now = TEST_NOW + KNOWN_LIFETIME;
	assert_int_equal(known_read(&world.tx, text, &known), 0);
	world.tx.now++;
	assert_int_equal(known_read(&world.tx, text, &known), -1);
	assert_int_equal(known_read(&world.tx, NULL, &known), -1);
	assert_int_equal(known_read(&world.tx, "x", &known), -1);
	sealed_world_make(&other, *state, "other");
	assert_int_equal(known_read(&other.tx, text, &known), -1);
}

/* What is sealed for one purpose does not open for the other. */
static void
purposes_differ(void **state)
{
	struct sealed_world world;
	struct account account = {.id = {1}};
	struct known_browser known;
	struct flow flow, opened;
	const char *text = sealed_flow(&world, *state, "main", &flow);

	assert_int_equal(known_read(&world.tx, text, &known), -1);
	assert_int_equal(flow_open(&world.tx, known_make(&world.tx, &account), browser, &opened),
			 FLOW_FORGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(round_trip),    arena_test(whose_and_when), arena_test(changed_bytes),
		arena_test(long_requests), arena_test(known_browsers), arena_test(purposes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
