/* SPDX-License-Identifier: ISC */
/*
 * Conversations with a service of the host: what the broker is asked, what becomes of its answers,
 * and what counts as a failure.
 */
#include "tests/flow/fake_broker.h"

#include <string.h>
#include <time.h>

#include "core/authn/password.h"
#include "core/authn/throttle.h"
#include "core/model/source.h"

/* ---- what it is asked ---- */

static void
a_start(void **state)
{
	uint8_t binding[BROKER_BINDING_SIZE];
	struct agent one = {0}, two = {0};

	(void)state;
	fake_says(BROKER_DONE, BROKER_WRONG);
	fake_try_from(&one, "  ADA ");
	assert_int_equal(fake.last.kind, BROKER_START);
	assert_int_equal(fake.last.services.count, 1);
	assert_string_equal(fake.last.services.text[0], "pam");
	assert_string_equal(fake.last.username, "ada");
	assert_string_equal(fake.last.password, "secret");
	assert_string_equal(fake.last.address, "192.0.2.1");
	assert_non_null(fake.last.keep);
	memcpy(binding, fake.last.binding, sizeof(binding));
	fake_try_from(&one, "ada");
	assert_memory_equal(binding, fake.last.binding, sizeof(binding));
	fake_try_from(&two, "ada");
	assert_memory_not_equal(binding, fake.last.binding, sizeof(binding));
}

static void
who_judges(void **state)
{
	static const struct {
		const char *name, *username;
		unsigned asked;
		size_t services;
	} cases[] = {
		{"an own account that is wrong takes the time of a failure", "alice", 1, 0},
		{"somebody else's name", "somebody", 1, 2},
		{"no name", "", 0, 0},
	};

	(void)state;
	fake_source("ldap", 30, "{\"service\":\"corp\"}");
	fake_says(BROKER_DONE, BROKER_WRONG);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fake.asked = 0;
		check_status(fake_try(cases[i].username), 403, cases[i].name);
		check(fake.asked == cases[i].asked, cases[i].name);
		if (fake.asked)
			check(fake.last.services.count == cases[i].services, cases[i].name);
	}
	fake_says(BROKER_DONE, BROKER_RIGHT);
	check_status(fake_try("ada"), 303, "right");
	fake_says(BROKER_DONE, BROKER_WRONG);
	check_status(fake_try("ada"), 403, "known by now");
	assert_int_equal(fake.last.services.count, 1);
	assert_string_equal(fake.last.services.text[0], "pam");
}

static void
own_passwords_do_not_reach_it(void **state)
{
	struct agent agent = {0};
	struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

	(void)state;
	check_status(sign_in(&agent, &page, "alice", USER_PASSWORD), 303, "alice");
	assert_int_equal(fake.asked, 0);
	fake_try("alice");
	assert_null(fake.last.password);
}

static void
a_name_alone(void **state)
{
	struct agent agent = {0};
	struct answer page;

	(void)state;
	fake_source("unix", 20, "{\"service\":\"pam\",\"password_first\":\"false\"}");
	fake_says(BROKER_DONE, BROKER_WRONG);
	fake_try("ada");
	assert_int_equal(fake.asked, 1);
	assert_null(fake.last.password);
	page = agent_get(&agent, authorize("web", NULL, NULL));
	check_status(sign_in(&agent, &page, "alice", ""), 403, "an own account needs one");
	assert_int_equal(fake.asked, 2);
	assert_int_equal(fake.last.services.count, 0);
	page = agent_get(&agent, authorize("web", NULL, NULL));
	check_status(sign_in(&agent, &page, "ada", ""), 403, "the service may not");
	assert_int_equal(fake.asked, 3);
}

/* Where all are asked for a password with the name, leaving it out tells nobody whose name it is.
 */
static void
no_password(void **state)
{
	static const char *const names[] = {"alice", "ada", "somebody"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct agent agent = {0};
		struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

		check_status(sign_in(&agent, &page, names[i], ""), 403, names[i]);
		check(fake.asked == 0, names[i]);
	}
}

/* Trying names of own accounts without a password is counted as well. */
static void
names_alone_are_charged(void **state)
{
	struct answer answer = {0};

	(void)state;
	fake_source("unix", 20, "{\"service\":\"pam\",\"password_first\":\"false\"}");
	fake_says(BROKER_DONE, BROKER_WRONG);
	for (unsigned i = 0; i < 6; i++) {
		struct agent agent = {0};
		struct answer page = agent_get(&agent, authorize("web", NULL, NULL));

		answer = sign_in(&agent, &page, "alice", "");
	}
	check_status(answer, 429, "the sixth");
}

static int64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Own accounts cost a hash, so names of services do too. */
static void
all_names_cost_a_hash(void **state)
{
	int64_t begin, hash;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	check_status(fake_try("ada"), 303, "gets an account");
	fake_says(BROKER_DONE, BROKER_WRONG);
	begin = cpu_us();
	password_verify_nobody("secret");
	hash = cpu_us() - begin;
	for (size_t i = 0; i < 2; i++) {
		begin = cpu_us();
		check_status(fake_try(i ? "ada" : "somebody"), 403, "wrong");
		check(cpu_us() - begin > hash / 2, i ? "an account of a service" : "nobody");
	}
}

