/* SPDX-License-Identifier: ISC */
/*
 * Lines of key=value with one writer for each target. A line is put together in a buffer of fixed
 * size and leaves in one write(2), so lines of several workers do not mix; what does not fit is
 * left out and the line ends in "cut=yes".
 */
#include "core/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/str.h"

#define LOG_LINE_MAX   3968 /* bytes of one event; with its prefix what a pipe takes at once */
#define LOG_PREFIX_MAX 128
#define LOG_FILE_MODE  0640

static const char cut_mark[] = " cut=yes";

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", LOG_ERR},
	[LOG_LEVEL_WARN] = {"warn", LOG_WARNING},
	[LOG_LEVEL_INFO] = {"info", LOG_INFO},
	[LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

struct line {
	char text[LOG_LINE_MAX];
	size_t size;
	bool is_cut;
};

struct log {
	enum log_level level;
	void (*write)(struct log *log, enum log_level level, const char *text);
	char *program;
	char *path; /* of a file, else NULL */
	int fd;     /* of a file or standard error, else -1 */
	void (*line)(void *context, const char *text);
	void *context;
};

/* --- a line --- */

/* The last bytes are kept for the mark and the newline. */
static void
add(struct line *line, const char *text, size_t size)
{
	if (line->is_cut || size > sizeof(line->text) - line->size - sizeof(cut_mark) - 1) {
		line->is_cut = true;
		return;
	}
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void
add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/* The bytes at byte that are a control character: C0, DEL and, in UTF-8, C1 (U+0080 to U+009F),
 * since terminals act on all of them. */
static size_t
control_size(const unsigned char *byte)
{
	if (byte[0] < 0x20 || byte[0] == 0x7F)
		return 1;
	return byte[0] == 0xC2 && byte[1] >= 0x80 && byte[1] <= 0x9F ? 2 : 0;
}

static void
add_escaped(struct line *line, const unsigned char *byte, size_t size)
{
	char escape[sizeof("\\xff")];

	for (size_t i = 0; i < size; i++) {
		snprintf(escape, sizeof(escape), "\\x%02x", byte[i]);
		add_text(line, escape);
	}
}

static void
add_value(struct line *line, const char *value)
{
	const unsigned char *byte = (const unsigned char *)value;
	bool is_utf8 = utf8_valid(value, strlen(value));
	bool is_quoted = *value == '\0' || strchr(value, ' ') != NULL;

	if (is_quoted)
		add_text(line, "\"");
	while (*byte != '\0') {
		size_t escaped = *byte > 0x7F && !is_utf8 ? 1 : control_size(byte);

		if (*byte == '"' || *byte == '\\')
			add_text(line, "\\");
		if (escaped > 0)
			add_escaped(line, byte, escaped);
		else
			add(line, (const char *)byte, 1);
		byte += escaped > 0 ? escaped : 1;
	}
	if (is_quoted)
		add_text(line, "\"");
}

static void
add_pairs(struct line *line, const char *event, va_list pairs)
{
	const char *key;

	add_text(line, "event=");
	add_value(line, event);
	while ((key = va_arg(pairs, const char *)) != NULL) {
		const char *value = va_arg(pairs, const char *);

		if (value == NULL)
			continue;
		add_text(line, " ");
		add_text(line, key);
		add_text(line, "=");
		add_value(line, value);
	}
}

static void
end_line(struct line *line)
{
	if (line->is_cut) {
		memcpy(line->text + line->size, cut_mark, sizeof(cut_mark));
		line->size += sizeof(cut_mark) - 1;
	}
	line->text[line->size] = '\0';
}

/* --- targets --- */

static void
write_to_function(struct log *log, enum log_level level, const char *text)
{
	(void)level;
	log->line(log->context, text);
}

static void
write_to_syslog(struct log *log, enum log_level level, const char *text)
{
	(void)log;
	syslog(levels[level].priority, "%s", text);
}

/* A log that cannot be written to must not stop the service, so the result is not looked at. */
static void
write_to_fd(struct log *log, enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + LOG_PREFIX_MAX];
	char stamp[sizeof("2026-01-01T00:00:00Z")] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) != NULL)
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);

	int size = snprintf(line, sizeof(line), "%s %.32s[%ld] %s %s\n", stamp, log->program,
			    (long)getpid(), levels[level].name, text);

	if (size > 0 && write(log->fd, line, (size_t)size) < 0)
		return;
}

static int
open_file(const char *path)
{
	/* a link in a folder that others may write could lead anywhere */
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW,
		    LOG_FILE_MODE);
}

static struct log *
new_log(enum log_level level)
{
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		bug("out of memory");
	log->level = level;
	log->fd = -1;
	return log;
}

static char *
copy(const char *text)
{
	char *duplicate = strdup(text);

	if (duplicate == NULL)
		bug("out of memory");
	return duplicate;
}

struct log *
log_open(const char *target, const char *program, enum log_level level)
{
	bool is_syslog = str_equal(target, "syslog");
	bool is_stderr = str_equal(target, "stderr");
	int fd = is_stderr ? STDERR_FILENO : -1;

	if (!is_syslog && !is_stderr) {
		if (!str_starts(target, "/")) {
			errno = EINVAL;
			return NULL;
		}
		fd = open_file(target);
		if (fd < 0)
			return NULL;
	}

	struct log *log = new_log(level);

	log->program = copy(program);
	log->path = is_syslog || is_stderr ? NULL : copy(target);
	log->fd = fd;
	log->write = is_syslog ? write_to_syslog : write_to_fd;
	if (is_syslog)
		openlog(log->program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	return log;
}

struct log *
log_to_function(void (*line)(void *context, const char *text), void *context)
{
	struct log *log = new_log(LOG_LEVEL_DEBUG);

	log->line = line;
	log->context = context;
	log->write = write_to_function;
	return log;
}

void
log_close(struct log *log)
{
	if (log == NULL)
		return;
	if (log->path != NULL)
		close(log->fd);
	if (log->write == write_to_syslog)
		closelog();
	free(log->path);
	free(log->program);
	free(log);
}

void
log_reopen(struct log *log)
{
	if (log->path == NULL)
		return;

	int fd = open_file(log->path);

	if (fd < 0)
		return;
	close(log->fd);
	log->fd = fd;
}

void
log_event(struct log *log, enum log_level level, const char *event, ...)
{
	struct line line = {.size = 0};
	va_list pairs;

	if (log == NULL || level > log->level)
		return;
	va_start(pairs, event);
	add_pairs(&line, event, pairs);
	va_end(pairs);
	end_line(&line);
	log->write(log, level, line.text);
}
