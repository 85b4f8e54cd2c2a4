/* SPDX-License-Identifier: ISC */
/*
 * Sealed values: any change and any other place is refused, the bytes are those of HKDF and
 * AES-256-GCM computed another way, and key files that others could read are not taken.
 */
#include "core/seal/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <sys/stat.h>

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
write_file(const char *path, const char *text, size_t size, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

#define B64_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HEX_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BAD     "not 32 bytes as base64url or hexadecimal text"

static const struct {
	const char *name;
	const char *text;
	mode_t mode;
	const char *why; /* how the message ends; NULL: the file is good */
} files[] = {
	{"empty", "", 0600, BAD},
	{"a newline", "\n", 0600, BAD},
	{"short base64url", "AAEC", 0600, BAD},
	{"a character short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh", 0600, BAD},
	{"padding", B64_KEY "=", 0600, BAD},
	{"two newlines", B64_KEY "\n\n", 0600, BAD},
	{"blank in front", " " B64_KEY, 0600, BAD},
	{"trailing bits", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", 0600, BAD},
	{"hexadecimal with a wrong digit", "g" HEX_KEY, 0600, BAD},
	{"hexadecimal a digit long", HEX_KEY "0", 0600, BAD},
	{"two keys", B64_KEY "\n" B64_KEY "\n", 0600, BAD},
	{"read by all", B64_KEY, 0644, "mode 0644 is wider than 0640"},
	{"read by others", B64_KEY, 0604, "mode 0604 is wider than 0640"},
	{"written by the group", B64_KEY, 0660, "mode 0660 is wider than 0640"},
	{"executable", B64_KEY, 0700, "mode 0700 is wider than 0640"},
	{"set user id", B64_KEY, 04600, "mode 4600 is wider than 0640"},
	{"base64url", B64_KEY, 0600, NULL},
	{"base64url with a newline", B64_KEY "\n", 0640, NULL},
	{"hexadecimal", HEX_KEY, 0400, NULL},
	{"hexadecimal with a newline", HEX_KEY "\n", 0440, NULL},
};

static void
test_files(void **state)
{
	struct arena *arena = *state;
	char folder[] = "/tmp/seal-XXXXXX";
	uint8_t key[SEAL_KEY_SIZE];
	struct master *wanted;
	char *path;

	assert_non_null(mkdtemp(folder));
	path = arena_printf(arena, "%s/key", folder);
	count_up(NULL, key, sizeof(key));
	wanted = seal_master_new(arena, key);
	for (size_t i = 0; i < COUNT(files); i++) {
		const char *why = NULL;
		struct master *master;

		write_file(path, files[i].text, strlen(files[i].text), files[i].mode);
		master = seal_master_load(arena, path, &why);
		unlink(path);
		check((master != NULL) == (files[i].why == NULL), files[i].name);
		if (master != NULL)
			check(memcmp(seal_master_id(master), seal_master_id(wanted),
				     SEAL_ID_SIZE) == 0,
			      files[i].name);
		else
			check_text(
				why,
				arena_printf(arena, "master key file %s: %s", path, files[i].why),
				files[i].name);
	}
	rmdir(folder);
}

static void
test_odd_files(void **state)
{
	struct arena *arena = *state;
	char folder[] = "/tmp/seal-XXXXXX";
	const char *why = NULL;
	char *path;

	assert_non_null(mkdtemp(folder));
	path = arena_printf(arena, "%s/key", folder);
	check(seal_master_load(arena, path, &why) == NULL, "absent");
	check(strstr(why, "No such file") != NULL, "absent");
	check(seal_master_load(arena, folder, &why) == NULL, "a folder");
	check(strstr(why, "not a regular file") != NULL, "a folder");
	assert_int_equal(mkfifo(path, 0600), 0);
	check(seal_master_load(arena, path, &why) == NULL, "a FIFO");
	check(strstr(why, "not a regular file") != NULL, "a FIFO");
	unlink(path);
	write_file(path, B64_KEY "\0", sizeof(B64_KEY), 0600);
	check(seal_master_load(arena, path, &why) == NULL, "a NUL behind");
	unlink(path);
	if (geteuid() == 0) {
		write_file(path, B64_KEY, strlen(B64_KEY), 0600);
		assert_int_equal(chown(path, 12345, 0), 0);
		check(seal_master_load(arena, path, &why) == NULL, "another owner");
		check(strstr(why, "belongs to user 12345") != NULL, "another owner");
		unlink(path);
	}
	rmdir(folder);
}

static void
test_make(void **state)
{
	struct arena *arena = *state;
	char folder[] = "/tmp/seal-XXXXXX";
	const char *why = NULL;
	struct master *first;
	struct stat file;
	char *path;

	assert_non_null(mkdtemp(folder));
	path = arena_printf(arena, "%s/key", folder);
	check(seal_master_make(arena, &counting, path, &why) == 0, "make");
	check(stat(path, &file) == 0 && (file.st_mode & 07777) == 0600, "mode");
	check(seal_master_make(arena, &rand_system, path, &why) != 0, "again");
	check(strstr(why, "File exists") != NULL, "again");
	first = seal_master_load(arena, path, &why);
	check(first != NULL, "load");
	check(seal_master_load_previous(first, arena, path, &why) != 0, "the same as previous");
	unlink(path);
	check(seal_master_make(arena, &rand_system, path, &why) == 0, "make another");
	check(seal_master_load_previous(first, arena, path, &why) == 0, "previous");
	unlink(path);
	check(seal_master_load_previous(first, arena, path, &why) != 0, "previous absent");
	check(seal_master_make(arena, &rand_system, arena_printf(arena, "%s/no/key", folder),
			       &why) != 0,
	      "no folder");
	rmdir(folder);
}

/* Who may read a key that root makes is said by the folder. */
static void
test_make_in_folder_of_group(void **state)
{
	static const struct {
		const char *name;
		uid_t owner;
		gid_t group;
		mode_t folder_mode;
		gid_t expected_group;
		mode_t expected_mode;
	} cases[] = {
		{"folder of the service's group", 0, 12345, 0750, 12345, 0640},
		{"folder of root's group", 0, 0, 0750, 0, 0600},
		{"folder of somebody else", 12345, 12345, 0750, 0, 0600},
		{"folder open to others", 0, 12345, 0755, 0, 0600},
		{"folder the group may write", 0, 12345, 0770, 0, 0600},
	};
	struct arena *arena = *state;
	const char *why = NULL;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char folder[] = "/tmp/seal-XXXXXX";
		struct stat file;
		char *path;

		assert_non_null(mkdtemp(folder));
		path = arena_printf(arena, "%s/key", folder);
		assert_int_equal(chown(folder, cases[i].owner, cases[i].group), 0);
		assert_int_equal(chmod(folder, cases[i].folder_mode), 0);
		check(seal_master_make(arena, &rand_system, path, &why) == 0, cases[i].name);
		check(stat(path, &file) == 0, cases[i].name);
		check(file.st_gid == cases[i].expected_group, cases[i].name);
		check((file.st_mode & 07777) == cases[i].expected_mode, cases[i].name);
		unlink(path);
		rmdir(folder);
	}
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
		arena_test(test_places),
		arena_test(test_changes),
		arena_test(test_sizes),
		arena_test(test_text),
		arena_test(test_fresh),
		arena_test(test_layout),
		arena_test(test_masters),
		arena_test(test_derive),
		arena_test(test_files),
		arena_test(test_odd_files),
		arena_test(test_make),
		arena_test(test_bugs),
		arena_test(test_make_in_folder_of_group),

	};

	return cmocka_run_group_tests_name("seal/seal", tests, NULL, NULL);
}
