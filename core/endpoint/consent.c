/* SPDX-License-Identifier: ISC */
/*
 * POST /consent: allow or deny, or another person does. Whoever is no longer signed in is asked for
 * that first and then again.
 */
#include "core/endpoint/call.h"
#include "core/endpoint/interaction.h"

void
handle_consent(struct call *call)
{
	static const struct signin_page blank;
	struct interaction *interaction = interaction_resume(call);
	const char *action;

	if (!interaction)
		return;
	action = form_get(&call->form, "action");
	if (str_equal(action, "other")) {
		interaction_signin(interaction, &blank);
		return;
	}
	if (!str_equal(action, "allow")) {
		interaction_cancel(interaction);
		return;
	}
	interaction->consented = true;
	interaction_go(interaction);
}
