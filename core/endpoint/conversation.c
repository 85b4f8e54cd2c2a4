/* SPDX-License-Identifier: ISC */
/*
 * POST /signin/answer and GET /signin/wait/ID. The second is reached by browsers alone, through a
 * redirect; what it tells belongs to the browser that began.
 */
#include "core/endpoint/conversation.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/endpoint/call.h"

#define WAIT_PATH    "/signin/wait/"
#define WAIT_SECONDS "1"
#define BUSY_SECONDS "5"

/* What pam_unix and its like ask for has a name in every language; a colon and a blank may follow.
 */
static const struct {
	const char *text, *key;
} known_prompts[] = {
	{"Password", "password"},
	{"Current password", "password_current"},
	{"New password", "password_new"},
	{"Retype new password", "password_again"},
};

static const char *
label_of(const struct call *call, const char *text)
{
	size_t size = strlen(text);

	while (size > 0 && strchr(": ", text[size - 1]))
		size--;
	for (size_t i = 0; i < sizeof(known_prompts) / sizeof(known_prompts[0]); i++)
		if (strlen(known_prompts[i].text) == size &&
		    strncmp(known_prompts[i].text, text, size) == 0)
			return locale_text(call->locale, known_prompts[i].key);
	return text;
}

/* What a browser's password store makes of a field. */
static const char *
autocomplete_of(const struct broker_state *state, const struct broker_prompt *prompt)
{
	if (prompt->style == BROKER_ECHO_ON)
		return "one-time-code";
	if (state->phase == BROKER_NEW_PASSWORD)
		return str_starts(prompt->text, "Current") ? "current-password" : "new-password";
	return str_starts(prompt->text, "Password") ? "current-password" : "one-time-code";
}

/* Messages stand where the module said them; fields are numbered in their order. */
static void
add_prompts(struct call *call, struct json_object *values, const struct broker_state *state)
{
	struct json_object *list = json_new_array(call->tx.arena);
	unsigned number = 0;

	for (size_t i = 0; i < state->prompts_count; i++) {
		const struct broker_prompt *prompt = &state->prompts[i];
		struct json_object *item = json_new_object(call->tx.arena);

		json_add_text(item, "text", label_of(call, prompt->text));
		json_add_bool(item, "message", prompt->style == BROKER_INFO);
		json_add_bool(item, "error", prompt->style == BROKER_ERROR);
		if (prompt->style == BROKER_ECHO_ON || prompt->style == BROKER_ECHO_OFF) {
			struct json_object *field = json_new_object(call->tx.arena);

			json_add_text(field, "name",
				      arena_printf(call->tx.arena, "answer_%u", ++number));
			json_add_text(field, "type",
				      prompt->style == BROKER_ECHO_ON ? "text" : "password");
			json_add_text(field, "autocomplete", autocomplete_of(state, prompt));
			json_add_bool(field, "first", number == 1);
			json_add(item, "field", field);
		}
		json_push(list, item);
	}
	json_add(values, "prompts", list);
}

static void
show_prompts(struct interaction *interaction, const struct talk *talk)
{
	struct call *call = interaction->call;
	struct json_object *values = interaction_values(interaction, "/signin/answer");

	if (!values)
		return;
	json_add_text(values, "conversation", talk->id);
	json_add_text(values, "sequence", arena_printf(call->tx.arena, "%u", talk->state.sequence));
	json_add_text(values, "username", talk->state.username);
	json_add_bool(values, "new_password", talk->state.phase == BROKER_NEW_PASSWORD);
	add_prompts(call, values, &talk->state);
	page_send(call, 200, "prompt", values);
}

static void
show_wait(struct interaction *interaction, const struct talk *talk)
{
	struct call *call = interaction->call;
	struct json_object *values;
	const char *url = page_url(call, arena_printf(call->tx.arena, "%s%s", WAIT_PATH, talk->id));

	if (call->request->method == HTTP_POST) {
		response_redirect(call->response, 303, url);
		return;
	}
	response_header_set(call->response, "Refresh", WAIT_SECONDS);
	values = page_values(call, interaction->authz.client);
	json_add_text(values, "wait_uri", url);
	page_send(call, 200, "wait", values);
}

/* What is said when the service ends the conversation without a person. */
struct ending {
	enum talk_status status;
	int http;
	const char *key; /* of the texts */
	const char *retry_after;
};

