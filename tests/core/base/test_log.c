/* SPDX-License-Identifier: ISC */
/*
 * The log: no value can forge a line or a pair; files are appended to, made 0640 and opened again.
 */
#include "core/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "check.h"

static char line[8192];
static int lines;

static void
keep(void *context, const char *text)
{
	(void)context;
	snprintf(line, sizeof(line), "%s", text);
	lines++;
}

static const struct {
	const char *name;
	const char *value;
	const char *line;
} values[] = {
	{"newline and a forged event", "x\nevent=y", "event=e k=x\\x0aevent=y"},
	{"carriage return", "x\ry", "event=e k=x\\x0dy"},
	{"blank and a forged pair", "x b=y", "event=e k=\"x b=y\""},
	{"closed quote", "x\" b=\"y", "event=e k=\"x\\\" b=\\\"y\""},
	{"backslash at the end", "x y\\", "event=e k=\"x y\\\\\""},
	{"escape sequence", "\x1b[31m", "event=e k=\\x1b[31m"},
	{"DEL", "\x7f", "event=e k=\\x7f"},
	{"tab", "a\tb", "event=e k=a\\x09b"},
	{"C1 control",
	 "a\xC2\x9B"
	 "31m",
	 "event=e k=a\\xc2\\x9b31m"},
	{"first behind C1", "\xC2\xA0", "event=e k=\xC2\xA0"},
	{"not UTF-8", "a\xC3(\x9B", "event=e k=a\\xc3(\\x9b"},
	{"cut UTF-8", "a\xC2", "event=e k=a\\xc2"},
	{"UTF-8", "\xC3\xA9", "event=e k=\xC3\xA9"},
	{"empty", "", "event=e k=\"\""},
	{"plain", "a=b/c?d&e", "event=e k=a=b/c?d&e"},
	{"percent is no format", "%s%n", "event=e k=%s%n"},
	{"NULL is left out", NULL, "event=e"},
};

static void
test_values(void **state)
{
	struct log *log = log_to_function(keep, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		log_event(log, LOG_LEVEL_DEBUG, "e", "k", values[i].value, NULL);
		check_text(line, values[i].line, values[i].name);
	}
	log_event(log, LOG_LEVEL_INFO, "a b", "k", NULL, "l", "1", "m", "2 3", NULL);
	assert_string_equal(line, "event=\"a b\" l=1 m=\"2 3\"");
	log_event(NULL, LOG_LEVEL_INFO, "e", NULL);
	log_reopen(log);
	log_close(log);
	log_close(NULL);
}

static void
test_long_lines_are_marked(void **state)
{
	struct log *log = log_to_function(keep, NULL);
	char value[6000];

	(void)state;
	memset(value, 'a', sizeof(value));
	for (size_t size = 3900; size < 4000; size++) {
		char name[16];
		bool is_cut;

		value[size] = '\0';
		log_event(log, LOG_LEVEL_INFO, "e", "k", value, "l", "1", NULL);
		value[size] = 'a';
		snprintf(name, sizeof(name), "%zu", size);
		is_cut = strcmp(line + strlen(line) - 8, " cut=yes") == 0;
		check(is_cut || strcmp(line + strlen(line) - 4, " l=1") == 0, name);
		check(strlen(line) < 3968, name);
		check(is_cut == (size > 3944), name);
	}
	value[sizeof(value) - 1] = '\0';
	memset(value, '\n', sizeof(value) - 1);
	log_event(log, LOG_LEVEL_INFO, "e", "k", value, NULL);
	assert_null(strchr(line, '\n'));
	assert_non_null(strstr(line, "\\x0a cut=yes"));
	/* nothing follows a piece that was left out */
	memset(value, 'k', sizeof(value) - 1);
	log_event(log, LOG_LEVEL_INFO, "e", value, "v", "l", "1", NULL);
	assert_string_equal(line, "event=e  cut=yes");
	log_close(log);
}

static char folder[] = "/tmp/ostiary-log-XXXXXX";
static char path[64];
static char moved[64];

