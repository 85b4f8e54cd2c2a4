/* SPDX-License-Identifier: ISC */
/*
 * The one form of a user name, and the claims that an account may carry with their types (OpenID
 * Connect Core 5.1). Claims that tokens themselves are made of are refused here, so that no account
 * can lend a token another issuer, subject or audience.
 */
#include "core/model/account.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/str.h"

#define CLAIM_NAME_MAX 128

static const struct claim claims[] = {
	{"name", "profile", CLAIM_TEXT},
	{"family_name", "profile", CLAIM_TEXT},
	{"given_name", "profile", CLAIM_TEXT},
	{"middle_name", "profile", CLAIM_TEXT},
	{"nickname", "profile", CLAIM_TEXT},
	{"preferred_username", "profile", CLAIM_TEXT},
	{"profile", "profile", CLAIM_TEXT},
	{"picture", "profile", CLAIM_TEXT},
	{"website", "profile", CLAIM_TEXT},
	{"gender", "profile", CLAIM_TEXT},
	{"birthdate", "profile", CLAIM_TEXT},
	{"zoneinfo", "profile", CLAIM_TEXT},
	{"locale", "profile", CLAIM_TEXT},
	{"updated_at", "profile", CLAIM_NUMBER},
	{"email", "email", CLAIM_TEXT},
	{"email_verified", "email", CLAIM_BOOL},
	{"address", "address", CLAIM_OBJECT},
	{"phone_number", "phone", CLAIM_TEXT},
	{"phone_number_verified", "phone", CLAIM_BOOL},
};

/* Members of tokens and answers that the provider alone writes (RFC 7519 4.1, RFC 7800, OpenID
 * Connect Core 2, 3.1.3.6, 5.6.2). */
static const char *const reserved[] = {
	"iss",          "sub",
	"aud",          "exp",
	"nbf",          "iat",
	"jti",          "azp",
	"nonce",        "auth_time",
	"acr",          "amr",
	"at_hash",      "c_hash",
	"s_hash",       "sid",
	"cnf",          "events",
	"scope",        "client_id",
	"_claim_names", "_claim_sources",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* C0, DEL and (C2 80 to C2 9F) C1 control characters in well-formed UTF-8. */
static bool
has_control(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	for (; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			return true;
		if (c[0] == 0xc2 && c[1] <= 0x9f)
			return true;
	}
	return false;
}

bool
account_is_off(const struct account *account)
{
	return account->disabled_at != 0 || account->away != NULL;
}

char *
username_normalise(struct arena *arena, const char *text)
{
	size_t size;

	if (text == NULL)
		return NULL;
	text += strspn(text, " \t");
	size = strlen(text);
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
		size--;
	if (size == 0 || size > USERNAME_MAX || !utf8_valid(text, size))
		return NULL;
	text = arena_copy(arena, text, size);
	if (has_control(text))
		return NULL;
	return str_lower(arena, text);
}

const struct claim *
claims_table(size_t *count)
{
	*count = COUNT(claims);
	return claims;
}

const struct claim *
claim_find(const char *name)
{
	for (size_t i = 0; i < COUNT(claims); i++) {
		if (str_equal(claims[i].name, name))
			return &claims[i];
	}
	return NULL;
}

static bool
is_reserved(const char *name)
{
	for (size_t i = 0; i < COUNT(reserved); i++) {
		if (str_equal(reserved[i], name))
			return true;
	}
	return false;
}

/* OpenID Connect Core 5.1.1: an object whose members are all text. */
static bool
is_address(struct json_object *value)
{
	struct json_object_iterator member, end;

	if (!json_object_is_type(value, json_type_object))
		return false;
	end = json_object_iter_end(value);
	for (member = json_object_iter_begin(value); !json_object_iter_equal(&member, &end);
	     json_object_iter_next(&member)) {
		if (!json_object_is_type(json_object_iter_peek_value(&member), json_type_string))
			return false;
	}
	return true;
}

/* What a value of the claim must be, or NULL when this one is so. */
static const char *
type_mistake(const struct claim *claim, struct json_object *value)
{
	switch (claim->type) {
	case CLAIM_TEXT:
		return json_object_is_type(value, json_type_string) ? NULL : "must be text";
	case CLAIM_BOOL:
		return json_object_is_type(value, json_type_boolean) ? NULL
								     : "must be true or false";
	case CLAIM_NUMBER:
		if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0)
			return NULL;
		return "must be a number of seconds since 1970";
	case CLAIM_OBJECT:
		return is_address(value) ? NULL : "must be an object whose members are text";
	}
	bug("claim of an unknown type");
}

static const char *
claim_mistake(const char *name, struct json_object *value)
{
	const struct claim *claim = claim_find(name);

	if (is_reserved(name))
		return "is written by the provider alone";
	if (claim != NULL)
		return type_mistake(claim, value);
	if (name[0] == '\0' || strlen(name) > CLAIM_NAME_MAX || has_control(name))
		return "is no name for a claim";
	return NULL;
}

int
account_claims_check(struct arena *arena, struct json_object *document, const char **why)
{
	struct json_object_iterator member, end;
	size_t size;

	if (!json_object_is_type(document, json_type_object)) {
		*why = "claims must be an object";
		return -1;
	}
	end = json_object_iter_end(document);
	for (member = json_object_iter_begin(document); !json_object_iter_equal(&member, &end);
	     json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);
		const char *mistake = claim_mistake(name, json_object_iter_peek_value(&member));

		if (mistake == NULL)
			continue;
		*why = arena_printf(arena, "%.64s: %s",
				    str_printable(name) ? name : "(unprintable)", mistake);
		return -1;
	}
	(void)json_write(arena, document, &size);
	if (size <= ACCOUNT_CLAIMS_MAX)
		return 0;
	*why = arena_printf(arena, "claims: %zu bytes are more than %d", size, ACCOUNT_CLAIMS_MAX);
	return -1;
}
