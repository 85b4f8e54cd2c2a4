/* SPDX-License-Identifier: ISC */
/*
 * Binding, running and reading of prepared statements. Decides nothing about errors: that is
 * transaction.c. Rows are buffered by the library before the first is read, so a connection is
 * never left in the middle of a result.
 */
#include "sql/statement.h"

#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/log.h"
#include "sql/connection.h"

static const struct statement_set *const sets[STATEMENT_SETS] = {
	[SET_REALM] = &realm_statements,     [SET_KEY] = &key_statements,
	[SET_CLIENT] = &client_statements,   [SET_CLIENT_SECRET] = &client_secret_statements,
	[SET_ACCOUNT] = &account_statements, [SET_SESSION] = &session_statements,
	[SET_GRANT] = &grant_statements,     [SET_TOKEN] = &token_statements,
	[SET_AUDIT] = &audit_statements,     [SET_RIGHTS] = &rights_statements,
	[SET_REPLAY] = &replay_statements,   [SET_INITIAL] = &initial_statements,
	[SET_FETCHED] = &fetched_statements, [SET_RESOURCE] = &resource_statements,
	[SET_SOURCE] = &source_statements,   [SET_PEOPLE] = &people_statements,
	[SET_PUSHED] = &pushed_statements,   [SET_DEVICE] = &device_statements,
	[SET_ISSUER] = &issuer_statements,
};

struct sql_in
sql_int(int64_t value)
{
	return (struct sql_in){.kind = 'i', .number = value};
}

struct sql_in
sql_bytes(const void *data, size_t size)
{
	return (struct sql_in){.kind = 'b', .data = data, .size = size};
}

struct sql_in
sql_id(const uint8_t *id)
{
	return sql_bytes(id, ID_SIZE);
}

struct sql_in
sql_hash(const uint8_t *hash)
{
	return sql_bytes(hash, SHA256_SIZE);
}

struct sql_in
sql_text(const char *text)
{
	return (struct sql_in){.kind = 't', .data = text, .size = text ? strlen(text) : 0};
}

/* What one run works with. */
struct run {
	const struct statement *statement;
	const struct sql_in *in;
	struct arena *arena;
	char *rows; /* out_count > 0: the array made in the arena */
	size_t count;
	int64_t changed;
	bool sent;
};

/* The library's parameter blocks are not const, though it only reads through them. */
static void *
bind_pointer(const void *data)
{
	union {
		const void *from;
		void *to;
	} pointer = {.from = data};
	return pointer.to;
}

static void
bind_input(MYSQL_BIND *bind, const struct sql_in *in)
{
	if (in->kind == 'i') {
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = bind_pointer(&in->number);
		return;
	}
	if (!in->data) {
		bind->buffer_type = MYSQL_TYPE_NULL;
		return;
	}
	bind->buffer_type = in->kind == 't' ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
	bind->buffer = bind_pointer(in->data);
	bind->buffer_length = in->size;
}

static void
inputs_check(const struct statement *statement, const struct sql_in *in)
{
	for (size_t i = 0; statement->in[i] != '\0'; i++) {
		if (i >= SQL_INPUTS_MAX || in[i].kind != statement->in[i])
			bug("the parameters are not those of the statement");
	}
}

static unsigned
statement_failed(struct store *store, MYSQL_STMT *stmt)
{
	unsigned code = mysql_stmt_errno(stmt);

	db_note_error(store, code, mysql_stmt_error(stmt));
	return code ? code : 2000; /* CR_UNKNOWN_ERROR */
}

/* The prepared statement; NULL with *code when it cannot be prepared. */
static MYSQL_STMT *
prepare(struct store *store, const struct statement_set *set, unsigned which, unsigned *code)
{
	const struct statement *statement = &set->statement[which];
	MYSQL_STMT **kept = &store->prepared[set->number][which];

	if (*kept)
		return *kept;
	MYSQL_STMT *stmt = mysql_stmt_init(store->mysql);
	if (!stmt)
		bug("no memory for a statement");
	store->counters.statements++;
	if (mysql_stmt_prepare(stmt, statement->text, strlen(statement->text)) != 0) {
		*code = statement_failed(store, stmt);
		mysql_stmt_close(stmt);
		return NULL;
	}
	store->counters.statements--; /* preparing is paid once a connection, not by the verb */
	if (mysql_stmt_param_count(stmt) != strlen(statement->in) ||
	    mysql_stmt_field_count(stmt) != statement->out_count)
		bug(statement->text);
	*kept = stmt;
	return stmt;
}

