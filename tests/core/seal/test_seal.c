/* SPDX-License-Identifier: ISC */
/*
 * Sealed values: any change and any other place is refused, the bytes are those of HKDF and
 * AES-256-GCM computed another way.
 */
#include "core/seal/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/base/rand.h"
#include "tests/core/base/check.h"

#define PLAIN "attack at dawn"

static const uint8_t key_a[SEAL_KEY_SIZE] = {'a'};
static const uint8_t key_b[SEAL_KEY_SIZE] = {'b'};
static const struct seal_place place = {"signing-key", "realm", "row", 3};

/* 0, 1, 2 … */
static void
count_up(void *context, void *data, size_t size)
{
	uint8_t *bytes = data;

	(void)context;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)i;
}

static const struct rand_source counting = {count_up, NULL};

static void
test_places(void **state)
{
	static const struct {
		const char *name;
		struct seal_place place;
		enum seal_verdict verdict;
	} rows[] = {
		{"another purpose", {"flow", "realm", "row", 3}, SEAL_FORGED},
		{"no purpose", {"", "realm", "row", 3}, SEAL_FORGED},
		{"another realm", {"signing-key", "other", "row", 3}, SEAL_FORGED},
		{"no realm", {"signing-key", "", "row", 3}, SEAL_FORGED},
		{"another row", {"signing-key", "realm", "raw", 3}, SEAL_FORGED},
		{"a shorter row", {"signing-key", "realm", "row", 2}, SEAL_FORGED},
		{"a longer row", {"signing-key", "realm", "row", 4}, SEAL_FORGED},
		{"no row", {"signing-key", "realm", NULL, 0}, SEAL_FORGED},
		{"realm moved into the row", {"signing-key", "", "realm\0row", 9}, SEAL_FORGED},
		{"the same", {"signing-key", "realm", "row", 3}, SEAL_OK},
	};
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	size_t size;
	uint8_t *sealed =
		seal_value(arena, master, &rand_system, &place, PLAIN, strlen(PLAIN), &size);

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t untouched = 0;
		uint8_t *plain = &untouched;
		size_t plain_size = 99;
		enum seal_verdict verdict =
			seal_open(arena, master, &rows[i].place, sealed, size, &plain, &plain_size);

		check(verdict == rows[i].verdict, rows[i].name);
		if (verdict == SEAL_OK)
			check_text((const char *)plain, PLAIN, rows[i].name);
		else
			check(plain == &untouched && plain_size == 99, rows[i].name);
	}
}

/* Every bit counts; what it is a bit of decides the verdict. */
static void
test_changes(void **state)
{
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	uint8_t *plain;
	size_t plain_size;
	size_t size;
	uint8_t *sealed =
		seal_value(arena, master, &rand_system, &place, PLAIN, strlen(PLAIN), &size);

	check(size == strlen(PLAIN) + SEAL_OVERHEAD, "size");
	for (size_t bit = 0; bit < size * 8; bit++) {
		enum seal_verdict wanted = bit < 8                        ? SEAL_MALFORMED
					   : bit < 8 * (1 + SEAL_ID_SIZE) ? SEAL_NO_MASTER
									  : SEAL_FORGED;

		sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check(seal_open(arena, master, &place, sealed, size, &plain, &plain_size) == wanted,
		      arena_printf(arena, "bit %zu", bit));
		sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t cut = 0; cut < size; cut++)
		check(seal_open(arena, master, &place, sealed, cut, &plain, &plain_size) ==
			      (cut < SEAL_OVERHEAD ? SEAL_MALFORMED : SEAL_FORGED),
		      arena_printf(arena, "cut to %zu", cut));
	check(seal_open(arena, master, &place, sealed, size, &plain, &plain_size) == SEAL_OK,
	      "unchanged");
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, SEAL_PLAIN_MAX};
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	uint8_t *data = arena_alloc(arena, SEAL_PLAIN_MAX + SEAL_OVERHEAD + 1);
	uint8_t *plain;
	size_t plain_size;

	memset(data, 'x', SEAL_PLAIN_MAX);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const char *name = arena_printf(arena, "%zu bytes", sizes[i]);
		size_t size;
		uint8_t *sealed =
			seal_value(arena, master, &rand_system, &place, data, sizes[i], &size);
		char *text = seal_text(arena, master, &rand_system, &place, data, sizes[i]);

		check(seal_open(arena, master, &place, sealed, size, &plain, &plain_size) ==
			      SEAL_OK,
		      name);
		check(plain_size == sizes[i] && memcmp(plain, data, plain_size) == 0, name);
		check(plain[plain_size] == 0, name);
		check(seal_open_text(arena, master, &place, text, &plain, &plain_size) == SEAL_OK,
		      name);
		check(plain_size == sizes[i] && memcmp(plain, data, plain_size) == 0, name);
	}
	data[0] = 1;
	check(seal_open(arena, master, &place, data, SEAL_PLAIN_MAX + SEAL_OVERHEAD + 1, &plain,
			&plain_size) == SEAL_MALFORMED,
	      "one over the maximum");
}

