/* SPDX-License-Identifier: ISC */
/*
 * People of a service of the host: what the broker is asked, what becomes of its answers, whose
 * account somebody gets, what counts as a failure, and when people are asked for again. The broker
 * is one that says what the test wants; the real one is met in tests/pamd and tests/system.
 */
#include "tests/flow/agent.h"

#include <string.h>

#include "core/authn/throttle.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/source.h"
#include "core/port/broker.h"

static struct {
	struct broker_state says;
	struct broker_answer knows;
	int result;
	struct broker_request last; /* texts live in the arena of the test */
	unsigned asked, looked;
} fake;

static struct broker_texts
keep_texts(const struct broker_texts *texts)
{
	const char **copy = arena_array(world.arena, texts->count, sizeof(*copy));

	for (size_t i = 0; i < texts->count; i++)
		copy[i] = arena_strdup(world.arena, texts->text[i]);
	return (struct broker_texts){copy, texts->count};
}

static void
keep_request(const struct broker_request *request)
{
	struct broker_request *last = &fake.last;

	*last = *request;
	last->services = keep_texts(&request->services);
	last->answers = keep_texts(&request->answers);
	last->username = arena_strdup(world.arena, request->username);
	last->address = arena_strdup(world.arena, request->address);
	last->password = request->password ? arena_strdup(world.arena, request->password) : NULL;
	last->keep = request->keep ? arena_strdup(world.arena, request->keep) : NULL;
	last->key = request->key ? arena_strdup(world.arena, request->key) : NULL;
}

static int
converse(void *context, struct arena *arena, const struct broker_request *request,
	 struct broker_state *state)
{
	static const char *keep;
	static const char *username;

	(void)context;
	(void)arena;
	keep_request(request);
	fake.asked++;
	if (request->kind == BROKER_START) {
		keep = fake.last.keep;
		username = fake.last.username;
	}
	*state = fake.says;
	if (state->status != BROKER_GONE && state->status != BROKER_BUSY) {
		state->keep = keep;
		state->username = username;
	}
	return fake.result;
}

static int
lookup(void *context, struct arena *arena, const struct broker_request *request,
       struct broker_answer *answer)
{
	(void)context;
	(void)arena;
	keep_request(request);
	fake.looked++;
	*answer = fake.knows;
	return fake.result;
}

static const struct broker broker = {converse, lookup, NULL};

static void
add_source(const char *name, int64_t position, const char *options)
{
	struct tx tx;
	const bool own = str_equal(name, SOURCE_LOCAL);

	world_tx(&tx, "main");
	assert_int_equal(source_put(tx.store, &(struct source_row){tx.realm->id, name,
								   own ? "local" : "service",
								   position, options}),
			 STORE_OK);
	realms_forget(world.provider.realms);
}

static const char *const ada_groups[] = {"staff", "Domain Users"};
static const char *const ada_claims[] = {"name=Ada Lovelace", "nonsense", "zoneinfo="};

static struct broker_person
person(const char *username, const char *key)
{
	return (struct broker_person){username, key, {ada_claims, 3}, {ada_groups, 2}};
}

static int
begin(void **state)
{
	world_fresh(state);
	memset(&fake, 0, sizeof(fake));
	world.provider.broker = &broker;
	add_source("local", 10, "{}");
	add_source("unix", 20, "{\"service\":\"pam\",\"email\":\"%u@example.org\"}");
	fake.says = (struct broker_state){
		.status = BROKER_DONE, .service = "pam", .person = person("ada", "ada:1000")};
	return 0;
}

#define talk_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static struct answer
try_from(struct agent *agent, const char *username)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	return sign_in(agent, &page, username, "secret");
}

static struct answer
try(const char *username)
{
	struct agent agent = {0};

	return try_from(&agent, username);
}

static void
says(enum broker_status status, enum broker_verdict verdict)
{
	fake.says.status = status;
	fake.says.verdict = verdict;
}

/* ---- what it is asked ---- */

