/* SPDX-License-Identifier: ISC */
/*
 * PKCE: what is no challenge, what is no verifier, and that one fits the other alone (RFC 7636 4.1,
 * 4.2, 4.6 and the example of its appendix B).
 */
#include "core/oauth/pkce.h"

#include "tests/core/base/check.h"

#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void
challenges(void **state)
{
	static const struct {
		const char *name, *text;
		bool valid;
	} cases[] = {
		{"empty", "", false},
		{"42 characters", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", false},
		{"44 characters", CHALLENGE "A", false},
		{"padded", CHALLENGE "=", false},
		{"padding in place of the last",
		 "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=", false},
		{"ordinary base64", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", false},
		{"slash of ordinary base64", "E9Melhoa2Owv/rEMTJguCHaoeK1t8URWbuGJSstw-cM", false},
		{"blank", "E9Melhoa2Owv rEMTJguCHaoeK1t8URWbuGJSstw-cM", false},
		{"dot of a verifier", "E9Melhoa2Owv.rEMTJguCHaoeK1t8URWbuGJSstw-cM", false},
		{"bits behind the digest", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", false},
		{"hexadecimal", "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3",
		 false},
		{"the example", CHALLENGE, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(pkce_challenge_valid(cases[i].text) == cases[i].valid, cases[i].name);
}

static void
verifier_lengths(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		bool valid;
	} cases[] = {
		{"empty", 0, false}, {"42", CODE_VERIFIER_MIN - 1, false},
		{"43", 43, true},    {"44", 44, true},
		{"127", 127, true},  {"128", 128, true},
		{"129", 129, false}, {"4096", 4096, false},
	};
	char text[4097];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(text, 'a', cases[i].size);
		text[cases[i].size] = '\0';
		check(pkce_verifier_valid(text) == cases[i].valid, cases[i].name);
	}
}

/* Every byte but NUL at the first, a middle and the last place. */
static void
verifier_alphabet(void **state)
{
	static const size_t places[] = {0, 20, 42};

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		bool wanted = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
			      (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
			      byte == '_' || byte == '~';

		for (size_t i = 0; i < COUNT(places); i++) {
			char text[] = VERIFIER;

			text[places[i]] = (char)byte;
			if (pkce_verifier_valid(text) != wanted)
				fail_msg("byte %02x at %zu", (unsigned)byte, places[i]);
		}
	}
}

static void
matching(void **state)
{
	static const struct {
		const char *name, *verifier, *challenge;
		bool match;
	} cases[] = {
		{"plain: the challenge itself", CHALLENGE, CHALLENGE, false},
		{"another verifier", "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", CHALLENGE,
		 false},
		{"last character of it", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", CHALLENGE,
		 false},
		{"cut", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX", CHALLENGE, false},
		{"case of it", "DBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", CHALLENGE, false},
		{"another challenge", VERIFIER, "F9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		 false},
		{"challenge of one byte less", VERIFIER,
		 "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-", false},
		{"empty challenge", VERIFIER, "", false},
		{"padded challenge", VERIFIER, CHALLENGE "=", false},
		{"the example", VERIFIER, CHALLENGE, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(pkce_matches(cases[i].verifier, cases[i].challenge) == cases[i].match,
		      cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges),
		cmocka_unit_test(verifier_lengths),
		cmocka_unit_test(verifier_alphabet),
		cmocka_unit_test(matching),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
