/* SPDX-License-Identifier: ISC */
/*
 * One request's work: its beginning, its first failure, its lines in log and record.
 */
#include "core/port/provider.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/str.h"

#define RETRY_AFTER 5 /* seconds: a lost connection is made again within one */

/* Without letters and digits that are read wrongly aloud: people dictate request ids. */
static const char id_alphabet[] = "23456789abcdefghjkmnpqrstuvwxyz";

const char *
tx_request_id(struct tx *tx)
{
	uint8_t random[10];
	char text[sizeof(random) + 1];

	if (tx->request_id)
		return tx->request_id;
	rand_fill(tx->provider->random, random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		text[i] = id_alphabet[random[i] % (sizeof(id_alphabet) - 1)];
	text[sizeof(random)] = '\0';
	tx->request_id = arena_printf(tx->arena, "%.30s-%s", tx->provider->host, text);
	return tx->request_id;
}

void
tx_begin(struct tx *tx, const struct provider *provider, struct arena *arena)
{
	*tx = (struct tx){
		.provider = provider,
		.store = provider->store,
		.arena = arena,
		.actor = "system",
	};
	tx_read_clock(tx);
}

void
tx_read_clock(struct tx *tx)
{
	const struct clock *clock = tx->provider->clock;

	tx->now_ms = clock->now_ms(clock->context);
	tx->now = tx->now_ms / 1000;
}

void
tx_enter(struct tx *tx, const struct realm_live *live)
{
	tx->live = live;
	tx->realm = &live->realm;
}

static bool
text_is_public(const char *text)
{
	return str_printable(text) && !strpbrk(text, "\"\\");
}

void
fail_record(struct tx *tx, enum oauth_error error, const char *text, const char *private_format,
	    ...)
{
	va_list args;

	if (!text_is_public(text))
		bug("a public error text may not hold this character");
	if (tx->failure.error != OAUTH_NONE)
		return;
	tx->failure.error = error;
	tx->failure.text = text;
	if (error == OAUTH_TEMPORARILY_UNAVAILABLE)
		tx->failure.retry_after = RETRY_AFTER;
	if (private_format) {
		va_start(args, private_format);
		tx->failure.detail = arena_vprintf(tx->arena, private_format, args);
		va_end(args);
	}
}

void
fail_down_record(struct tx *tx)
{
	fail_record(tx, OAUTH_TEMPORARILY_UNAVAILABLE,
		    "the database does not answer; try again shortly", "the database is down");
}

enum store_verdict
tx_audit(struct tx *tx, const char *event, const struct audit_about *about)
{
	struct audit_row row = {
		.realm_id = tx->realm ? tx->realm->id : 0,
		.at = tx->now,
		.event = event,
		.actor = tx->actor,
		.account_id = about->account_id,
		.session_id = about->session_id,
		.client_id = about->client_id,
		.address = tx->address,
		.detail = about->detail,
	};

	tx_id(tx, row.id);
	log_event(tx->provider->log, LOG_LEVEL_INFO, event, "request", tx_request_id(tx), "realm",
		  tx->realm ? tx->realm->name : NULL, "client", about->client_id, "account",
		  about->account_id ? tx_hex(tx, about->account_id) : NULL, "session",
		  about->session_id ? tx_hex(tx, about->session_id) : NULL, "address", tx->address,
		  "actor", tx->actor, "detail", about->detail, NULL);
	return audit_insert(tx->store, &row);
}

void
tx_id(struct tx *tx, uint8_t id[ID_SIZE])
{
	id_make(tx->provider->random, tx->now_ms, id);
}

const char *
tx_hex(struct tx *tx, const uint8_t id[ID_SIZE])
{
	return hex_encode(tx->arena, id, ID_SIZE);
}
