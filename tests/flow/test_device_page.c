/* SPDX-License-Identifier: ISC */
/*
 * The person's way from a device's code to the decision (RFC 8628 3.3, 5.1, 5.4), which nothing
 * shortens; what guessing costs; pages that are not what they should be.
 */
#include "tests/flow/device.h"

#include "core/base/str.h"

static void
denied(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), answer, page;

	(void)state;
	page = device_question(&agent, &device);
	answer = press(&agent, &page, "deny");
	check_status(answer, 200, "deny");
	check_has(answer.body, "was not allowed", "deny");
	check_has(answer.body, "TV &amp; Co", "deny");
	answer = device_polls(&device);
	check_error(&answer, 400, "access_denied", "poll");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "changed their mind too late");
	answer = device_polls(&device);
	check_error(&answer, 400, "access_denied", "it stays so");
	answer = device_enter(&agent, member(&device, "user_code"));
	check_status(answer, 403, "nobody waits there any more");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'device_denied' AND client_id = 'tv' AND"
					   " account_id IS NOT NULL AND session_id IS NOT NULL"),
			 1);
}

/* Whoever is not signed in decides nothing. */
static void
left(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL),
		      answer = device_enter(&agent, member(&device, "user_code"));

	(void)state;
	check_text(page_kind(&answer), "signin", "sign-in");
	check_has(answer.body, "TV &amp; Co", "which application");
	answer = press(&agent, &answer, "cancel");
	check_status(answer, 200, "cancel");
	check_has(answer.body, "Nothing was allowed", "cancel");
	answer = device_polls(&device);
	check_error(&answer, 400, "authorization_pending", "the device waits on");
	device_allow(&agent, &device);
}

static void
question_says_what(void **state)
{
	struct agent agent = {0}, near = {.address = "198.51.100.200"};
	struct agent other_family = {.address = "2001:db8::1"};
	struct answer device = device_ask("openid email offline_access"), answer;

	(void)state;
	world_move(130);
	answer = device_question(&agent, &device);
	check_has(answer.body, "TV &amp; Co on a device", "client");
	check_has(answer.body, member(&device, "user_code"), "code");
	check_has(answer.body, "198.51.100.7 (not the network you are on)", "place");
	check_has(answer.body, "2 min ago", "time");
	check_has(answer.body, "<q>agent</q>", "agent");
	check_has(answer.body, "Alice Example", "who");
	check_has(answer.body, "email address", "what");
	check_has(answer.body, "keeps this access", "how long");
	check_has(answer.body, "sent you the code", "warning");
	check_has(header(&answer, "Content-Security-Policy"), "form-action 'self';", "policy");
	answer = device_question(&near, &device);
	check_has(answer.body, "198.51.100.7 (the network you are on)", "near");
	answer = device_question(&other_family, &device);
	check_has(answer.body, "198.51.100.7</dd>", "nobody knows");
	device = device_ask(NULL);
	answer = device_question(&agent, &device);
	check_has(answer.body, "less than a minute ago", "now");
}

/* First party, allowed before, signed in: it is asked all the same. */
static void
always_asked(void **state)
{
	struct agent agent = {0};
	struct answer device, answer;

	(void)state;
	world_client("main", "tv",
		     "{\"first_party\":true,\"token_endpoint_auth_method\":\"none\","
		     "\"grant_types\":[\"" GRANT_TYPE_DEVICE_CODE "\"]}",
		     NULL);
	for (int i = 0; i < 3; i++) {
		device = device_ask(NULL);
		answer = device_question(&agent, &device);
		check_text(page_kind(&answer), "consent", "asked");
		answer = press(&agent, &answer, "allow");
		check_status(answer, 200, "allowed");
	}
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM consent"), 0);
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM audit WHERE event ="
					   " 'device_approved' AND client_id = 'tv' AND detail"
					   " LIKE '%%198.51.100.7'"),
			 3);
}

static void
another_person(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), answer = device_question(&agent, &device), user;

	(void)state;
	answer = press(&agent, &answer, "other");
	check_text(page_kind(&answer), "signin", "other");
	answer = sign_in(&agent, &answer, "bob", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "bob is asked");
	check_has(answer.body, "bob", "bob is asked");
	answer = press(&agent, &answer, "allow");
	answer = device_polls(&device);
	user = userinfo(member(&answer, "access_token"));
	struct account bob;

	world_account("bob", &bob);
	check_text(member(&user, "sub"), bob.sub, "bob");
}

/* The letters of a shown code with a text before, between and behind its halves. */
static const struct {
	const char *name, *before, *between, *behind;
} spellings[] = {
	{"as shown", "", "-", ""},
	{"without dash", "", "", ""},
	{"with blanks", " ", " ", " "},
	{"many dashes", "--", "---", "-"},
};

