/* SPDX-License-Identifier: ISC */
/*
 * Decides what follows from a database error: what may run again and what must not. A connection
 * that was lost is replaced; what had possibly happened is never repeated. Inside a transaction
 * nothing is sent after a failure, so no statement can slip out of it into autocommit.
 */
#include <time.h>

#include "core/base/bug.h"
#include "core/base/rand.h"
#include "sql/connection.h"

#define PAUSE_MIN_MS 5
#define PAUSE_MAX_MS 50

void
transaction_pause(void)
{
	uint8_t byte;
	long ms;

	rand_fill(&rand_system, &byte, sizeof(byte));
	ms = PAUSE_MIN_MS + byte % (PAUSE_MAX_MS - PAUSE_MIN_MS + 1);
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Tells the server of the transaction. A connection found dead here has lost nothing. */
static enum store_verdict
transaction_begin(struct store *store)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		if (db_connect(store) != STORE_OK || !db_schema_fits(store))
			return STORE_DOWN;
		enum db_error error = db_command(store, "START TRANSACTION");

		if (error == DB_NO_ERROR) {
			store->transaction = TRANSACTION_OPEN;
			store->transaction_statements = 0;
			return STORE_OK;
		}
		db_disconnect(store);
	}
	return STORE_DOWN;
}

enum store_verdict
transaction_enter(struct store *store, bool writes)
{
	enum store_verdict verdict;

	switch (store->transaction) {
	case TRANSACTION_NONE:
		verdict = writes ? db_connect(store) : db_connect_unchecked(store);
		if (verdict != STORE_OK || !db_schema_fits(store))
			return STORE_DOWN;
		return STORE_OK;
	case TRANSACTION_WANTED:
		if (transaction_begin(store) == STORE_OK)
			return STORE_OK;
		store->transaction = TRANSACTION_FAILED;
		return STORE_DOWN;
	case TRANSACTION_OPEN:
		return STORE_OK;
	case TRANSACTION_RETRY:
	case TRANSACTION_FAILED:
		return STORE_DOWN;
	}
	bug("unknown state of a transaction");
}

static enum next
leave_alone(struct store *store, const struct outcome *outcome)
{
	switch (outcome->error) {
	case DB_NO_ERROR:
		if (outcome->writes)
			store->counters.commits++;
		return NEXT_DONE;
	case DB_DUPLICATE:
		return NEXT_CONFLICT;
	case DB_RETRY:
		if (outcome->attempts >= STORE_RETRIES_MAX)
			return NEXT_DOWN;
		transaction_pause();
		return NEXT_AGAIN;
	case DB_LOST:
		db_disconnect(store);
		if (outcome->attempts > 0 || (outcome->writes && outcome->sent))
			return NEXT_DOWN;
		return NEXT_AGAIN;
	case DB_OTHER:
		return NEXT_DOWN;
	}
	bug("unknown kind of error");
}

static enum next
leave_transaction(struct store *store, const struct outcome *outcome)
{
	switch (outcome->error) {
	case DB_NO_ERROR:
		store->transaction_statements++;
		return NEXT_DONE;
	case DB_DUPLICATE:
		store->transaction_statements++;
		return NEXT_CONFLICT;
	case DB_RETRY:
		store->transaction = TRANSACTION_RETRY;
		return NEXT_DOWN;
	case DB_LOST:
		db_disconnect(store);
		if (outcome->attempts == 0 && store->transaction_statements == 0) {
			store->transaction = TRANSACTION_WANTED;
			return NEXT_AGAIN;
		}
		store->transaction = TRANSACTION_FAILED;
		return NEXT_DOWN;
	case DB_OTHER:
		store->transaction = TRANSACTION_FAILED;
		return NEXT_DOWN;
	}
	bug("unknown kind of error");
}

enum next
transaction_leave(struct store *store, const struct outcome *outcome)
{
	return store->transaction == TRANSACTION_NONE ? leave_alone(store, outcome)
						      : leave_transaction(store, outcome);
}

static void
transaction_rollback(struct store *store)
{
	if (store->mysql && db_command(store, "ROLLBACK") != DB_NO_ERROR)
		db_disconnect(store); /* the server rolls back what is left without connection */
}

/* Ends an open transaction whose work was done. True when all of it is to run again. */
static bool
transaction_commit(struct store *store, enum store_verdict *verdict)
{
	enum db_error error = db_command(store, "COMMIT");

	if (error == DB_NO_ERROR) {
		store->counters.commits++;
		return false;
	}
	*verdict = STORE_DOWN;
	if (error == DB_LOST)
		db_disconnect(store);
	else
		transaction_rollback(store);
	return error == DB_RETRY;
}

/* True when all of the work is to run again. */
static bool
transaction_end(struct store *store, enum store_verdict *verdict)
{
	switch (store->transaction) {
	case TRANSACTION_WANTED: /* it sent nothing */
		return false;
	case TRANSACTION_OPEN:
		if (*verdict == STORE_OK)
			return transaction_commit(store, verdict);
		transaction_rollback(store);
		return false;
	case TRANSACTION_RETRY:
		*verdict = STORE_DOWN;
		transaction_rollback(store);
		return true;
	case TRANSACTION_FAILED:
		*verdict = STORE_DOWN;
		transaction_rollback(store);
		return false;
	case TRANSACTION_NONE:
		break;
	}
	bug("the transaction to be ended is not there");
}

enum store_verdict
store_transaction(struct store *store,
		  enum store_verdict (*work)(struct store *store, void *context), void *context)
{
	if (store->transaction != TRANSACTION_NONE)
		bug("transactions do not nest");
	for (int attempts = 0;; attempts++) {
		store->transaction = TRANSACTION_WANTED;
		enum store_verdict verdict = work(store, context);
		bool again = transaction_end(store, &verdict);

		store->transaction = TRANSACTION_NONE;
		if (!again || attempts >= STORE_RETRIES_MAX)
			return verdict;
		transaction_pause();
	}
}

enum store_verdict
sql_together(struct store *store, enum store_verdict (*work)(struct store *store, void *context),
	     void *context)
{
	if (store->transaction != TRANSACTION_NONE)
		return work(store, context);
	return store_transaction(store, work, context);
}
