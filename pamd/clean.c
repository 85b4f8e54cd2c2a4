/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 is checked character by character with the one validator that there is.
 */
#include "pamd/clean.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/port/broker_wire.h"

#define CHARACTER_MAX 4 /* bytes of UTF-8 */

/* The bytes of the well-formed character at text, or 0. */
static size_t
character_size(const char *text)
{
	for (size_t size = 1; size <= CHARACTER_MAX && text[size - 1]; size++) {
		if (utf8_valid(text, size))
			return size;
	}
	return 0;
}

/* C0, DEL and C1, on which terminals act. */
static bool
is_control(const char *character, size_t size)
{
	const unsigned char *byte = (const unsigned char *)character;

	return (size == 1 && (byte[0] < 0x20 || byte[0] == 0x7f)) ||
	       (size == 2 && byte[0] == 0xc2 && byte[1] < 0xa0);
}

const char *
clean_text(struct arena *arena, const char *text, size_t max)
{
	char *copy;
	size_t filled = 0;

	if (strlen(text) > max)
		return NULL;
	copy = arena_alloc(arena, strlen(text) + 1);
	while (*text) {
		size_t size = character_size(text);

		if (size == 0)
			copy[filled++] = '?';
		else if (is_control(text, size))
			copy[filled++] = *text == '\n' ? '\n' : ' ';
		else
			memcpy(copy + filled, text, size);
		if (size > 0 && !is_control(text, size))
			filled += size;
		text += size > 0 ? size : 1;
	}
	while (filled > 0 && (copy[filled - 1] == ' ' || copy[filled - 1] == '\n'))
		filled--;
	copy[filled] = '\0';
	return copy;
}

const char *
clean_why(struct arena *arena, const char *text)
{
	return str_visible(arena, text, BROKER_WHY_MAX);
}

bool
clean_is_plain(const char *text, size_t max)
{
	size_t size = text ? strlen(text) : 0;

	if (size == 0 || size > max || !utf8_valid(text, size))
		return false;
	while (*text && !is_control(text, character_size(text)))
		text += character_size(text);
	return !*text;
}

static bool
are_plain(const struct broker_texts *texts, size_t max)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (!clean_is_plain(texts->text[i], max))
			return false;
	}
	return true;
}

const char *
clean_person_mistake(const struct broker_person *person)
{
	if (!clean_is_plain(person->username, BROKER_NAME_MAX))
		return "the name that came back is too long or no plain text";
	if (!clean_is_plain(person->key, BROKER_KEY_MAX))
		return "the immutable id is empty, too long or no plain text";
	if (person->claims.count > BROKER_CLAIMS_MAX ||
	    !are_plain(&person->claims, BROKER_CLAIM_MAX))
		return "there are too many claims, or one is too long or no plain text";
	if (person->groups.count > BROKER_GROUPS_MAX)
		return "the person is in too many groups";
	if (!are_plain(&person->groups, BROKER_GROUP_MAX))
		return "the name of a group is too long or no plain text";
	return NULL;
}