static void
code_as_people_type_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		struct answer device = device_ask(NULL);
		const char *code = member(&device, "user_code");
		const char *typed =
			arena_printf(world.arena, "%s%.4s%s%s%s", spellings[i].before, code,
				     spellings[i].between, code + 5, spellings[i].behind);
		const char *ways[] = {typed, str_lower(world.arena, typed)};

		for (size_t j = 0; j < COUNT(ways); j++) {
			struct agent agent = {0};
			struct answer answer = device_enter(&agent, ways[j]);

			check_text(page_kind(&answer), "signin", spellings[i].name);
		}
	}
}

static void
wrong_codes(void **state)
{
	static const char *const wrong[] = {"BCDF-GHJK", "", "BCDF", "AAAA-AAAA", "BCDF-GHJK-L"};
	struct agent agent = {0};
	struct answer answer;

	(void)state;
	(void)device_ask(NULL);
	private_db_number("UPDATE device_request SET user_code = 'ZZZZZZZZ'");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		answer = device_enter(&agent, wrong[i]);
		check_status(answer, 403, wrong[i]);
		check_has(answer.body, "No device is waiting", wrong[i]);
		check_text(page_kind(&answer), "device", wrong[i]);
	}
	answer = device_enter(&agent, "ZZZZ-ZZZZ");
	check_status(answer, 200, "the right one");
}

/* Each wrong code is charged to browser and network; right ones are not. */
static void
guessing_is_slowed(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer device = device_ask(NULL), answer;

	(void)state;
	for (int i = 0; i < 20; i++) {
		answer = device_enter(&agent, member(&device, "user_code"));
		check_status(answer, 200, "right ones cost nothing");
	}
	for (int i = 0; i < 5; i++) {
		answer = device_enter(&agent, "BCDF-GHJK");
		check_status(answer, 403, "wrong");
	}
	answer = device_enter(&agent, member(&device, "user_code"));
	check_status(answer, 429, "even the right one has to wait");
	check_text(header(&answer, "Retry-After"), "1", "how long");
	check_has(answer.body, "Too many attempts", "how long");
	answer = device_enter(&other, member(&device, "user_code"));
	check_status(answer, 200, "another browser");
	world_move(1);
	answer = device_enter(&agent, member(&device, "user_code"));
	check_status(answer, 200, "after the wait");
	for (int i = 0; i < 45; i++) {
		struct agent fresh = {0};

		answer = device_enter(&fresh, "BCDF-GHJK");
		check_status(answer, 403, "without cookies");
	}
	answer = device_enter(&other, member(&device, "user_code"));
	check_status(answer, 429, "the network has to wait");
	other.address = "203.0.113.1";
	answer = device_enter(&other, member(&device, "user_code"));
	check_status(answer, 200, "another network");
	/* signing in is another matter */
	struct agent person = {0};

	answer = agent_get(&person, authorize("web", NULL, NULL));
	answer = sign_in(&person, &answer, "alice", USER_PASSWORD);
	check_status(answer, 303, "sign-ins are counted apart");
}

/* The link fills the field and asks to compare; GET looks at nothing. */
static void
link_with_the_code(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), answer;
	const char *code = member(&device, "user_code");

	(void)state;
	(void)walk(&agent, authorize("web", NULL, NULL));
	answer = agent_get(&agent, arena_printf(world.arena, "/device?user_code=%s", code));
	check_status(answer, 200, "link");
	check_text(page_kind(&answer), "device", "nothing but the page");
	check_text(page_field(&answer, "user_code"), code, "filled in");
	check_has(answer.body, "Compare this code", "to be compared");
	check(private_db_number("SELECT decided_at FROM device_request") == 0, "undecided");
	struct answer unknown = agent_get(&agent, "/device?user_code=BCDF-GHJK");

	check_status(unknown, 200, "an unknown one looks the same");
	check_has(unknown.body, "Compare this code", "an unknown one looks the same");
	unknown = agent_get(&agent, "/device?user_code=%22%3E%3Cscript");
	check_status(unknown, 200, "rubbish");
	check(strstr(unknown.body, "script") == NULL, "rubbish is not shown");
	answer = agent_post(&agent, "/device",
			    params("flow", page_field(&answer, "flow"), "user_code", code, NULL));
	check_text(page_kind(&answer), "consent", "then the question");
}

