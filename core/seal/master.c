/* SPDX-License-Identifier: ISC */
/*
 * Master keys: the set of them, and the files that they are kept in. A file that others could read
 * is refused, because a key that may have been seen is none.
 */
#include "core/seal/master.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/rand.h"

#define MODE_WIDEST 0640
#define FILE_MAX    65 /* hexadecimal digits and a newline */
#define B64_TEXT    B64URL_SIZE((size_t)SEAL_KEY_SIZE)
#define HEX_TEXT    (2 * (size_t)SEAL_KEY_SIZE)

const struct master_key *
master_by_id(const struct master *master, const uint8_t *id)
{
	for (size_t i = 0; i < master->count; i++) {
		if (memcmp(master->key[i].id, id, SEAL_ID_SIZE) == 0)
			return &master->key[i];
	}
	return NULL;
}

static int
add_key(struct master *master, const uint8_t key[SEAL_KEY_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct master_key *entry;

	hash_sha256(key, SEAL_KEY_SIZE, digest);
	if (master->count == SEAL_MASTERS_MAX || master_by_id(master, digest) != NULL)
		return -1;
	entry = &master->key[master->count++];
	memcpy(entry->key, key, SEAL_KEY_SIZE);
	memcpy(entry->id, digest, SEAL_ID_SIZE);
	return 0;
}

static void
free_cipher(void *cipher)
{
	EVP_CIPHER_free(cipher);
}

static void
free_context(void *context)
{
	EVP_CIPHER_CTX_free(context);
}

struct master *
seal_master_new(struct arena *arena, const uint8_t key[SEAL_KEY_SIZE])
{
	struct master *master = arena_alloc(arena, sizeof(*master));

	master->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	master->context = EVP_CIPHER_CTX_new();
	arena_defer(arena, free_cipher, master->cipher);
	arena_defer(arena, free_context, master->context);
	if (master->cipher == NULL || master->context == NULL || add_key(master, key) != 0)
		bug("OpenSSL has no AES-256-GCM");
	return master;
}

int
seal_master_add_previous(struct master *master, const uint8_t key[SEAL_KEY_SIZE])
{
	return add_key(master, key);
}

const uint8_t *
seal_master_id(const struct master *master)
{
	return master->key[0].id;
}

/* NULL, or what is wrong with the file. */
static const char *
judge_file(struct arena *arena, const char *path, const struct stat *file)
{
	if (!S_ISREG(file->st_mode))
		return arena_printf(arena, "master key file %s: not a regular file", path);
	if (file->st_uid != 0 && file->st_uid != geteuid())
		return arena_printf(arena,
				    "master key file %s: belongs to user %lu, not to root or us",
				    path, (unsigned long)file->st_uid);
	if ((file->st_mode & 07777 & ~(unsigned)MODE_WIDEST) != 0)
		return arena_printf(arena, "master key file %s: mode %04o is wider than %04o", path,
				    (unsigned)file->st_mode & 07777, (unsigned)MODE_WIDEST);
	return NULL;
}

/* Key bytes of a file's text; -1 when it is neither base64url nor hexadecimal of the right length.
 */
static int
decode_key(char *text, size_t size, uint8_t key[SEAL_KEY_SIZE])
{
	if (size > 0 && text[size - 1] == '\n')
		size--;
	text[size] = '\0';

	if (size == B64_TEXT)
		return b64url_decode_exact(text, size, key, SEAL_KEY_SIZE);
	return size == HEX_TEXT ? hex_decode_exact(text, key, SEAL_KEY_SIZE) : -1;
}

/* Reads until the end or size bytes; -1 with errno set. */
static ssize_t
read_all(int descriptor, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(descriptor, data + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int
load_key(struct arena *arena, const char *path, uint8_t key[SEAL_KEY_SIZE], const char **why)
{
	char text[FILE_MAX + 2];
	struct stat file;
	ssize_t size = -1;
	int result = -1;
	/* O_NONBLOCK: a FIFO in the place of the file must not hang us */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (descriptor < 0 || fstat(descriptor, &file) != 0) {
		*why = arena_printf(arena, "master key file %s: %s", path, strerror(errno));
		goto out;
	}
	*why = judge_file(arena, path, &file);
	if (*why != NULL)
		goto out;
	size = read_all(descriptor, text, FILE_MAX + 1);
	if (size < 0)
		*why = arena_printf(arena, "master key file %s: %s", path, strerror(errno));
	else if (decode_key(text, (size_t)size, key) != 0)
		*why = arena_printf(arena,
				    "master key file %s: not 32 bytes as base64url or hexadecimal "
				    "text",
				    path);
	else
		result = 0;
out:
	if (descriptor >= 0)
		close(descriptor);
	hash_wipe(text, sizeof(text));
	return result;
}

struct master *
seal_master_load(struct arena *arena, const char *path, const char **why)
{
	uint8_t key[SEAL_KEY_SIZE];
	struct master *master = NULL;

	if (load_key(arena, path, key, why) == 0)
		master = seal_master_new(arena, key);
	hash_wipe(key, sizeof(key));
	return master;
}

int
seal_master_load_previous(struct master *master, struct arena *arena, const char *path,
			  const char **why)
{
	uint8_t key[SEAL_KEY_SIZE];
	int result = load_key(arena, path, key, why);

	if (result == 0) {
		result = add_key(master, key);
		if (result != 0)
			*why = arena_printf(
				arena,
				"master key file %s: the key is there already, or there "
				"are more than %d",
				path, SEAL_MASTERS_MAX);
	}
	hash_wipe(key, sizeof(key));
	return result;
}

/* Writes all of text and sees it on the disk; -1 with errno set. */
static int
write_all(int descriptor, const char *text, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = write(descriptor, text + done, size - done);

		if (put < 0 && errno != EINTR)
			return -1;
		if (put > 0)
			done += (size_t)put;
	}
	return fsync(descriptor);
}

/*
 * Root makes the key for the service: a folder of root's that has the service's group and is closed
 * to others says who that is, and the file gets the same group and 0640. Anywhere else it stays its
 * owner's alone.
 */
static int
share_with_group(struct arena *arena, int descriptor, const char *path)
{
	char *folder = arena_strdup(arena, path);
	struct stat status;

	if (geteuid() != 0 || stat(dirname(folder), &status) != 0 || status.st_uid != 0 ||
	    status.st_gid == 0 || (status.st_mode & (S_IWGRP | S_IRWXO)))
		return 0;
	return fchown(descriptor, 0, status.st_gid) == 0 ? fchmod(descriptor, 0640) : -1;
}

int
seal_master_make(struct arena *arena, const struct rand_source *source, const char *path,
		 const char **why)
{
	uint8_t key[SEAL_KEY_SIZE];
	char text[B64URL_SIZE(SEAL_KEY_SIZE) + 2];
	int result = 0;
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (descriptor < 0) {
		*why = arena_printf(arena, "master key file %s: %s", path, strerror(errno));
		return -1;
	}
	rand_fill(source, key, sizeof(key));
	b64url_write(text, key, sizeof(key));
	text[B64_TEXT] = '\n';
	if (write_all(descriptor, text, B64_TEXT + 1) != 0 ||
	    share_with_group(arena, descriptor, path) != 0) {
		*why = arena_printf(arena, "master key file %s: %s", path, strerror(errno));
		unlink(path);
		result = -1;
	}
	close(descriptor);
	hash_wipe(key, sizeof(key));
	hash_wipe(text, sizeof(text));
	return result;
}
