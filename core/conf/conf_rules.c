/* SPDX-License-Identifier: ISC */
/*
 * What has to be true of options together, and of the files they name: they are there, regular, and
 * secrets are closed to others. Whether this process may read them, and the folders, are questions
 * of the user it runs as: `ostiary doctor` asks them.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/str.h"
#include "core/conf/conf_read.h"

#define MAKE_FILE "make the file or correct the path"

static const struct named_file {
	const char *name;
	bool secret;
	const char *missing; /* the remedy */
} named_files[] = {
	{"db_password_file", true, MAKE_FILE},
	{"db_ca", false, MAKE_FILE},
	{"db_admin_password_file", true, MAKE_FILE},
	{"master_key_file", true, "`ostiary migrate apply` makes it, or correct the path"},
	{"previous_master_key_file", true, MAKE_FILE},
	{"fetch_ca_file", false, MAKE_FILE},
};

static void
check_file(struct conf_reader *reader, int line, const struct named_file *file, const char *path)
{
	struct stat info;

	/* a folder that is closed to this process says nothing about the file */
	if (stat(path, &info) != 0 && errno == EACCES)
		return;
	if (stat(path, &info) != 0)
		conf_mistake(reader, line, "%s: %s: %s; %s", file->name, path,
			     strerrordesc_np(errno), file->missing);
	else if (!S_ISREG(info.st_mode))
		conf_mistake(reader, line, "%s: %s is not a regular file; name one", file->name,
			     path);
	else if (file->secret && (info.st_mode & 007) != 0)
		conf_mistake(reader, line, "%s: others may read %s; run chmod o-rwx on it",
			     file->name, path);
}

static void
check_files(struct conf_reader *reader)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < sizeof(named_files) / sizeof(named_files[0]); i++) {
		const char *name = named_files[i].name;
		size_t row = conf_row(name);
		const void *member = (const char *)reader->conf + table[row].offset;
		const char *path = *(const char *const *)member;

		if (path[0] != '\0' && !reader->refused[row])
			check_file(reader, reader->given[row], &named_files[i], path);
	}
}

static bool
no_server(const struct conf *conf)
{
	return conf->db_socket[0] == '\0' && conf->db_host[0] == '\0';
}

static bool
two_servers(const struct conf *conf)
{
	return conf->db_socket[0] != '\0' && conf->db_host[0] != '\0';
}

static bool
tcp_without_ca(const struct conf *conf)
{
	return conf->db_socket[0] == '\0' && conf->db_host[0] != '\0' && conf->db_ca[0] == '\0';
}

static bool
password_of_nobody(const struct conf *conf)
{
	return conf->db_admin_password_file[0] != '\0' && conf->db_admin_user[0] == '\0';
}

static bool
same_master_key(const struct conf *conf)
{
	return str_equal(conf->master_key_file, conf->previous_master_key_file);
}

static bool
log_nowhere(const struct conf *conf)
{
	return !str_equal(conf->log_target, "syslog") && !str_equal(conf->log_target, "stderr") &&
	       conf->log_target[0] != '/';
}

static const struct {
	const char *name;  /* the option that is blamed */
	const char *other; /* one that the rule looks at, too */
	bool (*broken)(const struct conf *conf);
	const char *text;
} rules[] = {
	{"db_socket", "db_host", no_server,
	 "db_socket and db_host are both empty; name the server's socket or its host"},
	{"db_host", "db_socket", two_servers,
	 "db_host counts for nothing while there is a db_socket; write \"db_socket =\" for TCP"},
	{"db_host", "db_ca", tcp_without_ca,
	 "TCP is refused without db_ca; name the certificate of the authority"},
	{"db_admin_password_file", "db_admin_user", password_of_nobody,
	 "db_admin_password_file is nobody's; name the user with db_admin_user"},
	{"previous_master_key_file", "master_key_file", same_master_key,
	 "previous_master_key_file is the master_key_file; name the one before it, or none"},
	{"log_target", "log_target", log_nowhere,
	 "log_target has a bad value; write syslog, stderr or an absolute path"},
};

void
conf_rules(struct conf_reader *reader)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t row = conf_row(rules[i].name);

		/* a value that was refused has its default in place, which proves nothing */
		if (reader->refused[conf_row(rules[i].other)])
			continue;
		if (rules[i].broken(reader->conf))
			conf_mistake(reader, reader->given[row], "%s", rules[i].text);
	}
	check_files(reader);
}
