/* SPDX-License-Identifier: ISC */
/*
 * The log: one line an event, "event=signin_failed request=… key=value". Control characters, quotes
 * and backslashes in values are escaped and a value with blanks is quoted, so a line cannot be
 * forged. Levels: error = the operator must act; warn = somebody misbehaved; info = a security
 * event; debug = for those who look for something. Never a secret.
 */
#ifndef OSTIARY_BASE_LOG_H
#define OSTIARY_BASE_LOG_H

struct log;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * A log to a target: "syslog" (facility daemon), "stderr", or the absolute path of a file, appended
 * to and made 0640. Events above level are dropped. NULL with errno set when the file cannot be
 * opened.
 */
struct log *log_open(const char *target, const char *program, enum log_level level);
void log_close(struct log *log);

/* Opens the file again: after rotation. Keeps the old one when that fails. */
void log_reopen(struct log *log);

/*
 * Writes one event. Pairs of key and value follow, ended by NULL; a pair whose value is NULL is
 * left out. log_event(log, LOG_LEVEL_INFO, "signin", "account", id, "client", client_id, NULL)
 */
void log_event(struct log *log, enum log_level level, const char *event, ...)
	__attribute__((sentinel));

/* A log that hands each line to a function instead: for tests. The line has no newline. */
struct log *log_to_function(void (*line)(void *context, const char *text), void *context);

#endif
