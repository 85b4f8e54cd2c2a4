/* SPDX-License-Identifier: ISC */
/*
 * Issuers, names of realms and of scopes, and the standard scopes.
 */
#include "core/model/realm.h"

#include "core/base/str.h"
#include "core/model/account.h"
#include "tests/core/base/check.h"

#define A32  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64  A32 A32
#define A128 A64 A64

static const struct {
	const char *name;
	const char *issuer;
	bool allow_http;
	const char *why; /* NULL: good */
} issuers[] = {
	{"NULL", NULL, true, "issuer: it is empty"},
	{"empty", "", true, "issuer: it is empty"},
	{"no URL", "login.example", true,
	 "issuer: not an absolute URL such as https://login.example"},
	{"no host", "https://", true, "issuer: not an absolute URL such as https://login.example"},
	{"blank", "https://login.example/a b", true,
	 "issuer: not an absolute URL such as https://login.example"},
	{"256 characters", "https://x.example/" A128 A64 A32 "aaaaaaaaaaaaaa", true,
	 "issuer: more than 255 characters"},
	{"other scheme", "ftp://login.example", true,
	 "issuer: the scheme must be https (OpenID Connect Core 2, RFC 8414 2)"},
	{"http elsewhere", "http://login.example", true,
	 "issuer: http is for loopback hosts only; use https (RFC 8414 2)"},
	{"http that begins like loopback", "http://localhost.example", true,
	 "issuer: http is for loopback hosts only; use https (RFC 8414 2)"},
	{"http on loopback, not allowed", "http://localhost:8080", false,
	 "issuer: http is refused; set allow_http_loopback for trying things out"},
	{"user", "https://root@login.example", false, "issuer: a user in the URL is not allowed"},
	{"user and password", "https://root:x@login.example", false,
	 "issuer: a user in the URL is not allowed"},
	{"query", "https://login.example?x=1", false,
	 "issuer: a query is not allowed (RFC 8414 2)"},
	{"empty query", "https://login.example?", false,
	 "issuer: a query is not allowed (RFC 8414 2)"},
	{"fragment", "https://login.example#x", false,
	 "issuer: a fragment is not allowed (RFC 8414 2)"},
	{"empty fragment", "https://login.example/a#", false,
	 "issuer: a fragment is not allowed (RFC 8414 2)"},
	{"slash at the end", "https://login.example/", false,
	 "issuer: leave out the slash at the end"},
	{"slash behind a path", "https://login.example/a/", false,
	 "issuer: leave out the slash at the end"},
	{"pattern", "https://*.example", false, "issuer: the host is a pattern"},
	{"host in capitals", "https://Login.example/a", false,
	 "issuer: write the host as https://login.example"},
	{"scheme in capitals", "HTTPS://login.example", false,
	 "issuer: write the host as https://login.example"},
	{"default port", "https://login.example:443/a", false,
	 "issuer: write the host as https://login.example"},
	{"empty segment", "https://login.example//a", false,
	 "issuer: the path has an empty segment"},
	{"empty segment in the middle", "https://login.example/a//b", false,
	 "issuer: the path has an empty segment"},
	{"dot segment", "https://login.example/./a", false,
	 "issuer: a segment of the path begins with a dot (RFC 8414 2, RFC 8615)"},
	{"two dots", "https://login.example/a/..", false,
	 "issuer: a segment of the path begins with a dot (RFC 8414 2, RFC 8615)"},
	{"well-known", "https://login.example/.well-known/a", false,
	 "issuer: a segment of the path begins with a dot (RFC 8414 2, RFC 8615)"},
	{"escape", "https://login.example/%61uthorize", false,
	 "issuer: the path may have letters, digits and -._~ only"},
	{"semicolon, which ends a cookie's path", "https://login.example/a;b", false,
	 "issuer: the path may have letters, digits and -._~ only"},
	{"endpoint", "https://login.example/token", false,
	 "issuer: the path segment \"token\" is an endpoint's name"},
	{"endpoint in front", "https://login.example/static/a", false,
	 "issuer: the path segment \"static\" is an endpoint's name"},
	{"endpoint behind", "https://login.example/a/signin", false,
	 "issuer: the path segment \"signin\" is an endpoint's name"},

	{"host", "https://login.example", false, NULL},
	{"255 characters", "https://x.example/" A128 A64 A32 "aaaaaaaaaaaaa", false, NULL},
	{"port", "https://login.example:8443", false, NULL},
	{"path", "https://login.example/a/b-c.d_e~1", false, NULL},
	{"begins like an endpoint", "https://login.example/tokens", false, NULL},
	{"endpoint in capitals", "https://login.example/Token", false, NULL},
	{"IPv6", "https://[2001:db8::1]/a", false, NULL},
	{"http on localhost", "http://localhost:8080", true, NULL},
	{"http on 127.0.0.1", "http://127.0.0.1:8080/a", true, NULL},
	{"http on ::1", "http://[::1]:8080", true, NULL},
};

