/* SPDX-License-Identifier: ISC */
/*
 * The configuration file: every mistake with its line, the rules between options, the files it
 * names, and secrets.
 */
#include "core/conf/conf.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "tests/core/conf/conf_folder.h"

#define LINE_MOST 197 /* bytes of the longest line that inih takes whole */
#define NO_CA     "db_host = db.example\n"

static const struct {
	const char *name;
	const char *document;
	const char *why; /* "": good */
} cases[] = {
	{"all at once, in the order of their lines",
	 "stray = 1\n"
	 "[]\n"
	 "[datbase]\n"
	 "db_port = 1\n"
	 "[database]\n"
	 "  db_port = 65536\n"
	 "db_name = a\n"
	 "db_name = b\n"
	 "nonsense\n"
	 "[log\n"
	 "[log]\n"
	 "db_user = x\n"
	 "log_target = nowhere ; a comment\n"
	 "\n"
	 "[keys]\n"
	 "master_key_file = master.key\n",
	 "@/conf:1: unknown option stray; `ostiary config reference` lists all there are\n"
	 "@/conf:2: unknown section []; there are [database] [keys] [server] [fetch] [people] "
	 "[log]\n"
	 "@/conf:3: unknown section [datbase]; there are [database] [keys] [server] [fetch] "
	 "[people] [log]\n"
	 "@/conf:6: db_port has a bad value; write a number from 1 to 65535\n"
	 "@/conf:8: db_name was given in line 7 already; keep one\n"
	 "@/conf:9: neither a [section] nor an option; write name = value, or # in front of a "
	 "comment\n"
	 "@/conf:10: neither a [section] nor an option; write name = value, or # in front of a "
	 "comment\n"
	 "@/conf:12: db_user is not an option of this place; put it under [database]\n"
	 "@/conf:16: master_key_file has a bad value; write an absolute path, beginning with /\n"
	 "@/conf:13: log_target has a bad value; write syslog, stderr or an absolute path\n"},
	{"option before any section", "db_port = 1\n" KEY,
	 "@/conf:1: db_port is not an option of this place; put it under [database]\n"},
	{"name in capitals", KEY "[log]\nLog_Level = info\n",
	 "@/conf:4: unknown option Log_Level; `ostiary config reference` lists all there are\n"},
	{"section in capitals", KEY "[Log]\n",
	 "@/conf:3: unknown section [Log]; there are [database] [keys] [server] [fetch] [people] "
	 "[log]\n"},
	{"no name", KEY "= 1\n",
	 "@/conf:3: unknown option ; `ostiary config reference` lists all there are\n"},
	{"control character", KEY "[log]\nlog_target = /a\x1b[2J\n",
	 "@/conf:4: a control character; take it out\n"},
	{"control character as a section", KEY "[\x01]\n",
	 "@/conf:3: a control character; take it out\n"},
	{"carriage return inside", KEY "[log]\rx\n",
	 "@/conf:3: a control character; take it out\n"},
	{"DEL", KEY "[log]\nlog_target = /\x7f\n", "@/conf:4: a control character; take it out\n"},
	{"tab in a value", KEY "[log]\nlog_target = /a\tb\n",
	 "@/conf:4: log_target has a bad value; write printable text in UTF-8\n"},
	{"not UTF-8", KEY "[log]\nlog_target = /\xff\n",
	 "@/conf:4: log_target has a bad value; write printable text in UTF-8\n"},
	{"number below", KEY "[database]\ndb_port = 0\n",
	 "@/conf:4: db_port has a bad value; write a number from 1 to 65535\n"},
	{"no number", KEY "[server]\nthrottle_account_limit = five\n",
	 "@/conf:4: throttle_account_limit has a bad value; write a number from 1 to 1000\n"},
	{"empty number", KEY "[server]\nthrottle_network_limit =\n",
	 "@/conf:4: throttle_network_limit has a bad value; write a number from 1 to 100000\n"},
	{"no truth", KEY "[server]\nallow_http_loopback = 1\n",
	 "@/conf:4: allow_http_loopback has a bad value; write yes or no\n"},
	{"no level", KEY "[log]\nlog_level = warning\n",
	 "@/conf:4: log_level has a bad value; write error, warn, info or debug\n"},
	{"empty name", KEY "[database]\ndb_name =\n",
	 "@/conf:4: db_name has a bad value; it must not be empty\n"},
	{"empty path", KEY "[server]\nstate_dir =\n",
	 "@/conf:4: state_dir has a bad value; write an absolute path, beginning with /\n"},
	{"relative path", KEY "[server]\npages_dir = pages\n",
	 "@/conf:4: pages_dir has a bad value; write an absolute path, beginning with /\n"},
	{"65 bytes of name",
	 KEY "[database]\ndb_name = "
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	 "@/conf:4: db_name has a bad value; write at most 64 bytes\n"},
	{"64 bytes of name",
	 KEY "[database]\ndb_name = "
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	 ""},

	{"relative path where it may be empty", KEY "[database]\ndb_ca = ca.pem\n",
	 "@/conf:4: db_ca has a bad value; write an absolute path, beginning with /\n"},
	{"a refused value breaks no rule: blamed", KEY "[database]\ndb_socket =\ndb_host = a\tb\n",
	 "@/conf:5: db_host has a bad value; write printable text in UTF-8\n"},
	{"a refused value breaks no rule: other", KEY "[database]\ndb_socket = x\n" NO_CA,
	 "@/conf:4: db_socket has a bad value; write an absolute path, beginning with /\n"},
	{"a refused file is not looked for", "[keys]\nmaster_key_file = x\n",
	 "@/conf:2: master_key_file has a bad value; write an absolute path, beginning with /\n"},
	{"no server", KEY "[database]\ndb_socket =\n",
	 "@/conf:4: db_socket and db_host are both empty; name the server's socket or its host\n"},
	{"two servers", KEY "[database]\n" NO_CA,
	 "@/conf:4: db_host counts for nothing while there is a db_socket; write \"db_socket =\" "
	 "for TCP\n"},
	{"TCP without authority", KEY "[database]\ndb_socket =\n" NO_CA,
	 "@/conf:5: TCP is refused without db_ca; name the certificate of the authority\n"},
	{"password of nobody", KEY "[database]\ndb_admin_user =\ndb_admin_password_file = @/key\n",
	 "@/conf:5: db_admin_password_file is nobody's; name the user with db_admin_user\n"},
	{"the same master key twice", KEY "previous_master_key_file = @/key\n",
	 "@/conf:3: previous_master_key_file is the master_key_file; name the one before it, or "
	 "none\n"},
	{"log to a word", KEY "[log]\nlog_target = journal\n",
	 "@/conf:4: log_target has a bad value; write syslog, stderr or an absolute path\n"},

	{"missing master key", "[keys]\nmaster_key_file = @/none\n",
	 "@/conf:2: master_key_file: @/none: No such file or directory; `ostiary migrate apply` "
	 "makes it, or correct the path\n"},
	{"wide master key", "[keys]\nmaster_key_file = @/wide\n",
	 "@/conf:2: master_key_file: others may read @/wide; run chmod o-rwx on it\n"},
	{"master key that others may only write", "[keys]\nmaster_key_file = @/writable\n",
	 "@/conf:2: master_key_file: others may read @/writable; run chmod o-rwx on it\n"},
	{"master key is a folder", "[keys]\nmaster_key_file = @\n",
	 "@/conf:2: master_key_file: @ is not a regular file; name one\n"},
	{"wide previous master key", KEY "previous_master_key_file = @/wide\n",
	 "@/conf:3: previous_master_key_file: others may read @/wide; run chmod o-rwx on it\n"},
	{"wide password", KEY "[database]\ndb_password_file = @/wide\n",
	 "@/conf:4: db_password_file: others may read @/wide; run chmod o-rwx on it\n"},
	{"wide password of the administrator",
	 KEY "[database]\ndb_admin_user = root\ndb_admin_password_file = @/wide\n",
	 "@/conf:5: db_admin_password_file: others may read @/wide; run chmod o-rwx on it\n"},
	{"missing authority", KEY "[database]\ndb_ca = @/none\n",
	 "@/conf:4: db_ca: @/none: No such file or directory; make the file or correct the path\n"},

	{"master key alone", KEY, ""},
	{"a certificate is for everybody", KEY "[database]\ndb_ca = @/wide\n", ""},
	{"TCP with authority", KEY "[database]\ndb_socket =\n" NO_CA "db_ca = @/wide\n", ""},
	{"byte order mark", "\xef\xbb\xbf" KEY, ""},
	{"CR LF", "[keys]\r\nmaster_key_file = @/key\r\n", ""},
	{"no newline at the end", "[keys]\nmaster_key_file = @/key", ""},
	{"indented, comments, empty lines",
	 "\n# a\n  ; b\n\n [keys] ; c\n  master_key_file = @/key ; d\n", ""},
	{"section twice", KEY "[log]\nlog_level = warn\n[keys]\n", ""},
};