static unsigned
execute(struct store *store, MYSQL_STMT *stmt, struct run *run)
{
	MYSQL_BIND binds[SQL_INPUTS_MAX];
	size_t count = strlen(run->statement->in);

	memset(binds, 0, sizeof(binds));
	for (size_t i = 0; i < count; i++)
		bind_input(&binds[i], &run->in[i]);
	if (count > 0 && mysql_stmt_bind_param(stmt, binds) != 0)
		return statement_failed(store, stmt);
	store->counters.statements++;
	run->sent = true;
	if (mysql_stmt_execute(stmt) != 0)
		return statement_failed(store, stmt);
	if (run->statement->out_count == 0)
		run->changed = (int64_t)mysql_stmt_affected_rows(stmt);
	else if (mysql_stmt_store_result(stmt) != 0)
		return statement_failed(store, stmt);
	return 0;
}

/* A column of the row at hand as the library gives it. */
struct cell {
	union {
		int64_t number;
		uint8_t bytes[SHA256_SIZE];
	} value;
	unsigned long size;
	my_bool null;
	my_bool cut;
};

static size_t
column_size(enum sql_column column)
{
	switch (column) {
	case SQL_OUT_INT:
	case SQL_OUT_U32:
	case SQL_OUT_BOOL:
		return sizeof(int64_t);
	case SQL_OUT_ID:
		return ID_SIZE;
	case SQL_OUT_HASH:
		return SHA256_SIZE;
	case SQL_OUT_TEXT:
	case SQL_OUT_BYTES:
		return 0; /* fetched when its length is known */
	}
	bug("unknown column kind");
}

static void
bind_outputs(const struct statement *statement, struct cell *cells, MYSQL_BIND *binds)
{
	for (size_t i = 0; i < statement->out_count; i++) {
		enum sql_column column = statement->out[i].column;
		bool number =
			column == SQL_OUT_INT || column == SQL_OUT_U32 || column == SQL_OUT_BOOL;

		binds[i].buffer_type = number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
		binds[i].buffer = &cells[i].value;
		binds[i].buffer_length = column_size(column);
		binds[i].length = &cells[i].size;
		binds[i].is_null = &cells[i].null;
		binds[i].error = &cells[i].cut;
	}
}

/* A text or byte string of any length as a copy in the arena. */
static char *
fetch_long(MYSQL_STMT *stmt, unsigned column, const struct cell *cell, struct arena *arena)
{
	char *data = arena_alloc(arena, cell->size + 1);
	unsigned long size = 0;
	my_bool null = 0, cut = 0;
	MYSQL_BIND bind;

	memset(&bind, 0, sizeof(bind));
	bind.buffer_type = MYSQL_TYPE_BLOB;
	bind.buffer = data;
	bind.buffer_length = cell->size;
	bind.length = &size;
	bind.is_null = &null;
	bind.error = &cut;
	if (cell->size > 0 && mysql_stmt_fetch_column(stmt, &bind, column, 0) != 0)
		bug("a column of a buffered row cannot be read");
	return data;
}

static void
column_store(MYSQL_STMT *stmt, const struct sql_out *out, unsigned column, const struct cell *cell,
	     struct arena *arena, char *row)
{
	char *place = row + out->offset;
	const char *data;
	uint32_t number;
	bool truth;

	if (cell->null)
		return; /* the row is zeroed */
	switch (out->column) {
	case SQL_OUT_INT:
		memcpy(place, &cell->value.number, sizeof(int64_t));
		return;
	case SQL_OUT_U32:
		number = (uint32_t)cell->value.number;
		memcpy(place, &number, sizeof(number));
		return;
	case SQL_OUT_BOOL:
		truth = cell->value.number != 0;
		memcpy(place, &truth, sizeof(truth));
		return;
	case SQL_OUT_ID:
	case SQL_OUT_HASH:
		if (cell->size != column_size(out->column))
			bug("an identifier or digest of another length");
		memcpy(place, cell->value.bytes, cell->size);
		return;
	case SQL_OUT_BYTES:
		memcpy(row + out->size_offset, &(size_t){cell->size}, sizeof(size_t));
		break;
	case SQL_OUT_TEXT:
		break;
	}
	data = fetch_long(stmt, column, cell, arena);
	memcpy(place, &data, sizeof(data));
}

static void
read_rows(MYSQL_STMT *stmt, struct run *run)
{
	const struct statement *statement = run->statement;
	MYSQL_BIND binds[SQL_COLUMNS_MAX];
	struct cell cells[SQL_COLUMNS_MAX];

	memset(binds, 0, sizeof(binds));
	memset(cells, 0, sizeof(cells));
	if (statement->out_count > SQL_COLUMNS_MAX)
		bug("too many columns");
	bind_outputs(statement, cells, binds);
	if (mysql_stmt_bind_result(stmt, binds) != 0)
		bug("a result cannot be bound");
	run->count = (size_t)mysql_stmt_num_rows(stmt);
	run->rows = arena_array(run->arena, run->count, statement->row_size);
	for (size_t i = 0; i < run->count; i++) {
		int fetched = mysql_stmt_fetch(stmt);

		if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
			bug("a buffered row cannot be read");
		for (unsigned c = 0; c < statement->out_count; c++)
			column_store(stmt, &statement->out[c], c, &cells[c], run->arena,
				     run->rows + i * statement->row_size);
	}
}

