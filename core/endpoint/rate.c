/* SPDX-License-Identifier: ISC */
/*
 * Who is told to come back later (RFC 6585 4). A client that has proven who it is has a limit of
 * its own, so no neighbour can have it refused. All others are counted by their network: public
 * clients, those that fail to authenticate, and whoever calls a route that nobody authenticates at.
 * No statement is sent for any of it.
 */
#include "core/port/rate.h"

#include "core/base/str.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"

/* Takes the place of what failed before; the record tells both. */
static int
refuse(struct call *call, int64_t wait, const char *limit)
{
	struct tx *tx = &call->tx;
	const char *before = tx->failure.text;

	tx->failure = (struct failure){0};
	fail_record(tx, OAUTH_TOO_MANY_REQUESTS, "too many requests; try again later", "%s%s%s",
		    limit, before ? "; else: " : "", before ? before : "");
	tx->failure.retry_after = wait;
	return -1;
}

int64_t
rate_network_charge(const struct call *call)
{
	const struct tx *tx = &call->tx;
	int64_t limit = tx->provider->conf->rate_limit_network;

	if (limit == 0)
		return 0;
	return rate_charge(tx->provider->rate, rate_key_network(tx->provider->rate, tx->address),
			   limit, tx->now_ms);
}

int
rate_network_refuse(struct call *call, int64_t wait)
{
	return refuse(call, wait,
		      arena_printf(call->tx.arena,
				   "rate_limit_network = %lld requests a minute, in the "
				   "configuration of this host",
				   (long long)call->tx.provider->conf->rate_limit_network));
}

int
rate_network(struct call *call)
{
	int64_t wait = rate_network_charge(call);

	return wait == 0 ? 0 : rate_network_refuse(call, wait);
}

static bool
is_own(const struct client *client, const char *name)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	return client->own_settings >> (setting_find(name) - table) & 1;
}

int
rate_client(struct call *call, const struct client *client)
{
	const struct tx *tx = &call->tx;
	int64_t limit = client->settings.client_rate;
	int64_t wait;

	if (client_is_public(client) && rate_network(call) != 0)
		return -1;
	if (limit == 0)
		return 0;
	wait = rate_charge(tx->provider->rate,
			   rate_key_client(tx->provider->rate, tx->realm->id, client->client_id),
			   limit, tx->now_ms);
	if (wait == 0)
		return 0;
	return refuse(call, wait,
		      arena_printf(tx->arena,
				   "client_rate = %lld requests a minute, a setting of %s",
				   (long long)limit,
				   is_own(client, "client_rate") ? "the client" : "the realm"));
}

int
rate_unproven(struct call *call)
{
	/* what fails by our own fault is nobody's attempt */
	int64_t wait = oauth_error_row(call->tx.failure.error)->status < 500
			       ? rate_network_charge(call)
			       : 0;

	return wait == 0 ? -1 : rate_network_refuse(call, wait);
}
