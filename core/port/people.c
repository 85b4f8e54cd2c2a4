/* SPDX-License-Identifier: ISC */
/*
 * Bringing accounts and their sources together.
 */
#include "core/port/people.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/model/table_person.h"
#include "core/port/broker.h"
#include "core/port/gate.h"

#define SUB_SIZE    16 /* random bytes of a sub */
#define ADMIT_TRIES 3  /* two browsers may bring the same person at the same instant */

/* ---- what a broker tells ---- */

static void
add_claim(struct arena *arena, struct json_object *claims, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *name = equals ? arena_copy(arena, text, (size_t)(equals - text)) : NULL;
	const struct claim *known = name ? claim_find(name) : NULL;
	int64_t number;

	if (!equals || equals[1] == '\0')
		return;
	if (!known || known->type == CLAIM_TEXT)
		json_add_text(claims, name, equals + 1);
	else if (known->type == CLAIM_BOOL)
		json_add_bool(claims, name, str_equal(equals + 1, "true"));
	else if (known->type == CLAIM_NUMBER &&
		 num_parse_int64(equals + 1, 0, INT64_MAX, &number) == 0)
		json_add_int(claims, name, number);
}

/* The rule's %u is the user name. Nobody has proven that the address is theirs. */
static void
add_email(struct arena *arena, struct json_object *claims, const char *rule, const char *username)
{
	const char *place = strstr(rule, "%u");

	if (!place || json_object_object_get_ex(claims, "email", NULL))
		return;
	json_add_text(
		claims, "email",
		arena_printf(arena, "%.*s%s%s", (int)(place - rule), rule, username, place + 2));
	json_add_bool(claims, "email_verified", false);
}

int
people_of_broker(struct tx *tx, const struct source *source, const struct broker_person *told,
		 struct person *person, const char **why)
{
	struct strlist groups = {arena_copy(tx->arena, told->groups.text,
					    told->groups.count * sizeof(*told->groups.text)),
				 told->groups.count};
	size_t size;

	*person = (struct person){
		.username = username_normalise(tx->arena, told->username),
		.key = told->key,
		.claims = json_new_object(tx->arena),
	};
	*why = "the service tells a name that is none, or no key";
	if (!person->username || str_empty(person->key))
		return -1;
	for (size_t i = 0; i < told->claims.count; i++)
		add_claim(tx->arena, person->claims, told->claims.text[i]);
	if (!json_object_object_get_ex(person->claims, "preferred_username", NULL))
		json_add_text(person->claims, "preferred_username", person->username);
	add_email(tx->arena, person->claims, source->email, person->username);
	json_add_list(person->claims, "groups", &groups);
	*why = "the service tells more about the person than an account holds";
	(void)json_write(tx->arena, person->claims, &size);
	if (size > ACCOUNT_CLAIMS_MAX)
		return -1;
	return account_claims_check(tx->arena, person->claims, why);
}

/* ---- letting them in ---- */

struct admission {
	struct tx *tx;
	const struct source *source;
	const struct person *person;
	struct account *account;
	const char *why; /* refused; NULL */
};

static enum store_verdict
tell(struct tx *tx, const char *event, const uint8_t *account_id, const char *detail)
{
	const struct audit_about about = {
		.account_id = account_id,
		.client_id = tx->client_id,
		.detail = detail,
	};

	return tx_audit(tx, event, &about);
}

/* Whoever has the name now: an earlier person of the same source is gone, or the name would be at
 * its old place; another source's keeps it. */
static enum store_verdict
free_name(struct store *store, struct admission *work)
{
	struct tx *tx = work->tx;
	struct account other;
	enum store_verdict verdict =
		account_find_name(store, tx->arena, tx->realm->id, work->person->username, &other);

	if (verdict == STORE_NONE)
		return STORE_OK;
	if (verdict != STORE_OK)
		return verdict;
	if (memcmp(other.id, work->account->id, ID_SIZE) == 0)
		return STORE_OK;
	if (!str_equal(other.source, work->source->name)) {
		work->why = "the user name is that of an account of another source";
		return STORE_NONE;
	}
	verdict = account_set_away(store, other.id, ACCOUNT_GONE, tx->now);
	return verdict == STORE_OK ? tell(tx, "account_away", other.id,
					  "gone: another person has "
					  "the name now")
				   : verdict;
}

static void
fill_account(struct admission *work)
{
	struct tx *tx = work->tx;
	struct account *account = work->account;
	uint8_t sub[SUB_SIZE];

	*account = (struct account){
		.realm_id = tx->realm->id,
		.username = work->person->username,
		.auth_epoch = 1,
		.source = work->source->name,
		.source_key = work->person->key,
		.checked_at = tx->now,
		.claims = work->person->claims,
		.created_at = tx->now,
		.updated_at = tx->now,
	};
	tx_id(tx, account->id);
	rand_fill(tx->provider->random, sub, sizeof(sub));
	account->sub = hex_encode(tx->arena, sub, sizeof(sub));
}

