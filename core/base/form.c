/* SPDX-License-Identifier: ISC */
/*
 * application/x-www-form-urlencoded. One piece that cannot be decoded refuses the whole text: a
 * parameter that one reader sees and another does not is how checks are passed by.
 */
#include "core/base/form.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/percent.h"
#include "core/base/str.h"

char *
form_decode(struct arena *arena, const char *text, size_t size)
{
	char *decoded = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int byte = (unsigned char)text[i];

		if (text[i] == '+')
			byte = ' ';
		if (text[i] == '%') {
			byte = percent_byte(text + i, size - i);
			i += 2;
		}
		if (byte <= 0)
			return NULL;
		decoded[used++] = (char)byte;
	}
	return utf8_valid(decoded, used) ? decoded : NULL;
}

/* Pieces that are not empty: as many as there can be fields. */
static size_t
count_pieces(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '&' && (i == 0 || text[i - 1] == '&'))
			count++;
	}
	return count;
}

static enum form_verdict
add_piece(struct arena *arena, const char *piece, size_t size, struct form *form)
{
	const char *equals = memchr(piece, '=', size);
	size_t name_size = equals == NULL ? size : (size_t)(equals - piece);
	size_t value_size = equals == NULL ? 0 : size - name_size - 1;
	const char *name = form_decode(arena, piece, name_size);
	const char *value = form_decode(arena, piece + size - value_size, value_size);

	if (name == NULL || value == NULL)
		return FORM_MALFORMED;
	if (*name == '\0')
		return FORM_OK;
	if (form->count == FORM_FIELDS_MAX)
		return FORM_TOO_MANY;
	form->field[form->count++] = (struct form_field){name, value};
	return FORM_OK;
}

enum form_verdict
form_parse(struct arena *arena, const char *text, size_t size, struct form *form)
{
	size_t pieces = count_pieces(text, size);
	size_t room = pieces < FORM_FIELDS_MAX ? pieces : FORM_FIELDS_MAX;
	enum form_verdict verdict = FORM_OK;

	*form = (struct form){.field = arena_array(arena, room, sizeof(*form->field))};
	while (size > 0 && verdict == FORM_OK) {
		const char *end = memchr(text, '&', size);
		size_t piece = end == NULL ? size : (size_t)(end - text);

		if (piece > 0)
			verdict = add_piece(arena, text, piece, form);
		if (end != NULL)
			piece++;
		text += piece;
		size -= piece;
	}
	if (verdict != FORM_OK)
		form->count = 0;
	return verdict;
}

const char *
form_get(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (str_equal(form->field[i].name, name))
			return form->field[i].value;
	}
	return NULL;
}

size_t
form_count(const struct form *form, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < form->count; i++) {
		if (str_equal(form->field[i].name, name))
			count++;
	}
	return count;
}

void
form_drop_empty(struct form *form)
{
	size_t kept = 0;

	for (size_t i = 0; i < form->count; i++)
		if (form->field[i].value[0] != '\0')
			form->field[kept++] = form->field[i];
	form->count = kept;
}
