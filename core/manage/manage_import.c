/* SPDX-License-Identifier: ISC */
/*
 * Import of people with their hashes. Every line is judged before anything is stored, so that all
 * mistakes come out at once with their line numbers: form, kind of hash, claims, names that occur
 * twice, names that exist. What slips in between is caught by the unique key.
 */
#include <stdlib.h>
#include <string.h>

#include "core/authn/password.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_account.h"

#define BATCH 500 /* rows of one transaction when bad lines may be skipped */

struct person {
	struct account account;
	size_t line;
	bool bad;
};

struct people {
	struct person *person;
	size_t count;
	size_t first, end; /* of the batch in work */
	size_t taken;      /* index of the person whose name was taken */
	size_t added;
	const struct manage_import *import;
};

/* ---- judging ---- */

static void
bad_line(struct person *person, struct buf *why, const char *text)
{
	person->bad = true;
	(void)manage_say(why, MANAGE_REFUSED, "line %zu: %s", person->line, text);
}

static struct json_object *
read_claims(struct tx *tx, const char *text, const char **mistake)
{
	struct json_object *claims;
	struct buf why;

	if (!text)
		return json_new_object(tx->arena);
	claims = json_parse_object(tx->arena, text, strlen(text), mistake);
	if (!claims)
		return NULL;
	buf_init(&why, tx->arena, MANAGE_WHY_MAX);
	if (manage_account_claims(tx->arena, claims, &why) == MANAGE_OK)
		return claims;
	why.data[strcspn(why.data, "\n")] = '\0';
	*mistake = why.data;
	return NULL;
}

/* "name:hash[:claims]"; the text is cut in place. */
static void
read_person(struct tx *tx, char *line, struct person *person, struct buf *why)
{
	char *hash = strchr(line, ':');
	char *claims = hash ? strchr(hash + 1, ':') : NULL;
	const char *mistake = "not a JSON object";
	const char *username;
	struct json_object *object;

	if (!hash) {
		bad_line(person, why, "name:hash[:claims] expected");
		return;
	}
	*hash++ = '\0';
	if (claims)
		*claims++ = '\0';
	username = username_normalise(tx->arena, line);
	object = read_claims(tx, claims, &mistake);
	manage_account_make(tx, username, object, &person->account);
	person->account.password = hash;
	if (!username)
		bad_line(person, why, "the user name is empty, too long or has bad characters");
	if (!object)
		bad_line(person, why, arena_printf(tx->arena, "claims: %s", mistake));
	if (strlen(hash) > PASSWORD_HASH_MAX)
		bad_line(person, why, "the hash is too long");
	else if (password_hash_check(hash, &mistake) != 0)
		bad_line(person, why, arena_printf(tx->arena, "hash: %s", mistake));
}

static int
by_name(const void *a, const void *b)
{
	const struct person *const *left = a;
	const struct person *const *right = b;
	int order = strcmp((*left)->account.username, (*right)->account.username);

	if (order != 0)
		return order;
	return (*left)->line < (*right)->line ? -1 : 1;
}

static void
mark_doubles(struct arena *arena, struct people *people, struct buf *why)
{
	struct person **order = arena_array(arena, people->count + 1, sizeof(struct person *));
	size_t count = 0;

	for (size_t i = 0; i < people->count; i++)
		if (people->person[i].account.username)
			order[count++] = &people->person[i];
	if (count > 1)
		qsort(order, count, sizeof(struct person *), by_name);
	for (size_t i = 1; i < count; i++)
		if (str_equal(order[i - 1]->account.username, order[i]->account.username))
			bad_line(order[i], why,
				 arena_printf(arena, "%s occurs twice, first in line %zu",
					      order[i]->account.username, order[i - 1]->line));
}

static enum manage_verdict
mark_existing(struct tx *tx, struct people *people, struct buf *why)
{
	struct arena *scratch = arena_new(ACCOUNT_CLAIMS_MAX * 64);
	enum store_verdict stored = STORE_OK;

	for (size_t i = 0; i < people->count && stored != STORE_DOWN; i++) {
		struct person *person = &people->person[i];
		struct account found;

		if (person->bad)
			continue;
		stored = account_find_name(tx->store, scratch, tx->realm->id,
					   person->account.username, &found);
		if (stored == STORE_OK)
			bad_line(person, why,
				 arena_printf(tx->arena, "user %s exists already",
					      person->account.username));
		arena_reset(scratch);
	}
	arena_free(scratch);
	return stored == STORE_DOWN ? manage_down(why) : MANAGE_OK;
}

