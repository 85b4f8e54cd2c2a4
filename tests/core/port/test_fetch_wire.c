/* SPDX-License-Identifier: ISC */
/*
 * Packets between workers and ostiary-fetch, and the URLs that are never fetched.
 */
#include "core/port/fetch_wire.h"

#include "core/base/uri.h"
#include "tests/core/base/check.h"

static void
requests_travel(void **state)
{
	static const struct {
		const char *name;
		struct fetch_wire_request request;
	} cases[] = {
		{"all of it", {"https://a.example/x?y=z", "application/json, */*", 65536}},
		{"no Accept", {"https://a.example/", NULL, 1}},
		{"as much as may be", {"https://a.example/", "", FETCH_BODY_MAX}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t packet[FETCH_PACKET_MAX];
		struct fetch_wire_request got;
		size_t size = fetch_wire_write_request(packet, &cases[i].request);

		check(fetch_wire_read_request(*state, packet, size, &got) == 0, cases[i].name);
		check_text(got.url, cases[i].request.url, cases[i].name);
		check_text(got.accept, cases[i].request.accept, cases[i].name);
		check(got.max == cases[i].request.max, cases[i].name);
	}
}

static void
answers_travel(void **state)
{
	static const struct {
		const char *name;
		struct fetch_wire_answer answer;
	} cases[] = {
		{"all of it", {FETCH_WIRE_OK, 200, 123456, 3600, "text/plain", NULL}},
		{"a failure", {FETCH_WIRE_FAILED, 0, 0, -1, NULL, "nobody is there"}},
		{"refused", {FETCH_WIRE_REFUSED, 0, 0, -1, NULL, "private"}},
		{"busy", {FETCH_WIRE_BUSY, 0, 0, -1, NULL, NULL}},
		{"not to be kept", {FETCH_WIRE_OK, 404, 0, 0, NULL, NULL}},
		{"the greatest", {FETCH_WIRE_OK, 999, FETCH_BODY_MAX, 2147483648, "", ""}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fetch_wire_answer *wanted = &cases[i].answer;
		uint8_t packet[FETCH_PACKET_MAX];
		struct fetch_wire_answer got;
		size_t size = fetch_wire_write_answer(packet, wanted);

		check(fetch_wire_read_answer(*state, packet, size, &got) == 0, cases[i].name);
		check(got.verdict == wanted->verdict, cases[i].name);
		check(got.status == wanted->status, cases[i].name);
		check(got.size == wanted->size, cases[i].name);
		check(got.max_age == wanted->max_age, cases[i].name);
		check_text(got.type, wanted->type, cases[i].name);
		check_text(got.why, wanted->why, cases[i].name);
	}
}

#define BYTES(text) (text), sizeof(text) - 1
#define URL_FIELD   "u\0\2ab"
#define MAX_FIELD   "m\0\4\0\0\0\1"
#define REST        "n\0\4\0\0\0\1g\0\4\0\0\0\1"

static void
malformed_packets_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *packet;
		size_t size;
		bool answer, fine;
	} cases[] = {
		{"a request", BYTES("Q\1" URL_FIELD MAX_FIELD), false, true},
		{"in another order", BYTES("Q\1" MAX_FIELD URL_FIELD), false, true},
		{"nothing", BYTES(""), false, false},
		{"half a head", BYTES("Q"), false, false},
		{"another kind", BYTES("A\1" URL_FIELD MAX_FIELD), false, false},
		{"another version", BYTES("Q\2" URL_FIELD MAX_FIELD), false, false},
		{"no URL", BYTES("Q\1" MAX_FIELD), false, false},
		{"no maximum", BYTES("Q\1" URL_FIELD), false, false},
		{"twice the same", BYTES("Q\1" URL_FIELD MAX_FIELD URL_FIELD), false, false},
		{"unknown field", BYTES("Q\1" URL_FIELD MAX_FIELD "z\0\0"), false, false},
		{"field cut short", BYTES("Q\1" MAX_FIELD "u\0\3ab"), false, false},
		{"head of a field cut short", BYTES("Q\1" URL_FIELD MAX_FIELD "a\0"), false, false},
		{"number too short", BYTES("Q\1" URL_FIELD "m\0\3\0\0\1"), false, false},
		{"number too long", BYTES("Q\1" URL_FIELD "m\0\5\0\0\0\0\1"), false, false},
		{"a NUL in a text", BYTES("Q\1u\0\3a\0b" MAX_FIELD), false, false},
		{"more than is ever fetched", BYTES("Q\1" URL_FIELD "m\0\4\0\4\0\1"), false, false},
		{"an answer", BYTES("A\1v\0\4\0\0\0\0" REST), true, true},
		{"unknown verdict", BYTES("A\1v\0\4\0\0\0\4" REST), true, false},
		{"no verdict", BYTES("A\1" REST), true, false},
		{"status of four digits", BYTES("A\1v\0\4\0\0\0\0s\0\4\0\0\3\xe8" REST), true,
		 false},
		{"body beyond the maximum", BYTES("A\1v\0\4\0\0\0\0n\0\4\0\4\0\1g\0\4\0\0\0\1"),
		 true, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint8_t *packet = (const uint8_t *)cases[i].packet;
		struct fetch_wire_request request;
		struct fetch_wire_answer answer;
		int read =
			cases[i].answer
				? fetch_wire_read_answer(*state, packet, cases[i].size, &answer)
				: fetch_wire_read_request(*state, packet, cases[i].size, &request);

		check((read == 0) == cases[i].fine, cases[i].name);
	}
}

static void
long_texts_are_refused(void **state)
{
	uint8_t packet[FETCH_PACKET_MAX] = "Q\1" MAX_FIELD;
	const size_t head = sizeof("Q\1" MAX_FIELD) - 1;
	struct fetch_wire_request request;

	for (size_t size = URI_MAX; size <= URI_MAX + 1; size++) {
		packet[head] = 'u';
		packet[head + 1] = (uint8_t)(size >> 8);
		packet[head + 2] = (uint8_t)size;
		memset(packet + head + 3, 'x', size);
		assert_int_equal(fetch_wire_read_request(*state, packet, head + 3 + size, &request),
				 size == URI_MAX ? 0 : -1);
	}
	/* a packet that was cut says how long it was: nothing behind what came is read */
	uint8_t *cut = malloc(head);

	memcpy(cut, packet, head);
	assert_int_equal(fetch_wire_read_request(*state, cut, FETCH_PACKET_MAX + 1, &request), -1);
	free(cut);
}

static void
write_long_url(void)
{
	uint8_t packet[FETCH_PACKET_MAX];
	char url[URI_MAX + 2];
	const struct fetch_wire_request request = {url, NULL, 1};

	memset(url, 'x', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	(void)fetch_wire_write_request(packet, &request);
}

static void
long_texts_are_not_written(void **state)
{
	(void)state;
	assert_true(aborts(write_long_url));
}

static void
which_urls_are_fetched(void **state)
{
	static const struct {
		const char *name, *url;
		bool fine;
	} cases[] = {
		{"plain", "https://a.example", true},
		{"with everything allowed", "HTTPS://a.example:8443/b/c.json?d=e", true},
		{"literal address: looked at later", "https://[::1]/", true},
		{"http", "http://a.example/", false},
		{"file", "file:///etc/passwd", false},
		{"gopher", "gopher://a.example/", false},
		{"user name", "https://me@a.example/", false},
		{"fragment", "https://a.example/#keys", false},
		{"no host", "https:///keys", false},
		{"relative", "/keys", false},
		{"blank", "https://a.example/ b", false},
		{"line end", "https://a.example/\r\nX: y", false},
		{"backslash", "https://a.example\\@b.example/", false},
		{"empty", "", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check((fetch_url_mistake(*state, cases[i].url) == NULL) == cases[i].fine,
		      cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(requests_travel),
		arena_test(answers_travel),
		arena_test(malformed_packets_are_refused),
		arena_test(long_texts_are_refused),
		arena_test(long_texts_are_not_written),
		arena_test(which_urls_are_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
