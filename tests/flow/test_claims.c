/* SPDX-License-Identifier: ISC */
/*
 * The claims parameter (OpenID Connect Core 5.5): it reaches no further than the scopes that the
 * client may have and the person has allowed, and names the person the answer must be about.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/jose/jwt.h"
#include "core/model/account.h"

static struct agent alice;

/* Alice with all kinds of claims. */
static int
begin(void **state)
{
	struct account account;

	alice = (struct agent){0};
	if (world_fresh(state) != 0)
		return -1;
	world_account("alice", &account);
	assert_int_equal(account_remove(world.provider.store, account.id), STORE_OK);
	world_user("main", "alice", NULL,
		   "{\"name\":\"Alice Example\",\"email\":\"alice@example.org\","
		   "\"email_verified\":true,\"phone_number\":\"+49 30 1\","
		   "\"address\":{\"country\":\"DE\"},\"salary\":\"much\"}");
	return 0;
}

#define claims_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

static void
public_client(const char *client_id, const char *scope)
{
	world_client("main", client_id,
		     arena_printf(world.arena,
				  "{\"redirect_uris\":[\"https://other.example/cb\"],"
				  "\"token_endpoint_auth_method\":\"none\",\"first_party\":true,"
				  "\"scope\":\"%s\"}",
				  scope),
		     NULL);
}

/* "/authorize?" of the client with this claims parameter and one more. */
static const char *
asks(const char *client_id, const char *claims, const char *name, const char *value)
{
	const char *request = params_with(request_of(client_id), "claims", claims);

	if (name)
		request = params_with(request, name, value);
	return arena_printf(world.arena, "/authorize?%s", request);
}

static struct json_object *
id_token_of(const struct answer *answer)
{
	struct jwt jwt;

	assert_int_equal(jwt_read_unverified(world.arena, member(answer, "id_token"), &jwt),
			 JWT_OK);
	return jwt.claims;
}

static const char *const personal[] = {"email",   "email_verified", "phone_number",
				       "address", "salary",         "name"};

#define EVERYTHING                                                                                 \
	"{\"email\":{\"essential\":true},\"email_verified\":null,\"phone_number\":null,"           \
	"\"address\":null,\"salary\":{\"value\":\"much\"},\"name\":{\"values\":[\"Alice "          \
	"Example\"]}}"
#define IN_BOTH "{\"userinfo\":" EVERYTHING ",\"id_token\":" EVERYTHING "}"

static const struct {
	const char *name, *scope, *claims;
} beyond[] = {
	{"claims alone", "openid", IN_BOTH},
	{"scopes alone", "openid profile email phone address", NULL},
	{"both", "openid profile email phone address", IN_BOTH},
	{"userinfo alone", "openid", "{\"userinfo\":" EVERYTHING "}"},
	{"id_token alone", "openid", "{\"id_token\":" EVERYTHING "}"},
};

static void
nothing_beyond_the_client(void **state)
{
	(void)state;
	public_client("narrow", "openid");
	for (size_t i = 0; i < COUNT(beyond); i++) {
		struct answer set =
			redeem("narrow", walk_code(&alice, asks("narrow", beyond[i].claims, "scope",
								beyond[i].scope)));
		struct answer answer = userinfo(member(&set, "access_token"));
		struct json_object *id_token = id_token_of(&set);

		check_text(member(&set, "scope"), "openid", beyond[i].name);
		check_status(answer, 200, beyond[i].name);
		check(json_object_object_length(answer.json) == 1, answer.body);
		for (size_t j = 0; j < COUNT(personal); j++)
			check(!json_object_object_get_ex(id_token, personal[j], NULL), personal[j]);
	}
}

/* A claim of no scope is nobody's to have, even where the client may have every scope. */
static void
private_claims_stay(void **state)
{
	struct answer set = redeem("web", walk_code(&alice, asks("web", IN_BOTH, NULL, NULL)));
	struct answer answer = userinfo(member(&set, "access_token"));

	(void)state;
	check_text(member(&answer, "email"), "alice@example.org", "a scope's claim");
	check_text(member(&answer, "phone_number"), "+49 30 1", "a scope's claim");
	check_text(member(&answer, "salary"), NULL, "a claim of no scope");
	check_text(json_text_or_null(id_token_of(&set), "email"), "alice@example.org", "ID token");
	check_text(json_text_or_null(id_token_of(&set), "salary"), NULL, "ID token");
}

/* ---- consent ---- */

#define EMAIL_TEXT "See your email address"

static const struct {
	const char *name, *claims;
	bool userinfo;
} emails[] = {
	{"in userinfo", "{\"userinfo\":{\"email\":null}}", true},
	{"in the ID token", "{\"id_token\":{\"email\":{\"essential\":true}}}", false},
};

