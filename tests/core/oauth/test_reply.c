/* SPDX-License-Identifier: ISC */
/*
 * Answers to the client: which parameters, in which order, and that nothing in a value can leave
 * its place in the URL.
 */
#include "core/base/form.h"
#include "core/base/uri.h"
#include "core/oauth/authz/authz.h"
#include "tests/lib/request_tx.h"

static void
url(void **state)
{
	static const struct {
		const char *name, *reply_to, *wanted;
	} cases[] = {
		{"plain", "https://app.example/cb", "https://app.example/cb?code=x&state=a%20b"},
		{"own query", "https://app.example/cb?a=1",
		 "https://app.example/cb?a=1&code=x&state=a%20b"},
		{"own query of two", "https://app.example/cb?a=1&b=%26",
		 "https://app.example/cb?a=1&b=%26&code=x&state=a%20b"},
		{"empty query", "https://app.example/cb?",
		 "https://app.example/cb?&code=x&state=a%20b"},
		{"no path", "https://app.example", "https://app.example?code=x&state=a%20b"},
		{"custom scheme", "com.example.app:/cb", "com.example.app:/cb?code=x&state=a%20b"},
		{"loopback", "http://127.0.0.1:5000/", "http://127.0.0.1:5000/?code=x&state=a%20b"},
	};
	struct reply reply = {0};

	(void)state;
	reply_add(&reply, "code", "x");
	reply_add(&reply, "nothing", NULL);
	reply_add(&reply, "state", "a b");
	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(reply_url(t.arena, cases[i].reply_to, &reply), cases[i].wanted,
			   cases[i].name);
}

static bool
is_unreserved(int byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || strchr("-._~", byte);
}

/* Each byte alone as the value: itself when unreserved, else percent and two capitals. */
static void
every_byte(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char value[] = {(char)byte, '\0'};
		const char *name = arena_printf(t.arena, "byte %02x", (unsigned)byte);
		struct reply reply = {0};
		const char *wanted =
			is_unreserved(byte)
				? arena_printf(t.arena, "https://a/?state=%c", byte)
				: arena_printf(t.arena, "https://a/?state=%%%02X", (unsigned)byte);

		reply_add(&reply, "state", value);
		check_text(reply_url(t.arena, "https://a/", &reply), wanted, name);
	}
}

/* All bytes that text may have, as long as a state may be, come back as they were. */
static void
comes_back(void **state)
{
	char value[STATE_MAX + 1];
	struct reply reply = {0};
	struct form form;
	struct uri uri;
	const char *text;

	(void)state;
	for (size_t i = 0; i < STATE_MAX; i++)
		value[i] = (char)(1 + i % 127);
	value[STATE_MAX] = '\0';
	reply_add(&reply, "code", "x");
	reply_add(&reply, "state", value);
	text = reply_url(t.arena, "https://a/cb?own=1", &reply);
	assert_null(strchr(text, '#'));
	assert_int_equal(
		form_parse(t.arena, strchr(text, '?') + 1, strlen(strchr(text, '?') + 1), &form),
		FORM_OK);
	assert_int_equal(form.count, 3);
	assert_string_equal(form_get(&form, "own"), "1");
	assert_string_equal(form_get(&form, "state"), value);
	reply.value[1] = "#fragment";
	text = reply_url(t.arena, "https://a/cb", &reply);
	assert_int_equal(uri_parse(t.arena, text, &uri), 0);
	assert_null(uri.fragment);
}

static void
check_reply(const struct reply *reply, const char *const names[], const char *const values[],
	    const char *name)
{
	size_t count = 0;

	for (; names[count]; count++) {
		check(count < reply->count, name);
		check_text(reply->name[count], names[count], name);
		check_text(reply->value[count], values[count], name);
	}
	check(reply->count == count, name);
}

#define ISSUER "https://id.example/main"

