/* SPDX-License-Identifier: ISC */
/*
 * What single values of client metadata may be: redirect URIs (RFC 6749 3.1.2, RFC 8252 7), pages
 * that people are sent to, browser origins (RFC 6454), scopes and profiles. Decides nothing about
 * values together.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/model/client_metadata.h"
#include "core/model/profile.h"
#include "core/model/realm.h"
#include "core/model/resource.h"

#define NOT_ABSOLUTE                                                                               \
	"not an absolute URI such as https://app.example/callback (RFC 6749 3.1.2, RFC 3986 4.3)"

/* The parts that no URI of ours may have, whatever its scheme. */
static const char *
parts_mistake(const struct uri *uri)
{
	if (uri->userinfo != NULL)
		return "a user in the URI is not allowed (RFC 3986 7.5)";
	if (uri->host != NULL && strchr(uri->host, '*') != NULL)
		return "a pattern is not allowed: URIs are compared exactly (RFC 9700 2.1)";
	return NULL;
}

static bool
is_web(const struct uri *uri)
{
	return str_equal(uri->scheme, "https") || str_equal(uri->scheme, "http");
}

/* A private-use scheme is a domain of the app's maker turned round, so it has a dot: this also
 * keeps javascript:, data:, file: and the like out. */
static const char *
private_scheme_mistake(const struct uri *uri, const struct client *client)
{
	if (strchr(uri->scheme, '.') == NULL)
		return "a private-use scheme needs a dot, such as com.example.app:/callback (RFC "
		       "8252 "
		       "7.1)";
	if (client->application_type != APPLICATION_NATIVE)
		return "a private-use scheme is for application_type native (RFC 8252 7.1)";
	return NULL;
}

const char *
client_redirect_mistake(struct arena *arena, const struct client *client, const char *value)
{
	struct uri uri;
	const char *mistake;

	if (uri_parse(arena, value, &uri) != 0)
		return NOT_ABSOLUTE;
	if (uri.fragment != NULL)
		return "a fragment is not allowed (RFC 6749 3.1.2)";
	mistake = parts_mistake(&uri);
	if (mistake != NULL)
		return mistake;
	if (!is_web(&uri))
		return private_scheme_mistake(&uri, client);
	if (str_equal(uri.scheme, "http") && !uri_host_is_loopback(&uri))
		return "http is for loopback hosts only; use https (RFC 8252 7.3, RFC 9700 2.6)";
	return NULL;
}

const char *
client_page_mistake(struct arena *arena, const struct client *client, const char *value)
{
	struct uri uri;

	(void)client;
	if (uri_parse(arena, value, &uri) != 0 || !is_web(&uri))
		return "not an absolute URL such as https://app.example/about (RFC 7591 2)";
	if (str_equal(uri.scheme, "http") && !uri_host_is_loopback(&uri))
		return "http is for loopback hosts only; use https";
	return parts_mistake(&uri);
}

const char *
client_origin_mistake(struct arena *arena, const struct client *client, const char *value)
{
	struct uri uri;

	(void)client;
	if (uri_parse(arena, value, &uri) != 0 || !is_web(&uri))
		return "not an origin such as https://app.example (RFC 6454 6.1)";
	if (str_equal(uri.scheme, "http") && !uri_host_is_loopback(&uri))
		return "http is for loopback hosts only; use https";
	if (strchr(uri.host, '*') != NULL)
		return "a pattern is not allowed: origins are compared exactly";
	if (!str_equal(uri_origin(arena, &uri), value))
		return "write it as browsers send it: lower case, no path, no default port (RFC "
		       "6454 "
		       "6.1)";
	return NULL;
}

const char *
client_https_mistake(struct arena *arena, const struct client *client, const char *value)
{
	struct uri uri;

	(void)client;
	if (uri_parse(arena, value, &uri) != 0 || !str_equal(uri.scheme, "https"))
		return "not an https URL such as https://app.example/name";
	if (uri.fragment != NULL)
		return "a fragment is not allowed";
	return parts_mistake(&uri);
}

const char *
client_name_mistake(struct arena *arena, const struct client *client, const char *value)
{
	/* U+202A to U+202E and U+2066 to U+2069, which set the direction of what follows, and the
	 * controls of U+0080 to U+009F */
	static const struct {
		const char *lead;
		unsigned char first, last;
	} refused[] = {{"\xe2\x80", 0xaa, 0xae}, {"\xe2\x81", 0xa6, 0xa9}, {"\xc2", 0x80, 0x9f}};

	(void)arena;
	(void)client;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *at = value;

		while ((at = strstr(at, refused[i].lead)) != NULL) {
			at += strlen(refused[i].lead);
			if ((unsigned char)*at >= refused[i].first &&
			    (unsigned char)*at <= refused[i].last)
				return "a character that controls how text is shown is not allowed";
		}
	}
	return NULL;
}

const char *
client_resource_mistake(struct arena *arena, const struct client *client, const char *value)
{
	(void)client;
	return resource_identifier_mistake(arena, value);
}

const char *
client_jwks_mistake(struct arena *arena, const struct client *client, const char *value)
{
	struct json_object *set = json_parse_object(arena, value, strlen(value), NULL);
	struct json_object *keys = NULL;

	(void)client;
	if (!set || json_get_array(set, "keys", &keys) != JSON_FOUND)
		return "not a JWK Set: write {\"keys\": [...]} (RFC 7517 5)";
	return NULL;
}

const char *
client_scope_mistake(struct arena *arena, const struct client *client, const char *value)
{
	(void)arena;
	(void)client;
	return scope_name_check(value) == 0 ? NULL : "not the name of a scope (RFC 6749 3.3)";
}

const char *
client_profile_mistake(struct arena *arena, const struct client *client, const char *value)
{
	(void)arena;
	(void)client;
	return profile_find(value) != NULL ? NULL : "there is no such profile";
}