static void
test_text(void **state)
{
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	char *good = seal_text(arena, master, &rand_system, &place, PLAIN, strlen(PLAIN));
	char *huge = arena_alloc(arena, 100000);
	uint8_t *plain;
	size_t size;
	const struct {
		const char *name;
		const char *text;
		enum seal_verdict verdict;
	} rows[] = {
		{"empty", "", SEAL_MALFORMED},
		{"not base64url", "+/+/", SEAL_MALFORMED},
		{"padding", arena_printf(arena, "%s=", good), SEAL_MALFORMED},
		{"blank behind", arena_printf(arena, "%s ", good), SEAL_MALFORMED},
		{"longer", arena_printf(arena, "%sAAAA", good), SEAL_FORGED},
		{"over the maximum", huge, SEAL_MALFORMED},
		{"good", good, SEAL_OK},
	};

	memset(huge, 'A', 99999);
	for (size_t i = 0; i < COUNT(rows); i++)
		check(seal_open_text(arena, master, &place, rows[i].text, &plain, &size) ==
			      rows[i].verdict,
		      rows[i].name);
}

static void
test_fresh(void **state)
{
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	const char *first = seal_text(arena, master, &rand_system, &place, PLAIN, strlen(PLAIN));
	const char *second = seal_text(arena, master, &rand_system, &place, PLAIN, strlen(PLAIN));

	check(strcmp(first, second) != 0, "the same plain text is sealed anew");
}

/* HKDF by OpenSSL's own function. */
static void
hkdf(const uint8_t *salt, const void *info, size_t info_size, uint8_t key[SEAL_KEY_SIZE])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	uint8_t master[SEAL_KEY_SIZE];
	uint8_t salt_copy[16];
	uint8_t info_copy[256];
	char digest[] = "SHA256";
	OSSL_PARAM params[5];

	memcpy(master, key_a, sizeof(master));
	memcpy(salt_copy, salt, sizeof(salt_copy));
	memcpy(info_copy, info, info_size);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, master, sizeof(master));
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy, 16);
	params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info_copy, info_size);
	params[4] = OSSL_PARAM_construct_end();
	check(EVP_KDF_derive(context, key, SEAL_KEY_SIZE, params) == 1, "HKDF");
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

/* The layout, byte for byte, so that no later version reads old values differently. */
static void
test_layout(void **state)
{
	static const char aad[] = "signing-key\0realm\0row";
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t digest[SHA256_SIZE];
	uint8_t wanted[SEAL_OVERHEAD + sizeof(PLAIN) - 1] = {1};
	uint8_t key[SEAL_KEY_SIZE];
	uint8_t iv[12];
	int length;
	size_t size;
	uint8_t *sealed = seal_value(arena, master, &counting, &place, PLAIN, strlen(PLAIN), &size);

	hash_sha256(key_a, sizeof(key_a), digest);
	memcpy(wanted + 1, digest, SEAL_ID_SIZE);
	count_up(NULL, wanted + 5, 28);
	hkdf(wanted + 5, "signing-key", 11, key);
	memcpy(iv, wanted + 21, sizeof(iv));
	EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, iv);
	EVP_EncryptUpdate(context, NULL, &length, (const unsigned char *)aad, sizeof(aad) - 1);
	EVP_EncryptUpdate(context, wanted + 33, &length, (const unsigned char *)PLAIN,
			  sizeof(PLAIN) - 1);
	EVP_EncryptFinal_ex(context, wanted + 33 + length, &length);
	EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, wanted + sizeof(wanted) - 16);
	EVP_CIPHER_CTX_free(context);
	check(size == sizeof(wanted) && memcmp(sealed, wanted, size) == 0, "layout");
	check(memcmp(seal_master_id(master), digest, SEAL_ID_SIZE) == 0, "id");
}

