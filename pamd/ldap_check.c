/* SPDX-License-Identifier: ISC */
/*
 * The rules between the options of a directory: passwords go over encrypted connections only,
 * nobody binds with an empty password, and every filter can be read.
 */
#include "pamd/ldap_check.h"

#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "pamd/ldap_directory.h"
#include "pamd/ldap_filter.h"
#include "pamd/settings.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Claims of OpenID Connect Core 5.1 that are text. */
static const char *const claim_names[] = {
	"name",    "given_name",         "family_name", "middle_name", "nickname",
	"profile", "preferred_username", "picture",     "website",     "email",
	"gender",  "birthdate",          "zoneinfo",    "locale",      "phone_number",
};

/* ---- servers ---- */

/* 127.0.0.0/8, ::1 or localhost: what is sent there stays on this host. */
static bool
is_loopback(const char *host)
{
	struct strlist parts;
	int64_t number;
	struct arena *arena;
	bool is_ours = str_equal_nocase(host, "localhost") || str_equal(host, "::1");

	if (is_ours || !str_starts(host, "127."))
		return is_ours;
	arena = arena_new(4096);
	is_ours = strlen(host) <= 15 && strlist_split(arena, host, '.', 4, &parts) == 0 &&
		  parts.count == 4;
	for (size_t i = 0; is_ours && i < 4; i++)
		is_ours = num_parse_int64(parts.item[i], 0, 255, &number) == 0;
	arena_free(arena);
	return is_ours;
}

static const char *
url_mistake(const struct service *service, const LDAPURLDesc *url)
{
	bool is_socket = str_equal(url->lud_scheme, "ldapi");

	if (!str_empty(url->lud_dn) || url->lud_attrs || url->lud_filter || url->lud_exts)
		return "write the server alone; base and filter have options of their own";
	if (str_empty(url->lud_host))
		return is_socket ? "write ldapi://%2Fpath%2Fof%2Fthe%2Fsocket"
				 : "write the name of a host";
	if (str_equal(url->lud_scheme, "ldaps") || is_socket)
		return NULL;
	if (!str_equal(url->lud_scheme, "ldap"))
		return "write ldaps://, ldap:// or ldapi://";
	if (!service->start_tls && !is_loopback(url->lud_host))
		return "passwords would go unencrypted; write ldaps://, or start_tls = yes";
	return NULL;
}

static const char *
server_mistake(struct arena *arena, const struct service *service, const char *uri)
{
	LDAPURLDesc *url = NULL;
	const char *why = "is no address of a server";

	if (ldap_url_parse(uri, &url) == LDAP_URL_SUCCESS)
		why = url_mistake(service, url);
	ldap_free_urldesc(url);
	return why ? arena_printf(arena, "uri: %s: %s", uri, why) : NULL;
}

static const char *
servers_mistake(struct arena *arena, const struct service *service)
{
	struct strlist uris;
	const char *why = NULL;

	if (strlist_split(arena, service->uri, ' ', DIRECTORY_SERVERS_MAX, &uris) != 0 ||
	    uris.count == 0)
		return "uri names no server, or too many; write uri = ldaps://ldap.example.org";
	for (size_t i = 0; i < uris.count && !why; i++)
		why = server_mistake(arena, service, uris.item[i]);
	if (!why && *service->ca_file && access(service->ca_file, R_OK) != 0)
		why = arena_printf(arena, "ca_file: %s cannot be read", service->ca_file);
	return why;
}

/* ---- who searches, and where ---- */

static const char *
binding_mistake(struct arena *arena, const struct service *service)
{
	const char *why;

	if (str_empty(service->bind_dn) != str_empty(service->bind_password_file))
		return "bind_dn and bind_password_file are given together";
	if (!str_empty(service->bind_password_file) &&
	    !settings_read_secret(arena, service->bind_password_file, &why))
		return arena_printf(arena, "bind_password_file: %s", why);
	return NULL;
}

static const char *
dn_mistake(struct arena *arena, const char *option, const char *text)
{
	LDAPDN dn = NULL;
	int rc = ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3);

	ldap_dnfree(dn);
	return rc == LDAP_SUCCESS
		       ? NULL
		       : arena_printf(arena, "%s is no name of an entry, such as dc=example,dc=org",
				      option);
}

static const char *
place_mistake(struct arena *arena, const struct service *service)
{
	const char *why;

	if (str_empty(service->base))
		return "base is empty; write the entry below which people are";
	why = dn_mistake(arena, "base", service->base);
	if (!why)
		why = dn_mistake(arena, "group_base", service->group_base);
	if (!why)
		why = dn_mistake(arena, "bind_dn", service->bind_dn);
	if (!why && !str_equal(service->scope, "sub") && !str_equal(service->scope, "one"))
		why = "scope: write sub or one";
	return why;
}

/* ---- filters and attributes ---- */

static const char *
filters_mistake(struct arena *arena, const struct service *service)
{
	const struct {
		const char *name, *filter, *allowed;
		bool must_vary, may_be_empty;
	} filters[] = {
		{"filter", service->filter, "u", true, false},
		{"group_filter", service->group_filter, "ud", true, true},
		{"disabled_filter", service->disabled_filter, "ud", false, true},
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		const char *why = NULL;

		if (*filters[i].filter || !filters[i].may_be_empty)
			why = filter_mistake(arena, filters[i].filter, filters[i].allowed,
					     filters[i].must_vary);
		if (why)
			return arena_printf(arena, "%s %s", filters[i].name, why);
	}
	return NULL;
}

/* A description (RFC 4512 2.5): "cn", "cn;lang-de", "2.5.4.3". */
static bool
is_attribute(const char *text)
{
	return *text && strchr(LETTERS "0123456789", *text) &&
	       strspn(text, LETTERS "0123456789-.;") == strlen(text);
}

static bool
is_claim(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(claim_names) / sizeof(*claim_names); i++) {
		if (strlen(claim_names[i]) == size && memcmp(claim_names[i], name, size) == 0)
			return true;
	}
	return false;
}

static const char *
attributes_mistake(struct arena *arena, const struct service *service)
{
	struct strlist words;

	if (!is_attribute(service->id_attribute) || !is_attribute(service->name_attribute) ||
	    !is_attribute(service->group_name))
		return "id_attribute, name_attribute and group_name are names of attributes";
	if (strlist_split(arena, service->claims, ' ', SETTINGS_WORDS_MAX, &words) != 0)
		return "claims has too many words";
	for (size_t i = 0; i < words.count; i++) {
		const char *equals = strchr(words.item[i], '=');

		if (!equals || !is_attribute(equals + 1) ||
		    !is_claim(words.item[i], (size_t)(equals - words.item[i])))
			return arena_printf(arena,
					    "claims: %s is no CLAIM=ATTRIBUTE; CLAIM is a text of "
					    "OpenID Connect Core 5.1, such as name or email",
					    words.item[i]);
	}
	return NULL;
}

const char *
ldap_check_mistake(struct arena *arena, const struct service *service)
{
	static const char *(*const rules[])(struct arena *, const struct service *) = {
		servers_mistake, binding_mistake,    place_mistake,
		filters_mistake, attributes_mistake,
	};
	const char *why = NULL;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules) && !why; i++)
		why = rules[i](arena, service);
	return why;
}
