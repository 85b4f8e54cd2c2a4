/* SPDX-License-Identifier: ISC */
/*
 * What tokens are for: each rule of core/oauth/target.h has a case that it decides, and consent
 * tells scopes of the same name apart.
 */
#include "core/model/client.h"
#include "core/model/resource.h"
#include "core/oauth/consent.h"
#include "core/oauth/target.h"
#include "tests/lib/request_tx.h"

#define ISSUER "https://id.example/main"
#define A      "https://a.example"
#define B      "https://b.example"
#define C      "urn:c"
#define D      "urn:d"
#define E      "urn:e"
#define GONE   "https://gone.example"

static const struct resource_row rows[] = {
	{0, A, "Service A", "{\"read\":{\"\":\"x\"},\"write\":{\"\":\"x\"}}", "{}", NULL},
	{0, B, NULL, "{\"read\":{\"\":\"x\"},\"admin\":{\"\":\"x\"}}",
	 "{\"access_token_lifetime\":\"10m\"}", NULL},
	{0, C, NULL, "{\"read\":{\"\":\"x\"}}", "{\"access_token_format\":\"opaque\"}", NULL},
	{0, D, NULL, "{\"read\":{\"\":\"x\"}}", "{\"access_token_alg\":\"RS256\"}", NULL},
	{0, E, NULL, "{}", "{\"access_token_lifetime\":\"2h\"}", NULL},
};

static struct client client;

static void
set_up(const char *resources, const char *fallback)
{
	struct resource *list = arena_array(t.arena, COUNT(rows), sizeof(*list));
	static struct scope team = {.name = "team"};
	const char *why = NULL;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (resource_read(t.arena, &rows[i], &list[i], &why) != 0)
			fail_msg("%s: %s", rows[i].identifier, why);
	t.live.realm.resources = list;
	t.live.realm.resources_count = COUNT(rows);
	t.live.realm.scopes = &team;
	t.live.realm.scopes_count = 1;
	memset(&t.tx.failure, 0, sizeof(t.tx.failure));
	client_default(&client, &t.live.realm.settings);
	assert_int_equal(strlist_split(t.arena, resources, ' ', 20, &client.resources), 0);
	client.default_resource = fallback;
}

static struct form
form_of(const char *resources)
{
	struct strlist list;
	struct form form = {0};

	assert_int_equal(strlist_split(t.arena, resources, ' ', 20, &list), 0);
	form.field = arena_array(t.arena, list.count + 1, sizeof(*form.field));
	form.field[form.count++] = (struct form_field){"audience", "urn:none"};
	for (size_t i = 0; i < list.count; i++)
		form.field[form.count++] = (struct form_field){"resource", list.item[i]};
	return form;
}

/* ---- what a request may name ---- */

#define PERSON TARGET_FOR_PERSON
#define ITSELF TARGET_FOR_CLIENT

static const struct {
	const char *name;
	enum target_subject subject;
	const char *registered, *sent;
	const char *wanted; /* NULL: invalid_target */
} asked[] = {
	{"none", PERSON, "", "", ""},
	{"one, for a person", PERSON, "", A, A},
	{"the issuer", PERSON, "", ISSUER, ISSUER},
	{"several, each once", PERSON, "", A " " B " " A, A " " B},
	{"unknown", PERSON, "", GONE, NULL},
	{"unknown but registered", PERSON, GONE, GONE, NULL},
	{"unknown beside a known one", PERSON, "", A " " GONE, NULL},
	{"with a slash more", PERSON, "", A "/", NULL},
	{"registered", PERSON, A, A, A},
	{"not registered", PERSON, A, B, NULL},
	{"the issuer beside registered ones", PERSON, A, ISSUER, ISSUER},
	{"for itself, none registered", ITSELF, "", A, NULL},
	{"for itself, registered", ITSELF, A, A, A},
	{"for itself, not registered", ITSELF, A, B, NULL},
	{"for itself, the issuer", ITSELF, "", ISSUER, ISSUER},
};

static void
what_may_be_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct form form;
		struct strlist list;
		int got;

		set_up(asked[i].registered, NULL);
		form = form_of(asked[i].sent);
		got = target_asked(&t.tx, &client, asked[i].subject, &form, &list);
		check((got == 0) == (asked[i].wanted != NULL), asked[i].name);
		if (asked[i].wanted)
			check_text(strlist_join(t.arena, &list, ' '), asked[i].wanted,
				   asked[i].name);
		else
			check(t.tx.failure.error == OAUTH_INVALID_TARGET, asked[i].name);
	}
}

