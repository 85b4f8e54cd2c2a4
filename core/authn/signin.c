/* SPDX-License-Identifier: ISC */
/*
 * Finding out who is to judge, and letting them: charge, look, refund; then the session.
 */
#include "core/authn/signin.h"

#include <limits.h>
#include <string.h>

#include "core/authn/attempt.h"
#include "core/authn/password.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/model/table_person.h"
#include "core/port/people.h"

static bool
password_is_right(const struct account *account, const char *password)
{
	if (str_empty(password))
		return false;
	if (!account->password) {
		password_verify_nobody(password);
		return false;
	}
	return password_verify(account->password, password) == PASSWORD_RIGHT &&
	       !account_is_off(account);
}

/* A hash that was brought along becomes one of ours while the password is at hand. */
static void
renew_hash(struct tx *tx, struct account *account, const char *password)
{
	char *hash;

	if (!password_is_old(account->password))
		return;
	hash = password_hash(tx->arena, tx->provider->random, password);
	if (account_rehash(tx->store, account->id, account->password, hash) == STORE_OK)
		tx_log(tx, LOG_LEVEL_INFO, "password_rehashed", "account", tx_hex(tx, account->id));
}

/* Who the name is, and who is to say whether the password is right. */
struct resolution {
	const struct source *source; /* the one that has the name; NULL: none of ours */
	struct account account;
	bool exists;
	struct table_person person; /* of a source that is a table */
	bool is_person;
};

static int
resolve(struct tx *tx, const char *name, struct resolution *resolution)
{
	enum store_verdict found =
		account_find_name(tx->store, tx->arena, tx->realm->id, name, &resolution->account);

	if (found == STORE_DOWN)
		return fail_down(tx);
	resolution->exists = found == STORE_OK;
	resolution->source =
		resolution->exists ? realm_source(tx->realm, resolution->account.source) : NULL;
	return 0;
}

/* Who has an account is looked for in the table it came from; a name without one belongs to the
 * first table that knows it. -1 with a failure in tx when one cannot say. */
static int
ask_tables(struct tx *tx, const char *name, struct resolution *resolution)
{
	const struct realm *realm = tx->realm;
	const struct source *only = resolution->source;

	if (resolution->exists && (!only || only->kind != SOURCE_TABLE))
		return 0;
	for (size_t i = 0; i < realm->sources_count && !resolution->is_person; i++) {
		const struct source *source = &realm->sources[i];
		enum store_verdict found;

		if (source->kind != SOURCE_TABLE || (only && source != only))
			continue;
		found = people_find(tx->store, tx->arena, source->view, name, &resolution->person);
		if (found == STORE_DOWN)
			return fail(tx, OAUTH_TEMPORARILY_UNAVAILABLE,
				    "people cannot be looked up now; try again shortly",
				    "source %s: its view %s cannot be read; the log says why in "
				    "people_view_unreadable",
				    source->name, source->view);
		resolution->is_person = found == STORE_OK;
		if (resolution->is_person)
			resolution->source = source;
	}
	return 0;
}

struct services {
	const struct source *one[SOURCES_MAX];
	size_t count;
};

/* The realm's services in their order; with only, that one alone. */
static struct services
services_of(const struct realm *realm, const struct source *only)
{
	struct services services = {.count = 0};

	for (size_t i = 0; i < realm->sources_count; i++)
		if (realm->sources[i].kind == SOURCE_SERVICE &&
		    (!only || only == &realm->sources[i]))
			services.one[services.count++] = &realm->sources[i];
	return services;
}

static bool
password_goes_first(const struct services *services)
{
	for (size_t i = 0; i < services->count; i++)
		if (!services->one[i]->password_first)
			return false;
	return services->count > 0;
}

static enum signin_verdict
begin_talk(struct tx *tx, const struct signin_attempt *attempt, const char *name,
	   const struct services *services, struct signin_outcome *outcome)
{
	bool first = password_goes_first(services) && !str_empty(attempt->password);
	const struct talk_start start = {
		.username = name,
		.password = first ? attempt->password : NULL,
		.source = services->one,
		.count = services->count,
		.keep = attempt->keep,
		.browser = attempt->browser,
	};

	outcome->talk_status = talk_begin(tx, &start, attempt->known, &outcome->talk);
	return SIGNIN_TALK;
}

/* Where services are asked, being wrong takes as long everywhere: nobody shall see whose name it
 * is. */
static enum signin_verdict
wrong(struct tx *tx, const struct signin_attempt *attempt, const struct attempt *charged,
      struct signin_outcome *outcome)
{
	static const struct services none;

	if (services_of(tx->realm, NULL).count == 0) {
		attempt_wrong(tx, charged, NULL);
		return SIGNIN_WRONG;
	}
	return begin_talk(tx, attempt, charged->name, &none, outcome);
}

static enum signin_verdict
judge_own(struct tx *tx, const struct signin_attempt *attempt, const struct attempt *charged,
	  struct signin_outcome *outcome)
{
	struct account *account = &outcome->account;

