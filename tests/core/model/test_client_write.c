/* SPDX-License-Identifier: ISC */
/*
 * Client metadata that is good: reading what was written, what stands in for members that are
 * absent, and the names of authentication methods.
 */
#include "core/model/client.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "tests/core/base/check.h"

#define WHY_MAX  16384
#define REDIRECT "\"redirect_uris\":[\"https://app.example/cb\"]"

static const char *const full =
	"{\"application_type\":\"native\",\"token_endpoint_auth_method\":\"client_secret_post\","
	"\"client_name\":\"App \xc3\xa4\",\"client_uri\":\"https://app.example/\","
	"\"logo_uri\":\"https://app.example/logo.png\","
	"\"policy_uri\":\"https://app.example/policy\",\"tos_uri\":\"https://app.example/tos\","
	"\"redirect_uris\":[\"https://app.example/cb\",\"com.example.app:/cb\"],"
	"\"post_logout_redirect_uris\":[\"https://app.example/bye\"],"
	"\"origins\":[\"https://app.example\"],"
	"\"initiate_login_uri\":\"https://app.example/login\","
	"\"sector_identifier_uri\":\"https://app.example/sector\","
	"\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
	"\"scope\":\"openid profile\",\"contacts\":[\"a@app.example\"],\"profile\":\"oidc\","
	"\"first_party\":true,\"require_auth_time\":true,\"default_max_age\":0,"
	"\"introspection\":\"all\","
	"\"settings\":{\"access_token_format\":\"opaque\",\"code_lifetime\":\"1m\"}}";

static void
read_client(struct arena *arena, const char *text, const struct settings *realm,
	    struct client *client)
{
	struct buf why;

	*client = (struct client){0};
	buf_init(&why, arena, WHY_MAX);
	client_default(client, realm);
	if (client_from_json(arena, json_parse(arena, text, strlen(text), NULL), client, &why) != 0)
		fail_msg("%s: %s", text, why.data);
}

static void
test_round_trip(void **state)
{
	static const struct {
		const char *name, *document;
		const char *written; /* NULL: the same */
	} cases[] = {
		{"every member", NULL, NULL},
		{"resource server", "{\"grant_types\":[]}",
		 "{\"grant_types\":[],\"response_types\":[]}"},
		{"what equals the defaults is not written",
		 "{" REDIRECT ",\"application_type\":\"web\",\"first_party\":false,"
		 "\"response_types\":[\"code\"],\"profile\":\"oauth21\",\"introspection\":\"own\","
		 "\"contacts\":[],\"scope\":\"\",\"settings\":{}}",
		 "{" REDIRECT "}"},
		{"a setting of one's own that equals the realm's is kept",
		 "{" REDIRECT ",\"settings\":{\"refresh_token_idle\":\"2d\"}}", NULL},
	};
	struct arena *arena = *state;
	struct settings realm;

	settings_default(&realm);
	realm.refresh_token_idle = 2 * 86400;
	realm.code_lifetime = 30;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *document = cases[i].document ? cases[i].document : full;
		const char *wanted = cases[i].written ? cases[i].written : document;
		struct client client;
		const char *written;

		read_client(arena, document, &realm, &client);
		written = json_write(arena, client_to_json(arena, &client, false), NULL);
		check_text(written, wanted, cases[i].name);
		read_client(arena, written, &realm, &client);
		check_text(json_write(arena, client_to_json(arena, &client, false), NULL), wanted,
			   cases[i].name);
	}
}

static void
test_fields(void **state)
{
	struct arena *arena = *state;
	struct client client;
	struct settings realm;

	settings_default(&realm);
	read_client(arena, full, &realm, &client);
	assert_int_equal(client.token_endpoint_auth_method, CLIENT_AUTH_SECRET_POST);
	assert_int_equal(client.application_type, APPLICATION_NATIVE);
	assert_string_equal(client.redirect_uris.item[1], "com.example.app:/cb");
	assert_int_equal(client.scopes.count, 2);
	assert_string_equal(client.scopes.item[1], "profile");
	assert_true(client.first_party && client.require_auth_time);
	assert_int_equal(client.default_max_age, 0);
	assert_int_equal(client.introspection, INTROSPECT_ALL);
	assert_int_equal(client.settings.access_token_format, TOKEN_OPAQUE);
	assert_int_equal(client.settings.refresh_token_idle, realm.refresh_token_idle);
	assert_false(client_is_public(&client));
}

/* A text that the client does not have has no value to be shown. */
static bool
is_unset(const struct client *client, const struct metadata_field *field)
{
	bool text =
		field->type == META_TEXT || field->type == META_URI || field->type == META_OBJECT;

	return text && !*(const char *const *)(const void *)((const char *)client + field->offset);
}

