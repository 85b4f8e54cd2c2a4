/* SPDX-License-Identifier: ISC */
/*
 * The verbs for people. Passwords are hashed before the transaction: that takes tens of
 * milliseconds and a lock should not wait for it.
 */
#include "core/manage/manage_user.h"

#include <string.h>

#include "core/authn/password.h"
#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/manage/manage_account.h"
#include "core/port/people.h"

struct user_change {
	struct account account;
	struct json_object *own_claims; /* of a person from elsewhere; NULL */
	const char *password;           /* the new hash */
	bool disabled;
};

static enum manage_verdict
not_found(struct tx *tx, const char *username, struct buf *why)
{
	return manage_say(why, MANAGE_NOT_FOUND, "realm %s has no user %s", tx->realm->name,
			  username);
}

static enum manage_verdict
outcome(struct tx *tx, enum store_verdict stored, const char *username, struct buf *why)
{
	switch (stored) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return not_found(tx, username, why);
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_EXISTS, "user %s exists already", username);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

static enum manage_verdict
normalise(struct tx *tx, const char *text, const char **username, struct buf *why)
{
	*username = username_normalise(tx->arena, text);
	if (*username)
		return MANAGE_OK;
	return manage_say(why, MANAGE_REFUSED,
			  "user name: 1 to %d bytes of UTF-8 without control characters",
			  USERNAME_MAX);
}

/* ---- claims ---- */

int
manage_claim_parse(struct arena *arena, const char *text, struct manage_claim *claim,
		   struct buf *why)
{
	const char *equals = strchr(text, '=');
	size_t size = equals ? (size_t)(equals - text) : 0;

	if (size > 0 && text[size - 1] == ':') {
		claim->is_json = true;
		size--;
	} else {
		claim->is_json = false;
	}
	if (size == 0) {
		(void)manage_say(why, MANAGE_REFUSED, "claim %s: NAME=VALUE or NAME:=JSON", text);
		return -1;
	}
	claim->name = arena_copy(arena, text, size);
	claim->value = equals + 1;
	return 0;
}

static int
set_json(struct arena *arena, struct json_object *claims, const struct manage_claim *claim,
	 struct buf *why)
{
	const char *mistake = NULL;
	struct json_object *value = json_parse(arena, claim->value, strlen(claim->value), &mistake);

	if (!value) {
		(void)manage_say(why, MANAGE_REFUSED, "claim %s: %s", claim->name, mistake);
		return -1;
	}
	json_add(claims, claim->name, value);
	return 0;
}

static int
set_typed(struct json_object *claims, const struct manage_claim *claim, enum claim_type type,
	  struct buf *why)
{
	int64_t number;

	if (type == CLAIM_BOOL &&
	    (str_equal(claim->value, "true") || str_equal(claim->value, "false"))) {
		json_add_bool(claims, claim->name, str_equal(claim->value, "true"));
		return 0;
	}
	if (type == CLAIM_NUMBER && num_parse_int64(claim->value, 0, INT64_MAX, &number) == 0) {
		json_add_int(claims, claim->name, number);
		return 0;
	}
	(void)manage_say(why, MANAGE_REFUSED, "claim %s: %s", claim->name,
			 type == CLAIM_BOOL ? "true or false" : "a whole number");
	return -1;
}

static int
set_claim(struct arena *arena, struct json_object *claims, const struct manage_claim *claim,
	  struct buf *why)
{
	const struct claim *known = claim_find(claim->name);

	if (!claim->value) {
		json_object_object_del(claims, claim->name);
		return 0;
	}
	if (claim->is_json || (known && known->type == CLAIM_OBJECT))
		return set_json(arena, claims, claim, why);
	if (!known || known->type == CLAIM_TEXT) {
		if (!utf8_valid(claim->value, strlen(claim->value))) {
			(void)manage_say(why, MANAGE_REFUSED, "claim %s: not UTF-8", claim->name);
			return -1;
		}
		json_add_text(claims, claim->name, claim->value);
		return 0;
	}
	return set_typed(claims, claim, known->type, why);
}

