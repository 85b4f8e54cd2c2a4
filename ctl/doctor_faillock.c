/* SPDX-License-Identifier: ISC */
/*
 * pam_faillock locks an account of the host after some failures, our throttle makes people wait.
 * Ours has to come first, else a stranger at the sign-in page locks people out of the host.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "core/model/source.h"
#include "ctl/doctor.h"

#define ETC           "/etc"
#define DENY_FALLBACK 3 /* of pam_faillock, where nothing says deny */
#define DENY_MAX      1000000
#define BLANKS        " \t\r\n"
#define LINE_BYTES    1024
#define UNUSED        (-2) /* pam_faillock is not in a stack */
#define UNSAID        (-1) /* it is, without a number */

/* Calls each() for every line that is no comment, until it says true. Whether it did. */
static bool
any_line(const char *path, bool (*each)(char *line, int64_t *number), int64_t *number)
{
	FILE *in = fopen(path, "re");
	char line[LINE_BYTES];
	bool found = false;

	if (!in)
		return false;
	while (!found && fgets(line, sizeof(line), in)) {
		const char *text = line + strspn(line, BLANKS);

		if (*text != '#' && *text != '\0')
			found = each(line, number);
	}
	(void)fclose(in);
	return found;
}

/* What stands behind "deny" and "=" when it begins there; NULL. */
static char *
value_of_deny(const char *line, char *word)
{
	if (word > line && !strchr(BLANKS, word[-1]))
		return NULL; /* even_deny_root */
	word += strlen("deny");
	word += strspn(word, BLANKS);
	return *word == '=' ? word + 1 + strspn(word + 1, BLANKS) : NULL;
}

/* "deny = 4" of faillock.conf, or "deny=4" behind the module's name. */
static bool
reads_deny(char *line, int64_t *deny)
{
	char *word = strstr(line, "deny");
	char *value = NULL;

	for (; word && !value; word = strstr(word + 1, "deny"))
		value = value_of_deny(line, word);
	if (!value)
		return false;
	value[strcspn(value, BLANKS)] = '\0';
	return num_parse_int64(value, 0, DENY_MAX, deny) == 0;
}

/* Notes the smallest number of a stack's lines; it counts more than the file's. */
static bool
notes_faillock(char *line, int64_t *deny)
{
	int64_t own;

	if (!strstr(line, "pam_faillock.so"))
		return false;
	if (*deny == UNUSED)
		*deny = UNSAID;
	if (reads_deny(line, &own) && (*deny == UNSAID || own < *deny))
		*deny = own;
	return false; /* the next line too */
}

/* The smallest number of failures that locks an account, and the file that says so, or might; 0:
 * nothing does. */
static int64_t
deny_of_host(struct doctor *doctor, const char **from)
{
	struct arena *arena = doctor->cli->arena;
	const char *etc = cli_value(doctor->cli, "--etc");
	const char *folder_path = arena_printf(arena, "%s/pam.d", etc ? etc : ETC);
	const char *file = arena_printf(arena, "%s/security/faillock.conf", etc ? etc : ETC);
	DIR *folder = opendir(folder_path);
	int64_t usual = DENY_FALLBACK, smallest = 0;
	const struct dirent *entry;

	if (!folder)
		return 0;
	(void)any_line(file, reads_deny, &usual);
	while ((entry = readdir(folder))) {
		const char *stack = arena_printf(arena, "%s/%s", folder_path, entry->d_name);
		int64_t own = UNUSED, deny;

		if (entry->d_name[0] != '.')
			(void)any_line(stack, notes_faillock, &own);
		if (own == UNUSED)
			continue;
		deny = own == UNSAID ? usual : own;
		if (deny == 0 || (smallest > 0 && deny >= smallest))
			continue;
		smallest = deny;
		*from = own == UNSAID ? file : stack;
	}
	closedir(folder);
	return smallest;
}

static bool
asks_the_host(const struct realm *realm)
{
	for (size_t i = 0; i < realm->sources_count; i++)
		if (realm->sources[i].kind == SOURCE_SERVICE)
			return true;
	return false;
}

void
doctor_faillock(struct doctor *doctor, const struct realm *realm)
{
	int64_t limit = doctor->conf.throttle_account_limit;
	const char *from = NULL;
	int64_t deny;

	if (!asks_the_host(realm))
		return;
	deny = deny_of_host(doctor, &from);
	if (deny == 0)
		return;
	if (limit < deny)
		doctor_find(doctor, FINDING_OK, "throttle",
			    "realm %s: throttle_account_limit %lld is below the %lld of "
			    "pam_faillock",
			    realm->name, (long long)limit, (long long)deny);
	else
		doctor_find(doctor, FINDING_WARNING, "throttle",
			    "realm %s: pam_faillock locks an account after %lld failures, before "
			    "throttle_account_limit %lld makes anybody wait: strangers can lock "
			    "people out of this host; make it less than %lld, or raise deny in %s",
			    realm->name, (long long)deny, (long long)limit, (long long)deny, from);
}