static void
a_start(void **state)
{
	uint8_t binding[BROKER_BINDING_SIZE];
	struct agent one = {0}, two = {0};

	(void)state;
	says(BROKER_DONE, BROKER_WRONG);
	try_from(&one, "  ADA ");
	assert_int_equal(fake.last.kind, BROKER_START);
	assert_int_equal(fake.last.services.count, 1);
	assert_string_equal(fake.last.services.text[0], "pam");
	assert_string_equal(fake.last.username, "ada");
	assert_string_equal(fake.last.password, "secret");
	assert_string_equal(fake.last.address, "192.0.2.1");
	assert_non_null(fake.last.keep);
	memcpy(binding, fake.last.binding, sizeof(binding));
	try_from(&one, "ada");
	assert_memory_equal(binding, fake.last.binding, sizeof(binding));
	try_from(&two, "ada");
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
	add_source("ldap", 30, "{\"service\":\"corp\"}");
	says(BROKER_DONE, BROKER_WRONG);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fake.asked = 0;
		check_status(try(cases[i].username), 403, cases[i].name);
		check(fake.asked == cases[i].asked, cases[i].name);
		if (fake.asked)
			check(fake.last.services.count == cases[i].services, cases[i].name);
	}
	says(BROKER_DONE, BROKER_RIGHT);
	check_status(try("ada"), 303, "right");
	says(BROKER_DONE, BROKER_WRONG);
	check_status(try("ada"), 403, "known by now");
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
	try("alice");
	assert_null(fake.last.password);
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
		says(cases[i].status, cases[i].verdict);
		fake.says.person = person(name, name);
		for (int times = 0; times < 5; times++) {
			struct answer answer = try(name);

			check_status(answer, cases[i].http, cases[i].name);
			check_has(answer.body, cases[i].text, cases[i].name);
		}
		fake.result = 0;
		says(BROKER_DONE, BROKER_WRONG);
		check_status(try(name), cases[i].charged ? 429 : 403, cases[i].name);
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
	says(BROKER_PROMPT, 0);
	fake.says.sequence = 7;
	fake.says.prompts = prompts;
	fake.says.prompts_count = COUNT(prompts);
	agent.language = "de";
	page = try_from(&agent, "ada");
	check_status(page, 200, "prompts");
	check_has(page.body, ">Passwort</label>", "a prompt that is known");
	check_has(page.body, ">Code:</label>", "another");
	check_has(page.body, "Hello &lt;you&gt;", "message");
	check_has(page.body, "name=\"answer_1\" type=\"password\"", "first");
	check_has(page.body, "name=\"answer_2\" type=\"text\"", "second");
	assert_string_equal(page_field(&page, "sequence"), "7");
	says(BROKER_DONE, BROKER_RIGHT);
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

		says(BROKER_PROMPT, 0);
		fake.says.sequence = 1;
		fake.says.prompts = &prompt;
		fake.says.prompts_count = 1;
		page = try_from(&agent, arena_printf(world.arena, "ada%zu", i));
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
	says(BROKER_RUNNING, 0);
	page = try_from(&agent, "ada");
	check_status(page, 303, "running");
	next = agent_get(&agent, next_target(&page));
	check_status(next, 200, "waits");
	assert_string_equal(header(&next, "Refresh"), "1");
	assert_int_equal(fake.last.kind, BROKER_POLL);
	check_status(agent_get(&other, next_target(&page)), 400, "no cookie");
	assert_int_equal(
		request_send(&(struct ask){.method = "HEAD", .target = next_target(&page)}).status,
		405);
	says(BROKER_DONE, BROKER_RIGHT);
	next = agent_get(&agent, next_target(&page));
	check_status(next, 303, "done");
	assert_non_null(location_param(&next, "code"));
	says(BROKER_GONE, 0);
	check_status(agent_get(&agent, next_target(&page)), 400, "told once");
}

static void
leaving(void **state)
{
	static struct broker_prompt prompt = {BROKER_ECHO_ON, "Code:"};
	struct agent agent = {0};
	struct answer page, next;

	(void)state;
	says(BROKER_PROMPT, 0);
	fake.says.sequence = 1;
	fake.says.prompts = &prompt;
	fake.says.prompts_count = 1;
	page = try_from(&agent, "ada");
	next = agent_post(&agent, "/signin/answer",
			  params("flow", page_field(&page, "flow"), "conversation",
				 page_field(&page, "conversation"), "sequence", "1", "action",
				 "cancel", NULL));
	assert_int_equal(fake.last.kind, BROKER_CANCEL);
	assert_string_equal(location_param(&next, "error"), "access_denied");
}