static void
test_mistakes(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf conf;
		const char *why;
		int result = load(arena, cases[i].document, &conf, &why);

		check_text(why, expand(arena, cases[i].why), cases[i].name);
		check(result == (cases[i].why[0] == '\0' ? 0 : -1), cases[i].name);
	}
}

/* Where the file has no line for what is wrong, the mistake has none either. */
static void
test_defaults_are_checked(void **state)
{
	struct arena *arena = *state;
	struct conf conf;
	const char *why;

	if (access("/etc/ostiary/master.key", F_OK) == 0)
		skip();
	assert_int_equal(load(arena, "", &conf, &why), -1);
	assert_string_equal(why,
			    expand(arena, "@/conf: master_key_file: /etc/ostiary/master.key: No "
					  "such file or directory; `ostiary migrate apply` makes "
					  "it, or correct the path\n"));
}

static void
test_values(void **state)
{
	struct arena *arena = *state;
	struct conf conf;
	const char *why;

	assert_int_equal(load(arena, KEY, &conf, &why), 0);
	assert_string_equal(conf.path, expand(arena, "@/conf"));
	assert_string_equal(conf.db_socket, "/run/mysqld/mysqld.sock");
	assert_string_equal(conf.db_host, "");
	assert_int_equal(conf.db_port, 3306);
	assert_string_equal(conf.db_name, "ostiary");
	assert_string_equal(conf.db_user, "ostiary");
	assert_string_equal(conf.db_password_file, "");
	assert_string_equal(conf.state_dir, "/run/ostiary");
	assert_false(conf.allow_http_loopback);
	assert_int_equal(conf.throttle_account_limit, 5);
	assert_int_equal(conf.throttle_network_limit, 50);
	assert_int_equal(conf.rate_limit_network, 600);
	assert_string_equal(conf.log_target, "syslog");
	assert_int_equal(conf.log_level, LOG_LEVEL_INFO);

	assert_int_equal(load(arena,
			      KEY "[database]\ndb_port: 3307\ndb_user = a;b#c\n"
				  "[server]\nallow_http_loopback = yes\n"
				  "[log]\nlog_level = debug\nlog_target = /var/log/x y.log ; z\n",
			      &conf, &why),
			 0);
	assert_string_equal(conf.master_key_file, expand(arena, "@/key"));
	assert_int_equal(conf.db_port, 3307);
	assert_string_equal(conf.db_user, "a;b#c");
	assert_true(conf.allow_http_loopback);
	assert_int_equal(conf.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(conf.log_target, "/var/log/x y.log");
}

/* inih cuts long lines without a word: the longest that we take arrives whole. */
static void
test_long_lines(void **state)
{
	struct arena *arena = *state;
	char line[LINE_MOST + 2];
	struct conf conf;
	const char *why;
	const char start[] = "log_target = /";

	memset(line, ' ', sizeof(line));
	memcpy(line, start, strlen(start));
	line[LINE_MOST - 1] = 'a';
	line[LINE_MOST] = '\0';
	assert_int_equal(load(arena, arena_printf(arena, KEY "[log]\n%s\n", line), &conf, &why),
			 -1);
	assert_string_equal(why,
			    expand(arena, "@/conf:4: log_target has a bad value; write at most "
					  "128 bytes\n"));
	line[LINE_MOST] = 'a';
	line[LINE_MOST + 1] = '\0';
	assert_int_equal(load(arena, arena_printf(arena, KEY "[log]\n%s\n", line), &conf, &why),
			 -1);
	assert_string_equal(why,
			    expand(arena, "@/conf:4: a line of more than 197 bytes; shorten it (a "
					  "long path by a symbolic link)\n"));

	/* the end of the line must be the value's, not the first bytes that fit */
	memset(line, ' ', LINE_MOST);
	memcpy(line, "log_target", strlen("log_target"));
	line[LINE_MOST - 8] = '=';
	memcpy(line + LINE_MOST - 7, " /a/b/c", 7);
	line[LINE_MOST] = '\0';
	assert_int_equal(load(arena, arena_printf(arena, KEY "[log]\n%s\n", line), &conf, &why), 0);
	assert_string_equal(conf.log_target, "/a/b/c");
}

/* The longest path that a row takes fits a line under the longest name. */
static void
test_longest_paths(void **state)
{
	struct arena *arena = *state;
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].type == CONF_PATH || table[i].type == CONF_TEXT)
			check(strlen(table[i].name) + strlen(" = ") + (size_t)table[i].max <=
				      LINE_MOST,
			      table[i].name);
	}
	(void)arena;
}

