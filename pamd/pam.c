/* SPDX-License-Identifier: ISC */
/*
 * PAM: authentication, then whether the account may, then a new password where the old one is over.
 * Modules say who it was in the end (PAM_USER), and NSS what is known about them. Delays that
 * modules ask for are noted for the broker and not slept.
 */
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/backend.h"
#include "pamd/nss.h"
#include "pamd/settings.h"

#define TERMINAL "ostiary" /* pam_access and others want a name */
#define NO_NAME  "no user of a host has such a name"

struct pam_talk {
	struct arena *arena;
	struct conversation *conversation;
	enum broker_phase phase;
	struct broker_prompt message[BROKER_PROMPTS_MAX]; /* not shown yet */
	size_t messages;
	uint32_t delay_us;
	const char *trouble; /* why we gave up; NULL */
};

/* ---- the conversation function ---- */

static const struct {
	int pam;
	enum broker_style style;
} styles[] = {
	{PAM_PROMPT_ECHO_OFF, BROKER_ECHO_OFF},
	{PAM_PROMPT_ECHO_ON, BROKER_ECHO_ON},
	{PAM_TEXT_INFO, BROKER_INFO},
	{PAM_ERROR_MSG, BROKER_ERROR},
};

static int
give_up(struct pam_talk *talk, const char *why)
{
	talk->trouble = why;
	return PAM_CONV_ERR;
}

static int
take_message(struct pam_talk *talk, const struct pam_message *message)
{
	size_t row = 0;

	while (row < sizeof(styles) / sizeof(styles[0]) && styles[row].pam != message->msg_style)
		row++;
	if (row == sizeof(styles) / sizeof(styles[0]))
		return give_up(talk, "a module asks in a way that no page can show");
	if (talk->messages == BROKER_PROMPTS_MAX)
		return give_up(talk, "a module says too much on one page");
	/* it may be freed before it is shown */
	talk->message[talk->messages++] = (struct broker_prompt){
		styles[row].style,
		arena_strdup(talk->arena, message->msg ? message->msg : ""),
	};
	return PAM_SUCCESS;
}

static bool
has_echo(int style)
{
	return style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON;
}

/* The answers as libpam frees them: one place for each message, of which only prompts have one. */
static int
copy_answers(const struct pam_message **messages, int count, const char *const *answers,
	     struct pam_response **responses)
{
	struct pam_response *copies = calloc((size_t)count, sizeof(*copies));

	if (!copies)
		return PAM_BUF_ERR;
	for (int i = 0, next = 0; i < count; i++) {
		if (!has_echo(messages[i]->msg_style))
			continue;
		copies[i].resp = strdup(answers[next++]);
		if (copies[i].resp)
			continue;
		while (i-- > 0)
			free(copies[i].resp);
		free(copies);
		return PAM_BUF_ERR;
	}
	*responses = copies;
	return PAM_SUCCESS;
}

static int
converse(int count, const struct pam_message **messages, struct pam_response **responses,
	 void *context)
{
	struct pam_talk *talk = context;
	const char *answers[PAM_MAX_NUM_MSG] = {0};
	bool asks = false;

	if (count < 1 || count > PAM_MAX_NUM_MSG)
		return give_up(talk, "a module says too much at once");
	for (int i = 0; i < count; i++) {
		if (take_message(talk, messages[i]) != PAM_SUCCESS)
			return PAM_CONV_ERR;
		asks = asks || has_echo(messages[i]->msg_style);
	}
	if (asks) {
		if (talk->conversation->ask(talk->conversation, talk->phase, talk->message,
					    talk->messages, answers) != 0)
			return PAM_CONV_ERR;
		talk->messages = 0;
	}
	/* some modules that only say something want nothing back */
	return responses ? copy_answers(messages, count, answers, responses) : PAM_SUCCESS;
}

/* Called instead of sleeping. */
static void
note_delay(int result, unsigned delay_us, void *context)
{
	struct pam_talk *talk = context;

	if (result != PAM_SUCCESS && delay_us > talk->delay_us)
		talk->delay_us = delay_us;
}

/* ---- what results mean ---- */

struct meaning {
	int result;
	enum broker_verdict verdict;
};

