/* SPDX-License-Identifier: ISC */
/*
 * Conversations without sockets and processes: which event may happen when, and what is wiped.
 */
#include "pamd/conversation.h"

#include "tests/core/base/check.h"

static const struct settings settings = {
	.max_conversations = 3,
	.max_per_network = 3,
	.max_per_name = 2,
	.prove_seconds = 30,
	.answer_seconds = 120,
	.failure_ms = 600,
};

static const char *const services[] = {"s"};
static const struct broker_request start = {
	.kind = BROKER_START,
	.binding = "01234567890123456789012345678901",
	.services = {services, 1},
	.username = "alice",
	.address = "192.0.2.1",
	.keep = "kept",
};
static struct broker_prompt prompts[] = {{BROKER_INFO, "x"}, {BROKER_ECHO_OFF, "Password:"}};

/* Every status with every event: what is not here is refused. */
static void
moves_are_a_table(void **state)
{
	static const struct {
		enum conversation_status from;
		enum conversation_event event;
		enum conversation_status to;
	} legal[] = {
		{CONVERSATION_FREE, EVENT_START, CONVERSATION_WORKING},
		{CONVERSATION_WORKING, EVENT_PAGE, CONVERSATION_ASKING},
		{CONVERSATION_WORKING, EVENT_OUTCOME, CONVERSATION_HELD},
		{CONVERSATION_WORKING, EVENT_END, CONVERSATION_FREE},
		{CONVERSATION_ASKING, EVENT_ANSWER, CONVERSATION_WORKING},
		{CONVERSATION_ASKING, EVENT_OUTCOME, CONVERSATION_HELD},
		{CONVERSATION_ASKING, EVENT_END, CONVERSATION_FREE},
		{CONVERSATION_HELD, EVENT_RELEASE, CONVERSATION_ENDED},
		{CONVERSATION_HELD, EVENT_END, CONVERSATION_FREE},
		{CONVERSATION_ENDED, EVENT_END, CONVERSATION_FREE},
	};

	for (unsigned status = 0; status < CONVERSATION_STATUSES; status++) {
		for (unsigned event = 0; event < EVENTS; event++) {
			struct dialog dialog = {.status = (enum conversation_status)status};
			enum conversation_status wanted = dialog.status;
			const char *name = arena_printf(*state, "%u, %u", status, event);
			bool may = false;

			for (size_t i = 0; i < COUNT(legal); i++) {
				if (legal[i].from != dialog.status || legal[i].event != event)
					continue;
				may = true;
				wanted = legal[i].to;
			}
			check(dialog_move(&dialog, (enum conversation_event)event) == may, name);
			check(dialog.status == wanted, name);
		}
	}
}

static struct dialog *
begin(struct dialogs *dialogs, int64_t now)
{
	struct dialog *gives_way;
	struct dialog *dialog = dialogs_place(dialogs, &start, &gives_way);

	assert_non_null(dialog);
	assert_null(gives_way);
	dialogs_begin(dialogs, dialog, &start, now);
	return dialog;
}

/* Times, numbers and what is told, step by step. */
static void
a_conversation_goes_on(void **state)
{
	struct dialogs *dialogs = dialogs_new(&settings);
	struct dialog *dialog = begin(dialogs, 1000);
	const struct broker_state page = {
		.status = BROKER_PROMPT, .prompts = prompts, .prompts_count = 2};
	const struct broker_state empty = {
		.status = BROKER_PROMPT, .prompts = prompts, .prompts_count = 1};
	const struct broker_state wrong = {.status = BROKER_DONE, .verdict = BROKER_WRONG};

	(void)state;
	assert_int_equal(dialog->until_ms, 31000);
	assert_false(dialogs_take_page(dialogs, dialog, &empty, 1100));
	assert_true(dialogs_take_page(dialogs, dialog, &page, 1100));
	assert_int_equal(dialog->until_ms, 31100);
	assert_int_equal(dialog->state.sequence, 1);
	assert_int_equal(dialog->prompts, 1);
	assert_string_equal(dialog->state.keep, "kept");
	assert_false(dialogs_take_page(dialogs, dialog, &page, 1100));
	assert_false(dialogs_take_outcome(dialogs, dialog, &wrong, 0, 1100));

	assert_true(dialog_move(dialog, EVENT_ANSWER));
	dialog->answered++;
	dialogs_step(dialogs, dialog, 5000);
	assert_int_equal(dialog->state.prompts_count, 0);
	assert_true(dialogs_take_page(dialogs, dialog, &page, 5100));
	assert_int_equal(dialog->until_ms, 125100);
	assert_int_equal(dialog->state.sequence, 2);
	dialogs_free(dialogs);
}

