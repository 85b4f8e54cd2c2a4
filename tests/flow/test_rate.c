/* SPDX-License-Identifier: ISC */
/*
 * Too many requests: of a client that has proven who it is, and from a network of those that have
 * not. What is said to them, what the record tells, and who is not to be disturbed by it.
 */
#include "tests/flow/agent.h"

#include "core/base/shared.h"

#define LIMIT 5

static int
begin(void **state)
{
	int result = world_fresh(state);

	world.conf.rate_limit_network = LIMIT;
	return result;
}

static int
finish(void **state)
{
	world.conf.rate_limit_network = 0;
	return world_spent(state);
}

#define rate_test(function) cmocka_unit_test_setup_teardown(function, begin, finish)

static struct answer
post(const char *target, const char *authorization, const char *body, const char *address)
{
	return request_send(&(struct ask){.target = target,
					  .body = body,
					  .authorization = authorization,
					  .address = address});
}

/* How many of tries are not refused for their number. */
static int
taken(const char *target, const char *authorization, const char *body, const char *address,
      int tries)
{
	int count = 0;

	while (tries-- > 0)
		count += post(target, authorization, body, address).status != 429;
	return count;
}

static void
check_refused(const struct answer *answer, const char *wait, const char *name)
{
	check_error(answer, 429, "too_many_requests", name);
	check_text(header(answer, "Retry-After"), wait, name);
	check_text(header(answer, "Cache-Control"), "no-store", name);
	check(header(answer, "WWW-Authenticate") == NULL, name);
}

/* The record of the failure that an answer told. */
static const char *
explained(const struct answer *answer)
{
	return ring_find(world.provider.ring, world.arena, member(answer, "request_id"));
}

/* Each endpoint that clients authenticate at counts each client, together with the others. */
static void
clients(void **state)
{
	const char *web = basic("web", WEB_SECRET);
	struct answer answer;

	(void)state;
	world_realm_set("client_rate", "2");
	for (const struct route *route = routes_table; route->path; route++) {
		if (route->rate != RATE_CLIENT)
			continue;
		check(taken(route->path, web, "token=x", NULL, 4) == 2, route->path);
		answer = post(route->path, web, "token=x", "198.51.100.1");
		check_refused(&answer, "30", route->path);
		answer = post("/introspect", web, "token=x", NULL);
		check_refused(&answer, "30", route->path);
		check(taken("/token", NULL, "client_id=ask&client_secret=" WEB_SECRET, NULL, 1) ==
			      1,
		      "another client");
		world_move(60);
	}
	check_has(explained(&answer),
		  "detail=client_rate = 2 requests a minute, a setting of "
		  "the realm",
		  "the record");
	assert_int_equal(world_log_count("error=too_many_requests") > 0, 1);
	world_realm_set("client_rate", "60000");
}

static void
own_limit(void **state)
{
	struct answer answer;
	const char *one = basic("one", WEB_SECRET);

	(void)state;
	world_realm_set("client_rate", "2");
	world_client("main", "one",
		     "{\"redirect_uris\":[\"https://one.example/cb\"],"
		     "\"settings\":{\"client_rate\":\"3\"}}",
		     WEB_SECRET);
	assert_int_equal(taken("/introspect", one, "token=x", NULL, 5), 3);
	answer = post("/introspect", one, "token=x", NULL);
	check_has(explained(&answer), "client_rate = 3 requests a minute, a setting of the client",
		  "the record");
	world_client("main", "one",
		     "{\"redirect_uris\":[\"https://one.example/cb\"],"
		     "\"settings\":{\"client_rate\":\"0\"}}",
		     WEB_SECRET);
	assert_int_equal(taken("/introspect", one, "token=x", NULL, 5), 5);
	world_realm_set("client_rate", "60000");
}

static const struct {
	const char *name, *target, *id, *secret, *body;
	bool counted;
} strangers[] = {
	{"wrong secret", "/token", "web", "wrong", "grant_type=x", true},
	{"unknown client", "/introspect", "nobody", "x", "token=x", true},
	{"no client", "/revoke", NULL, NULL, "token=x", true},
	{"public client", "/token", NULL, NULL, "grant_type=x&client_id=spa", true},
	{"public client where it may not", "/introspect", NULL, NULL, "token=x&client_id=spa",
	 true},
	{"a proven client", "/token", "web", WEB_SECRET, "grant_type=x", false},
	{"anybody, elsewhere", "/userinfo", NULL, NULL, "", false},
};

