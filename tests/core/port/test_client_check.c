/* SPDX-License-Identifier: ISC */
/*
 * What is refused when a client's keys and the names of its certificate are set.
 */
#include "tests/core/base/check.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/jose/jwk.h"
#include "core/port/client_check.h"

#define SET(keys) "{\"keys\":[" keys "]}"

static struct arena *arena;

static int
begin(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* The complaints about a client. */
static const char *
said(struct client client)
{
	struct buf why;
	size_t count, lines = 0;

	buf_init(&why, arena, 4096);
	count = client_check(arena, &client, &why);
	for (size_t i = 0; i < why.size; i++)
		lines += why.data[i] == '\n';
	check(lines == count, why.data);
	return why.data;
}

static const char *
public_of(enum jws_alg alg)
{
	struct jwk key = jwk_generate(arena, alg, 0);

	return json_write(arena, jwk_export_public(arena, &key), NULL);
}

static const char *
without_alg(const char *text)
{
	struct json_object *object = json_parse_object(arena, text, strlen(text), NULL);

	json_object_object_del(object, "alg");
	return json_write(arena, object, NULL);
}

static void
keys(void **state)
{
	const char *ec = public_of(JWS_ES256), *rsa = without_alg(public_of(JWS_RS256));
	const struct {
		const char *name, *jwks;
		enum client_auth_method method;
		const char *alg, *piece; /* NULL: good */
	} cases[] = {
		{"none", NULL, CLIENT_AUTH_SECRET_BASIC, NULL, NULL},
		{"one", arena_printf(arena, SET("%s"), ec), CLIENT_AUTH_PRIVATE_KEY_JWT, NULL,
		 NULL},
		{"two", arena_printf(arena, SET("%s,%s"), ec, rsa), CLIENT_AUTH_PRIVATE_KEY_JWT,
		 "PS256", NULL},
		{"for certificates", arena_printf(arena, SET("%s"), ec),
		 CLIENT_AUTH_SELF_SIGNED_TLS, NULL, NULL},
		{"not for the algorithm", arena_printf(arena, SET("%s"), ec),
		 CLIENT_AUTH_PRIVATE_KEY_JWT, "RS256", "no key of it can check"},
		{"empty", SET(""), CLIENT_AUTH_PRIVATE_KEY_JWT, NULL, "no key of it can check"},
		{"empty for certificates", SET(""), CLIENT_AUTH_SELF_SIGNED_TLS, NULL,
		 "no key that a certificate"},
		{"empty but not needed", SET(""), CLIENT_AUTH_SECRET_BASIC, NULL, NULL},
		{"for encryption",
		 SET("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
		     "\"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo\"}"),
		 CLIENT_AUTH_PRIVATE_KEY_JWT, NULL, "no key of it can check"},
		{"symmetric", SET("{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OTAxMjM0NQ\"}"),
		 CLIENT_AUTH_SECRET_BASIC, NULL, "only public keys"},
		{"a key without kty", SET("{}"), CLIENT_AUTH_SECRET_BASIC, NULL, "badly written"},
		{"no JSON", "x", CLIENT_AUTH_SECRET_BASIC, NULL, "not a JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = said((struct client){
			.jwks = cases[i].jwks,
			.token_endpoint_auth_method = cases[i].method,
			.token_endpoint_auth_signing_alg = cases[i].alg,
		});

		check(cases[i].piece ? strstr(why, cases[i].piece) && str_starts(why, "jwks: ")
				     : !*why,
		      cases[i].name);
	}
}

/* Every private half is a leak, whatever the method. */
static void
private_keys(void **state)
{
	const char *ec = public_of(JWS_ES256);
	struct json_object *object = json_parse_object(arena, ec, strlen(ec), NULL);

	(void)state;
	json_add_text(object, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE");
	check(strstr(said((struct client){.jwks = arena_printf(arena, SET("%s"),
							       json_write(arena, object, NULL))}),
		     "only public keys") != NULL,
	      "d");
}

static void
certificate_names(void **state)
{
	static const struct {
		const char *name;
		struct client client;
		const char *piece;
	} cases[] = {
		{"a subject", {.tls_client_auth_subject_dn = "CN=a,O=b"}, NULL},
		{"no subject", {.tls_client_auth_subject_dn = "/CN=a/O=b"}, "RFC 4514"},
		{"a DNS name", {.tls_client_auth_san_dns = "a.example"}, NULL},
		{"no DNS name", {.tls_client_auth_san_dns = "a b"}, "_dns: "},
		{"a URI", {.tls_client_auth_san_uri = "urn:x"}, NULL},
		{"no URI", {.tls_client_auth_san_uri = "\xc3\xa4"}, "_uri: "},
		{"an address", {.tls_client_auth_san_ip = "2001:db8::1"}, NULL},
		{"no address", {.tls_client_auth_san_ip = "localhost"}, "_ip: "},
		{"an e-mail address", {.tls_client_auth_san_email = "a@b.example"}, NULL},
		{"no e-mail address", {.tls_client_auth_san_email = "a b@c"}, "_email: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = said(cases[i].client);

		check(cases[i].piece ? strstr(why, cases[i].piece) != NULL : !*why, cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys, begin, end),
		cmocka_unit_test_setup_teardown(private_keys, begin, end),
		cmocka_unit_test_setup_teardown(certificate_names, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
