/* SPDX-License-Identifier: ISC */
/*
 * Who acts, by what a token of another issuer says: the first line is its act, the second its
 * may_act, both as JSON. Whatever they hold, what is made has at most EXCHANGE_ACTORS_MAX actors,
 * each with a subject and, those of the other issuer, with an issuer; and may_act that is there was
 * heeded.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/oauth/grant/exchange.h"

#define OURS   "https://id.example"
#define THEIRS "https://partner.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
check_act(struct json_object *act, int delegation)
{
	size_t depth = 0;

	for (; act; depth++) {
		const char *sub = json_text_or_null(act, "sub"),
			   *iss = json_text_or_null(act, "iss");

		require(sub && *sub && strlen(sub) <= SUB_MAX);
		require(iss || (delegation && depth == 0));
		if (delegation && depth == 0)
			require(strcmp(sub, "svc") == 0 && !iss);
		if (json_get_object(act, "act", &act) != JSON_FOUND)
			break;
	}
	require(depth < EXCHANGE_ACTORS_MAX);
}

static struct json_object *
line(struct arena *arena, const uint8_t *text, size_t size)
{
	return size ? json_parse_object(arena, (const char *)text, size, NULL) : NULL;
}

static void
run(struct arena *arena, struct json_object *act, struct json_object *may_act, const char *mode)
{
	struct realm realm = {.issuer = OURS};
	struct tx tx = {.arena = arena, .realm = &realm};
	struct client client = {.client_id = "svc"};
	struct token_call call = {.tx = &tx, .client = &client};
	struct exchange exchange = {.call = &call};
	const char *modes[] = {mode};
	int delegation = strcmp(mode, "delegation") == 0;

	client.exchange_modes = (struct strlist){modes, 1};
	exchange.subject =
		(struct party){.iss = THEIRS, .sub = "p-1", .act = act, .may_act = may_act};
	if (exchange_choose_actor(&exchange) != 0) {
		require(tx.failure.error == OAUTH_INVALID_REQUEST && tx.failure.text != NULL);
		return;
	}
	require(exchange.delegation == delegation);
	require(!may_act || json_object_object_length(may_act) > 0);
	require(!delegation || exchange.act);
	if (exchange.act)
		check_act(exchange.act, delegation);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	size_t first = newline ? (size_t)(newline - data) : size;
	struct json_object *act = line(arena, data, first), *may_act = NULL;

	if (newline)
		may_act = line(arena, newline + 1, size - first - 1);
	run(arena, act, may_act, "delegation");
	run(arena, act, may_act, "impersonation");
	arena_free(arena);
	return 0;
}
