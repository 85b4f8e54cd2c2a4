/* SPDX-License-Identifier: ISC */
/*
 * From CGI variables to a request: what is taken, what is refused, repeated and joined headers,
 * cookies that somebody else planted, credentials.
 */
#include "core/http/request.h"

#include "core/base/str.h"
#include "tests/core/base/check.h"

#define VARIABLES_MAX 16

/* Reads variables, to which a good method and target are added unless they are there. */
static int
read_request(struct arena *arena, const char *const *given, struct http_request *request)
{
	char *variables[VARIABLES_MAX] = {0};
	size_t count = 0;
	bool method = false, target = false;

	for (; given[count]; count++) {
		variables[count] = arena_strdup(arena, given[count]);
		method |= str_starts(given[count], "REQUEST_METHOD");
		target |= str_starts(given[count], "REQUEST_URI");
	}
	if (!method)
		variables[count++] = arena_strdup(arena, "REQUEST_METHOD=GET");
	if (!target)
		variables[count++] = arena_strdup(arena, "REQUEST_URI=/x");
	return http_request_read(arena, variables, request);
}

static void
what_is_taken(void **state)
{
	static const char *const given[] = {
		"REQUEST_METHOD=POST",
		"REQUEST_URI=/a/b%20c?x=1&y=%2F",
		"SCRIPT_NAME=/evil",
		"PATH_INFO=/evil",
		"HTTP_HOST=evil.example",
		"HTTP_X_FORWARDED_FOR=203.0.113.9",
		"HTTP_X_FORWARDED_PROTO=https",
		"HTTP_OSTIARY_VHOST=evil",
		"REMOTE_ADDR=192.0.2.1",
		"CONTENT_LENGTH=12",
		"CONTENT_TYPE=text/plain",
		"HTTP_USER_AGENT=agent=with=signs",
		NULL,
	};
	struct http_request request;

	assert_int_equal(read_request(*state, given, &request), 0);
	assert_int_equal(request.method, HTTP_POST);
	check_text(request.path, NULL, "a blank in the path is not acceptable");
	check_text(request.query, "x=1&y=%2F", "query");
	check_text(request.address, "192.0.2.1", "address");
	check_text(request.vhost, NULL, "a header is not the parameter");
	check_text(request.user_agent, "agent=with=signs", "value with signs");
	check_text(request.content_type, "text/plain", "type");
	check_text(request.body, "", "no body yet");
	check_text(request.cookie, NULL, "not sent");
	assert_int_equal(request.content_length, 12);
	assert_int_equal(request.body_state, HTTP_BODY_WHOLE);
	assert_false(request.https);
}

static const struct {
	const char *name, *variable;
	enum http_method method;
} methods[] = {
	{"GET", "REQUEST_METHOD=GET", HTTP_GET},
	{"HEAD", "REQUEST_METHOD=HEAD", HTTP_HEAD},
	{"POST", "REQUEST_METHOD=POST", HTTP_POST},
	{"OPTIONS", "REQUEST_METHOD=OPTIONS", HTTP_OPTIONS},
	{"lower case", "REQUEST_METHOD=get", HTTP_OTHER},
	{"empty", "REQUEST_METHOD=", HTTP_OTHER},
	{"longer", "REQUEST_METHOD=GETX", HTTP_OTHER},
	{"PUT", "REQUEST_METHOD=PUT", HTTP_PUT},
	{"DELETE", "REQUEST_METHOD=DELETE", HTTP_DELETE},
	{"PATCH", "REQUEST_METHOD=PATCH", HTTP_OTHER},
};

static void
every_method(void **state)
{
	for (size_t i = 0; i < COUNT(methods); i++) {
		const char *const given[] = {methods[i].variable, NULL};
		struct http_request request;

		check(read_request(*state, given, &request) == 0, methods[i].name);
		check(request.method == methods[i].method, methods[i].name);
	}
}

