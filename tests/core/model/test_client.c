/* SPDX-License-Identifier: ISC */
/*
 * Client metadata that is refused: every refusal with its exact lines first, then the caps. What is
 * good: test_client_write.c.
 */
#include "core/model/client.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "tests/core/base/check.h"

#define WHY_MAX 16384

/* one good redirect URI, so that a case is refused for its own reason alone */
#define REDIRECT            "\"redirect_uris\":[\"https://app.example/cb\"]"
#define LIST(name, item)    "{" REDIRECT ",\"" name "\":[\"" item "\"]}"
#define MEMBER(name, value) "{" REDIRECT ",\"" name "\":" value "}"
#define WEB(uri)            "{\"redirect_uris\":[\"" uri "\"]}"
#define NATIVE(uri)                                                                                \
	"{\"application_type\":\"native\",\"token_endpoint_auth_method\":\"none\","                \
	"\"redirect_uris\":[\"" uri "\"]}"

#define NOT_ABSOLUTE                                                                               \
	"not an absolute URI such as https://app.example/callback (RFC 6749 3.1.2, RFC 3986 "      \
	"4.3)\n"
#define HTTP_REDIRECT "http is for loopback hosts only; use https (RFC 8252 7.3, RFC 9700 2.6)\n"
#define NO_DOT                                                                                     \
	"a private-use scheme needs a dot, such as com.example.app:/callback (RFC 8252 7.1)\n"
#define NOT_NATIVE    "a private-use scheme is for application_type native (RFC 8252 7.1)\n"
#define NOT_A_PAGE    "not an absolute URL such as https://app.example/about (RFC 7591 2)\n"
#define NOT_AN_ORIGIN "not an origin such as https://app.example (RFC 6454 6.1)\n"
#define AS_BROWSERS                                                                                \
	"write it as browsers send it: lower case, no path, no default port (RFC 6454 6.1)\n"
#define CODE_TOGETHER                                                                              \
	"response_types: \"code\" and the grant type authorization_code go together (RFC 7591 "    \
	"2.1)\n"

struct sample {
	const char *name;
	const char *document;
	const char *why; /* "": good */
};

static void
check_samples(struct arena *arena, const struct sample *samples, size_t count)
{
	struct settings realm;

	settings_default(&realm);
	for (size_t i = 0; i < count; i++) {
		struct json_object *document =
			json_parse(arena, samples[i].document, strlen(samples[i].document), NULL);
		struct client client = {0};
		struct buf why;
		int result;

		check(document != NULL, samples[i].name);
		buf_init(&why, arena, WHY_MAX);
		client_default(&client, &realm);
		result = client_from_json(arena, document, &client, &why);
		check_text(why.size == 0 ? "" : why.data, samples[i].why, samples[i].name);
		check(result == (samples[i].why[0] == '\0' ? 0 : -1), samples[i].name);
	}
}

