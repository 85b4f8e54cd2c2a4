/* SPDX-License-Identifier: ISC */
/*
 * What may be an issuer, a realm's name and a scope's name, and the standard scopes. An issuer is
 * compared byte for byte by everybody (RFC 8414 3.3, OpenID Connect Core 3.1.3.7), so it is taken
 * only in the one form in which browsers and libraries would write it.
 */
#include "core/model/realm.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/base/uri.h"

/* First path segments of our own URLs below an issuer; a realm there would be hidden by them. */
static const char *const endpoint_names[] = {
	"authorize", "token",    "userinfo", "jwks",   "introspect", "revoke",
	"logout",    "signin",   "consent",  "select", "signout",    "signedout",
	"health",    "static",   "continue", "logo",   "par",        "device_authorization",
	"device",    "register",
};

static const char *const profile_claims[] = {
	"name",    "family_name", "given_name", "middle_name", "nickname",
	"profile", "picture",     "website",    "gender",      "preferred_username",
	"locale",  "birthdate",   "zoneinfo",   "updated_at",  NULL,
};
static const char *const email_claims[] = {"email", "email_verified", NULL};
static const char *const address_claims[] = {"address", NULL};
static const char *const phone_claims[] = {"phone_number", "phone_number_verified", NULL};

static const struct scope standard_scopes[] = {
	{.name = "openid"},
	{.name = "profile", .claims = profile_claims},
	{.name = "email", .claims = email_claims},
	{.name = "address", .claims = address_claims},
	{.name = "phone", .claims = phone_claims},
	{.name = "offline_access"},
};

/* All that needs no escape in URLs, cookies and headers (RFC 3986 2.3). */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_endpoint_name(const char *segment, size_t size)
{
	for (size_t i = 0; i < COUNT(endpoint_names); i++) {
		if (strlen(endpoint_names[i]) == size &&
		    memcmp(endpoint_names[i], segment, size) == 0)
			return true;
	}
	return false;
}

/* What is wrong with one segment of the issuer's path, or NULL. */
static const char *
segment_mistake(struct arena *arena, const char *segment, size_t size)
{
	if (size == 0)
		return "the path has an empty segment";
	if (segment[0] == '.')
		return "a segment of the path begins with a dot (RFC 8414 2, RFC 8615)";
	if (strspn(segment, UNRESERVED) < size)
		return "the path may have letters, digits and -._~ only";
	if (is_endpoint_name(segment, size))
		return arena_printf(arena, "the path segment \"%.*s\" is an endpoint's name",
				    (int)size, segment);
	return NULL;
}

static const char *
path_mistake(struct arena *arena, const char *path)
{
	while (*path == '/') {
		const char *segment = path + 1;
		size_t size = strcspn(segment, "/");
		const char *mistake = segment_mistake(arena, segment, size);

		if (mistake != NULL)
			return mistake;
		path = segment + size;
	}
	return NULL;
}

static const char *
scheme_mistake(const struct uri *uri, bool allow_http)
{
	if (str_equal(uri->scheme, "https"))
		return NULL;
	if (!str_equal(uri->scheme, "http"))
		return "the scheme must be https (OpenID Connect Core 2, RFC 8414 2)";
	if (!uri_host_is_loopback(uri))
		return "http is for loopback hosts only; use https (RFC 8414 2)";
	if (!allow_http)
		return "http is refused; set allow_http_loopback for trying things out";
	return NULL;
}

static const char *
issuer_mistake(struct arena *arena, const char *issuer, bool allow_http)
{
	struct uri uri;
	const char *mistake;
	const char *origin;

	if (str_empty(issuer))
		return "it is empty";
	if (strlen(issuer) > REALM_ISSUER_MAX)
		return arena_printf(arena, "more than %d characters", REALM_ISSUER_MAX);
	if (uri_parse(arena, issuer, &uri) != 0)
		return "not an absolute URL such as https://login.example";
	mistake = scheme_mistake(&uri, allow_http);
	if (mistake != NULL)
		return mistake;
	if (uri.userinfo != NULL)
		return "a user in the URL is not allowed";
	if (uri.query != NULL)
		return "a query is not allowed (RFC 8414 2)";
	if (uri.fragment != NULL)
		return "a fragment is not allowed (RFC 8414 2)";
	if (str_ends(issuer, "/"))
		return "leave out the slash at the end";
	origin = uri_origin(arena, &uri);
	if (strchr(uri.host, '*') != NULL)
		return "the host is a pattern";
	if (!str_starts(issuer, origin) || !str_equal(issuer + strlen(origin), uri.path))
		return arena_printf(arena, "write the host as %s", origin);
	return path_mistake(arena, uri.path);
}

int
realm_issuer_check(struct arena *arena, const char *issuer, bool allow_http, const char **why)
{
	const char *mistake = issuer_mistake(arena, issuer, allow_http);

	if (mistake == NULL)
		return 0;
	*why = arena_printf(arena, "issuer: %s", mistake);
	return -1;
}

int
realm_name_check(const char *name)
{
	if (str_empty(name) || name[0] < 'a') /* no digit or dash in front */
		return -1;
	if (strlen(name) > REALM_NAME_MAX)
		return -1;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) ? 0 : -1;
}

int
scope_name_check(const char *name)
{
	if (str_empty(name) || strlen(name) > SCOPE_NAME_MAX)
		return -1;
	/* RFC 6749 3.3: printable ASCII without blank, '"' and '\'. */
	for (const char *c = name; *c != '\0'; c++) {
		if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\')
			return -1;
	}
	return 0;
}

const struct scope *
realm_scope(const struct realm *realm, const char *name)
{
	for (size_t i = 0; i < realm->scopes_count; i++) {
		if (str_equal(realm->scopes[i].name, name))
			return &realm->scopes[i];
	}
	for (size_t i = 0; i < COUNT(standard_scopes); i++) {
		if (str_equal(standard_scopes[i].name, name))
			return &standard_scopes[i];
	}
	return NULL;
}

const struct scope *
scopes_standard(size_t *count)
{
	*count = COUNT(standard_scopes);
	return standard_scopes;
}
