/* SPDX-License-Identifier: ISC */
/*
 * When things go wrong: the database away and back, every failure found again by its request id,
 * and many processes that do at once what may happen once.
 */
#include "tests/flow/agent.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "core/base/shared.h"
#include "core/base/str.h"

#define RUNNERS 8
#define TEXT    2048
#define NO_CODE "ost_ac_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct agent alice;

static int
begin(void **state)
{
	alice = (struct agent){0};
	return world_fresh(state);
}

#define fault_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

/* ---- failures are found again ---- */

static const struct {
	const char *name, *target, *body;
	const char *record; /* pieces of the private record */
} failures[] = {
	{"page", "/authorize?client_id=nobody", NULL,
	 "\nerror=invalid_request\nstatus=400\ntext=no client has this client_id\n"
	 "detail=client_id nobody is not registered in this realm\n"},
	{"nothing there", "/nothing", NULL, "\nerror=not_found\nstatus=404\n"},
	{"API", "/token", "client_id=web&client_secret=x",
	 "\nclient=web\naddress=192.0.2.1\nerror=invalid_client\nstatus=401\n"
	 "text=client authentication failed\n"
	 "detail=presented client_secret_post, registered client_secret_basic\n"},
	{"bearer", "/userinfo", "access_token=x", "\nerror=invalid_token\nstatus=401\n"},
	{"lines in the detail", "/authorize?client_id=a%0Aerror%3Dx", NULL,
	 "detail=client_id a?error=x is not registered"},
};

static void
failures_have_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct answer answer = request_send(
			&(struct ask){.target = failures[i].target, .body = failures[i].body});
		const char *id = header(&answer, "X-Request-Id");
		char *record;

		check(id && str_starts(id, "testhost-") && strlen(id) == 19, failures[i].name);
		check_has(answer.body, id, failures[i].name);
		record = ring_find(world.provider.ring, world.arena,
				   arena_printf(world.arena, "%s\n", id));
		check_has(record, failures[i].record, failures[i].name);
		check(world_log_find(id) != NULL, failures[i].name);
		check(strstr(answer.text, "registered client_secret_basic") == NULL,
		      "the private half stays");
	}
}

/* An error that goes to the client is found too: by the header. */
static void
redirected_failures_have_ids(void **state)
{
	struct answer answer = agent_get(&alice, authorize("web", "response_type", "x"));
	const char *record =
		ring_find(world.provider.ring, world.arena, header(&answer, "X-Request-Id"));

	(void)state;
	check_has(record, "error=unsupported_response_type", "redirected");
	check_has(record, "detail=sent x", "redirected");
}

static void
secrets_are_not_recorded(void **state)
{
	const char *code = walk_code(&alice, authorize("web", NULL, NULL));
	struct answer answer = redeem("web", code);
	const char *secrets[] = {code,
				 member(&answer, "access_token"),
				 member(&answer, "refresh_token"),
				 WEB_SECRET,
				 USER_PASSWORD,
				 VERIFIER};

	(void)state;
	(void)redeem("web", code);
	for (size_t i = 0; i < COUNT(secrets); i++)
		check(world_log_count(secrets[i]) == 0, secrets[i]);
	check(world_log_count("event=code_issued") == 1, "issue is logged");
	check(world_log_count("event=tokens_issued") == 1, "issue is logged");
	check(world_log_count("event=code_replay") == 1, "replay is logged");
	check(world_log_count("event=signin ") == 1, "sign-in is logged");
}

/* ---- the database away ---- */

static const struct {
	const char *name, *target;
	bool page;
} aways[] = {
	{"authorize", "/authorize", true},
	{"token", "/token", false},
	{"userinfo", "/userinfo", false},
	{"introspect", "/introspect", false},
	{"revoke", "/revoke", false},
	{"logout", "/logout", true},
	{"signin", "/signin", true},
	{"health", "/health", false},
	{"logo", "/logo?client_id=other", false},
};

static const char *
cookies_of(const struct agent *agent)
{
	return arena_printf(world.arena,
			    "__Host-ostiary-session-main=%s; __Host-ostiary-browser-main=%s",
			    agent_cookie(agent, "__Host-ostiary-session-main"),
			    agent_cookie(agent, "__Host-ostiary-browser-main"));
}

