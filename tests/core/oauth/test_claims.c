/* SPDX-License-Identifier: ISC */
/*
 * Claims: what is no claims parameter, what scopes release, what the parameter adds, and that empty
 * claims and those that were not asked for stay out (OpenID Connect Core 5.1, 5.3.2, 5.4, 5.5).
 */
#include "core/model/grant.h"
#include "core/oauth/claims.h"
#include "tests/lib/request_tx.h"

static void
parameter(void **state)
{
	static const struct {
		const char *name, *text;
		int wanted;
	} cases[] = {
		{"empty", "", -1},
		{"no JSON", "email", -1},
		{"cut", "{\"userinfo\":{\"email\":null}", -1},
		{"behind it something", "{} x", -1},
		{"single quotes", "{'userinfo':{}}", -1},
		{"array", "[]", -1},
		{"text", "\"userinfo\"", -1},
		{"null", "null", -1},
		{"userinfo is a list", "{\"userinfo\":[\"email\"]}", -1},
		{"userinfo is a text", "{\"userinfo\":\"email\"}", -1},
		{"id_token is a number", "{\"id_token\":1}", -1},
		{"id_token is true", "{\"id_token\":true}", -1},
		{"claim is true", "{\"userinfo\":{\"email\":true}}", -1},
		{"claim is a text", "{\"id_token\":{\"email\":\"essential\"}}", -1},
		{"claim is a list", "{\"id_token\":{\"acr\":[\"1\"]}}", -1},
		{"second claim is wrong", "{\"userinfo\":{\"name\":null,\"email\":1}}", -1},
		{"essential is a text", "{\"id_token\":{\"acr\":{\"essential\":\"true\"}}}", -1},
		{"essential is a number", "{\"userinfo\":{\"acr\":{\"essential\":1}}}", -1},
		{"values is a text", "{\"id_token\":{\"acr\":{\"values\":\"1\"}}}", -1},
		{"values is an object", "{\"id_token\":{\"acr\":{\"values\":{}}}}", -1},
		{"twice the same member", "{\"userinfo\":{},\"userinfo\":{}}", -1},
		{"twice the same claim", "{\"userinfo\":{\"a\":null,\"a\":null}}", -1},
		{"nothing asked", "{}", 0},
		{"both empty", "{\"userinfo\":{},\"id_token\":{}}", 0},
		{"null halves", "{\"userinfo\":null,\"id_token\":null}", 0},
		{"another member is ignored", "{\"verified_claims\":[1]}", 0},
		{"voluntary", "{\"userinfo\":{\"email\":null}}", 0},
		{"essential", "{\"userinfo\":{\"email\":{\"essential\":true}}}", 0},
		{"value", "{\"id_token\":{\"acr\":{\"value\":\"1\"}}}", 0},
		{"value of any type", "{\"id_token\":{\"x\":{\"value\":[1]}}}", 0},
		{"values", "{\"id_token\":{\"acr\":{\"values\":[\"1\",\"2\"]}}}", 0},
		{"empty request", "{\"id_token\":{\"acr\":{}}}", 0},
		{"unknown claim", "{\"id_token\":{\"shoe_size\":null}}", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = NULL;

		check(claims_parameter_check(t.arena, cases[i].text, &why) == cases[i].wanted,
		      cases[i].name);
		check((why != NULL) == (cases[i].wanted != 0), cases[i].name);
	}
}

static void
acr(void **state)
{
	static const struct {
		const char *name, *text;
		bool possible;
	} cases[] = {
		{"essential, another value",
		 "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"2\"}}}", false},
		{"essential, a number", "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":1}}}",
		 false},
		{"essential, other values",
		 "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"2\",\"3\"]}}}", false},
		{"essential, no values",
		 "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[]}}}", false},
		{"essential, ours among them",
		 "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"2\",\"" ACR_PASSWORD
		 "\"]}}}",
		 true},
		{"essential, ours",
		 "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"" ACR_PASSWORD "\"}}}",
		 true},
		{"essential, any", "{\"id_token\":{\"acr\":{\"essential\":true}}}", true},
		{"voluntary, another", "{\"id_token\":{\"acr\":{\"value\":\"2\"}}}", true},
		{"said to be voluntary",
		 "{\"id_token\":{\"acr\":{\"essential\":false,\"value\":\"2\"}}}", true},
		{"voluntary, null", "{\"id_token\":{\"acr\":null}}", true},
		{"in userinfo, where it does not count",
		 "{\"userinfo\":{\"acr\":{\"essential\":true,\"value\":\"2\"}}}", true},
		{"another claim", "{\"id_token\":{\"email\":{\"essential\":true,\"value\":\"2\"}}}",
		 true},
		{"nothing", "{}", true},
		{"not sent", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(claims_acr_met(t.arena, cases[i].text, ACR_PASSWORD) == cases[i].possible,
		      cases[i].name);
}

