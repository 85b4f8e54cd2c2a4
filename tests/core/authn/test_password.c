/* SPDX-License-Identifier: ISC */
/*
 * Every kind of hash that verifies, every cost that is refused before anything is computed, what
 * is malformed, and what is made.
 */
#include "core/authn/password.h"

#include <time.h>

#include "core/base/rand.h"
#include "core/base/str.h"
#include "core/model/account.h"
#include "tests/core/base/check.h"

#define RIGHT "correct horse"

static const struct {
	const char *name, *hash;
	bool is_old;
} kinds[] = {
	{"bcrypt 2a", "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", true},
	{"bcrypt 2b", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", true},
	{"bcrypt 2y", "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", true},
	{"sha256-crypt", "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/", true},
	{"sha256-crypt with rounds",
	 "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8", true},
	{"sha512-crypt",
	 "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scF"
	 "tv/uamSo5z0",
	 true},
	{"sha512-crypt with rounds",
	 "$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3"
	 "JrQA4NOfU8BmqFPrpGqwA1",
	 true},
	{"argon2id",
	 "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y",
	 true},
	{"argon2i",
	 "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$DT37Hs9xr3SGIjAdR+CxB+DDHM10IAQyJxueKoTOIV8",
	 true},
	{"Nextcloud's argon2id",
	 "3|$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y",
	 true},
	{"Nextcloud's bcrypt", "1|$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
	 true},
	{"WordPress' bcrypt", "$wp$2y$05$abcdefghijklmnopqrstuu9iY1gyjA3k6CGptWJJ9nIT22tG/wV8K",
	 true},
	{"phpass of WordPress", "$P$BsaltsaltWtkMwa/ZHFz6vQ3k/22vI1", true},
	{"phpass of phpBB", "$H$9saltsaltoOYGA0TbwROeAx3OxiKY5/", true},
	{"phpass of 128 rounds", "$P$5saltsaltL3FzpWcZLJU9vJ2S4.XV11", true},
	{"phpass of 131072 rounds", "$P$FsaltsaltIS7NV9Gsv1eHROWhFqHO7/", true},
	{"Apache's MD5", "$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/", true},
	{"Apache's MD5 with less salt", "$apr1$ab$2AViYtCrOwG81vjtLDlBI0", true},
	{"MD5 of crypt", "$1$saltsalt$NuzA7WTAelpl95xgBGWN60", true},
	{"{CRYPT}", "{CRYPT}$1$saltsalt$NuzA7WTAelpl95xgBGWN60", true},
	{"{SHA}", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", true},
	{"{ssha}", "{ssha}n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==", true},
	{"{SSHA} with 64 bytes of salt",
	 "{SSHA}a+zdn4psD+CFpEEZPUfsa+5iSJhzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
	 "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz",
	 true},
	{"{SSHA}", "{SSHA}n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==", true},
	{"{SHA256}", "{SHA256}QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE=", true},
	{"{SSHA256}", "{SSHA256}1kYN0oy7h1Wa9oF5n57Gzs7WHjudDKTAHlPkxOFHv+xzYWx0eQ==", true},
	{"{SHA512}",
	 "{SHA512}VraY3v7bWkNbY0r+MyC7rz/c2SC2xQOkRvx7endrKY1HnRumqLYXgI6wv1ec"
	 "6aldZoNHvKtxSQhayTyyeZUZew==",
	 true},
	{"{SSHA512}",
	 "{SSHA512}kqGEhtGdRYsvGHiXcNiDl5xqF7qrMaI+4PGNXsWr0EkadV47N+r9747zYZFR"
	 "2VCzbOiuOHWmwuTQRzrYy58ziXNhbHR5",
	 true},
	{"yescrypt of less", "$y$j75$saltsaltsaltsalt$IdM6tV9hsIYZkwcNItyWCsVO1t/QVCQfi.yVSuLjuZ5",
	 true},
	{"yescrypt", "$y$j9T$saltsaltsaltsalt$gNcNhvFTt75JDF1LO9O.MCPyp8TkQxrhQSKqUeo/Uy6", false},
};

static void
every_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *why = NULL;

		check(password_verify(kinds[i].hash, RIGHT) == PASSWORD_RIGHT, kinds[i].name);
		check(password_verify(kinds[i].hash, "Correct horse") == PASSWORD_WRONG,
		      kinds[i].name);
		check(password_verify(kinds[i].hash, RIGHT "x") == PASSWORD_WRONG, kinds[i].name);
		check(password_verify(kinds[i].hash, "") == PASSWORD_WRONG, kinds[i].name);
		check(password_hash_check(kinds[i].hash, &why) == 0, kinds[i].name);
		check(password_is_old(kinds[i].hash) == kinds[i].is_old, kinds[i].name);
	}
}