/* Whatever is not here is a service that cannot say. */
static const struct meaning authenticate_meanings[] = {
	{PAM_SUCCESS, BROKER_RIGHT},      {PAM_NEW_AUTHTOK_REQD, BROKER_RIGHT},
	{PAM_AUTH_ERR, BROKER_WRONG},     {PAM_USER_UNKNOWN, BROKER_WRONG},
	{PAM_MAXTRIES, BROKER_WRONG},     {PAM_PERM_DENIED, BROKER_WRONG},
	{PAM_ACCT_EXPIRED, BROKER_WRONG}, {PAM_CRED_INSUFFICIENT, BROKER_WRONG},
};

static const struct meaning account_meanings[] = {
	{PAM_SUCCESS, BROKER_RIGHT},        {PAM_NEW_AUTHTOK_REQD, BROKER_CHANGE},
	{PAM_ACCT_EXPIRED, BROKER_EXPIRED}, {PAM_AUTHTOK_EXPIRED, BROKER_EXPIRED},
	{PAM_PERM_DENIED, BROKER_DENIED},   {PAM_AUTH_ERR, BROKER_DENIED},
	{PAM_USER_UNKNOWN, BROKER_DENIED},  {PAM_MAXTRIES, BROKER_DENIED},
};

/* One that was not changed is still to be changed, elsewhere. */
static const struct meaning change_meanings[] = {
	{PAM_SUCCESS, BROKER_RIGHT},
	{PAM_AUTHTOK_ERR, BROKER_CHANGE},
	{PAM_AUTHTOK_RECOVERY_ERR, BROKER_CHANGE},
	{PAM_AUTHTOK_LOCK_BUSY, BROKER_CHANGE},
	{PAM_TRY_AGAIN, BROKER_CHANGE},
	{PAM_PERM_DENIED, BROKER_CHANGE},
	{PAM_MAXTRIES, BROKER_CHANGE},
	{PAM_AUTH_ERR, BROKER_CHANGE},
	{PAM_AUTHTOK_DISABLE_AGING, BROKER_CHANGE},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Sets verdict and why of a call that ended. */
static void
judge(struct pam_talk *talk, struct outcome *outcome, const char *call, int result,
      const struct meaning *meanings, size_t count)
{
	outcome->verdict = BROKER_UNAVAILABLE;
	for (size_t i = 0; i < count; i++) {
		if (meanings[i].result == result)
			outcome->verdict = meanings[i].verdict;
	}
	if (talk->trouble)
		outcome->verdict = BROKER_FAILED;
	outcome->why = talk->trouble ? talk->trouble
				     : arena_printf(talk->arena, "%s: %d %s", call, result,
						    pam_strerror(NULL, result));
}

/* ---- who it was ---- */

/* The name may be another than the one that was typed. */
static void
find_person(pam_handle_t *handle, struct pam_talk *talk, const struct backend_start *start,
	    struct outcome *outcome)
{
	const void *name = NULL;
	struct nss_user user;
	enum nss_found found = NSS_NONE;

	outcome->verdict = BROKER_WRONG;
	outcome->why = "the modules lost the name";
	if (pam_get_item(handle, PAM_USER, &name) == PAM_SUCCESS && !str_empty(name))
		found = nss_find(talk->arena, start->service, name, &user, &outcome->why);
	if (found == NSS_DOWN)
		outcome->verdict = BROKER_UNAVAILABLE;
	if (found != NSS_FOUND)
		return;
	outcome->why = NULL;
	outcome->person = user.person;
	outcome->verdict = user.too_low ? BROKER_DENIED : BROKER_RIGHT;
	if (user.too_low)
		outcome->why = arena_printf(talk->arena, "user number %lu is below min_uid",
					    (unsigned long)user.uid);
	/* nobody may try root's password here and hear that it was right */
	if (user.uid == 0)
		outcome->verdict = BROKER_WRONG;
}

/* ---- the calls ---- */

/* Modules make paths of names, and pam_unix takes two beginnings for something else. */
static bool
is_name(const char *username)
{
	return !strchr(username, '/') && username[0] != '-' && username[0] != '+' &&
	       username[0] != '.';
}

static int
set_items(pam_handle_t *handle, const struct backend_start *start)
{
	void (*delay)(int, unsigned, void *) = note_delay;
	const void *item;

	/* C has no conversion from a function to what the call takes */
	memcpy(&item, &delay, sizeof(item));
	if (pam_set_item(handle, PAM_FAIL_DELAY, item) != PAM_SUCCESS ||
	    pam_set_item(handle, PAM_TTY, TERMINAL) != PAM_SUCCESS)
		return -1;
	if (str_empty(start->address))
		return 0;
	return pam_set_item(handle, PAM_RHOST, start->address) == PAM_SUCCESS ? 0 : -1;
}

static pam_handle_t *
open_stack(const struct service *service, const char *username, const struct pam_conv *conv)
{
	const char *folder = str_empty(service->pam_dir) ? NULL : service->pam_dir;
	pam_handle_t *handle = NULL;

	if (pam_start_confdir(service->pam_service, username, conv, folder, &handle) == PAM_SUCCESS)
		return handle;
	return NULL;
}

/* After authentication: the account, its password, and the person. Who may not sign in here hears
 * nothing of the account and changes no password. Modules may tell another name at the end. */
static void
admit(pam_handle_t *handle, struct pam_talk *talk, const struct backend_start *start,
      struct outcome *outcome)
{
	int result;

	find_person(handle, talk, start, outcome);
	if (outcome->verdict != BROKER_RIGHT)
		return;
	result = pam_acct_mgmt(handle, PAM_DISALLOW_NULL_AUTHTOK);
	judge(talk, outcome, "pam_acct_mgmt", result, account_meanings, COUNT(account_meanings));
	if (outcome->verdict == BROKER_CHANGE && start->service->change_password) {
		talk->phase = BROKER_NEW_PASSWORD;
		result = pam_chauthtok(handle, PAM_CHANGE_EXPIRED_AUTHTOK);
		judge(talk, outcome, "pam_chauthtok", result, change_meanings,
		      COUNT(change_meanings));
	}
	if (outcome->verdict == BROKER_RIGHT)
		find_person(handle, talk, start, outcome);
}

static void
pam_converse(struct arena *arena, const struct backend_start *start,
	     struct conversation *conversation, struct outcome *outcome)
{
	struct pam_talk talk = {.arena = arena, .conversation = conversation};
	const struct pam_conv conv = {converse, &talk};
	pam_handle_t *handle = open_stack(start->service, start->username, &conv);
	int result = PAM_SYSTEM_ERR;

	*outcome = (struct outcome){
		.verdict = BROKER_UNAVAILABLE,
		.why = "PAM cannot begin; see the system's log",
	};
	if (!handle)
		return;
	if (!is_name(start->username)) {
		outcome->verdict = BROKER_WRONG;
		outcome->why = NO_NAME;
	} else if (set_items(handle, start) == 0) {
		result = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
		judge(&talk, outcome, "pam_authenticate", result, authenticate_meanings,
		      COUNT(authenticate_meanings));
		outcome->delay_us = talk.delay_us;
		if (outcome->verdict == BROKER_RIGHT)
			admit(handle, &talk, start, outcome);
	}
	outcome->messages = arena_copy(arena, talk.message, sizeof(talk.message));
	outcome->messages_count = talk.messages;
	(void)pam_end(handle, result);
}

/* ---- lookups ---- */

static int
ask_nobody(int count, const struct pam_message **messages, struct pam_response **responses,
	   void *context)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)context;
	return PAM_CONV_ERR;
}