static size_t
count_lines(const char *text, size_t size)
{
	size_t count = 1;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

static void
read_line(struct tx *tx, const char *text, size_t size, struct people *people, size_t number,
	  struct buf *why)
{
	struct person *person = &people->person[people->count];

	if (size > 0 && text[size - 1] == '\r')
		size--;
	if (size == 0 || text[0] == '#')
		return;
	person->line = number;
	people->count++;
	if (size > USER_IMPORT_LINE_MAX || memchr(text, '\0', size))
		bad_line(person, why, "the line is too long or not text");
	else
		read_person(tx, arena_copy(tx->arena, text, size), person, why);
}

static void
read_lines(struct tx *tx, const struct manage_import *import, struct people *people,
	   struct buf *why)
{
	size_t at = 0;
	size_t number = 0;

	while (at < import->size) {
		const char *line = import->text + at;
		const char *end = memchr(line, '\n', import->size - at);
		size_t size = end ? (size_t)(end - line) : import->size - at;

		read_line(tx, line, size, people, ++number, why);
		at += size + 1;
	}
}

/* ---- storing ---- */

static enum store_verdict
apply_batch(struct tx *tx, void *context)
{
	struct people *people = context;

	people->added = 0;
	for (size_t i = people->first; i < people->end; i++) {
		enum store_verdict verdict;

		if (people->person[i].bad)
			continue;
		verdict = account_insert(tx->store, &people->person[i].account);
		people->taken = i;
		if (verdict != STORE_OK)
			return verdict;
		people->added++;
		if (people->import->progress && i % 100 == 0)
			people->import->progress(people->import->context, i, people->count);
	}
	return STORE_OK;
}

static enum store_verdict
store_batch(struct tx *tx, struct people *people)
{
	return manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_batch,
		.context = people,
		.event = "users_imported",
		.about = {.detail = arena_printf(tx->arena, "lines %zu to %zu",
						 people->person[people->first].line,
						 people->person[people->end - 1].line)},
	});
}

/* From first to the end in batches; a name taken meanwhile is one more bad line. */
static enum manage_verdict
store_all(struct tx *tx, struct people *people, struct manage_imported *done, struct buf *why)
{
	size_t batch = people->import->skip_bad ? BATCH : people->count;

	while (people->first < people->count) {
		enum store_verdict stored;

		people->end = people->first + batch;
		if (people->end > people->count)
			people->end = people->count;
		stored = store_batch(tx, people);
		if (stored == STORE_CONFLICT) {
			bad_line(&people->person[people->taken], why, "the user exists already");
			done->bad++;
			if (!people->import->skip_bad)
				return MANAGE_REFUSED;
			continue;
		}
		if (stored != STORE_OK)
			return manage_down(why);
		done->added += people->added;
		people->first = people->end;
	}
	return MANAGE_OK;
}

enum manage_verdict
manage_user_import(struct tx *tx, const struct manage_import *import, struct manage_imported *done,
		   struct buf *why)
{
	size_t lines = count_lines(import->text, import->size);
	struct people people = {.import = import};
	enum manage_verdict verdict;

	*done = (struct manage_imported){0};
	if (lines > USER_IMPORT_LINES_MAX)
		return manage_say(why, MANAGE_REFUSED, "more than %d lines; import them in parts",
				  USER_IMPORT_LINES_MAX);
	people.person = arena_array(tx->arena, lines, sizeof(*people.person));
	read_lines(tx, import, &people, why);
	mark_doubles(tx->arena, &people, why);
	verdict = mark_existing(tx, &people, why);
	if (verdict != MANAGE_OK)
		return verdict;
	done->lines = people.count;
	for (size_t i = 0; i < people.count; i++)
		done->bad += people.person[i].bad;
	if (people.count == 0)
		return manage_say(why, MANAGE_REFUSED, "there is nobody in it");
	if (done->bad > 0 && !import->skip_bad)
		return MANAGE_REFUSED;
	return store_all(tx, &people, done, why);
}
