/* SPDX-License-Identifier: ISC */
/*
 * The broker that says what it is told to.
 */
#include "tests/flow/fake_broker.h"

#include <poll.h>
#include <string.h>

#include "core/base/str.h"
#include "core/model/source.h"

struct fake_broker fake;

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
converse(const void *context, struct arena *arena, const struct broker_request *request,
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
lookup(const void *context, struct arena *arena, const struct broker_request *request,
       struct broker_answer *answer)
{
	(void)context;
	(void)arena;
	keep_request(request);
	fake.looked++;
	*answer = fake.knows;
	if (fake.slow > 0) {
		fake.slow--;
		answer->found = BROKER_DOWN;
		(void)poll(NULL, 0, BROKER_WAIT_MS);
	}
	return fake.result;
}

static const struct broker broker = {converse, lookup, NULL};

void
fake_source(const char *name, int64_t position, const char *options)
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

struct broker_person
fake_person(const char *username, const char *key)
{
	return (struct broker_person){username, key, {ada_claims, 3}, {ada_groups, 2}};
}

int
fake_broker_begin(void **state)
{
	world_fresh(state);
	memset(&fake, 0, sizeof(fake));
	world.provider.broker = &broker;
	fake_source("local", 10, "{}");
	fake_source("unix", 20, "{\"service\":\"pam\",\"email\":\"%u@example.org\"}");
	fake.says = (struct broker_state){
		.status = BROKER_DONE, .service = "pam", .person = fake_person("ada", "ada:1000")};
	return 0;
}

struct answer
fake_try_from(struct agent *agent, const char *username)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	return sign_in(agent, &page, username, "secret");
}

struct answer
fake_try(const char *username)
{
	struct agent agent = {0};

	return fake_try_from(&agent, username);
}

void
fake_says(enum broker_status status, enum broker_verdict verdict)
{
	fake.says.status = status;
	fake.says.verdict = verdict;
}
