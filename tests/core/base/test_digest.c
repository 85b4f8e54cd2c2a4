/* SPDX-License-Identifier: ISC */
/*
 * Each digest against FIPS 180-4 and RFC 1321, in pieces and again; HMAC against RFC 4231.
 */
#include "core/base/digest.h"

#include "core/base/b64.h"
#include "tests/core/base/check.h"

static const struct {
	const char *name, *hex;
	enum digest_kind kind;
} cases[] = {
	{"MD5", "900150983cd24fb0d6963f7d28e17f72", DIGEST_MD5},
	{"SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d", DIGEST_SHA1},
	{"SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	 DIGEST_SHA256},
	{"SHA-512",
	 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	 DIGEST_SHA512},
};

static void
in_pieces_and_again(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct digest *digest = digest_new(cases[i].kind);
		size_t size = digest_size(cases[i].kind);
		uint8_t bytes[DIGEST_SIZE_MAX];

		check(digest && size * 2 == strlen(cases[i].hex), cases[i].name);
		digest_begin(digest);
		digest_add(digest, "left behind", 11);
		for (int again = 0; again < 2; again++) {
			digest_begin(digest);
			digest_add(digest, "a", 1);
			digest_add(digest, "", 0);
			digest_add(digest, "bc", 2);
			digest_end(digest, bytes);
			check_text(hex_encode(*state, bytes, size), cases[i].hex, cases[i].name);
		}
		digest_free(digest);
	}
	digest_free(NULL);
}

static void
with_a_key(void **state)
{
	uint8_t bytes[SHA384_SIZE];

	digest_hmac_sha384("Jefe", "what do ya want for nothing?", 28, bytes);
	check_text(hex_encode(*state, bytes, sizeof(bytes)),
		   "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
		   "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		   "RFC 4231 4.3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(in_pieces_and_again),
		arena_test(with_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
