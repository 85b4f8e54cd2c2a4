/* SPDX-License-Identifier: ISC */
/*
 * The metadata document says what the tables say: nothing more, nothing less, and no endpoint but
 * those that it was given.
 */
#include "core/model/realm.h"
#include "core/model/resource.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/discovery.h"
#include "core/oauth/grant/grant.h"
#include "tests/lib/request_tx.h"

static const struct discovery_endpoint some[] = {
	{"token_endpoint", "/token", true}, {"jwks_uri", "/jwks", false}, {NULL, NULL, false}};

static struct json_object *
document(const struct discovery_endpoint *endpoints)
{
	const char *tags[] = {"de", "en"};
	const struct strlist locales = {tags, COUNT(tags)};
	const char *text = discovery_document(t.arena, &t.live, endpoints, &locales);
	struct json_object *object = json_parse_object(t.arena, text, strlen(text), NULL);

	assert_non_null(object);
	return object;
}

/* The list's items with a blank between them. */
static const char *
list_of(struct json_object *object, const char *member)
{
	struct strlist list;

	if (json_get_list(t.arena, object, member, 100, &list) != JSON_FOUND)
		return NULL;
	return strlist_join(t.arena, &list, ' ');
}

static const char *const method_members[] = {
	"token_endpoint_auth_methods_supported",
	"revocation_endpoint_auth_methods_supported",
	"introspection_endpoint_auth_methods_supported",
};

/* Certificates are offered only where a realm says that the web server asks for them. */
static void
certificates(void **state)
{
	struct json_object *object = document(some), *aliases;

	(void)state;
	for (size_t i = 0; i < COUNT(method_members); i++)
		check(!strstr(list_of(object, method_members[i]), "tls_client_auth"),
		      method_members[i]);
	check(!json_object_object_get_ex(object, "mtls_endpoint_aliases", NULL), "no aliases");
	t.live.realm.settings.mtls_endpoint_base = "https://mtls.example/main";
	object = document(some);
	for (size_t i = 0; i < COUNT(method_members); i++)
		check(strstr(list_of(object, method_members[i]),
			     " tls_client_auth "
			     "self_signed_tls_client_auth") != NULL,
		      method_members[i]);
	assert_int_equal(json_get_object(object, "mtls_endpoint_aliases", &aliases), JSON_FOUND);
	check_text(json_write(t.arena, aliases, NULL),
		   "{\"token_endpoint\":\"https://mtls.example/main/token\"}", "aliases");
	check_text(json_text_or_null(object, "token_endpoint"), "https://id.example/main/token",
		   "the endpoint itself");
}

static void
assertion_algs(void **state)
{
	static const char all[] = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA "
				  "HS256 HS384 HS512";
	struct json_object *object = document(some);

	(void)state;
	check_text(list_of(object, "token_endpoint_auth_signing_alg_values_supported"), all,
		   "token");
	check_text(list_of(object, "revocation_endpoint_auth_signing_alg_values_supported"), all,
		   "revocation");
	check_text(list_of(object, "introspection_endpoint_auth_signing_alg_values_supported"), all,
		   "introspection");
}

static void
tables(void **state)
{
	t.live.realm.settings.mtls_endpoint_base = "https://mtls.example/main";

	struct json_object *object = document(some);
	struct strlist grants = {0}, methods = {0}, proving = {0};
	size_t count;
	const struct grant_row *grant = grants_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		grants = strlist_with(t.arena, &grants, grant[i].name);
	const struct client_auth_row *method = client_auth_table(&count);
	for (size_t i = 0; i < count; i++) {
		methods = strlist_with(t.arena, &methods, method[i].name);
		if (!method[i].is_public)
			proving = strlist_with(t.arena, &proving, method[i].name);
	}
	check_text(list_of(object, "grant_types_supported"), strlist_join(t.arena, &grants, ' '),
		   "grants");
	check_text(list_of(object, "token_endpoint_auth_methods_supported"),
		   strlist_join(t.arena, &methods, ' '), "methods");
	check_text(list_of(object, "revocation_endpoint_auth_methods_supported"),
		   strlist_join(t.arena, &methods, ' '), "methods of revocation");
	check_text(list_of(object, "introspection_endpoint_auth_methods_supported"),
		   strlist_join(t.arena, &proving, ' '), "methods of introspection");
}