enum manage_verdict
manage_account_claims(struct arena *arena, struct json_object *claims, struct buf *why)
{
	const char *mistake = NULL;
	size_t size;

	if (account_claims_check(arena, claims, &mistake) != 0)
		return manage_say(why, MANAGE_REFUSED, "%s", mistake);
	(void)json_write(arena, claims, &size);
	if (size > ACCOUNT_CLAIMS_MAX)
		return manage_say(why, MANAGE_REFUSED, "more than %d bytes of claims",
				  ACCOUNT_CLAIMS_MAX);
	return MANAGE_OK;
}

static enum manage_verdict
set_claims(struct arena *arena, struct json_object *claims, const struct manage_claim *list,
	   size_t count, struct buf *why)
{
	int mistakes = 0;

	for (size_t i = 0; i < count; i++)
		mistakes += set_claim(arena, claims, &list[i], why);
	return mistakes ? MANAGE_REFUSED : manage_account_claims(arena, claims, why);
}

/* ---- passwords ---- */

static enum manage_verdict
hash_password(struct tx *tx, const char *password, const char **hash, struct buf *why)
{
	size_t size = strlen(password);

	if (size < PASSWORD_MIN || size > PASSWORD_MAX)
		return manage_say(why, MANAGE_REFUSED, "a password has %d to %d bytes",
				  PASSWORD_MIN, PASSWORD_MAX);
	if (!manage_text_fits(password, PASSWORD_MAX))
		return manage_say(why, MANAGE_REFUSED,
				  "a password is UTF-8 without control characters");
	*hash = password_hash(tx->arena, tx->provider->random, password);
	return MANAGE_OK;
}

/* ---- add ---- */

void
manage_account_make(struct tx *tx, const char *username, struct json_object *claims,
		    struct account *account)
{
	uint8_t sub[ID_SIZE];

	/* not the id: that tells when the account was made */
	rand_fill(tx->provider->random, sub, sizeof(sub));
	*account = (struct account){
		.realm_id = tx->realm->id,
		.sub = hex_encode(tx->arena, sub, sizeof(sub)),
		.username = username,
		.source = SOURCE_LOCAL,
		.claims = claims,
		.created_at = tx->now,
		.updated_at = tx->now,
	};
	tx_id(tx, account->id);
}

static enum store_verdict
apply_add(struct tx *tx, void *context)
{
	const struct user_change *change = context;

	return account_insert(tx->store, &change->account);
}

/* The name of somebody of another source would keep them out. */
static enum manage_verdict
check_sources(struct tx *tx, const char *username, struct buf *why)
{
	const struct source *source;

	switch (people_knowing(tx, username, &source)) {
	case PEOPLE_AWAY:
		return MANAGE_OK;
	case PEOPLE_THERE:
		return manage_say(
			why, MANAGE_EXISTS,
			"the name %s is that of somebody of source %s, who gets an account "
			"at the first sign-in",
			username, source->name);
	case PEOPLE_UNKNOWN:
		break;
	}
	return manage_say(why, MANAGE_REFUSED,
			  "source %s cannot say now whether the name %s is somebody's there; "
			  "`ostiary doctor` says why",
			  source->name, username);
}

enum manage_verdict
manage_user_add(struct tx *tx, const struct manage_user_new *new, struct account *account,
		struct buf *why)
{
	struct user_change change = {0};
	struct json_object *claims = json_new_object(tx->arena);
	const char *username;
	enum store_verdict stored;
	enum manage_verdict verdict = normalise(tx, new->username, &username, why);

	if (verdict == MANAGE_OK)
		verdict = set_claims(tx->arena, claims, new->claims, new->claims_count, why);
	if (verdict != MANAGE_OK)
		return verdict;
	verdict = check_sources(tx, username, why);
	if (verdict != MANAGE_OK)
		return verdict;
	manage_account_make(tx, username, claims, &change.account);
	if (new->password)
		verdict = hash_password(tx, new->password, &change.account.password, why);
	if (verdict != MANAGE_OK)
		return verdict;
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_add,
		.context = &change,
		.event = "user_added",
		.about = {.account_id = change.account.id},
	});
	*account = change.account;
	return outcome(tx, stored, username, why);
}