static struct ask
away_ask(size_t i, const struct answer *set, const char *flow)
{
	const char *token = member(set, "access_token");
	struct ask ask = {.target = aways[i].target, .cookie = cookies_of(&alice)};

	if (str_equal(aways[i].name, "authorize"))
		ask.target = authorize("web", "prompt", "login");
	else if (str_equal(aways[i].name, "userinfo"))
		ask.authorization = arena_printf(world.arena, "Bearer %s", token);
	else if (str_equal(aways[i].name, "token"))
		ask.body = redemption("web", NO_CODE);
	else if (str_equal(aways[i].name, "signin"))
		ask.body =
			params("flow", flow, "username", "alice", "password", USER_PASSWORD, NULL);
	else if (!str_equal(aways[i].name, "logout") && !str_equal(aways[i].name, "health") &&
		 !str_equal(aways[i].name, "logo"))
		ask.body = params("token", token, NULL);
	if (ask.body && !aways[i].page)
		ask.authorization = basic("web", WEB_SECRET);
	return ask;
}

static void
check_away(const struct answer *answer, size_t i)
{
	check_status(*answer, 503, aways[i].name);
	check_text(header(answer, "Retry-After"), "5", aways[i].name);
	check(header(answer, "X-Request-Id") != NULL, aways[i].name);
	check_text(header(answer, "WWW-Authenticate"), NULL, aways[i].name);
	check_text(header(answer, "Content-Type"),
		   aways[i].page ? "text/html; charset=utf-8" : "application/json", aways[i].name);
	if (!aways[i].page)
		check_text(member(answer, "error"), "temporarily_unavailable", aways[i].name);
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* What was read before is known still: keys and metadata are served without the database. */
static void
database_away(void **state)
{
	struct answer set = tokens(&alice, "web", NULL), answer;
	struct answer page = agent_get(&alice, authorize("web", "prompt", "login"));
	const char *flow = page_field(&page, "flow");

	(void)state;
	private_db_halt();
	for (size_t i = 0; i < COUNT(aways); i++) {
		struct ask ask = away_ask(i, &set, flow);

		world_move(2);
		answer = request_send(&ask);
		check_away(&answer, i);
	}
	check_status(request_send(&(struct ask){.target = "/jwks"}), 200, "keys");
	check_status(request_send(&(struct ask){.target = "/.well-known/openid-configuration"}),
		     200, "metadata");
	private_db_resume();
	for (int i = 0; i < 50; i++) { /* at most once a second it is tried again */
		answer = request_send(&(struct ask){.target = "/health"});
		if (answer.status == 200)
			break;
		pause_ms(100);
	}
	check_status(answer, 200, "recovered by itself");
	check_status(userinfo(member(&set, "access_token")), 200, "recovered by itself");
	check_status(sign_in(&alice, &page, "alice", USER_PASSWORD), 303, "the page is still good");
}

/* A worker that starts without database has nothing to show but that. */
static void
database_away_from_the_start(void **state)
{
	struct provider before = world.provider;
	struct answer answer;

	(void)state;
	private_db_halt();
	world_own_connection();
	answer = request_send(&(struct ask){.target = "/jwks"});
	check_status(answer, 503, "no snapshot");
	check_text(header(&answer, "Retry-After"), "5", "no snapshot");
	check_text(member(&answer, "error"), "temporarily_unavailable", "no snapshot");
	answer = agent_get(&alice, authorize("web", NULL, NULL));
	check_status(answer, 503, "no snapshot");
	check_has(answer.body, "<html", "no snapshot");
	private_db_resume();
	pause_ms(1100);
	check_status(request_send(&(struct ask){.target = "/jwks"}), 200, "recovered");
	realms_free(world.provider.realms);
	store_close(world.provider.store);
	world.provider = before;
	for (int i = 0; i < 50; i++) {
		if (request_send(&(struct ask){.target = "/health"}).status == 200)
			break;
		pause_ms(100);
	}
}

/* A connection that the server closed is made again within the same request where that is safe. */
static void
connection_lost(void **state)
{
	struct answer set = tokens(&alice, "web", "openid offline_access");

	(void)state;
	assert_int_equal(private_db_kill_service(), 1);
	check_status(userinfo(member(&set, "access_token")), 200, "reading");
	assert_int_equal(private_db_kill_service(), 1);
	check_status(refresh("web", member(&set, "refresh_token")), 200, "refresh");
}

/* ---- races of processes ---- */

struct meeting {
	pthread_barrier_t barrier;
	struct {
		int status;
		char text[TEXT];
	} seen[RUNNERS];
};

static struct meeting *
meeting_new(void)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_t shared;

	assert_true(meeting != MAP_FAILED);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&meeting->barrier, &shared, RUNNERS);
	return meeting;
}

