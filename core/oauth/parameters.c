/* SPDX-License-Identifier: ISC */
/*
 * Parameters that were sent twice.
 */
#include "core/oauth/parameters.h"

#include "core/base/str.h"

int
parameters_check(struct tx *tx, const struct form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->field[i].name;

		if (str_equal(name, "resource") || str_equal(name, "audience"))
			continue;
		if (form_count(form, name) > 1)
			return fail(tx, OAUTH_INVALID_REQUEST,
				    "a parameter was sent more than once", "parameter %.64s", name);
	}
	return 0;
}
