/* SPDX-License-Identifier: ISC */
/*
 * The one place that constructs: from the configuration file to a provider. The worker, the command
 * line and the tests start here and differ only in what they ask for.
 */
#ifndef OSTIARY_FCGI_BOOT_H
#define OSTIARY_FCGI_BOOT_H

#include "core/port/provider.h"

struct buf;

enum {
	BOOT_PAGES = 1 << 0,    /* templates, catalogues and static files */
	BOOT_SHARED = 1 << 1,   /* the host's shared counters and failure ring */
	BOOT_MASTER = 1 << 2,   /* the master key */
	BOOT_ADMIN = 1 << 3,    /* connect as the database user that may change the schema */
	BOOT_STDERR = 1 << 4,   /* log to standard error, whatever the configuration says */
	BOOT_SERVICE = 1 << 6,  /* as root, become the service's user before anything is opened */
	BOOT_TERMINAL = 1 << 5, /* a log to standard error is silent: results stand there */
};

/* The ring of failures in state_dir. */
#define BOOT_RING_FILE "failures"

struct boot;

/*
 * Constructs what parts name from the file at path. NULL with every mistake as a line in why. The
 * database is not waited for: it is connected to at first use.
 */
struct boot *boot_open(const char *path, unsigned parts, const char *program, struct buf *why)
	__attribute__((warn_unused_result));
void boot_close(struct boot *boot);

const struct provider *boot_provider(const struct boot *boot);

#endif
