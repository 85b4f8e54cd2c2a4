/* SPDX-License-Identifier: ISC */
/*
 * Files of master keys: those that others could read are not taken, new ones are made for the
 * service alone.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/rand.h"
#include "core/seal/seal.h"
#include "tests/core/base/check.h"

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
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
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
	check(seal_master_make(arena, &rand_system, path, &why) == 0, "make");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_files),
		arena_test(test_odd_files),
		arena_test(test_make),
		arena_test(test_make_in_folder_of_group),
	};

	return cmocka_run_group_tests_name("seal/master", tests, NULL, NULL);
}
