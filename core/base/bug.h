/* SPDX-License-Identifier: ISC */
/*
 * What cannot happen. bug() writes file, line and reason to standard error and aborts: the worker
 * is restarted by its supervisor and nothing half-done is answered.
 */
#ifndef OSTIARY_BASE_BUG_H
#define OSTIARY_BASE_BUG_H

#define bug(reason) bug_at(__FILE__, __LINE__, (reason))

void bug_at(const char *file, int line, const char *reason) __attribute__((noreturn));

#endif