static const struct sample redirects[] = {
	{"empty", WEB(""), "redirect_uris[0]: it is empty\n"},
	{"relative", WEB("/cb"), "redirect_uris[0]: " NOT_ABSOLUTE},
	{"without scheme", WEB("//app.example/cb"), "redirect_uris[0]: " NOT_ABSOLUTE},
	{"no host", WEB("https:///cb"), "redirect_uris[0]: " NOT_ABSOLUTE},
	{"blank", WEB("https://app.example/a b"), "redirect_uris[0]: " NOT_ABSOLUTE},
	{"control character", WEB("https://app.example/\\n"),
	 "redirect_uris[0]: a control character is not allowed\n"},
	{"fragment", WEB("https://app.example/cb#x"),
	 "redirect_uris[0]: a fragment is not allowed (RFC 6749 3.1.2)\n"},
	{"empty fragment", WEB("https://app.example/cb#"),
	 "redirect_uris[0]: a fragment is not allowed (RFC 6749 3.1.2)\n"},
	{"fragment of a native one", NATIVE("com.example.app:/cb#x"),
	 "redirect_uris[0]: a fragment is not allowed (RFC 6749 3.1.2)\n"},
	{"user", WEB("https://app.example@evil.example/cb"),
	 "redirect_uris[0]: a user in the URI is not allowed (RFC 3986 7.5)\n"},
	{"user of a private-use scheme", NATIVE("com.example.app://a@b/cb"),
	 "redirect_uris[0]: a user in the URI is not allowed (RFC 3986 7.5)\n"},
	{"pattern", WEB("https://*.example/cb"),
	 "redirect_uris[0]: a pattern is not allowed: URIs are compared exactly (RFC 9700 2.1)\n"},
	{"http elsewhere", WEB("http://app.example/cb"), "redirect_uris[0]: " HTTP_REDIRECT},
	{"http elsewhere, native", NATIVE("http://app.example/cb"),
	 "redirect_uris[0]: " HTTP_REDIRECT},
	{"http on a host that begins like loopback", WEB("http://127.0.0.1.example/cb"),
	 "redirect_uris[0]: " HTTP_REDIRECT},
	{"javascript", WEB("javascript:alert(1)"), "redirect_uris[0]: " NO_DOT},
	{"javascript, native", NATIVE("javascript:alert(1)"), "redirect_uris[0]: " NO_DOT},
	{"javascript in capitals, native", NATIVE("JavaScript:alert(1)"),
	 "redirect_uris[0]: " NO_DOT},
	{"data, native", NATIVE("data:text/html,x"), "redirect_uris[0]: " NO_DOT},
	{"file, native", NATIVE("file:///etc/passwd"), "redirect_uris[0]: " NO_DOT},
	{"private-use scheme without dot, native", NATIVE("myapp:/cb"),
	 "redirect_uris[0]: " NO_DOT},
	{"private-use scheme of a web client", WEB("com.example.app:/cb"),
	 "redirect_uris[0]: " NOT_NATIVE},
	{"the second and the third",
	 "{\"redirect_uris\":[\"https://a.example\",\"x\",\"http://b.example/\"]}",
	 "redirect_uris[1]: " NOT_ABSOLUTE "redirect_uris[2]: " HTTP_REDIRECT},
	{"twice", "{\"redirect_uris\":[\"https://a.example\",\"https://a.example\"]}",
	 "redirect_uris[1]: given twice\n"},
	{"not a list", "{\"redirect_uris\":\"https://a.example\"}",
	 "redirect_uris: write a list of texts\n"},
	{"not texts", "{\"redirect_uris\":[1]}", "redirect_uris: write a list of texts\n"},
	{"null inside", "{\"redirect_uris\":[null]}", "redirect_uris: write a list of texts\n"},
	{"after signing out: relative", LIST("post_logout_redirect_uris", "/"),
	 "post_logout_redirect_uris[0]: " NOT_ABSOLUTE},
	{"after signing out: http", LIST("post_logout_redirect_uris", "http://app.example/"),
	 "post_logout_redirect_uris[0]: " HTTP_REDIRECT},

	{"https", WEB("https://app.example/cb"), ""},
	{"https with query and port", WEB("https://app.example:8443/cb?a=b"), ""},
	{"http on loopback", WEB("http://localhost:3000/cb"), ""},
	{"native loopback with port", NATIVE("http://127.0.0.1:4711/cb"), ""},
	{"native loopback, IPv6", NATIVE("http://[::1]/cb"), ""},
	{"private-use scheme", NATIVE("com.example.app:/cb"), ""},
	{"private-use scheme with authority", NATIVE("com.example.app://cb"), ""},
	{"claimed https, native", NATIVE("https://app.example/cb"), ""},
	{"after signing out", LIST("post_logout_redirect_uris", "https://app.example/bye"), ""},
};

