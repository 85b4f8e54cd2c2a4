/* SPDX-License-Identifier: ISC */
/*
 * User codes: how they are made, what people may type for them, and the strength that is promised;
 * and what a device's request is worth at a time.
 */
#include "core/model/device.h"

#include "core/base/arena.h"
#include "core/base/str.h"
#include "tests/core/base/check.h"

static void
letters(void **state)
{
	double codes = 1;

	(void)state;
	for (size_t i = 0; i < USER_CODE_SIZE; i++)
		codes *= (double)strlen(USER_CODE_LETTERS);
	check(codes >= 17179869184.0, "34 bits");
	for (const char *p = USER_CODE_LETTERS; *p; p++) {
		check(strchr("AEIOUY0123456789", *p) == NULL, "no vowel, no digit");
		check(strchr(p + 1, *p) == NULL, "each once");
	}
}

/* Bytes 0, 1, 2 … one after the other. */
static void
count_up(void *context, void *data, size_t size)
{
	uint8_t *next = context;

	for (size_t i = 0; i < size; i++)
		((uint8_t *)data)[i] = (*next)++;
}

/* Over all bytes each letter comes equally often: those that would favour some are drawn again. */
static void
every_letter_alike(void **state)
{
	uint8_t next = 0;
	const struct rand_source source = {count_up, &next};
	size_t seen[256] = {0};

	for (size_t i = 0; i < 240 / USER_CODE_SIZE; i++) {
		const char *code = user_code_make(*state, &source);

		check(strlen(code) == USER_CODE_SIZE, code);
		for (const char *p = code; *p; p++)
			seen[(unsigned char)*p]++;
	}
	for (const char *p = USER_CODE_LETTERS; *p; p++)
		assert_int_equal(seen[(unsigned char)*p], 12);
	(void)user_code_make(*state, &source);
	assert_int_equal(next, USER_CODE_SIZE); /* 240 to 255 were passed over */
}

static const struct {
	const char *typed, *code; /* NULL: none */
} typed[] = {
	{"BCDFGHJK", "BCDFGHJK"},
	{"BCDF-GHJK", "BCDFGHJK"},
	{"bcdf-ghjk", "BCDFGHJK"},
	{" b c d f g h j k ", "BCDFGHJK"},
	{"\tBCDF\tGHJK", "BCDFGHJK"},
	{"----B-C-D-F-G-H-J-K----", "BCDFGHJK"},
	{"XZWVTSRQ", "XZWVTSRQ"},
	{NULL, NULL},
	{"", NULL},
	{"-", NULL},
	{"BCDFGHJ", NULL},
	{"BCDFGHJKL", NULL},
	{"BCDFGHJA", NULL},
	{"BCDFGHJ0", NULL},
	{"BCDFGHJY", NULL},
	{"BCDF_GHJK", NULL},
	{"BCDF\nGHJK", NULL},
	{"BCDFGHJ\xc3\x84", NULL},
	{"--------------------------------------------------------BCDFGHJK", "BCDFGHJK"},
	{"---------------------------------------------------------BCDFGHJK", NULL},
};

static void
what_people_type(void **state)
{
	for (size_t i = 0; i < COUNT(typed); i++)
		check_text(user_code_normalise(*state, typed[i].typed), typed[i].code,
			   typed[i].typed ? typed[i].typed : "nothing");
	check_text(user_code_show(*state, "BCDFGHJK"), "BCDF-GHJK", "as it is shown");
	check_text(user_code_normalise(*state, user_code_show(*state, "XZWVTSRQ")), "XZWVTSRQ",
		   "and read again");
}

static void
states(void **state)
{
	static const struct {
		const char *name;
		int64_t decided_at;
		bool approved;
		int64_t now;
		enum device_state wanted;
	} cases[] = {
		{"fresh", 0, false, 0, DEVICE_PENDING},
		{"the last second", 0, false, 99, DEVICE_PENDING},
		{"expired", 0, false, 100, DEVICE_EXPIRED},
		{"denied", 50, false, 60, DEVICE_DENIED},
		{"approved", 50, true, 60, DEVICE_APPROVED},
		{"approved too long ago", 50, true, 100, DEVICE_EXPIRED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct device_request request = {
			.expires_at = 100,
			.decided_at = cases[i].decided_at,
			.approved = cases[i].approved,
		};

		check(device_state(&request, cases[i].now) == cases[i].wanted, cases[i].name);
	}
}

static void
neighbours(void **state)
{
	static const struct {
		const char *a, *b;
		enum device_distance wanted;
	} cases[] = {
		{"192.0.2.1", "192.0.2.254", DEVICE_NEAR},
		{"192.0.2.1", "192.0.3.1", DEVICE_FAR},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::", DEVICE_NEAR},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", DEVICE_FAR},
		{"192.0.2.1", "2001:db8::1", DEVICE_SOMEWHERE},
		{"2001:db8::1", "192.0.2.1", DEVICE_SOMEWHERE},
		{NULL, "192.0.2.1", DEVICE_SOMEWHERE},
		{"192.0.2.1", NULL, DEVICE_SOMEWHERE},
		{"", "", DEVICE_SOMEWHERE},
		{"x", "x", DEVICE_SOMEWHERE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(device_distance(cases[i].a, cases[i].b) == cases[i].wanted,
		      cases[i].a ? cases[i].a : "none");
}

/* No secret of an authorization code has the digest that a device's grant is stored with. */
static void
code_hashes(void **state)
{
	uint8_t secret[SHA256_SIZE] = {1}, hash[SHA256_SIZE], code[SHA256_SIZE], other[SHA256_SIZE];

	(void)state;
	hash_sha256(secret, sizeof(secret), hash);
	device_code_hash(hash, code);
	check(!hash_equal(code, hash, sizeof(code)), "not the digest itself");
	hash_sha256(hash, sizeof(hash), other);
	check(!hash_equal(code, other, sizeof(code)), "nor that of the digest as a secret");
	hash[0] ^= 1;
	device_code_hash(hash, other);
	check(!hash_equal(code, other, sizeof(code)), "another device's is another");
}

static int
make_arena(void **state)
{
	*state = arena_new((size_t)1 << 20);
	return 0;
}

static int
drop_arena(void **state)
{
	arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),          cmocka_unit_test(every_letter_alike),
		cmocka_unit_test(what_people_type), cmocka_unit_test(states),
		cmocka_unit_test(neighbours),       cmocka_unit_test(code_hashes),
	};

	return cmocka_run_group_tests_name("device", tests, make_arena, drop_arena);
}