#define BCRYPT_REST "$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define ARGON2_REST "$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y"

/* Refused at once: a row that was written by somebody else must not cost minutes or memory. */
static const char *const costly[] = {
	"$2y$16" BCRYPT_REST,
	"$2y$31" BCRYPT_REST,
	"$2y$03" BCRYPT_REST,
	"$2y$99" BCRYPT_REST,
	"$5$rounds=1000001$saltsalt$x",
	"$6$rounds=999999999$saltsalt$x",
	"$6$rounds=99999999999999999999$saltsalt$x",
	"$6$rounds=0$saltsalt$x",
	"$6$rounds=-1$saltsalt$x",
	"$6$rounds=$saltsalt$x",
	"$wp$2y$16" BCRYPT_REST,
	"1|$2y$16" BCRYPT_REST,
	"{CRYPT}$6$rounds=999999999$saltsalt$x",
	"3|$argon2id$v=19$m=262145,t=1,p=1" ARGON2_REST,
	"$P$HsaltsaltIS7NV9Gsv1eHROWhFqHO7/",
	"$P$SsaltsaltIS7NV9Gsv1eHROWhFqHO7/",
	"$H$zsaltsaltIS7NV9Gsv1eHROWhFqHO7/",
	"$P$4saltsaltIS7NV9Gsv1eHROWhFqHO7/",
	"$P$",
	"$y$jFT$saltsaltsaltsalt$x",
	"$y$jzT$saltsaltsaltsalt$x",
	"$y$j9z$saltsaltsaltsalt$x",
	"$y$k9T$saltsaltsaltsalt$x",
	"$y$j9T1$saltsaltsaltsalt$x",
	"$argon2id$v=19$m=262145,t=1,p=1" ARGON2_REST,
	"$argon2id$v=19$m=4294967295,t=1,p=1" ARGON2_REST,
	"$argon2id$v=19$m=64,t=11,p=1" ARGON2_REST,
	"$argon2id$v=19$m=64,t=1,p=9" ARGON2_REST,
	"$argon2id$v=19$m=64,t=0,p=1" ARGON2_REST,
};

static const char *const malformed[] = {
	"",
	"x",
	"plain text",
	"$",
	"$y$",
	"$y$j",
	"$y$j9T",
	"$y$j9T$",
	"$2y$",
	"$2y$0",
	"$2y$5",
	"$2y$04",
	"$2y$04$short",
	"$2y$xx" BCRYPT_REST,
	"$2x$04" BCRYPT_REST,
	"$5$",
	"$6$",
	"$argon2id$",
	"$argon2id$v=19$m=64",
	"$argon2id$v=19$m=64,t=1,p=1",
	"$argon2id$v=19$m=64,t=1,p=1$$",
	"$argon2id$v=16$m=64,t=x,p=1" ARGON2_REST,
	"$1$",
	"$1$saltsalt$NuzA7WTAelpl95xgBGWN6",
	"$1$saltsalt$NuzA7WTAelpl95xgBGWN600",
	"$P$B",
	"$P$Bsaltsalt",
	"$P$BsaltsaltWtkMwa/ZHFz6vQ3k/22vI",
	"$P$BsaltsaltWtkMwa/ZHFz6vQ3k/22vI11",
	"ab0123456789",
	"ab0123456789./",
	"ab012345 789.",
	"a:hfCpXqd4GrI",
	"$apr1$",
	"$apr1$$",
	"$apr1$saltsalt",
	"$apr1$saltsalt$",
	"$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG",
	"$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG//",
	"$apr1$saltsalts$EGVZDNN6gOqijy.tv9axG/",
	"{SHA}",
	"{SHA",
	"{SHA}L55TUjtiq8FBorTWAZ0jy6g129A",
	"{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=x",
	"{SHA}L55TUjtiq8FBorTWAZ0jy6g1",
	"{SHA}n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==",
	"{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
	"{SSHA}!",
	"{SSHA}uSyCn3kpFdis7YoGvVUwr4DB3ONzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
	"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw==",
	"{SMD5}L55TUjtiq8FBorTWAZ0jy6g129A=",
	"{CLEARTEXT}correct horse",
	"{CRYPT}",
	"{CRYPT}{CRYPT}$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"1|",
	"1|1|$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"0|$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"12|$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"$wp$2y$",
	"$wp$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
	"$wp$wp$2y$05$abcdefghijklmnopqrstuu9iY1gyjA3k6CGptWJJ9nIT22tG/wV8K",
	"$7$CU..../....saltsalt$x",
	"*0",
	"!",
};

