/* SPDX-License-Identifier: ISC */
/*
 * The end of a process that met what cannot happen. Nothing is allocated here and nothing buffered,
 * since the arena itself reports through this.
 */
#include "core/base/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
bug_at(const char *file, int line, const char *reason)
{
	dprintf(STDERR_FILENO, "bug at %s:%d: %s\n", file, line, reason);
	abort();
}