static const struct sample members[] = {
	{"not an object", "[]", "client metadata: write an object (RFC 7591 3.1)\n"},
	{"unknown", MEMBER("redirect_uri", "\"https://app.example\""),
	 "redirect_uri: there is no such member\n"},
	{"unknown with a null", MEMBER("client_secret", "null"),
	 "client_secret: there is no such member\n"},
	{"unknown, unprintable", MEMBER("a\\nb", "1"), "(unprintable): there is no such member\n"},
	{"several at once", "{\"x\":1,\"client_name\":2,\"first_party\":3}",
	 "x: there is no such member\nclient_name: write text\nfirst_party: write true or false\n"},

	{"name is a number", MEMBER("client_name", "1"), "client_name: write text\n"},
	{"name is empty", MEMBER("client_name", "\"\""), "client_name: it is empty\n"},
	{"name that turns text round", MEMBER("client_name", "\"a\\u202eb\""),
	 "client_name: a character that controls how text is shown is not allowed\n"},
	{"name with an isolate", MEMBER("client_name", "\"a\\u2066b\""),
	 "client_name: a character that controls how text is shown is not allowed\n"},
	{"name with a control of Latin-1", MEMBER("client_name", "\"a\\u0085b\""),
	 "client_name: a character that controls how text is shown is not allowed\n"},
	{"name in Hebrew", MEMBER("client_name", "\"\\u05e9\\u05dc\\u05d5\\u05dd\""), ""},
	{"name with control characters", MEMBER("client_name", "\"a\\u001bb\""),
	 "client_name: a control character is not allowed\n"},
	{"name with DEL", MEMBER("client_name", "\"a\x7f\""),
	 "client_name: a control character is not allowed\n"},
	{"page is relative", MEMBER("client_uri", "\"/about\""), "client_uri: " NOT_A_PAGE},
	{"page is a script", MEMBER("tos_uri", "\"javascript:x\""), "tos_uri: " NOT_A_PAGE},
	{"logo is data", MEMBER("logo_uri", "\"data:image/png,x\""), "logo_uri: " NOT_A_PAGE},
	{"page by http", MEMBER("policy_uri", "\"http://app.example/\""),
	 "policy_uri: http is for loopback hosts only; use https\n"},
	{"page with a user", MEMBER("client_uri", "\"https://a@app.example/\""),
	 "client_uri: a user in the URI is not allowed (RFC 3986 7.5)\n"},

	{"origin null", LIST("origins", "null"), "origins[0]: " NOT_AN_ORIGIN},
	{"origin star", LIST("origins", "*"), "origins[0]: " NOT_AN_ORIGIN},
	{"origin pattern", LIST("origins", "https://*.example"),
	 "origins[0]: a pattern is not allowed: origins are compared exactly\n"},
	{"origin by http", LIST("origins", "http://app.example"),
	 "origins[0]: http is for loopback hosts only; use https\n"},
	{"origin of an app", LIST("origins", "com.example.app://x"), "origins[0]: " NOT_AN_ORIGIN},
	{"origin with slash", LIST("origins", "https://app.example/"), "origins[0]: " AS_BROWSERS},
	{"origin with path", LIST("origins", "https://app.example/a"), "origins[0]: " AS_BROWSERS},
	{"origin with query", LIST("origins", "https://app.example?a"), "origins[0]: " AS_BROWSERS},
	{"origin with fragment", LIST("origins", "https://app.example#a"),
	 "origins[0]: " AS_BROWSERS},
	{"origin with user", LIST("origins", "https://a@app.example"), "origins[0]: " AS_BROWSERS},
	{"origin in capitals", LIST("origins", "https://App.example"), "origins[0]: " AS_BROWSERS},
	{"origin with default port", LIST("origins", "https://app.example:443"),
	 "origins[0]: " AS_BROWSERS},

	{"application type", MEMBER("application_type", "\"mobile\""),
	 "application_type: write web or native\n"},
	{"application type is no text", MEMBER("application_type", "1"),
	 "application_type: write web or native\n"},
	{"authentication method", MEMBER("token_endpoint_auth_method", "\"private_key\""),
	 "token_endpoint_auth_method: write none, client_secret_basic, client_secret_post, "
	 "client_secret_jwt, private_key_jwt, tls_client_auth or self_signed_tls_client_auth\n"},
	{"introspection", MEMBER("introspection", "\"some\""), "introspection: write own or all\n"},
	{"grant type", MEMBER("grant_types", "[\"authorization_code\",\"password\"]"),
	 "grant_types[1]: write authorization_code, refresh_token, client_credentials, "
	 "urn:ietf:params:oauth:grant-type:device_code, "
	 "urn:ietf:params:oauth:grant-type:token-exchange or "
	 "urn:ietf:params:oauth:grant-type:jwt-bearer\n"},
	{"response type", MEMBER("response_types", "[\"token\"]"),
	 "response_types[0]: write code\n"},
	{"scope is a list", MEMBER("scope", "[\"openid\"]"),
	 "scope: write one text with blanks between the scopes (RFC 7591 2)\n"},
	{"scope with a quote", MEMBER("scope", "\"openid a\\\"b\""),
	 "scope[1]: not the name of a scope (RFC 6749 3.3)\n"},
	{"scope twice", MEMBER("scope", "\"openid openid\""), "scope[1]: given twice\n"},
	{"contacts", MEMBER("contacts", "{}"), "contacts: write a list of texts\n"},
	{"contact is empty", LIST("contacts", ""), "contacts[0]: it is empty\n"},
	{"profile", MEMBER("profile", "\"fapi9\""), "profile: there is no such profile\n"},
	{"first party as text", MEMBER("first_party", "\"true\""),
	 "first_party: write true or false\n"},
	{"auth time as number", MEMBER("require_auth_time", "1"),
	 "require_auth_time: write true or false\n"},
	{"age as text", MEMBER("default_max_age", "\"60\""),
	 "default_max_age: write a whole number from 0 to 315360000\n"},
	{"negative age", MEMBER("default_max_age", "-1"),
	 "default_max_age: write a whole number from 0 to 315360000\n"},
	{"age beyond the greatest", MEMBER("default_max_age", "315360001"),
	 "default_max_age: write a whole number from 0 to 315360000\n"},
	{"settings as text", MEMBER("settings", "\"x\""),
	 "settings: write an object of names and texts\n"},
	{"a realm's setting", MEMBER("settings", "{\"session_idle\":\"1h\"}"),
	 "settings: session_idle: only a realm has this setting\n"},
	{"a setting's value", MEMBER("settings", "{\"access_token_format\":\"x\"}"),
	 "settings: access_token_format: write jwt or opaque\n"},

	{"null is as good as absent", MEMBER("client_name", "null"), ""},
	{"age zero", MEMBER("default_max_age", "0"), ""},
	{"the greatest age", MEMBER("default_max_age", "315360000"), ""},
	{"page on loopback", MEMBER("client_uri", "\"http://localhost/about\""), ""},
	{"page with fragment", MEMBER("client_uri", "\"https://app.example/#about\""), ""},
	{"origin", LIST("origins", "https://app.example"), ""},
	{"origin with port", LIST("origins", "https://app.example:8443"), ""},
	{"origin on loopback", LIST("origins", "http://localhost:5173"), ""},
	{"empty scope", MEMBER("scope", "\"\""), ""},
};

