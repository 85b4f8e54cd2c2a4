/* SPDX-License-Identifier: ISC */
/*
 * Cache-Control: any bytes give an age within the limits, and one more "no-store" gives 0.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/cache_control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] = "no-store,";
	char *text = malloc(sizeof(first) - 1 + size);
	int64_t age = cache_control_max_age((const char *)data, size);

	if (age < -1 || age > CACHE_AGE_MAX)
		abort();
	memcpy(text, first, sizeof(first) - 1);
	if (size > 0)
		memcpy(text + sizeof(first) - 1, data, size);
	if (cache_control_max_age(text, sizeof(first) - 1 + size) != 0)
		abort();
	free(text);
	return 0;
}