static void
test_unreadable(void **state)
{
	struct arena *arena = *state;
	static char large[65537];
	struct conf conf;
	struct buf why;
	static const struct {
		const char *name, *path, *why;
	} files[] = {
		{"missing", "@/none",
		 "@/none: No such file or directory; `ostiary config reference` writes a file to "
		 "begin with\n"},
		{"folder", "@",
		 "@: it is not a regular file; `ostiary config reference` writes a file to begin "
		 "with\n"},
		{"FIFO", "@/fifo",
		 "@/fifo: it is not a regular file; `ostiary config reference` writes a file to "
		 "begin with\n"},
		{"NUL", "@/nul",
		 "@/nul: it has a NUL byte; `ostiary config reference` writes a file to begin "
		 "with\n"},
		{"too large", "@/large",
		 "@/large: it has more than 65536 bytes; `ostiary config reference` writes a file "
		 "to begin with\n"},
	};

	memset(large, '\n', sizeof(large));
	write_file(arena, "@/nul", KEY "\0", sizeof(KEY), 0600);
	write_file(arena, "@/large", large, sizeof(large), 0600);
	assert_int_equal(mkfifo(expand(arena, "@/fifo"), 0600), 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		buf_init(&why, arena, WHY_MAX);
		check(conf_load(arena, expand(arena, files[i].path), &conf, &why) == -1,
		      files[i].name);
		check_text(why.data, expand(arena, files[i].why), files[i].name);
	}
	unlink(expand(arena, "@/fifo"));
}