/* Whether the stack says that the account is over. Whatever else it says is about signing in. */
static bool
is_expired(const struct service *service, const char *username)
{
	const struct backend_start start = {.service = service, .username = username};
	struct pam_talk talk = {0};
	const struct pam_conv conv = {ask_nobody, &talk};
	pam_handle_t *handle = open_stack(service, username, &conv);
	int result = PAM_SYSTEM_ERR;

	if (!handle)
		return false;
	if (set_items(handle, &start) == 0)
		result = pam_acct_mgmt(handle, PAM_SILENT);
	(void)pam_end(handle, result);
	return result == PAM_ACCT_EXPIRED;
}

static void
pam_lookup(struct arena *arena, const struct service *service, const char *username,
	   struct broker_answer *answer)
{
	static const enum broker_found founds[] = {
		[NSS_FOUND] = BROKER_FOUND,
		[NSS_NONE] = BROKER_NONE,
		[NSS_DOWN] = BROKER_DOWN,
	};
	struct nss_user user;

	*answer = (struct broker_answer){.found = BROKER_NONE, .why = NO_NAME};
	if (!is_name(username))
		return;
	answer->why = NULL;
	answer->found = founds[nss_find(arena, service, username, &user, &answer->why)];
	if (answer->found != BROKER_FOUND)
		return;
	answer->person = user.person;
	if (user.too_low || user.locked || is_expired(service, username))
		answer->found = BROKER_LOCKED;
}

const struct backend backend_pam = {"pam", pam_converse, pam_lookup};
