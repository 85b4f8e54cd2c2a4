/* SPDX-License-Identifier: ISC */
/*
 * A list of directives, parted by commas outside quoted strings. What is not understood is passed
 * over, as the specification asks.
 */
#include "fetch/cache_control.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct text {
	const char *at;
	size_t size;
};

/* The next piece up to a comma that is not quoted; moves rest behind it. */
static struct text
next_piece(struct text *rest)
{
	struct text piece = {rest->at, 0};
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->size; i++) {
		char c = rest->at[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\' && i + 1 < rest->size)
			i++;
		else if (!quoted && c == ',')
			break;
	}
	piece.size = i;
	i += i < rest->size;
	*rest = (struct text){rest->at + i, rest->size - i};
	return piece;
}

static struct text
trim(struct text text)
{
	while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text.at++;
		text.size--;
	}
	while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool
is_word(struct text text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

/* delta-seconds, quoted or not (RFC 9111 5.2); what is none is stale at once (4.2.1). */
static int64_t
seconds(struct text text)
{
	int64_t value = 0;

	if (text.size >= 2 && text.at[0] == '"' && text.at[text.size - 1] == '"')
		text = (struct text){text.at + 1, text.size - 2};
	if (text.size == 0)
		return 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return 0;
		value = value * 10 + (text.at[i] - '0');
		if (value > CACHE_AGE_MAX)
			value = CACHE_AGE_MAX;
	}
	return value;
}

static int64_t
directive_age(struct text piece)
{
	const char *equals = memchr(piece.at, '=', piece.size);
	struct text name = piece, value = {piece.at + piece.size, 0};

	if (equals) {
		name.size = (size_t)(equals - piece.at);
		value = (struct text){equals + 1, piece.size - name.size - 1};
	}
	if (is_word(trim(name), "no-store") || is_word(trim(name), "no-cache"))
		return 0;
	return is_word(trim(name), "max-age") ? seconds(trim(value)) : -1;
}

int64_t
cache_control_stricter(int64_t a, int64_t b)
{
	if (a < 0)
		return b;
	return b < 0 || a < b ? a : b;
}

int64_t
cache_control_max_age(const char *text, size_t size)
{
	struct text rest = {text, size};
	int64_t age = -1;

	while (rest.size > 0)
		age = cache_control_stricter(age, directive_age(trim(next_piece(&rest))));
	return age;
}