static void
picture_of_the_link(void **state)
{
	struct answer device = device_ask(NULL), answer, unknown;

	(void)state;
	answer = request_send(
		&(struct ask){.target = member(&device, "qr_uri") + strlen(MAIN_ISSUER)});
	check_status(answer, 200, "picture");
	check_text(header(&answer, "Content-Type"), "image/svg+xml", "type");
	check_has(header(&answer, "Content-Security-Policy"), "default-src 'none'", "policy");
	check_text(header(&answer, "X-Content-Type-Options"), "nosniff", "nosniff");
	check_has(answer.body, member(&device, "verification_uri_complete"), "title");
	private_db_number("DELETE FROM device_request");
	unknown = request_send(
		&(struct ask){.target = member(&device, "qr_uri") + strlen(MAIN_ISSUER)});
	check_text(unknown.body, answer.body, "whether a device waits makes no difference");
	answer = request_send(&(struct ask){.target = "/device/qr?user_code=x"});
	check_error(&answer, 404, "not_found", "no code");
	answer = request_send(&(struct ask){.target = "/device/qr"});
	check_error(&answer, 404, "not_found", "nothing");
}

/* ---- pages that are not what they should be ---- */

static void
forms_from_elsewhere(void **state)
{
	struct agent agent = {0}, other = {0};
	struct answer device = device_ask(NULL), answer, page, foreign;
	const char *code = member(&device, "user_code");

	(void)state;
	answer = agent_post(&agent, "/device", params("user_code", code, NULL));
	check_status(answer, 400, "no flow");
	page = agent_get(&agent, "/device");
	answer = agent_post(&other, "/device",
			    params("flow", page_field(&page, "flow"), "user_code", code, NULL));
	check_status(answer, 303, "another browser's");
	check_has(header(&answer, "Location"), MAIN_ISSUER "/device?", "begins anew");
	answer = agent_get(&other, next_target(&answer));
	check_text(page_kind(&answer), "device", "begins anew");
	foreign = agent_get(&agent, authorize("web", NULL, NULL));
	answer = agent_post(&agent, "/device",
			    params("flow", page_field(&foreign, "flow"), "user_code", code, NULL));
	check_status(answer, 400, "a page of something else");
	/* the page of the code proves nothing about any device */
	answer = agent_post(&agent, "/consent",
			    params("flow", page_field(&page, "flow"), "action", "allow", NULL));
	check_status(answer, 400, "allow without a code");
	page = device_question(&agent, &device);
	answer = agent_post(&other, "/consent",
			    params("flow", page_field(&page, "flow"), "action", "allow", NULL));
	check_status(answer, 303, "the question in another browser");
	check_text(header(&answer, "Location"),
		   arena_printf(world.arena, MAIN_ISSUER "/device?user_code=%s", code),
		   "begins anew with the code");
	check(private_db_number("SELECT decided_at FROM device_request") == 0, "undecided");
}

static void
browser_without_cookies(void **state)
{
	struct agent agent = {.refuses_cookies = true};
	struct answer answer = agent_get(&agent, "/device");

	(void)state;
	answer = agent_post(
		&agent, "/device",
		params("flow", page_field(&answer, "flow"), "user_code", "BCDFGHJK", NULL));
	check_status(answer, 303, "asked again");
	answer = agent_get(&agent, next_target(&answer));
	check_status(answer, 400, "and told");
	check_has(answer.body, "Cookies are blocked", "and told");
}

/* Between code and question. */
static void
client_changes_meanwhile(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), page = device_question(&agent, &device), answer;

	(void)state;
	world_client("main", "tv",
		     "{\"token_endpoint_auth_method\":\"none\",\"redirect_uris\":[\"" WEB_REDIRECT
		     "\"]}",
		     NULL);
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "it may no longer ask for devices");
	world_client_off("tv");
	answer = press(&agent, &page, "allow");
	check_status(answer, 400, "it is disabled");
	check_has(answer.body, "Unknown application", "it is disabled");
	assert_int_equal(private_db_number("SELECT COUNT(*) FROM auth_grant"), 0);
}

static void
realms_are_apart(void **state)
{
	struct agent agent = {0};
	struct answer device = device_ask(NULL), answer;

	(void)state;
	answer = agent_get(&agent, "/sub/path/device");
	answer = agent_post(&agent, "/sub/path/device",
			    params("flow", page_field(&answer, "flow"), "user_code",
				   member(&device, "user_code"), NULL));
	check_status(answer, 403, "another realm");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		device_test(denied),
		device_test(left),
		device_test(question_says_what),
		device_test(always_asked),
		device_test(another_person),
		device_test(code_as_people_type_it),
		device_test(wrong_codes),
		device_test(guessing_is_slowed),
		device_test(link_with_the_code),
		device_test(picture_of_the_link),
		device_test(forms_from_elsewhere),
		device_test(browser_without_cookies),
		device_test(client_changes_meanwhile),
		device_test(realms_are_apart),
	};

	return flow_tests_run(tests);
}