static void
test_masters(void **state)
{
	struct arena *arena = *state;
	struct master *before = seal_master_new(arena, key_a);
	struct master *after = seal_master_new(arena, key_b);
	uint8_t key[SEAL_KEY_SIZE] = {0};
	uint8_t *plain;
	size_t size;
	size_t plain_size;
	uint8_t *old = seal_value(arena, before, &rand_system, &place, PLAIN, 3, &size);
	uint8_t *new;

	check(seal_open(arena, after, &place, old, size, &plain, &plain_size) == SEAL_NO_MASTER,
	      "another master");
	check(seal_master_add_previous(after, key_a) == 0, "previous");
	check(seal_open(arena, after, &place, old, size, &plain, &plain_size) == SEAL_OK,
	      "previous opens");
	check(seal_is_old(after, old, size), "and is old");
	check(!seal_is_old(before, old, size), "not to the one that made it");
	new = seal_value(arena, after, &rand_system, &place, PLAIN, 3, &size);
	check(!seal_is_old(after, new, size), "the first one seals");
	check(seal_open(arena, before, &place, new, size, &plain, &plain_size) == SEAL_NO_MASTER,
	      "the old master does not open new values");
	check(seal_master_add_previous(after, key_a) != 0, "twice");
	check(seal_master_add_previous(after, key_b) != 0, "the sealing one again");
	for (uint8_t i = 2; i < SEAL_MASTERS_MAX; i++) {
		key[0] = i;
		check(seal_master_add_previous(after, key) == 0, "more");
	}
	key[0] = 99;
	check(seal_master_add_previous(after, key) != 0, "too many");
	/* the id names the master: another one's bytes are not tried */
	memcpy(old + 1, seal_master_id(after), SEAL_ID_SIZE);
	check(seal_open(arena, after, &place, old, size, &plain, &plain_size) == SEAL_FORGED,
	      "only the named master");
}

static void
test_derive(void **state)
{
	static const uint8_t zeros[16];
	struct arena *arena = *state;
	struct master *master = seal_master_new(arena, key_a);
	uint8_t first[SEAL_KEY_SIZE];
	uint8_t second[SEAL_KEY_SIZE];

	seal_derive(master, "log", "realm", first);
	hkdf(zeros, "log\0realm\0", 10, second);
	check(memcmp(first, second, sizeof(first)) == 0, "HKDF");
	seal_derive(master, "log", "other", second);
	check(memcmp(first, second, sizeof(first)) != 0, "another realm");
	seal_derive(master, "count", "realm", second);
	check(memcmp(first, second, sizeof(first)) != 0, "another purpose");
	seal_derive(seal_master_new(arena, key_b), "log", "realm", second);
	check(memcmp(first, second, sizeof(first)) != 0, "another master");
}

static void
seal_too_much(void)
{
	struct arena *arena = arena_new(TEST_ARENA_CAP);
	size_t size;

	(void)seal_value(arena, seal_master_new(arena, key_a), &counting, &place,
			 arena_alloc(arena, SEAL_PLAIN_MAX + 1), SEAL_PLAIN_MAX + 1, &size);
}

static void
seal_long_row(void)
{
	struct arena *arena = arena_new(TEST_ARENA_CAP);
	struct seal_place far = {"p", "r", arena_alloc(arena, SEAL_ROW_MAX + 1), SEAL_ROW_MAX + 1};
	size_t size;

	(void)seal_value(arena, seal_master_new(arena, key_a), &counting, &far, "", 0, &size);
}

static void
test_bugs(void **state)
{
	(void)state;
	check(aborts(seal_too_much), "too much");
	check(aborts(seal_long_row), "a long row");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_places),  arena_test(test_changes), arena_test(test_sizes),
		arena_test(test_text),    arena_test(test_fresh),   arena_test(test_layout),
		arena_test(test_masters), arena_test(test_derive),  arena_test(test_bugs),
	};

	return cmocka_run_group_tests_name("seal/seal", tests, NULL, NULL);
}
