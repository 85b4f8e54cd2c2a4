/* SPDX-License-Identifier: ISC */
/*
 * Token exchange of ID tokens and refresh tokens of ours.
 */
#include "tests/flow/exchange_world.h"

#include "core/base/str.h"

static void
id_tokens(void **state)
{
	const char *id_token = member(&web_set, "id_token");
	const char *form = params_with(exchange_form(TYPE_ID, id_token), "resource", BACK);
	struct answer answer = exchange_as("svc", form);
	const char *token = member(&answer, "access_token");

	(void)state;
	check_status(answer, 200, "ID token");
	check_text(member(&answer, "scope"), "", "an ID token allows nothing");
	check(is_active(token), "of a live grant");
	answer = exchange_as("svc", params_with(form, "resource", NULL));
	check_status(answer, 200, "for the issuer");
	check_text(member(&answer, "scope"), "openid", "but to be told who it is");
	check_status(userinfo(member(&answer, "access_token")), 200, "userinfo");
	check_status(exchange_as("svc", params_with(form, "subject_token_type", TYPE_JWT)), 200,
		     "as a JWT");
	answer = exchange_as("svc", params_with(form, "subject_token_type", TYPE_ACCESS));
	check_error(&answer, 400, "invalid_request", "no access token");
	answer = exchange_as("svc", params_with(form, "scope", "read"));
	check_error(&answer, 400, "invalid_scope", "no scope of the grant's");
	answer = exchange_as("odd", form);
	check_error(&answer, 400, "invalid_request", "for another client");
	check_status(exchange_as("svc", params_with(form_of_web(), "resource", BACK)), 200,
		     "before");
	(void)request_send(
		&(struct ask){.target = "/revoke",
			      .body = params("token", member(&web_set, "refresh_token"), NULL),
			      .authorization = basic("web", WEB_SECRET)});
	answer = exchange_as("svc", form);
	check_error(&answer, 400, "invalid_request", "its grant has ended");
	check(!is_active(token), "what was given for it ends too");
}

/* Neither token says it; the account does. */
static void
may_act_of_the_account(void **state)
{
	const char *forms[] = {
		exchange_form(TYPE_ID, member(&web_set, "id_token")),
		exchange_form(TYPE_REFRESH, member(&web_set, "refresh_token")),
		params_with(form_of_web(), "resource", BACK),
	};
	static const char *const clients[] = {"svc", "web", "svc"};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct answer answer;

		private_db_number("UPDATE account SET claims = JSON_SET(claims, '$.may_act',"
				  " JSON_EXTRACT('{\"sub\":\"nobody\"}', '$'))"
				  " WHERE username = 'alice'");
		answer = exchange_as(clients[i], forms[i]);
		check_error(&answer, 400, "invalid_request", forms[i]);
		private_db_number("UPDATE account SET claims = JSON_REMOVE(claims, '$.may_act')"
				  " WHERE username = 'alice'");
		check_status(exchange_as(clients[i], forms[i]), 200, forms[i]);
	}
}

static void
id_tokens_end(void **state)
{
	struct answer set = sign_in_for(NULL, "openid");
	const char *form = exchange_form(TYPE_ID, member(&set, "id_token"));
	struct answer answer;

	(void)state;
	check_status(exchange_as("svc", form), 200, "alive");
	private_db_number("UPDATE session SET ended_at = %lld", (long long)world_now());
	answer = exchange_as("svc", form);
	check_error(&answer, 400, "invalid_request", "the session has ended");
	private_db_number("UPDATE session SET ended_at = 0");
	check_status(exchange_as("svc", form), 200, "alive again");
	world_move(3600);
	private_db_number("UPDATE session SET last_seen_at = %lld", (long long)world_now());
	private_db_number("UPDATE auth_grant SET expires_at = expires_at + 7200");
	answer = exchange_as("svc", form);
	check_error(&answer, 400, "invalid_request", "expired");
	check(world_log_count("exp has passed") || world_log_count("expired"), "why");
}

/* Signed with our own key, and yet no ID token. */
static void
what_our_key_signed(void **state)
{
	static const struct {
		const char *typ, *claim, *value;
		int status;
	} cases[] = {
		{"JWT", "x", "1", 200},
		{"logout+jwt", "x", "1", 400},
		{NULL, "x", "1", 400},
		{"JWT", "sid", NULL, 400},
		{"JWT", "sid", "\"x\"", 400},
		{"JWT", "auth_time", NULL, 400},
		{"JWT", "auth_time", "1", 400},
		{"JWT", "nonce", "\"another\"", 400},
		{"JWT", "nonce", NULL, 200},
		{"JWT", "sub", "\"another\"", 400},
		{"JWT", "iss", "\"" SUB_ISSUER "\"", 400},
		{"JWT", "may_act", "{\"sub\":\"svc\"}", 200},
		{"JWT", "may_act", "{\"sub\":\"deep\"}", 400},
	};
	struct tx tx;

	(void)state;
	world_tx(&tx, "main");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct jws_signer *ours = keyring_signer(tx.live->ring, JWS_ES256);
		const struct jws_header head = {.typ = cases[i].typ};
		struct json_object *claims = claims_of(member(&web_set, "id_token"));
		const char *form;

		other_claim(claims, cases[i].claim, cases[i].value);
		form = exchange_form(TYPE_ID, jws_sign_object(world.arena, ours, &head, claims));
		check_status(exchange_as("svc", params_with(form, "resource", BACK)),
			     cases[i].status, cases[i].claim);
	}
}

static void
refresh_tokens(void **state)
{
	const char *form = exchange_form(TYPE_REFRESH, member(&web_set, "refresh_token"));
	struct answer answer = exchange_as("web", params_with(form, "scope", "read"));
	struct answer next;

	(void)state;
	check_status(answer, 200, "its own client");
	check_text(json_text_or_null(claims_of(member(&answer, "access_token")), "aud"), API,
		   "what it was granted for");
	check_text(member(&answer, "refresh_token"), NULL, "it is not used up, nor renewed");
	answer = exchange_as("svc", params_with(form, "resource", BACK));
	check_error(&answer, 400, "invalid_request", "another client, whatever exchange_clients");
	answer = exchange_as("web", exchange_form(TYPE_REFRESH, web_token));
	check_error(&answer, 400, "invalid_request", "its own access token is none");
	next = refresh("web", member(&web_set, "refresh_token"));
	check_status(next, 200, "refresh");
	answer = exchange_as("web", form);
	check_error(&answer, 400, "invalid_request", "an older one");
	form = exchange_form(TYPE_REFRESH, member(&next, "refresh_token"));
	check_status(exchange_as("web", form), 200, "the current one");
	private_db_number("UPDATE auth_grant SET refresh_rotated_at = 1");
	answer = exchange_as("web", form);
	check_error(&answer, 400, "invalid_request", "idle for too long");
	answer = exchange_as("web", params_with(form, "subject_token_type", TYPE_ACCESS));
	check_error(&answer, 400, "invalid_request", "no access token");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		exchange_test(id_tokens),      exchange_test(may_act_of_the_account),
		exchange_test(id_tokens_end),  exchange_test(what_our_key_signed),
		exchange_test(refresh_tokens),
	};

	return flow_tests_run(tests);
}
