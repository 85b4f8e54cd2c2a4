/* SPDX-License-Identifier: ISC */
/*
 * What /authorize refuses, step by step of its table, and where the refusal goes: a page before the
 * redirect URI is proven, the client after it. Also what it must not refuse.
 */
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/claims.h"

/* The order is part of the contract: nothing is sent anywhere before the redirect_uri has passed.
 * So is the matrix: a for /authorize, p for pushed requests, d for devices, r for pages that come
 * back. */
/* clang-format off */
static const struct {
	const char *name, *places;
} matrix[] = {
	{"client",         "apdr"},
	{"device_grant",   "  d "},
	{"pushing",        " p  "},
	{"pushed",         "a   "},
	{"pushed_before",  "   r"},
	{"redirect_uri",   "ap r"},
	{"response_mode",  "ap r"},
	{"duplicates",     "ap  "},
	{"pushed_fresh",   "a   "},
	{"must_push",      "a  r"},
	{"request_object", "ap  "},
	{"response_type",  "ap r"},
	{"resource",       "apdr"},
	{"scope",          "apdr"},
	{"pkce",           "ap r"},
	{"nonce",          "ap r"},
	{"prompt",         "ap r"},
	{"max_age",        "ap r"},
	{"hints",          "ap r"},
	{"claims",         "ap r"},
	{"consent",        "apdr"},
};
/* clang-format on */

static void
steps_in_order(void **state)
{
	size_t count;
	const struct authz_step *steps = authz_steps(&count);

	(void)state;
	assert_int_equal(count, COUNT(matrix));
	for (size_t i = 0; i < count; i++) {
		const char *places = arena_printf(world.arena, "%c%c%c%c",
						  steps[i].places & AUTHZ_AT_AUTHORIZE ? 'a' : ' ',
						  steps[i].places & AUTHZ_AT_PAR ? 'p' : ' ',
						  steps[i].places & AUTHZ_AT_DEVICE ? 'd' : ' ',
						  steps[i].places & AUTHZ_AT_RESUME ? 'r' : ' ');

		check_text(steps[i].name, matrix[i].name, matrix[i].name);
		check_text(places, matrix[i].places, matrix[i].name);
	}
}

/* A good request of "web" with a parameter changed, or with text behind it. */
struct refusal {
	const char *name;      /* of the case */
	const char *step;      /* whose deletion it would be seen at */
	const char *parameter; /* NULL: none is changed */
	const char *value;     /* NULL: taken away */
	const char *behind;    /* raw text; NULL */
	const char *error;     /* NULL: a page of status 400 */
	const char *text;      /* a piece of the public text or the page */
	bool no_state;         /* the state cannot be sent back */
};

#define LONG_TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_TEXT_512                                                                              \
	LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 \
		LONG_TEXT_64