static void
run(struct meeting *meeting, size_t runner, struct ask ask, const char *wanted)
{
	struct answer answer;
	const char *text;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	world_own_connection();
	check_status(request_send(&(struct ask){.target = "/health"}), 200, "runner");
	pthread_barrier_wait(&meeting->barrier);
	answer = request_send(&ask);
	text = member(&answer, wanted);
	if (!text)
		text = location_param(&answer, wanted);
	meeting->seen[runner].status = answer.status;
	snprintf(meeting->seen[runner].text, TEXT, "%s", text ? text : "");
	world_child_exit(0);
}

/* The same request by all at once; each keeps the status and one member of the answer. */
static struct meeting *
race(struct ask ask, const char *wanted)
{
	struct meeting *meeting = meeting_new();
	pid_t pids[RUNNERS];

	for (size_t i = 0; i < RUNNERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			run(meeting, i, ask, wanted);
	}
	for (size_t i = 0; i < RUNNERS; i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	return meeting;
}

static size_t
count_status(const struct meeting *meeting, int status)
{
	size_t count = 0;

	for (size_t i = 0; i < RUNNERS; i++)
		count += meeting->seen[i].status == status;
	return count;
}

/* One wins; those who lost have shown that the code was stolen, and what it gave has ended. */
static void
one_code_redeemed_by_all(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		const char *code = walk_code(&alice, authorize("web", NULL, NULL));
		struct meeting *meeting =
			race((struct ask){.target = "/token",
					  .body = redemption("web", code),
					  .authorization = basic("web", WEB_SECRET)},
			     "access_token");

		assert_int_equal(count_status(meeting, 200), 1);
		assert_int_equal(count_status(meeting, 400), RUNNERS - 1);
		for (size_t i = 0; i < RUNNERS; i++)
			if (meeting->seen[i].status == 200)
				check(!is_active(meeting->seen[i].text), "it has ended");
		munmap(meeting, sizeof(*meeting));
	}
}

static void
one_refresh_token_by_all(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		struct answer set = tokens(&alice, "web", "openid offline_access");
		const char *form = params("grant_type", "refresh_token", "refresh_token",
					  member(&set, "refresh_token"), NULL);
		struct meeting *meeting =
			race((struct ask){.target = "/token",
					  .body = form,
					  .authorization = basic("web", WEB_SECRET)},
			     "refresh_token");

		assert_int_equal(count_status(meeting, 200), RUNNERS);
		for (size_t i = 1; i < RUNNERS; i++)
			check_text(meeting->seen[i].text, meeting->seen[0].text, "same successor");
		check(!str_equal(meeting->seen[0].text, member(&set, "refresh_token")),
		      "a new one");
		assert_int_equal(
			private_db_number("SELECT MAX(refresh_generation) FROM auth_grant"), 2);
		check_status(refresh("web", meeting->seen[0].text), 200, "and it is good");
		private_db_number("DELETE FROM auth_grant");
		munmap(meeting, sizeof(*meeting));
	}
}

static void
one_page_posted_by_all(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		struct answer page = agent_get(&alice, authorize("ask", "prompt", "consent"));
		struct meeting *meeting;

		if (str_equal(page_kind(&page), "signin"))
			page = sign_in(&alice, &page, "alice", USER_PASSWORD);
		check_text(page_kind(&page), "consent", "consent");
		private_db_number("DELETE FROM auth_grant");
		meeting = race((struct ask){.target = "/consent",
					    .body = params("flow", page_field(&page, "flow"),
							   "action", "allow", NULL),
					    .cookie = cookies_of(&alice)},
			       "code");
		assert_int_equal(count_status(meeting, 303), 1);
		assert_int_equal(count_status(meeting, 400), RUNNERS - 1);
		assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 1);
		munmap(meeting, sizeof(*meeting));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		fault_test(failures_have_ids),
		fault_test(redirected_failures_have_ids),
		fault_test(secrets_are_not_recorded),
		fault_test(database_away),
		fault_test(database_away_from_the_start),
		fault_test(connection_lost),
		fault_test(one_code_redeemed_by_all),
		fault_test(one_refresh_token_by_all),
		fault_test(one_page_posted_by_all),
	};

	return flow_tests_run(tests);
}
