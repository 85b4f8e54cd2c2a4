/* SPDX-License-Identifier: ISC */
/*
 * base64url without padding (RFC 4648 5, RFC 7515 2) and ordinary base64 with padding (RFC 7617).
 * Decoding is strict: no other characters, no blanks, no non-zero trailing bits, no impossible
 * length.
 */
#ifndef OSTIARY_BASE_B64_H
#define OSTIARY_BASE_B64_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Characters that size bytes take without padding. */
#define B64URL_SIZE(size) (((size)*4 + 2) / 3)

/* base64url text in the arena, without padding. */
char *b64url_encode(struct arena *arena, const void *data, size_t size);

/* Writes B64URL_SIZE(size) characters and a NUL to text. */
void b64url_write(char *text, const void *data, size_t size);

/* The bytes in the arena (a NUL follows them) and *size, or NULL when text is not strict base64url.
 */
uint8_t *b64url_decode(struct arena *arena, const char *text, size_t text_size, size_t *size)
	__attribute__((warn_unused_result));

/* Decodes text that must give exactly size bytes. 0, or -1. */
int b64url_decode_exact(const char *text, size_t text_size, void *data, size_t size)
	__attribute__((warn_unused_result));

/* Ordinary base64; padding must be right. NULL when it is not. */
uint8_t *b64_decode(struct arena *arena, const char *text, size_t text_size, size_t *size)
	__attribute__((warn_unused_result));
char *b64_encode(struct arena *arena, const void *data, size_t size);

/* Lower-case hexadecimal. */
char *hex_encode(struct arena *arena, const void *data, size_t size);
int hex_decode_exact(const char *text, void *data, size_t size) __attribute__((warn_unused_result));

#endif
