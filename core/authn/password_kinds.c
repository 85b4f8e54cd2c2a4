/* SPDX-License-Identifier: ISC */
/*
 * One table of accepted hashes: prefix, bounds, verifier. Kinds of crypt(3) and argon2 are verified
 * here, those made of plain digests in password_digest.c.
 */
#include "core/authn/password_kinds.h"

#include <argon2.h>
#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/num.h"
#include "core/base/str.h"

#define YESCRYPT_PREFIX     "$y$"
#define YESCRYPT_N_MAX      14 /* 'C': 128 MiB */
#define YESCRYPT_R_MAX      31 /* 'T': blocks of 4 KiB */
#define BCRYPT_COST_MIN     4
#define BCRYPT_COST_MAX     15
#define SHACRYPT_ROUNDS_MAX 1000000
#define ARGON2_KIB_MAX      262144
#define ARGON2_TIME_MAX     10
#define ARGON2_LANES_MAX    8
#define WORDPRESS_PREFIX    "$wp"
#define DES_SIZE            13 /* two characters of salt, eleven of the digest */

static enum password_verdict
verify_crypt(const char *stored, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	enum password_verdict verdict = PASSWORD_WRONG;
	const char *made;

	if (!data)
		bug("out of memory");
	made = crypt_rn(password, stored, data, sizeof(*data));
	/* all hashes of one setting are of one length: another one is cut off or no hash at all */
	if (!made || strlen(made) != strlen(stored))
		verdict = PASSWORD_UNUSABLE;
	else if (hash_equal(made, stored, strlen(stored)))
		verdict = PASSWORD_RIGHT;
	hash_wipe(data, sizeof(*data));
	free(data);
	return verdict;
}

static enum password_verdict
verify_wordpress(const char *stored, const char *password)
{
	char input[PASSWORD_WORDPRESS_SIZE];
	enum password_verdict verdict;

	password_wordpress_input(password, input);
	verdict = verify_crypt(stored + strlen(WORDPRESS_PREFIX), input);
	hash_wipe(input, sizeof(input));
	return verdict;
}

static enum password_verdict
argon2_verdict(int code)
{
	if (code == ARGON2_OK)
		return PASSWORD_RIGHT;
	return code == ARGON2_VERIFY_MISMATCH ? PASSWORD_WRONG : PASSWORD_UNUSABLE;
}

static enum password_verdict
verify_argon2id(const char *stored, const char *password)
{
	return argon2_verdict(argon2id_verify(stored, password, strlen(password)));
}

static enum password_verdict
verify_argon2i(const char *stored, const char *password)
{
	return argon2_verdict(argon2i_verify(stored, password, strlen(password)));
}

unsigned
password_crypt_digit(char c)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (unsigned)(at - digits) : 64;
}

/* "$y$" flavour N r "$": no further parameters. */
static bool
yescrypt_bounded(const char *stored)
{
	const char *text = stored + strlen(YESCRYPT_PREFIX);

	return text[0] == 'j' && password_crypt_digit(text[1]) <= YESCRYPT_N_MAX &&
	       password_crypt_digit(text[2]) <= YESCRYPT_R_MAX && text[3] == '$';
}

/* A decimal number of at most nine digits up to a character; -1 when it is none. */
static int64_t
number_until(const char *text, char end)
{
	char digits[10];
	const char *stop = strchr(text, end);
	int64_t value;

	if (!stop || (size_t)(stop - text) >= sizeof(digits))
		return -1;
	memcpy(digits, text, (size_t)(stop - text));
	digits[stop - text] = '\0';
	return num_parse_int64(digits, 0, INT32_MAX, &value) == 0 ? value : -1;
}

static bool
bcrypt_bounded(const char *stored)
{
	int64_t cost = number_until(stored + 4, '$');

	return cost >= BCRYPT_COST_MIN && cost <= BCRYPT_COST_MAX;
}

static bool
wordpress_bounded(const char *stored)
{
	return bcrypt_bounded(stored + strlen(WORDPRESS_PREFIX));
}