static const struct sample together[] = {
	{"nothing", "{}",
	 "redirect_uris: the grant type authorization_code needs at least one (RFC 7591 2)\n"},
	{"no redirects", "{\"redirect_uris\":[]}",
	 "redirect_uris: the grant type authorization_code needs at least one (RFC 7591 2)\n"},
	{"code without its grant", "{\"grant_types\":[],\"response_types\":[\"code\"]}",
	 CODE_TOGETHER},
	{"grant without its code", "{" REDIRECT ",\"response_types\":[]}", CODE_TOGETHER},
	{"refresh token alone", "{\"grant_types\":[\"refresh_token\"]}",
	 "grant_types: refresh_token goes with a grant type that gives one: authorization_code or "
	 "device_code (RFC 6749 6)\n"},
	{"refresh token beside token exchange",
	 "{\"grant_types\":[\"refresh_token\",\"" GRANT_TYPE_TOKEN_EXCHANGE "\"]}",
	 "grant_types: refresh_token goes with a grant type that gives one: authorization_code or "
	 "device_code (RFC 6749 6)\n"},
	{"refresh token beside assertions",
	 "{\"grant_types\":[\"refresh_token\",\"" GRANT_TYPE_JWT_BEARER "\"]}",
	 "grant_types: refresh_token goes with a grant type that gives one: authorization_code or "
	 "device_code (RFC 6749 6)\n"},
	{"public client that looks at all tokens",
	 "{" REDIRECT ",\"token_endpoint_auth_method\":\"none\",\"introspection\":\"all\"}",
	 "introspection: a public client cannot prove who it is, so it cannot look at all tokens "
	 "(RFC 7662 2.1)\n"},
	{"public first party on loopback",
	 "{\"token_endpoint_auth_method\":\"none\",\"first_party\":true,"
	 "\"redirect_uris\":[\"https://app.example/cb\",\"http://127.0.0.1/cb\"]}",
	 "first_party: a public client with a loopback or private-use redirect has to ask for "
	 "consent (RFC 8252 8.6)\n"},
	{"public first party with https on loopback",
	 "{\"token_endpoint_auth_method\":\"none\",\"first_party\":true,"
	 "\"redirect_uris\":[\"https://localhost/cb\"]}",
	 "first_party: a public client with a loopback or private-use redirect has to ask for "
	 "consent (RFC 8252 8.6)\n"},
	{"public first party with a private-use scheme",
	 "{\"token_endpoint_auth_method\":\"none\",\"first_party\":true,"
	 "\"application_type\":\"native\",\"redirect_uris\":[\"com.example.app:/cb\"]}",
	 "first_party: a public client with a loopback or private-use redirect has to ask for "
	 "consent (RFC 8252 8.6)\n"},
	{"rules are told at once",
	 "{\"response_types\":[],\"introspection\":\"all\","
	 "\"token_endpoint_auth_method\":\"none\"}",
	 "redirect_uris: the grant type authorization_code needs at least one (RFC 7591 "
	 "2)\n" CODE_TOGETHER
	 "introspection: a public client cannot prove who it is, so it cannot look at all tokens "
	 "(RFC 7662 2.1)\n"},
	{"public first party by https",
	 "{" REDIRECT ",\"token_endpoint_auth_method\":\"none\",\"first_party\":true}", ""},
	{"confidential first party on loopback",
	 "{\"first_party\":true,\"redirect_uris\":[\"http://localhost/cb\"]}", ""},
	{"public on loopback that asks", NATIVE("http://127.0.0.1/cb"), ""},
	{"resource server", "{\"grant_types\":[],\"introspection\":\"all\"}", ""},
	{"null is as good as absent, response types",
	 "{\"grant_types\":[],\"response_types\":null}", ""},
	{"with refresh tokens",
	 "{" REDIRECT ",\"grant_types\":[\"authorization_code\",\"refresh_token\"]}", ""},
};