static const struct {
	const char *text;
	bool https;
} schemes[] = {
	{"HTTPS=on", true},       {"HTTPS=ON", true}, {"HTTPS=off", false}, {"HTTPS=", false},
	{"HTTP_HTTPS=on", false}, {"HTTPS=1", false}, {"XHTTPS=on", false}, {"HTTPS=on, on", false},
};

static void
https_is_the_web_servers_word(void **state)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		const char *const given[] = {schemes[i].text, NULL};
		struct http_request request;

		check(read_request(*state, given, &request) == 0, schemes[i].text);
		check(request.https == schemes[i].https, schemes[i].text);
	}
}

static const struct {
	const char *text;
	int verdict;
	int64_t length;
} lengths[] = {
	{"CONTENT_LENGTH=", 0, -1},
	{"CONTENT_LENGTH=0", 0, 0},
	{"CONTENT_LENGTH=65537", 0, 65537},
	{"CONTENT_LENGTH=-1", -1, 0},
	{"CONTENT_LENGTH=+1", -1, 0},
	{"CONTENT_LENGTH=1 ", -1, 0},
	{"CONTENT_LENGTH=1, 1", -1, 0},
	{"CONTENT_LENGTH=0x1", -1, 0},
	{"CONTENT_LENGTH=99999999999999999999", -1, 0},
};

static void
lengths_are_numbers(void **state)
{
	for (size_t i = 0; i < COUNT(lengths); i++) {
		const char *const given[] = {lengths[i].text, NULL};
		struct http_request request;

		check(read_request(*state, given, &request) == lengths[i].verdict, lengths[i].text);
		if (lengths[i].verdict == 0)
			check(request.content_length == lengths[i].length, lengths[i].text);
	}
}

/* A maximum is reached but not passed. */
static const struct {
	const char *name;
	size_t max;
} maxima[] = {
	{"REQUEST_METHOD", 32},
	{"REQUEST_URI", HTTP_TARGET_MAX},
	{"HTTPS", 16},
	{"REMOTE_ADDR", 64},
	{"OSTIARY_VHOST", 255},
	{"CONTENT_TYPE", 255},
	{"HTTP_AUTHORIZATION", HTTP_HEADER_MAX},
	{"HTTP_COOKIE", HTTP_HEADER_MAX},
	{"HTTP_ORIGIN", 512},
	{"HTTP_ACCEPT_LANGUAGE", HTTP_HEADER_MAX},
	{"HTTP_USER_AGENT", HTTP_HEADER_MAX},
	{"HTTP_IF_NONE_MATCH", HTTP_HEADER_MAX},
};

static void
everything_has_a_maximum(void **state)
{
	for (size_t i = 0; i < COUNT(maxima); i++) {
		char *text = arena_alloc(*state, maxima[i].max + 64);
		const char *const given[] = {text, NULL};
		size_t size = strlen(maxima[i].name);
		struct http_request request;

		memcpy(text, maxima[i].name, size);
		text[size] = '=';
		memset(text + size + 1, '/', maxima[i].max + 1);
		check(read_request(*state, given, &request) == -1, maxima[i].name);
		text[size + 1 + maxima[i].max] = '\0';
		check(read_request(*state, given, &request) == 0, maxima[i].name);
	}
}

static void
what_must_be_there(void **state)
{
	char method[] = "REQUEST_METHOD=GET", target[] = "REQUEST_URI=/";
	char *const no_target[] = {method, NULL}, *const no_method[] = {target, NULL};
	char *const both[] = {method, target, NULL};
	struct http_request request;

	assert_int_equal(http_request_read(*state, no_target, &request), -1);
	assert_int_equal(http_request_read(*state, no_method, &request), -1);
	assert_int_equal(http_request_read(*state, both, &request), 0);
	check_text(request.address, "", "no address");
	check_text(request.path, "/", "path");
	check_text(request.query, "", "query");
	assert_int_equal(request.content_length, -1);
}