static int
setup_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(moved, sizeof(moved), "%s/log.1", folder);
	return 0;
}

static int
teardown_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	return rmdir(folder);
}

static void
read_file(const char *name, char *text, size_t size)
{
	int fd = open(name, O_RDONLY);
	ssize_t got = read(fd, text, size - 1);

	assert_true(fd >= 0 && got >= 0);
	text[got] = '\0';
	close(fd);
}

static void
test_refused_targets(void **state)
{
	(void)state;
	errno = 0;
	assert_null(log_open("relative/path", "p", LOG_LEVEL_INFO));
	assert_int_equal(errno, EINVAL);
	assert_null(log_open("", "p", LOG_LEVEL_INFO));
	assert_null(log_open("/nowhere/at/all", "p", LOG_LEVEL_INFO));
	assert_int_equal(errno, ENOENT);
}

static void
test_file(void **state)
{
	char text[1000];
	char wanted[100];
	struct stat status;
	mode_t mask = umask(0);
	struct log *log = log_open(path, "prog", LOG_LEVEL_WARN);

	(void)state;
	umask(mask);
	assert_non_null(log);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	log_event(log, LOG_LEVEL_INFO, "dropped", NULL);
	log_event(log, LOG_LEVEL_WARN, "one", "k", "v", NULL);
	log_event(log, LOG_LEVEL_ERROR, "two", NULL);
	read_file(path, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "Z prog[%ld] warn event=one k=v\n", (long)getpid());
	assert_ptr_equal(strstr(text, wanted), text + 19);
	assert_true(text[4] == '-' && text[10] == 'T' && text[16] == ':');
	assert_non_null(strstr(text, "] error event=two\n"));
	assert_null(strstr(text, "dropped"));

	/* rotation: the old file until log_reopen(), then a new one */
	assert_int_equal(rename(path, moved), 0);
	log_event(log, LOG_LEVEL_WARN, "three", NULL);
	read_file(moved, text, sizeof(text));
	assert_non_null(strstr(text, "event=three\n"));
	log_reopen(log);
	log_event(log, LOG_LEVEL_WARN, "four", NULL);
	read_file(path, text, sizeof(text));
	assert_non_null(strstr(text, "event=four\n"));
	assert_null(strstr(text, "event=three\n"));

	/* a folder in the way: the old file stays in use */
	unlink(moved);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	log_reopen(log);
	log_event(log, LOG_LEVEL_WARN, "five", NULL);
	read_file(moved, text, sizeof(text));
	assert_non_null(strstr(text, "event=five\n"));
	rmdir(path);
	log_close(log);
}

static void
test_appending(void **state)
{
	char text[1000];
	struct log *log;

	(void)state;
	unlink(path);
	for (int i = 0; i < 2; i++) {
		log = log_open(path, "prog", LOG_LEVEL_DEBUG);
		log_event(log, LOG_LEVEL_DEBUG, i == 0 ? "first" : "second", NULL);
		log_close(log);
	}
	read_file(path, text, sizeof(text));
	assert_non_null(strstr(text, "event=first\n"));
	assert_non_null(strstr(text, "event=second\n"));
}

static void
test_standard_error(void **state)
{
	char text[200] = "";
	int ends[2];
	int kept = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);

	struct log *log = log_open("stderr", "prog", LOG_LEVEL_INFO);

	log_event(log, LOG_LEVEL_INFO, "e", NULL);
	log_reopen(log);
	log_close(log);
	/* still open: the log does not own it */
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "info event=e\n"));
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

static void
test_syslog(void **state)
{
	struct log *log = log_open("syslog", "prog", LOG_LEVEL_INFO);

	(void)state;
	assert_non_null(log);
	log_event(log, LOG_LEVEL_DEBUG, "dropped", NULL);
	log_reopen(log);
	log_close(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_lines_are_marked),
		cmocka_unit_test(test_refused_targets),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_appending),
		cmocka_unit_test(test_standard_error),
		cmocka_unit_test(test_syslog),
	};

	return cmocka_run_group_tests_name("base log", tests, setup_folder, teardown_folder);
}