	if (!password_is_right(account, attempt->password))
		return wrong(tx, attempt, charged, outcome);
	attempt_refund(tx, charged);
	renew_hash(tx, account, attempt->password);
	return SIGNIN_RIGHT;
}

/* What the site's application made the hash of. */
static const char *
as_hashed(struct tx *tx, const struct table_person *person, const char *password)
{
	static const char *const references[UCHAR_MAX + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};
	struct buf text;

	if (!person->password_escaped)
		return password;
	buf_init(&text, tx->arena, (size_t)PASSWORD_MAX * strlen("&quot;"));
	for (; *password; password++) {
		const char *reference = references[(unsigned char)*password];

		if (reference)
			buf_add_text(&text, reference);
		else
			buf_add_char(&text, *password);
	}
	return text.data;
}

/* Hashes of the site are the site's: they are never replaced. */
static bool
person_is_right(struct tx *tx, const struct resolution *resolution, const char *password)
{
	const struct table_person *person = &resolution->person;

	if (resolution->is_person && person->why)
		tx_log(tx, LOG_LEVEL_WARN, "person_unusable", "source", resolution->source->name,
		       "why", person->why);
	if (str_empty(password))
		return false;
	if (!resolution->is_person || !person->password) {
		password_verify_nobody(password);
		return false;
	}
	switch (password_verify(person->password, as_hashed(tx, person, password))) {
	case PASSWORD_RIGHT:
		return !person->disabled;
	case PASSWORD_UNUSABLE:
		tx_log(tx, LOG_LEVEL_WARN, "person_unusable", "source", resolution->source->name,
		       "why", "column password: no hash of an accepted kind and cost");
		break;
	case PASSWORD_WRONG:
		break;
	}
	return false;
}

/* Somebody whose account is disabled here is as wrong as with a password of our own. */
static enum signin_verdict
judge_table(struct tx *tx, const struct signin_attempt *attempt, const struct attempt *charged,
	    const struct resolution *resolution, struct signin_outcome *outcome)
{
	const struct table_person *found = &resolution->person;
	const struct person person = {found->username, found->key, found->claims};
	const char *why;

	if (!person_is_right(tx, resolution, attempt->password))
		return wrong(tx, attempt, charged, outcome);
	switch (people_admit(tx, resolution->source, &person, &outcome->account, &why)) {
	case PEOPLE_WELCOME:
		attempt_refund(tx, charged);
		return SIGNIN_RIGHT;
	case PEOPLE_REFUSED:
		tx_log(tx, LOG_LEVEL_WARN, "person_refused", "source", resolution->source->name,
		       "why", why);
		return wrong(tx, attempt, charged, outcome);
	case PEOPLE_DOWN:
		(void)fail_down(tx);
		break;
	}
	attempt_refund(tx, charged);
	return SIGNIN_DOWN;
}

/* Where some names are judged here and others by a service, all take the time of a hash. */
static void
spend_time(const struct tx *tx, const struct signin_attempt *attempt)
{
	if (!str_empty(attempt->password) &&
	    services_of(tx->realm, NULL).count < tx->realm->sources_count)
		password_verify_nobody(attempt->password);
}

static enum signin_verdict
judge_stranger(struct tx *tx, const struct signin_attempt *attempt, const struct attempt *charged,
	       struct signin_outcome *outcome)
{
	const struct services services = services_of(tx->realm, NULL);

	spend_time(tx, attempt);
	if (services.count && !charged->account)
		return begin_talk(tx, attempt, charged->name, &services, outcome);
	return wrong(tx, attempt, charged, outcome);
}

enum signin_password
signin_password_field(const struct realm *realm)
{
	size_t later = 0;

	for (size_t i = 0; i < realm->sources_count; i++)
		if (realm->sources[i].kind == SOURCE_SERVICE && !realm->sources[i].password_first)
			later++;
	if (later == 0)
		return SIGNIN_PASSWORD_NEEDED;
	return later < realm->sources_count ? SIGNIN_PASSWORD_OPTIONAL : SIGNIN_PASSWORD_LATER;
}

static enum signin_verdict
judge(struct tx *tx, const struct signin_attempt *attempt, const struct attempt *charged,
      const struct resolution *resolution, struct signin_outcome *outcome)
{
	struct services services;

	outcome->account = resolution->account;
	outcome->source = resolution->source;
	if (!resolution->source)
		return judge_stranger(tx, attempt, charged, outcome);
	switch (resolution->source->kind) {
	case SOURCE_OWN:
		return judge_own(tx, attempt, charged, outcome);
	case SOURCE_TABLE:
		return judge_table(tx, attempt, charged, resolution, outcome);
	case SOURCE_SERVICE:
		break;
	}
	spend_time(tx, attempt);
	services = services_of(tx->realm, resolution->source);
	return begin_talk(tx, attempt, charged->name, &services, outcome);
}

