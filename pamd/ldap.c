/* SPDX-License-Identifier: ISC */
/*
 * A directory as a login: the person is searched for by the service's account, proven by a bind
 * of their own on a second connection, and read again by the service's account. Servers are tried
 * in their order until one can say; one that cannot is never taken for a no. Names that nobody has
 * go the same way with as many messages.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/backend.h"
#include "pamd/clean.h"
#include "pamd/ldap_check.h"
#include "pamd/ldap_person.h"
#include "pamd/settings.h"

#define CHANGE_TRIES 3

/* Who names that nobody has bind as: below base, where no such entry is. */
#define NOBODY          "cn=ostiary-nobody"
#define NOBODY_PASSWORD "nobody"

struct session {
	struct arena *arena;
	const struct service *service;
	struct strlist servers;
	const char *bind_password;
	struct directory search; /* as the service's account */
	struct directory user;   /* as the person */
	struct person_entry entry;
	struct directory_policy policy;
	const char *why;
};

/* 0, or -1 where the configuration is not usable: it may have changed since the start. */
static int
session_begin(struct session *session, struct arena *arena, const struct service *service)
{
	*session = (struct session){.arena = arena, .service = service};
	session->why = ldap_check_mistake(arena, service);
	if (session->why)
		return -1;
	if (*service->bind_password_file)
		session->bind_password =
			settings_read_secret(arena, service->bind_password_file, &session->why);
	return strlist_split(arena, service->uri, ' ', DIRECTORY_SERVERS_MAX, &session->servers);
}

static void
session_close(struct session *session)
{
	directory_close(&session->search);
	directory_close(&session->user);
}

/* Connects to a server as the service's account. */
static int
session_search_at(struct session *session, const char *uri)
{
	const struct service *service = session->service;
	struct directory_policy policy;

	if (directory_open(&session->search, session->arena, service, uri) != 0)
		return -1;
	if (str_empty(service->bind_dn))
		return 0;
	return directory_bind(&session->search, service->bind_dn, session->bind_password,
			      &policy) == BROKER_RIGHT
		       ? 0
		       : -1;
}

static enum broker_verdict
prove(struct session *session, const char *uri, const char *dn, const char *password)
{
	enum broker_verdict verdict = BROKER_UNAVAILABLE;

	if (directory_open(&session->user, session->arena, session->service, uri) == 0)
		verdict = directory_bind(&session->user, dn, password, &session->policy);
	session->why = session->user.why;
	return verdict;
}

/* Whoever was not found: the same messages, and never a yes. */
static enum broker_verdict
go_through_the_motions(struct session *session, const char *uri, const char *why)
{
	const char *dn = arena_printf(session->arena, NOBODY ",%s", session->service->base);
	enum broker_verdict verdict = prove(session, uri, dn, NOBODY_PASSWORD);

	if (verdict == BROKER_UNAVAILABLE)
		return verdict;
	session->why = why;
	return BROKER_WRONG;
}

/* What the service's account sees of somebody who is proven. */
static enum broker_verdict
read_proven(struct session *session)
{
	enum person_found found = person_read(&session->search, &session->entry);

	session->why = session->search.why;
	switch (found) {
	case PERSON_FOUND:
		session->why = session->entry.is_disabled ? "ldap: disabled_filter" : NULL;
		return session->entry.is_disabled ? BROKER_DENIED : BROKER_RIGHT;
	case PERSON_UNUSABLE:
		return BROKER_DENIED;
	case PERSON_NONE:
	case PERSON_MANY:
	case PERSON_DOWN:
		return BROKER_UNAVAILABLE;
	}
	return BROKER_UNAVAILABLE;
}

static enum broker_verdict
authenticate_at(struct session *session, const char *uri, const char *username,
		const char *password)
{
	enum person_found found = PERSON_NONE;
	enum broker_verdict verdict;

	if (session_search_at(session, uri) == 0) {
		session->search.why = "ldap: no name that could be searched for";
		if (clean_is_plain(username, BROKER_NAME_MAX))
			found = person_find(&session->search, username, &session->entry);
	} else {
		found = PERSON_DOWN;
	}
	if (found == PERSON_DOWN) {
		session->why = session->search.why;
		return BROKER_UNAVAILABLE;
	}
	if (found != PERSON_FOUND)
		return go_through_the_motions(session, uri, session->search.why);
	verdict = prove(session, uri, session->entry.dn, password);
	return verdict == BROKER_RIGHT ? read_proven(session) : verdict;
}

/* ---- a new password ---- */

struct new_password {
	const char *text, *complaint;
};

static void
wipe(const char *answer)
{
	/* it lies in our arena; only its type says that it is not written to */
	union {
		const char *given;
		char *own;
	} text = {answer};

	if (answer)
		explicit_bzero(text.own, strlen(answer));
}

/* Asks twice. 0, with a complaint instead of the text when it cannot be taken; -1: nobody answers.
 */
static int
ask_new(struct conversation *conversation, const struct broker_prompt *first,
	struct new_password *new)
{
	const struct broker_prompt prompts[] = {
		*first,
		{BROKER_ECHO_OFF, "New password: "},
		{BROKER_ECHO_OFF, "New password again: "},
	};
	const char *answers[3] = {NULL, NULL, NULL};