static const struct refusal refusals[] = {
	{"no client", "client", "client_id", NULL, NULL, NULL, "Unknown application", false},
	{"empty client", "client", "client_id", "", NULL, NULL, "Unknown application", false},
	{"unknown client", "client", "client_id", "nobody", NULL, NULL, "Unknown application",
	 false},
	{"client of huge name", "client", "client_id", LONG_TEXT_512, NULL, NULL, "X-Request-Id",
	 false},
	{"client twice", "client", NULL, NULL, "&client_id=web", NULL, "X-Request-Id", false},
	{"redirect_uri twice", "redirect_uri", NULL, NULL,
	 "&redirect_uri=https%3A%2F%2Fevil.example", NULL, "X-Request-Id", false},
	{"unregistered redirect_uri", "redirect_uri", "redirect_uri", "https://evil.example/cb",
	 NULL, NULL, "X-Request-Id", false},
	{"response_mode fragment", "response_mode", "response_mode", "fragment", NULL,
	 "invalid_request", "query or form_post", false},
	{"state twice", "duplicates", NULL, NULL, "&state=x", "invalid_request", "more than once",
	 true},
	{"nonce twice", "duplicates", NULL, NULL, "&nonce=x", "invalid_request", "more than once",
	 false},
	{"unknown one twice", "duplicates", NULL, NULL, "&zz=1&zz=1", "invalid_request",
	 "more than once", false},
	{"long state", "duplicates", "state",
	 LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 "x", NULL, "invalid_request",
	 "state is longer", true},
	{"request", "request_object", "request", "e30.e30.", NULL, "request_not_supported",
	 "parameters themselves", false},
	{"request_uri", "request_object", "request_uri", "https://app.example/r", NULL,
	 "request_uri_not_supported", "parameters themselves", false},
	{"registration", "request_object", "registration", "{}", NULL, "registration_not_supported",
	 "registration", false},
	{"no response_type", "response_type", "response_type", NULL, NULL, "invalid_request",
	 "response_type=code", false},
	{"response_type token", "response_type", "response_type", "token", NULL,
	 "unsupported_response_type", "response_type=code", false},
	{"hybrid", "response_type", "response_type", "code id_token", NULL,
	 "unsupported_response_type", "response_type=code", false},
	{"long scope", "scope", "scope", LONG_TEXT_512 " " LONG_TEXT_512, NULL, "invalid_scope",
	 "1024", false},
	{"no challenge", "pkce", "code_challenge", NULL, NULL, "invalid_request",
	 "code_challenge_method=S256", false},
	{"plain", "pkce", "code_challenge_method", "plain", NULL, "invalid_request",
	 "code_challenge_method=S256", false},
	{"s256", "pkce", "code_challenge_method", "s256", NULL, "invalid_request",
	 "code_challenge_method=S256", false},
	{"no method", "pkce", "code_challenge_method", NULL, NULL, "invalid_request",
	 "would mean plain", false},
	{"algo", "pkce", "code_challenge_method", NULL, "&code_challenge_algo=S256",
	 "invalid_request", "code_challenge_method=S256", false},
	{"short challenge", "pkce", "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
	 NULL, "invalid_request", "43 characters", false},
	{"padded challenge", "pkce", "code_challenge", CHALLENGE "=", NULL, "invalid_request",
	 "43 characters", false},
	{"long nonce", "nonce", "nonce", LONG_TEXT_512 "x", NULL, "invalid_request", "nonce",
	 false},
	{"unknown prompt", "prompt", "prompt", "login later", NULL, "invalid_request",
	 "none, login, consent", false},
	{"none with others", "prompt", "prompt", "none login", NULL, "invalid_request", "combined",
	 false},
	{"many prompts", "prompt", "prompt",
	 "login login login login login login login login login", NULL, "invalid_request",
	 "too many", false},
	{"max_age text", "max_age", "max_age", "soon", NULL, "invalid_request", "max_age", false},
	{"max_age below 0", "max_age", "max_age", "-1", NULL, "invalid_request", "max_age", false},
	{"foreign hint", "hints", "id_token_hint", "e30.e30.e30", NULL, "invalid_request",
	 "id_token_hint", false},
	{"hint of alg none", "hints", "id_token_hint",
	 "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJ4In0.", NULL,
	 "invalid_request", "id_token_hint", false},
	{"claims no JSON", "claims", "claims", "{", NULL, "invalid_request", "JSON", false},
	{"claims array", "claims", "claims", "[]", NULL, "invalid_request", "JSON", false},
	{"claims half", "claims", "claims", "{\"id_token\":1}", NULL, "invalid_request", "JSON",
	 false},
	{"claims request", "claims", "claims", "{\"userinfo\":{\"name\":1}}", NULL,
	 "invalid_request", "JSON", false},
	{"unknown resource", "resource", "resource", "https://api.example", NULL, "invalid_target",
	 "resource is unknown", false},
	{"essential acr", "claims", "claims",
	 "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"9\"]}}}", NULL,
	 "unmet_authentication_requirements", "acr", false},
};