/* Each row has all that it needs, and no name stands twice. */
static void
rows(void **state)
{
	size_t count, others;
	const struct grant_row *grant = grants_table(&count);

	(void)state;
	assert_int_not_equal(count, 0);
	for (size_t i = 0; i < count; i++) {
		check(grant[i].prepare != NULL, grant[i].name);
		for (size_t j = 0; j < i; j++)
			check(!str_equal(grant[i].name, grant[j].name), grant[i].name);
	}
	const struct client_auth_row *method = client_auth_table(&others);
	assert_int_not_equal(others, 0);
	for (size_t i = 0; i < others; i++) {
		check_text(method[i].name, client_auth_method_name(method[i].method),
			   method[i].name);
		check(method[i].is_public == (method[i].method == CLIENT_AUTH_NONE),
		      method[i].name);
	}
}

static void
endpoints_are_given(void **state)
{
	static const struct discovery_endpoint none[] = {{NULL, NULL, false}};
	struct json_object *bare = document(none), *object = document(some);

	(void)state;
	json_object_object_foreach(bare, name, value)
	{
		(void)value;
		check(!str_ends(name, "_endpoint") && !str_ends(name, "_uri"), name);
	}
	check_text(json_text_or_null(object, "token_endpoint"), "https://id.example/main/token",
		   "token_endpoint");
	check_text(json_text_or_null(object, "jwks_uri"), "https://id.example/main/jwks",
		   "jwks_uri");
	check(json_object_object_length(object) == json_object_object_length(bare) + 2,
	      "no more than those");
}

static void
scopes_and_claims(void **state)
{
	static struct scope own[] = {{.name = "team"}, {.name = "email"}};
	static struct scope known[] = {{.name = "read"}, {.name = "team"}};
	static const struct resource resources[] = {
		{.identifier = "urn:a", .scopes = known, .scopes_count = COUNT(known)},
		{.identifier = "urn:b", .scopes = known, .scopes_count = 1},
	};
	struct json_object *object;
	struct strlist list;
	size_t count;
	const struct claim *claims = claims_table(&count);

	(void)state;
	t.live.realm.scopes = own;
	t.live.realm.scopes_count = COUNT(own);
	t.live.realm.resources = resources;
	t.live.realm.resources_count = COUNT(resources);
	object = document(some);
	check_text(list_of(object, "scopes_supported"),
		   "openid profile email address phone offline_access team read", "scopes");
	assert_int_equal(json_get_list(t.arena, object, "claims_supported", 100, &list),
			 JSON_FOUND);
	check(strlist_has(&list, "sub") && strlist_has(&list, "iss"), "claims of tokens");
	for (size_t i = 0; i < count; i++)
		check(strlist_has(&list, claims[i].name), claims[i].name);
}

static void
algorithms(void **state)
{
	struct jwk key;

	(void)state;
	check_text(list_of(document(some), "id_token_signing_alg_values_supported"), NULL,
		   "no key, no list");
	key = jwk_generate(t.arena, jws_alg_by_name("EdDSA"), 0);
	assert_int_equal(keyring_add(t.live.ring, &key, KEY_NEXT), 0);
	check_text(list_of(document(some), "id_token_signing_alg_values_supported"), NULL,
		   "a key that does not sign yet");
	key = jwk_generate(t.arena, jws_alg_by_name("ES256"), 0);
	assert_int_equal(keyring_add(t.live.ring, &key, KEY_ACTIVE), 0);
	check_text(list_of(document(some), "id_token_signing_alg_values_supported"), "ES256",
		   "an active key");
	check_text(list_of(document(some), "introspection_signing_alg_values_supported"), "ES256",
		   "for answers of introspection");
}

static void
constants(void **state)
{
	static const struct {
		const char *member, *wanted;
	} lists[] = {
		{"response_types_supported", "code"},
		{"response_modes_supported", "query form_post"},
		{"subject_types_supported", "public"},
		{"code_challenge_methods_supported", "S256"},
		{"prompt_values_supported", "none login consent select_account"},
		{"ui_locales_supported", "de en"},
	};
	static const struct {
		const char *member;
		bool wanted;
	} flags[] = {
		{"authorization_response_iss_parameter_supported", true},
		{"claims_parameter_supported", true},
		{"request_parameter_supported", false},
		{"request_uri_parameter_supported", false},
	};
	struct json_object *object = document(some);

	(void)state;
	check_text(json_text_or_null(object, "issuer"), "https://id.example/main", "issuer");
	for (size_t i = 0; i < COUNT(lists); i++)
		check_text(list_of(object, lists[i].member), lists[i].wanted, lists[i].member);
	for (size_t i = 0; i < COUNT(flags); i++) {
		bool value = !flags[i].wanted;

		check(json_get_bool(object, flags[i].member, &value) == JSON_FOUND &&
			      value == flags[i].wanted,
		      flags[i].member);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(tables),    tx_test(certificates),        tx_test(assertion_algs),
		tx_test(rows),      tx_test(endpoints_are_given), tx_test(algorithms),
		tx_test(constants), tx_test(scopes_and_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