	*new = (struct new_password){0};
	if (conversation->ask(conversation, BROKER_NEW_PASSWORD, prompts, 3, answers) != 0)
		return -1;
	/* without one the directory would make one up (RFC 3062 2) */
	if (str_empty(answers[0]))
		new->complaint = "A new password is needed.";
	else if (!str_equal(answers[0], answers[1]))
		new->complaint = "The two new passwords are not the same.";
	else
		new->text = answers[0];
	if (!new->text)
		wipe(answers[0]);
	wipe(answers[1]);
	return 0;
}

/* A connection that was closed while the person was thinking is made again. */
static enum broker_verdict
set_password(struct session *session, const char *old, const char *new)
{
	struct directory_policy policy;
	const char *uri = session->user.uri;
	enum broker_verdict verdict =
		directory_set_password(&session->user, session->entry.dn, old, new, &policy);

	if (verdict == BROKER_UNAVAILABLE) {
		directory_close(&session->user);
		if (prove(session, uri, session->entry.dn, old) == BROKER_RIGHT)
			verdict = directory_set_password(&session->user, session->entry.dn, old,
							 new, &policy);
	}
	session->why = session->user.why;
	session->policy.refusal = policy.refusal;
	return verdict;
}

static enum broker_verdict
change_password(struct session *session, struct conversation *conversation, const char *old,
		struct outcome *outcome)
{
	struct broker_prompt *first = arena_alloc(session->arena, sizeof(*first));

	*first = (struct broker_prompt){BROKER_INFO, "Your password must be changed now."};
	for (int i = 0; i < CHANGE_TRIES; i++) {
		struct new_password new;
		enum broker_verdict verdict;

		session->why = "ldap: no new password was given";
		if (ask_new(conversation, first, &new) != 0)
			return BROKER_CHANGE;
		*first = (struct broker_prompt){BROKER_ERROR, new.complaint};
		if (!new.text)
			continue;
		verdict = set_password(session, old, new.text);
		wipe(new.text);
		if (verdict != BROKER_DENIED)
			return verdict;
		first->text = session->policy.refusal;
	}
	outcome->messages = first;
	outcome->messages_count = 1;
	return BROKER_CHANGE;
}

/* ---- the backend ---- */

static enum broker_verdict
authenticate(struct session *session, const char *username, const char *password)
{
	enum broker_verdict verdict = BROKER_UNAVAILABLE;

	for (size_t i = 0; i < session->servers.count && verdict == BROKER_UNAVAILABLE; i++) {
		session_close(session);
		verdict = authenticate_at(session, session->servers.item[i], username, password);
	}
	directory_close(&session->search);
	return verdict;
}

static void
converse(struct arena *arena, const struct backend_start *start, struct conversation *conversation,
	 struct outcome *outcome)
{
	const struct broker_prompt prompt = {BROKER_ECHO_OFF, "Password: "};
	const char *password = NULL;
	struct session session;
	bool usable = session_begin(&session, arena, start->service) == 0;

	*outcome = (struct outcome){.verdict = BROKER_WRONG};
	if (conversation->ask(conversation, BROKER_AUTHENTICATE, &prompt, 1, &password) != 0) {
		outcome->why = "ldap: no password was given";
		return;
	}
	if (!usable)
		outcome->verdict = BROKER_UNAVAILABLE;
	else if (!str_empty(password))
		outcome->verdict = authenticate(&session, start->username, password);
	else
		session.why = "ldap: an empty password is not sent";
	if (outcome->verdict == BROKER_RIGHT && session.policy.must_change)
		outcome->verdict =
			start->service->change_password
				? change_password(&session, conversation, password, outcome)
				: BROKER_CHANGE;
	wipe(password);
	session_close(&session);
	outcome->why = session.why;
	if (outcome->verdict == BROKER_RIGHT) {
		outcome->person = session.entry.person;
		outcome->why = NULL;
	}
}

static enum broker_found
look_up_at(struct session *session, const char *uri, const char *username)
{
	enum person_found found = PERSON_DOWN;

	if (session_search_at(session, uri) == 0)
		found = person_find(&session->search, username, &session->entry);
	if (found == PERSON_FOUND)
		found = person_read(&session->search, &session->entry);
	session->why = session->search.why;
	if (found == PERSON_NONE)
		return BROKER_NONE;
	/* two of a name, or one that cannot be told: somebody is there, but nobody knows who */
	if (found != PERSON_FOUND)
		return BROKER_DOWN;
	session->why = NULL;
	return session->entry.is_disabled ? BROKER_LOCKED : BROKER_FOUND;
}

static void
lookup(struct arena *arena, const struct service *service, const char *username,
       struct broker_answer *answer)
{
	struct session session;

	*answer = (struct broker_answer){.found = BROKER_DOWN};
	if (!clean_is_plain(username, BROKER_NAME_MAX)) {
		answer->found = BROKER_NONE;
		answer->why = "ldap: no name that could be searched for";
		return;
	}
	if (session_begin(&session, arena, service) == 0) {
		for (size_t i = 0; i < session.servers.count && answer->found == BROKER_DOWN; i++) {
			session_close(&session);
			answer->found = look_up_at(&session, session.servers.item[i], username);
		}
		session_close(&session);
	}
	answer->why = session.why;
	if (answer->found == BROKER_FOUND || answer->found == BROKER_LOCKED)
		answer->person = session.entry.person;
}

const struct backend backend_ldap = {"ldap", converse, lookup};