static void
test_redirects(void **state)
{
	check_samples(*state, redirects, COUNT(redirects));
}

static void
test_members(void **state)
{
	check_samples(*state, members, COUNT(members));
}

static void
test_together(void **state)
{
	check_samples(*state, together, COUNT(together));
}

/* A document with one list of count different items. */
static const char *
list_document(struct arena *arena, const char *name, const char *format, int count)
{
	const char *separator = strcmp(name, "scope") == 0 ? " " : "\",\"";
	bool is_redirect = strcmp(name, "redirect_uris") == 0;
	struct buf text;

	buf_init(&text, arena, JSON_TEXT_MAX);
	buf_printf(&text, "{%s%s\"%s\":%s\"", is_redirect ? "" : REDIRECT, is_redirect ? "" : ",",
		   name, separator[0] == ' ' ? "" : "[");
	for (int i = 0; i < count; i++)
		buf_printf(&text, "%s%s%d", i == 0 ? "" : separator, format, i);
	buf_printf(&text, "\"%s}", separator[0] == ' ' ? "" : "]");
	return text.data;
}

static void
test_list_caps(void **state)
{
	static const struct {
		const char *name, *item;
		int max;
	} lists[] = {
		{"redirect_uris", "https://a.example/", 64},
		{"post_logout_redirect_uris", "https://a.example/", 64},
		{"origins", "https://a", 64},
		{"contacts", "a", 64},
		{"scope", "a", 200},
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct sample cases[] = {
			{lists[i].name,
			 list_document(arena, lists[i].name, lists[i].item, lists[i].max + 1),
			 arena_printf(arena, "%s: more than %d items\n", lists[i].name,
				      lists[i].max)},
			{lists[i].name,
			 list_document(arena, lists[i].name, lists[i].item, lists[i].max), ""},
		};

		check_samples(arena, cases, COUNT(cases));
	}
}