static const char *
refused_target(const struct refusal *refusal)
{
	const char *request = request_of("web");

	if (refusal->parameter)
		request = params_with(request, refusal->parameter, refusal->value);
	return arena_printf(world.arena, "/authorize?%s%s", request,
			    refusal->behind ? refusal->behind : "");
}

static void
check_page(const struct answer *answer, const struct refusal *refusal)
{
	check_status(*answer, 400, refusal->name);
	check_has(answer->text, refusal->text, refusal->name);
	check_has(answer->text, header(answer, "X-Request-Id"), refusal->name);
	check_text(header(answer, "Location"), NULL, refusal->name);
	check(strstr(answer->body, "evil.example") == NULL, refusal->name);
}

static void
check_refusal(const struct answer *answer, const struct refusal *refusal)
{
	if (!refusal->error) {
		check_page(answer, refusal);
		return;
	}
	check_redirected(answer, WEB_REDIRECT "?", refusal->error, refusal->name);
	check_has(location_param(answer, "error_description"), refusal->text, refusal->name);
	if (!str_equal(refusal->parameter, "state"))
		check_text(location_param(answer, "state"), refusal->no_state ? NULL : "s t/&=+",
			   refusal->name);
}

static void
every_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct agent agent = {0};
		struct answer answer = agent_get(&agent, refused_target(&refusals[i]));

		check_refusal(&answer, &refusals[i]);
		check(agent.cookies == 0, refusals[i].name);
	}
}

/* The same by POST, from a browser that has a cookie of ours. */
static void
every_refusal_by_post(void **state)
{
	struct agent agent = {0};

	(void)state;
	(void)agent_get(&agent, authorize("web", NULL, NULL));
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct answer answer = agent_post(
			&agent, "/authorize", refused_target(&refusals[i]) + strlen("/authorize?"));

		check_refusal(&answer, &refusals[i]);
	}
}

static void
every_step_has_a_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(matrix); i++) {
		bool found = !strchr(matrix[i].places, 'a');

		for (size_t j = 0; j < COUNT(refusals); j++)
			found |= str_equal(refusals[j].step, matrix[i].name);
		/* what is shown to the person is no check; those of pushed requests are in
		 * test_par.c */
		found |= str_equal(matrix[i].name, "consent") ||
			 str_starts(matrix[i].name, "pushed") ||
			 str_equal(matrix[i].name, "must_push");
		check(found, matrix[i].name);
	}
}

static const struct {
	const char *name, *parameter, *value;
} accepted[] = {
	{"as it is", "x", NULL},
	{"unknown parameter", "foo", "bar"},
	{"two resources", "resource", "https://a.example/"},
	{"unknown scopes", "scope", "openid nothing wizard"},
	{"no scope", "scope", NULL},
	{"no state", "state", NULL},
	{"no nonce", "nonce", NULL},
	{"no redirect_uri", "redirect_uri", NULL},
	{"display", "display", "popup"},
	{"ui_locales", "ui_locales", "xx de fr"},
	{"claims_locales", "claims_locales", "de"},
	{"acr_values", "acr_values", "9 10"},
	{"login_hint", "login_hint", "carol"},
	{"empty prompt", "prompt", ""},
	{"empty max_age", "max_age", ""},
	{"response_mode query", "response_mode", "query"},
	{"voluntary acr", "claims", "{\"id_token\":{\"acr\":{\"values\":[\"9\"]}}}"},
	{"essential acr of ours", "claims",
	 "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"9\",\"" ACR_PASSWORD "\"]}}}"},
	{"claims that nobody knows", "claims", "{\"userinfo\":{\"shoe\":null},\"x\":1}"},
	{"state of 384", "state",
	 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64 LONG_TEXT_64},
	{"state of 2048", "state", LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512 LONG_TEXT_512},
};

