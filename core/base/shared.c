/* SPDX-License-Identifier: ISC */
/*
 * Files that the workers of a host share. The mapping is grown but never shrunk, because a process
 * that has it mapped would die of it. Of the ring only the header is mapped (it holds the counter);
 * records go through pwrite() and pread(), so a file cut short costs records and no process.
 */
#include "core/base/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"

#define RING_HEADER_SIZE 4096
#define RING_MAGIC       "ostring1"

/* No host writes so many records: a counter above it is damage, and would soon wrap around. */
#define RING_RECORDS_MAX (UINT64_MAX / 2)

struct ring_header {
	char magic[sizeof(RING_MAGIC) - 1];
	_Atomic uint64_t next; /* records ever begun */
};

struct ring {
	int fd;
	struct ring_header *header;
};

/* Closes fd and keeps errno, or sets it to error when that is not 0. */
static int
close_failed(int fd, int error)
{
	int kept = error != 0 ? error : errno;

	close(fd);
	errno = kept;
	return -1;
}

/* A regular file that nobody else may read or write. Where root reads for the administrator, the
 * file may be another's. */
static int
open_private(const char *path, bool root_may)
{
	struct stat status;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) != 0)
		return close_failed(fd, 0);

	bool is_ours = status.st_uid == geteuid() || (root_may && geteuid() == 0);

	if (!S_ISREG(status.st_mode) || !is_ours || (status.st_mode & 0177) != 0)
		return close_failed(fd, EPERM);
	return fd;
}

/* Makes the file at least size bytes long, on disk, and maps them. */
static void *
map_start(int fd, size_t size)
{
	int error = posix_fallocate(fd, 0, (off_t)size);

	if (error != 0) {
		errno = error;
		return NULL;
	}

	void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return mapping == MAP_FAILED ? NULL : mapping;
}

void *
shared_map(const char *path, size_t size)
{
	int fd = open_private(path, false);

	if (fd < 0)
		return NULL;

	void *mapping = map_start(fd, size);

	close_failed(fd, 0);
	return mapping;
}

void
shared_unmap(void *mapping, size_t size)
{
	if (mapping != NULL)
		munmap(mapping, size);
}

static bool
is_ring(struct ring_header *header)
{
	return memcmp(header->magic, RING_MAGIC, sizeof(header->magic)) == 0 &&
	       atomic_load(&header->next) <= RING_RECORDS_MAX;
}

/* Makes a damaged file an empty ring. The header page stays: others may have it mapped. */
static int
remake_unless_ring(struct ring *ring)
{
	int result = 0;

	if (flock(ring->fd, LOCK_EX) != 0)
		return -1;
	if (!is_ring(ring->header)) {
		result = ftruncate(ring->fd, RING_HEADER_SIZE);
		atomic_store(&ring->header->next, 0);
		memcpy(ring->header->magic, RING_MAGIC, sizeof(ring->header->magic));
	}
	flock(ring->fd, LOCK_UN);
	return result;
}

struct ring *
ring_open(const char *path)
{
	int fd = open_private(path, true);

	if (fd < 0)
		return NULL;

	struct ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		bug("out of memory");
	ring->fd = fd;
	ring->header = map_start(fd, RING_HEADER_SIZE);
	if (ring->header == NULL || remake_unless_ring(ring) != 0) {
		int error = errno;

		ring_close(ring);
		errno = error;
		return NULL;
	}
	return ring;
}

void
ring_close(struct ring *ring)
{
	if (ring == NULL)
		return;
	shared_unmap(ring->header, RING_HEADER_SIZE);
	close(ring->fd);
	free(ring);
}

static off_t
slot_offset(uint64_t number)
{
	return (off_t)(RING_HEADER_SIZE + number % RING_SLOTS * RING_SLOT_SIZE);
}

/* A record that does not reach the disk is a record less to explain; the request goes on. */
void
ring_write(struct ring *ring, const char *text)
{
	char slot[RING_SLOT_SIZE] = "";
	uint64_t number = atomic_fetch_add(&ring->header->next, 1);

	memcpy(slot, text, strnlen(text, sizeof(slot) - 1));
	if (pwrite(ring->fd, slot, sizeof(slot), slot_offset(number)) < 0)
		return;
}

char *
ring_find(struct ring *ring, struct arena *arena, const char *prefix)
{
	char slot[RING_SLOT_SIZE];
	uint64_t next = atomic_load(&ring->header->next);
	uint64_t count = next < RING_SLOTS ? next : RING_SLOTS;

	for (uint64_t i = 1; i <= count; i++) {
		ssize_t size = pread(ring->fd, slot, sizeof(slot), slot_offset(next - i));

		if (size != (ssize_t)sizeof(slot) || slot[0] == '\0')
			continue;
		slot[sizeof(slot) - 1] = '\0';
		if (str_starts(slot, prefix))
			return arena_strdup(arena, slot);
	}
	return NULL;
}
