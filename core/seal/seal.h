/* SPDX-License-Identifier: ISC */
/*
 * Sealed values: what the database, a form field or a cookie holds of ours and must neither be read
 * nor be moved elsewhere. AES-256-GCM under a key of its own for each value (HKDF-SHA256 of the
 * master key, a fresh salt and the purpose), with purpose, realm and row as associated data.
 *
 *   version 1 | master id 4 | salt 16 | nonce 12 | ciphertext | tag 16
 */
#ifndef OSTIARY_SEAL_SEAL_H
#define OSTIARY_SEAL_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct rand_source;

#define SEAL_KEY_SIZE    32
#define SEAL_ID_SIZE     4
#define SEAL_OVERHEAD    49    /* bytes that a sealed value is longer than the plain one */
#define SEAL_PLAIN_MAX   65536 /* bytes of one plain value */
#define SEAL_MASTERS_MAX 4     /* the current master and the previous ones of a rewrap */
#define SEAL_PURPOSE_MAX 64    /* bytes of a purpose, and of a realm and of a row: */
#define SEAL_REALM_MAX   256
#define SEAL_ROW_MAX     256

/* The master keys: one seals, all open. Made once in a long-lived arena; one thread uses it. */
struct master;

enum seal_verdict {
	SEAL_OK,
	SEAL_MALFORMED, /* too short or long, another version, or text that is not base64url */
	SEAL_NO_MASTER, /* it was sealed under a master key that is not here */
	SEAL_FORGED,    /* changed, or made for another purpose, realm or row */
};

/* Private text for the log. */
const char *seal_verdict_text(enum seal_verdict verdict);

/* A set with this one master key. */
struct master *seal_master_new(struct arena *arena, const uint8_t key[SEAL_KEY_SIZE])
	__attribute__((returns_nonnull));

/* Adds a key that opens but does not seal. 0, or -1: there are SEAL_MASTERS_MAX, or its id is
 * taken. */
int seal_master_add_previous(struct master *master, const uint8_t key[SEAL_KEY_SIZE])
	__attribute__((warn_unused_result));

/*
 * Reads a master key file: 32 bytes as base64url or hexadecimal text, a newline may follow. The
 * file must be regular, belong to root or to us, and be no wider than 0640. NULL with *why, text
 * for the administrator in the arena, when it is not to be used.
 */
struct master *seal_master_load(struct arena *arena, const char *path, const char **why)
	__attribute__((warn_unused_result));

/* The same for a previous master key. 0, or -1 with *why. */
int seal_master_load_previous(struct master *master, struct arena *arena, const char *path,
			      const char **why) __attribute__((warn_unused_result));

/*
 * Makes a key file of mode 0600; refuses one that exists. Made by root in a folder of root's that
 * has another group and nothing for others, it gets that group and 0640. 0, or -1 with *why.
 */
int seal_master_make(struct arena *arena, const struct rand_source *source, const char *path,
		     const char **why) __attribute__((warn_unused_result));

/* The id of the master key that seals: first bytes of its SHA-256. */
const uint8_t *seal_master_id(const struct master *master);

/* What a value is sealed for. Texts over their maximum are a bug. */
struct seal_place {
	const char *purpose; /* a constant of the caller's: "signing-key", "flow" … */
	const char *realm;   /* "" where there is none */
	const void *row;     /* bytes; NULL with row_size 0 where there is none */
	size_t row_size;
};

/* The sealed value of *sealed_size = size + SEAL_OVERHEAD bytes. More than SEAL_PLAIN_MAX is a bug.
 */
uint8_t *seal_value(struct arena *arena, const struct master *master,
		    const struct rand_source *source, const struct seal_place *place,
		    const void *plain, size_t size, size_t *sealed_size);

/* Opens a sealed value; a NUL follows the plain bytes. Nothing is written unless SEAL_OK. */
enum seal_verdict seal_open(struct arena *arena, const struct master *master,
			    const struct seal_place *place, const void *sealed, size_t sealed_size,
			    uint8_t **plain, size_t *size) __attribute__((warn_unused_result));

/* The same as base64url text: for form fields, cookies and URLs. */
char *seal_text(struct arena *arena, const struct master *master, const struct rand_source *source,
		const struct seal_place *place, const void *plain, size_t size);
enum seal_verdict seal_open_text(struct arena *arena, const struct master *master,
				 const struct seal_place *place, const char *text, uint8_t **plain,
				 size_t *size) __attribute__((warn_unused_result));

/* A value that opens was sealed under a previous master key and wants sealing again. */
bool seal_is_old(const struct master *master, const void *sealed, size_t sealed_size);

/* A key that stays the same as long as the master does: log pseudonyms, counters. Never for
 * sealing. */
void seal_derive(const struct master *master, const char *purpose, const char *realm,
		 uint8_t key[SEAL_KEY_SIZE]);

#endif
