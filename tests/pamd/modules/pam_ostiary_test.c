/* SPDX-License-Identifier: ISC */
/*
 * A PAM module that does what its arguments say, one after the other: asks, talks, hangs, crashes.
 * Each argument is NAME or NAME=VALUE and a row of a table.
 */
#include <fcntl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

int EXPORT pam_sm_authenticate(pam_handle_t *handle, int flags, int count, const char **argument);
int EXPORT pam_sm_setcred(pam_handle_t *handle, int flags, int count, const char **argument);
int EXPORT pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int count, const char **argument);
int EXPORT pam_sm_chauthtok(pam_handle_t *handle, int flags, int count, const char **argument);

/* ---- asking ---- */

static int
prompt(pam_handle_t *handle, int style, const char *text, const char *wanted)
{
	char *answer = NULL;
	int result = pam_prompt(handle, style, &answer, "%s", text);

	if (result == PAM_SUCCESS && (!answer || strcmp(answer, wanted) != 0))
		result = PAM_AUTH_ERR;
	free(answer);
	return result;
}

static int
ask_password(pam_handle_t *handle, const char *value)
{
	return prompt(handle, PAM_PROMPT_ECHO_OFF, "Password: ", value);
}

static int
ask_code(pam_handle_t *handle, const char *value)
{
	return prompt(handle, PAM_PROMPT_ECHO_ON, "Code: ", value);
}

/* Until it is right. */
static int
ask_codes(pam_handle_t *handle, const char *value)
{
	int result = PAM_AUTH_ERR;

	while (result == PAM_AUTH_ERR)
		result = ask_code(handle, value);
	return result;
}

static int
ask_latin(pam_handle_t *handle, const char *value)
{
	return prompt(handle, PAM_PROMPT_ECHO_ON, "Schl\xfcssel\x1b[1m:\t\n", value);
}

static int
ask_long(pam_handle_t *handle, const char *value)
{
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return prompt(handle, PAM_PROMPT_ECHO_OFF, text, value);
}

static int
converse(pam_handle_t *handle, int count, const struct pam_message **messages,
	 struct pam_response **responses)
{
	const void *item = NULL;
	const struct pam_conv *conv;

	if (pam_get_item(handle, PAM_CONV, &item) != PAM_SUCCESS || !item)
		return PAM_CONV_ERR;
	conv = item;
	return conv->conv(count, messages, responses, conv->appdata_ptr);
}

/* Two prompts and a message in one call: "right" and "123456". */
static int
ask_both(pam_handle_t *handle, const char *value)
{
	const struct pam_message message[] = {
		{PAM_TEXT_INFO, "Two at once"},
		{PAM_PROMPT_ECHO_OFF, "Password: "},
		{PAM_PROMPT_ECHO_ON, "Code: "},
	};
	const struct pam_message *messages[] = {&message[0], &message[1], &message[2]};
	struct pam_response *responses = NULL;
	int result = converse(handle, 3, messages, &responses);

	(void)value;
	if (result != PAM_SUCCESS)
		return result;
	if (strcmp(responses[1].resp, "right") != 0 || strcmp(responses[2].resp, "123456") != 0 ||
	    responses[0].resp)
		result = PAM_AUTH_ERR;
	free(responses[1].resp);
	free(responses[2].resp);
	free(responses);
	return result;
}

/* So many messages in one call, with no wish for answers. */
static int
many_at_once(pam_handle_t *handle, const char *value)
{
	const struct pam_message message = {PAM_TEXT_INFO, "one of many"};
	const struct pam_message *messages[100];
	int count = (int)strlen(value);

	for (int i = 0; i < count && i < 100; i++)
		messages[i] = &message;
	return converse(handle, count, messages, NULL);
}

static int
ask_binary(pam_handle_t *handle, const char *value)
{
	const struct pam_message message = {PAM_BINARY_PROMPT, value};
	const struct pam_message *messages[] = {&message};
	struct pam_response *responses = NULL;

	return converse(handle, 1, messages, &responses);
}

static int
say(pam_handle_t *handle, const char *value)
{
	return pam_info(handle, "%s", value);
}

static int
say_error(pam_handle_t *handle, const char *value)
{
	return pam_error(handle, "%s", value);
}

/* As many messages as the value has characters, each in a call of its own. */
static int
say_often(pam_handle_t *handle, const char *value)
{
	int result = PAM_SUCCESS;

	for (; *value && result == PAM_SUCCESS; value++)
		result = pam_info(handle, "and on");
	return result;
}

/* As often, and each of 900 bytes. */
static int
say_much(pam_handle_t *handle, const char *value)
{
	int result = PAM_SUCCESS;

	for (; *value && result == PAM_SUCCESS; value++)
		result = pam_info(handle, "%900s", value);
	return result;
}

/* ---- misbehaving ---- */

static int __attribute__((noreturn)) hang(pam_handle_t *handle, const char *value)
{
	FILE *file;
	pid_t helper = *value ? fork() : 0;

	(void)handle;
	(void)signal(SIGTERM, SIG_IGN);
	file = *value && helper > 0 ? fopen(value, "w") : NULL;
	if (file) {
		fprintf(file, "%ld %ld\n", (long)getpid(), (long)helper);
		fclose(file);
	}
	for (;;)
		pause();
}

static int
take_time(pam_handle_t *handle, const char *value)
{
	(void)handle;
	(void)usleep((useconds_t)strlen(value) * 100000);
	return PAM_SUCCESS;
}