static void
not_too_many(void **state)
{
	struct resource *many = arena_array(t.arena, 9, sizeof(*many));
	struct strlist names = {0}, list;
	struct form form;

	(void)state;
	set_up("", NULL);
	for (size_t i = 0; i < 9; i++) {
		many[i].identifier = arena_printf(t.arena, "urn:%zu", i);
		names = strlist_with(t.arena, &names, many[i].identifier);
	}
	t.live.realm.resources = many;
	t.live.realm.resources_count = 9;
	form = form_of(strlist_join(t.arena, &names, ' '));
	check(target_asked(&t.tx, &client, PERSON, &form, &list) == -1, "nine");
	check(t.tx.failure.error == OAUTH_INVALID_TARGET, "nine");
	form.count--;
	check(target_asked(&t.tx, &client, PERSON, &form, &list) == 0, "eight");
}

/* ---- what a token is for ---- */

static const struct choice {
	const char *name;
	enum target_subject subject;
	const char *registered, *fallback; /* of the client */
	const char *granted, *scopes, *asked;
	const char *audience; /* NULL: invalid_target */
	const char *got;      /* scopes */
	int64_t lifetime;
	enum token_format format;
	const char *alg;
} choices[] = {
	{"nothing named", PERSON, "", NULL, NULL, "openid team", "", ISSUER, "openid team", 3600,
	 TOKEN_JWT, "ES256"},
	{"nothing named, no openid", PERSON, "", NULL, NULL, "team", "", ISSUER, "team", 3600,
	 TOKEN_JWT, "ES256"},
	{"the issuer asked for", PERSON, "", NULL, NULL, "openid team", ISSUER, ISSUER,
	 "openid team", 3600, TOKEN_JWT, "ES256"},
	{"a scope that is known no longer", PERSON, "", NULL, NULL, "openid old", "", ISSUER,
	 "openid", 3600, TOKEN_JWT, "ES256"},
	{"default_resource", PERSON, "", A, NULL, "read team", "", A, "read", 3600, TOKEN_JWT,
	 "ES256"},
	{"default_resource and openid", PERSON, "", A, NULL, "openid read", "", ISSUER, "openid",
	 3600, TOKEN_JWT, "ES256"},
	{"default_resource asked for", PERSON, "", A, NULL, "openid read", A, A, "read", 3600,
	 TOKEN_JWT, "ES256"},
	{"the issuer beside default_resource", PERSON, "", A, NULL, "read team", ISSUER, ISSUER,
	 "team", 3600, TOKEN_JWT, "ES256"},
	{"default_resource that is not there", PERSON, "", GONE, NULL, "team", "", ISSUER, "team",
	 3600, TOKEN_JWT, "ES256"},
	{"default_resource not registered", PERSON, B, A, NULL, "read team", "", ISSUER, "team",
	 3600, TOKEN_JWT, "ES256"},
	{"wider than what was granted without naming", PERSON, "", NULL, NULL, "openid read", A,
	 NULL, NULL, 0, TOKEN_JWT, NULL},
	{"one named", PERSON, "", NULL, A, "read team", "", A, "read", 3600, TOKEN_JWT, "ES256"},
	{"one named, the same asked for", PERSON, "", NULL, A, "read write", A, A, "read write",
	 3600, TOKEN_JWT, "ES256"},
	{"one named, another asked for", PERSON, "", NULL, A, "read", B, NULL, NULL, 0, TOKEN_JWT,
	 NULL},
	{"one named, the issuer asked for", PERSON, "", NULL, A, "read", ISSUER, NULL, NULL, 0,
	 TOKEN_JWT, NULL},
	{"one named with openid", PERSON, "", NULL, A, "openid read", "", A, "read", 3600,
	 TOKEN_JWT, "ES256"},
	{"one named with openid, the issuer asked for", PERSON, "", NULL, A, "openid read", ISSUER,
	 ISSUER, "openid", 3600, TOKEN_JWT, "ES256"},
	{"two named", PERSON, "", NULL, A " " B, "read write admin", "", A " " B, "read", 600,
	 TOKEN_JWT, "ES256"},
	{"two named, each its own scopes", PERSON, "", NULL, A " " B, "write admin", "", NULL, NULL,
	 0, TOKEN_JWT, NULL},
	{"two named, one asked for", PERSON, "", NULL, A " " B, "write admin", A, A, "write", 3600,
	 TOKEN_JWT, "ES256"},
	{"two named, the other asked for", PERSON, "", NULL, A " " B, "write admin", B, B, "admin",
	 600, TOKEN_JWT, "ES256"},
	{"the issuer and one", PERSON, "", NULL, ISSUER " " A, "openid read", "", NULL, NULL, 0,
	 TOKEN_JWT, NULL},
	{"no scopes at all", PERSON, "", NULL, A, "", "", A, "", 3600, TOKEN_JWT, "ES256"},
	{"scopes of none of them", PERSON, "", NULL, A " " B, "team", "", A " " B, "", 600,
	 TOKEN_JWT, "ES256"},
	{"longer lives", PERSON, "", NULL, E, "", "", E, "", 7200, TOKEN_JWT, "ES256"},
	{"the shortest life", PERSON, "", NULL, E " " B, "", "", E " " B, "", 600, TOKEN_JWT,
	 "ES256"},
	{"opaque", PERSON, "", NULL, C, "read", "", C, "read", 3600, TOKEN_OPAQUE, "ES256"},
	{"formats that differ", PERSON, "", NULL, A " " C, "read", "", NULL, NULL, 0, TOKEN_JWT,
	 NULL},
	{"an algorithm of its own", PERSON, "", NULL, D, "read", "", D, "read", 3600, TOKEN_JWT,
	 "RS256"},
	{"algorithms that differ", PERSON, "", NULL, A " " D, "read", "", NULL, NULL, 0, TOKEN_JWT,
	 NULL},
	{"one of two is gone", PERSON, "", NULL, A " " GONE, "read", "", A, "read", 3600, TOKEN_JWT,
	 "ES256"},
	{"all are gone", PERSON, "", NULL, GONE, "read", "", NULL, NULL, 0, TOKEN_JWT, NULL},
	{"all are gone but openid", PERSON, "", NULL, GONE, "openid", "", NULL, NULL, 0, TOKEN_JWT,
	 NULL},
	{"registered for another since", PERSON, B, NULL, A, "read", "", NULL, NULL, 0, TOKEN_JWT,
	 NULL},
	{"for itself", ITSELF, A, NULL, A, "read", A, A, "read", 3600, TOKEN_JWT, "ES256"},
	{"for itself by default", ITSELF, A, A, NULL, "read", "", A, "read", 3600, TOKEN_JWT,
	 "ES256"},
	{"for itself, a default not registered", ITSELF, "", A, NULL, "team", "", ISSUER, "team",
	 3600, TOKEN_JWT, "ES256"},
};

