/* SPDX-License-Identifier: ISC */
/*
 * Forms: whatever is accepted has names, is free of NUL by its type, is UTF-8, within the number of
 * fields, and comes back the same when it is encoded by the writer and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/form.h"
#include "core/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
check_field(const struct form *form, size_t i)
{
	const char *name = form->field[i].name;

	require(*name != '\0');
	require(utf8_valid(name, strlen(name)));
	require(utf8_valid(form->field[i].value, strlen(form->field[i].value)));
	require(form_get(form, name) != NULL);
	require(form_count(form, name) >= 1);
}

static void
check_same_again(struct arena *arena, const struct form *form)
{
	struct form again;
	struct buf buf;

	buf_init(&buf, arena, (size_t)1 << 20);
	for (size_t i = 0; i < form->count; i++) {
		buf_add_url(&buf, form->field[i].name, strlen(form->field[i].name));
		buf_add_char(&buf, '=');
		buf_add_url(&buf, form->field[i].value, strlen(form->field[i].value));
		buf_add_char(&buf, '&');
	}
	require(!buf_failed(&buf));
	require(form_parse(arena, buf.data, buf.size, &again) == FORM_OK);
	require(again.count == form->count);
	for (size_t i = 0; i < form->count; i++) {
		require(str_equal(again.field[i].name, form->field[i].name));
		require(str_equal(again.field[i].value, form->field[i].value));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct form form;
	enum form_verdict verdict = form_parse(arena, (const char *)data, size, &form);
	const char *decoded = form_decode(arena, (const char *)data, size);

	require(form.count <= FORM_FIELDS_MAX);
	require(verdict == FORM_OK || form.count == 0);
	for (size_t i = 0; i < form.count; i++)
		check_field(&form, i);
	if (verdict == FORM_OK)
		check_same_again(arena, &form);
	if (decoded != NULL)
		require(strlen(decoded) <= size && utf8_valid(decoded, strlen(decoded)));
	arena_free(arena);
	return 0;
}
