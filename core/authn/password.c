/* SPDX-License-Identifier: ISC */
/*
 * One table of accepted hashes: prefix, bound, verifier.
 */
#include "core/authn/password.h"

#include <argon2.h>
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/num.h"
#include "core/base/rand.h"
#include "core/base/str.h"
#include "core/model/account.h"

#define YESCRYPT_PREFIX     "$y$"
#define YESCRYPT_OURS       "$y$j9T$" /* Debian's default: 16 MiB, about 20 ms */
#define YESCRYPT_COST       5
#define YESCRYPT_N_MAX      14 /* 'C': 128 MiB */
#define YESCRYPT_R_MAX      31 /* 'T': blocks of 4 KiB */
#define BCRYPT_COST_MIN     4
#define BCRYPT_COST_MAX     15
#define SHACRYPT_ROUNDS_MAX 1000000
#define ARGON2_KIB_MAX      262144
#define ARGON2_TIME_MAX     10
#define ARGON2_LANES_MAX    8

/* A valid hash of ours that belongs to nobody: the digest part cannot come out of any password that
 * is known. */
#define NOBODY YESCRYPT_OURS "9x0yLq4mPzS2ktfWnRcB7/$3tYx8n0b4m1c6v2r5w9q7e0z8a3s6d1f4g7h0j2k5l8"

struct kind {
	const char *prefix;
	bool (*bounded)(const char *stored);
	enum password_verdict (*verify)(const char *stored, const char *password);
	const char *refusal;
};

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
verify_argon2id(const char *stored, const char *password)
{
	int code = argon2id_verify(stored, password, strlen(password));

	if (code == ARGON2_OK)
		return PASSWORD_RIGHT;
	return code == ARGON2_VERIFY_MISMATCH ? PASSWORD_WRONG : PASSWORD_UNUSABLE;
}

/* The value of a character in crypt's base 64, or 64. */
static unsigned
crypt_digit(char c)
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

	return text[0] == 'j' && crypt_digit(text[1]) <= YESCRYPT_N_MAX &&
	       crypt_digit(text[2]) <= YESCRYPT_R_MAX && text[3] == '$';
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

static const struct kind kinds[] = {
	{YESCRYPT_PREFIX, yescrypt_bounded, verify_crypt, "its yescrypt cost is over 128 MiB"},
	{"$2a$", bcrypt_bounded, verify_crypt, "its bcrypt cost is not between 4 and 15"},
	{"$2b$", bcrypt_bounded, verify_crypt, "its bcrypt cost is not between 4 and 15"},
	{"$2y$", bcrypt_bounded, verify_crypt, "its bcrypt cost is not between 4 and 15"},
	{"$5$", shacrypt_bounded, verify_crypt, "it has more than 1000000 rounds"},
	{"$6$", shacrypt_bounded, verify_crypt, "it has more than 1000000 rounds"},
	{"$argon2id$", argon2_bounded, verify_argon2id,
	 "its argon2id cost is over 256 MiB, 10 passes or 8 lanes"},
};

static const struct kind *
kind_of(const char *stored)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(stored, kinds[i].prefix))
			return &kinds[i];
	return NULL;
}

char *
password_hash(struct arena *arena, const struct rand_source *random, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char entropy[32];
	const char *made;
	char *copy;

	rand_fill(random, entropy, sizeof(entropy));
	if (!data || !crypt_gensalt_rn(YESCRYPT_PREFIX, YESCRYPT_COST, entropy, sizeof(entropy),
				       setting, sizeof(setting)))
		bug("no yescrypt setting can be made");
	made = crypt_rn(password, setting, data, sizeof(*data));
	if (!made)
		bug("a password that cannot be hashed was not refused");
	copy = arena_strdup(arena, made);
	hash_wipe(data, sizeof(*data));
	free(data);
	return copy;
}

enum password_verdict
password_verify(const char *stored, const char *password)
{
	const struct kind *kind = kind_of(stored);

	if (strlen(password) > PASSWORD_MAX)
		return PASSWORD_WRONG;
	if (!kind || !kind->bounded(stored))
		return PASSWORD_UNUSABLE;
	return kind->verify(stored, password);
}

void
password_verify_nobody(const char *password)
{
	if (password_verify(NOBODY, password) == PASSWORD_RIGHT)
		bug("somebody found the password of nobody");
}

int
password_hash_check(const char *stored, const char **why)
{
	const struct kind *kind = kind_of(stored);

	if (!kind)
		*why = "its kind is not one of $y$ $2a$ $2b$ $2y$ $5$ $6$ $argon2id$";
	else if (strlen(stored) > PASSWORD_HASH_MAX)
		*why = "it is longer than 255 characters";
	else if (!kind->bounded(stored))
		*why = kind->refusal;
	else if (kind->verify(stored, "") == PASSWORD_UNUSABLE)
		*why = "it is malformed";
	else
		return 0;
	return -1;
}

bool
password_is_old(const char *stored)
{
	return !str_starts(stored, YESCRYPT_OURS);
}