static void
check_choice(const struct choice *choice, const struct target *target)
{
	check_text(strlist_join(t.arena, &target->audience, ' '), choice->audience, choice->name);
	check_text(strlist_join(t.arena, &target->scopes, ' '), choice->got, choice->name);
	check(target->lifetime == choice->lifetime, choice->name);
	check(target->format == (int64_t)choice->format, choice->name);
	check_text(target->alg, choice->alg, choice->name);
}

static void
what_a_token_is_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		const struct choice *choice = &choices[i];
		struct target_wish wish = {
			.client = &client,
			.subject = choice->subject,
			.granted = choice->granted,
		};
		struct target target;
		int got;

		set_up(choice->registered, choice->fallback);
		assert_int_equal(strlist_split(t.arena, choice->scopes, ' ', 20, &wish.scopes), 0);
		assert_int_equal(strlist_split(t.arena, choice->asked, ' ', 20, &wish.asked), 0);
		got = target_choose(&t.tx, &wish, &target);
		check((got == 0) == (choice->audience != NULL), choice->name);
		if (choice->audience)
			check_choice(choice, &target);
		else
			check(t.tx.failure.error == OAUTH_INVALID_TARGET, choice->name);
	}
}

/* Opaque tokens have no algorithm that could differ. */
static void
algorithms_of_opaque_tokens(void **state)
{
	struct target_wish wish = {.client = &client, .granted = A " " D};
	struct target target;

	(void)state;
	set_up("", NULL);
	client.settings.access_token_format = TOKEN_OPAQUE;
	assert_int_equal(target_choose(&t.tx, &wish, &target), 0);
	assert_int_equal(target.format, TOKEN_OPAQUE);
}

/* ---- consent ---- */

static void
items_of_consent(void **state)
{
	static const char *const names[] = {ISSUER, A, B, GONE};
	struct strlist resources = {0}, scopes, items;

	(void)state;
	set_up("", NULL);
	for (size_t i = 0; i < COUNT(names); i++)
		resources = strlist_with(t.arena, &resources, names[i]);
	assert_int_equal(strlist_split(t.arena, "openid read write nothing", ' ', 9, &scopes), 0);
	items = consent_items(t.arena, &t.live.realm, &resources, &scopes);
	check_text(strlist_join(t.arena, &items, ' '),
		   "openid " A "\" " A "\"read " A "\"write " B "\" " B "\"read", "items");
}

static const struct {
	const char *text, *resource, *scope;
} read_items[] = {
	{"openid", NULL, "openid"},
	{A "\"", A, NULL},
	{A "\"read", A, "read"},
};

static void
items_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_items); i++) {
		struct consent_item item = consent_item_read(t.arena, read_items[i].text);

		check_text(item.resource, read_items[i].resource, read_items[i].text);
		check_text(item.scope, read_items[i].scope, read_items[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tx_test(what_may_be_named),   tx_test(not_too_many),
		tx_test(what_a_token_is_for), tx_test(algorithms_of_opaque_tokens),
		tx_test(items_of_consent),    tx_test(items_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