static int
crash(pam_handle_t *handle, const char *value)
{
	(void)handle;
	(void)value;
	return raise(SIGSEGV);
}

static int __attribute__((noreturn)) leave(pam_handle_t *handle, const char *value)
{
	(void)handle;
	_exit((int)strlen(value));
}

/* ---- items ---- */

static int
rename_user(pam_handle_t *handle, const char *value)
{
	return pam_set_item(handle, PAM_USER, value);
}

/* 1.5 s: without a callback libpam sleeps for them. */
static int
want_delay(pam_handle_t *handle, const char *value)
{
	(void)value;
	return pam_fail_delay(handle, 1500000);
}

static int
need_item(pam_handle_t *handle, int type, const char *value)
{
	const void *item = NULL;

	if (pam_get_item(handle, type, &item) != PAM_SUCCESS || !item)
		return PAM_AUTH_ERR;
	return strcmp(item, value) == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

static int
need_rhost(pam_handle_t *handle, const char *value)
{
	return need_item(handle, PAM_RHOST, value);
}

static int
need_tty(pam_handle_t *handle, const char *value)
{
	return need_item(handle, PAM_TTY, value);
}

/* Nothing of the broker's may be open but this conversation's socket. */
static int
need_few_files(pam_handle_t *handle, const char *value)
{
	int files = 0;

	(void)handle;
	(void)value;
	for (int fd = 0; fd < 1024; fd++)
		files += fcntl(fd, F_GETFD) >= 0;
	/* 0, 1, 2 and the socket; that of the system's log may be one more */
	return files == 4 || files == 5 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

static int
need_name(pam_handle_t *handle, const char *value)
{
	return need_item(handle, PAM_USER, value) == PAM_SUCCESS ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

static int
give(pam_handle_t *handle, const char *value)
{
	static const struct {
		const char *name;
		int result;
	} results[] = {
		{"unavailable", PAM_AUTHINFO_UNAVAIL},
		{"expired", PAM_ACCT_EXPIRED},
		{"denied", PAM_PERM_DENIED},
		{"change", PAM_NEW_AUTHTOK_REQD},
		{"error", PAM_SERVICE_ERR},
		{"authtok", PAM_AUTHTOK_ERR},
		{"maxtries", PAM_MAXTRIES},
		{"inactive", PAM_AUTHTOK_EXPIRED},
	};

	(void)handle;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (strcmp(results[i].name, value) == 0)
			return results[i].result;
	}
	return PAM_SYSTEM_ERR;
}

/* A new password, twice the same: or once more. */
static int
ask_new(pam_handle_t *handle, const char *value)
{
	for (int i = 0; i < 2; i++) {
		char *first = NULL, *second = NULL;
		int result = pam_prompt(handle, PAM_PROMPT_ECHO_OFF, &first, "New password: ");

		if (result == PAM_SUCCESS)
			result = pam_prompt(handle, PAM_PROMPT_ECHO_OFF, &second, "Again: ");
		if (result == PAM_SUCCESS && first && second && strcmp(first, second) != 0)
			result = PAM_TRY_AGAIN;
		free(first);
		free(second);
		if (result != PAM_TRY_AGAIN)
			return result;
		(void)pam_error(handle, "%s", value);
	}
	return PAM_AUTHTOK_ERR;
}

static const struct {
	const char *name;
	int (*run)(pam_handle_t *handle, const char *value);
} rows[] = {
	{"password", ask_password}, {"code", ask_code},    {"latin", ask_latin},
	{"long", ask_long},         {"both", ask_both},    {"at_once", many_at_once},
	{"binary", ask_binary},     {"info", say},         {"error", say_error},
	{"often", say_often},       {"hang", hang},        {"sleep", take_time},
	{"crash", crash},           {"leave", leave},      {"rename", rename_user},
	{"delay", want_delay},      {"rhost", need_rhost}, {"tty", need_tty},
	{"files", need_few_files},  {"user", need_name},   {"give", give},
	{"new", ask_new},           {"much", say_much},    {"codes", ask_codes},
};

static int
run_all(pam_handle_t *handle, int count, const char **argument)
{
	int result = PAM_SUCCESS;

	for (int i = 0; i < count && result == PAM_SUCCESS; i++) {
		const char *equals = strchr(argument[i], '=');
		size_t size = equals ? (size_t)(equals - argument[i]) : strlen(argument[i]);
		const char *value = equals ? equals + 1 : "";

		result = PAM_MODULE_UNKNOWN;
		for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
			if (strlen(rows[row].name) == size &&
			    strncmp(rows[row].name, argument[i], size) == 0)
				result = rows[row].run(handle, value);
		}
	}
	return result;
}

int
pam_sm_authenticate(pam_handle_t *handle, int flags, int count, const char **argument)
{
	(void)flags;
	return run_all(handle, count, argument);
}

int
pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int count, const char **argument)
{
	(void)flags;
	return run_all(handle, count, argument);
}

int
pam_sm_chauthtok(pam_handle_t *handle, int flags, int count, const char **argument)
{
	return flags & PAM_PRELIM_CHECK ? PAM_SUCCESS : run_all(handle, count, argument);
}

int
pam_sm_setcred(pam_handle_t *handle, int flags, int count, const char **argument)
{
	(void)handle;
	(void)flags;
	(void)count;
	(void)argument;
	return PAM_SUCCESS;
}
