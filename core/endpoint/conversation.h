/* SPDX-License-Identifier: ISC */
/*
 * Pages of a conversation with a service of the host: its prompts as the fields of a form, a page
 * that waits by asking again each second, and what it says in the end.
 */
#ifndef OSTIARY_ENDPOINT_CONVERSATION_H
#define OSTIARY_ENDPOINT_CONVERSATION_H

#include "core/authn/talk.h"
#include "core/endpoint/interaction.h"

/* Shows where the conversation stands, or goes on with the person that it proved. */
void conversation_show(struct interaction *interaction, enum talk_status status,
		       const struct talk *talk);

#endif
