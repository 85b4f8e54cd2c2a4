/* SPDX-License-Identifier: ISC */
/*
 * Who the workers run as: they own what lies in state_dir. A user that also runs the web server or
 * is root shares the master key with whatever else runs there.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "ctl/doctor.h"
#include "fcgi/boot.h"

#define LINE_MAX_BYTES 256
#define PROCESSES_MAX  65536

static const char *const servers[] = {"nginx", "apache2", "httpd", "lighttpd"};

/* One line of a file under /proc that begins so, without that; NULL: there is none. */
static const char *
read_line(struct arena *arena, const char *pid, const char *file, const char *begins)
{
	FILE *in = fopen(arena_printf(arena, "/proc/%s/%s", pid, file), "re");
	char line[LINE_MAX_BYTES];
	const char *found = NULL;

	if (!in)
		return NULL;
	while (!found && fgets(line, sizeof(line), in))
		if (str_starts(line, begins))
			found = arena_printf(arena, "%.*s",
					     (int)strcspn(line + strlen(begins), "\n"),
					     line + strlen(begins));
	(void)fclose(in);
	return found;
}

static bool
is_server_of(struct arena *arena, const char *pid, int64_t uid)
{
	const char *name = read_line(arena, pid, "status", "Name:\t");
	const char *ids = name ? read_line(arena, pid, "status", "Uid:\t") : NULL;
	int64_t owner;

	if (!ids ||
	    num_parse_int64(arena_printf(arena, "%.*s", (int)strcspn(ids, "\t"), ids), 0,
			    UINT32_MAX, &owner) != 0 ||
	    owner != uid)
		return false;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (str_equal(name, servers[i]))
			return true;
	return false;
}

/* Whether a web server of this host runs as that user. */
static bool
runs_web_server(struct arena *arena, uid_t uid)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	bool found = false;
	size_t left = PROCESSES_MAX;

	if (!folder)
		return false;
	while (!found && left-- > 0 && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			found = is_server_of(arena, entry->d_name, uid);
	closedir(folder);
	return found;
}

bool
doctor_worker_uid(struct doctor *doctor, uid_t *uid)
{
	const char *path =
		arena_printf(doctor->cli->arena, "%s/" BOOT_RING_FILE, doctor->conf.state_dir);
	struct stat status;

	if (stat(path, &status) != 0)
		return false; /* the folder is a finding of its own */
	*uid = status.st_uid;
	return true;
}

const char *
doctor_user(struct doctor *doctor, uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry ? arena_strdup(doctor->cli->arena, entry->pw_name)
		     : arena_printf(doctor->cli->arena, "%u", (unsigned)uid);
}

void
doctor_worker(struct doctor *doctor)
{
	uid_t uid;

	if (!doctor_worker_uid(doctor, &uid))
		return;
	if (uid == 0)
		doctor_find(doctor, FINDING_WARNING, "workers",
			    "they run as root: give the pool a user of its own");
	else if (runs_web_server(doctor->cli->arena, uid))
		doctor_find(doctor, FINDING_WARNING, "workers",
			    "they run as %s, and so does a web server here: whatever else it runs "
			    "can read the master key; give the pool a user of its own",
			    doctor_user(doctor, uid));
	else
		doctor_find(doctor, FINDING_OK, "workers", "they run as %s",
			    doctor_user(doctor, uid));
}
