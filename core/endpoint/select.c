/* SPDX-License-Identifier: ISC */
/*
 * POST /select: the signed-in account, or another.
 */
#include <string.h>

#include "core/endpoint/call.h"
#include "core/endpoint/interaction.h"

void
handle_select(struct call *call)
{
	static const struct signin_page blank;
	struct interaction *interaction = interaction_resume(call);
	const char *action;

	if (!interaction)
		return;
	action = form_get(&call->form, "action");
	if (str_equal(action, "cancel")) {
		interaction_cancel(interaction);
		return;
	}
	if (str_equal(action, "other")) {
		interaction_signin(interaction, &blank);
		return;
	}
	if (interaction->browser.signed_in)
		memcpy(interaction->flow.selected, interaction->browser.session.id, ID_SIZE);
	interaction_go(interaction);
}
