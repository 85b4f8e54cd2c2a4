/* SPDX-License-Identifier: ISC */
/*
 * What was seen once. The unique key decides who came first.
 */
#include "core/model/replay.h"

#include "sql/statement.h"

enum { INSERT, COUNT };

static const struct statement statements[COUNT] = {
	[INSERT] = {.text = "INSERT INTO replay (hash, expires_at) VALUES (?, ?)", .in = "bi"},
};

const struct statement_set replay_statements = {SET_REPLAY, statements, COUNT};

enum store_verdict
replay_first_seen(struct store *store, const uint8_t hash[SHA256_SIZE], int64_t expires_at)
{
	const struct sql_in in[] = {sql_hash(hash), sql_int(expires_at)};

	return sql_change(store, &replay_statements, INSERT, in);
}
