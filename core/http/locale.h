/* SPDX-License-Identifier: ISC */
/*
 * The languages of the pages. A catalogue is one flat JSON object of key and text; a text may hold
 * {name} placeholders. en.json is the measure: every other catalogue has exactly its keys, and each
 * text exactly the placeholders of the English one, or nothing is loaded. All of it is const after
 * the load. The reader's language is chosen from ui_locales (OpenID Connect Core 3.1.2.1) and
 * Accept-Language (RFC 9110 12.5.4) by RFC 4647 3.4 lookup.
 */
#ifndef OSTIARY_HTTP_LOCALE_H
#define OSTIARY_HTTP_LOCALE_H

#include <stddef.h>

#include "core/base/json.h"
#include "core/base/str.h"

struct arena;
struct buf;

/* Bytes of ui_locales and of Accept-Language; longer ones are ignored. */
#define LOCALE_HEADER_MAX 512

#define LOCALE_KEY_MAX  64   /* bytes of a key of a catalogue */
#define LOCALE_TEXT_MAX 8192 /* bytes of one text with its placeholders replaced */

struct locale {
	const char *tag; /* for <html lang>: the file's name */
	const char *dir; /* "ltr" or "rtl", for <html dir> */
	struct json_object *texts;
};

struct locale_set;

/*
 * Loads every *.json of folder. NULL with every error as a line in errors: en.json missing, a file
 * that is not a flat JSON object of texts, keys missing or too many, placeholders that differ.
 */
const struct locale_set *locale_set_load(struct arena *arena, const char *folder,
					 struct buf *errors) __attribute__((warn_unused_result));

/*
 * The reader's language: the first of ui_locales (space-separated) that there is, else the best of
 * the Accept-Language header, else English. "de-AT" finds "de". Both may be NULL; a malformed item
 * is passed over. Never NULL.
 */
const struct locale *locale_pick(const struct locale_set *set, const char *ui_locales,
				 const char *accept_language) __attribute__((returns_nonnull));

/* The tags, English first: for ui_locales_supported. */
struct strlist locale_tags(struct arena *arena, const struct locale_set *set);

/* The text of key as the catalogue has it; the key itself when there is none: it can be seen and
 * does no harm. */
const char *locale_text(const struct locale *locale, const char *key)
	__attribute__((returns_nonnull));

/* The same, NULL when there is none. */
const char *locale_find(const struct locale *locale, const char *key);

/*
 * The text of key with each {name} replaced. Pairs of name and value follow, ended by NULL; a NULL
 * value counts as "". A placeholder without a pair stays as it is. Values are not looked through
 * for placeholders, and not escaped: a template does that. A text that would become longer than
 * LOCALE_TEXT_MAX comes with its placeholders as they are.
 */
char *locale_format(struct arena *arena, const struct locale *locale, const char *key, ...)
	__attribute__((sentinel));

/* The texts as they are, for "t" on pages without placeholders. Shared: not to be changed. */
struct json_object *locale_json(const struct locale *locale);

/*
 * The object for "t" with the placeholders of all texts replaced as by locale_format(), so that a
 * template writes {{t.signin_to_client}}. Owned by the arena.
 */
struct json_object *locale_json_format(struct arena *arena, const struct locale *locale, ...)
	__attribute__((sentinel));

/*
 * What a page says about a failure: {"title", "text", "hint"} from the keys error_KEY_title,
 * error_KEY and error_KEY_hint; a title that is missing is the text of error_title, a hint that is
 * missing is left out. Pairs for placeholders as above.
 */
struct json_object *locale_error(struct arena *arena, const struct locale *locale, const char *key,
				 ...) __attribute__((sentinel));

#endif