static void
failures(void **state)
{
	static const char *const with_state[] = {"error", "error_description", "state", "iss",
						 NULL};
	static const char *const without[] = {"error", "error_description", "iss", NULL};
	struct authz authz = {.state = "st&te=1 \xc3\xa9"};
	struct reply reply;

	(void)state;
	for (int error = OAUTH_NONE + 1; error < OAUTH_ERROR_COUNT; error++) {
		const struct oauth_error_row *row = oauth_error_row((enum oauth_error)error);
		const char *name = row->redirect ? row->name : "server_error";

		t.tx.failure = (struct failure){.error = (enum oauth_error)error, .text = "text"};
		authz.state = "st&te=1 \xc3\xa9";
		reply = reply_failure(&t.tx, &authz);
		check_reply(&reply, with_state,
			    (const char *const[]){name, "text", authz.state, ISSUER}, row->name);
		authz.state = NULL;
		reply = reply_failure(&t.tx, &authz);
		check_reply(&reply, without, (const char *const[]){name, "text", ISSUER},
			    row->name);
	}
}

/* What RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6 let a client be told, and nothing else. */
static void
redirectable(void **state)
{
	static const struct {
		enum oauth_error error;
		const char *wanted;
	} cases[] = {
		{OAUTH_INVALID_REQUEST, "invalid_request"},
		{OAUTH_UNAUTHORIZED_CLIENT, "unauthorized_client"},
		{OAUTH_ACCESS_DENIED, "access_denied"},
		{OAUTH_UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type"},
		{OAUTH_INVALID_SCOPE, "invalid_scope"},
		{OAUTH_SERVER_ERROR, "server_error"},
		{OAUTH_TEMPORARILY_UNAVAILABLE, "temporarily_unavailable"},
		{OAUTH_INTERACTION_REQUIRED, "interaction_required"},
		{OAUTH_LOGIN_REQUIRED, "login_required"},
		{OAUTH_ACCOUNT_SELECTION_REQUIRED, "account_selection_required"},
		{OAUTH_CONSENT_REQUIRED, "consent_required"},
		{OAUTH_REQUEST_NOT_SUPPORTED, "request_not_supported"},
		{OAUTH_REQUEST_URI_NOT_SUPPORTED, "request_uri_not_supported"},
		{OAUTH_REGISTRATION_NOT_SUPPORTED, "registration_not_supported"},
		{OAUTH_INVALID_CLIENT, "server_error"},
		{OAUTH_INVALID_GRANT, "server_error"},
		{OAUTH_NOT_FOUND, "server_error"},
		{OAUTH_BODY_TOO_LARGE, "server_error"},
		{OAUTH_INVALID_TOKEN, "server_error"},
	};
	const struct authz authz = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply reply;

		t.tx.failure = (struct failure){.error = cases[i].error, .text = "text"};
		reply = reply_failure(&t.tx, &authz);
		check_text(reply.value[0], cases[i].wanted, cases[i].wanted);
	}
}

static void
code(void **state)
{
	static const char *const with_state[] = {"code", "state", "iss", NULL};
	static const char *const without[] = {"code", "iss", NULL};
	struct authz authz = {.state = ""};
	struct reply reply = reply_code(&t.tx, &authz, "ost_ac_x");

	(void)state;
	check_reply(&reply, with_state, (const char *const[]){"ost_ac_x", "", ISSUER},
		    "an empty state was sent, so it comes back");
	authz.state = NULL;
	reply = reply_code(&t.tx, &authz, "ost_ac_x");
	check_reply(&reply, without, (const char *const[]){"ost_ac_x", ISSUER}, "no state");
}

static void
overfull(void)
{
	struct reply reply = {0};

	for (size_t i = 0; i <= COUNT(reply.name); i++)
		reply_add(&reply, "name", "value");
}

static void
too_many(void **state)
{
	struct reply reply = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(reply.name); i++)
		reply_add(&reply, "name", "value");
	check(aborts(overfull), "one parameter too many");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(url),          tx_test(every_byte), tx_test(comes_back), tx_test(failures),
		tx_test(redirectable), tx_test(code),       tx_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
