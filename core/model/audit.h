/* SPDX-License-Identifier: ISC */
/*
 * The record: every change and every event of a known person or administrator. Rows name people by
 * id alone.
 */
#ifndef OSTIARY_MODEL_AUDIT_H
#define OSTIARY_MODEL_AUDIT_H

#include <stddef.h>

#include "core/base/rand.h"
#include "core/model/store.h"

struct arena;

struct audit_row {
	uint8_t id[ID_SIZE];
	uint32_t realm_id;
	int64_t at;
	const char *event; /* "signin", "signout", "consent", "code_replay", "client_changed", … */
	const char *actor;         /* "person", "admin:NAME", "client", "system" */
	const uint8_t *account_id; /* ID_SIZE or NULL */
	const uint8_t *session_id;
	const char *client_id; /* NULL */
	const char *address;   /* NULL */
	const char *detail;    /* a short text, no secrets; NULL */
};

enum store_verdict audit_insert(struct store *store, const struct audit_row *row);

/*
 * Deletes rows whose time has passed (tokens, codes with their grants, sessions, completed flows,
 * revoked jtis at expires_at + 60 s; audit rows beyond retention, which is looked up by realm;
 * documents of others that nobody wanted for FETCHED_KEPT): at most max of each kind, in small
 * statements of their own. *removed counts.
 */
enum store_verdict purge(struct store *store, int64_t now, size_t max, int64_t *removed);

#endif
