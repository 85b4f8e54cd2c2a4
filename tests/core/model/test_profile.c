/* SPDX-License-Identifier: ISC */
/*
 * Profiles: the stricter wins in every column, whichever side it stands on.
 */
#include "core/model/profile.h"

#include "tests/core/base/check.h"

static const struct {
	const char *name;
	enum pkce_rule a, b, wanted;
} pkce[] = {
	{"lax and lax", PKCE_PUBLIC_ONLY, PKCE_PUBLIC_ONLY, PKCE_PUBLIC_ONLY},
	{"strict on the left", PKCE_ALWAYS, PKCE_PUBLIC_ONLY, PKCE_ALWAYS},
	{"strict on the right", PKCE_PUBLIC_ONLY, PKCE_ALWAYS, PKCE_ALWAYS},
	{"strict on both sides", PKCE_ALWAYS, PKCE_ALWAYS, PKCE_ALWAYS},
};

static void
test_strictest(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pkce); i++) {
		struct profile a = {.name = "a", .help = "a", .pkce = pkce[i].a};
		struct profile b = {.name = "b", .help = "b", .pkce = pkce[i].b};
		struct profile both = profile_strictest(&a, &b);

		check(both.pkce == pkce[i].wanted, pkce[i].name);
		check_text(both.name, pkce[i].b > pkce[i].a ? "b" : "a", pkce[i].name);
	}
}

static void
test_par(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const char *name = (const char *[]){"neither", "left", "right", "both"}[i];
		struct profile a = {.name = "a", .par = i & 1};
		struct profile b = {.name = "b", .par = i >> 1 & 1};
		struct profile both = profile_strictest(&a, &b);

		check(both.par == (i != 0), name);
		check_text(both.name, i == 2 ? "b" : "a", name);
	}
}

/* A column that profile_strictest() forgets would keep one side's value: the struct's size tells
 * that a column was added without a table above. */
static void
test_columns(void **state)
{
	struct columns {
		const char *name;
		const char *help;
		enum pkce_rule pkce;
		bool par;
	};

	(void)state;
	assert_int_equal(sizeof(struct profile), sizeof(struct columns));
}

static void
test_rows(void **state)
{
	size_t count;
	const struct profile *table = profiles_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		check(profile_find(table[i].name) == &table[i], table[i].name);
		check(table[i].help[0] != '\0', table[i].name);
	}
	assert_int_equal(profile_find("oidc")->pkce, PKCE_PUBLIC_ONLY);
	assert_int_equal(profile_find("oauth21")->pkce, PKCE_ALWAYS);
	assert_non_null(profile_find(PROFILE_REALM_DEFAULT));
	assert_non_null(profile_find(PROFILE_CLIENT_DEFAULT));
	assert_null(profile_find("fapi"));
	assert_null(profile_find(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strictest),
		cmocka_unit_test(test_par),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
