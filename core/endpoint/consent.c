/* SPDX-License-Identifier: ISC */
/*
 * POST /consent: allow or deny. Whoever is no longer signed in is asked for that first and then
 * again.
 */
#include "core/endpoint/call.h"
#include "core/endpoint/interaction.h"

void
handle_consent(struct call *call)
{
	struct interaction *interaction = interaction_resume(call);

	if (!interaction)
		return;
	if (!str_equal(form_get(&call->form, "action"), "allow")) {
		interaction_cancel(interaction);
		return;
	}
	interaction->consented = true;
	interaction_go(interaction);
}