static enum store_verdict
admit_new(struct store *store, struct admission *work)
{
	enum store_verdict verdict;

	fill_account(work);
	verdict = free_name(store, work);
	if (verdict == STORE_OK)
		verdict = account_insert(store, work->account);
	return verdict == STORE_OK
		       ? tell(work->tx, "account_made", work->account->id,
			      arena_printf(work->tx->arena, "from %s", work->source->name))
		       : verdict;
}

/* What an administrator says of the person wins over what their source does. */
static enum store_verdict
add_own_claims(struct tx *tx, struct store *store, const struct account *account,
	       struct json_object *claims)
{
	struct json_object *own;
	enum store_verdict verdict = account_own_claims(store, tx->arena, account->id, &own);

	if (verdict != STORE_OK)
		return verdict;
	json_object_object_foreach(own, name, value) json_add(claims, name, value);
	return STORE_OK;
}

static enum store_verdict
admit_again(struct store *store, struct admission *work)
{
	struct account *account = work->account;
	const struct person *person = work->person;
	enum store_verdict verdict = STORE_OK;

	if (account->disabled_at) {
		work->why = "the account is disabled";
		return STORE_NONE;
	}
	if (!str_equal(account->username, person->username))
		verdict = free_name(store, work);
	if (verdict == STORE_OK)
		verdict = add_own_claims(work->tx, store, account, person->claims);
	if (verdict == STORE_OK)
		verdict = account_set_person(store, account->id, person->username, person->claims,
					     work->tx->now);
	if (verdict == STORE_OK && account->away)
		verdict = tell(work->tx, "account_back", account->id, account->away);
	account->username = person->username;
	account->claims = person->claims;
	account->away = NULL;
	account->checked_at = work->tx->now;
	return verdict;
}

static enum store_verdict
admit(struct store *store, void *context)
{
	struct admission *work = context;
	struct tx *tx = work->tx;
	enum store_verdict verdict =
		account_find_key(store, tx->arena, tx->realm->id, work->source->name,
				 work->person->key, work->account);

	work->why = NULL;
	if (verdict == STORE_NONE)
		return admit_new(store, work);
	return verdict == STORE_OK ? admit_again(store, work) : verdict;
}

enum people_verdict
people_admit(struct tx *tx, const struct source *source, const struct person *person,
	     struct account *account, const char **why)
{
	struct admission work = {tx, source, person, account, NULL};
	enum store_verdict verdict = STORE_CONFLICT;

	for (unsigned i = 0; i < ADMIT_TRIES && verdict == STORE_CONFLICT; i++)
		verdict = store_transaction(tx->store, admit, &work);
	*why = work.why;
	if (verdict == STORE_OK)
		return PEOPLE_WELCOME;
	return work.why ? PEOPLE_REFUSED : PEOPLE_DOWN;
}

/* ---- whether they are still there ---- */

static void
note_away(struct tx *tx, const struct account *account, const char *why)
{
	enum store_verdict verdict = account_set_away(tx->store, account->id, why, tx->now);

	if (verdict == STORE_OK)
		verdict = tell(tx, "account_away", account->id, why);
	if (verdict == STORE_DOWN)
		tx_log(tx, LOG_LEVEL_ERROR, "audit_lost", "account", tx_hex(tx, account->id));
}

static void
note_unusable(struct tx *tx, const struct account *account, const struct source *source,
	      const char *why)
{
	tx_log(tx, LOG_LEVEL_ERROR, "person_unusable", "account", tx_hex(tx, account->id), "source",
	       source->name, "why", why);
}

/* A new name is taken at the next sign-in, where it can be seen whose it was. */
static void
note_there(struct tx *tx, const struct account *account, struct json_object *claims)
{
	enum store_verdict verdict = add_own_claims(tx, tx->store, account, claims);

	if (verdict == STORE_OK)
		verdict = account_set_person(tx->store, account->id, account->username, claims,
					     tx->now);
	if (verdict != STORE_OK)
		tx_log(tx, LOG_LEVEL_WARN, "check_not_kept", "account", tx_hex(tx, account->id));
}

static void
note_told(struct tx *tx, const struct account *account, const struct source *source,
	  const struct broker_person *told)
{
	struct person person;
	const char *why;

	if (people_of_broker(tx, source, told, &person, &why) == 0)
		note_there(tx, account, person.claims);
	else
		note_unusable(tx, account, source, why);
}

