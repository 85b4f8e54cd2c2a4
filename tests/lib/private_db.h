/* SPDX-License-Identifier: ISC */
/*
 * A MariaDB of the test program's own: on a socket in a fresh folder, started once, stopped with
 * the program however it ends. It has the schema, a user with the rights of the service and one
 * with all rights.
 */
#ifndef OSTIARY_TESTS_PRIVATE_DB_H
#define OSTIARY_TESTS_PRIVATE_DB_H

#include <stdint.h>

#include "sql/db.h"

struct private_db {
	const char *folder;
	const char *socket;
	const char *database;
	const char *user; /* SELECT, INSERT, UPDATE, DELETE; no password */
};

/* innodb_flush_log_at_trx_commit of the server: 0 unless called before the first private_db(). */
void private_db_flush(int mode);

/* Starts the server and migrates at the first call; ends the program when that fails. */
const struct private_db *private_db(void);

/* A new store for the service's user, or for the administrator; the caller's to close. */
struct store *private_db_store(struct log *log);
struct store *private_db_admin_store(struct log *log);

/* Runs a statement as administrator and gives its first value as a number, 0 when there is none. */
int64_t private_db_number(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first value as text; "" when there is none. The caller's to free. */
char *private_db_text(const char *sql);

/* Empties every table but generation and schema_migration. */
void private_db_clear(void);

/* Ends every connection of the service's user by KILL; how many there were. */
int64_t private_db_kill_service(void);

/* Stops and starts the server itself. */
void private_db_halt(void);
void private_db_resume(void);

#endif
