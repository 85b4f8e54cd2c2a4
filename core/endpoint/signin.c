/* SPDX-License-Identifier: ISC */
/*
 * POST /signin: name and password of the sign-in page.
 */
#include <string.h>

#include "core/endpoint/call.h"
#include "core/endpoint/conversation.h"
#include "core/endpoint/interaction.h"

void
interaction_signed_in(struct interaction *interaction, const struct signin_proof *proof)
{
	struct call *call = interaction->call;
	struct browser *browser = &interaction->browser;
	const struct session *old = browser->signed_in ? &browser->session : NULL;
	struct signin_result result;
	enum store_verdict verdict;

	verdict = signin_establish(&call->tx, proof, old, interaction->flow.id,
				   call->request->user_agent, &result);
	/* the session may have ended in another tab while the password was typed */
	if (verdict == STORE_NONE)
		verdict = signin_establish(&call->tx, proof, NULL, interaction->flow.id,
					   call->request->user_agent, &result);
	if (verdict != STORE_OK) {
		(void)fail_down(&call->tx);
		return;
	}
	browser_sign_in(call, browser, proof->account, &result);
	interaction_go(interaction);
}

static void
sign_in(struct interaction *interaction)
{
	struct call *call = interaction->call;
	const struct signin_attempt attempt = {
		.username = form_get(&call->form, "username"),
		.password = form_get(&call->form, "password"),
		.known = browser_known(call),
		.browser = interaction->browser.value,
		.keep = form_get(&call->form, "flow"),
	};
	struct signin_page page = {.username = attempt.username};
	struct signin_outcome outcome;
	struct signin_proof proof;

	page.same_person = interaction->browser.signed_in && attempt.username &&
			   strcmp(attempt.username, interaction->browser.account.username) == 0;
	switch (signin_begin(&call->tx, &attempt, &outcome)) {
	case SIGNIN_RIGHT:
		proof = (struct signin_proof){&outcome.account, outcome.source};
		interaction_signed_in(interaction, &proof);
		return;
	case SIGNIN_TALK:
		conversation_show(interaction, outcome.talk_status, &outcome.talk);
		return;
	case SIGNIN_WRONG:
		page.wrong = true;
		break;
	case SIGNIN_WAIT:
		page.wait = outcome.wait;
		break;
	case SIGNIN_DOWN:
		return;
	}
	interaction_signin(interaction, &page);
}

void
handle_signin(struct call *call)
{
	static const struct signin_page blank;
	struct interaction *interaction = interaction_resume(call);
	const char *action;

	if (!interaction)
		return;
	action = form_get(&call->form, "action");
	if (str_equal(action, "cancel"))
		interaction_cancel(interaction);
	else if (str_equal(action, "other"))
		interaction_signin(interaction, &blank);
	else
		sign_in(interaction);
}
