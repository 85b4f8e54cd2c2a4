/* SPDX-License-Identifier: ISC */
/*
 * Proving a password by a bind and setting a new one (RFC 4513 5.1, RFC 3062), with what
 * directories say beside yes and no: the password policy of draft-behera-ldap-password-policy, the
 * older control of 389 Directory Server, and Active Directory's texts.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/ldap_wait.h"
#include "pamd/settings.h"

static const struct {
	int code;
	enum broker_verdict verdict;
} bind_verdicts[] = {
	{LDAP_SUCCESS, BROKER_RIGHT},
	{LDAP_INVALID_CREDENTIALS, BROKER_WRONG},
	{LDAP_INAPPROPRIATE_AUTH, BROKER_WRONG},    /* the entry has no password */
	{LDAP_NO_SUCH_OBJECT, BROKER_WRONG},        /* gone since it was found */
	{LDAP_INSUFFICIENT_ACCESS, BROKER_WRONG},   /* this entry may not bind */
	{LDAP_UNWILLING_TO_PERFORM, BROKER_WRONG},  /* 389 DS: inactivated, before any proof */
	{LDAP_CONSTRAINT_VIOLATION, BROKER_WRONG},  /* 389 DS: too many failures */
	{LDAP_X_PROXY_AUTHZ_FAILURE, BROKER_WRONG}, /* the entry is not to be used here */
};

static const struct {
	const char *data;
	enum broker_verdict verdict;
} active_directory[] = {
	{"530", BROKER_DENIED},  /* not at this time */
	{"531", BROKER_DENIED},  /* not from this machine */
	{"532", BROKER_CHANGE},  /* password expired */
	{"533", BROKER_DENIED},  /* account disabled */
	{"701", BROKER_EXPIRED}, /* account expired */
	{"773", BROKER_CHANGE},  /* password must be changed */
};

/* Why a new password was refused: for people. NULL: people cannot change it here. */
static const struct {
	LDAPPasswordPolicyError error;
	const char *text;
} refusals[] = {
	{PP_passwordModNotAllowed, NULL},
	{PP_mustSupplyOldPassword, NULL},
	{PP_insufficientPasswordQuality, "The new password is too simple."},
	{PP_passwordTooShort, "The new password is too short."},
	{PP_passwordTooYoung, NULL},
	{PP_passwordInHistory, "The new password was used before."},
	{PP_passwordTooLong, "The new password is too long."},
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum broker_verdict
directory_text_verdict(const char *text)
{
	static const char before[] = "AcceptSecurityContext error, data ";
	const char *data = text ? strstr(text, before) : NULL;

	if (!data)
		return BROKER_WRONG;
	data += sizeof(before) - 1;
	for (size_t i = 0; i < COUNT(active_directory); i++) {
		size_t size = strlen(active_directory[i].data);

		if (strncmp(data, active_directory[i].data, size) == 0 && data[size] == ',')
			return active_directory[i].verdict;
	}
	return BROKER_WRONG;
}

/* An answer taken apart. */
struct answer {
	int code;
	char *text;
	LDAPControl **controls;
	LDAPPasswordPolicyError error;
	ber_int_t grace; /* logins left with an expired password; -1: it is not expired */
	bool old_control;
};

static void
read_controls(LDAP *ld, struct answer *answer)
{
	LDAPControl *control;
	ber_int_t expire = -1;

	answer->error = PP_noError;
	answer->grace = -1;
	if (!answer->controls)
		return;
	control = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, answer->controls, NULL);
	if (control && ldap_parse_passwordpolicy_control(ld, control, &expire, &answer->grace,
							 &answer->error) != LDAP_SUCCESS) {
		answer->error = PP_noError;
		answer->grace = -1;
	}
	answer->old_control =
		ldap_control_find(LDAP_CONTROL_X_PASSWORD_EXPIRED, answer->controls, NULL) != NULL;
}

/* Waits for the answer and takes it apart; 0 or -1. answer_free() in any case. */
static int
read_answer(struct directory *directory, const char *what, int message, struct answer *answer)
{
	LDAPMessage *result = NULL;
	int rc;

	if (directory_wait(directory, what, message, &result) != 0)
		return -1;
	rc = ldap_parse_result(directory->ld, result, &answer->code, NULL, &answer->text, NULL,
			       &answer->controls, 1);
	if (rc != LDAP_SUCCESS)
		return directory_fails(directory, what, rc);
	read_controls(directory->ld, answer);
	return 0;
}

static void
answer_free(struct answer *answer)
{
	ldap_memfree(answer->text);
	if (answer->controls)
		ldap_controls_free(answer->controls);
}

static enum broker_verdict
bind_verdict(struct directory *directory, const struct answer *answer,
	     struct directory_policy *policy)
{
	enum broker_verdict verdict = BROKER_UNAVAILABLE;

