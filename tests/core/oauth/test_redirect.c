/* SPDX-License-Identifier: ISC */
/*
 * The redirect gate: a URI is registered byte for byte, but for the port of a native application's
 * loopback redirect (RFC 8252 7.3), and every look-alike is another one.
 */
#include "core/oauth/authz/redirect.h"

#include "core/model/client.h"
#include "tests/core/base/check.h"

static bool
registered(struct arena *arena, enum application_type type, const char *uri, const char *sent)
{
	const char *items[] = {"https://other.example/cb", uri};
	struct client client = {
		.application_type = type,
		.redirect_uris = {items, COUNT(items)},
	};

	return redirect_uri_registered(arena, &client, sent);
}

#define WEB "https://app.example/cb"

static const struct {
	const char *name, *uri, *sent;
	bool web, native;
} cases[] = {
	/* look-alikes */
	{"empty", WEB, "", false, false},
	{"no URI", WEB, "cb", false, false},
	{"trailing slash", WEB, WEB "/", false, false},
	{"without its trailing slash", WEB "/", WEB, false, false},
	{"a path more", WEB, WEB "/x", false, false},
	{"a prefix", WEB, "https://app.example/c", false, false},
	{"path case", WEB, "https://app.example/CB", false, false},
	{"host case", WEB, "https://APP.example/cb", false, false},
	{"scheme case", WEB, "HTTPS://app.example/cb", false, false},
	{"http", WEB, "http://app.example/cb", false, false},
	{"default port", WEB, "https://app.example:443/cb", false, false},
	{"another port", WEB, "https://app.example:8443/cb", false, false},
	{"another host", WEB, "https://evil.example/cb", false, false},
	{"host as suffix", WEB, "https://evilapp.example/cb", false, false},
	{"host as prefix", WEB, "https://app.example.evil.example/cb", false, false},
	{"host as user", WEB, "https://app.example@evil.example/cb", false, false},
	{"host as user and password", WEB, "https://app.example:x@evil.example/cb", false, false},
	{"host with a dot behind", WEB, "https://app.example./cb", false, false},
	{"a query added", WEB, WEB "?x=1", false, false},
	{"an empty query added", WEB, WEB "?", false, false},
	{"a fragment added", WEB, WEB "#x", false, false},
	{"an empty fragment added", WEB, WEB "#", false, false},
	{"dot segments", WEB, "https://app.example/x/../cb", false, false},
	{"escaped letter", WEB, "https://app.example/%63b", false, false},
	{"blank behind", WEB, WEB " ", false, false},
	{"blank in front", WEB, " " WEB, false, false},
	{"newline behind", WEB, WEB "\n", false, false},
	{"backslash", WEB, "https://evil.example\\@app.example/cb", false, false},
	{"two in one", WEB, WEB " https://evil.example/cb", false, false},
	{"another query", WEB "?a=1", WEB "?a=2", false, false},
	{"query left out", WEB "?a=1", WEB, false, false},
	{"query and more", WEB "?a=1", WEB "?a=1&b=2", false, false},

	/* loopback, where more than the port differs */
	{"loopback: another path", "http://127.0.0.1/cb", "http://127.0.0.1:5000/c", false, false},
	{"loopback: trailing slash", "http://127.0.0.1/cb", "http://127.0.0.1:5000/cb/", false,
	 false},
	{"loopback: path case", "http://127.0.0.1/cb", "http://127.0.0.1:5000/CB", false, false},
	{"loopback: another address", "http://127.0.0.1/cb", "http://127.0.0.2:5000/cb", false,
	 false},
	{"loopback: the name for the address", "http://127.0.0.1/cb", "http://localhost:5000/cb",
	 false, false},
	{"loopback: the address for the name", "http://localhost/cb", "http://127.0.0.1:5000/cb",
	 false, false},
	{"loopback: IPv6 for IPv4", "http://127.0.0.1/cb", "http://[::1]:5000/cb", false, false},
	{"loopback: https", "http://127.0.0.1/cb", "https://127.0.0.1:5000/cb", false, false},
	{"loopback: a query added", "http://127.0.0.1/cb", "http://127.0.0.1:5000/cb?x", false,
	 false},
	{"loopback: another query", "http://127.0.0.1/cb?a=1", "http://127.0.0.1:5000/cb?a=2",
	 false, false},
	{"loopback: a fragment added", "http://127.0.0.1/cb", "http://127.0.0.1:5000/cb#x", false,
	 false},
	{"loopback: a user added", "http://127.0.0.1/cb", "http://x@127.0.0.1:5000/cb", false,
	 false},
	{"loopback as user", "http://127.0.0.1/cb", "http://127.0.0.1:5000@evil.example/cb", false,
	 false},
	{"loopback as prefix", "http://127.0.0.1/cb", "http://127.0.0.1.evil.example:5000/cb",
	 false, false},
	{"localhost as prefix", "http://localhost/cb", "http://localhost.evil.example:5000/cb",
	 false, false},
	{"localhost as suffix", "http://localhost/cb", "http://evil-localhost:5000/cb", false,
	 false},
	{"loopback: port 0", "http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false, false},
	{"loopback: port too great", "http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false,
	 false},
	{"loopback: port is no number", "http://127.0.0.1/cb", "http://127.0.0.1:5000x/cb", false,
	 false},
	{"loopback: octal", "http://127.0.0.1/cb", "http://0177.0.0.1:5000/cb", false, false},
	{"loopback: short", "http://127.0.0.1/cb", "http://127.1:5000/cb", false, false},
	{"loopback: all addresses", "http://127.0.0.1/cb", "http://0.0.0.0:5000/cb", false, false},
	{"not loopback: another port", "http://192.0.2.1/cb", "http://192.0.2.1:5000/cb", false,
	 false},

	/* custom schemes */
	{"scheme: a path more", "com.example.app:/cb", "com.example.app:/cb/x", false, false},
	{"scheme: case", "com.example.app:/cb", "com.example.App:/cb", false, false},
	{"scheme: an authority", "com.example.app:/cb", "com.example.app://cb", false, false},
	{"scheme: another", "com.example.app:/cb", "com.example.apps:/cb", false, false},

	/* what is registered */
	{"exact", WEB, WEB, true, true},
	{"exact with a query", WEB "?a=1", WEB "?a=1", true, true},
	{"exact, the first of two", WEB, "https://other.example/cb", true, true},
	{"exact custom scheme", "com.example.app:/cb", "com.example.app:/cb", true, true},
	{"exact loopback", "http://127.0.0.1:5000/cb", "http://127.0.0.1:5000/cb", true, true},
	{"IPv4: a port added", "http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", false, true},
	{"IPv4: another port", "http://127.0.0.1:5000/cb", "http://127.0.0.1:5001/cb", false, true},
	{"IPv4: port left out", "http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", false, true},
	{"IPv6: another port", "http://[::1]:5000/cb", "http://[::1]:65535/cb", false, true},
	{"localhost: another port", "http://localhost/cb", "http://localhost:5000/cb", false, true},
	{"port beside the same query", "http://127.0.0.1/cb?a=1", "http://127.0.0.1:5000/cb?a=1",
	 false, true},
};

static void
comparison(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		check(registered(arena, APPLICATION_WEB, cases[i].uri, cases[i].sent) ==
			      cases[i].web,
		      cases[i].name);
		check(registered(arena, APPLICATION_NATIVE, cases[i].uri, cases[i].sent) ==
			      cases[i].native,
		      cases[i].name);
	}
}