static enum db_error
run_once(struct store *store, const struct statement_set *set, unsigned which, struct run *run)
{
	unsigned code = 0;
	MYSQL_STMT *stmt = prepare(store, set, which, &code);

	run->sent = false;
	if (stmt)
		code = execute(store, stmt, run);
	if (code != 0)
		return db_error_kind(code);
	if (run->statement->out_count > 0) {
		read_rows(stmt, run);
		mysql_stmt_free_result(stmt);
	}
	return DB_NO_ERROR;
}

static enum store_verdict
run_statement(struct store *store, const struct statement_set *set, unsigned which, struct run *run)
{
	struct outcome outcome = {.writes = set->statement[which].out_count == 0};

	if (which >= set->count)
		bug("no such statement");
	run->statement = &set->statement[which];
	inputs_check(run->statement, run->in);
	for (;; outcome.attempts++) {
		if (transaction_enter(store, outcome.writes) != STORE_OK)
			return STORE_DOWN;
		outcome.error = run_once(store, set, which, run);
		outcome.sent = run->sent;
		switch (transaction_leave(store, &outcome)) {
		case NEXT_DONE:
			return STORE_OK;
		case NEXT_CONFLICT:
			return STORE_CONFLICT;
		case NEXT_DOWN:
			return STORE_DOWN;
		case NEXT_AGAIN:
			break;
		}
	}
}

enum store_verdict
sql_change_count(struct store *store, const struct statement_set *set, unsigned which,
		 const struct sql_in *in, int64_t *changed)
{
	struct run run = {.in = in};
	enum store_verdict verdict = run_statement(store, set, which, &run);

	if (verdict == STORE_OK)
		*changed = run.changed;
	return verdict;
}

enum store_verdict
sql_change(struct store *store, const struct statement_set *set, unsigned which,
	   const struct sql_in *in)
{
	int64_t changed = 0;
	enum store_verdict verdict = sql_change_count(store, set, which, in, &changed);

	if (verdict == STORE_OK && changed == 0)
		return STORE_NONE;
	return verdict;
}

enum store_verdict
sql_change_all(struct store *store, const struct statement_set *set, unsigned which,
	       const struct sql_in *in, int64_t max, int64_t *changed)
{
	int64_t step;

	do {
		step = 0;
		enum store_verdict verdict = sql_change_count(store, set, which, in, &step);

		if (verdict != STORE_OK)
			return verdict;
		if (changed)
			*changed += step;
	} while (step >= max);
	return STORE_OK;
}

enum store_verdict
sql_remove_pairs(struct store *store, const struct statement_set *set, struct sql_pair pair,
		 const struct sql_in *in, int64_t max)
{
	int64_t children, parents;

	do {
		children = 0;
		parents = 0;
		enum store_verdict verdict =
			sql_change_count(store, set, pair.children, in, &children);

		if (verdict == STORE_OK)
			verdict = sql_change_count(store, set, pair.parents, in, &parents);
		if (verdict != STORE_OK)
			return verdict;
	} while (parents >= max);
	return STORE_OK;
}

enum store_verdict
sql_read_all(struct store *store, const struct statement_set *set, unsigned which,
	     const struct sql_in *in, struct arena *arena, void **rows, size_t *count)
{
	struct run run = {.in = in, .arena = arena};
	enum store_verdict verdict = run_statement(store, set, which, &run);

	if (verdict == STORE_OK) {
		*rows = run.rows;
		*count = run.count;
	}
	return verdict;
}

enum store_verdict
sql_read_one(struct store *store, const struct statement_set *set, unsigned which,
	     const struct sql_in *in, struct arena *arena, void *row)
{
	void *rows = NULL;
	size_t count = 0;
	enum store_verdict verdict = sql_read_all(store, set, which, in, arena, &rows, &count);

	if (verdict != STORE_OK)
		return verdict;
	if (count == 0)
		return STORE_NONE;
	memcpy(row, rows, set->statement[which].row_size);
	return STORE_OK;
}

int
store_prepare_all(struct store *store, const char **why)
{
	for (size_t s = 0; s < STATEMENT_SETS; s++) {
		if (sets[s]->number != s || sets[s]->count > STATEMENTS_MAX)
			bug("a statement set with another's number");
		for (unsigned i = 0; i < sets[s]->count; i++) {
			unsigned code = 0;

			if (!sets[s]->statement[i].text)
				bug("a statement without text");
			if (db_connect(store) == STORE_OK && prepare(store, sets[s], i, &code))
				continue;
			*why = store_error(store);
			return -1;
		}
	}
	return 0;
}

void
sql_unreadable(struct store *store, const char *what, const char *which, const char *why)
{
	if (store->log)
		log_event(store->log, LOG_LEVEL_ERROR, "stored_document_unreadable", "what", what,
			  "which", which, "why", why, NULL);
}
