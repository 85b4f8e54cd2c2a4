/* SPDX-License-Identifier: ISC */
/*
 * Files and folders that the configuration names: who can read and write them.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/str.h"
#include "core/seal/seal.h"
#include "ctl/doctor.h"

/* A file that others may write makes whoever they are the administrator. */
static void
check_not_writable(struct doctor *doctor, const char *path, const char *what)
{
	struct stat status;

	if (stat(path, &status) != 0)
		doctor_find(doctor, FINDING_ERROR, what, "%s: %s", path, strerror(errno));
	else if (status.st_mode & S_IWOTH)
		doctor_find(doctor, FINDING_ERROR, what,
			    "%s can be written by everybody: chmod o-w %s", path, path);
	else
		doctor_find(doctor, FINDING_OK, what, "%s", path);
}

static void
check_secret(struct doctor *doctor, const char *path, const char *what)
{
	struct stat status;

	if (str_empty(path))
		return;
	if (stat(path, &status) != 0)
		doctor_find(doctor, FINDING_ERROR, what, "%s: %s", path, strerror(errno));
	else if (status.st_mode & (S_IRWXO | S_IWGRP))
		doctor_find(doctor, FINDING_ERROR, what,
			    "%s is open to others: chmod 0640 %s, group of the workers", path,
			    path);
	else
		doctor_find(doctor, FINDING_OK, what, "%s", path);
}

static void
check_master(struct doctor *doctor)
{
	const char *why = NULL;
	const char *previous = doctor->conf.previous_master_key_file;

	doctor->master = seal_master_load(doctor->cli->arena, doctor->conf.master_key_file, &why);
	if (!doctor->master) {
		doctor_find(doctor, FINDING_ERROR, "master key", "%s", why);
		return;
	}
	doctor_find(doctor, FINDING_OK, "master key", "%s", doctor->conf.master_key_file);
	if (str_empty(previous))
		return;
	if (seal_master_load_previous(doctor->master, doctor->cli->arena, previous, &why) != 0)
		doctor_find(doctor, FINDING_ERROR, "previous master key", "%s", why);
	else
		doctor_find(doctor, FINDING_WARNING, "previous master key",
			    "%s is still in use: `ostiary key rewrap`, then take "
			    "previous_master_key_file out",
			    previous);
}

static void
check_pages(struct doctor *doctor)
{
	const char *path = arena_printf(doctor->cli->arena, "%s/templates", doctor->conf.pages_dir);
	DIR *folder = opendir(path);

	if (!folder) {
		doctor_find(doctor, FINDING_ERROR, "pages", "%s: %s; see pages_dir", path,
			    strerror(errno));
		return;
	}
	closedir(folder);
	doctor_find(doctor, FINDING_OK, "pages", "%s", doctor->conf.pages_dir);
}

static void
check_state(struct doctor *doctor)
{
	struct stat status;
	const char *path = doctor->conf.state_dir;

	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
		doctor_find(doctor, FINDING_ERROR, "state folder",
			    "%s is not there: make it, owned by the workers, mode 0700", path);
	else if (status.st_mode & S_IWOTH)
		doctor_find(doctor, FINDING_ERROR, "state folder",
			    "%s can be written by everybody: chmod 0700 %s", path, path);
	else
		doctor_find(doctor, FINDING_OK, "state folder", "%s", path);
}

void
doctor_files(struct doctor *doctor)
{
	const struct conf *conf = &doctor->conf;

	check_not_writable(doctor, conf->path, "configuration file");
	check_secret(doctor, conf->db_password_file, "database password");
	check_secret(doctor, conf->db_admin_password_file, "database password of db_admin_user");
	check_master(doctor);
	check_pages(doctor);
	check_state(doctor);
}
