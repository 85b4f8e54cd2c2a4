/* SPDX-License-Identifier: ISC */
/*
 * The table of failures: what clients go by, what each means, and a text of every page for people.
 */
#include <stdio.h>

#include "tests/lib/request_tx.h"

#define CATALOGUE     "pages/locales/en.json"
#define CATALOGUE_MAX 65536

/* Two failures of one name differ in status alone: a wire name means one thing. */
static void
names_mean_one_thing(void **state)
{
	(void)state;
	for (int i = OAUTH_NONE + 1; i < OAUTH_ERROR_COUNT; i++) {
		for (int j = OAUTH_NONE + 1; j < i; j++) {
			const struct oauth_error_row *a = oauth_error_row((enum oauth_error)i);
			const struct oauth_error_row *b = oauth_error_row((enum oauth_error)j);

			check(strcmp(a->name, b->name) != 0 || a->status != b->status, a->name);
		}
	}
}

/* RFC 6749 5.2, RFC 6750 3.1, RFC 9110 15: what clients go by. */
static void
statuses(void **state)
{
	static const struct {
		enum oauth_error error;
		const char *name;
		int status;
		bool bearer;
	} cases[] = {
		{OAUTH_INVALID_REQUEST, "invalid_request", 400, false},
		{OAUTH_INVALID_CLIENT, "invalid_client", 401, false},
		{OAUTH_INVALID_GRANT, "invalid_grant", 400, false},
		{OAUTH_UNAUTHORIZED_CLIENT, "unauthorized_client", 400, false},
		{OAUTH_UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400, false},
		{OAUTH_INVALID_SCOPE, "invalid_scope", 400, false},
		{OAUTH_INVALID_TOKEN, "invalid_token", 401, true},
		{OAUTH_INSUFFICIENT_SCOPE, "insufficient_scope", 403, true},
		{OAUTH_SERVER_ERROR, "server_error", 500, false},
		{OAUTH_TEMPORARILY_UNAVAILABLE, "temporarily_unavailable", 503, false},
		{OAUTH_NOT_FOUND, "not_found", 404, false},
		{OAUTH_METHOD_NOT_ALLOWED, "method_not_allowed", 405, false},
		{OAUTH_BODY_TOO_LARGE, "invalid_request", 413, false},
		{OAUTH_TOO_MANY_REQUESTS, "too_many_requests", 429, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct oauth_error_row *row = oauth_error_row(cases[i].error);

		check_text(row->name, cases[i].name, cases[i].name);
		check(row->status == cases[i].status, cases[i].name);
		check(row->bearer == cases[i].bearer, cases[i].name);
	}
}

static struct json_object *
catalogue(void)
{
	char *text = arena_alloc(t.arena, CATALOGUE_MAX);
	FILE *file = fopen(CATALOGUE, "r");
	struct json_object *object;
	const char *why = NULL;
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, CATALOGUE_MAX, file);
	(void)fclose(file);
	object = json_parse_object(t.arena, text, size, &why);
	if (!object)
		fail_msg(CATALOGUE ": %s", why);
	return object;
}

static void
pages(void **state)
{
	struct json_object *texts = catalogue();

	(void)state;
	for (int error = OAUTH_NONE; error < OAUTH_ERROR_COUNT; error++) {
		const char *page = oauth_error_row((enum oauth_error)error)->page;

		check(json_text_or_null(texts, arena_printf(t.arena, "error_%s", page)), page);
	}
}

static void
no_detail(void **state)
{
	(void)state;
	fail_record(&t.tx, OAUTH_INVALID_SCOPE, "text", NULL);
	assert_null(t.tx.failure.detail);
}

static void
down_says_when(void **state)
{
	(void)state;
	fail_down_record(&t.tx);
	assert_int_equal(t.tx.failure.error, OAUTH_TEMPORARILY_UNAVAILABLE);
	assert_true(t.tx.failure.retry_after > 0);
	assert_non_null(t.tx.failure.detail);
	t.tx.failure = (struct failure){0};
	fail_record(&t.tx, OAUTH_TEMPORARILY_UNAVAILABLE, "text", NULL);
	assert_true(t.tx.failure.retry_after > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(names_mean_one_thing),
		tx_test(statuses),
		tx_test(pages),
		tx_test(no_detail),
		tx_test(down_says_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