/* Nothing points into the web server's memory afterwards. */
static void
values_are_copied(void **state)
{
	char method[] = "REQUEST_METHOD=GET", target[] = "REQUEST_URI=/abc";
	char cookie[] = "HTTP_COOKIE=a=b";
	char *const variables[] = {method, target, cookie, NULL};
	struct http_request request;

	assert_int_equal(http_request_read(*state, variables, &request), 0);
	memset(target, 'z', strlen(target));
	memset(cookie, 'z', strlen(cookie));
	check_text(request.path, "/abc", "path");
	check_text(request.cookie, "a=b", "cookie");
}

/* ---- cookies ---- */

static const struct {
	const char *name, *first, *second; /* headers; second NULL: one only */
	const char *value;                 /* of the cookie "a"; NULL: none */
} cookies[] = {
	{"alone", "a=1", NULL, "1"},
	{"among others", "x=y; a=1; b=2", NULL, "1"},
	{"behind a comma, in another's value", "x=y, a=1", NULL, NULL},
	{"behind a comma without blank", "x=y,a=1", NULL, NULL},
	{"with a comma", "a=1,b=2", NULL, "1,b=2"},
	{"two headers", "x=y", "a=1", "1"},
	{"empty", "a=", NULL, ""},
	{"value with signs", "a=1=2==", NULL, "1=2=="},
	{"no blank", "x=y;a=1", NULL, "1"},
	{"planted", "a=1; a=2", NULL, NULL},
	{"planted in another header", "a=1", "a=2", NULL},
	{"planted thrice", "a=1; a=1; a=2", NULL, NULL},
	{"twice the same", "a=1; a=1", NULL, "1"},
	{"longer name", "aa=1; xa=2", NULL, NULL},
	{"other case", "A=1", NULL, NULL},
	{"no sign", "a; b=1", NULL, NULL},
	{"none", "b=1", NULL, NULL},
	{"nothing", "", NULL, NULL},
	{"separators", ";;, ;,", NULL, NULL},
};

static void
cookies_by_name(void **state)
{
	for (size_t i = 0; i < COUNT(cookies); i++) {
		const char *second = cookies[i].second;
		const char *const given[] = {
			arena_printf(*state, "HTTP_COOKIE=%s", cookies[i].first),
			second ? arena_printf(*state, "HTTP_COOKIE=%s", second) : NULL, NULL};
		struct http_request request;

		check(read_request(*state, given, &request) == 0, cookies[i].name);
		check_text(http_cookie(*state, &request, "a"), cookies[i].value, cookies[i].name);
	}
}

static void
no_cookies(void **state)
{
	const struct http_request request = {0};

	check_text(http_cookie(*state, &request, "a"), NULL, "no header");
}

/* The maximum is of all of them together. */
static void
many_cookie_headers(void **state)
{
	char *half = arena_alloc(*state, HTTP_HEADER_MAX);
	const char *const given[] = {half, half, half, NULL};
	struct http_request request;

	memset(half, 'x', HTTP_HEADER_MAX / 2);
	memcpy(half, "HTTP_COOKIE=", 12);
	assert_int_equal(read_request(*state, given, &request), -1);
}

/* ---- credentials ---- */

static const struct {
	const char *name, *header, *scheme, *value;
	bool malformed;
} credentials[] = {
	{"bearer", "Bearer abc", "Bearer", "abc", false},
	{"other case", "bEARER abc", "Bearer", "abc", false},
	{"blanks", "Bearer   abc", "Bearer", "abc", false},
	{"another scheme", "Basic abc", "Bearer", NULL, false},
	{"longer scheme", "Bearerx abc", "Bearer", NULL, false},
	{"nothing behind", "Bearer", "Bearer", NULL, true},
	{"blanks behind", "Bearer  ", "Bearer", NULL, true},
	{"comma", "Bearer abc, Bearer def", "Bearer", NULL, true},
	{"two words", "Bearer abc def", "Bearer", NULL, true},
	{"tab", "Bearer abc\tdef", "Bearer", NULL, true},
	{"parameters", "Digest a=b, c=d", "Bearer", NULL, false},
};