static void
check_unusable(const char *const *hashes, size_t count)
{
	clock_t before = clock();

	for (size_t i = 0; i < count; i++) {
		const char *why = NULL;

		check(password_verify(hashes[i], RIGHT) != PASSWORD_RIGHT, hashes[i]);
		check(password_hash_check(hashes[i], &why) == -1, hashes[i]);
		check(why && str_printable(why), hashes[i]);
	}
	check((clock() - before) / CLOCKS_PER_SEC < 3, "nothing of that was computed");
}

static void
costs_are_bounded(void **state)
{
	(void)state;
	check_unusable(costly, COUNT(costly));
	for (size_t i = 0; i < COUNT(costly); i++) {
		const char *why = NULL;

		check(password_verify(costly[i], RIGHT) == PASSWORD_UNUSABLE, costly[i]);
		check(password_hash_check(costly[i], &why) == -1 &&
			      strcmp(why, "it is malformed") != 0,
		      costly[i]);
	}
}

/* What lies on a bound is computed; only the digest is another. bcrypt's takes too long for a test.
 */
static void
costs_at_the_bound(void **state)
{
	static const char *const hashes[] = {
		"$y$jCT$saltsaltsaltsalt$gNcNhvFTt75JDF1LO9O.MCPyp8TkQxrhQSKqUeo/Uy6",
		"$5$rounds=1000000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
		"$2b$10" BCRYPT_REST,
		"$argon2id$v=19$m=262144,t=1,p=1" ARGON2_REST,
		"$argon2id$v=19$m=64,t=10,p=8" ARGON2_REST,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++)
		check(password_verify(hashes[i], RIGHT) == PASSWORD_WRONG, hashes[i]);
}

static void
what_is_malformed(void **state)
{
	(void)state;
	check_unusable(malformed, COUNT(malformed));
}

/* Digests that take a password in pieces: of every length. */
static void
passwords_of_other_lengths(void **state)
{
	static const struct {
		char letter;
		size_t count;
		const char *hash;
	} cases[] = {
		{'x', 100, "$apr1$saltsalt$t8Bg6KAOIAvN1C1bTuHzZ0"},
		{'a', 1, "$apr1$saltsalt$OEnK0QmmvoDzFw9W2yFYT/"},
	};
	char *text = arena_alloc(*state, PASSWORD_MAX + 1);

	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(text, cases[i].letter, cases[i].count);
		text[cases[i].count] = '\0';
		check(password_verify(cases[i].hash, text) == PASSWORD_RIGHT, cases[i].hash);
	}
	/* the example that phpass itself is tested with */
	check(password_verify("$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345") == PASSWORD_RIGHT,
	      "phpass");
}

/* DES looks at eight characters: what it cannot tell apart was the same password at its old place
 * too. */
static void
des_is_short(void **state)
{
	static const char *const hashes[] = {"abhfCpXqd4GrI", "{crypt}abhfCpXqd4GrI"};

	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++) {
		const char *why = NULL;

		check(password_verify(hashes[i], RIGHT) == PASSWORD_RIGHT, hashes[i]);
		check(password_verify(hashes[i], "correct ") == PASSWORD_RIGHT, hashes[i]);
		check(password_verify(hashes[i], "correct") == PASSWORD_WRONG, hashes[i]);
		check(password_verify(hashes[i], "") == PASSWORD_WRONG, hashes[i]);
		check(password_hash_check(hashes[i], &why) == 0, hashes[i]);
		check(password_is_old(hashes[i]), hashes[i]);
	}
}

/* WordPress takes blanks at the ends away before it hashes; nobody else does. */
static void
blanks_at_the_ends(void **state)
{
	static const char wordpress[] =
		"$wp$2y$05$abcdefghijklmnopqrstuu9iY1gyjA3k6CGptWJJ9nIT22tG/wV8K";

	(void)state;
	check(password_verify(wordpress, " \t\v" RIGHT "\r\n ") == PASSWORD_RIGHT, "WordPress");
	check(password_verify(wordpress, "correct  horse") == PASSWORD_WRONG, "between");
	check(password_verify(wordpress, " ") == PASSWORD_WRONG, "nothing else");
	check(password_verify("abhfCpXqd4GrI", " " RIGHT) == PASSWORD_WRONG, "another kind");
}

