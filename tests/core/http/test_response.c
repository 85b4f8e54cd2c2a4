/* SPDX-License-Identifier: ISC */
/*
 * From a response to CGI text: headers that cannot be split, cookies, bodies that are not sent, and
 * maxima.
 */
#include "core/http/response.h"

#include "core/base/json.h"
#include "tests/core/base/check.h"

static const char *
written(struct arena *arena, const struct http_response *response)
{
	struct buf out;

	buf_init(&out, arena, HTTP_RESPONSE_MAX * 2);
	assert_int_equal(response_write(response, &out), 0);
	return out.data;
}

static void
whole(void **state)
{
	struct http_response response;
	struct json_object *object = json_new_object(*state);

	response_init(&response, *state);
	json_add_text(object, "a", "b");
	response_json(&response, 400, object);
	response_header(&response, "X-A", "1");
	response_header_set(&response, "X-A", "2");
	response_header_set(&response, "X-B", "3");
	check_text(written(*state, &response),
		   "Status: 400 Bad Request\r\nContent-Type: application/json\r\nX-A: 2\r\n"
		   "X-B: 3\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}",
		   "JSON");
	response.head = true;
	check_text(written(*state, &response),
		   "Status: 400 Bad Request\r\nContent-Type: application/json\r\nX-A: 2\r\n"
		   "X-B: 3\r\nContent-Length: 9\r\n\r\n",
		   "HEAD");
	response_reset(&response);
	assert_true(response.head);
	check_text(written(*state, &response), "Status: 200 OK\r\nContent-Length: 0\r\n\r\n",
		   "reset");
}

static void
no_length_without_a_body(void **state)
{
	static const int statuses[] = {204, 304};

	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct http_response response;

		response_init(&response, *state);
		response.status = statuses[i];
		check(strstr(written(*state, &response), "Content-Length") == NULL, "no length");
	}
}

static void
redirect(void **state)
{
	struct http_response response;

	response_init(&response, *state);
	response_redirect(&response, 303, "https://app.example/cb?code=x");
	check_text(written(*state, &response),
		   "Status: 303 See Other\r\nLocation: https://app.example/cb?code=x\r\n"
		   "Content-Length: 0\r\n\r\n",
		   "redirect");
}

static const struct {
	const char *name;
	struct http_cookie cookie;
	const char *text;
} cookies[] = {
	{"session",
	 {"__Host-a", "v", "/", true, 0},
	 "__Host-a=v; Path=/; Secure; HttpOnly; SameSite=Lax"},
	{"plain", {"a", "v", "/x", false, 0}, "a=v; Path=/x; HttpOnly; SameSite=Lax"},
	{"with age",
	 {"a", "v", "/", true, 600},
	 "a=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"},
	{"removed",
	 {"a", "", "/", true, 600},
	 "a=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"},
};

static void
set_cookie(void **state)
{
	for (size_t i = 0; i < COUNT(cookies); i++) {
		struct http_response response;

		response_init(&response, *state);
		response_cookie(&response, &cookies[i].cookie);
		check_text(response.header[0].name, "Set-Cookie", cookies[i].name);
		check_text(response.header[0].value, cookies[i].text, cookies[i].name);
	}
}

static const char *evil_value;
static bool evil_set;

static void
add_evil(void)
{
	struct http_response response;

	response_init(&response, arena_new(TEST_ARENA_CAP));
	if (evil_set)
		response_header_set(&response, "X", evil_value);
	else
		response_header(&response, "X", evil_value);
}

static const char *const evil_values[] = {
	"a\r\nSet-Cookie: x=y", "a\n", "a\r", "\1", "a\x7f", "\t"};

static void
values_cannot_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(evil_values); i++) {
		evil_value = evil_values[i];
		for (int j = 0; j < 2; j++) {
			evil_set = j == 1;
			check(aborts(add_evil), evil_value);
		}
	}
	evil_value = "harmless \xc3\xa4";
	assert_false(aborts(add_evil));
}

static void
evil_location(void)
{
	struct http_response response;

	response_init(&response, arena_new(TEST_ARENA_CAP));
	response_redirect(&response, 303, "https://a.example/\r\nX: y");
}

static void
evil_cookie(void)
{
	const struct http_cookie cookie = {"a", "v\r\nX: y", "/", true, 0};
	struct http_response response;

	response_init(&response, arena_new(TEST_ARENA_CAP));
	response_cookie(&response, &cookie);
}

static void
too_many_headers(void)
{
	struct http_response response;

	response_init(&response, arena_new(TEST_ARENA_CAP));
	for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
		response_header(&response, "X", "y");
}

static void
unknown_status(void)
{
	(void)http_reason(299);
}

static void
mistakes_of_ours(void **state)
{
	(void)state;
	assert_true(aborts(evil_location));
	assert_true(aborts(evil_cookie));
	assert_true(aborts(too_many_headers));
	assert_true(aborts(unknown_status));
}

static void
bodies_have_a_maximum(void **state)
{
	struct http_response response;
	struct buf out;
	char *text = arena_alloc(*state, HTTP_RESPONSE_MAX + 2);

	memset(text, 'a', HTTP_RESPONSE_MAX + 1);
	response_init(&response, *state);
	buf_add(&response.body, text, HTTP_RESPONSE_MAX + 1);
	buf_init(&out, *state, HTTP_RESPONSE_MAX * 2);
	assert_int_equal(response_write(&response, &out), -1);
	response_init(&response, *state);
	buf_add(&response.body, text, 100);
	buf_init(&out, *state, 50);
	assert_int_equal(response_write(&response, &out), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(whole),
		arena_test(no_length_without_a_body),
		arena_test(redirect),
		arena_test(set_cookie),
		cmocka_unit_test(values_cannot_split),
		cmocka_unit_test(mistakes_of_ours),
		arena_test(bodies_have_a_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