/* A helper with a user of its own may read the configuration, and nothing of what it names. */
static void
test_closed_folder(void **state)
{
	struct arena *arena = *state;
	const char *closed = expand(arena, "@/closed");
	const char *text = expand(arena, "[keys]\nmaster_key_file = @/closed/key\n");
	int status = 0;
	pid_t child;

	assert_int_equal(mkdir(closed, 0700), 0);
	write_file(arena, "@/closed/key", "x", 1, 0600);
	write_file(arena, "@/conf", text, strlen(text), 0644);
	assert_int_equal(chmod(folder, 0711), 0);
	assert_int_equal(chmod(closed, 0000), 0);
	child = fork();
	if (child == 0) {
		struct conf conf;
		struct buf why;

		buf_init(&why, arena, WHY_MAX);
		_exit(geteuid() == 0 && setuid(65534) != 0
			      ? 9
			      : conf_load(arena, expand(arena, "@/conf"), &conf, &why) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(closed, 0700), 0);
	assert_int_equal(unlink(expand(arena, "@/closed/key")), 0);
	assert_int_equal(rmdir(closed), 0);
	assert_int_equal(chmod(folder, 0700), 0);
}

static void
test_secrets(void **state)
{
	struct arena *arena = *state;
	static char most[4097];
	static const struct {
		const char *name;
		const char *data;
		size_t size;
		mode_t mode;
		const char *secret; /* NULL: refused */
		const char *why;
	} secrets[] = {
		{"empty", "", 0, 0600, NULL, "@/secret: its first line is empty"},
		{"newline alone", "\n", 1, 0600, NULL, "@/secret: its first line is empty"},
		{"two lines", "a\nb\n", 4, 0600, NULL, "@/secret: it has more than one line"},
		{"NUL", "a\0b", 3, 0600, NULL, "@/secret: it has a NUL byte"},
		{"readable by others", "a\n", 2, 0604, NULL,
		 "@/secret: others may read it; run chmod o-rwx on it"},
		{"4097 bytes", most, 4097, 0600, NULL, "@/secret: it has more than 4096 bytes"},
		{"4096 bytes", most, 4096, 0600, most, NULL},
		{"for the group", "a b \n", 5, 0640, "a b ", NULL},
		{"CR LF", "a\r\n", 3, 0600, "a", NULL},
		{"no newline", "a", 1, 0400, "a", NULL},
	};

	memset(most, 'x', 4096);
	for (size_t i = 0; i < COUNT(secrets); i++) {
		const char *why = NULL;
		const char *secret;

		most[4096] = secrets[i].size == 4097 ? 'x' : '\0';
		(void)unlink(expand(arena, "@/secret"));
		write_file(arena, "@/secret", secrets[i].data, secrets[i].size, secrets[i].mode);
		secret = conf_read_secret(arena, expand(arena, "@/secret"), &why);
		check_text(secret, secrets[i].secret, secrets[i].name);
		check_text(why, secrets[i].why ? expand(arena, secrets[i].why) : NULL,
			   secrets[i].name);
	}
	const char *why = NULL;

	assert_null(conf_read_secret(arena, expand(arena, "@/none"), &why));
	assert_string_equal(why, expand(arena, "@/none: No such file or directory"));
}

static void
test_path(void **state)
{
	(void)state;
	unsetenv(CONF_ENVIRONMENT);
	assert_string_equal(conf_path(), CONF_DEFAULT_PATH);
	setenv(CONF_ENVIRONMENT, "", 1);
	assert_string_equal(conf_path(), CONF_DEFAULT_PATH);
	setenv(CONF_ENVIRONMENT, "/tmp/x", 1);
	assert_string_equal(conf_path(), "/tmp/x");
	unsetenv(CONF_ENVIRONMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_mistakes),      arena_test(test_defaults_are_checked),
		arena_test(test_values),        arena_test(test_long_lines),
		arena_test(test_longest_paths), arena_test(test_unreadable),
		arena_test(test_closed_folder), arena_test(test_secrets),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests_name("conf", tests, make_folder, remove_folder);
}
