/* SPDX-License-Identifier: ISC */
/*
 * Purposes, and the form of issuers and their subjects.
 */
#include "core/model/issuer.h"

#include "core/base/arena.h"
#include "tests/core/base/check.h"

static const struct {
	const char *purposes;
	bool subject_token, jwt_bearer, software_statement;
} lists[] = {
	{"subject_token", true, false, false},
	{"jwt_bearer", false, true, false},
	{"subject_token jwt_bearer", true, true, false},
	{"jwt_bearer subject_token software_statement", true, true, true},
	{"", false, false, false},
	{"subject_tokens", false, false, false},
	{"subject", false, false, false},
	{"xsubject_token jwt_beare", false, false, false},
	{"  jwt_bearer  ", false, true, false},
};

static void
purposes(void **state)
{
	enum issuer_purpose purpose;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct issuer issuer = {.purposes = lists[i].purposes};

		check(issuer_is_for(&issuer, ISSUER_SUBJECT_TOKEN) == lists[i].subject_token,
		      lists[i].purposes);
		check(issuer_is_for(&issuer, ISSUER_JWT_BEARER) == lists[i].jwt_bearer,
		      lists[i].purposes);
		check(issuer_is_for(&issuer, ISSUER_SOFTWARE_STATEMENT) ==
			      lists[i].software_statement,
		      lists[i].purposes);
	}
	for (unsigned i = 0; i < ISSUER_PURPOSES; i++) {
		const char *name = issuer_purpose_name((enum issuer_purpose)i);

		check(issuer_purpose_by_name(name, &purpose) == 0 && purpose == i, name);
	}
	check(issuer_purpose_by_name("x", &purpose) == -1, "unknown");
	check(issuer_purpose_by_name(NULL, &purpose) == -1, "NULL");
}

#define LONG_16  "0123456789abcdef"
#define LONG_128 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16
#define LONG_255 LONG_128 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 "0123456789abcde"

static const struct {
	const char *text;
	bool good;
} issuers[] = {
	{"https://idp.example", true},
	{"https://idp.example/realm?x=1", true},
	{"partner", true},
	{"urn:example:issuer", true},
	{LONG_255, true},
	{LONG_255 "x", false},
	{"", false},
	{"a b", false},
	{"https://idp.example/ ", false},
	{"https://", false},
	{"://x", false},
	{"caf\xc3\xa9", false},
	{"a\nb", false},
};

static const struct {
	const char *text;
	bool good;
} subjects[] = {
	{"p-1", true},         {"jos\xc3\xa9@example.org", true},
	{"a b", true},         {LONG_255, true},
	{LONG_255 "x", false}, {"", false},
	{"a\nb", false},       {"\x7f", false},
	{"\xff", false},
};

static void
names(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(issuers); i++)
		check((issuer_name_mistake(arena, issuers[i].text) == NULL) == issuers[i].good,
		      issuers[i].text);
	for (size_t i = 0; i < COUNT(subjects); i++)
		check((link_sub_mistake(subjects[i].text) == NULL) == subjects[i].good,
		      subjects[i].text);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(purposes),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
