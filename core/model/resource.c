/* SPDX-License-Identifier: ISC */
/*
 * What a resource server's row may hold.
 */
#include "core/model/resource.h"

#include <string.h>

#include "core/base/uri.h"

const char *
resource_identifier_mistake(struct arena *arena, const char *text)
{
	struct uri uri;

	if (strlen(text) > RESOURCE_IDENTIFIER_MAX)
		return "more than 255 bytes";
	if (strchr(text, ' ') || uri_parse(arena, text, &uri) != 0)
		return "not an absolute URI such as https://api.example (RFC 8707 2)";
	if (uri.fragment != NULL)
		return "a fragment is not allowed (RFC 8707 2)";
	return NULL;
}
