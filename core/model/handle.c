/* SPDX-License-Identifier: ISC */
/*
 * Making and reading handles.
 */
#include "core/model/handle.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/str.h"

#define PACKED_SIZE (ID_SIZE + HANDLE_SECRET_SIZE)

void
handle_renew(const struct rand_source *random, struct handle *handle)
{
	rand_fill(random, handle->secret, sizeof(handle->secret));
	hash_sha256(handle->secret, sizeof(handle->secret), handle->hash);
}

void
handle_make(const struct rand_source *random, int64_t now_ms, struct handle *handle)
{
	id_make(random, now_ms, handle->id);
	handle_renew(random, handle);
}

char *
handle_text(struct arena *arena, const char *prefix, const struct handle *handle)
{
	uint8_t packed[PACKED_SIZE];
	char encoded[B64URL_SIZE(PACKED_SIZE) + 1];
	char *text;

	memcpy(packed, handle->id, ID_SIZE);
	memcpy(packed + ID_SIZE, handle->secret, HANDLE_SECRET_SIZE);
	b64url_write(encoded, packed, sizeof(packed));
	text = arena_printf(arena, "%s%s", prefix, encoded);
	hash_wipe(packed, sizeof(packed));
	hash_wipe(encoded, sizeof(encoded));
	return text;
}

int
handle_parse(const char *prefix, const char *text, struct handle *handle)
{
	uint8_t packed[PACKED_SIZE];
	size_t prefix_size = strlen(prefix);

	if (!text || !str_starts(text, prefix) ||
	    b64url_decode_exact(text + prefix_size, strlen(text + prefix_size), packed,
				sizeof(packed)) != 0)
		return -1;
	memcpy(handle->id, packed, ID_SIZE);
	memcpy(handle->secret, packed + ID_SIZE, HANDLE_SECRET_SIZE);
	hash_sha256(handle->secret, sizeof(handle->secret), handle->hash);
	hash_wipe(packed, sizeof(packed));
	return 0;
}
