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

/* "deny = 4" of faillock.conf, or "deny=4" behind the module's name. */
static bool
reads_deny(char *line, int64_t *deny)
{
	char *word = strstr(line, "deny");
	size_t size;

	if (!word || (word > line && !strchr(BLANKS, word[-1])))
		return false;
	word += strlen("deny");
	word += strspn(word, BLANKS);
	if (*word != '=')
		return false;
	word++;
	word += strspn(word, BLANKS);
	size = strcspn(word, BLANKS);
	word[size] = '\0';
	return num_parse_int64(word, 0, DENY_MAX, deny) == 0;
}

/* A stack that uses the module; a number of its own counts more than the file's. */
static bool
uses_faillock(char *line, int64_t *deny)
{
	int64_t own;

	if (!strstr(line, "pam_faillock.so"))
		return false;
	if (reads_deny(line, &own))
		*deny = own;
	return true;
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
		int64_t own = -1, deny;

		if (entry->d_name[0] == '.' || !any_line(stack, uses_faillock, &own))
			continue;
		deny = own >= 0 ? own : usual;
		if (deny == 0 || (smallest > 0 && deny >= smallest))
			continue;
		smallest = deny;
		*from = own >= 0 ? stack : file;
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