	for (size_t i = 0; i < COUNT(bind_verdicts); i++) {
		if (bind_verdicts[i].code == answer->code)
			verdict = bind_verdicts[i].verdict;
	}
	if (verdict == BROKER_RIGHT)
		policy->must_change = answer->error == PP_changeAfterReset || answer->grace >= 0 ||
				      answer->old_control;
	if (answer->code == LDAP_INVALID_CREDENTIALS) {
		/* told only to who has the right password, which is too old */
		verdict = answer->error == PP_passwordExpired || answer->old_control
				  ? BROKER_CHANGE
				  : directory_text_verdict(answer->text);
	}
	if (verdict != BROKER_RIGHT)
		directory_fails(directory, "binding", answer->code);
	return verdict;
}

enum broker_verdict
directory_bind(struct directory *directory, const char *dn, const char *password,
	       struct directory_policy *policy)
{
	LDAPControl *request[2] = {NULL, NULL};
	struct answer answer = {.code = LDAP_OTHER};
	enum broker_verdict verdict = BROKER_UNAVAILABLE;
	struct berval secret;
	int message = -1, rc;

	*policy = (struct directory_policy){0};
	if (str_empty(dn) || str_empty(password)) {
		directory->why = "ldap: an empty name or password is not sent";
		return BROKER_WRONG;
	}
	secret.bv_len = strlen(password);
	secret.bv_val = arena_copy(directory->arena, password, secret.bv_len);
	rc = ldap_create_passwordpolicy_control(directory->ld, &request[0]);
	if (rc == LDAP_SUCCESS)
		rc = ldap_sasl_bind(directory->ld, dn, LDAP_SASL_SIMPLE, &secret, request, NULL,
				    &message);
	explicit_bzero(secret.bv_val, secret.bv_len);
	if (rc != LDAP_SUCCESS)
		directory_fails(directory, "binding", rc);
	else if (read_answer(directory, "binding", message, &answer) == 0)
		verdict = bind_verdict(directory, &answer, policy);
	answer_free(&answer);
	ldap_control_free(request[0]);
	return verdict;
}

/* A refusal in words: of the policy, else as the directory puts it. */
static enum broker_verdict
refusal(struct directory *directory, const struct answer *answer, struct directory_policy *policy)
{
	size_t size = answer->text ? strnlen(answer->text, BROKER_TEXT_MAX) : 0;

	for (size_t i = 0; i < COUNT(refusals); i++) {
		if (refusals[i].error != answer->error)
			continue;
		policy->refusal = refusals[i].text;
		return refusals[i].text ? BROKER_DENIED : BROKER_CHANGE;
	}
	if (answer->code != LDAP_CONSTRAINT_VIOLATION && answer->code != LDAP_UNWILLING_TO_PERFORM)
		return BROKER_CHANGE;
	policy->refusal = "The directory refuses the new password.";
	if (size > 0 && size < BROKER_TEXT_MAX)
		policy->refusal = str_visible(directory->arena, answer->text, size);
	return BROKER_DENIED;
}

static enum broker_verdict
change_verdict(struct directory *directory, const struct answer *answer,
	       struct directory_policy *policy)
{
	switch (answer->code) {
	case LDAP_SUCCESS:
		return BROKER_RIGHT;
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
	case LDAP_OTHER:
	case LDAP_SERVER_DOWN:
	case LDAP_TIMEOUT:
		directory_fails(directory, "changing the password", answer->code);
		return BROKER_UNAVAILABLE;
	default:
		directory_fails(directory, "changing the password", answer->code);
		return refusal(directory, answer, policy);
	}
}

static struct berval
copy_text(struct arena *arena, const char *text)
{
	size_t size = strlen(text);

	return (struct berval){.bv_len = size, .bv_val = arena_copy(arena, text, size)};
}

enum broker_verdict
directory_set_password(struct directory *directory, const char *dn, const char *old,
		       const char *new, struct directory_policy *policy)
{
	struct berval user = copy_text(directory->arena, dn);
	struct berval before = copy_text(directory->arena, old);
	struct berval after = copy_text(directory->arena, new);
	LDAPControl *request[2] = {NULL, NULL};
	struct answer answer = {.code = LDAP_OTHER};
	enum broker_verdict verdict = BROKER_UNAVAILABLE;
	int message = -1, rc;

	*policy = (struct directory_policy){0};
	rc = ldap_create_passwordpolicy_control(directory->ld, &request[0]);
	if (rc == LDAP_SUCCESS)
		rc = ldap_passwd(directory->ld, &user, &before, &after, request, NULL, &message);
	explicit_bzero(before.bv_val, before.bv_len);
	explicit_bzero(after.bv_val, after.bv_len);
	if (rc != LDAP_SUCCESS)
		directory_fails(directory, "changing the password", rc);
	else if (read_answer(directory, "changing the password", message, &answer) == 0)
		verdict = change_verdict(directory, &answer, policy);
	answer_free(&answer);
	ldap_control_free(request[0]);
	return verdict;
}