/* ---- whose account it is ---- */

static const char *
sub_of(const char *username)
{
	struct account account;

	world_account(username, &account);
	return account.sub;
}

static void
the_first_sign_in_makes_an_account(void **state)
{
	struct account account;
	struct json_object *groups;

	(void)state;
	says(BROKER_DONE, BROKER_RIGHT);
	check_status(try("ada"), 303, "right");
	world_account("ada", &account);
	assert_string_equal(account.source, "unix");
	assert_string_equal(account.source_key, "ada:1000");
	assert_string_equal(json_text_or_null(account.claims, "name"), "Ada Lovelace");
	assert_string_equal(json_text_or_null(account.claims, "email"), "ada@example.org");
	assert_false(
		json_object_get_boolean(json_object_object_get(account.claims, "email_verified")));
	assert_false(json_object_object_get_ex(account.claims, "zoneinfo", NULL));
	assert_int_equal(json_get_array(account.claims, "groups", &groups), JSON_FOUND);
	assert_int_equal(json_object_array_length(groups), 2);
	check_status(try("ada"), 303, "again");
	assert_string_equal(sub_of("ada"), account.sub);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE source = 'unix'"),
			 1);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'account_made'"),
			 1);
}

static void
a_name_made_anew_is_another_person(void **state)
{
	const char *before;

	(void)state;
	says(BROKER_DONE, BROKER_RIGHT);
	try("ada");
	before = sub_of("ada");
	fake.says.person = person("ada", "ada:2000");
	check_status(try("ada"), 303, "another key");
	assert_string_not_equal(sub_of("ada"), before);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM account WHERE away = 'gone'"
					   " AND username LIKE '~%%' AND auth_epoch = 2"),
			 1);
	fake.says.person = person("ada", "ada:1000");
	check_status(try("ada"), 303, "the first again");
	assert_string_equal(sub_of("ada"), before);
}

static void
people_who_are_refused(void **state)
{
	static const char *const large[] = {"x=1", "x", "sub=root"};
	const char *before;
	struct account account;

	(void)state;
	says(BROKER_DONE, BROKER_RIGHT);
	before = sub_of("alice");
	fake.says.person = person("alice", "alice:1");
	check_status(try("ada"), 403, "renamed to an own account");
	assert_string_equal(sub_of("alice"), before);
	fake.says.person = person("ada", "ada:1000");
	try("ada");
	world_account("ada", &account);
	assert_int_equal(account_set_disabled(world.provider.store, account.id, true, world_now()),
			 STORE_OK);
	check_status(try("ada"), 403, "disabled here");
	fake.says.person = person("ben", "");
	check_status(try("ben"), 503, "no key");
	fake.says.person.key = "ben:1";
	fake.says.person.claims = (struct broker_texts){large, COUNT(large)};
	check_status(try("ben"), 503, "a claim that is ours");
	fake.says.person = person("ben", "ben:1");
	fake.says.service = "other";
	check_status(try("ben"), 503, "a service of no source");
}

/* ---- whether they are still there ---- */

