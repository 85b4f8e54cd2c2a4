/* SPDX-License-Identifier: ISC */
/*
 * Who acts for whom (RFC 8693 4.1, 4.4): delegation and impersonation, actor tokens, chains, and
 * may_act.
 */
#include "tests/flow/others.h"

#include "core/base/str.h"

#define API "https://api.example"

static struct agent alice, bob;
static const char *web_token; /* of alice, for API */

static void
add_service(const char *client_id, const char *modes)
{
	world_client(
		"main", client_id,
		arena_printf(world.arena,
			     "{\"grant_types\":[\"client_credentials\",\"" EXCHANGE_TYPE
			     "\"],\"scope\":\"read\",\"resources\":[\"" API
			     "\"],\"exchange_clients\":[\"svc\",\"next\",\"imp\",\"both\"]%s}",
			     modes ? arena_printf(world.arena, ",\"exchange_modes\":[%s]", modes)
				   : ""),
		WEB_SECRET);
}

static const char *
token_of_web(struct agent *agent, const char *username)
{
	const char *request = params_with(request_of("web"), "scope", "openid read");
	struct answer page, set;

	request = params_with(request, "resource", API);
	page = agent_get(agent, arena_printf(world.arena, "/authorize?%s", request));
	if (str_equal(page_kind(&page), "signin"))
		page = sign_in(agent, &page, username, USER_PASSWORD);
	set = redeem("web", location_param(&page, "code"));
	check_status(set, 200, username);
	return member(&set, "access_token");
}

static int
begin(void **state)
{
	int result = world_fresh(state);

	alice = bob = (struct agent){0};
	world_resource(API, "{\"read\":{\"\":\"Read\"},\"write\":{\"\":\"Write\"}}", "{}", NULL);
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"introspection\":\"all\",\"exchange_clients\":[\"svc\",\"next\",\"imp\","
		     "\"both\",\"none\"]}",
		     WEB_SECRET);
	add_service("svc", NULL);
	add_service("next", NULL);
	add_service("imp", "\"impersonation\"");
	add_service("both", "\"delegation\",\"impersonation\"");
	add_service("none", "");
	add_service("stranger", NULL);
	web_token = token_of_web(&alice, "alice");
	return result;
}

#define actor_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static const char *
own_token(const char *client_id)
{
	struct answer answer =
		exchange_as(client_id, params("grant_type", "client_credentials", "scope", "read",
					      "resource", API, NULL));

	check_status(answer, 200, client_id);
	return member(&answer, "access_token");
}

static const char *
with_actor(const char *form, const char *type, const char *token)
{
	form = params_with(form, "actor_token", token);
	return params_with(form, "actor_token_type", type);
}

static const char *
act_text(const char *token)
{
	struct json_object *act;

	if (json_get_object(claims_of(token), "act", &act) != JSON_FOUND)
		return NULL;
	return json_write(world.arena, act, NULL);
}

static const char *
act_of_answer(const struct answer *answer, const char *name)
{
	check_status(*answer, 200, name);
	return act_text(member(answer, "access_token"));
}

/* ---- modes ---- */

static const struct {
	const char *client_id;
	bool actor;
	const char *error;
	const char *act;
} modes[] = {
	{"svc", false, NULL, "{\"sub\":\"svc\",\"client_id\":\"svc\"}"},
	{"svc", true, NULL, "{\"sub\":\"next\",\"client_id\":\"next\"}"},
	{"imp", false, NULL, NULL},
	{"imp", true, "invalid_request", NULL},
	{"both", false, NULL, NULL},
	{"both", true, NULL, "{\"sub\":\"next\",\"client_id\":\"next\"}"},
	{"none", false, "invalid_request", NULL},
	{"none", true, "invalid_request", NULL},
};