static enum people_seen
look_at_service(struct tx *tx, const struct account *account, const struct source *source,
		uint32_t wait_ms)
{
	const struct broker *broker = tx->provider->broker;
	const struct broker_request request = {
		.kind = BROKER_LOOKUP,
		.wait_ms = wait_ms,
		.services = {&source->service, 1},
		.username = account->username,
		.key = account->source_key,
	};
	struct broker_answer answer;

	if (broker->lookup(broker->context, tx->arena, &request, &answer) != 0)
		return PEOPLE_UNKNOWN;
	switch (answer.found) {
	case BROKER_FOUND:
		note_told(tx, account, source, &answer.person);
		return PEOPLE_THERE;
	case BROKER_NONE:
		note_away(tx, account, ACCOUNT_GONE);
		return PEOPLE_AWAY;
	case BROKER_LOCKED:
		note_away(tx, account, ACCOUNT_LOCKED);
		return PEOPLE_AWAY;
	case BROKER_DOWN:
	case BROKER_FOUNDS:
		break;
	}
	return PEOPLE_UNKNOWN;
}

/* By the key: who was given another name is still there. Of a row that says nothing clear, nobody
 * can say. */
static enum people_seen
look_at_table(struct tx *tx, const struct account *account, const struct source *source)
{
	struct table_person person;
	enum store_verdict found =
		people_key(tx->store, tx->arena, source->view, account->source_key, &person);

	if (found == STORE_NONE) {
		note_away(tx, account, ACCOUNT_GONE);
		return PEOPLE_AWAY;
	}
	if (found != STORE_OK)
		return PEOPLE_UNKNOWN;
	if (person.disabled) {
		note_away(tx, account, ACCOUNT_LOCKED);
		return PEOPLE_AWAY;
	}
	if (person.why) {
		note_unusable(tx, account, source, person.why);
		return PEOPLE_UNKNOWN;
	}
	note_there(tx, account, person.claims);
	return PEOPLE_THERE;
}

enum people_seen
people_look(struct tx *tx, const struct account *account, uint32_t wait_ms)
{
	const struct source *source = realm_source(tx->realm, account->source);

	if (!source) {
		note_away(tx, account, ACCOUNT_GONE);
		return PEOPLE_AWAY;
	}
	switch (source->kind) {
	case SOURCE_OWN:
		return PEOPLE_THERE;
	case SOURCE_TABLE:
		return look_at_table(tx, account, source);
	case SOURCE_SERVICE:
		break;
	}
	return look_at_service(tx, account, source, wait_ms);
}

/* At most a quarter of the workers waits; where nobody can say, the state stays as it is. */
int
people_check(struct tx *tx, const struct account *account)
{
	enum people_seen seen;

	if (str_equal(account->source, SOURCE_LOCAL) ||
	    tx->now - account->checked_at < SOURCE_CHECK_SECS || !gate_enter(tx->provider->gate))
		return 0;
	seen = people_look(tx, account, BROKER_WAIT_MS);
	gate_leave(tx->provider->gate);
	return seen == PEOPLE_AWAY ? -1 : 0;
}

static enum people_seen
service_knows(struct tx *tx, const struct source *source, const char *username)
{
	const struct broker *broker = tx->provider->broker;
	const struct broker_request request = {
		.kind = BROKER_LOOKUP,
		.wait_ms = BROKER_WAIT_MS,
		.services = {&source->service, 1},
		.username = username,
	};
	struct broker_answer answer;

	if (broker_look_patiently(broker, tx->arena, &request, &answer) != 0 ||
	    answer.found == BROKER_DOWN)
		return PEOPLE_UNKNOWN;
	return answer.found == BROKER_NONE ? PEOPLE_AWAY : PEOPLE_THERE;
}

static enum people_seen
table_knows(struct tx *tx, const struct source *source, const char *username)
{
	struct table_person person;

	switch (people_find(tx->store, tx->arena, source->view, username, &person)) {
	case STORE_OK:
		return PEOPLE_THERE;
	case STORE_NONE:
		return PEOPLE_AWAY;
	case STORE_CONFLICT:
	case STORE_DOWN:
		break;
	}
	return PEOPLE_UNKNOWN;
}

static enum people_seen
source_knows(struct tx *tx, const struct source *source, const char *username)
{
	switch (source->kind) {
	case SOURCE_OWN:
		return PEOPLE_AWAY;
	case SOURCE_TABLE:
		return table_knows(tx, source, username);
	case SOURCE_SERVICE:
		break;
	}
	return service_knows(tx, source, username);
}

enum people_seen
people_knowing(struct tx *tx, const char *username, const struct source **source)
{
	enum people_seen seen = PEOPLE_AWAY;

	for (size_t i = 0; i < tx->realm->sources_count && seen == PEOPLE_AWAY; i++) {
		*source = &tx->realm->sources[i];
		seen = source_knows(tx, *source, username);
	}
	return seen;
}
