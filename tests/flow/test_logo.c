/* SPDX-License-Identifier: ISC */
/*
 * Logos of clients: fetched once, pictures alone, served by us.
 */
#include "core/base/str.h"
#include "tests/flow/agent.h"
#include "tests/lib/fake_net.h"

#define LOGO "https://cdn.example/logo"
#define PNG  "\x89PNG\r\n\x1a\nrest"

static const char *const metadata = "{\"client_name\":\"Pretty\",\"redirect_uris\":["
				    "\"https://other.example/cb\"],\"logo_uri\":\"" LOGO "\"}";

/* One picture; the clock moves so far that it is not remembered. */
static void
serve(const char *type, const char *body, size_t size)
{
	const struct fetched fetched = {
		.status = 200, .type = type, .body = body, .size = size, .max_age = 0};

	fake_net_answer(LOGO, FETCH_OK, &fetched);
}

static int
begin(void **state)
{
	world_fresh(state);
	world_client("main", "pretty", metadata, WEB_SECRET);
	serve("text/plain", PNG, sizeof(PNG) - 1);
	return 0;
}

static struct answer
get(const char *target, const char *none_match)
{
	return request_send(&(struct ask){.target = target, .none_match = none_match});
}

#define LOGO_OF(client) "/logo?client_id=" client

static void
it_is_fetched_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct answer answer = get(LOGO_OF("pretty"), NULL);

		check_status(answer, 200, "logo");
		check_text(answer.body, PNG, "logo");
		check_text(header(&answer, "Content-Type"), "image/png", "by its bytes");
		check_text(header(&answer, "X-Content-Type-Options"), "nosniff", "no guessing");
		check_text(header(&answer, "Content-Security-Policy"), "default-src 'none'",
			   "a picture asks for nothing");
		check_text(header(&answer, "Cache-Control"), "public, max-age=300", "kept");
		answer = get(LOGO_OF("pretty"), header(&answer, "ETag"));
		check_status(answer, 304, "the same");
		world_move(86400 / 4);
	}
	assert_int_equal(fake_net_asked(LOGO), 1);
	world_move(86400);
	check_status(get(LOGO_OF("pretty"), NULL), 200, "a day later");
	assert_int_equal(fake_net_asked(LOGO), 2);
	assert_int_equal(private_db_number("SELECT forget_at FROM fetched"), world_now() + 86400);
}