/* Text of size bytes that begins with start. */
static const char *
long_text(struct arena *arena, const char *start, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	memset(text, 'a', size);
	memcpy(text, start, strlen(start));
	return text;
}

static void
test_text_caps(void **state)
{
	static const struct {
		const char *name, *start;
		size_t max;
	} texts[] = {
		{"client_name", "", 255},
		{"client_uri", "https://a.example/", URI_MAX},
		{"logo_uri", "https://a.example/", URI_MAX},
		{"policy_uri", "https://a.example/", URI_MAX},
		{"tos_uri", "https://a.example/", URI_MAX},
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *name = texts[i].name;
		size_t max = texts[i].max;
		struct sample cases[] = {
			{name,
			 arena_printf(arena, MEMBER("%s", "\"%s\""), name,
				      long_text(arena, texts[i].start, max + 1)),
			 arena_printf(arena, "%s: more than %zu bytes\n", name, max)},
			{name,
			 arena_printf(arena, MEMBER("%s", "\"%s\""), name,
				      long_text(arena, texts[i].start, max)),
			 ""},
		};

		check_samples(arena, cases, COUNT(cases));
	}
	const struct sample contact[] = {
		{"contact",
		 arena_printf(arena, LIST("contacts", "%s"), long_text(arena, "", URI_MAX + 1)),
		 "contacts[0]: more than 2048 bytes\n"},
		{"contact",
		 arena_printf(arena, LIST("contacts", "%s"), long_text(arena, "", URI_MAX)), ""},
	};

	check_samples(arena, contact, COUNT(contact));
}

/* Each member small enough, the document too large; and one byte less. */
static void
test_document_cap(void **state)
{
	struct arena *arena = *state;

	for (size_t over = 2; over-- > 0;) {
		struct json_object *document = json_new_object(arena);
		struct json_object *contacts = json_new_array(arena);
		struct client client = {0};
		struct settings realm;
		struct buf why;
		size_t size;

		json_add(document, "grant_types", json_new_array(arena));
		json_add(document, "contacts", contacts);
		for (int i = 0; i < 15; i++)
			json_push_text(contacts,
				       long_text(arena, arena_printf(arena, "%d-", i), URI_MAX));
		(void)json_write(arena, document, &size);
		/* a comma and two quotes come with the last one */
		json_push_text(contacts,
			       long_text(arena, "x", CLIENT_METADATA_MAX - size - 3 + over));
		settings_default(&realm);
		client_default(&client, &realm);
		buf_init(&why, arena, WHY_MAX);
		check(client_from_json(arena, document, &client, &why) == (over ? -1 : 0),
		      over ? "too large" : "the largest");
		check_text(why.size == 0 ? "" : why.data,
			   over ? "client metadata: 32769 bytes are more than 32768\n" : "",
			   "size");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_redirects), arena_test(test_members),
		arena_test(test_together),  arena_test(test_list_caps),
		arena_test(test_text_caps), arena_test(test_document_cap),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