static void
what_is_accepted(void **state)
{
	(void)state;
	world_resource("https://a.example/", "{}", "{}", NULL);
	world_resource("urn:b", "{}", "{}", NULL);
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct agent agent = {0};
		const char *target = authorize("web", accepted[i].parameter, accepted[i].value);
		struct answer answer;

		if (str_equal(accepted[i].parameter, "resource"))
			target = arena_printf(world.arena, "%s&resource=urn%%3Ab", target);
		answer = agent_get(&agent, target);
		check_status(answer, 200, accepted[i].name);
		check_text(page_kind(&answer), "signin", accepted[i].name);
		answer = sign_in(&agent, &answer, "alice", USER_PASSWORD);
		check_status(answer, 303, accepted[i].name);
		check(location_param(&answer, "code") != NULL, accepted[i].name);
		check_text(location_param(&answer, "iss"), MAIN_ISSUER, accepted[i].name);
		if (str_equal(accepted[i].parameter, "state"))
			check_text(location_param(&answer, "state"), accepted[i].value,
				   accepted[i].name);
	}
}

/* Exact comparison; nothing but the registered text is ever in a Location. */
static const char *const evil_redirects[] = {
	"https://evil.example/",
	"https://app.example/cb/",
	"https://app.example/cb?x=1",
	"https://app.example/cb?",
	"https://app.example/cb#x",
	"https://app.example/CB",
	"https://APP.example/cb",
	"HTTPS://app.example/cb",
	"https://app.example:443/cb",
	"http://app.example/cb",
	"https://app.example/cb/../evil",
	"https://app.example/%63b",
	"https://app.example.evil.example/cb",
	"https://app.example@evil.example/cb",
	"https://evil.example\\@app.example/cb",
	"https://evil.example#@app.example/cb",
	"https://evil.example/?https://app.example/cb",
	"//app.example/cb",
	"/cb",
	"javascript:alert(1)",
	"data:text/html,x",
	" https://app.example/cb",
	"https://app.example/cb ",
	"https://app.example/cb\r\nX: y",
	"https://app.example/c\xc3\xa4",
	"http://localhost/cb",
	"http://127.0.0.1/cb",
};

static void
no_open_redirect(void **state)
{
	struct agent agent = {0};

	(void)state;
	(void)walk(&agent, authorize("web", NULL, NULL));
	for (size_t i = 0; i < COUNT(evil_redirects); i++) {
		struct answer answer =
			agent_get(&agent, authorize("web", "redirect_uri", evil_redirects[i]));

		check_status(answer, 400, evil_redirects[i]);
		check_text(header(&answer, "Location"), NULL, evil_redirects[i]);
		answer = agent_get(
			&agent, arena_printf(world.arena, "%s&prompt=none",
					     authorize("web", "redirect_uri", evil_redirects[i])));
		check_text(header(&answer, "Location"), NULL, evil_redirects[i]);
	}
}

static const struct {
	const char *uri;
	bool good;
} native_redirects[] = {
	{"http://127.0.0.1/cb", true},
	{"http://127.0.0.1:49152/cb", true},
	{"http://[::1]:8000/cb", true},
	{"com.example.app:/cb", true},
	{"http://127.0.0.1:0/cb", false},
	{"http://127.0.0.1:65536/cb", false},
	{"http://127.0.0.1:80x/cb", false},
	{"http://127.0.0.2:80/cb", false},
	{"http://localhost:80/cb", false},
	{"https://127.0.0.1:80/cb", false},
	{"http://127.0.0.1:80/other", false},
	{"http://127.0.0.1:80/cb?x=1", false},
	{"http://127.0.0.1:80/cb#", false},
	{"http://x@127.0.0.1:80/cb", false},
	{"http://127.0.0.1.evil.example/cb", false},
	{"http://127.0.0.1:80@evil.example/cb", false},
	{"com.example.app:80/cb", false},
	{"com.example.app:/cb2", false},
};

