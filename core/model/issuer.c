/* SPDX-License-Identifier: ISC */
/*
 * The purposes that an issuer may be trusted for, and the form of what names issuers and their
 * subjects.
 */
#include "core/model/issuer.h"

#include <string.h>

#include "core/base/str.h"
#include "core/base/uri.h"

static const char *const purposes[ISSUER_PURPOSES] = {
	[ISSUER_SUBJECT_TOKEN] = "subject_token",
	[ISSUER_JWT_BEARER] = "jwt_bearer",
	[ISSUER_SOFTWARE_STATEMENT] = "software_statement",
};

const char *
issuer_purpose_name(enum issuer_purpose purpose)
{
	return purposes[purpose];
}

int
issuer_purpose_by_name(const char *name, enum issuer_purpose *purpose)
{
	for (unsigned i = 0; i < ISSUER_PURPOSES; i++) {
		if (!str_equal(purposes[i], name))
			continue;
		*purpose = (enum issuer_purpose)i;
		return 0;
	}
	return -1;
}

bool
issuer_is_for(const struct issuer *issuer, enum issuer_purpose purpose)
{
	const char *name = issuer_purpose_name(purpose);
	size_t size = strlen(name);

	for (const char *word = issuer->purposes; word; word = strchr(word, ' ')) {
		word += strspn(word, " ");
		if (strcspn(word, " ") == size && strncmp(word, name, size) == 0)
			return true;
	}
	return false;
}

const char *
issuer_name_mistake(struct arena *arena, const char *text)
{
	struct uri uri;
	size_t size = strlen(text);

	if (size == 0 || size > ISSUER_MAX)
		return "1 to 255 bytes";
	if (!str_printable(text) || strchr(text, ' '))
		return "printable ASCII without blanks";
	if (strchr(text, ':') && uri_parse(arena, text, &uri) != 0)
		return "what has a colon is a URI such as https://idp.example (RFC 7519 4.1.1)";
	return NULL;
}

const char *
link_sub_mistake(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > LINK_SUB_MAX || !utf8_valid(text, size))
		return "1 to 255 bytes of UTF-8";
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return "no control characters";
	return NULL;
}