enum signin_verdict
signin_begin(struct tx *tx, const struct signin_attempt *attempt, struct signin_outcome *outcome)
{
	const char *name =
		attempt->username ? username_normalise(tx->arena, attempt->username) : NULL;
	struct resolution resolution = {0};
	struct attempt charged;

	*outcome = (struct signin_outcome){0};
	if (!name || (attempt->password && strlen(attempt->password) > PASSWORD_MAX))
		return SIGNIN_WRONG;
	/* before anybody knows whose name it is */
	if (str_empty(attempt->password) &&
	    signin_password_field(tx->realm) == SIGNIN_PASSWORD_NEEDED)
		return SIGNIN_WRONG;
	if (resolve(tx, name, &resolution) != 0)
		return SIGNIN_DOWN;
	attempt_make(tx, name, resolution.exists ? &resolution.account : NULL, attempt->known,
		     &charged);
	outcome->wait = attempt_charge(tx, &charged);
	if (outcome->wait)
		return SIGNIN_WAIT;
	if (ask_tables(tx, name, &resolution) != 0) {
		attempt_refund(tx, &charged);
		return SIGNIN_DOWN;
	}
	return judge(tx, attempt, &charged, &resolution, outcome);
}

struct establish {
	struct tx *tx;
	const struct source *source; /* that proved it */
	const struct account *account;
	const struct session *old;
	struct signin_result *result;
	bool renew;
};

static enum store_verdict
establish(struct store *store, void *context)
{
	struct establish *work = context;
	struct session *session = &work->result->session;
	const struct audit_about about = {
		.account_id = work->account->id,
		.session_id = session->id,
		.client_id = work->tx->client_id,
		.detail = work->renew ? "signed in again" : NULL,
	};
	enum store_verdict verdict = STORE_OK;

	if (work->renew) {
		verdict = session_prove(store, session, &session->facts[0], true, work->tx->now);
	} else {
		if (work->old)
			verdict = session_end(store, work->old->id, work->tx->now);
		if (verdict == STORE_OK || verdict == STORE_NONE)
			verdict = session_insert(store, session);
	}
	return verdict == STORE_OK ? tx_audit(work->tx, "signin", &about) : verdict;
}

static void
fill_session(struct establish *work, const uint8_t flow_id[ID_SIZE], const char *user_agent)
{
	struct tx *tx = work->tx;
	struct signin_result *result = work->result;
	struct session *session = &result->session;

	handle_make(tx->provider->random, tx->now_ms, &result->handle);
	if (work->renew) {
		*session = *work->old;
		memcpy(result->handle.id, session->id, ID_SIZE);
	} else {
		*session = (struct session){
			.realm_id = tx->realm->id,
			.auth_epoch = work->account->auth_epoch,
			.created_at = tx->now,
			.expires_at = tx->now + tx->realm->settings.session_lifetime,
			.address = str_visible(tx->arena, tx->address, ADDRESS_MAX),
			.user_agent = str_visible(tx->arena, user_agent, USER_AGENT_MAX),
		};
		memcpy(session->id, result->handle.id, ID_SIZE);
		memcpy(session->account_id, work->account->id, ID_SIZE);
	}
	memcpy(session->secret_hash, result->handle.hash, sizeof(session->secret_hash));
	session->activated_at = tx->now; /* a password is all that is asked for */
	session->last_seen_at = tx->now;
	session->facts[0] = (struct fact){
		.factor = work->source->kind == SOURCE_SERVICE ? FACTOR_SERVICE : FACTOR_PASSWORD,
		.proven_at = tx->now,
		.amr = work->source->amr,
		.acr = work->source->acr,
	};
	memcpy(session->facts[0].flow_id, flow_id, ID_SIZE);
	session->facts_count = 1;
}

enum store_verdict
signin_establish(struct tx *tx, const struct signin_proof *proof, const struct session *old,
		 const uint8_t flow_id[ID_SIZE], const char *user_agent,
		 struct signin_result *result)
{
	const struct account *account = proof->account;
	struct establish work = {
		.tx = tx,
		.source = proof->source,
		.account = account,
		.old = old,
		.result = result,
		.renew = old && memcmp(old->account_id, account->id, ID_SIZE) == 0 &&
			 old->auth_epoch == account->auth_epoch,
	};

	fill_session(&work, flow_id, user_agent);
	return store_transaction(tx->store, establish, &work);
}

static enum store_verdict
end(struct store *store, void *context)
{
	const struct establish *work = context;
	const struct audit_about about = {
		.account_id = work->old->account_id,
		.session_id = work->old->id,
	};
	enum store_verdict verdict = session_end(store, work->old->id, work->tx->now);

	return verdict == STORE_OK ? tx_audit(work->tx, "signout", &about) : verdict;
}

enum store_verdict
signin_end(struct tx *tx, const struct session *session)
{
	struct establish work = {.tx = tx, .old = session};

	return store_transaction(tx->store, end, &work);
}