static void
native_loopback_ports(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(native_redirects); i++) {
		struct agent agent = {0};
		const char *uri = native_redirects[i].uri;
		struct answer answer = walk(&agent, authorize("app", "redirect_uri", uri));

		check_status(answer, native_redirects[i].good ? 303 : 400, uri);
		if (native_redirects[i].good)
			check(str_starts(header(&answer, "Location"), uri), uri);
	}
}

static void
own_query_is_kept(void **state)
{
	struct agent agent = {0};
	struct answer answer = walk(&agent, authorize("ask", NULL, NULL));

	(void)state;
	check_status(answer, 303, "ask");
	check(str_starts(header(&answer, "Location"), ASK_REDIRECT "&code=ost_ac_"), "one ?");
	check_text(location_param(&answer, "x"), "1", "its own parameter");
	check_text(location_param(&answer, "state"), "s t/&=+", "state");
}

/* Which of several redirect URIs is meant must be said. */
static void
redirect_uri_missing(void **state)
{
	struct agent agent = {0};
	struct answer answer = agent_get(&agent, authorize("app", "redirect_uri", NULL));

	(void)state;
	check_status(answer, 400, "several");
	check_has(answer.body, "No return address", "several");
}

static void
disabled_client(void **state)
{
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	world_client_off("web");
	answer = agent_get(&agent, authorize("web", NULL, NULL));
	check_status(answer, 400, "disabled client");
	check_text(header(&answer, "Location"), NULL, "disabled client");
}

static void
client_without_code(void **state)
{
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	world_client("main", "none",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"grant_types\":[],"
		     "\"response_types\":[]}",
		     NULL);
	answer = agent_get(&agent, authorize("none", NULL, NULL));
	check_redirected(&answer, "https://other.example/cb?", "unauthorized_client", "no code");
}

/* The client's profile decides: "oidc" leaves PKCE to confidential clients. */
static void
profile_without_pkce(void **state)
{
	struct agent agent = {0};
	const char *request = params_with(request_of("lax"), "code_challenge", NULL);
	struct answer answer;

	(void)state;
	world_client("main", "lax",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"profile\":\"oidc\","
		     "\"first_party\":true}",
		     WEB_SECRET);
	answer = agent_get(&agent, arena_printf(world.arena, "/authorize?%s", request));
	check_redirected(&answer, "https://other.example/cb?", "invalid_request", "method alone");
	request = params_with(request, "code_challenge_method", NULL);
	answer = walk(&agent, arena_printf(world.arena, "/authorize?%s", request));
	check(location_param(&answer, "code") != NULL, "without PKCE");
	world_client("main", "lax",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"profile\":\"oidc\","
		     "\"token_endpoint_auth_method\":\"none\"}",
		     NULL);
	answer = agent_get(&agent, arena_printf(world.arena, "/authorize?%s", request));
	check_redirected(&answer, "https://other.example/cb?", "invalid_request", "public");
}

static void
scopes_of_the_client(void **state)
{
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	world_client("main", "other",
		     "{\"redirect_uris\":[\"https://other.example/cb\"],\"scope\":\"openid email\","
		     "\"token_endpoint_auth_method\":\"none\",\"first_party\":true}",
		     NULL);
	answer = redeem("other",
			walk_code(&agent, authorize("other", "scope", "openid profile email x")));
	check_status(answer, 200, "scopes");
	check_text(member(&answer, "scope"), "openid email", "scopes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		flow_test(steps_in_order),        flow_test(every_refusal),
		flow_test(every_refusal_by_post), flow_test(every_step_has_a_refusal),
		flow_test(what_is_accepted),      flow_test(no_open_redirect),
		flow_test(native_loopback_ports), flow_test(own_query_is_kept),
		flow_test(redirect_uri_missing),  flow_test(disabled_client),
		flow_test(client_without_code),   flow_test(profile_without_pkce),
		flow_test(scopes_of_the_client),
	};

	return flow_tests_run(tests);
}
