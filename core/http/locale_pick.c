/* SPDX-License-Identifier: ISC */
/*
 * Chooses the reader's language: RFC 4647 3.4 lookup (a range loses its last subtag until a tag
 * fits), qualities by RFC 9110 12.4.2. What a client wrote in ui_locales goes before what the
 * browser says.
 */
#include <string.h>
#include <strings.h>

#include "core/http/locale.h"
#include "core/http/locale_set.h"

#define QUALITY_ONE 1000

/* A piece of a header; nothing is copied. */
struct slice {
	const char *text;
	size_t size;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice
trim(struct slice s)
{
	while (s.size > 0 && is_blank(s.text[0])) {
		s.text++;
		s.size--;
	}
	while (s.size > 0 && is_blank(s.text[s.size - 1]))
		s.size--;
	return s;
}

/* Takes the text up to separator, trimmed, off *rest. */
static struct slice
cut(struct slice *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->size);
	struct slice piece = {rest->text, end ? (size_t)(end - rest->text) : rest->size};
	size_t taken = end ? piece.size + 1 : piece.size;

	rest->text += taken;
	rest->size -= taken;
	return trim(piece);
}

static const struct locale *
find_exact(const struct locale_set *set, struct slice range)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct locale *locale = &set->locale[i];

		if (strlen(locale->tag) == range.size &&
		    strncasecmp(locale->tag, range.text, range.size) == 0)
			return locale;
	}
	return NULL;
}

/*
 * RFC 4647 3.4: a range loses subtags from its end. That a single letter goes along with what
 * followed it needs no step of its own: no catalogue's tag ends in one.
 */
static const struct locale *
lookup(const struct locale_set *set, struct slice range)
{
	while (range.size > 0) {
		const struct locale *locale = find_exact(set, range);
		const char *dash = memrchr(range.text, '-', range.size);

		if (locale || !dash)
			return locale;
		range.size = (size_t)(dash - range.text);
	}
	return NULL;
}

/* A qvalue in thousandths, or -1: "0" or "1", then at most three decimals, at most one. */
static int
parse_quality(struct slice q)
{
	int value, digit = QUALITY_ONE / 10;

	if (q.size == 0 || q.size > 5 || (q.text[0] != '0' && q.text[0] != '1'))
		return -1;
	if (q.size > 1 && q.text[1] != '.')
		return -1;
	value = (q.text[0] - '0') * QUALITY_ONE;
	for (size_t i = 2; i < q.size; i++, digit /= 10) {
		if (q.text[i] < '0' || q.text[i] > '9')
			return -1;
		value += (q.text[i] - '0') * digit;
	}
	return value <= QUALITY_ONE ? value : -1;
}

/* The quality of an item whose range is already cut off; 0 when it is malformed. */
static int
item_quality(struct slice parameters)
{
	while (parameters.size > 0) {
		struct slice parameter = cut(&parameters, ';');
		int quality;

		if (parameter.size < 2 || strncasecmp(parameter.text, "q=", 2) != 0)
			continue;
		quality = parse_quality((struct slice){parameter.text + 2, parameter.size - 2});
		return quality < 0 ? 0 : quality;
	}
	return QUALITY_ONE;
}

static const struct locale *
pick_ui(const struct locale_set *set, const char *ui_locales)
{
	struct slice rest = {ui_locales, strlen(ui_locales)};

	while (rest.size > 0) {
		const struct locale *locale = lookup(set, cut(&rest, ' '));

		if (locale)
			return locale;
	}
	return NULL;
}

static const struct locale *
pick_accepted(const struct locale_set *set, const char *header)
{
	struct slice rest = {header, strlen(header)};
	const struct locale *best = NULL;
	int best_quality = 0;

	while (rest.size > 0) {
		struct slice item = cut(&rest, ',');
		const struct locale *locale = lookup(set, cut(&item, ';'));
		int quality = item_quality(item);

		if (!locale || quality <= best_quality)
			continue;
		best = locale;
		best_quality = quality;
	}
	return best;
}

const struct locale *
locale_pick(const struct locale_set *set, const char *ui_locales, const char *accept_language)
{
	const struct locale *locale = NULL;

	if (ui_locales && strlen(ui_locales) <= LOCALE_HEADER_MAX)
		locale = pick_ui(set, ui_locales);
	if (!locale && accept_language && strlen(accept_language) <= LOCALE_HEADER_MAX)
		locale = pick_accepted(set, accept_language);
	return locale ? locale : &set->locale[0];
}
