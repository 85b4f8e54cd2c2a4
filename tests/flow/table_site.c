/* SPDX-License-Identifier: ISC */
#include "tests/flow/table_site.h"

#include "core/model/source.h"
#include "core/port/broker.h"

unsigned site_asked;

static int
converse(const void *context, struct arena *arena, const struct broker_request *request,
	 struct broker_state *state)
{
	(void)context;
	(void)arena;
	site_asked++;
	*state = (struct broker_state){
		.status = BROKER_DONE, .verdict = BROKER_WRONG, .username = request->username};
	return 0;
}

static int
lookup(const void *context, struct arena *arena, const struct broker_request *request,
       struct broker_answer *answer)
{
	(void)context;
	(void)arena;
	(void)request;
	*answer = (struct broker_answer){.found = BROKER_NONE};
	return 0;
}

static const struct broker broker = {converse, lookup, NULL};

void
site_run(const char *sql)
{
	(void)private_db_number("%s", sql);
}

void
site_source(const char *name, const char *kind, int64_t position, const char *options)
{
	struct tx tx;

	world_tx(&tx, "main");
	assert_int_equal(source_put(tx.store, &(struct source_row){tx.realm->id, name, kind,
								   position, options}),
			 STORE_OK);
	realms_forget(world.provider.realms);
}

void
site_view(const char *name)
{
	(void)private_db_number("CREATE OR REPLACE VIEW site.%s AS SELECT id, login AS username,"
				" hash AS password, full_name AS name, mail AS email,"
				" confirmed AS email_verified, teams AS `groups`, off AS disabled"
				" FROM site.%s_users",
				name, name);
	(void)private_db_number("GRANT SELECT ON site.%s TO '%s'@'localhost'", name,
				private_db()->user);
}

void
site_table(const char *name)
{
	(void)private_db_number("CREATE TABLE site.%s_users (id INT PRIMARY KEY, login VARCHAR(60),"
				" hash VARCHAR(255), full_name VARCHAR(60), mail VARCHAR(60),"
				" confirmed BOOLEAN, teams VARCHAR(60), off BOOLEAN)",
				name);
	site_view(name);
}

void
site_person(const char *table, int id, const char *login, const char *hash)
{
	(void)private_db_number("INSERT INTO site.%s_users VALUES (%d, '%s', '%s', 'Ada Lovelace',"
				" 'ada@example.org', 1, 'staff,press', 0)",
				table, id, login, hash);
}

int
site_begin(void **state)
{
	world_fresh(state);
	site_asked = 0;
	world.provider.broker = &broker;
	site_run("DROP DATABASE IF EXISTS site");
	site_run("CREATE DATABASE site CHARACTER SET utf8mb4");
	site_table("forum");
	site_source("local", "local", 10, "{}");
	site_source("forum", "table", 20, "{\"view\":\"site.forum\",\"amr\":\"pwd kba\"}");
	site_person("forum", 7, "Ada", PHPASS);
	return 0;
}

struct answer
site_try_from(struct agent *agent, const char *username, const char *password)
{
	struct answer page = agent_get(agent, authorize("web", NULL, NULL));

	return sign_in(agent, &page, username, password);
}

struct answer
site_try(const char *username, const char *password)
{
	struct agent agent = {0};

	return site_try_from(&agent, username, password);
}