/* Guesses are few until something is proven, and pages are not without end then. */
static void
questions_end(void **state)
{
	static const struct {
		const char *name;
		enum broker_phase phase;
		unsigned answered;
		bool proven, too_often;
	} cases[] = {
		{"the last guess", BROKER_AUTHENTICATE, 7, false, false},
		{"one more", BROKER_AUTHENTICATE, 8, false, true},
		{"a new password", BROKER_NEW_PASSWORD, 8, false, false},
		{"proven", BROKER_AUTHENTICATE, 8, true, false},
		{"the last page", BROKER_NEW_PASSWORD, 31, true, false},
		{"without end", BROKER_NEW_PASSWORD, 32, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct dialog dialog = {.answered = cases[i].answered,
					      .proven = cases[i].proven};
		const struct broker_state page = {.status = BROKER_PROMPT, .phase = cases[i].phase};

		check(dialog_asks_too_often(&dialog, &page) == cases[i].too_often, cases[i].name);
	}
}

static void
failures_are_held(void **state)
{
	static const struct {
		const char *name;
		enum broker_verdict verdict;
		uint32_t delay_us;
		int64_t until_ms; /* the step begins at 1000, the outcome comes at 1200 */
	} cases[] = {
		{"right", BROKER_RIGHT, 0, 1200},
		{"right, with a delay", BROKER_RIGHT, 2000000, 1200},
		{"wrong", BROKER_WRONG, 0, 1600},
		{"a short delay", BROKER_WRONG, 500000, 1600},
		{"a long one", BROKER_WRONG, 2000000, 3000},
		{"one without end", BROKER_WRONG, UINT32_MAX, 11000},
		{"unavailable", BROKER_UNAVAILABLE, 0, 1600},
		{"denied", BROKER_DENIED, 0, 1600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dialogs *dialogs = dialogs_new(&settings);
		struct dialog *dialog = begin(dialogs, 1000);
		const struct broker_state done = {.status = BROKER_DONE,
						  .verdict = cases[i].verdict};

		check(dialogs_take_outcome(dialogs, dialog, &done, cases[i].delay_us, 1200),
		      cases[i].name);
		check(dialog->until_ms == cases[i].until_ms, cases[i].name);
		dialogs_release(dialogs, dialog, dialog->until_ms);
		check(dialog->status == CONVERSATION_ENDED, cases[i].name);
		dialogs_free(dialogs);
	}
}

static void
what_was_is_wiped(void **state)
{
	struct dialogs *dialogs = dialogs_new(&settings);
	struct dialog *dialog = begin(dialogs, 1000);
	struct broker_request request = start;

	(void)state;
	memcpy(request.id, dialog->id, BROKER_ID_SIZE);
	assert_ptr_equal(dialogs_find(dialogs, &request), dialog);
	dialogs_fail(dialogs, dialog, BROKER_FAILED, "why", 1100);
	assert_int_equal(dialog->state.verdict, BROKER_FAILED);
	assert_true(dialog_move(dialog, EVENT_END));
	dialog_clear(dialog);
	assert_null(dialogs_find(dialogs, &request));
	for (size_t i = 0; i < BROKER_BINDING_SIZE; i++)
		assert_int_equal(dialog->binding[i], 0);
	/* zeros are nobody's id */
	memset(request.id, 0, sizeof(request.id));
	memset(request.binding, 0, sizeof(request.binding));
	assert_null(dialogs_find(dialogs, &request));
	dialogs_free(dialogs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(moves_are_a_table), arena_test(a_conversation_goes_on),
		arena_test(questions_end),     arena_test(failures_are_held),
		arena_test(what_was_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