static void
delegation_or_impersonation(void **state)
{
	const char *actor = own_token("next");

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		const char *form = exchange_form(TYPE_ACCESS, web_token);
		struct answer answer;

		if (modes[i].actor)
			form = with_actor(form, TYPE_ACCESS, actor);
		answer = exchange_as(modes[i].client_id, form);
		if (modes[i].error)
			check_error(&answer, 400, modes[i].error, modes[i].client_id);
		else
			check_text(act_of_answer(&answer, modes[i].client_id), modes[i].act,
				   modes[i].client_id);
	}
}

/* ---- actor tokens ---- */

static void
people_as_actors(void **state)
{
	const char *token = token_of_web(&bob, "bob");
	const char *form = exchange_form(TYPE_ACCESS, web_token);
	struct account account;
	struct answer answer = exchange_as("svc", with_actor(form, TYPE_ACCESS, token));

	(void)state;
	world_account("bob", &account);
	check_text(act_of_answer(&answer, "bob acts"),
		   arena_printf(world.arena, "{\"sub\":\"%s\"}", account.sub), "act");
	check_has(recorded("token_exchanged"), "actor: account ", "record");
	answer = exchange_as("svc", with_actor(form, TYPE_ACCESS, web_token));
	check_error(&answer, 400, "invalid_request", "alice for alice is impersonation");
	answer = exchange_as("both", with_actor(form, TYPE_ACCESS, web_token));
	check_text(act_of_answer(&answer, "alice for alice"), NULL, "where that is allowed");
}

/* Who acted last and acts again is named once. */
static void
acts_again(void **state)
{
	struct answer answer = exchange_as("svc", exchange_form(TYPE_ACCESS, web_token));
	const char *first = act_of_answer(&answer, "once");

	(void)state;
	answer = exchange_as("svc", exchange_form(TYPE_ACCESS, member(&answer, "access_token")));
	check_text(act_of_answer(&answer, "again"), first, "again");
}

static void
actors_that_are_refused(void **state)
{
	const char *form = exchange_form(TYPE_ACCESS, web_token);
	struct answer answer = exchange_as("next", form);
	const char *delegated = member(&answer, "access_token");

	(void)state;
	check_status(answer, 200, "delegated");
	answer = exchange_as("svc", with_actor(form, TYPE_ACCESS, delegated));
	check_error(&answer, 400, "invalid_request", "an actor that acts for somebody itself");
	world_client("main", "quiet",
		     "{\"grant_types\":[\"client_credentials\"],\"scope\":\"read\","
		     "\"resources\":[\"" API "\"]}",
		     WEB_SECRET);
	answer = exchange_as("svc", with_actor(form, TYPE_ACCESS, own_token("quiet")));
	check_error(&answer, 400, "invalid_request", "a token that is not svc's to use");
	check(world_log_count("exchange_clients of quiet lack it") == 1, "why");
	answer = exchange_as("svc", with_actor(form, TYPE_ID, own_token("next")));
	check_error(&answer, 400, "invalid_request", "of another type");
}

/* ---- chains ---- */

static void
chains_narrow(void **state)
{
	struct answer answer = exchange_as("svc", exchange_form(TYPE_ACCESS, web_token));
	const char *first = member(&answer, "access_token"), *second;

	(void)state;
	check_status(answer, 200, "first");
	answer = exchange_as("stranger", exchange_form(TYPE_ACCESS, first));
	check_error(&answer, 400, "invalid_request", "svc's exchange_clients count now");
	answer = exchange_as("next", exchange_form(TYPE_ACCESS, first));
	check_text(act_of_answer(&answer, "second"),
		   "{\"sub\":\"next\",\"client_id\":\"next\",\"act\":{\"sub\":\"svc\","
		   "\"client_id\":\"svc\"}}",
		   "those who acted before stay");
	second = member(&answer, "access_token");
	check_text(json_text_or_null(claims_of(second), "sub"),
		   json_text_or_null(claims_of(web_token), "sub"), "sub");
	check(number_of(claims_of(second), "exp") <= number_of(claims_of(first), "exp"), "exp");
	check(is_active(second), "live");
	answer = exchange_as("imp", exchange_form(TYPE_ACCESS, second));
	check_has(act_of_answer(&answer, "impersonation"), "{\"sub\":\"next\"",
		  "impersonation adds nobody and forgets nobody");
	world_client_off("svc");
	check(!is_active(first), "the first ends with its client");
	answer = exchange_as("next", exchange_form(TYPE_ACCESS, first));
	check_error(&answer, 400, "invalid_request", "and is good for nothing more");
}

