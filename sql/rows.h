/* SPDX-License-Identifier: ISC */
/*
 * Columns of accounts as several statements read them, and what is done with them after reading.
 */
#ifndef OSTIARY_SQL_ROWS_H
#define OSTIARY_SQL_ROWS_H

#include "core/model/account.h"
#include "sql/statement.h"

/* An account as it is stored. The statement's table is called a. */
struct account_record {
	struct account account;
	const char *claims; /* JSON text */
};

#define ACCOUNT_COLUMNS                                                                            \
	"a.id, a.realm_id, a.sub, a.username, a.password, a.auth_epoch, a.disabled_at, a.source,"  \
	" a.source_key, a.checked_at, a.away, a.claims, a.created_at, a.updated_at"

/* The places of ACCOUNT_COLUMNS in a struct that has a struct account_record member. */
#define ACCOUNT_OUTS(type, member)                                                                 \
	{SQL_OUT_ID, offsetof(type, member.account.id), 0},                                        \
		{SQL_OUT_U32, offsetof(type, member.account.realm_id), 0},                         \
		{SQL_OUT_TEXT, offsetof(type, member.account.sub), 0},                             \
		{SQL_OUT_TEXT, offsetof(type, member.account.username), 0},                        \
		{SQL_OUT_TEXT, offsetof(type, member.account.password), 0},                        \
		{SQL_OUT_INT, offsetof(type, member.account.auth_epoch), 0},                       \
		{SQL_OUT_INT, offsetof(type, member.account.disabled_at), 0},                      \
		{SQL_OUT_TEXT, offsetof(type, member.account.source), 0},                          \
		{SQL_OUT_TEXT, offsetof(type, member.account.source_key), 0},                      \
		{SQL_OUT_INT, offsetof(type, member.account.checked_at), 0},                       \
		{SQL_OUT_TEXT, offsetof(type, member.account.away), 0},                            \
		{SQL_OUT_TEXT, offsetof(type, member.claims), 0},                                  \
		{SQL_OUT_INT, offsetof(type, member.account.created_at), 0},                       \
	{                                                                                          \
		SQL_OUT_INT, offsetof(type, member.account.updated_at), 0                          \
	}

/* Parses the claims and hands the account over. STORE_NONE, with a log line, when they cannot be
 * read. */
enum store_verdict account_from_record(struct store *store, struct arena *arena,
				       const struct account_record *record,
				       struct account *account);

#endif
