/* SPDX-License-Identifier: ISC */
/*
 * tls_client_auth and self_signed_tls_client_auth: the web server's variables in every form, what
 * is compared, and that no header and no other method's client gets in by them.
 */
#include "tests/core/jose/certs.h"
#include "tests/flow/agent.h"

#include "core/base/str.h"
#include "tests/lib/fake_net.h"

#define KEYS_URI "https://keys.example/jwks"

static struct {
	struct arena *arena;
	struct jwk key, other;
	const char *pem, *other_pem;
	const char *jwks, *other_jwks;
} k;

static const char *
pem_of(const struct jwk *key, const char *name)
{
	return cert_make(k.arena, &(struct cert_wish){
					  .subject = {{"C", "DE", V_ASN1_PRINTABLESTRING, false},
						      {"O", "Lab", 0, false},
						      {"CN", name, 0, false}},
					  .names = "DNS:a.example,URI:https://u.example/x,"
						   "IP:192.0.2.1,email:m@e.example",
					  .key = key,
				  });
}

static const char *
set_of(const struct jwk *key)
{
	struct json_object *set = json_new_object(k.arena), *list = json_new_array(k.arena);

	json_push(list, jwk_export_public(k.arena, key));
	json_add(set, "keys", list);
	return json_write(k.arena, set, NULL);
}

static void
client(const char *id, const char *method, const char *more)
{
	world_client("main", id,
		     arena_printf(world.arena,
				  "{\"grant_types\":[\"client_credentials\"],\"response_types\":[],"
				  "\"scope\":\"email\",\"token_endpoint_auth_method\":\"%s\",%s}",
				  method, more),
		     NULL);
}

static int
begin(void **state)
{
	int result = world_fresh(state);

	if (!k.arena) {
		k.arena = arena_new((size_t)16 << 20);
		k.key = jwk_generate(k.arena, JWS_ES256, 0);
		k.other = jwk_generate(k.arena, JWS_ES256, 0);
		k.pem = pem_of(&k.key, "client");
		k.other_pem = pem_of(&k.other, "other");
		k.jwks = set_of(&k.key);
		k.other_jwks = set_of(&k.other);
	}
	client("dn", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=client,O=Lab,C=DE\"");
	client("dns", "tls_client_auth", "\"tls_client_auth_san_dns\":\"a.example\"");
	client("uri", "tls_client_auth", "\"tls_client_auth_san_uri\":\"https://u.example/x\"");
	client("ip", "tls_client_auth", "\"tls_client_auth_san_ip\":\"192.0.2.1\"");
	client("email", "tls_client_auth", "\"tls_client_auth_san_email\":\"m@e.example\"");
	client("nobody", "tls_client_auth", "\"tls_client_auth_san_dns\":\"b.example\"");
	client("self", "self_signed_tls_client_auth",
	       arena_printf(world.arena, "\"jwks\":%s", k.jwks));
	client("remote", "self_signed_tls_client_auth", "\"jwks_uri\":\"" KEYS_URI "\"");
	return result;
}

#define certificate_test(function) cmocka_unit_test_setup_teardown(function, begin, world_spent)

/* POST with what the web server says; NULL: it says nothing. */
static struct answer
post(const char *target, const char *form, const char *certificate, const char *verify)
{
	struct ask ask = {.target = target, .body = form};
	size_t count = 0;

	if (certificate)
		ask.more[count++] = arena_printf(world.arena, "SSL_CLIENT_CERT=%s", certificate);
	if (verify)
		ask.more[count++] = arena_printf(world.arena, "SSL_CLIENT_VERIFY=%s", verify);
	return request_send(&ask);
}

static struct answer
introspect_as(const char *client_id, const char *certificate, const char *verify)
{
	return post("/introspect", params("token", "x", "client_id", client_id, NULL), certificate,
		    verify);
}

static void
names(void **state)
{
	static const char *const good[] = {"dn", "dns", "uri", "ip", "email"};
	struct answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		check_status(introspect_as(good[i], k.pem, "SUCCESS"), 200, good[i]);
	answer = introspect_as("nobody", k.pem, "SUCCESS");
	check_error(&answer, 401, "invalid_client", "another name");
	check_text(member(&answer, "error_description"), "client authentication failed", "text");
	answer = introspect_as("dn", k.other_pem, "SUCCESS");
	check_error(&answer, 401, "invalid_client", "another subject");
}

static void
forms(void **state)
{
	const struct {
		const char *name, *certificate;
		int status;
	} cases[] = {
		{"escaped (nginx)", cert_escaped(k.arena, k.pem), 200},
		{"tabs (nginx before)", cert_with_newlines(k.arena, k.pem, "\n\t"), 200},
		{"as it is (Apache, lighttpd)", k.pem, 200},
		{"blanks", cert_with_newlines(k.arena, k.pem, " "), 200},
		{"empty", "", 401},
		{"none", NULL, 401},
		{"junk", "junk", 401},
		{"no DER", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 401},
		{"two", arena_printf(k.arena, "%s%s", k.pem, k.pem), 401},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_status(introspect_as("dn", cases[i].certificate, "SUCCESS"), cases[i].status,
			     cases[i].name);
		check_status(introspect_as("self", cases[i].certificate, "SUCCESS"),
			     cases[i].status, cases[i].name);
	}
}

