/* SPDX-License-Identifier: ISC */
/*
 * Shared files: what is not ours is refused, several processes see one mapping and one ring, and a
 * damaged ring is made again.
 */
#include "core/base/shared.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/str.h"

#include "check.h"

#define WRITERS       4
#define WRITES        3000 /* of each: more than the ring holds */
#define WRITES_IN_ALL (WRITERS * WRITES)

static char folder[] = "/tmp/ostiary-shared-XXXXXX";
static char path[64];

static int
setup_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int
teardown_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int
without_file(void **state)
{
	unlink(path);
	return setup_arena(state);
}

static void
put_file(const char *text, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static off_t
file_size(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void
test_wide_files_are_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0700};

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%o", (unsigned)modes[i]);
		put_file("", 0, modes[i]);
		errno = 0;
		check(shared_map(path, 100) == NULL && errno == EPERM, name);
		errno = 0;
		check(ring_open(path) == NULL && errno == EPERM, name);
		check(file_size() == 0, name);
	}
}

static void
test_what_is_no_file_is_refused(void **state)
{
	char other[80];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	put_file("", 0, 0600);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_null(shared_map(path, 100));
	assert_int_equal(errno, ELOOP);
	assert_null(ring_open(path));
	unlink(other);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(shared_map(path, 100));
	assert_int_equal(errno, EPERM);
	unlink(path);
	assert_null(shared_map("/nowhere/at/all", 100));
	assert_int_equal(errno, ENOENT);
	assert_null(ring_open("/nowhere/at/all"));
	assert_int_equal(errno, ENOENT);
}

/* Only root can make a file of another owner. */
static void
test_other_owners(void **state)
{
	(void)state;
	put_file("", 0, 0600);
	if (chown(path, 65534, (gid_t)-1) != 0)
		skip();
	assert_null(shared_map(path, 100));
	assert_int_equal(errno, EPERM);

	/* the administrator reads the workers' ring */
	struct ring *ring = ring_open(path);

	assert_non_null(ring);
	ring_close(ring);
}

struct counters {
	_Atomic uint64_t first;
	char rest[92];
};

static void
test_mapping_is_shared(void **state)
{
	static const char zeros[sizeof(struct counters)];
	struct stat status;
	struct counters *counters = shared_map(path, sizeof(*counters));

	(void)state;
	assert_non_null(counters);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_true((size_t)status.st_size >= sizeof(*counters));
	assert_memory_equal(counters, zeros, sizeof(zeros));
	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0) {
			struct counters *mine = shared_map(path, sizeof(*mine));

			for (int k = 0; mine != NULL && k < 10000; k++)
				atomic_fetch_add(&mine->first, 1);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		continue;
	assert_int_equal(atomic_load(&counters->first), WRITERS * 10000);
	shared_unmap(counters, sizeof(*counters));
	shared_unmap(NULL, 100);
}

static void
test_mapping_never_shrinks(void **state)
{
	char *large = shared_map(path, 20000);
	char *small = shared_map(path, 100);

	(void)state;
	assert_non_null(large);
	assert_non_null(small);
	large[19999] = 'x';
	large[0] = 'y';
	assert_int_equal(small[0], 'y');
	assert_int_equal(file_size(), 20000);
	shared_unmap(large, 20000);
	shared_unmap(small, 100);
}

static void
test_ring_finds_the_newest(void **state)
{
	struct ring *ring = ring_open(path);

	assert_non_null(ring);
	assert_null(ring_find(ring, *state, "a"));
	assert_null(ring_find(ring, *state, ""));
	ring_write(ring, "a one");
	ring_write(ring, "b two");
	ring_write(ring, "a three");
	ring_write(ring, "");
	assert_string_equal(ring_find(ring, *state, "a "), "a three");
	assert_string_equal(ring_find(ring, *state, "b"), "b two");
	assert_string_equal(ring_find(ring, *state, ""), "a three");
	assert_null(ring_find(ring, *state, "c"));
	assert_null(ring_find(ring, *state, "a three and more"));
	ring_close(ring);

	ring = ring_open(path);
	assert_string_equal(ring_find(ring, *state, "b"), "b two");
	ring_close(ring);
	ring_close(NULL);
}