static void
forget_known(struct agent *agent)
{
	for (size_t i = 0; i < agent->cookies; i++)
		if (strstr(agent->cookie[i].name, "known"))
			agent->cookie[i--] = agent->cookie[--agent->cookies];
}

/* What was charged to a browser that is known is not given back to somebody else. */
static void
known_all_along(void **state)
{
	static struct broker_prompt prompt = {BROKER_ECHO_ON, "Code:"};
	uint8_t binding[BROKER_BINDING_SIZE];
	struct agent agent = {0};
	struct answer page;

	(void)state;
	check_status(fake_try_from(&agent, "ada"), 303, "right");
	fake_says(BROKER_PROMPT, 0);
	fake.says.sequence = 1;
	fake.says.prompts = &prompt;
	fake.says.prompts_count = 1;
	page = agent_get(&agent, authorize("web", "prompt", "login"));
	page = sign_in(&agent, &page, "ada", "secret");
	memcpy(binding, fake.last.binding, sizeof(binding));
	for (unsigned i = 0; i < 2; i++) {
		agent_post(&agent, "/signin/answer",
			   params("flow", page_field(&page, "flow"), "conversation",
				  page_field(&page, "conversation"), "sequence", "1", "answer_1",
				  "1", "action", i ? "cancel" : "answer", NULL));
		assert_memory_equal(binding, fake.last.binding, sizeof(binding));
	}
	forget_known(&agent);
	agent_post(&agent, "/signin/answer",
		   params("flow", page_field(&page, "flow"), "conversation",
			  page_field(&page, "conversation"), "sequence", "1", "answer_1", "1",
			  "action", "answer", NULL));
	assert_memory_not_equal(binding, fake.last.binding, sizeof(binding));
}

static void
people_of_no_source(void **state)
{
	struct tx tx;

	(void)state;
	fake_says(BROKER_DONE, BROKER_RIGHT);
	check_status(fake_try("ada"), 303, "right");
	world_tx(&tx, "main");
	assert_int_equal(source_remove(tx.store, tx.realm->id, "unix"), STORE_OK);
	fake_source("ldap", 30, "{\"service\":\"corp\"}");
	fake_says(BROKER_DONE, BROKER_WRONG);
	check_status(fake_try("ada"), 403, "its source is not there any more");
	assert_int_equal(fake.last.services.count, 0);
}

/* ---- how it ends ---- */

