/* SPDX-License-Identifier: ISC */
/*
 * The decision.
 */
#include "core/authn/next.h"

/* max_age=0 is prompt=login in other words (OpenID Connect Core 3.1.2.1). */
static bool
too_old(const struct authn_facts *facts, const struct authn_need *need)
{
	return need->max_age == 0 || (need->max_age > 0 && facts->age > need->max_age);
}

enum authn_step
authn_next(const struct authn_facts *facts, const struct authn_need *need)
{
	if (!facts->signed_in)
		return AUTHN_IDENTIFY;
	if (need->other_person)
		return facts->proven_in_flow ? AUTHN_REFUSE : AUTHN_IDENTIFY;
	if (need->select && !facts->selected_in_flow && !facts->proven_in_flow)
		return AUTHN_SELECT;
	if ((need->login || too_old(facts, need)) && !facts->proven_in_flow)
		return AUTHN_PASSWORD;
	if (!facts->acr_met)
		return facts->proven_in_flow ? AUTHN_UNMET : AUTHN_PASSWORD;
	if (need->consent)
		return AUTHN_CONSENT;
	return AUTHN_DONE;
}