static void
networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(strangers); i++) {
		const char *name = strangers[i].name, *target = strangers[i].target;
		const char *head =
			strangers[i].id ? basic(strangers[i].id, strangers[i].secret) : NULL;
		struct answer answer;

		check(taken(target, head, strangers[i].body, "192.0.2.7", 2 * LIMIT) ==
			      (strangers[i].counted ? LIMIT : 2 * LIMIT),
		      name);
		if (!strangers[i].counted)
			continue;
		answer = post(target, head, strangers[i].body, "192.0.2.8");
		check_refused(&answer, "12", name);
		check_has(explained(&answer), "detail=rate_limit_network = 5 requests a minute",
			  name);
		check(taken(target, head, strangers[i].body, "198.51.100.1", 1) == 1,
		      "another network");
		check(taken("/introspect", basic("web", WEB_SECRET), "token=x", "192.0.2.7", 3) ==
			      3,
		      "a proven client of the same network");
		world_move(60);
	}
}

/* Where nobody authenticates, the network is charged before anything is looked at. */
static void
open_to_anybody(void **state)
{
	(void)state;
	for (const struct route *route = routes_table; route->path; route++) {
		const struct ask ask = {.target = route->path,
					.body = route->methods & METHODS_POST ? "{}" : NULL};
		struct answer answer;

		if (route->rate != RATE_STRANGER)
			continue;
		for (int i = 0; i < LIMIT; i++)
			check(request_send(&ask).status != 429, route->path);
		answer = request_send(&ask);
		if (route->kind == ROUTE_API)
			check_refused(&answer, "12", route->path);
		check_status(answer, 429, route->path);
		world_move(60);
	}
}

/* The record also tells why it would have failed; the caller is told one thing. */
static void
why_else(void **state)
{
	struct answer answer;

	(void)state;
	(void)taken("/token", basic("web", "wrong"), "grant_type=x", NULL, LIMIT);
	answer = post("/token", basic("web", "wrong"), "grant_type=x", NULL);
	check_text(member(&answer, "error_description"), "too many requests; try again later",
		   "told");
	check_has(explained(&answer), "else: client authentication failed", "the record");
	check_has(explained(&answer), "client=web\n", "the record");
}

/* A page of a public client can read that it has to wait. */
static void
browsers_may_read_it(void **state)
{
	const struct ask ask = {.target = "/token",
				.body = "grant_type=x&client_id=spa",
				.origin = "https://spa.example"};
	struct answer answer;

	(void)state;
	(void)taken("/token", NULL, "grant_type=x&client_id=spa", NULL, LIMIT);
	answer = request_send(&ask);
	check_refused(&answer, "12", "refused");
	check_text(header(&answer, "Access-Control-Allow-Origin"), "https://spa.example", "CORS");
}

static void
no_limit(void **state)
{
	(void)state;
	world.conf.rate_limit_network = 0;
	world_realm_set("client_rate", "0");
	assert_int_equal(taken("/token", NULL, "grant_type=x", NULL, 3 * LIMIT), 3 * LIMIT);
	assert_int_equal(taken("/token", basic("web", WEB_SECRET), "grant_type=x", NULL, 3 * LIMIT),
			 3 * LIMIT);
	world_realm_set("client_rate", "60000");
}

/* A database that is away is not their fault. */
static void
not_for_our_faults(void **state)
{
	(void)state;
	private_db_halt();
	for (int i = 0; i < 2 * LIMIT; i++) {
		struct answer answer = post("/token", basic("nobody", "x"), "grant_type=x", NULL);

		check_status(answer, 503, "away");
	}
	private_db_resume();
	usleep(1100 * 1000); /* it is asked once a second whether it is back */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rate_test(clients),  rate_test(own_limit),
		rate_test(networks), rate_test(open_to_anybody),
		rate_test(why_else), rate_test(browsers_may_read_it),

		rate_test(no_limit), rate_test(not_for_our_faults),
	};

	return flow_tests_run(tests);
}