/* Whether the chain is good is said in exactly one way. */
static void
verify(void **state)
{
	static const char *const others[] = {
		NULL,      "",         "NONE",     "GENEROUS",
		"success", "SUCCESS ", "SUCCESSX", "FAILED:self-signed certificate",
		"0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct answer answer = introspect_as("dn", k.pem, others[i]);
		const char *name = others[i] ? others[i] : "nothing";

		check_error(&answer, 401, "invalid_client", name);
		check_status(introspect_as("self", k.pem, others[i]), 200, name);
	}
}

/* Headers of the client do not become the web server's variables. */
static void
headers(void **state)
{
	struct ask ask = {.target = "/introspect",
			  .body = "token=x&client_id=dn",
			  .more = {arena_printf(world.arena, "HTTP_SSL_CLIENT_CERT=%s", k.pem),
				   "HTTP_SSL_CLIENT_VERIFY=SUCCESS",
				   arena_printf(world.arena, "HTTP_CLIENT_CERT=%s", k.pem),
				   arena_printf(world.arena, "HTTP_X_SSL_CERT=%s", k.pem)}};
	struct answer answer = request_send(&ask);

	(void)state;
	check_error(&answer, 401, "invalid_client", "headers");
}

static void
keys(void **state)
{
	struct answer answer;

	(void)state;
	check_status(introspect_as("self", k.pem, "NONE"), 200, "the key");
	answer = introspect_as("self", k.other_pem, "SUCCESS");
	check_error(&answer, 401, "invalid_client", "another key");
	fake_net_page(KEYS_URI, "application/jwk-set+json", k.jwks);
	check_status(introspect_as("remote", k.pem, "NONE"), 200, "by reference");
	fake_net_page(KEYS_URI, "application/jwk-set+json", k.other_jwks);
	world_move(61);
	check_status(introspect_as("remote", k.other_pem, "NONE"), 200, "changed there");
	answer = introspect_as("remote", k.pem, "NONE");
	check_error(&answer, 401, "invalid_client", "the old one");
	fake_net_clear();
	world_move(86401);
	fake_net_answer(KEYS_URI, FETCH_BUSY, &(struct fetched){.why = "enough wait"});
	check_status(introspect_as("remote", k.other_pem, "NONE"), 200, "an old set while busy");
}

static void
endpoints(void **state)
{
	static const char *const ids[] = {"dn", "self"};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		const char *token =
			params("grant_type", "client_credentials", "client_id", ids[i], NULL);
		const char *revoke = params("token", "x", "client_id", ids[i], NULL);

		check_status(post("/token", token, k.pem, "SUCCESS"), 200, ids[i]);
		check_status(post("/revoke", revoke, k.pem, "SUCCESS"), 200, ids[i]);
		check_status(post("/token", token, NULL, NULL), 401, ids[i]);
		check_status(post("/revoke", revoke, NULL, NULL), 401, ids[i]);
	}
}

/* A certificate beside another method neither helps nor harms. */
static void
beside_others(void **state)
{
	struct ask ask = {.target = "/introspect",
			  .body = "token=x",
			  .authorization = basic("web", WEB_SECRET),
			  .more = {arena_printf(world.arena, "SSL_CLIENT_CERT=%s", k.pem),
				   "SSL_CLIENT_VERIFY=SUCCESS"}};
	struct answer answer;

	(void)state;
	check_status(request_send(&ask), 200, "secret and certificate");
	ask.authorization = basic("web", "wrong");
	check_status(request_send(&ask), 401, "wrong secret and certificate");
	ask.authorization = basic("dn", "x");
	answer = request_send(&ask);
	check_error(&answer, 401, "invalid_client", "secret of a client of certificates");
	check(world_log_count("registered tls_client_auth") == 1, "why");
	check_status(post("/revoke", "token=x&client_id=spa", k.pem, "SUCCESS"), 200,
		     "a public client");
	answer = introspect_as("web", k.pem, "SUCCESS");
	check_error(&answer, 401, "invalid_client", "a client of another method");
	answer = introspect_as("unknown", k.pem, "SUCCESS");
	check_error(&answer, 401, "invalid_client", "a client that nobody has");
}

static void
too_long(void **state)
{
	char *text = arena_alloc(world.arena, 20000);

	(void)state;
	memset(text, ' ', 19999);
	memcpy(text, k.pem, strlen(k.pem));
	text[16384] = '\0';
	check_status(introspect_as("self", text, "NONE"), 200, "longest");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		certificate_test(names),         certificate_test(forms),
		certificate_test(verify),        certificate_test(headers),
		certificate_test(keys),          certificate_test(endpoints),
		certificate_test(beside_others), certificate_test(too_long),
	};
	int failed = flow_tests_run(tests);

	arena_free(k.arena);
	return failed;
}
