/* SPDX-License-Identifier: ISC */
/*
 * User codes, and what a device's request is worth at a time.
 */
#include "core/model/device.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"

#define LETTERS (sizeof(USER_CODE_LETTERS) - 1)
#define HALF    (USER_CODE_SIZE / 2)

enum device_state
device_state(const struct device_request *request, int64_t now)
{
	if (now >= request->expires_at)
		return DEVICE_EXPIRED;
	if (request->decided_at == 0)
		return DEVICE_PENDING;
	return request->approved ? DEVICE_APPROVED : DEVICE_DENIED;
}

/* Bytes beyond the last whole multiple are drawn again: every letter is as likely as the others. */
static char
draw(const struct rand_source *random)
{
	uint8_t byte;

	do
		rand_fill(random, &byte, sizeof(byte));
	while (byte >= 256 / LETTERS * LETTERS);
	return USER_CODE_LETTERS[byte % LETTERS];
}

char *
user_code_make(struct arena *arena, const struct rand_source *random)
{
	char *code = arena_alloc(arena, USER_CODE_SIZE + 1);

	for (size_t i = 0; i < USER_CODE_SIZE; i++)
		code[i] = draw(random);
	return code;
}

char *
user_code_normalise(struct arena *arena, const char *text)
{
	char *code = arena_alloc(arena, USER_CODE_SIZE + 1);
	size_t size = 0;

	if (!text || strlen(text) > USER_CODE_INPUT_MAX)
		return NULL;
	for (; *text; text++) {
		char letter = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;

		if (strchr("- \t", letter))
			continue;
		if (!strchr(USER_CODE_LETTERS, letter) || size == USER_CODE_SIZE)
			return NULL;
		code[size++] = letter;
	}
	return size == USER_CODE_SIZE ? code : NULL;
}

char *
user_code_show(struct arena *arena, const char *code)
{
	return arena_printf(arena, "%.*s-%s", HALF, code, code + HALF);
}

void
device_code_hash(const uint8_t hash[SHA256_SIZE], uint8_t code_hash[SHA256_SIZE])
{
	/* longer than a handle's secret, so the digest of no secret */
	uint8_t text[sizeof("device") + SHA256_SIZE] = "device";

	memcpy(text + sizeof("device"), hash, SHA256_SIZE);
	hash_sha256(text, sizeof(text), code_hash);
}

static const struct {
	int family;
	size_t network; /* bytes */
} families[] = {{AF_INET, 3}, {AF_INET6, 8}};

enum device_distance
device_distance(const char *address, const char *other)
{
	uint8_t a[16], b[16];

	for (size_t i = 0; address && other && i < sizeof(families) / sizeof(families[0]); i++) {
		if (inet_pton(families[i].family, address, a) != 1 ||
		    inet_pton(families[i].family, other, b) != 1)
			continue;
		return memcmp(a, b, families[i].network) == 0 ? DEVICE_NEAR : DEVICE_FAR;
	}
	return DEVICE_SOMEWHERE;
}
