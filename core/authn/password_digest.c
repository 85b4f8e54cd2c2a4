/* SPDX-License-Identifier: ISC */
/*
 * Hashes made of plain digests, as other applications store them: phpass ("$P$", "$H$"), htpasswd's
 * "$apr1$", the schemes of directories (RFC 2307 and OpenLDAP's of SHA-2), and what WordPress 6.8
 * does before bcrypt. They are weak to whoever steals them, so none is ever made here.
 */
#include "core/authn/password_kinds.h"

#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/digest.h"
#include "core/base/hash.h"
#include "core/model/account.h"

#define ENCODED_SIZE 22 /* characters of an MD5 digest in crypt's base 64 */

/* The low 6 bits first. */
static char *
encode(char *text, uint32_t value, unsigned characters)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (; characters > 0; characters--, value >>= 6)
		*text++ = digits[value & 63];
	return text;
}

static enum password_verdict
compare(const void *made, const void *stored, size_t size)
{
	return hash_equal(made, stored, size) ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

static bool
is_crypt_text(const char *text, size_t size)
{
	if (strlen(text) != size)
		return false;
	for (; *text; text++)
		if (password_crypt_digit(*text) > 63)
			return false;
	return true;
}

/* ---- phpass: "$P$" log2(rounds) salt(8) digest(22) ---- */

#define PHPASS_LOG_MIN   7
#define PHPASS_LOG_MAX   17
#define PHPASS_ROUNDS_AT 3
#define PHPASS_SALT_AT   4
#define PHPASS_SALT_SIZE 8
#define PHPASS_MADE_AT   (PHPASS_SALT_AT + PHPASS_SALT_SIZE)

bool
password_phpass_bounded(const char *stored)
{
	unsigned log = password_crypt_digit(stored[PHPASS_ROUNDS_AT]);

	return log >= PHPASS_LOG_MIN && log <= PHPASS_LOG_MAX;
}

static void
phpass_encode(const uint8_t bytes[MD5_SIZE], char text[ENCODED_SIZE])
{
	for (size_t i = 0; i + 2 < MD5_SIZE; i += 3)
		text = encode(text,
			      bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16,
			      4);
	(void)encode(text, bytes[MD5_SIZE - 1], 2);
}

enum password_verdict
password_phpass(const char *stored, const char *password)
{
	size_t size = strlen(password);
	uint32_t rounds = UINT32_C(1) << password_crypt_digit(stored[PHPASS_ROUNDS_AT]);
	struct digest *md5;
	uint8_t bytes[MD5_SIZE];
	char made[ENCODED_SIZE];

	if (!is_crypt_text(stored + PHPASS_SALT_AT, PHPASS_SALT_SIZE + ENCODED_SIZE))
		return PASSWORD_UNUSABLE;
	md5 = digest_new(DIGEST_MD5);
	if (!md5)
		return PASSWORD_UNUSABLE;
	digest_begin(md5);
	digest_add(md5, stored + PHPASS_SALT_AT, PHPASS_SALT_SIZE);
	digest_add(md5, password, size);
	digest_end(md5, bytes);
	while (rounds-- > 0) {
		digest_begin(md5);
		digest_add(md5, bytes, sizeof(bytes));
		digest_add(md5, password, size);
		digest_end(md5, bytes);
	}
	digest_free(md5);
	phpass_encode(bytes, made);
	return compare(made, stored + PHPASS_MADE_AT, sizeof(made));
}

/* ---- htpasswd: "$apr1$" salt "$" digest(22) ---- */

#define APR1_MAGIC    "$apr1$"
#define APR1_SALT_MAX 8
#define APR1_ROUNDS   1000

struct apr1 {
	struct digest *md5;
	const char *password, *salt;
	size_t size, salt_size;
	uint8_t bytes[MD5_SIZE];
};

static void
apr1_first(struct apr1 *work)
{
	size_t size = work->size;

	digest_begin(work->md5);
	digest_add(work->md5, work->password, size);
	digest_add(work->md5, work->salt, work->salt_size);
	digest_add(work->md5, work->password, size);
	digest_end(work->md5, work->bytes);

	digest_begin(work->md5);
	digest_add(work->md5, work->password, size);
	digest_add(work->md5, APR1_MAGIC, strlen(APR1_MAGIC));
	digest_add(work->md5, work->salt, work->salt_size);
	for (size_t left = size; left > 0; left -= left < MD5_SIZE ? left : MD5_SIZE)
		digest_add(work->md5, work->bytes, left < MD5_SIZE ? left : MD5_SIZE);
	for (size_t bits = size; bits > 0; bits >>= 1)
		digest_add(work->md5, bits & 1 ? "" : work->password, 1);
	digest_end(work->md5, work->bytes);
}

static void
apr1_round(struct apr1 *work, unsigned round)
{
	bool is_odd = round & 1;

	digest_begin(work->md5);
	if (is_odd)
		digest_add(work->md5, work->password, work->size);
	else
		digest_add(work->md5, work->bytes, sizeof(work->bytes));
	if (round % 3)
		digest_add(work->md5, work->salt, work->salt_size);
	if (round % 7)
		digest_add(work->md5, work->password, work->size);
	if (is_odd)
		digest_add(work->md5, work->bytes, sizeof(work->bytes));
	else
		digest_add(work->md5, work->password, work->size);
	digest_end(work->md5, work->bytes);
}

static void
apr1_encode(const uint8_t bytes[MD5_SIZE], char text[ENCODED_SIZE])
{
	static const uint8_t groups[][3] = {
		{12, 6, 0}, {13, 7, 1}, {14, 8, 2}, {15, 9, 3}, {5, 10, 4},
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		text = encode(text,
			      bytes[groups[i][0]] | (uint32_t)bytes[groups[i][1]] << 8 |
				      (uint32_t)bytes[groups[i][2]] << 16,
			      4);
	(void)encode(text, bytes[11], 2);
}

enum password_verdict
password_apr1(const char *stored, const char *password)
{
	struct apr1 work = {
		.password = password,
		.salt = stored + strlen(APR1_MAGIC),
		.size = strlen(password),
	};
	char made[ENCODED_SIZE];

	work.salt_size = strcspn(work.salt, "$");
	if (work.salt_size > APR1_SALT_MAX || work.salt[work.salt_size] != '$' ||
	    !is_crypt_text(work.salt + work.salt_size + 1, ENCODED_SIZE))
		return PASSWORD_UNUSABLE;
	work.md5 = digest_new(DIGEST_MD5);
	if (!work.md5)
		return PASSWORD_UNUSABLE;
	apr1_first(&work);
	for (unsigned round = 0; round < APR1_ROUNDS; round++)
		apr1_round(&work, round);
	digest_free(work.md5);
	apr1_encode(work.bytes, made);
	return compare(made, work.salt + work.salt_size + 1, sizeof(made));
}

/* ---- directories: "{SCHEME}" base64(digest salt) ---- */

#define LDAP_SALT_MAX 64
#define SCRATCH_MAX   4096

static const struct scheme {
	const char *prefix;
	enum digest_kind digest;
	bool is_salted;
} schemes[] = {
	{"{SHA}", DIGEST_SHA1, false},      {"{SSHA}", DIGEST_SHA1, true},
	{"{SHA256}", DIGEST_SHA256, false}, {"{SSHA256}", DIGEST_SHA256, true},
	{"{SHA512}", DIGEST_SHA512, false}, {"{SSHA512}", DIGEST_SHA512, true},
};

static const struct scheme *
scheme_of(const char *stored)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(stored, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			return &schemes[i];
	return NULL;
}

static enum password_verdict
ldap_verify(const struct scheme *scheme, const uint8_t *stored, size_t size, const char *password)
{
	size_t made = digest_size(scheme->digest), salt = size - made;
	struct digest *digest;
	uint8_t bytes[DIGEST_SIZE_MAX];

	if (size < made || salt > LDAP_SALT_MAX || (salt > 0) != scheme->is_salted)
		return PASSWORD_UNUSABLE;
	digest = digest_new(scheme->digest);
	if (!digest)
		return PASSWORD_UNUSABLE;
	digest_begin(digest);
	digest_add(digest, password, strlen(password));
	digest_add(digest, stored + made, salt);
	digest_end(digest, bytes);
	digest_free(digest);
	return compare(bytes, stored, made);
}

enum password_verdict
password_ldap(const char *stored, const char *password)
{
	const struct scheme *scheme = scheme_of(stored);
	struct arena *arena;
	enum password_verdict verdict = PASSWORD_UNUSABLE;
	const char *text;
	uint8_t *bytes;
	size_t size;

	if (!scheme || strlen(stored) > PASSWORD_HASH_MAX)
		return PASSWORD_UNUSABLE;
	text = stored + strlen(scheme->prefix);
	arena = arena_new(SCRATCH_MAX);
	bytes = b64_decode(arena, text, strlen(text), &size);
	if (bytes)
		verdict = ldap_verify(scheme, bytes, size, password);
	arena_free(arena);
	return verdict;
}

/* ---- WordPress 6.8 ---- */

/* WordPress takes the blanks at the ends of a password away, as PHP's trim() does. */
static const char *
trimmed(const char *password, size_t *size)
{
	static const char blanks[] = " \t\n\r\v";

	password += strspn(password, blanks);
	*size = strlen(password);
	while (*size > 0 && strchr(blanks, password[*size - 1]))
		(*size)--;
	return password;
}

void
password_wordpress_input(const char *password, char input[PASSWORD_WORDPRESS_SIZE])
{
	struct arena *arena = arena_new(SCRATCH_MAX);
	uint8_t bytes[SHA384_SIZE];
	size_t size;

	password = trimmed(password, &size);
	digest_hmac_sha384("wp-sha384", password, size, bytes);
	memcpy(input, b64_encode(arena, bytes, sizeof(bytes)), PASSWORD_WORDPRESS_SIZE);
	hash_wipe(bytes, sizeof(bytes));
	arena_free(arena);
}