static void
chains_end(void **state)
{
	static const char *const turns[] = {"svc", "next"};
	const char *token = web_token;
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		answer = exchange_as(turns[i % 2], exchange_form(TYPE_ACCESS, token));
		check_status(answer, 200, "in the chain");
		token = member(&answer, "access_token");
	}
	answer = exchange_as("svc", exchange_form(TYPE_ACCESS, token));
	check_error(&answer, 400, "invalid_request", "the ninth");
	answer = exchange_as("imp", exchange_form(TYPE_ACCESS, token));
	check_status(answer, 200, "none is added");
}

/* ---- may_act ---- */

static const struct {
	const char *name, *may_act;
	const char *client_id;
	bool good;
} permissions[] = {
	{"the actor", "{\"sub\":\"svc\"}", "svc", true},
	{"another", "{\"sub\":\"next\"}", "svc", false},
	{"the actor and our issuer", "{\"sub\":\"svc\",\"iss\":\"" MAIN_ISSUER "\"}", "svc", true},
	{"another issuer", "{\"sub\":\"svc\",\"iss\":\"https://other.example\"}", "svc", false},
	{"the client", "{\"client_id\":\"svc\"}", "svc", true},
	{"another client", "{\"sub\":\"svc\",\"client_id\":\"next\"}", "svc", false},
	{"nobody", "{}", "svc", false},
	{"what cannot be compared", "{\"sub\":\"svc\",\"email\":\"a@b.example\"}", "svc", false},
	{"no text", "{\"sub\":7}", "svc", false},
	{"whoever impersonates", "{\"sub\":\"imp\"}", "imp", true},
	{"others do not impersonate", "{\"sub\":\"svc\"}", "imp", false},
};

static void
only_who_may_act(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(permissions); i++) {
		struct answer answer;

		private_db_number("UPDATE account SET claims = JSON_SET(claims, '$.may_act',"
				  " JSON_EXTRACT('%s', '$')) WHERE username = 'alice'",
				  permissions[i].may_act);
		answer = exchange_as(permissions[i].client_id,
				     exchange_form(TYPE_ACCESS, token_of_web(&alice, "alice")));
		if (!permissions[i].good) {
			check_error(&answer, 400, "invalid_request", permissions[i].name);
			continue;
		}
		check_status(answer, 200, permissions[i].name);
		check(json_object_object_get_ex(claims_of(member(&answer, "access_token")),
						"may_act", NULL),
		      "it goes on with the token");
	}
}

/* The actor token's subject must be the one, not the client that presents it. */
static void
may_act_is_about_the_actor(void **state)
{
	const char *token, *form;
	struct answer answer;

	(void)state;
	private_db_number("UPDATE account SET claims = JSON_SET(claims, '$.may_act',"
			  " JSON_EXTRACT('{\"sub\":\"next\"}', '$')) WHERE username = 'alice'");
	token = token_of_web(&alice, "alice");
	form = exchange_form(TYPE_ACCESS, token);
	check_status(exchange_as("svc", with_actor(form, TYPE_ACCESS, own_token("next"))), 200,
		     "next acts");
	answer = exchange_as("svc", with_actor(form, TYPE_ACCESS, own_token("svc")));
	check_error(&answer, 400, "invalid_request", "svc acts");
	check(world_log_count("may_act is") == 1, "why");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		actor_test(delegation_or_impersonation),
		actor_test(people_as_actors),
		actor_test(actors_that_are_refused),
		actor_test(acts_again),
		actor_test(chains_narrow),
		actor_test(chains_end),
		actor_test(only_who_may_act),
		actor_test(may_act_is_about_the_actor),
	};

	return flow_tests_run(tests);
}
