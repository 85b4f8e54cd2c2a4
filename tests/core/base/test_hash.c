/* SPDX-License-Identifier: ISC */
/*
 * Digests against FIPS 180-4 and RFC 4231, comparison and wiping.
 */
#include "core/base/hash.h"

#include "core/base/b64.h"

#include "check.h"

static const struct {
	const char *name;
	const char *data;
	const char *digest;
} digests[] = {
	{"empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void
test_sha256(void **state)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		uint8_t digest[SHA256_SIZE];

		hash_sha256(digests[i].data, strlen(digests[i].data), digest);
		check_text(hex_encode(*state, digest, sizeof(digest)), digests[i].digest,
			   digests[i].name);
	}
}

/* The reference's vectors: key 00 01 … 0f, data 00 01 … of the size. */
static const struct {
	const char *name;
	size_t size;
	uint64_t hash;
} shorts[] = {
	{"empty", 0, 0x726fdb47dd0e0e31},
	{"one byte", 1, 0x74f839c593dc67fd},
	{"one word", 8, 0x93f5f5799a932462},
	{"not quite two words", 15, 0xa129ca6149be45e5},
};

static void
test_short(void **state)
{
	const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	uint8_t data[16];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(shorts); i++)
		check(hash_short(key, data, shorts[i].size) == shorts[i].hash, shorts[i].name);
}

static const struct {
	const char *name;
	int key_byte; /* the key is key_size of these, or text when 0 */
	size_t key_size;
	const char *key;
	const char *data;
	const char *digest;
} macs[] = {
	{"RFC 4231 4.2", 0x0b, 20, NULL, "Hi There",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"RFC 4231 4.3", 0, 4, "Jefe", "what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"RFC 4231 4.7, long key", 0xaa, 131, NULL,
	 "Test Using Larger Than Block-Size Key - Hash Key First",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{"no key", 0, 0, "", "",
	 "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	{"a key again after none", 0, 4, "Jefe", "what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
};

static void
test_hmac(void **state)
{
	for (size_t i = 0; i < COUNT(macs); i++) {
		uint8_t key[200];
		uint8_t digest[SHA256_SIZE];

		memset(key, macs[i].key_byte, sizeof(key));
		if (macs[i].key != NULL)
			memcpy(key, macs[i].key, macs[i].key_size);
		hash_hmac_sha256(key, macs[i].key_size, macs[i].data, strlen(macs[i].data), digest);
		check_text(hex_encode(*state, digest, sizeof(digest)), macs[i].digest,
			   macs[i].name);
	}
	uint8_t digest[SHA256_SIZE];

	hash_hmac_sha256(NULL, 0, "", 0, digest);
	assert_string_equal(hex_encode(*state, digest, sizeof(digest)), macs[3].digest);
}

static void
test_equal(void **state)
{
	uint8_t a[16] = {0};
	uint8_t b[16] = {0};

	(void)state;
	assert_true(hash_equal(a, b, sizeof(a)));
	assert_true(hash_equal(a, b, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		for (int bit = 0; bit < 8; bit++) {
			b[i] = (uint8_t)(1U << bit);
			assert_false(hash_equal(a, b, sizeof(a)));
			assert_true(hash_equal(a, b, i));
		}
		b[i] = 0;
	}
}

static void
test_wipe(void **state)
{
	char secret[8] = "1234567";

	(void)state;
	hash_wipe(secret, 4);
	assert_memory_equal(secret,
			    "\0\0\0\0"
			    "567",
			    8);
	hash_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_sha256),      arena_test(test_short),      arena_test(test_hmac),
		cmocka_unit_test(test_equal), cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests_name("base hash", tests, NULL, NULL);
}