static bool
shacrypt_bounded(const char *stored)
{
	static const char rounds[] = "rounds=";
	int64_t number;

	if (!str_starts(stored + 3, rounds))
		return true; /* 5000 */
	number = number_until(stored + 3 + strlen(rounds), '$');
	return number > 0 && number <= SHACRYPT_ROUNDS_MAX;
}

/* "$argon2id$v=19$m=65536,t=3,p=4$salt$digest" */
static bool
argon2_bounded(const char *stored)
{
	const char *m = strstr(stored, "$m=");
	const char *t = m ? strstr(m, ",t=") : NULL;
	const char *p = t ? strstr(t, ",p=") : NULL;
	int64_t kib, time, lanes;

	if (!p)
		return false;
	kib = number_until(m + 3, ',');
	time = number_until(t + 3, ',');
	lanes = number_until(p + 3, '$');
	return kib > 0 && kib <= ARGON2_KIB_MAX && time > 0 && time <= ARGON2_TIME_MAX &&
	       lanes > 0 && lanes <= ARGON2_LANES_MAX;
}

/* Each computes the same whatever the hash says. */
static bool
always_bounded(const char *stored)
{
	(void)stored;
	return true;
}

/* The oldest kind has no prefix. */
static bool
is_des(const char *stored)
{
	if (strlen(stored) != DES_SIZE)
		return false;
	for (; *stored; stored++)
		if (password_crypt_digit(*stored) > 63)
			return false;
	return true;
}

#define BCRYPT_REFUSAL   "its bcrypt cost is not between 4 and 15"
#define SHACRYPT_REFUSAL "it has more than 1000000 rounds"
#define ARGON2_REFUSAL   "its argon2 cost is over 256 MiB, 10 passes or 8 lanes"
#define PHPASS_REFUSAL   "its phpass rounds are not between 2^7 and 2^17"

/* clang-format off */
static const struct password_kind kinds[] = {
	{YESCRYPT_PREFIX, yescrypt_bounded, verify_crypt, "its yescrypt cost is over 128 MiB"},
	{"$2a$", bcrypt_bounded, verify_crypt, BCRYPT_REFUSAL},
	{"$2b$", bcrypt_bounded, verify_crypt, BCRYPT_REFUSAL},
	{"$2y$", bcrypt_bounded, verify_crypt, BCRYPT_REFUSAL},
	{WORDPRESS_PREFIX "$2y$", wordpress_bounded, verify_wordpress, BCRYPT_REFUSAL},
	{"$5$", shacrypt_bounded, verify_crypt, SHACRYPT_REFUSAL},
	{"$6$", shacrypt_bounded, verify_crypt, SHACRYPT_REFUSAL},
	{"$argon2id$", argon2_bounded, verify_argon2id, ARGON2_REFUSAL},
	{"$argon2i$", argon2_bounded, verify_argon2i, ARGON2_REFUSAL},
	{"$P$", password_phpass_bounded, password_phpass, PHPASS_REFUSAL},
	{"$H$", password_phpass_bounded, password_phpass, PHPASS_REFUSAL},
	{"$1$", always_bounded, verify_crypt, ""},
	{"$apr1$", always_bounded, password_apr1, ""},
	{"{", always_bounded, password_ldap, ""},
	{"", is_des, verify_crypt,
	 "its kind is not one of $y$ $2a$ $2b$ $2y$ $wp$2y$ $5$ $6$ $1$ $apr1$ $P$ $H$ $argon2id$"
	 " $argon2i$ {SHA} {SSHA} {SHA256} {SSHA256} {SHA512} {SSHA512} or DES"},
};
/* clang-format on */

const struct password_kind *
password_kind_of(const char *stored)
{
	const struct password_kind *kind = kinds;

	while (!str_starts(stored, kind->prefix))
		kind++;
	return kind;
}

/* Nextcloud writes a number in front, directories that it is for crypt(3). */
const char *
password_unwrapped(const char *stored)
{
	static const char *const wrappers[] = {"1|", "2|", "3|", "{CRYPT}"};

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		if (strncasecmp(stored, wrappers[i], strlen(wrappers[i])) == 0)
			return stored + strlen(wrappers[i]);
	return stored;
}
