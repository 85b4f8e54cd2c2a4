/* SPDX-License-Identifier: ISC */
/*
 * URIs: refused ones first, then their parts, origins, loopback hosts and request targets.
 */
#include "core/base/uri.h"

#include "core/base/buf.h"

#include "check.h"

static const struct {
	const char *name;
	const char *text;
} refused[] = {
	{"NULL", NULL},
	{"empty", ""},
	{"no scheme", "//host/path"},
	{"path only", "/path"},
	{"colon in front", "://host/"},
	{"digit in front", "1http://host/"},
	{"bad scheme character", "ht_tp://host/"},
	{"blank in front", " http://host/"},
	{"blank behind", "http://host/ "},
	{"blank inside", "http://host/a b"},
	{"newline", "http://host/\n"},
	{"tab in the host", "http://ho\tst/"},
	{"DEL", "http://host/\x7f"},
	{"quote", "http://host/\"x"},
	{"less than", "http://host/<x"},
	{"backslash in the path", "http://host\\@evil/"},
	{"backslash", "http://host/a\\b"},
	{"caret", "http://host/^"},
	{"backquote", "http://host/`"},
	{"brace", "http://host/{x}"},
	{"bar in the query", "http://host/?a|b"},
	{"bracket in the path", "http://host/[x]"},
	{"bracket in the query", "http://host/?a[]=1"},
	{"non-ASCII host", "http://h\xC3\xB6st/"},
	{"non-ASCII path", "http://host/\xC3\xB6"},
	{"second fragment", "http://host/#a#b"},
	{"escape without digits", "http://host/%"},
	{"escape of one digit", "http://host/%4"},
	{"escape that is none", "http://host/%4g"},
	{"escape cut by the query", "http://host/%4?1"},
	{"bad escape in the query", "http://host/?%zz"},
	{"bad escape in the fragment", "http://host/#%zz"},
	{"bad escape in the host", "http://h%zzst/"},
	{"bad escape in the userinfo", "http://u%z@host/"},
	{"no host", "http:///path"},
	{"no authority", "https:path"},
	{"no authority, path", "https:/path"},
	{"port without host", "http://:80/"},
	{"userinfo without host", "http://user@/"},
	{"port 0", "http://host:0/"},
	{"port 65536", "http://host:65536/"},
	{"port of six digits", "http://host:000080/"},
	{"port with a zero in front", "http://host:080/"},
	{"empty port", "http://host:/"},
	{"port of letters", "http://host:http/"},
	{"port with a sign", "http://host:+80/"},
	{"negative port", "http://host:-80/"},
	{"two ports", "http://host:80:80/"},
	{"two at signs", "http://a@b@host/"},
	{"IPv6 without brackets", "http://::1/"},
	{"IPv6 not closed", "http://[::1/"},
	{"IPv6, text behind", "http://[::1]x/"},
	{"IPv6 with a zone", "http://[fe80::1%25eth0]/"},
	{"IPv6, not an address", "http://[::zz]/"},
	{"IPv6, empty", "http://[]/"},
	{"IPv6, IPv4 inside", "http://[127.0.0.1]/"},
	{"IPv6, port 0", "http://[::1]:0/"},
	{"future address", "http://[v1.x]/"},
	{"slash in the userinfo ends it", "http://user:/@host/"},
};

static void
test_refused(void **state)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct uri uri;

		check(uri_parse(*state, refused[i].text, &uri) == -1, refused[i].name);
	}
}

static void
test_length(void **state)
{
	char text[URI_MAX + 2];
	struct uri uri;

	memset(text, 'a', sizeof(text));
	memcpy(text, "a:", 2);
	text[URI_MAX + 1] = '\0';
	assert_int_equal(uri_parse(*state, text, &uri), -1);
	text[URI_MAX] = '\0';
	assert_int_equal(uri_parse(*state, text, &uri), 0);
}