static void
test_issuers(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(issuers); i++) {
		const char *why = NULL;
		int result =
			realm_issuer_check(arena, issuers[i].issuer, issuers[i].allow_http, &why);

		check_text(why, issuers[i].why, issuers[i].name);
		check(result == (issuers[i].why == NULL ? 0 : -1), issuers[i].name);
	}
}

static void
test_endpoint_names(void **state)
{
	static const char *const names[] = {
		"authorize", "token",  "userinfo", "jwks",     "introspect",
		"revoke",    "logout", "signin",   "consent",  "select",
		"signedout", "health", "static",   "continue", "logo",
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *why = NULL;
		char *issuer = arena_printf(arena, "https://login.example/%s", names[i]);

		check(realm_issuer_check(arena, issuer, false, &why) == -1, names[i]);
	}
}

static const struct {
	const char *name;
	const char *text;
	int realm, scope;
} names[] = {
	{"NULL", NULL, -1, -1},
	{"empty", "", -1, -1},
	{"blank", "a b", -1, -1},
	{"newline", "a\n", -1, -1},
	{"DEL", "a\x7f", -1, -1},
	{"not ASCII", "\xc3\xa4", -1, -1},
	{"quote", "a\"b", -1, -1},
	{"backslash", "a\\b", -1, -1},
	{"65 characters", A64 "a", -1, -1},
	{"64 characters", A64, -1, 0},
	{"33 characters", A32 "a", -1, 0},
	{"32 characters", A32, 0, 0},
	{"digit in front", "1a", -1, 0},
	{"dash in front", "-a", -1, 0},
	{"capital", "Abc", -1, 0},
	{"capital behind", "aB", -1, 0},
	{"underscore", "a_b", -1, 0},
	{"slash and colon", "https://api.example/read:x", -1, 0},
	{"first and last character", "!~", -1, 0},
	{"one letter", "a", 0, 0},
	{"letters, digits, dashes", "z9-a", 0, 0},
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		check(realm_name_check(names[i].text) == names[i].realm, names[i].name);
		check(scope_name_check(names[i].text) == names[i].scope, names[i].name);
	}
}

static const struct {
	const char *name;
	bool claims;
} standard[] = {
	{"openid", false}, {"profile", true}, {"email", true},
	{"address", true}, {"phone", true},   {"offline_access", false},
};

/* The standard scopes release exactly the claims whose row names them. */
static void
test_standard_scopes(void **state)
{
	size_t count, claims_count, released = 0;
	const struct scope *scopes = scopes_standard(&count);
	const struct claim *claims = claims_table(&claims_count);

	(void)state;
	assert_int_equal(count, COUNT(standard));
	for (size_t i = 0; i < count; i++) {
		check_text(scopes[i].name, standard[i].name, standard[i].name);
		check((scopes[i].claims != NULL) == standard[i].claims, standard[i].name);
		for (size_t c = 0; scopes[i].claims && scopes[i].claims[c] != NULL; c++) {
			const struct claim *claim = claim_find(scopes[i].claims[c]);

			check(claim != NULL, scopes[i].claims[c]);
			check_text(claim->scope, scopes[i].name, claim->name);
			released++;
		}
	}
	assert_true(claims_count > 0 && claims[0].name != NULL);
	assert_int_equal(released, claims_count);
}

static void
test_realm_scope(void **state)
{
	struct scope own[] = {{.name = "photos"}, {.name = "email"}};
	struct realm realm = {.scopes = own, .scopes_count = COUNT(own)};
	size_t count;

	(void)state;
	assert_ptr_equal(realm_scope(&realm, "photos"), &own[0]);
	assert_ptr_equal(realm_scope(&realm, "openid"), scopes_standard(&count));
	/* a realm's own row stands before the standard one */
	assert_ptr_equal(realm_scope(&realm, "email"), &own[1]);
	assert_null(realm_scope(&realm, "videos"));
	assert_null(realm_scope(&realm, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_issuers),           arena_test(test_endpoint_names),
		cmocka_unit_test(test_names),       cmocka_unit_test(test_standard_scopes),
		cmocka_unit_test(test_realm_scope),
	};

	return cmocka_run_group_tests_name("realm", tests, NULL, NULL);
}
