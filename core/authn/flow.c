/* SPDX-License-Identifier: ISC */
/*
 * Sealing and opening flows.
 */
#include "core/authn/flow.h"

#include <endian.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/seal/seal.h"

/* What is sealed; the request's text follows. */
struct packed {
	uint8_t id[ID_SIZE];
	uint64_t created_at; /* big endian */
	uint8_t browser_hash[SHA256_SIZE];
	uint8_t selected[ID_SIZE];
};

static struct seal_place
place_of(const struct tx *tx)
{
	return (struct seal_place){.purpose = "flow", .realm = tx->realm->name};
}

void
flow_make(struct tx *tx, const uint8_t browser[BROWSER_SIZE], const char *request,
	  struct flow *flow)
{
	*flow = (struct flow){.created_at = tx->now, .request = request};
	tx_id(tx, flow->id);
	hash_sha256(browser, BROWSER_SIZE, flow->browser_hash);
}

char *
flow_seal(struct tx *tx, const struct flow *flow)
{
	const struct seal_place place = place_of(tx);
	size_t request_size = strlen(flow->request);
	struct packed packed = {.created_at = htobe64((uint64_t)flow->created_at)};
	char *plain;

	if (request_size > FLOW_REQUEST_MAX)
		return NULL;
	memcpy(packed.id, flow->id, ID_SIZE);
	memcpy(packed.browser_hash, flow->browser_hash, sizeof(packed.browser_hash));
	memcpy(packed.selected, flow->selected, ID_SIZE);
	plain = arena_alloc(tx->arena, sizeof(packed) + request_size);
	memcpy(plain, &packed, sizeof(packed));
	memcpy(plain + sizeof(packed), flow->request, request_size);
	return seal_text(tx->arena, tx->provider->master, tx->provider->random, &place, plain,
			 sizeof(packed) + request_size);
}

enum flow_verdict
flow_open(struct tx *tx, const char *text, const uint8_t *browser, struct flow *flow)
{
	const struct seal_place place = place_of(tx);
	struct packed packed;
	uint8_t browser_hash[SHA256_SIZE];
	uint8_t *plain;
	size_t size;

	if (!text ||
	    seal_open_text(tx->arena, tx->provider->master, &place, text, &plain, &size) !=
		    SEAL_OK ||
	    size < sizeof(packed))
		return FLOW_FORGED;
	memcpy(&packed, plain, sizeof(packed));
	*flow = (struct flow){
		.created_at = (int64_t)be64toh(packed.created_at),
		.request = (const char *)plain + sizeof(packed),
	};
	memcpy(flow->id, packed.id, ID_SIZE);
	memcpy(flow->browser_hash, packed.browser_hash, sizeof(flow->browser_hash));
	memcpy(flow->selected, packed.selected, ID_SIZE);
	if (!browser)
		return FLOW_STALE;
	hash_sha256(browser, BROWSER_SIZE, browser_hash);
	if (!hash_equal(browser_hash, flow->browser_hash, sizeof(browser_hash)) ||
	    tx->now - flow->created_at > tx->realm->settings.flow_lifetime)
		return FLOW_STALE;
	return FLOW_GOOD;
}

bool
flow_has_selected(const struct flow *flow, const uint8_t session_id[ID_SIZE])
{
	return memcmp(flow->selected, session_id, ID_SIZE) == 0;
}
