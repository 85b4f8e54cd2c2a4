/* SPDX-License-Identifier: ISC */
/*
 * Complaints and the one transaction around a change and its record.
 */
#include "core/manage/manage.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/str.h"

void
manage_say_line(struct buf *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_add_text(why, arena_vprintf(why->arena, format, args));
	va_end(args);
	buf_add_char(why, '\n');
}

static enum store_verdict
apply_and_record(struct store *store, void *context)
{
	const struct manage_change *change = context;
	enum store_verdict verdict = change->apply(change->tx, change->context);

	(void)store;
	if (verdict != STORE_OK)
		return verdict;
	return tx_audit(change->tx, change->event, &change->about);
}

enum store_verdict
manage_commit(const struct manage_change *change)
{
	struct manage_change copy = *change;

	return store_transaction(change->tx->store, apply_and_record, &copy);
}

bool
manage_text_fits(const char *text, size_t max)
{
	size_t size = strlen(text);

	if (size > max || !utf8_valid(text, size))
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

bool
manage_language_fits(const char *language)
{
	return strlen(language) <= 16 &&
	       strspn(language, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(language);
}
