/* SPDX-License-Identifier: ISC */
/*
 * People of views: what their columns mean. Nothing of a row is taken on trust: texts have limits,
 * and what is out of them makes the person unusable instead of another one.
 */
#include "core/model/table_person.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/model/account.h"
#include "sql/connection.h"
#include "sql/people_views.h"

static const char *const yes[] = {"1", "true", "t", "yes", "y", "on", "\1"}; /* "\1" is a BIT */
static const char *const no[] = {"", "0", "false", "f", "no", "n", "off"};

static bool
is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; text && i < count; i++)
		if (str_equal_nocase(text, words[i]))
			return true;
	return false;
}

#define IS_ONE_OF(text, words) is_one_of((text), (words), sizeof(words) / sizeof((words)[0]))

static const char *
record_mistake(struct arena *arena, const struct people_record *record)
{
	size_t count;
	const struct people_column *columns = people_columns(&count);

	for (size_t i = 0; i < count; i++) {
		const char *text;

		memcpy(&text, (const char *)record + columns[i].offset, sizeof(text));
		if (text && strlen(text) > columns[i].max)
			return arena_printf(arena, "column %s is longer than %zu bytes",
					    columns[i].name, columns[i].max);
		if (text && !utf8_valid(text, strlen(text)))
			return arena_printf(arena, "column %s is not text", columns[i].name);
	}
	return str_empty(record->id) ? "column id is empty" : NULL;
}

/* NULL: too many of them. */
static struct json_object *
read_groups(struct arena *arena, const char *text)
{
	struct json_object *groups = json_new_array(arena);
	static const char between[] = ", \t\r\n";
	size_t count = 0;

	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		size_t size = strcspn(text, between);

		if (++count > TABLE_PERSON_GROUP_MAX)
			return NULL;
		json_push_text(groups, arena_copy(arena, text, size));
		text += size;
	}
	return groups;
}

static void
add_claim(struct json_object *claims, const char *name, const char *text)
{
	if (!str_empty(text))
		json_add_text(claims, name, text);
}

static const char *
read_claims(struct arena *arena, const struct people_record *record, struct table_person *person)
{
	struct json_object *claims = person->claims;
	struct json_object *groups = record->groups ? read_groups(arena, record->groups) : NULL;
	const char *why = NULL;
	size_t size;

	json_add_text(claims, "preferred_username", person->username);
	add_claim(claims, "name", record->name);
	add_claim(claims, "given_name", record->given_name);
	add_claim(claims, "family_name", record->family_name);
	add_claim(claims, "email", record->email);
	if (!str_empty(record->email))
		json_add_bool(claims, "email_verified", IS_ONE_OF(record->email_verified, yes));
	if (groups)
		json_add(claims, "groups", groups);
	if (record->groups && !groups)
		return "column groups names too many groups";
	(void)json_write(arena, claims, &size);
	if (size > ACCOUNT_CLAIMS_MAX)
		return "it holds more than an account can";
	return account_claims_check(arena, claims, &why) == 0 ? NULL : why;
}

static void
read_person(struct arena *arena, const struct people_record *record, const char *why,
	    struct table_person *person)
{
	const char *username = username_normalise(arena, record->username ? record->username : "");

	*person = (struct table_person){
		.username = username ? username : "",
		.key = record->id ? record->id : "",
		.disabled = record->disabled && !IS_ONE_OF(record->disabled, no),
		.password_escaped = IS_ONE_OF(record->password_escaped, yes),
		.claims = json_new_object(arena),
		.why = why ? why : record_mistake(arena, record),
	};
	if (!person->why && !username)
		person->why = "column username is empty, too long or has bad characters";
	if (!person->why)
		person->why = read_claims(arena, record, person);
	if (!person->why && !str_empty(record->password))
		person->password = record->password;
}

static bool
is_wanted(struct arena *arena, const struct people_record *record, enum people_statement which,
	  const char *value)
{
	const char *name;

	if (which == PEOPLE_BY_ID)
		return str_equal(record->id, value);
	name = record->username ? username_normalise(arena, record->username) : NULL;
	return str_equal(name, value);
}

static enum store_verdict
choose(struct arena *arena, const struct people_record *rows, size_t count,
       enum people_statement which, const char *value, struct table_person *person)
{
	const struct people_record *found = NULL;
	const char *why = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(arena, &rows[i], which, value))
			continue;
		if (found)
			why = "more than one row is the person";
		found = &rows[i];
	}
	/* there may be more of them, and the right one among those */
	if (count >= TABLE_PERSON_SAME_MAX) {
		found = found ? found : &rows[0];
		why = "too many rows are alike";
	}
	if (!found)
		return STORE_NONE;
	read_person(arena, found, why, person);
	return STORE_OK;
}

static void
tell(struct store *store, const char *view, const char *why)
{
	if (store->log && people_views_may_log(store))
		log_event(store->log, LOG_LEVEL_ERROR, "people_view_unreadable", "view", view,
			  "why", why, NULL);
}

static enum store_verdict
find(struct store *store, struct arena *arena, const char *view, enum people_statement which,
     const char *value, struct table_person *person)
{
	struct people_record *rows;
	size_t count = 0;
	const char *why = "";
	enum store_verdict verdict =
		people_rows(store, arena, view, which, value, &rows, &count, &why);

	if (verdict == STORE_OK)
		return choose(arena, rows, count, which, value, person);
	if (verdict == STORE_NONE)
		tell(store, view, why);
	return STORE_DOWN;
}

enum store_verdict
people_find(struct store *store, struct arena *arena, const char *view, const char *username,
	    struct table_person *person)
{
	return find(store, arena, view, PEOPLE_BY_NAME, username, person);
}

enum store_verdict
people_key(struct store *store, struct arena *arena, const char *view, const char *key,
	   struct table_person *person)
{
	return find(store, arena, view, PEOPLE_BY_ID, key, person);
}

enum store_verdict
people_try(struct store *store, struct arena *arena, const char *view, const char **why)
{
	struct people_record *rows;
	size_t count = 0;

	return people_rows(store, arena, view, PEOPLE_BY_ID, "", &rows, &count, why);
}
