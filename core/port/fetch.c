/* SPDX-License-Identifier: ISC */
/*
 * One fetch as one of the few that wait.
 */
#include "core/port/fetch.h"

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/port/gate.h"
#include "core/port/provider.h"

enum fetch_verdict
fetch_get(struct tx *tx, const struct fetch_request *request, struct fetched *fetched)
{
	const struct fetcher *fetcher = tx->provider->fetcher;
	enum fetch_verdict verdict;

	*fetched = (struct fetched){.max_age = FETCH_NO_AGE};
	if (request->max > FETCH_BODY_MAX)
		bug("nothing so large is ever fetched");
	fetched->why = fetch_url_mistake(tx->arena, request->url);
	if (fetched->why)
		return FETCH_REFUSED;
	if (!fetcher) {
		fetched->why = "this program fetches nothing";
		return FETCH_BUSY;
	}
	if (!gate_enter(tx->provider->gate)) {
		fetched->why = "a quarter of the workers waits for other servers already";
		return FETCH_BUSY;
	}
	verdict = fetcher->get(fetcher->context, tx->arena, request, fetched);
	gate_leave(tx->provider->gate);
	tx_read_clock(tx);
	return verdict;
}
