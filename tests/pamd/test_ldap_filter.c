/* SPDX-License-Identifier: ISC */
/*
 * Filters with names put into them, and what is said of wrong ones.
 */
#include "core/base/buf.h"
#include "core/base/str.h"
#include "pamd/ldap_directory.h"
#include "pamd/ldap_filter.h"
#include "pamd/ldap_person.h"
#include "tests/core/base/check.h"
#include <cmocka.h>
#include <setjmp.h>

static const struct {
	const char *name, *value;
	size_t size;
	const char *wanted;
} escapes[] = {
	{"plain", "anna.b-c_d@example.org", 22, "anna.b-c_d@example.org"},
	{"nothing", "", 0, ""},
	{"star", "*", 1, "\\2a"},
	{"parentheses", "()", 2, "\\28\\29"},
	{"backslash", "\\", 1, "\\5c"},
	{"NUL", "a\0b", 3, "a\\00b"},
	{"signs of filters", "&|!<>~:", 7, "\\26\\7c\\21\\3c\\3e\\7e\\3a"},
	{"UTF-8", "\xc3\xb6", 2, "\\c3\\b6"},
	{"control characters", "\n\x7f", 2, "\\0a\\7f"},
	{"a DN", "cn=A B,dc=org", 13, "cn=A B,dc=org"},
	{"quotes", "\"'/#;", 5, "\\22\\27\\2f\\23\\3b"},
};

static void
test_escape(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++) {
		struct buf out;

		buf_init(&out, arena, 1000);
		filter_escape(&out, escapes[i].value, escapes[i].size);
		assert_false(buf_failed(&out));
		check_text(out.data, escapes[i].wanted, escapes[i].name);
	}
	arena_free(arena);
}

static const struct {
	const char *name, *filter, *username, *dn, *wanted;
} expansions[] = {
	{"name", "(uid=%u)", "anna", NULL, "(uid=anna)"},
	{"twice", "(|(uid=%u)(mail=%u))", "a*", NULL, "(|(uid=a\\2a)(mail=a\\2a))"},
	{"DN", "(member=%d)", "anna", "cn=(x),dc=org", "(member=cn=\\28x\\29,dc=org)"},
	{"both", "(&(a=%u)(b=%d))", "u", "d", "(&(a=u)(b=d))"},
	{"percent", "(cn=100%%%u)", "u", NULL, "(cn=100%u)"},
	{"a variable in a value", "(uid=%u)", "%d", "x", "(uid=\\25d)"},
	{"no DN", "(member=%d)", "anna", NULL, NULL},
	{"another letter", "(uid=%x)", "anna", NULL, NULL},
	{"nothing behind it", "(uid=%", "anna", NULL, NULL},
};

static void
test_expand(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	char *dn = arena_alloc(arena, FILTER_MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(expansions); i++)
		check_text(filter_expand(arena, expansions[i].filter, expansions[i].username,
					 expansions[i].dn),
			   expansions[i].wanted, expansions[i].name);
	memset(dn, 'x', FILTER_MAX - 10);
	assert_non_null(filter_expand(arena, "(cn=%d)", "u", dn));
	memset(dn, '*', FILTER_MAX - 10);
	assert_null(filter_expand(arena, "(cn=%d)", "u", dn));
	arena_free(arena);
}

static const struct {
	const char *name, *filter, *allowed;
	int must_vary;
	const char *wanted; /* in the mistake; NULL: none */
} filters[] = {
	{"usual", "(uid=%u)", "u", 1, NULL},
	{"nested", "(&(uid=%u)(!(a=b)))", "u", 1, NULL},
	{"escaped parentheses", "(&(uid=%u)(cn=\\28))", "u", 1, NULL},
	{"percent alone", "(cn=100%%)", "u", 0, NULL},
	{"percent is no variable", "(cn=100%%)", "u", 1, "same for everybody"},
	{"percent before a letter", "(cn=%%u)", "u", 1, "same for everybody"},
	{"the same for all", "(uid=anna)", "u", 1, "same for everybody"},
	{"no parentheses", "uid=%u", "u", 1, "parentheses"},
	{"none closed", "(uid=%u", "u", 1, "parentheses"},
	{"one too many", "(uid=%u))", "u", 1, "parentheses"},
	{"two filters", "(uid=%u)(a=b)", "u", 1, "parentheses"},
	{"text behind", "(uid=%u) ", "u", 1, "parentheses"},
	{"text in front", "x(uid=%u)", "u", 1, "parentheses"},
	{"empty", "", "u", 1, "parentheses"},
	{"a DN where none is", "(member=%d)", "u", 1, "%d"},
	{"a DN", "(member=%d)", "ud", 1, NULL},
	{"an unknown letter", "(a=%u)(b=%s)", "ud", 1, "parentheses"},
	{"an unknown variable", "(&(a=%u)(b=%s))", "ud", 1, "%s"},
	{"at the end", "(uid=%u%)", "u", 1, "%)"},
};