static void
show_ending(struct interaction *interaction, const struct ending *ending, const struct talk *talk)
{
	struct call *call = interaction->call;
	struct json_object *values = interaction_values(interaction, "/signin");

	if (!values)
		return;
	json_add(values, "error", locale_error(call->tx.arena, call->locale, ending->key, NULL));
	if (ending->status == TALK_CHANGE && talk->source && *talk->source->password_url)
		json_add_text(values, "password_url", talk->source->password_url);
	add_prompts(call, values, &talk->state);
	if (ending->retry_after)
		response_header_set(call->response, "Retry-After", ending->retry_after);
	page_send(call, ending->http, "signin_refused", values);
}

static const struct ending *
ending_of(enum talk_status status)
{
	static const struct ending endings[] = {
		{TALK_UNAVAILABLE, 503, "signin_unavailable", BUSY_SECONDS},
		{TALK_BUSY, 503, "signin_busy", BUSY_SECONDS},
		{TALK_EXPIRED, 403, "signin_expired", NULL},
		{TALK_DENIED, 403, "signin_denied", NULL},
		{TALK_CHANGE, 403, "signin_change", NULL},
		{TALK_GONE, 403, "signin_gone", NULL},
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (endings[i].status == status)
			return &endings[i];
	return NULL;
}

void
conversation_show(struct interaction *interaction, enum talk_status status, const struct talk *talk)
{
	const struct signin_page again = {.username = talk->state.username, .wrong = true};
	const struct signin_proof proof = {&talk->account, talk->source};

	switch (status) {
	case TALK_PROMPT:
		show_prompts(interaction, talk);
		return;
	case TALK_WAIT:
		show_wait(interaction, talk);
		return;
	case TALK_RIGHT:
		interaction_signed_in(interaction, &proof);
		return;
	case TALK_WRONG:
		interaction_signin(interaction, &again);
		return;
	case TALK_UNAVAILABLE:
	case TALK_BUSY:
	case TALK_EXPIRED:
	case TALK_DENIED:
	case TALK_CHANGE:
	case TALK_GONE:
		show_ending(interaction, ending_of(status), talk);
		return;
	case TALK_DOWN:
		(void)fail_down(&interaction->call->tx);
		return;
	}
}

static struct broker_texts
read_answers(struct call *call)
{
	const char **texts = arena_array(call->tx.arena, BROKER_PROMPTS_MAX, sizeof(*texts));
	struct broker_texts answers = {texts, 0};
	const char *text;

	while (answers.count < BROKER_PROMPTS_MAX &&
	       (text = form_get(&call->form,
				arena_printf(call->tx.arena, "answer_%zu", answers.count + 1))))
		texts[answers.count++] = text;
	return answers;
}

/* An answer longer than any service takes is a wrong one; the service is not asked. */
static bool
answers_fit(const struct broker_texts *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		if (strlen(answers->text[i]) > BROKER_ANSWER_MAX)
			return false;
	return true;
}

static void
answer(struct interaction *interaction)
{
	struct call *call = interaction->call;
	const struct broker_texts answers = read_answers(call);
	const char *number = form_get(&call->form, "sequence");
	int64_t sequence;
	struct talk talk = {0};
	enum talk_status status = TALK_GONE;

	if (number && num_parse_int64(number, 0, UINT32_MAX, &sequence) == 0 &&
	    answers_fit(&answers))
		status = talk_answer(&call->tx, form_get(&call->form, "conversation"),
				     interaction->browser.value, (uint32_t)sequence, &answers,
				     browser_known(call), &talk);
	conversation_show(interaction, status, &talk);
}

void
handle_signin_answer(struct call *call)
{
	static const struct signin_page blank;
	struct interaction *interaction = interaction_resume(call);
	const char *action;

	if (!interaction)
		return;
	action = form_get(&call->form, "action");
	if (!str_equal(action, "cancel") && !str_equal(action, "other")) {
		answer(interaction);
		return;
	}
	talk_cancel(&call->tx, form_get(&call->form, "conversation"), interaction->browser.value,
		    browser_known(call));
	if (str_equal(action, "cancel"))
		interaction_cancel(interaction);
	else
		interaction_signin(interaction, &blank);
}

/* The conversation keeps the flow; one that is gone has none to go on with. */
void
handle_signin_wait(struct call *call)
{
	struct interaction *interaction = arena_alloc(call->tx.arena, sizeof(*interaction));
	struct tx *tx = &call->tx;
	enum talk_status status = TALK_GONE;
	struct talk talk = {0};

	interaction->call = call;
	if (browser_read(call, &interaction->browser) != 0)
		return;
	if (interaction->browser.has_value)
		status = talk_look(tx, call->rest + strlen(WAIT_PATH), interaction->browser.value,
				   browser_known(call), &talk);
	if (interaction_resume_with(interaction, talk.state.keep) == 0)
		conversation_show(interaction, status, &talk);
}