static const struct {
	const char *text; /* the name too */
	struct uri uri;
	const char *origin;
	bool is_loopback;
} parsed[] = {
	{"https://Example.COM",
	 {"https", NULL, "example.com", false, -1, "", NULL, NULL},
	 "https://example.com",
	 false},
	{"HTTPS://host:443/a/b?q=1&r#f",
	 {"https", NULL, "host", false, 443, "/a/b", "q=1&r", "f"},
	 "https://host",
	 false},
	{"http://host:443/",
	 {"http", NULL, "host", false, 443, "/", NULL, NULL},
	 "http://host:443",
	 false},
	{"http://host:80?", {"http", NULL, "host", false, 80, "", "", NULL}, "http://host", false},
	{"https://host:80#",
	 {"https", NULL, "host", false, 80, "", NULL, ""},
	 "https://host:80",
	 false},
	{"http://user:pw@host:65535/",
	 {"http", "user:pw", "host", false, 65535, "/", NULL, NULL},
	 "http://host:65535",
	 false},
	{"http://@host:1/",
	 {"http", "", "host", false, 1, "/", NULL, NULL},
	 "http://host:1",
	 false},
	{"http://[::1]:8080/cb",
	 {"http", NULL, "::1", true, 8080, "/cb", NULL, NULL},
	 "http://[::1]:8080",
	 true},
	{"https://[2001:DB8::1]/",
	 {"https", NULL, "2001:db8::1", true, -1, "/", NULL, NULL},
	 "https://[2001:db8::1]",
	 false},
	{"http://[0:0:0:0:0:0:0:1]/",
	 {"http", NULL, "0:0:0:0:0:0:0:1", true, -1, "/", NULL, NULL},
	 "http://[0:0:0:0:0:0:0:1]",
	 true},
	{"http://[::ffff:127.0.0.1]/",
	 {"http", NULL, "::ffff:127.0.0.1", true, -1, "/", NULL, NULL},
	 "http://[::ffff:127.0.0.1]",
	 false},
	{"http://127.0.0.1:3000/cb",
	 {"http", NULL, "127.0.0.1", false, 3000, "/cb", NULL, NULL},
	 "http://127.0.0.1:3000",
	 true},
	{"http://127.255.255.254",
	 {"http", NULL, "127.255.255.254", false, -1, "", NULL, NULL},
	 "http://127.255.255.254",
	 true},
	{"http://LocalHost/",
	 {"http", NULL, "localhost", false, -1, "/", NULL, NULL},
	 "http://localhost",
	 true},
	{"com.example.app:/cb",
	 {"com.example.app", NULL, NULL, false, -1, "/cb", NULL, NULL},
	 NULL,
	 false},
	{"urn:ietf:wg:oauth:2.0:oob",
	 {"urn", NULL, NULL, false, -1, "ietf:wg:oauth:2.0:oob", NULL, NULL},
	 NULL,
	 false},
	{"app://", {"app", NULL, "", false, -1, "", NULL, NULL}, NULL, false},
	{"file:///x", {"file", NULL, "", false, -1, "/x", NULL, NULL}, NULL, false},
	{"a+b-c.9:x?y#z", {"a+b-c.9", NULL, NULL, false, -1, "x", "y", "z"}, NULL, false},
	{"https://host/%2F%c3%A9;a=b,c@:!$&'()*+?/?:@#/?:@",
	 {"https", NULL, "host", false, -1, "/%2F%c3%A9;a=b,c@:!$&'()*+", "/?:@", "/?:@"},
	 "https://host",
	 false},
	{"https://host?a/b#c?d",
	 {"https", NULL, "host", false, -1, "", "a/b", "c?d"},
	 "https://host",
	 false},
	{"https://host#@evil/",
	 {"https", NULL, "host", false, -1, "", NULL, "@evil/"},
	 "https://host",
	 false},
};

static void
test_parts(void **state)
{
	for (size_t i = 0; i < COUNT(parsed); i++) {
		const char *name = parsed[i].text;
		const struct uri *wanted = &parsed[i].uri;
		struct uri uri;

		check(uri_parse(*state, parsed[i].text, &uri) == 0, name);
		check_text(uri.scheme, wanted->scheme, name);
		check_text(uri.userinfo, wanted->userinfo, name);
		check_text(uri.host, wanted->host, name);
		check(uri.host_is_ipv6 == wanted->host_is_ipv6, name);
		check(uri.port == wanted->port, name);
		check_text(uri.path, wanted->path, name);
		check_text(uri.query, wanted->query, name);
		check_text(uri.fragment, wanted->fragment, name);
		check_text(uri_origin(*state, &uri), parsed[i].origin, name);
		check(uri_host_is_loopback(&uri) == parsed[i].is_loopback, name);
	}
}