static void
nothing_registered(void **state)
{
	const struct client client = {.application_type = APPLICATION_NATIVE};

	check(!redirect_uri_registered(*state, &client, "http://127.0.0.1/cb"), "none");
	check(!redirect_uri_registered(*state, &client, ""), "none, empty");
}

static void
local(void **state)
{
	static const struct {
		const char *name, *uri;
		bool local;
	} uris[] = {
		{"https", WEB, false},
		{"http", "http://app.example/cb", false},
		{"scheme in capitals", "HTTPS://app.example/cb", false},
		{"localhost as prefix", "https://localhost.example/cb", false},
		{"loopback as prefix", "https://127.0.0.1.example/cb", false},
		{"loopback as user", "https://127.0.0.1@app.example/cb", false},
		{"private address", "http://10.0.0.1/cb", false},
		{"no URI", "cb", false},
		{"IPv4", "http://127.0.0.1/cb", true},
		{"IPv4 with port", "http://127.0.0.1:5000/cb", true},
		{"the whole of 127/8", "http://127.255.0.1/cb", true},
		{"IPv6", "http://[::1]:5000/cb", true},
		{"localhost", "http://localhost/cb", true},
		{"https on loopback", "https://localhost/cb", true},
		{"custom scheme", "com.example.app:/cb", true},
		{"custom scheme with a host", "com.example.app://app.example/cb", true},
	};

	for (size_t i = 0; i < COUNT(uris); i++)
		check(redirect_uri_is_local(*state, uris[i].uri) == uris[i].local, uris[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(comparison),
		arena_test(nothing_registered),
		arena_test(local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