static struct account
person(const char *claims)
{
	struct grant_state state = {
		.grant = {.account_id = {1}},
		.account = {.username = "ada", .updated_at = 1234},
		.account_claims = claims,
	};

	assert_int_equal(grant_read_claims(t.arena, &state), 0);
	return state.account;
}

#define EVERYTHING                                                                                 \
	"{\"name\":\"Ada L\",\"nickname\":\"\",\"email\":\"a@example.org\",\"email_verified\":"    \
	"false,\"address\":{},\"phone_number\":\"+1\",\"phone_number_verified\":true,\"team\":"    \
	"\"blue\",\"shoe_size\":38,\"secret\":\"x\"}"

static void
by_scope(void **state)
{
	static const char *const team[] = {"team", "shoe_size", "missing", "email", NULL};
	static struct scope own[] = {{.name = "team", .claims = team}, {.name = "bare"}};
	static const struct {
		const char *name, *claims, *scopes, *wanted;
	} cases[] = {
		{"none", EVERYTHING, "", "{}"},
		{"openid releases none", EVERYTHING, "openid", "{}"},
		{"unknown scope", EVERYTHING, "openid shoes", "{}"},
		{"scope without claims", EVERYTHING, "bare offline_access", "{}"},
		{"empty address is left out", EVERYTHING, "address", "{}"},
		{"empty text is left out, user name and time of change are added", EVERYTHING,
		 "profile",
		 "{\"name\":\"Ada L\",\"preferred_username\":\"ada\",\"updated_at\":1234}"},
		{"own values before the fallbacks",
		 "{\"preferred_username\":\"countess\",\"updated_at\":99}", "profile",
		 "{\"preferred_username\":\"countess\",\"updated_at\":99}"},
		{"empty preferred_username falls back", "{\"preferred_username\":\"\"}", "profile",
		 "{\"preferred_username\":\"ada\",\"updated_at\":1234}"},
		{"no fallbacks without profile", "{}", "openid email phone address", "{}"},
		{"false is not empty", EVERYTHING, "email",
		 "{\"email\":\"a@example.org\",\"email_verified\":false}"},
		{"phone", EVERYTHING, "phone",
		 "{\"phone_number\":\"+1\",\"phone_number_verified\":true}"},
		{"address", "{\"address\":{\"country\":\"FR\"}}", "address",
		 "{\"address\":{\"country\":\"FR\"}}"},
		{"own scope, zero and missing",
		 "{\"team\":\"blue\",\"shoe_size\":0,\"secret\":\"x\"}", "team",
		 "{\"team\":\"blue\",\"shoe_size\":0}"},
		{"two scopes that release the same", EVERYTHING, "email team",
		 "{\"email\":\"a@example.org\",\"email_verified\":false,\"team\":\"blue\","
		 "\"shoe_size\":38}"},
	};

	(void)state;
	t.live.realm.scopes = own;
	t.live.realm.scopes_count = COUNT(own);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct account account = person(cases[i].claims);
		struct json_object *out = json_new_object(t.arena);
		struct strlist scopes;

		assert_int_equal(strlist_split(t.arena, cases[i].scopes, ' ', 10, &scopes), 0);
		claims_add_scopes(out, &t.live.realm, &scopes, &account);
		check_text(json_write(t.arena, out, NULL), cases[i].wanted, cases[i].name);
	}
}

static void
requested(void **state)
{
	static const struct {
		const char *name, *parameter, *wanted;
	} cases[] = {
		{"not sent", NULL, "{}"},
		{"the other half", "{\"id_token\":{\"email\":null}}", "{}"},
		{"a claim that there is not", "{\"userinfo\":{\"website\":{\"essential\":true}}}",
		 "{}"},
		{"an empty text", "{\"userinfo\":{\"nickname\":null}}", "{}"},
		{"an empty object", "{\"userinfo\":{\"address\":{\"essential\":true}}}", "{}"},
		{"another value", "{\"userinfo\":{\"email\":{\"value\":\"b@example.org\"}}}", "{}"},
		{"value of another type", "{\"userinfo\":{\"shoe_size\":{\"value\":\"38\"}}}",
		 "{}"},
		{"value null", "{\"userinfo\":{\"email\":{\"value\":null}}}", "{}"},
		{"other values", "{\"userinfo\":{\"shoe_size\":{\"values\":[37,39]}}}", "{}"},
		{"no values", "{\"userinfo\":{\"shoe_size\":{\"values\":[]}}}", "{}"},
		{"value before values",
		 "{\"userinfo\":{\"shoe_size\":{\"value\":37,\"values\":[38]}}}", "{}"},
		{"null", "{\"userinfo\":{\"email\":null}}", "{\"email\":\"a@example.org\"}"},
		{"essential", "{\"userinfo\":{\"email\":{\"essential\":true}}}",
		 "{\"email\":\"a@example.org\"}"},
		{"value", "{\"userinfo\":{\"email\":{\"value\":\"a@example.org\"}}}",
		 "{\"email\":\"a@example.org\"}"},
		{"values", "{\"userinfo\":{\"shoe_size\":{\"values\":[37,38]}}}",
		 "{\"shoe_size\":38}"},
		{"false", "{\"userinfo\":{\"email_verified\":{\"value\":false}}}",
		 "{\"email_verified\":false}"},
	};
	const struct account account = person(EVERYTHING);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *out = json_new_object(t.arena);

		claims_add_requested(t.arena, out, cases[i].parameter, CLAIMS_USERINFO, &account);
		check_text(json_write(t.arena, out, NULL), cases[i].wanted, cases[i].name);
	}
}