static void
test_not_loopback(void **state)
{
	static const char *const hosts[] = {
		"128.0.0.1",           "126.255.255.255", "127.1",      "127.0.0.256",
		"127.0.0.01",          "0127.0.0.1",      "127.0.0.1.", "127.0.0.1.example.com",
		"127.0.0.x",           "0x7f.0.0.1",      "2130706433", "localhost.",
		"localhost.evil.test", "notlocalhost",    "0.0.0.0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct uri uri = {.scheme = "http", .host = hosts[i], .port = -1};

		check(!uri_host_is_loopback(&uri), hosts[i]);
	}
}

static const struct {
	const char *target; /* the name too */
	const char *path;
	const char *query;
} targets[] = {
	{"", NULL, ""},
	{"*", NULL, ""},
	{"path", NULL, ""},
	{"?q", NULL, "q"},
	{"//", NULL, ""},
	{"//a", NULL, ""},
	{"/a//b", NULL, ""},
	{"/a//", NULL, ""},
	{"/.", NULL, ""},
	{"/..", NULL, ""},
	{"/./a", NULL, ""},
	{"/a/../b", NULL, ""},
	{"/a/..", NULL, ""},
	{"/a/.", NULL, ""},
	{"/a/%2e%2e/b", NULL, ""},
	{"/a/%2E/b", NULL, ""},
	{"/a/.%2e", NULL, ""},
	{"/a%2Fb", NULL, ""},
	{"/a%2fb", NULL, ""},
	{"/a%00b", NULL, ""},
	{"/a%", NULL, ""},
	{"/a%2", NULL, ""},
	{"/a%2?f", NULL, "f"},
	{"/a%zz", NULL, ""},
	{"/a%20b", NULL, ""},
	{"/a b", NULL, ""},
	{"/a\tb", NULL, ""},
	{"/a%0a", NULL, ""},
	{"/a%7f", NULL, ""},
	{"/a\x7f", NULL, ""},
	{"/a\xC3\xA9", NULL, ""},
	{"/a%C3%A9", NULL, ""},
	{"http://host", NULL, ""},
	{"http://host?q", NULL, "q"},
	{"http://host//a", NULL, ""},
	{"http:/a", NULL, ""},
	{"1http://host/a", NULL, ""},
	{"/", "/", ""},
	{"/a", "/a", ""},
	{"/a/", "/a/", ""},
	{"/a/b?x=1&y=%2F", "/a/b", "x=1&y=%2F"},
	{"/a?", "/a", ""},
	{"/a?b?c", "/a", "b?c"},
	{"/a#f", "/a", ""},
	{"/a#f?q", "/a", ""},
	{"/a?q#f?x", "/a", "q"},
	{"/a?/../b", "/a", "/../b"},
	{"/%61%2Db", "/a-b", ""},
	{"/%2561", "/%61", ""},
	{"/%252F", "/%2F", ""},
	{"/%3F", "/?", ""},
	{"/...", "/...", ""},
	{"/.well-known/x", "/.well-known/x", ""},
	{"/..a/a../b.", "/..a/a../b.", ""},
	{"http://host/a?q", "/a", "q"},
	{"HTTPS://u@[::1]:80/a", "/a", ""},
	{"http:///a", "/a", ""},
	{"/http://host/a", NULL, ""},
};

static void
test_targets(void **state)
{
	for (size_t i = 0; i < COUNT(targets); i++) {
		const char *target = targets[i].target;

		check_text(uri_request_path(*state, target), targets[i].path, target);
		check_text(uri_request_query(*state, target), targets[i].query, target);
	}
}

static void
test_parameters(void **state)
{
	struct buf buf;
	char separator = '?';

	buf_init(&buf, *state, 100);
	buf_add_text(&buf, "https://host/");
	uri_add_parameter(&buf, &separator, "code", "a b&c=d#");
	uri_add_parameter(&buf, &separator, "st/te", "");
	assert_string_equal(buf.data, "https://host/?code=a%20b%26c%3Dd%23&st%2Fte=");
	separator = '#';
	uri_add_parameter(&buf, &separator, "x", "\xC3\xA9");
	assert_non_null(strstr(buf.data, "#x=%C3%A9"));
	assert_int_equal(separator, '&');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_refused), arena_test(test_length),
		arena_test(test_parts),   cmocka_unit_test(test_not_loopback),
		arena_test(test_targets), arena_test(test_parameters),
	};

	return cmocka_run_group_tests_name("base uri", tests, NULL, NULL);
}
