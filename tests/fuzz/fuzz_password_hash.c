/* SPDX-License-Identifier: ISC */
/*
 * Stored hashes that somebody else wrote, with a password behind a NUL: verifying them ends soon,
 * what is malformed is right for nobody, and what is accepted for import can be verified. Costs
 * beyond what a fuzzer has time for are left out by their numbers, which test_password.c looks at.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/authn/password.h"
#include "core/base/arena.h"
#include "core/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

/* Costs are what makes a hash good: cheap ones alone are tried many times. */
static int
is_dear(const char *hash)
{
	static const char *const dear[] = {"$y$", "$2", "rounds=", "$argon2i", "$P$", "$H$"};
	static const char *const cheap[] = {"$y$j75$",       "$2y$04$", "rounds=1000$",
					    "m=64,t=1,p=1$", "$P$5",    "$H$5"};

	for (size_t i = 0; i < sizeof(dear) / sizeof(dear[0]); i++)
		if (strstr(hash, dear[i]) && !strstr(hash, cheap[i]))
			return 1;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	const char *hash = arena_copy(arena, data, size);
	size_t used = strlen(hash);
	const char *password = used < size ? hash + used + 1 : "";
	const char *why = NULL;

	if (!is_dear(hash)) {
		enum password_verdict verdict = password_verify(hash, password);

		if (password_hash_check(hash, &why) == 0)
			require(verdict != PASSWORD_UNUSABLE);
		else
			require(why && str_printable(why) && verdict != PASSWORD_RIGHT);
	}
	arena_free(arena);
	return 0;
}