/* What is there already, such as sub, is not replaced by an account's value. */
static void
nothing_replaced(void **state)
{
	const struct account account = person("{\"sub\":\"evil\",\"email\":\"evil\"}");
	struct json_object *out = json_new_object(t.arena);

	(void)state;
	json_add_text(out, "sub", "ada-1");
	json_add_text(out, "email", "a@example.org");
	claims_add_requested(t.arena, out, "{\"userinfo\":{\"sub\":null,\"email\":null}}",
			     CLAIMS_USERINFO, &account);
	assert_string_equal(json_write(t.arena, out, NULL),
			    "{\"sub\":\"ada-1\",\"email\":\"a@example.org\"}");
}

/* What is asked for by name belongs to a scope that the client may have, or is not answered. */
static void
filtered(void **state)
{
	static const char *const team[] = {"team", NULL};
	static struct scope own[] = {{.name = "team", .claims = team}};
	static const struct {
		const char *name, *parameter, *allowed, *wanted, *scopes;
	} cases[] = {
		{"a claim of no scope", "{\"userinfo\":{\"salary\":null}}", "", NULL, ""},
		{"a scope the client may not have", "{\"userinfo\":{\"email\":null}}",
		 "openid profile", NULL, ""},
		{"one of two", "{\"userinfo\":{\"email\":null,\"salary\":null}}", "openid email",
		 "{\"userinfo\":{\"email\":null}}", "email"},
		{"every scope allowed", "{\"id_token\":{\"email\":{\"essential\":true}}}", "",
		 "{\"id_token\":{\"email\":{\"essential\":true}}}", "email"},
		{"a scope of the realm", "{\"userinfo\":{\"team\":{\"value\":\"x\"}}}", "team",
		 "{\"userinfo\":{\"team\":{\"value\":\"x\"}}}", "team"},
		{"both halves", "{\"userinfo\":{\"name\":null},\"id_token\":{\"email\":null}}", "",
		 "{\"userinfo\":{\"name\":null},\"id_token\":{\"email\":null}}", "profile email"},
		{"what is about the sign-in", "{\"id_token\":{\"acr\":null,\"sub\":null}}", "",
		 NULL, ""},
		{"other members", "{\"verified\":{\"email\":null}}", "", NULL, ""},
	};

	(void)state;
	t.live.realm.scopes = own;
	t.live.realm.scopes_count = COUNT(own);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strlist allowed, scopes = {0};

		assert_int_equal(strlist_split(t.arena, cases[i].allowed, ' ', 10, &allowed), 0);
		check_text(claims_parameter_filter(t.arena, cases[i].parameter, &t.live.realm,
						   &allowed, &scopes),
			   cases[i].wanted, cases[i].name);
		check_text(strlist_join(t.arena, &scopes, ' '), cases[i].scopes, cases[i].name);
	}
}

static void
requested_sub(void **state)
{
	static const struct {
		const char *name, *parameter, *sub;
	} cases[] = {
		{"not sent", NULL, NULL},
		{"another claim", "{\"id_token\":{\"acr\":null}}", NULL},
		{"no value", "{\"id_token\":{\"sub\":null}}", NULL},
		{"the other half", "{\"userinfo\":{\"sub\":{\"value\":\"a\"}}}", NULL},
		{"named", "{\"id_token\":{\"sub\":{\"value\":\"a\"}}}", "a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(claims_requested_sub(t.arena, cases[i].parameter), cases[i].sub,
			   cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(parameter),        tx_test(acr),
		tx_test(by_scope),         tx_test(requested),
		tx_test(nothing_replaced), tx_test(filtered),
		tx_test(requested_sub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