static void
test_ring_cuts_long_records(void **state)
{
	char text[RING_SLOT_SIZE + 100];
	struct ring *ring = ring_open(path);

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ring_write(ring, text);
	ring_write(ring, "y");
	assert_int_equal(strlen(ring_find(ring, *state, "x")), RING_SLOT_SIZE - 1);
	assert_string_equal(ring_find(ring, *state, "y"), "y");
	ring_close(ring);
}

static void
write_many(int writer)
{
	char text[100];
	struct ring *ring = ring_open(path);

	for (int i = 0; ring != NULL && i < WRITES; i++) {
		snprintf(text, sizeof(text), "%d-%d.", writer, i);
		ring_write(ring, text);
	}
	_exit(0);
}

/* Every record is there once, apart from the oldest ones. */
static void
test_ring_wraps_around_with_several_processes(void **state)
{
	int found = 0;

	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0)
			write_many(i);
	}
	while (wait(NULL) > 0)
		continue;

	struct ring *ring = ring_open(path);
	int fd = open(path, O_RDONLY);

	assert_non_null(ring);
	assert_int_equal(file_size(), 4096 + (off_t)RING_SLOTS * RING_SLOT_SIZE);
	for (int slot = 0; slot < RING_SLOTS; slot++) {
		char text[RING_SLOT_SIZE];
		off_t offset = 4096 + (off_t)slot * RING_SLOT_SIZE;

		assert_int_equal(pread(fd, text, sizeof(text), offset), sizeof(text));
		found += text[0] >= '0' && text[0] < '0' + WRITERS && strchr(text, '.') != NULL;
	}
	assert_int_equal(found, RING_SLOTS);
	for (int i = 0; i < WRITERS; i++)
		assert_non_null(
			ring_find(ring, *state, arena_printf(*state, "%d-%d.", i, WRITES - 1)));
	/* after a whole turn of others a record is gone */
	ring_write(ring, "mark");
	for (int i = 0; i < RING_SLOTS - 1; i++)
		ring_write(ring, "other");
	assert_string_equal(ring_find(ring, *state, "mark"), "mark");
	ring_write(ring, "other");
	assert_null(ring_find(ring, *state, "mark"));
	close(fd);
	ring_close(ring);
}

static const struct {
	const char *name;
	const char *text;
	size_t size;
} damages[] = {
	{"empty", "", 0},
	{"short", "abc", 3},
	{"magic only", "ostring1", 8},
	{"other magic", "ostring0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16},
	{"mad counter", "ostring1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16},
	{"counter without records", "ostring1\x10\0\0\0\0\0\0\0", 16},
};

static void
test_damaged_rings(void **state)
{
	for (size_t i = 0; i < COUNT(damages); i++) {
		put_file(damages[i].text, damages[i].size, 0600);

		struct ring *ring = ring_open(path);

		check(ring != NULL, damages[i].name);
		check(ring_find(ring, *state, "a") == NULL, damages[i].name);
		ring_write(ring, "a record");
		check_text(ring_find(ring, *state, "a"), "a record", damages[i].name);
		ring_close(ring);
	}
}

/* Making again drops the records that a file without the magic held. */
static void
test_remaking_drops_old_records(void **state)
{
	struct ring *ring = ring_open(path);
	int fd = open(path, O_WRONLY);

	ring_write(ring, "old");
	ring_write(ring, "old");
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);

	struct ring *again = ring_open(path);

	ring_write(again, "");
	assert_null(ring_find(again, *state, "old"));
	assert_int_equal(file_size(), 4096 + RING_SLOT_SIZE);
	/* who had it open goes on */
	ring_write(ring, "new");
	assert_string_equal(ring_find(again, *state, "new"), "new");
	ring_close(ring);
	ring_close(again);
}

#define file_test(function) cmocka_unit_test_setup_teardown(function, without_file, teardown_arena)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(test_wide_files_are_refused),
		file_test(test_what_is_no_file_is_refused),
		file_test(test_other_owners),
		file_test(test_mapping_is_shared),
		file_test(test_mapping_never_shrinks),
		file_test(test_ring_finds_the_newest),
		file_test(test_ring_cuts_long_records),
		file_test(test_ring_wraps_around_with_several_processes),
		file_test(test_damaged_rings),
		file_test(test_remaking_drops_old_records),
	};

	return cmocka_run_group_tests_name("base shared", tests, setup_folder, teardown_folder);
}