static void
credentials_of_a_scheme(void **state)
{
	for (size_t i = 0; i < COUNT(credentials); i++) {
		const char *const given[] = {
			arena_printf(*state, "HTTP_AUTHORIZATION=%s", credentials[i].header), NULL};
		struct http_request request;
		bool malformed = false;

		check(read_request(*state, given, &request) == 0, credentials[i].name);
		check_text(http_credentials(*state, &request, credentials[i].scheme, &malformed),
			   credentials[i].value, credentials[i].name);
		check(malformed == credentials[i].malformed, credentials[i].name);
	}
}

static void
repeated_credentials(void **state)
{
	static const char *const given[] = {"HTTP_AUTHORIZATION=Bearer a",
					    "HTTP_AUTHORIZATION=Bearer a", NULL};
	struct http_request request;
	bool malformed = false;

	assert_int_equal(read_request(*state, given, &request), 0);
	assert_true(request.authorization_repeated);
	assert_null(http_credentials(*state, &request, "Bearer", &malformed));
	assert_true(malformed);
}

static const struct {
	const char *sent;
	bool same;
} types[] = {
	{"application/json", true},
	{"Application/JSON", true},
	{"application/json; charset=x", true},
	{"application/json;charset=x", true},
	{"application/json ", true},
	{"application/jsonx", false},
	{"application/jso", false},
	{"text/json", false},
	{NULL, false},
	{"", false},
};

static void
content_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		const struct http_request request = {.content_type = types[i].sent};

		check(http_content_is(&request, "application/json") == types[i].same,
		      types[i].sent ? types[i].sent : "none");
	}
}

static const struct {
	const char *header; /* NULL: not sent */
	int wanted;         /* of "a/b" */
} accepted[] = {
	{NULL, 0},
	{"", 0},
	{",, ,", 0},
	{"a/b", 1000},
	{"A/B", 1000},
	{" a/b ", 1000},
	{"x/y,a/b", 1000},
	{"x/y;q=0.1 , \ta/b", 1000},
	{"a/b;q=0.5", 500},
	{"a/b ; Q=0.25", 250},
	{"a/b;level=1;q=0.125", 125},
	{"a/b;q=1.000", 1000},
	{"a/b;q=1.9", 1000},
	{"a/b;q=0", 0},
	{"a/b;q=0.000", 0},
	{"a/b;q=", 1000},
	{"a/b;q=x", 1000},
	{"a/b;q", 1000},
	{"a/b;q=0,x/y", 0},
	{"x/y;q=0.1,a/b;q=0.7,a/b", 700},
	{"*/*", 0},
	{"a/*", 0},
	{"a/bc", 0},
	{"xa/b", 0},
	{"a/", 0},
};

static void
what_is_accepted(void **state)
{
	for (size_t i = 0; i < COUNT(accepted); i++) {
		const char *name = accepted[i].header ? accepted[i].header : "(none)";
		const char *given[] = {arena_printf(*state, "HTTP_ACCEPT=%s", name), NULL};
		struct http_request request;

		if (!accepted[i].header)
			given[0] = NULL;
		assert_int_equal(read_request(*state, given, &request), 0);
		if (http_accepts(&request, "a/b") != accepted[i].wanted)
			fail_msg("\"%s\": %d", name, http_accepts(&request, "a/b"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(what_is_accepted),     arena_test(what_is_taken),
		arena_test(every_method),         arena_test(https_is_the_web_servers_word),
		arena_test(lengths_are_numbers),  arena_test(everything_has_a_maximum),
		arena_test(what_must_be_there),   arena_test(values_are_copied),
		arena_test(cookies_by_name),      arena_test(no_cookies),
		arena_test(many_cookie_headers),  arena_test(credentials_of_a_scheme),
		arena_test(repeated_credentials), cmocka_unit_test(content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