/* Every member of the table is there when all are asked for, and can be read again. */
static void
test_all(void **state)
{
	struct arena *arena = *state;
	struct client client;
	struct settings realm;
	struct json_object *document, *settings;
	size_t count, there = 0;
	const struct metadata_field *table = client_metadata_table(&count);

	settings_default(&realm);
	read_client(arena, full, &realm, &client);
	document = client_to_json(arena, &client, true);
	for (size_t i = 0; i < count; i++) {
		bool unset = is_unset(&client, &table[i]);

		there += !unset;
		check(json_object_object_get_ex(document, table[i].name, NULL) == !unset,
		      table[i].name);
		check(client_metadata_field(table[i].name) == &table[i], table[i].name);
		check(table[i].help[0] != '\0', table[i].name);
	}
	assert_int_equal(json_object_object_length(document), there);
	assert_null(client_metadata_field("client_secret"));
	read_client(arena, json_write(arena, document, NULL), &realm, &client);

	read_client(arena, "{" REDIRECT "}", &realm, &client);
	document = client_to_json(arena, &client, true);
	assert_string_equal(json_text_or_null(document, "token_endpoint_auth_method"),
			    "client_secret_basic");
	assert_int_equal(json_get_object(document, "settings", &settings), JSON_FOUND);
	assert_string_equal(json_text_or_null(settings, "access_token_lifetime"), "1h");
	assert_null(json_text_or_null(settings, "session_idle"));
	assert_false(json_object_object_get_ex(document, "default_max_age", NULL));
	assert_false(json_object_object_get_ex(document, "scope", NULL));
}

/* As many items as the default has, but others. */
static void
test_list_differs(void **state)
{
	struct arena *arena = *state;
	const char *refresh[] = {"refresh_token"};
	struct client client = {0};
	struct settings realm;

	settings_default(&realm);
	client_default(&client, &realm);
	client.grant_types = (struct strlist){refresh, 1};
	assert_string_equal(json_write(arena, client_to_json(arena, &client, false), NULL),
			    "{\"grant_types\":[\"refresh_token\"]}");
}

static void
test_defaults(void **state)
{
	struct client client = {.realm_id = 7, .client_id = "a", .enabled = true, .version = 3};
	struct settings realm;

	(void)state;
	settings_default(&realm);
	realm.code_lifetime = 30;
	client.client_name = "left over";
	client.own_settings = 1;
	client_default(&client, &realm);
	assert_int_equal(client.realm_id, 7);
	assert_string_equal(client.client_id, "a");
	assert_true(client.enabled && client.version == 3);
	assert_null(client.client_name);
	assert_true(client.own_settings == 0);
	assert_string_equal(client.profile, "oauth21");
	assert_int_equal(client.default_max_age, -1);
	assert_int_equal(client.settings.code_lifetime, 30);
	assert_int_equal(client.grant_types.count, 1);
	assert_string_equal(client.grant_types.item[0], "authorization_code");
	assert_string_equal(client.response_types.item[0], "code");
}

/* Bytes of a member, by its type. */
static size_t
size_of(enum metadata_type type)
{
	switch (type) {
	case META_TEXT:
	case META_URI:
	case META_OBJECT:
		return sizeof(const char *);
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
	case META_SCOPE:
		return sizeof(struct strlist);
	case META_CHOICE:
	case META_INT:
		return sizeof(int64_t);
	case META_BOOL:
		return sizeof(bool);
	case META_SETTINGS:
		break;
	}
	return sizeof(struct settings);
}

/* Whatever was there before. */
static void
test_every_member_has_a_default(void **state)
{
	struct client zeros, ones;
	struct settings realm;
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	(void)state;
	settings_default(&realm);
	memset(&zeros, 0, sizeof(zeros));
	memset(&ones, 0xff, sizeof(ones));
	client_default(&zeros, &realm);
	client_default(&ones, &realm);
	for (size_t i = 0; i < count; i++)
		check(memcmp((const char *)&zeros + fields[i].offset,
			     (const char *)&ones + fields[i].offset, size_of(fields[i].type)) == 0,
		      fields[i].name);
}

static void
test_methods(void **state)
{
	static const struct {
		enum client_auth_method method;
		const char *name;
		bool is_public;
	} methods[] = {
		{CLIENT_AUTH_NONE, "none", true},
		{CLIENT_AUTH_SECRET_BASIC, "client_secret_basic", false},
		{CLIENT_AUTH_SECRET_POST, "client_secret_post", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(methods); i++) {
		struct client client = {.token_endpoint_auth_method = methods[i].method};

		check_text(client_auth_method_name(methods[i].method), methods[i].name,
			   methods[i].name);
		check(client_is_public(&client) == methods[i].is_public, methods[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_round_trip),
		arena_test(test_fields),
		arena_test(test_all),
		arena_test(test_list_differs),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_member_has_a_default),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests_name("client_write", tests, NULL, NULL);
}
