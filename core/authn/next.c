/* SPDX-License-Identifier: ISC */
/*
 * The decision.
 */
#include "core/authn/next.h"

enum authn_step
authn_next(const struct authn_facts *facts, const struct authn_need *need)
{
	if (!facts->signed_in)
		return AUTHN_IDENTIFY;
	if (need->other_person)
		return facts->proven_in_flow ? AUTHN_REFUSE : AUTHN_IDENTIFY;
	if (need->select && !facts->selected_in_flow && !facts->proven_in_flow)
		return AUTHN_SELECT;
	if (need->login && !facts->proven_in_flow)
		return AUTHN_PASSWORD;
	if (need->max_age >= 0 && facts->age > need->max_age && !facts->proven_in_flow)
		return AUTHN_PASSWORD;
	if (need->consent)
		return AUTHN_CONSENT;
	return AUTHN_DONE;
}