enum manage_verdict
manage_user_find(struct tx *tx, const char *text, struct account *account, struct buf *why)
{
	const char *username;
	enum manage_verdict verdict = normalise(tx, text, &username, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return outcome(tx,
		       account_find_name(tx->store, tx->arena, tx->realm->id, username, account),
		       username, why);
}

/* ---- changes ---- */

static enum manage_verdict
commit(struct tx *tx, const char *event, enum store_verdict (*apply)(struct tx *tx, void *context),
       struct user_change *change, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply,
		.context = change,
		.event = event,
		.about = {.account_id = change->account.id},
	});

	return outcome(tx, stored, change->account.username, why);
}

static enum store_verdict
apply_password(struct tx *tx, void *context)
{
	const struct user_change *change = context;

	return account_set_password(tx->store, change->account.id, change->password, tx->now);
}

enum manage_verdict
manage_user_password(struct tx *tx, const char *username, const char *password, struct buf *why)
{
	struct user_change change = {0};
	enum manage_verdict verdict = manage_user_find(tx, username, &change.account, why);

	if (verdict == MANAGE_OK && !str_equal(change.account.source, SOURCE_LOCAL))
		return manage_say(
			why, MANAGE_REFUSED,
			"user %s signs in with the password of source %s; change it there",
			username, change.account.source);
	if (verdict == MANAGE_OK)
		verdict = hash_password(tx, password, &change.password, why);
	if (verdict != MANAGE_OK)
		return verdict;
	return commit(tx, "password_changed", apply_password, &change, why);
}

static enum store_verdict
apply_claims(struct tx *tx, void *context)
{
	const struct user_change *change = context;

	return account_set_claims(tx->store, change->account.id, change->account.claims,
				  change->own_claims, tx->now);
}

/* What we say of a person from elsewhere is kept apart from what their source says. */
static enum manage_verdict
set_own_claims(struct tx *tx, struct user_change *change, const struct manage_claim *claims,
	       size_t count, struct buf *why)
{
	const struct account *account = &change->account;
	enum manage_verdict verdict = outcome(
		tx, account_own_claims(tx->store, tx->arena, account->id, &change->own_claims),
		account->username, why);

	if (verdict != MANAGE_OK)
		return verdict;
	for (size_t i = 0; i < count; i++)
		if (!claims[i].value &&
		    !json_object_object_get_ex(change->own_claims, claims[i].name, NULL))
			return manage_say(why, MANAGE_REFUSED,
					  "claim %s is not one that was set here: what source %s "
					  "says is changed there",
					  claims[i].name, account->source);
	return set_claims(tx->arena, change->own_claims, claims, count, why);
}

enum manage_verdict
manage_user_claims(struct tx *tx, const char *username, const struct manage_claim *claims,
		   size_t count, struct buf *why)
{
	struct user_change change = {0};
	enum manage_verdict verdict = manage_user_find(tx, username, &change.account, why);

	if (verdict == MANAGE_OK && !str_equal(change.account.source, SOURCE_LOCAL))
		verdict = set_own_claims(tx, &change, claims, count, why);
	if (verdict == MANAGE_OK)
		verdict = set_claims(tx->arena, change.account.claims, claims, count, why);
	if (verdict != MANAGE_OK)
		return verdict;
	return commit(tx, "user_changed", apply_claims, &change, why);
}

static enum store_verdict
apply_disabled(struct tx *tx, void *context)
{
	const struct user_change *change = context;

	return account_set_disabled(tx->store, change->account.id, change->disabled, tx->now);
}

enum manage_verdict
manage_user_enable(struct tx *tx, const char *username, bool enabled, struct buf *why)
{
	struct user_change change = {.disabled = !enabled};
	enum manage_verdict verdict = manage_user_find(tx, username, &change.account, why);

	if (verdict != MANAGE_OK)
		return verdict;
	if ((change.account.disabled_at == 0) == enabled)
		return manage_say(why, MANAGE_REFUSED, "user %s is %s already",
				  change.account.username, enabled ? "enabled" : "disabled");
	return commit(tx, enabled ? "user_enabled" : "user_disabled", apply_disabled, &change, why);
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	const struct user_change *change = context;

	return account_remove(tx->store, change->account.id);
}

enum manage_verdict
manage_user_remove(struct tx *tx, const char *username, struct buf *why)
{
	struct user_change change = {0};
	enum manage_verdict verdict = manage_user_find(tx, username, &change.account, why);

	if (verdict != MANAGE_OK)
		return verdict;
	return commit(tx, "user_removed", apply_remove, &change, why);
}