static void
endings(void **state)
{
	static const struct {
		const char *name;
		enum broker_status status;
		enum broker_verdict verdict;
		int result, http;
		bool charged;
		const char *text;
	} cases[] = {
		{"right", BROKER_DONE, BROKER_RIGHT, 0, 303, false, ""},
		{"wrong", BROKER_DONE, BROKER_WRONG, 0, 403, true, "password is wrong"},
		{"unavailable", BROKER_DONE, BROKER_UNAVAILABLE, 0, 503, false, "right now"},
		{"expired", BROKER_DONE, BROKER_EXPIRED, 0, 403, false, "has expired"},
		{"denied", BROKER_DONE, BROKER_DENIED, 0, 403, false, "may not sign in"},
		{"change", BROKER_DONE, BROKER_CHANGE, 0, 403, false, "must be changed"},
		{"crash", BROKER_DONE, BROKER_FAILED, 0, 503, false, "right now"},
		{"running", BROKER_RUNNING, 0, 0, 303, true, ""},
		{"busy", BROKER_BUSY, 0, 0, 503, true, "Too many"},
		{"gone", BROKER_GONE, 0, 0, 403, true, "has ended"},
		{"no broker", BROKER_GONE, 0, -1, 503, true, "right now"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(world.arena, "ada%zu", i);

		fake.result = cases[i].result;
		fake_says(cases[i].status, cases[i].verdict);
		fake.says.person = fake_person(name, name);
		for (int times = 0; times < 5; times++) {
			struct answer answer = fake_try(name);

			check_status(answer, cases[i].http, cases[i].name);
			check_has(answer.body, cases[i].text, cases[i].name);
		}
		fake.result = 0;
		fake_says(BROKER_DONE, BROKER_WRONG);
		check_status(fake_try(name), cases[i].charged ? 429 : 403, cases[i].name);
		memset(world.provider.throttle, 0, throttle_size());
	}
}

static void
a_page_of_prompts(void **state)
{
	static struct broker_prompt prompts[] = {
		{BROKER_INFO, "Hello <you>"},
		{BROKER_ECHO_OFF, "Password: "},
		{BROKER_ECHO_ON, "Code:"},
	};
	struct agent agent = {0};
	struct answer page, next;

	(void)state;
	fake_says(BROKER_PROMPT, 0);
	fake.says.sequence = 7;
	fake.says.prompts = prompts;
	fake.says.prompts_count = COUNT(prompts);
	agent.language = "de";
	page = fake_try_from(&agent, "ada");
	check_status(page, 200, "prompts");
	check_has(page.body, ">Passwort</label>", "a prompt that is known");
	check_has(page.body, ">Code:</label>", "another");
	check_has(page.body, "Hello &lt;you&gt;", "message");
	check_has(page.body, "name=\"answer_1\" type=\"password\"", "first");
	check_has(page.body, "name=\"answer_2\" type=\"text\"", "second");
	assert_string_equal(page_field(&page, "sequence"), "7");
	fake_says(BROKER_DONE, BROKER_RIGHT);
	fake.says.prompts_count = 0;
	next = agent_post(&agent, "/signin/answer",
			  params("flow", page_field(&page, "flow"), "conversation",
				 page_field(&page, "conversation"), "sequence", "7", "answer_1",
				 "one", "answer_2", "two", "action", "answer", NULL));
	assert_int_equal(fake.last.kind, BROKER_RESPOND);
	assert_int_equal(fake.last.sequence, 7);
	assert_int_equal(fake.last.answers.count, 2);
	assert_string_equal(fake.last.answers.text[0], "one");
	assert_string_equal(fake.last.answers.text[1], "two");
	check_status(next, 303, "done");
	assert_non_null(location_param(&next, "code"));
}

static void
answers_that_are_not_passed_on(void **state)
{
	static struct broker_prompt prompt = {BROKER_ECHO_ON, "Code:"};
	char *text;
	static const struct {
		const char *name, *conversation, *sequence;
		bool is_long;
	} cases[] = {
		{"no conversation", "", "1", false},
		{"no identifier", "AAAA", "1", false},
		{"of another host", "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "1", false},
		{"no sequence", NULL, NULL, false},
		{"a sequence below", NULL, "-1", false},
		{"an answer that is too long", NULL, "1", true},
	};

	(void)state;
	text = arena_alloc(world.arena, BROKER_ANSWER_MAX + 2);
	memset(text, 'x', BROKER_ANSWER_MAX + 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct agent agent = {0};
		struct answer page, next;
		unsigned before;

		fake_says(BROKER_PROMPT, 0);
		fake.says.sequence = 1;
		fake.says.prompts = &prompt;
		fake.says.prompts_count = 1;
		page = fake_try_from(&agent, arena_printf(world.arena, "ada%zu", i));
		before = fake.asked;
		next = agent_post(&agent, "/signin/answer",
				  params("flow", page_field(&page, "flow"), "conversation",
					 cases[i].conversation ? cases[i].conversation
							       : page_field(&page, "conversation"),
					 "sequence", cases[i].sequence, "answer_1",
					 cases[i].is_long ? text : "1", "action", "answer", NULL));
		check_status(next, 403, cases[i].name);
		check(fake.asked == before, cases[i].name);
	}
}

static void
the_page_that_waits(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer page, next;

	(void)state;
	fake_says(BROKER_RUNNING, 0);
	page = fake_try_from(&agent, "ada");
	check_status(page, 303, "running");
	next = agent_get(&agent, next_target(&page));
	check_status(next, 200, "waits");
	assert_string_equal(header(&next, "Refresh"), "1");
	assert_int_equal(fake.last.kind, BROKER_POLL);
	check_status(agent_get(&other, next_target(&page)), 400, "no cookie");
	assert_int_equal(
		request_send(&(struct ask){.method = "HEAD", .target = next_target(&page)}).status,
		405);
	fake_says(BROKER_DONE, BROKER_RIGHT);
	next = agent_get(&agent, next_target(&page));
	check_status(next, 303, "done");
	assert_non_null(location_param(&next, "code"));
	fake_says(BROKER_GONE, 0);
	check_status(agent_get(&agent, next_target(&page)), 400, "told once");
}

static void
leaving(void **state)
{
	static struct broker_prompt prompt = {BROKER_ECHO_ON, "Code:"};
	struct agent agent = {0};
	struct answer page, next;

	(void)state;
	fake_says(BROKER_PROMPT, 0);
	fake.says.sequence = 1;
	fake.says.prompts = &prompt;
	fake.says.prompts_count = 1;
	page = fake_try_from(&agent, "ada");
	next = agent_post(&agent, "/signin/answer",
			  params("flow", page_field(&page, "flow"), "conversation",
				 page_field(&page, "conversation"), "sequence", "1", "action",
				 "cancel", NULL));
	assert_int_equal(fake.last.kind, BROKER_CANCEL);
	assert_string_equal(location_param(&next, "error"), "access_denied");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		talk_test(a_start),
		talk_test(who_judges),
		talk_test(own_passwords_do_not_reach_it),
		talk_test(a_name_alone),
		talk_test(no_password),
		talk_test(names_alone_are_charged),
		talk_test(all_names_cost_a_hash),
		talk_test(known_all_along),
		talk_test(people_of_no_source),
		talk_test(endings),
		talk_test(a_page_of_prompts),
		talk_test(answers_that_are_not_passed_on),
		talk_test(the_page_that_waits),
		talk_test(leaving),
	};

	return flow_tests_run(tests);
}