static void
test_mistake(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(filters); i++) {
		const char *why = filter_mistake(arena, filters[i].filter, filters[i].allowed,
						 filters[i].must_vary);

		if (!filters[i].wanted)
			check_text(why, NULL, filters[i].name);
		else if (!why || !strstr(why, filters[i].wanted))
			fail_msg("%s: %s", filters[i].name, why ? why : "no mistake");
	}
	arena_free(arena);
}

#define AD(data)                                                                                   \
	"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data " data
static const struct {
	const char *name, *text;
	enum broker_verdict verdict;
} texts[] = {
	{"none", NULL, BROKER_WRONG},
	{"another directory's", "Invalid credentials, data 532, v1", BROKER_WRONG},
	{"wrong password", AD("52e, v2580"), BROKER_WRONG},
	{"unknown", AD("525, v2580"), BROKER_WRONG},
	{"not now", AD("530, v2580"), BROKER_DENIED},
	{"not from here", AD("531, v2580"), BROKER_DENIED},
	{"password expired", AD("532, v2580"), BROKER_CHANGE},
	{"disabled", AD("533, v2580"), BROKER_DENIED},
	{"account expired", AD("701, v2580"), BROKER_EXPIRED},
	{"must change", AD("773, v2580"), BROKER_CHANGE},
	{"locked, told without proof", AD("775, v2580"), BROKER_WRONG},
	{"longer", AD("5321, v2580"), BROKER_WRONG},
	{"cut off", AD("532"), BROKER_WRONG},
	{"nothing", AD(""), BROKER_WRONG},
};

static void
test_text_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (directory_text_verdict(texts[i].text) != texts[i].verdict)
			fail_msg("%s: %d", texts[i].name, directory_text_verdict(texts[i].text));
	}
}

#define GROUPS "ou=groups,dc=example,dc=org"
static const struct {
	const char *name, *dn, *base, *attribute, *wanted;
} groups[] = {
	{"below", "cn=staff," GROUPS, GROUPS, "cn", "staff"},
	{"deep below", "cn=staff,ou=a," GROUPS, GROUPS, "cn", "staff"},
	{"other letters", "CN=staff,OU=Groups, DC=Example,dc=ORG", GROUPS, "cn", "staff"},
	{"escaped", "cn=a\\,b\\2bc," GROUPS, GROUPS, "cn", "a,b+c"},
	{"elsewhere", "cn=staff,ou=others,dc=example,dc=org", GROUPS, "cn", NULL},
	{"the same end of a value", "cn=staff,ou=xgroups,dc=example,dc=org", GROUPS, "cn", NULL},
	{"base as a value", "cn=staff\\,ou=groups,dc=example,dc=org", GROUPS, "cn", NULL},
	{"base itself", GROUPS, GROUPS, "ou", NULL},
	{"another attribute", "ou=staff," GROUPS, GROUPS, "cn", NULL},
	{"two attributes", "cn=staff+ou=x," GROUPS, GROUPS, "cn", NULL},
	{"more in a part of base", "cn=s,ou=groups+cn=x,dc=example,dc=org", GROUPS, "cn", NULL},
	{"no DN", "staff", GROUPS, "cn", NULL},
	{"empty", "", GROUPS, "cn", NULL},
	{"no base", "cn=staff,dc=org", "", "cn", NULL},
	{"NUL inside", "cn=a\\00b," GROUPS, GROUPS, "cn", NULL},
};

static void
test_group_of(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(groups); i++)
		check_text(
			person_group_of(arena, groups[i].dn, groups[i].base, groups[i].attribute),
			groups[i].wanted, groups[i].name);
	arena_free(arena);
}

static void
test_binary(void **state)
{
	(void)state;
	assert_true(person_is_binary("objectGUID"));
	assert_true(person_is_binary("objectguid"));
	assert_true(person_is_binary("anything;binary"));
	assert_false(person_is_binary("entryUUID"));
	assert_false(person_is_binary("binary"));
}

/* Nothing is sent: there is no connection that it could be sent over. */
static void
test_nobody_binds(void **state)
{
	struct directory directory = {0};
	struct directory_policy policy;

	(void)state;
	assert_int_equal(directory_bind(&directory, "cn=a", "", &policy), BROKER_WRONG);
	assert_int_equal(directory_bind(&directory, "cn=a", NULL, &policy), BROKER_WRONG);
	assert_int_equal(directory_bind(&directory, "", "secret", &policy), BROKER_WRONG);
	assert_int_equal(directory_bind(&directory, NULL, "secret", &policy), BROKER_WRONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),       cmocka_unit_test(test_expand),
		cmocka_unit_test(test_mistake),      cmocka_unit_test(test_text_verdict),
		cmocka_unit_test(test_group_of),     cmocka_unit_test(test_binary),
		cmocka_unit_test(test_nobody_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
