/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the broker of a test: NSS out of files of its own, so that people can come, go and
 * be locked without being root. Where FILE.down exists the service is down: an error number, as
 * from a name service whose socket is missing. Each call is written to FILE.calls with the number
 * of the process that made it.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file of passwd, group or shadow, or NULL when it is down. */
static FILE *
open_file(const char *name, int note)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s.calls", getenv("OSTIARY_TEST_NSS"));
	file = note ? fopen(path, "ae") : NULL;
	if (file) {
		fprintf(file, "%ld\n", (long)getpid());
		fclose(file);
	}
	snprintf(path, sizeof(path), "%s.down", getenv("OSTIARY_TEST_NSS"));
	if (access(path, F_OK) == 0)
		return NULL;
	snprintf(path, sizeof(path), "%s.%s", getenv("OSTIARY_TEST_NSS"), name);
	return fopen(path, "re");
}

int
getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	   struct passwd **result)
{
	FILE *file = open_file("passwd", 1);
	int error = 0;

	*result = NULL;
	if (!file)
		return ENOENT;
	while ((error = fgetpwent_r(file, entry, buffer, size, result)) == 0) {
		if (strcmp(entry->pw_name, name) == 0)
			break;
	}
	fclose(file);
	if (error != 0)
		*result = NULL;
	return error == ENOENT ? 0 : error;
}

struct passwd *
getpwnam(const char *name)
{
	static struct passwd entry;
	static char buffer[4096];
	struct passwd *result;

	errno = getpwnam_r(name, &entry, buffer, sizeof(buffer), &result);
	return result;
}

int
getspnam_r(const char *name, struct spwd *entry, char *buffer, size_t size, struct spwd **result)
{
	FILE *file = open_file("shadow", 1);
	int error = 0;

	*result = NULL;
	if (!file)
		return EACCES;
	while ((error = fgetspent_r(file, entry, buffer, size, result)) == 0) {
		if (strcmp(entry->sp_namp, name) == 0)
			break;
	}
	fclose(file);
	if (error != 0)
		*result = NULL;
	return error == ENOENT ? 0 : error;
}

int
getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, struct group **result)
{
	FILE *file = open_file("group", 1);
	int error = 0;

	*result = NULL;
	if (!file)
		return ENOENT;
	while ((error = fgetgrent_r(file, entry, buffer, size, result)) == 0) {
		if (entry->gr_gid == gid)
			break;
	}
	fclose(file);
	if (error != 0)
		*result = NULL;
	return error == ENOENT ? 0 : error;
}

static int
is_member(const struct group *entry, const char *name)
{
	for (char **member = entry->gr_mem; *member; member++) {
		if (strcmp(*member, name) == 0)
			return 1;
	}
	return 0;
}

int
getgrouplist(const char *name, gid_t first, gid_t *groups, int *count)
{
	FILE *file = open_file("group", 1);
	const struct group *entry;
	int room = *count, found = 1;

	if (room > 0)
		groups[0] = first;
	while (file && (entry = fgetgrent(file))) {
		if (!is_member(entry, name))
			continue;
		if (found < room)
			groups[found] = entry->gr_gid;
		found++;
	}
	if (file)
		fclose(file);
	*count = found;
	return found <= room ? found : -1;
}
