/* SPDX-License-Identifier: ISC */
/*
 * Between the file that reads the configuration and the one that knows the rules between options.
 */
#ifndef OSTIARY_CONF_CONF_READ_H
#define OSTIARY_CONF_CONF_READ_H

#include "core/conf/conf.h"

#define CONF_OPTIONS_MAX 64

struct conf_reader {
	struct arena *arena;
	struct conf *conf;
	struct buf *why;
	const char *section; /* in force; NULL before the first */
	bool section_known;
	int line;                    /* being read, from 1 */
	int given[CONF_OPTIONS_MAX]; /* the line at which each row of the table was given; 0: not */
	bool refused[CONF_OPTIONS_MAX]; /* its value was told to be bad */
	size_t mistakes;
};

/* Notes a mistake at a line; line 0: the option is not in the file. what ends with its remedy. */
void conf_mistake(struct conf_reader *reader, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The row of an option that is known to be there. Names are unique over all sections. */
size_t conf_row(const char *name);

/* The rules between options and the files they name. */
void conf_rules(struct conf_reader *reader);

#endif
