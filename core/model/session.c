/* SPDX-License-Identifier: ISC */
/*
 * Whether a session counts: a pure function of its row, its account, the realm's epoch and the
 * time. A time of expiry is the first second at which a thing is no longer good (as RFC
 * 7519 4.1.4).
 */
#include "core/model/session.h"

#include <string.h>

#include "core/base/bug.h"

#define SEEN_COARSE 300 /* seconds at most between two notes that a session is in use */

static const struct {
	const char *name;
	const char *amr; /* RFC 8176 2 */
} factors[] = {
	[FACTOR_PASSWORD] = {"password", "pwd"},
	[FACTOR_SERVICE] = {"service", "pwd"},
};

#define FACTORS_COUNT (sizeof(factors) / sizeof(factors[0]))

/* What makes a session worthless whatever its own times say. */
static bool
is_void(const struct session *session, const struct account *account, int64_t epoch)
{
	if (session->realm_id != account->realm_id)
		return true;
	if (memcmp(session->account_id, account->id, ID_SIZE) != 0)
		return true;
	if (account_is_off(account))
		return true;
	if (session->auth_epoch != account->auth_epoch)
		return true;
	return session->created_at < epoch;
}

enum session_verdict
session_check(const struct session *session, const struct account *account, int64_t epoch,
	      int64_t idle, int64_t now)
{
	if (session->ended_at != 0)
		return SESSION_ENDED;
	if (now >= session->expires_at || now - session->last_seen_at >= idle)
		return SESSION_EXPIRED;
	if (is_void(session, account, epoch))
		return SESSION_VOID;
	if (session->activated_at == 0)
		return SESSION_PENDING;
	return SESSION_LIVE;
}

bool
session_seen_due(int64_t last_seen_at, int64_t idle, int64_t now)
{
	int64_t coarse = idle / 10 < SEEN_COARSE ? idle / 10 : SEEN_COARSE;

	return now - last_seen_at >= coarse;
}

const char *
factor_name(enum factor factor)
{
	if ((size_t)factor >= FACTORS_COUNT)
		bug("unknown factor");
	return factors[factor].name;
}

const char *
fact_amr(const struct fact *fact)
{
	return fact->amr ? fact->amr : factors[fact->factor].amr;
}

const char *
session_acr(const struct session *session)
{
	const struct fact *newest = NULL;

	for (size_t i = 0; i < session->facts_count; i++)
		if (!newest || session->facts[i].proven_at > newest->proven_at)
			newest = &session->facts[i];
	return newest && newest->acr ? newest->acr : ACR_PASSWORD;
}

int64_t
session_auth_time(const struct session *session)
{
	int64_t latest = session->created_at;

	for (size_t i = 0; i < session->facts_count; i++)
		if (session->facts[i].proven_at > latest)
			latest = session->facts[i].proven_at;
	return latest;
}
