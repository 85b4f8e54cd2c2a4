/* SPDX-License-Identifier: ISC */
/*
 * The system's randomness and clock, and identifiers that sort by the time they were made, so that
 * rows with them land at the end of an index.
 */
#include "core/base/rand.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>
#include <time.h>

#include "core/base/bug.h"

#define ID_TIME_SIZE 6

static void
fill_from_system(void *context, void *data, size_t size)
{
	uint8_t *at = data;

	(void)context;
	if (size > INT_MAX)
		bug("so much randomness is a mistake");
	while (size > 0) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno != EINTR)
			bug("no randomness");
		if (got > 0) {
			at += got;
			size -= (size_t)got;
		}
	}
}

static int64_t
now_from_system(void *context)
{
	struct timespec now;

	(void)context;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		bug("no clock");
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct rand_source rand_system = {.fill = fill_from_system};
const struct clock clock_system = {.now_ms = now_from_system};

void
rand_fill(const struct rand_source *source, void *data, size_t size)
{
	source->fill(source->context, data, size);
}

void
id_make(const struct rand_source *source, int64_t now_ms, uint8_t id[ID_SIZE])
{
	for (size_t i = 0; i < ID_TIME_SIZE; i++)
		id[i] = (uint8_t)((uint64_t)now_ms >> (8 * (ID_TIME_SIZE - 1 - i)));
	rand_fill(source, id + ID_TIME_SIZE, ID_SIZE - ID_TIME_SIZE);
}