static void
only_pictures(void **state)
{
	static const struct {
		const char *name, *type, *body;
		size_t size;
		const char *served; /* type; NULL: not served */
	} cases[] = {
		{"PNG", "image/svg+xml", PNG, 12, "image/png"},
		{"JPEG", NULL, "\xff\xd8\xff\xe0", 4, "image/jpeg"},
		{"WebP", "text/html", "RIFF\1\2\3\4WEBPVP8 ", 16, "image/webp"},
		{"sound", "image/webp", "RIFF\1\2\3\4WAVEfmt ", 16, NULL},
		{"half a WebP", "image/webp", "RIFF\1\2\3\4WEB", 11, NULL},
		{"half a PNG", "image/png", "\x89PNG\r\n\x1a", 7, NULL},
		{"half a JPEG", "image/jpeg", "\xff\xd8", 2, NULL},
		{"GIF", "image/gif", "GIF89a", 6, NULL},
		{"SVG", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", 41, NULL},
		{"a page", "image/png", "<html><script>", 14, NULL},
		{"nothing", "image/png", "", 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer answer;

		private_db_number("DELETE FROM fetched");
		serve(cases[i].type, cases[i].body, cases[i].size);
		answer = get(LOGO_OF("pretty"), NULL);
		check_status(answer, cases[i].served ? 200 : 404, cases[i].name);
		if (cases[i].served)
			check_text(header(&answer, "Content-Type"), cases[i].served, cases[i].name);
		else
			check_text(header(&answer, "Cache-Control"), "no-store", cases[i].name);
		check(private_db_number("SELECT body IS NOT NULL FROM fetched") ==
			      (cases[i].served != NULL),
		      cases[i].name);
	}
}

static void
only_of_clients(void **state)
{
	static const char *const targets[] = {
		"/logo",
		"/logo?client_id=",
		LOGO_OF("nobody"),
		LOGO_OF("web"), /* has none */
		LOGO_OF("off"),
		"/sub/path" LOGO_OF("pretty"),
		LOGO_OF("https%3A%2F%2Fcdn.example%2Flogo"),
	};

	(void)state;
	world_client("main", "off", metadata, WEB_SECRET);
	world_client_off("off");
	for (size_t i = 0; i < COUNT(targets); i++)
		check_status(get(targets[i], NULL), 404, targets[i]);
	private_db_number("DELETE FROM fetched");
	check_status(get(LOGO_OF("nobody"), NULL), 404, "nobody");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM fetched"), 0);
}

static void
large_ones(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		int status;
	} cases[] = {{"the largest", 65536, 200}, {"a larger one", 65537, 404}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *picture = arena_alloc(world.arena, cases[i].size);

		memcpy(picture, PNG, sizeof(PNG) - 1);
		private_db_number("DELETE FROM fetched");
		serve("image/png", picture, cases[i].size);
		check_status(get(LOGO_OF("pretty"), NULL), cases[i].status, cases[i].name);
	}
}

static void
another_client(const char *client_id, const char *logo)
{
	const struct fetched fetched = {
		.status = 200, .type = "image/png", .body = PNG, .size = sizeof(PNG) - 1};

	fake_net_answer(logo, FETCH_OK, &fetched);
	world_client("main", client_id,
		     arena_printf(world.arena,
				  "{\"redirect_uris\":[\"https://other.example/cb\"],"
				  "\"logo_uri\":\"%s\"}",
				  logo),
		     WEB_SECRET);
}

/* Whoever makes us go out is charged for it; whoever looks at what is there is not. */
static void
fetches_are_charged(void **state)
{
	int64_t usual = world.conf.rate_limit_network;
	struct answer answer;

	(void)state;
	another_client("second", "https://cdn.example/2");
	another_client("third", "https://cdn.example/3");
	world.conf.rate_limit_network = 2;
	for (int i = 0; i < 4; i++)
		check_status(get(LOGO_OF("pretty"), NULL), 200, "fetched once, looked at often");
	check_status(get(LOGO_OF("second"), NULL), 200, "as many as may");
	answer = get(LOGO_OF("third"), NULL);
	check_status(answer, 429, "one more");
	check(header(&answer, "Retry-After") != NULL, "when to come back");
	check_has(answer.body, "too_many_requests", "why");
	assert_int_equal(fake_net_asked("https://cdn.example/3"), 0);
	answer = request_send(&(struct ask){.target = LOGO_OF("third"), .address = "198.51.100.7"});
	check_status(answer, 200, "another network");
	private_db_number("UPDATE fetched SET fresh_until = 0, tried_at = 0");
	check_status(get(LOGO_OF("pretty"), NULL), 200, "an old one is shown before none is");
	assert_int_equal(fake_net_asked(LOGO), 1);
	world_move(60);
	check_status(get(LOGO_OF("pretty"), NULL), 200, "a minute later");
	assert_int_equal(fake_net_asked(LOGO), 2);
	world.conf.rate_limit_network = usual;
}

static void
an_outage_of_the_clients_server(void **state)
{
	const struct fetched away = {.why = "nobody is there"};

	(void)state;
	check_status(get(LOGO_OF("pretty"), NULL), 200, "before");
	fake_net_answer(LOGO, FETCH_FAILED, &away);
	world_move(8 * 86400);
	check_status(get(LOGO_OF("pretty"), NULL), 200, "during");
	private_db_number("DELETE FROM fetched");
	check_status(get(LOGO_OF("pretty"), NULL), 404, "none is kept");
	fake_net_answer(LOGO, FETCH_BUSY, &away);
	private_db_number("DELETE FROM fetched");
	struct answer answer = get(LOGO_OF("pretty"), NULL);

	check_status(answer, 503, "busy");
	check_text(header(&answer, "Retry-After"), "5", "busy");
}

static void
pages_show_ours(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("pretty", NULL, NULL));
	const char *image = strstr(page.body, "<img class=\"client-logo\" src=\"/logo?client_id="
					      "pretty&amp;v=");

	(void)state;
	check(image != NULL, "ours");
	check(!strstr(page.body, "cdn.example"), "not the client's");
	check(!strstr(header(&page, "Content-Security-Policy"), "cdn.example"), "policy");
	/* another logo is another address */
	const char *first = arena_printf(world.arena, "%.80s", image);

	world_client("main", "pretty",
		     "{\"client_name\":\"Pretty\",\"redirect_uris\":[\"https://other.example/cb\"],"
		     "\"logo_uri\":\"https://cdn.example/other\"}",
		     WEB_SECRET);
	page = agent_get(&agent, authorize("pretty", NULL, NULL));
	image = strstr(page.body, "<img class=\"client-logo\"");
	check(image && strncmp(image, first, strlen(first)) != 0, "another");
	/* nothing is fetched for a page itself */
	assert_int_equal(fake_net_asked(LOGO), 0);
}

#define logo_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		logo_test(it_is_fetched_once),  logo_test(only_pictures),
		logo_test(only_of_clients),     logo_test(an_outage_of_the_clients_server),
		logo_test(pages_show_ours),     logo_test(large_ones),
		logo_test(fetches_are_charged),
	};

	return flow_tests_run(tests);
}