static void
long_hashes(void **state)
{
	/* right but for its length */
	static const char right[] =
		"$argon2id$v=19$m=64,t=1,p=1$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
		"Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
		"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
		"Nzc3Nzc3Nzc3Nzc3M$SpLmZmOVudsp0mjdst6U88AYFaUdR18PBb3Q8R+iKTc";
	char *text = arena_alloc(*state, 400);
	const char *why = NULL;

	(void)memset(text, 'a', 300);
	memcpy(text, "$6$", 3);
	assert_int_equal(password_hash_check(text, &why), -1);
	assert_true(password_verify(text, RIGHT) != PASSWORD_RIGHT);
	assert_int_equal(password_verify(right, RIGHT), PASSWORD_UNUSABLE);
	assert_int_equal(password_hash_check(right, &why), -1);
	assert_string_equal(why, "it is longer than 255 characters");
}

/* What stands behind a hash that was cut off is not part of it. */
static void
cut_off(void **state)
{
	static const char apr1[] = "$apr1$saltsalt\0EGVZDNN6gOqijy.tv9axG/";

	(void)state;
	assert_int_equal(password_verify(apr1, RIGHT), PASSWORD_UNUSABLE);
}

/* Told apart from hashes of a kind that is known. */
static void
kinds_that_nobody_knows(void **state)
{
	static const char *const hashes[] = {
		"", "x", "plain text", "ab0123456789", "ab0123456789./", "ab012345 789.", "*0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++) {
		const char *why = NULL;

		check(password_hash_check(hashes[i], &why) == -1, hashes[i]);
		check(str_starts(why, "its kind is not one of $y$"), hashes[i]);
	}
}

/* bcrypt looks at 72 bytes: ours look at all of them. */
static void
long_passwords(void **state)
{
	char *text = arena_alloc(*state, PASSWORD_MAX + 2);
	const char *hash;

	memset(text, 'a', PASSWORD_MAX);
	hash = password_hash(*state, &rand_system, text);
	assert_int_equal(password_verify(hash, text), PASSWORD_RIGHT);
	text[PASSWORD_MAX - 1] = 'b';
	assert_int_equal(password_verify(hash, text), PASSWORD_WRONG);
	text[PASSWORD_MAX - 1] = 'a';
	text[PASSWORD_MAX] = 'a';
	assert_int_equal(password_verify(hash, text), PASSWORD_WRONG);
	text[73] = '\0';
	hash = password_hash(*state, &rand_system, text);
	text[72] = '\0';
	assert_int_equal(password_verify(hash, text), PASSWORD_WRONG);
}

static void
what_is_made(void **state)
{
	const char *one = password_hash(*state, &rand_system, RIGHT);
	const char *two = password_hash(*state, &rand_system, RIGHT);
	const char *why = NULL;

	check(str_starts(one, "$y$j9T$"), one);
	check(strcmp(one, two) != 0, "each has a salt of its own");
	check(password_verify(one, RIGHT) == PASSWORD_RIGHT, one);
	check(password_hash_check(one, &why) == 0, one);
	check(!password_is_old(one), one);
	check(strlen(one) <= PASSWORD_HASH_MAX, one);
}

static void
bad_ours(void)
{
	char password[PASSWORD_MAX + 2];
	struct arena *arena = arena_new(TEST_ARENA_CAP);

	memset(password, 'a', sizeof(password) - 1);
	password[sizeof(password) - 1] = '\0';
	(void)password_hash(arena, &rand_system, password);
}

static void
too_long_to_hash(void **state)
{
	(void)state;
	assert_true(aborts(bad_ours));
}

static void
verify_somebody(const char *hash)
{
	(void)password_verify(hash, "wrong");
}

static void
verify_nobody(const char *hash)
{
	(void)hash;
	password_verify_nobody("wrong");
}

/* The least of several, so that other work on the machine does not count. */
static clock_t
least(void (*verify)(const char *), const char *hash)
{
	clock_t best = 0;

	for (int i = 0; i < 7; i++) {
		clock_t before = clock(), took;

		verify(hash);
		took = clock() - before;
		best = i == 0 || took < best ? took : best;
	}
	return best;
}

static void
nobody_takes_as_long(void **state)
{
	const char *hash = password_hash(*state, &rand_system, RIGHT);
	clock_t somebody = least(verify_somebody, hash), nobody = least(verify_nobody, NULL);

	check(nobody * 4 > somebody * 3 && nobody * 3 < somebody * 4, "same time");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(costs_are_bounded),
		cmocka_unit_test(costs_at_the_bound),
		cmocka_unit_test(what_is_malformed),
		arena_test(passwords_of_other_lengths),
		cmocka_unit_test(des_is_short),
		cmocka_unit_test(blanks_at_the_ends),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(kinds_that_nobody_knows),
		arena_test(long_hashes),
		arena_test(long_passwords),
		arena_test(what_is_made),
		cmocka_unit_test(too_long_to_hash),
		arena_test(nobody_takes_as_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