static void
consent_for_a_claim(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(emails); i++) {
		const char *name = emails[i].name;
		struct answer answer, set;

		private_db_number("DELETE FROM consent");
		(void)walk_code(&alice, authorize("ask", NULL, NULL));
		answer = agent_get(&alice, authorize("ask", "prompt", "none"));
		check(location_param(&answer, "code") != NULL, "openid is remembered");
		answer = agent_get(&alice, asks("ask", emails[i].claims, "prompt", "none"));
		check_redirected(&answer, "https://ask.example/cb?x=1&", "consent_required", name);
		answer = agent_get(&alice, asks("ask", emails[i].claims, NULL, NULL));
		check_text(page_kind(&answer), "consent", name);
		check_has(answer.body, EMAIL_TEXT, name);
		check(strstr(answer.body, "phone number") == NULL, name);
		answer = press(&alice, &answer, "allow");
		set = redeem("ask", location_param(&answer, "code"));
		check_status(set, 200, name);
		check_text(member(&set, "scope"), "openid", name);
		check_text(json_text_or_null(id_token_of(&set), "email"),
			   emails[i].userinfo ? NULL : "alice@example.org", name);
		answer = userinfo(member(&set, "access_token"));
		check_text(member(&answer, "email"),
			   emails[i].userinfo ? "alice@example.org" : NULL, name);
		answer = agent_get(&alice, asks("ask", emails[i].claims, "prompt", "none"));
		check(location_param(&answer, "code") != NULL, "now it is remembered");
	}
}

/* What cannot be answered needs no consent either. */
static void
no_consent_for_nothing(void **state)
{
	struct answer answer;

	(void)state;
	(void)walk_code(&alice, authorize("ask", NULL, NULL));
	answer = agent_get(&alice, asks("ask", "{\"userinfo\":{\"salary\":null,\"nothing\":null}}",
					"prompt", "none"));
	check(location_param(&answer, "code") != NULL, "no scope is asked for");
}

/* ---- what every account has ---- */

#define OF_ACCOUNT "{\"preferred_username\":null,\"updated_at\":{\"essential\":true}}"

static void
claims_of_every_account(void **state)
{
	static const struct {
		const char *client_id, *scope;
		bool there;
	} cases[] = {
		{"prof", "openid profile", true},
		{"bare", "openid", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].client_id;
		const char *wanted = cases[i].there ? "alice" : NULL;
		struct answer set, answer;
		int64_t updated_at = 0;

		public_client(name, cases[i].scope);
		set = redeem(name, walk_code(&alice, asks(name,
							  "{\"userinfo\":" OF_ACCOUNT
							  ",\"id_token\":" OF_ACCOUNT "}",
							  NULL, NULL)));
		check_text(member(&set, "scope"), "openid", name);
		answer = userinfo(member(&set, "access_token"));
		check_text(member(&answer, "preferred_username"), wanted, name);
		check_text(json_text_or_null(id_token_of(&set), "preferred_username"), wanted,
			   name);
		(void)json_get_int(answer.json, "updated_at", &updated_at);
		check(updated_at == (cases[i].there ? WORLD_NOW : 0), name);
		updated_at = 0;
		(void)json_get_int(id_token_of(&set), "updated_at", &updated_at);
		check(updated_at == (cases[i].there ? WORLD_NOW : 0), name);
		check_text(member(&answer, "name"), NULL, "no more than was asked for");
	}
}

/* ---- sub ---- */

static const char *
sub_of(const char *username)
{
	struct account account;

	world_account(username, &account);
	return arena_printf(world.arena, "{\"id_token\":{\"sub\":{\"value\":\"%s\"}}}",
			    account.sub);
}

static void
sub_that_is_wanted(void **state)
{
	struct agent bob = {0};
	const char *wanted = sub_of("alice");
	struct answer answer;

	(void)state;
	(void)walk_code(&alice, authorize("web", NULL, NULL));
	answer = agent_get(&alice, asks("web", wanted, "prompt", "none"));
	check(location_param(&answer, "code") != NULL, "the same person, silently");
	answer = agent_get(&alice, asks("web", wanted, NULL, NULL));
	check(location_param(&answer, "code") != NULL, "the same person");
	answer = agent_get(&bob, authorize("web", NULL, NULL));
	(void)sign_in(&bob, &answer, "bob", USER_PASSWORD);
	answer = agent_get(&bob, asks("web", wanted, "prompt", "none"));
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "another, silently");
	answer = agent_get(&bob, asks("web", wanted, NULL, NULL));
	check_text(page_kind(&answer), "signin", "another is asked");
	answer = sign_in(&bob, &answer, "bob", USER_PASSWORD);
	check_redirected(&answer, WEB_REDIRECT "?", "login_required", "still another");
	answer = agent_get(&bob, asks("web", wanted, NULL, NULL));
	answer = sign_in(&bob, &answer, "alice", USER_PASSWORD);
	check(location_param(&answer, "code") != NULL, "now the same");
}

static void
sub_and_hint(void **state)
{
	struct answer set = tokens(&alice, "web", NULL), answer;
	const char *hint = member(&set, "id_token");

	(void)state;
	answer = agent_get(&alice, asks("web", sub_of("alice"), "id_token_hint", hint));
	check(location_param(&answer, "code") != NULL, "the same person");
	answer = agent_get(&alice, asks("web", sub_of("bob"), "id_token_hint", hint));
	check_redirected(&answer, WEB_REDIRECT "?", "invalid_request", "two people");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		claims_test(nothing_beyond_the_client),
		claims_test(private_claims_stay),
		claims_test(consent_for_a_claim),
		claims_test(no_consent_for_nothing),
		claims_test(claims_of_every_account),
		claims_test(sub_that_is_wanted),
		claims_test(sub_and_hint),
	};

	return flow_tests_run(tests);
}