static void
people_are_asked_for_again(void **state)
{
	static const struct {
		const char *name;
		enum broker_found found;
		int result;
		int64_t after; /* seconds since the sign-in */
		unsigned looked;
		bool is_in;
	} cases[] = {
		{"soon", BROKER_NONE, 0, SOURCE_CHECK_SECS - 1, 0, true},
		{"there", BROKER_FOUND, 0, SOURCE_CHECK_SECS, 1, true},
		{"gone", BROKER_NONE, 0, SOURCE_CHECK_SECS, 1, false},
		{"locked", BROKER_LOCKED, 0, SOURCE_CHECK_SECS, 1, false},
		{"nobody can say", BROKER_DOWN, 0, SOURCE_CHECK_SECS, 1, true},
		{"no broker", BROKER_DOWN, -1, SOURCE_CHECK_SECS, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = arena_printf(world.arena, "ada%zu", i);
		struct agent agent = {0};
		struct answer answer;

		fake.result = 0;
		says(BROKER_DONE, BROKER_RIGHT);
		fake.says.person = person(name, name);
		fake.knows = (struct broker_answer){cases[i].found, person(name, name), NULL};
		check_status(try_from(&agent, name), 303, cases[i].name);
		world_move(cases[i].after);
		fake.looked = 0;
		fake.result = cases[i].result;
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check(fake.looked == cases[i].looked, cases[i].name);
		if (fake.looked)
			check_text(fake.last.key, name, cases[i].name);
		check_text(location_param(&answer, "error"),
			   cases[i].is_in ? NULL : "login_required", cases[i].name);
		answer = agent_get(&agent, authorize("web", "prompt", "none"));
		check(fake.looked ==
			      (cases[i].looked && (cases[i].result || cases[i].found == BROKER_DOWN)
				       ? 2
				       : cases[i].looked),
		      cases[i].name);
		world_move(-cases[i].after);
	}
}

static void
refreshing_asks_too(void **state)
{
	struct agent agent = {0};
	struct answer given;
	const char *token;

	(void)state;
	says(BROKER_DONE, BROKER_RIGHT);
	try_from(&agent, "ada");
	given = tokens(&agent, "web", "openid");
	token = member(&given, "refresh_token");
	assert_non_null(token);
	world_move(SOURCE_CHECK_SECS);
	fake.knows = (struct broker_answer){BROKER_FOUND, person("ada", "ada:1000"), NULL};
	given = refresh("web", token);
	check_status(given, 200, "there");
	token = member(&given, "refresh_token");
	world_move(SOURCE_CHECK_SECS);
	fake.knows.found = BROKER_LOCKED;
	given = refresh("web", token);
	check_text(member(&given, "error"), "invalid_grant", "locked");
}

/* ---- groups ---- */

static void
groups_bring_scopes(void **state)
{
	struct agent ada = {0}, alice = {0};
	struct answer given;
	struct tx tx;

	(void)state;
	world_tx(&tx, "main");
	assert_int_equal(
		scope_put(tx.store, &(struct scope_row){tx.realm->id, "files", "{\"\":\"Files\"}",
							NULL, "Domain Users\nothers"}),
		STORE_OK);
	realms_forget(world.provider.realms);
	says(BROKER_DONE, BROKER_RIGHT);
	try_from(&ada, "ada");
	given = tokens(&ada, "web", "openid files");
	check_text(member(&given, "scope"), "openid files", "in the group");
	fake.says.person.groups.count = 1;
	try_from(&(struct agent){0}, "ada");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "scope"), "openid", "not any more");
	given = tokens(&alice, "web", "openid files");
	check_text(member(&given, "scope"), "openid", "never was");
	world_tx(&tx, "main");
	assert_int_equal(scope_remove(tx.store, tx.realm->id, "files"), STORE_OK);
}

static void
clients_of_groups(void **state)
{
	struct agent ada = {0}, alice = {0};
	struct answer given;

	(void)state;
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"required_groups\":[\"Domain Users\"],\"grant_types\":["
		     "\"authorization_code\",\"refresh_token\"]}",
		     WEB_SECRET);
	says(BROKER_DONE, BROKER_RIGHT);
	try_from(&ada, "ada");
	given = tokens(&ada, "web", NULL);
	check_text(member(&given, "token_type"), "Bearer", "in the group");
	fake.says.person.groups.count = 1;
	try_from(&(struct agent){0}, "ada");
	given = refresh("web", member(&given, "refresh_token"));
	check_text(member(&given, "error"), "invalid_grant", "not any more");
	given = walk(&alice, authorize("web", NULL, NULL));
	check_text(location_param(&given, "error"), "access_denied", "never was");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		talk_test(a_start),
		talk_test(who_judges),
		talk_test(own_passwords_do_not_reach_it),
		talk_test(endings),
		talk_test(a_page_of_prompts),
		talk_test(answers_that_are_not_passed_on),
		talk_test(the_page_that_waits),
		talk_test(leaving),
		talk_test(the_first_sign_in_makes_an_account),
		talk_test(a_name_made_anew_is_another_person),
		talk_test(people_who_are_refused),
		talk_test(people_are_asked_for_again),
		talk_test(refreshing_asks_too),
		talk_test(groups_bring_scopes),
		talk_test(clients_of_groups),
	};

	return flow_tests_run(tests);
}
